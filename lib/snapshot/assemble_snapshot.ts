/**
 * Facts → snapshot: decides what each directory is to MLflow, without touching a disk.
 *
 * @module
 */

import {
  type MetaResult,
  readExperimentMeta,
  readLoggedModelMeta,
  readModelVersionMeta,
  readRegisteredModelMeta,
  readRunMeta,
} from "../records/meta_record.ts";
import { salvageMeta } from "../records/salvage_meta.ts";
import type {
  ExperimentFacts,
  LoggedModelFacts,
  MeasureFacts,
  RegisteredModelFacts,
  RunFacts,
  TextFact,
} from "../store/facts.ts";
import { deletionTimeOf, endTimeOf } from "../store/run_status.ts";
import { asExperimentId, asRunId, byPath, type StorePath } from "../store/path.ts";
import type { MetaDamage, Problem } from "../store/problem.ts";
import { type RecordProblem, recordProblem } from "../store/record_problem.ts";
import type {
  DamagedRun,
  Depth,
  Experiment,
  LoggedModel,
  ModelVersion,
  Orphan,
  RegisteredModel,
  Run,
  StoreSnapshot,
} from "../store/snapshot.ts";
import { quoteText } from "../text/quote_text.ts";
import { textOf } from "../yaml/node.ts";
import { digestRuns } from "./digest_runs.ts";
import { basisOf } from "./basis.ts";
import { type Digest, fingerprintOf, sumDigests } from "./fingerprint.ts";

/** What a directory of a run turned out to be, with what was wrong. */
export type AssembledRun =
  | { readonly kind: "run"; readonly run: Run; readonly problems: readonly Problem[] }
  | { readonly kind: "damaged"; readonly run: DamagedRun; readonly problems: readonly Problem[] };

/** What a directory of an experiment turned out to be, with what was wrong. */
export type AssembledExperiment =
  | {
    readonly kind: "experiment";
    readonly experiment: Experiment;
    readonly problems: readonly Problem[];
  }
  | { readonly kind: "orphan"; readonly orphan: Orphan; readonly problems: readonly Problem[] };

/** The parts of a snapshot that are not derived from others. */
export type SnapshotParts<D extends Depth> = Omit<StoreSnapshot<D>, "fingerprint">;

/**
 * Decides what a run's directory is.
 *
 * MLflow refuses a run whose `experiment_id` is not its parent's name, and from 3.8 one whose
 * `run_id` is not its own directory's.
 *
 * @param facts What the scan found.
 * @param experiment Name of the directory that holds it.
 * @param measure Stamp and usage; asked once the lifecycle stage is known, since a soft-deleted run
 * is measured as a whole tree.
 * @returns The run, or what is damaged about it.
 */
export function assembleRun(
  facts: RunFacts,
  experiment: string,
  measure: (deleted: boolean) => MeasureFacts,
): AssembledRun {
  const { path } = facts;
  const read = readText(facts.meta, readRunMeta);
  const mismatch = read.ok
    ? idMismatch("run_id", read.meta.runId, facts.directory) ??
      idMismatch("experiment_id", read.meta.experimentId, experiment)
    : null;
  const unusable = read.ok ? mismatch : read.problem;
  const problems: Problem[] = facts.tagFailures.map((failure) => ({
    path: failure.path,
    subject: "tags",
    damage: failure.damage,
    message: failure.message,
    line: null,
    column: null,
  }));
  if (!read.ok || unusable !== null) {
    const { damage, message, line, column } = unusable!;
    problems.push({ path, subject: "run", damage, message, line, column });
    const { usage } = measure(false);
    const known = {
      tags: facts.tags,
      inputs: facts.extras?.inputs ?? [],
      artifactUri: salvageUri(facts.meta),
    };
    return {
      kind: "damaged",
      run: { id: facts.directory, path, damage, message, link: facts.link, ...known, usage },
      problems,
    };
  }
  problems.push(...cutOff(facts.meta, "run", path));
  const { meta } = read;
  return {
    kind: "run",
    run: {
      id: asRunId(facts.directory),
      experimentId: asExperimentId(experiment),
      path,
      // MLflow falls back on the tag for runs written before 1.30.
      name: meta.name || (facts.tags.get("mlflow.runName") ?? ""),
      status: meta.status,
      lifecycleStage: meta.lifecycleStage,
      startTime: meta.startTime,
      endTime: endTimeOf(meta.status, meta.endTime),
      deletedTime: meta.deletedTime,
      artifactUri: meta.artifactUri,
      link: facts.link,
      tags: facts.tags,
      ...(facts.extras === undefined ? {} : { extras: facts.extras }),
      ...measure(meta.lifecycleStage === "deleted"),
    },
    problems,
  };
}

