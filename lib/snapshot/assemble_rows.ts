/**
 * Rows of a database → snapshot. An experiment's address is its id, a run's `EXPERIMENT/RUN`; nothing lies in a
 * trash, since the stage is a column.
 *
 * @module
 */

import type { Extras, ModelUse, RunExtras, TraceUse } from "../store/extras.ts";
import {
  asExperimentId,
  asRunId,
  asStorePath,
  type ExperimentId,
  type StorePath,
} from "../store/path.ts";
import { isLoggedModelId, isRunId } from "../store/names.ts";
import { cutRows, type Problem } from "../store/problem.ts";
import { deletionTimeOf, endTimeOf, RUN_STATUSES } from "../store/run_status.ts";
import type {
  Backend,
  DamagedRun,
  Depth,
  Experiment,
  LifecycleStage,
  LoggedModel,
  RegisteredModel,
  Run,
  StoreSnapshot,
} from "../store/snapshot.ts";
import { quoteText } from "../text/quote_text.ts";
import { assembleSnapshot } from "./assemble_snapshot.ts";
import { experimentStampOf, modelStampOf, stampOf } from "./row_stamps.ts";

/** A row of `experiments`. Times are epoch ms, here and below. */
export interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly location: string | null;
  readonly stage: string | null;
  readonly created: number | null;
  readonly updated: number | null;
}

/** A row of `runs`. */
export interface RunRow {
  readonly id: string;
  readonly experiment: string | null;
  readonly name: string | null;
  readonly status: string | null;
  readonly stage: string | null;
  readonly started: number | null;
  readonly ended: number | null;
  readonly deleted: number | null;
  readonly location: string | null;
  /** Whether its id is stored as bytes, so that MLflow does not find it by that. @default {false} */
  readonly isOfBytes?: boolean;
  /** Left out where nothing besides was asked for. */
  readonly extras?: RunExtras | undefined;
}

/** A row of `logged_models`. */
export interface LoggedModelRow {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly run: string | null;
  readonly stage: string | null;
  readonly updated: number | null;
  readonly location: string;
}

/** What is read of a logged model that a clean-up could take away. */
export interface ModelExtras {
  readonly tags: ReadonlyMap<string, string>;
  readonly usedBy: readonly ModelUse[];
}

/** A row of `model_versions`, or of `registered_models`, which has no version. */
export interface VersionRow {
  readonly workspace: string;
  readonly name: string;
  readonly version: string | null;
  readonly run: string | null;
  readonly source: string | null;
  readonly stored: string | null;
  readonly stage: string | null;
}

/** A row of `registered_model_aliases`. */
export interface AliasRow {
  readonly workspace: string;
  readonly name: string;
  readonly alias: string;
  readonly version: string;
}

/** What a trace or an assessment comes from, with the experiment of the trace. */
export interface TraceUseRow extends TraceUse {
  readonly experiment: string;
}

/** What was read of a database, a run at a time. */
export interface DatabaseRows<D extends Depth> {
  readonly location: string;
  readonly backend: Backend;
  readonly depth: D;
  readonly readAt: number;
  /** What alone was read besides metadata; left out where all tags were. */
  readonly extras?: Extras;
  readonly experiments: readonly ExperimentRow[];
  readonly runs: Iterable<RunRow>;
  /** By run. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Tells when a run that was deleted nobody knows when last logged a metric; hardly any is. */
  readonly lastChangeOf: (run: string) => number;
  readonly loggedModels: readonly LoggedModelRow[];
  /** By logged model, of those that a clean-up could take away; `null` at depth `meta`. */
  readonly modelExtras: ReadonlyMap<string, ModelExtras> | null;
  readonly registeredModels: readonly VersionRow[];
  readonly versions: readonly VersionRow[];
  readonly aliases: readonly AliasRow[];
  /** `null` where they were not asked for. */
  readonly traceUses: readonly TraceUseRow[] | null;
  /** By experiment. */
  readonly traces: ReadonlyMap<string, number>;
  /** By experiment. */
  readonly datasets: ReadonlyMap<string, number>;
  /** What may name anything; none at depth `meta`. */
  readonly cutRows: readonly Problem[];
}

/**
 * Assembles what was read of a database.
 *
 * @param rows What was read.
 * @returns The snapshot; nothing of it is measured.
 */
