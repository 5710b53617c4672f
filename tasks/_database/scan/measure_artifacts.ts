/**
 * Measuring the artifacts of a database's runs, as far as they lie on this machine where MLflow puts them.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { experimentDirectoryOf, runDirectoryOf } from "../../../lib/snapshot/artifact_root.ts";
import type {
  Depth,
  Experiment,
  LoggedModel,
  Run,
  StoreSnapshot,
} from "../../../lib/store/snapshot.ts";
import { withoutCredentials } from "../../../lib/text/credentials.ts";
import {
  addUsage,
  type DiskUsage,
  NO_PARTS,
  NO_USAGE,
  type UsageParts,
} from "../../../lib/store/usage.ts";
import {
  measureTree,
  measureWeight,
  newMeasurer,
  weighEntry,
  weighTree,
} from "../../_file/scan/measure.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { atOnce } from "../../_io/take_turns.ts";

/** What to measure. */
export interface MeasureOptions {
  /** Everything; otherwise what a clean-up could take away. */
  readonly sizes: boolean;
  /** Glob of heavy files; `null`: none. */
  readonly artifacts: string | null;
  /** Artifact roots besides that on this machine, which somebody else measures. @default {none} */
  readonly buckets?: readonly string[];
}

/**
 * Measures the artifacts of what was read. Needs read permission for them.
 *
 * @param snapshot The store.
 * @param options What to measure.
 * @returns The same, with what everything takes; `null` where that is not on this machine.
 * @throws {UnsupportedStoreError} When everything is to be measured, and some of it cannot be.
 */
export async function measureArtifacts<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  { sizes, artifacts, buckets = [] }: MeasureOptions,
): Promise<StoreSnapshot<D>> {
  const root = snapshot.backend?.artifactRoot ?? null;
  // Heavy files are looked for on this machine alone.
  const known = [root, ...artifacts === null ? buckets : []];
  if (sizes || artifacts !== null) requireKnown(snapshot, known);
  const heavyFilesOf = artifacts === null || root === null
    ? null
    : (await import("../../_file/scan/scan_extras.ts")).heavyFilesOf;
  const measurer = newMeasurer();
  const experiments: Experiment[] = [];
  for (const experiment of snapshot.experiments) {
    const isGoing = sizes || experiment.lifecycleStage === "deleted";
    const place = isGoing ? experimentDirectoryOf(root, experiment) : null;
    const tree = place === null ? null : await measureTree(place, measurer);
    const wanted = heavyFilesOf === null && !isGoing
      ? experiment.runs.filter(({ lifecycleStage }) => lifecycleStage === "deleted")
      : experiment.runs;
    const there = wanted.length === 0 && !sizes ? null : await namesIn(root, experiment);
    const runParts: UsageParts[] = [];
    const measured = await atOnce(AT_ONCE, wanted, async (run): Promise<Run> => {
      const weight = isGoing || run.lifecycleStage === "deleted"
        ? await weighRun(run, root, there)
        : null;
      if (weight !== null) runParts.push(weight.parts);
      const usage = weight?.usage ?? null;
      const isUsual = runDirectoryOf(root, run) === `${root}/${run.path}`;
      const heavy = heavyFilesOf && isUsual
        ? await heavyFilesOf({ root: root! }, run.path, artifacts!)
        : [];
      const extras = heavy.length === 0 ? run.extras : { ...run.extras!, heavy };
      return usage === null && extras === run.extras
        ? run
        : { ...run, usage, ...(extras === undefined ? {} : { extras }) };
    });
    const runs = withMeasured(experiment.runs, wanted, measured);
    const loggedModels: LoggedModel[] = [];
    for (const model of experiment.loggedModels) {
      const isWanted = sizes || model.stamp !== "";
      loggedModels.push(isWanted ? { ...model, usage: await modelUsage(model, root) } : model);
    }
    const usage = tree === null ? isGoing && root !== null ? NO_USAGE : null : tree.usage;
    if (sizes && place !== null) runParts.push(...await partsBeside(place, there));
    const parts = sizes ? { parts: partsOf(runParts, loggedModels, await tracesIn(place)) } : {};
    experiments.push({ ...experiment, runs, loggedModels, usage, ...parts });
  }
  return { ...snapshot, sizes, experiments };
}

/** How many runs are measured at once: to list a directory takes a thread of its own each time. */
const AT_ONCE = 16;

function withMeasured(
  runs: readonly Run[],
  wanted: readonly Run[],
  measured: readonly Run[],
): readonly Run[] {
  if (wanted.length === 0) return runs;
  let next = 0;
  return runs.map((run) => run === wanted[next] ? measured[next++]! : run);
}