/** The runs of an experiment, with what was wrong with them. */
export interface AssembledRuns {
  /** Those that MLflow can read. */
  readonly runs: readonly Run[];
  /** Those that it cannot. */
  readonly damagedRuns: readonly DamagedRun[];
  /** What was wrong with either. */
  readonly problems: readonly Problem[];
}

/**
 * Decides what an experiment's directory is: an experiment, or an orphan.
 *
 * @param facts What the scan found.
 * @param assembled Its runs' directories, already assembled.
 * @returns The experiment or the orphan, with all problems below it.
 */
export function assembleExperiment(
  facts: ExperimentFacts,
  assembled: AssembledRuns,
): AssembledExperiment {
  const { path } = facts;
  const read = readText(facts.meta, readExperimentMeta);
  const mismatch = read.ok
    ? idMismatch("experiment_id", read.meta.experimentId, facts.directory)
    : null;
  const unusable = read.ok ? mismatch : read.problem;
  const problems = [...assembled.problems];
  const loggedModels: LoggedModel[] = [];
  for (const model of facts.loggedModels) {
    const read = assembleLoggedModel(model);
    if ("subject" in read) problems.push(read);
    else loggedModels.push(read);
    problems.push(...cutOff(model.meta, "logged-model", model.path));
  }
  const common = {
    path,
    lifecycleStage: facts.inTrash ? "deleted" : "active",
    runs: assembled.runs,
    damagedRuns: assembled.damagedRuns,
    loggedModels,
    link: facts.link,
    stamp: facts.stamp,
    usage: facts.usage,
    ...(facts.parts === undefined ? {} : { parts: facts.parts }),
  } as const;
  if (!read.ok || unusable !== null) {
    const { damage, message, line, column } = unusable!;
    problems.unshift({ path, subject: "experiment", damage, message, line, column });
    const { directory: id, foreign, lostRuns, traces, newestChange } = facts;
    const { length: modelDirectories } = facts.loggedModels;
    const held = { foreign, lostRuns, modelDirectories, traces, ...usesOf(facts) };
    return {
      kind: "orphan",
      orphan: { id, ...common, damage, message, ...held, newestChange },
      problems,
    };
  }
  problems.unshift(...cutOff(facts.meta, "experiment", path));
  const { meta } = read;
  return {
    kind: "experiment",
    experiment: {
      id: asExperimentId(facts.directory),
      ...common,
      name: meta.name,
      recordedStage: meta.lifecycleStage,
      artifactLocation: meta.artifactLocation,
      creationTime: meta.creationTime,
      lastUpdateTime: meta.lastUpdateTime,
      // MLflow before 2.3 deleted an experiment without writing when.
      ...(facts.inTrash && facts.newestChange !== null &&
          (meta.lifecycleStage !== "deleted" ||
            deletionTimeOf({ startTime: meta.creationTime, deletedTime: meta.lastUpdateTime }) ===
              null)
        ? { lastChange: facts.newestChange }
        : {}),
      traces: facts.traces,
      ...usesOf(facts),
      datasets: facts.datasets,
    },
    problems,
  };
}

function usesOf({ traceUses }: ExperimentFacts): Pick<ExperimentFacts, "traceUses"> {
  return traceUses === undefined ? {} : { traceUses };
}

/**
 * Reads a registered model's facts.
 *
 * @param facts What the scan found.
 * @returns The model with the versions that could be read, and what could not.
 */
export function assembleRegisteredModel(
  facts: RegisteredModelFacts,
): { readonly model: RegisteredModel; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const problemOf = (at: StorePath, problem: Unusable): Problem => ({
    path: at,
    subject: "registry",
    ...problem,
  });
  const own = readText(facts.meta, readRegisteredModelMeta);
  if (!own.ok) problems.push(problemOf(facts.path, own.problem));
  const versions: ModelVersion[] = [];
  for (const { path, meta } of facts.versions) {
    const read = readText(meta, readModelVersionMeta);
    if (!read.ok) {
      problems.push(problemOf(path, read.problem));
      continue;
    }
    versions.push({ path, ...read.meta });
    problems.push(...cutOff(meta, "registry", path));
  }
  return {
    model: {
      // MLflow names the directory after the model, so a lost meta.yaml loses no name.
      name: own.ok ? own.meta.name : facts.directory,
      path: facts.path,
      aliases: facts.aliases,
      versions,
    },
    problems,
  };
}

/**
 * Puts the parts together, in a fixed order and with a fingerprint.
 *
 * @param parts What was assembled, in any order.
 * @param digest The digest of all runs, where it is known already.
 * @returns The snapshot: active experiments first, everything ordered by path; runs as they were found.
 */