export function assembleRows<D extends Depth>(rows: DatabaseRows<D>): StoreSnapshot<D> {
  const { depth, extras, traceUses } = rows;
  const runs = assembleRuns(rows);
  const models = Map.groupBy(rows.loggedModels, ({ experiment }) => experiment);
  const uses = Map.groupBy(traceUses ?? [], ({ experiment }) => experiment);
  const experiments = rows.experiments.map((row): Experiment => {
    const { id, name, location, stage, created, updated } = row;
    const held = runs.get(id) ?? NO_RUNS;
    const newest = held.runs.reduce((time, { lastChange = 0 }) => Math.max(time, lastChange), 0);
    const times = { startTime: created, deletedTime: updated };
    const isUndated = stage === "deleted" && deletionTimeOf(times) === null;
    return {
      id: asExperimentId(id),
      path: addressOf(id),
      name,
      lifecycleStage: stageOf(stage),
      recordedStage: stage ?? "",
      artifactLocation: location ?? "",
      creationTime: created,
      lastUpdateTime: updated,
      ...(isUndated ? { lastChange: newest } : {}),
      runs: held.runs,
      damagedRuns: held.damagedRuns,
      loggedModels: (models.get(id) ?? []).map((model) => loggedModelOf(model, rows.modelExtras)),
      traces: rows.traces.get(id) ?? 0,
      ...(traceUses === null ? {} : { traceUses: (uses.get(id) ?? []).map(traceUseOf) }),
      datasets: rows.datasets.get(id) ?? 0,
      link: false,
      stamp: depth === "meta" ? "" : experimentStampOf(row, held.runs.length),
      usage: null,
    };
  });
  return assembleSnapshot({
    location: rows.location,
    backend: rows.backend,
    depth,
    sizes: false,
    ...(extras === undefined ? {} : { extras }),
    readAt: rows.readAt,
    experiments,
    orphans: [],
    strays: [],
    registeredModels: registeredModelsOf(rows),
    problems: [
      ...experiments.flatMap(({ damagedRuns }) => damagedRuns.map(problemOf)),
      ...(depth === "meta" ? [] : [...rows.cutRows, ...cutRowsOf(rows, runs)]),
    ],
    hasTrash: true,
    backups: { count: 0, usage: null },
  });
}

/**
 * Makes an address of names. They come from a database, where any character may be in them.
 *
 * @param names The names, from the outside in.
 * @returns The address.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressOf("models", "a/b", ".."), "models/a%2Fb/%2E%2E");
 * ```
 */
export function addressOf(...names: readonly string[]): StorePath {
  return asStorePath(names.map(segmentOf).join("/"));
}

function segmentOf(name: string): string {
  if (/^[\w-]+$/.test(name)) return name;
  if (/^\.{0,2}$/.test(name)) return name.replaceAll(".", "%2E") || "%00";
  return name.replace(/[%/\0]/g, encodeURIComponent);
}

interface Held {
  readonly runs: Run[];
  readonly damagedRuns: DamagedRun[];
  /** How many of either have no whole id. */
  cut: number;
}

const NO_RUNS: Held = { runs: [], damagedRuns: [], cut: 0 };
const NO_TAGS: ReadonlyMap<string, string> = new Map();

/** Experiment id → its runs. */
function assembleRuns(rows: DatabaseRows<Depth>): ReadonlyMap<string, Held> {
  const { depth, tags, lastChangeOf } = rows;
  type Place = { readonly id: ExperimentId; readonly folder: string };
  const byExperiment = new Map<string, Held & Place>();
  for (const row of rows.runs) {
    const { id, started, ended, deleted, isOfBytes = false, extras } = row;
    const experiment = row.experiment ?? "";
    let held = byExperiment.get(experiment);
    if (held === undefined) {
      const folder = `${addressOf(experiment)}/`;
      held = { id: asExperimentId(experiment), folder, runs: [], damagedRuns: [], cut: 0 };
      byExperiment.set(experiment, held);
    }
    // Made of whole segments it need not be looked at as a whole.
    const isCut = !isRunId(id);
    if (isCut) held.cut++;
    const path = (held.folder + (isCut ? segmentOf(id) : id)) as StorePath;
    const status = RUN_STATUSES[STATUS_NAMES.indexOf(row.status)];
    const lifecycleStage = STAGES[STAGE_NAMES.indexOf(row.stage)];
    const own = tags.size === 0 ? NO_TAGS : tags.get(id) ?? NO_TAGS;
    if (status === undefined || lifecycleStage === undefined || isOfBytes) {
      const message = isOfBytes
        ? "its id is stored as bytes, so that MLflow does not find it by that"
        : status === undefined
        ? `its status is ${quoteText(row.status ?? "NULL")}`
        : `its stage is ${quoteText(row.stage ?? "NULL")}`;
      held.damagedRuns.push({
        id,
        path,
        damage: "incomplete",
        message,
        link: false,
        tags: own,
        inputs: extras?.inputs ?? [],
        artifactUri: row.location,
        usage: null,
      });
      continue;
    }
    // To copy each of very many takes long.
    const run: { -readonly [Field in keyof Run]: Run[Field] } = {
      id: asRunId(id),
      experimentId: held.id,
      path,
      name: row.name ?? "",
      status,
      lifecycleStage,
      startTime: started ?? 0,
      endTime: endTimeOf(status, ended),
      deletedTime: deleted,
      artifactUri: row.location ?? "",
      link: false,
      tags: own,
      stamp: depth === "meta" ? "" : stampOf(row),
      usage: null,
    };
    const isUndated = lifecycleStage === "deleted" && deletionTimeOf(run) === null;
    if (isUndated && depth !== "meta") run.lastChange = lastChangeOf(id);
    if (extras !== undefined) run.extras = extras;
    held.runs.push(run);
  }
  return byExperiment;
}