/**
 * Tells what takes an experiment's place.
 *
 * @param runs What its runs take: artifacts, and what lies beside them; and what lies beside the runs.
 * @param loggedModels Its logged models.
 * @param traces What its traces take.
 * @returns The parts; what was not measured takes nothing.
 */
export function partsOf(
  runs: readonly Pick<UsageParts, "artifacts" | "foreign">[],
  loggedModels: readonly LoggedModel[],
  traces: DiskUsage,
): UsageParts {
  return {
    artifacts: addUsage(runs.map(({ artifacts }) => artifacts)),
    loggedModels: addUsage(loggedModels.map(({ usage }) => usage ?? NO_USAGE)),
    traces,
    foreign: addUsage(runs.map(({ foreign }) => foreign)),
  };
}

/**
 * Tells whether something in an experiment's directory is neither of a run nor of MLflow.
 *
 * @param name Its name.
 * @returns Whether it is.
 */
export function isForeign(name: string): boolean {
  return !/^(?:[\da-f]{32}|models|traces|\.mltidy-.*\.trash)$/.test(name);
}

async function partsBeside(
  experiment: string,
  names: ReadonlySet<string> | null,
): Promise<readonly UsageParts[]> {
  const found = [...names ?? []].filter(isForeign);
  const weights = await Promise.all(
    found.map((name) => weighEntry(experiment, name, listDirectory)),
  );
  return weights.flatMap((weight) => weight?.parts ?? []);
}

async function tracesIn(experiment: string | null): Promise<DiskUsage> {
  const traces = experiment === null
    ? null
    : await measureTree(`${experiment}/traces`, newMeasurer());
  return traces?.usage ?? NO_USAGE;
}

/** Most runs of a database have logged no artifact: MLflow makes their directory with the first. */
async function namesIn(
  root: string | null,
  experiment: Experiment,
): Promise<ReadonlySet<string> | null> {
  const place = experimentDirectoryOf(root, experiment);
  if (place === null) return null;
  const listed = await listDirectory(place);
  return listed.kind === "listed" ? new Set(listed.entries.map(({ name }) => name)) : NONE;
}

const NONE: ReadonlySet<string> = new Set();

async function weighRun(
  run: Run,
  root: string | null,
  there: ReadonlySet<string> | null,
): Promise<{ readonly usage: DiskUsage; readonly parts: UsageParts } | null> {
  const place = runDirectoryOf(root, run);
  if (place === null) return null;
  const isBeside = there !== null && place.endsWith(`/${run.experimentId}/${run.id}`);
  const weight = isBeside && !there.has(run.id) ? null : await weighTree(place);
  if (weight === null) return { usage: NO_USAGE, parts: NO_PARTS };
  return { usage: measureWeight(weight, newMeasurer()).freed, parts: weight.parts };
}

/**
 * Tells when an artifact of a run was written last. Needs read permission for it.
 *
 * @param run The run.
 * @param root The artifact root; `null` where it is not on this machine.
 * @returns Epoch ms; `null` where it has none on this machine.
 */
export async function newestArtifact(run: Run, root: string | null): Promise<number | null> {
  const place = runDirectoryOf(root, run);
  const tree = place === null ? null : await measureTree(place, newMeasurer());
  return tree?.newestChange ?? null;
}

async function modelUsage(model: LoggedModel, root: string | null): Promise<DiskUsage | null> {
  const place = modelDirectoryOf(root, model);
  if (place === null) return null;
  return (await measureTree(place, newMeasurer()))?.freed ?? NO_USAGE;
}

/**
 * Tells where a logged model has its own directory.
 *
 * @param root The artifact root; `null` where there is none.
 * @param model The model.
 * @returns Absolute path, or place in a bucket; `null` where it is not below the root.
 */
export function modelDirectoryOf(
  root: string | null,
  { id, artifactLocation }: Pick<LoggedModel, "id" | "artifactLocation">,
): string | null {
  return runDirectoryOf(root, { id, artifactUri: artifactLocation });
}

/** A budget that does not know what some of it takes would let too much go. */
function requireKnown(
  { location, experiments }: StoreSnapshot,
  roots: readonly (string | null)[],
): void {
  const runs = experiments.flatMap((one) => one.runs);
  const elsewhere = runs.filter((run) => roots.every((root) => runDirectoryOf(root, run) === null));
  if (elsewhere.length === 0) return;
  throw new UnsupportedStoreError(
    `Cannot measure store ${location}: the artifacts of ${elsewhere.length} of its ${runs.length} runs lie elsewhere, such as ${
      withoutCredentials(elsewhere[0]!.artifactUri)
    }, where mltidy cannot look; leave out sizes, budgets and heavy files`,
    location,
  );
}