export function assembleSnapshot<D extends Depth>(
  parts: SnapshotParts<D>,
  digest?: Digest,
): StoreSnapshot<D> {
  const ordered = {
    ...parts,
    experiments: parts.experiments.toSorted(byStageThenPath),
    orphans: parts.orphans.toSorted(byStageThenPath),
    strays: parts.strays.toSorted(byPath),
    registeredModels: parts.registeredModels.toSorted(byPath).map(inOrderOfVersions),
    problems: parts.problems.toSorted(byPath),
  };
  if (parts.depth === "meta") return { ...ordered, fingerprint: "" };
  const runs = digest ?? sumDigests(
    [...parts.experiments, ...parts.orphans].map((holder) => digestRuns(holder.runs)),
  );
  return { ...ordered, fingerprint: fingerprintOf([...basisOf(ordered), runs.join()]) };
}

function inOrderOfVersions(model: RegisteredModel): RegisteredModel {
  return {
    ...model,
    aliases: new Map([...model.aliases].toSorted(([left], [right]) => left < right ? -1 : 1)),
    versions: model.versions.toSorted((left, right) =>
      left.version.length - right.version.length || byPath(left, right)
    ),
  };
}

/** What MLflow writes into every record of a kind, be it null, and reads without. */
const ALWAYS = {
  run: ["end_time"],
  experiment: [],
  "logged-model": ["source_run_id"],
  registry: ["run_id", "source"],
} as const;

/**
 * Tells whether a record that can be read ends before its end: MLflow writes a line feed behind the last
 * value. What it says last may be half of what it said, and what came after that is not known.
 */
function cutOff(
  fact: TextFact,
  subject: keyof typeof ALWAYS,
  path: StorePath,
): readonly Problem[] {
  if (fact.kind !== "text" || fact.text === "") return [];
  const { text } = fact;
  const lost = ALWAYS[subject].find((key) => !text.includes(`${key}:`));
  if (lost === undefined && text.endsWith("\n")) return [];
  const message = lost === undefined
    ? "its last line has no line feed, so it may be cut off"
    : `it has no key ${lost}, which MLflow always writes, so it may be cut off`;
  return [{ path, subject, damage: "cut-off", message, line: null, column: null }];
}

/** Of a record that is of no use this line may be whole. */
function salvageUri(fact: TextFact): string | null {
  return fact.kind === "text" ? textOf(salvageMeta(fact.text).get("artifact_uri")) : null;
}

/** Why a `meta.yaml` is of no use. */
type Unusable = RecordProblem<MetaDamage>;

type TextResult<T> =
  | { readonly ok: true; readonly meta: T }
  | { readonly ok: false; readonly problem: Unusable };

function readText<T>(fact: TextFact, read: (text: string) => MetaResult<T>): TextResult<T> {
  switch (fact.kind) {
    case "text":
      return read(fact.text);
    case "missing":
      return damaged("missing", "meta.yaml does not exist");
    case "failed":
      return damaged(fact.damage, fact.message);
  }
}

function damaged(damage: MetaDamage, message: string): { ok: false; problem: Unusable } {
  return { ok: false, problem: recordProblem(damage, message) };
}

function idMismatch(key: string, found: string, directory: string): Unusable | null {
  if (found === directory) return null;
  const message = `${key} is ${quoteText(found)}, but the directory is ${quoteText(directory)}`;
  return recordProblem("id-mismatch", message);
}

function assembleLoggedModel(facts: LoggedModelFacts): LoggedModel | Problem {
  const { path } = facts;
  const read = readText(facts.meta, readLoggedModelMeta);
  if (!read.ok) return { path, subject: "logged-model", ...read.problem };
  const { name, sourceRunId, lifecycleStage, lastUpdatedTime, artifactLocation } = read.meta;
  return {
    id: facts.directory,
    path,
    name,
    sourceRunId,
    lifecycleStage,
    lastUpdatedTime,
    artifactLocation,
    link: facts.link,
    ...UNREAD,
  };
}

/** What of a logged model is read only where a clean-up could move it. */
const UNREAD: Pick<LoggedModel, "tags" | "usedBy" | "lastChange" | "stamp" | "usage"> = {
  tags: new Map(),
  usedBy: [],
  lastChange: null,
  stamp: "",
  usage: null,
};

interface Placed {
  readonly path: string;
}

function byStageThenPath(
  left: Placed & { lifecycleStage: string },
  right: Placed & { lifecycleStage: string },
): number {
  return Number(left.lifecycleStage === "deleted") - Number(right.lifecycleStage === "deleted") ||
    byPath(left, right);
}