const STAGES: readonly LifecycleStage[] = ["active", "deleted"];
const STAGE_NAMES: readonly (string | null)[] = STAGES;
const STATUS_NAMES: readonly (string | null)[] = RUN_STATUSES;

function stageOf(stage: string | null): LifecycleStage {
  return stage === "deleted" ? "deleted" : "active";
}

function problemOf({ path, damage, message }: DamagedRun): Problem {
  return { path, subject: "run", damage, message, line: null, column: null };
}

/** Runs and models without a whole id or an experiment, tags of no run, experiments in no stage that there is. */
function cutRowsOf(
  { experiments, loggedModels, tags }: DatabaseRows<Depth>,
  runs: ReadonlyMap<string, Held>,
): readonly Problem[] {
  const known = new Set(experiments.map(({ id }) => id));
  const cutRuns = runs.entries().flatMap(([experiment, { runs, damagedRuns, cut }]) => {
    const isKnown = known.has(experiment);
    if (isKnown && cut === 0) return [];
    const ids = [...runs, ...damagedRuns].map(({ id }) => id);
    return isKnown ? ids.filter((id) => !isRunId(id)) : ids;
  });
  const names = {
    experiments: experiments.filter(({ stage }) => !STAGES.some((each) => each === stage))
      .map(({ id }) => id),
    logged_models: loggedModels.map(({ id }) => id).filter((id) => !isLoggedModelId(id)),
    runs: [...cutRuns],
    tags: [...tags.keys()].filter((id) => !isRunId(id)),
  };
  return Object.entries(names).flatMap(([table, ids]) =>
    ids.length === 0 ? [] : [cutRows(table, ids.length, ids)]
  );
}

function loggedModelOf(
  row: LoggedModelRow,
  all: DatabaseRows<Depth>["modelExtras"],
): LoggedModel {
  const { id, experiment, name, run, stage, updated, location } = row;
  const extras = all?.get(id);
  return {
    id,
    path: addressOf(experiment, "models", id),
    name,
    sourceRunId: run === "" ? null : run,
    lifecycleStage: stageOf(stage),
    lastUpdatedTime: updated,
    artifactLocation: location,
    link: false,
    tags: extras?.tags ?? NO_TAGS,
    usedBy: extras?.usedBy ?? [],
    lastChange: extras === undefined ? null : updated,
    stamp: extras === undefined ? "" : modelStampOf(row),
    usage: null,
  };
}

function traceUseOf({ trace, assessment, runId, modelId }: TraceUseRow): TraceUse {
  return { trace, assessment, runId, modelId };
}

function registeredModelsOf(
  { registeredModels, versions, aliases }: DatabaseRows<Depth>,
): readonly RegisteredModel[] {
  const keyOf = ({ workspace, name }: { workspace: string; name: string }) =>
    `${workspace}\0${name}`;
  const versionsOf = Map.groupBy(versions, keyOf);
  const aliasesOf = Map.groupBy(aliases, keyOf);
  // A version whose model is not there keeps what it names all the same.
  const all = new Map([...registeredModels, ...versions].map((row) => [keyOf(row), row]));
  for (const row of registeredModels) all.set(keyOf(row), row);
  return [...all.values()].map((row) => ({
    name: row.name,
    path: modelAddress(row),
    aliases: new Map(
      (aliasesOf.get(keyOf(row)) ?? []).map(({ alias, version }) => [alias, version]),
    ),
    versions: (versionsOf.get(keyOf(row)) ?? []).map((version) => ({
      version: version.version ?? "",
      path: versionAddress(version),
      runId: version.run || null,
      source: version.source ?? "",
      storageLocation: version.stored,
      stage: version.stage ?? "None",
      // The table has no column for it: what a version is of, its source names.
      modelId: null,
    })),
  }));
}

/** The name alone in the only workspace that there was before there were several. */
function modelAddress({ workspace, name }: Pick<VersionRow, "workspace" | "name">): StorePath {
  return addressOf("models", workspace === "default" ? name : `${workspace}:${name}`);
}

/** Makes the address of a registered version. */
export function versionAddress(row: VersionRow): StorePath {
  return asStorePath(`${modelAddress(row)}/version-${row.version}`);
}
