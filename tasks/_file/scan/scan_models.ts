/**
 * Logged models that a clean-up could move → what it must know of them.
 *
 * A model whose run is there and active stays, whatever else is in it: of nearly all models no more is read
 * than their record. Who else names a model is asked of every run, so that is asked only where a model may go.
 *
 * @module
 */

import type { AssembledExperiment } from "../../../lib/snapshot/assemble_snapshot.ts";
import type { ModelUse } from "../../../lib/store/extras.ts";
import { asStorePath, type StorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type {
  DamagedRun,
  Depth,
  Experiment,
  LoggedModel,
  Orphan,
  Run,
} from "../../../lib/store/snapshot.ts";
import { isLitter, isLoggedModelId, isRunId } from "../../../lib/store/names.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { isGone } from "../../_io/read.ts";
import { readKeys } from "./list_entries.ts";
import { isRecordLinked, measureTree, newMeasurer } from "./measure.ts";
import { inputsOf, namesIn, type SoughtExtras, traceModelOf } from "./scan_extras.ts";

/** How the store is read. */
export interface ModelsReading {
  /** Absolute real path of the store's root. */
  readonly root: string;
  readonly depth: Depth;
  /** Whether to measure everything. */
  readonly sizes: boolean;
  /** What was read besides; `null`: all tags. */
  readonly extras: SoughtExtras | null;
}

/**
 * Reads of logged models what a clean-up must know. Needs read permission.
 *
 * @param reading How the store is read.
 * @param assembled Its experiments and orphans, with the records of their models.
 * @returns The same, the models that may go looked at; with sizes all of them measured.
 */
export async function lookAtModels(
  reading: ModelsReading,
  assembled: readonly AssembledExperiment[],
): Promise<readonly AssembledExperiment[]> {
  const { depth, sizes } = reading;
  const all = assembled.flatMap((one) => holderOf(one).loggedModels);
  if (all.length === 0) return assembled;
  const movable = new Set(depth === "meta" ? NO_MODELS : movableModels(assembled));
  if (movable.size === 0 && !sizes) return assembled;
  // A report asks how much is soft-deleted, a budget what goes with each run.
  const measured = depth === "meta" ? all.filter(isDeleted) : all;
  const uses = await findUses(reading, assembled, new Set([...movable].map(({ id }) => id)));
  const looked = new Map<LoggedModel, LoggedModel>();
  for (const model of sizes ? measured : movable) {
    looked.set(model, await lookAt(reading, model, movable.has(model) ? uses : null));
  }
  const withLooked = <H extends Experiment | Orphan>(holder: H): H => ({
    ...holder,
    loggedModels: holder.loggedModels.map((model) => looked.get(model) ?? model),
  });
  return assembled.map((one) =>
    one.kind === "orphan"
      ? { ...one, orphan: withLooked(one.orphan) }
      : { ...one, experiment: withLooked(one.experiment) }
  );
}

const NO_MODELS: readonly LoggedModel[] = [];

function isDeleted({ lifecycleStage }: LoggedModel): boolean {
  return lifecycleStage === "deleted";
}

function holderOf(one: AssembledExperiment): Experiment | Orphan {
  return one.kind === "orphan" ? one.orphan : one.experiment;
}

function isActive(one: AssembledExperiment): boolean {
  return one.kind === "experiment" && one.experiment.lifecycleStage === "active";
}

/** Those that are soft-deleted, and those of which no run holds on to the store by itself. */
function movableModels(assembled: readonly AssembledExperiment[]): readonly LoggedModel[] {
  const models = assembled.filter(isActive).flatMap((one) => holderOf(one).loggedModels);
  const sources = new Set(models.map(({ sourceRunId }) => sourceRunId));
  const alive = new Set<string>();
  for (const one of assembled) {
    const { lifecycleStage, runs, damagedRuns } = holderOf(one);
    if (lifecycleStage === "deleted") continue;
    for (const run of runs) {
      if (run.lifecycleStage === "active" && sources.has(run.id)) alive.add(run.id);
    }
    if (isActive(one)) { for (const { id } of damagedRuns) alive.add(id); }
  }
  return models.filter((model) =>
    isDeleted(model) || model.sourceRunId !== null && !alive.has(model.sourceRunId)
  );
}

/** Model id → what names it; under no id what cannot be read, and so may name any. */
type Uses = ReadonlyMap<string | null, readonly ModelUse[]>;

/** Where a scan is, and what it could not read. */
interface Place {
  readonly root: string;
  readonly problems: Problem[];
}

async function findUses(
  reading: ModelsReading,
  assembled: readonly AssembledExperiment[],
  wanted: ReadonlySet<string>,
): Promise<Uses> {
  const uses = new Map<string | null, ModelUse[]>();
  if (wanted.size === 0) return uses;
  const add = (id: string | null, use: ModelUse) => {
    const known = uses.get(id);
    if (known === undefined) uses.set(id, [use]);
    else known.push(use);
  };
  const place: Place = { root: reading.root, problems: [] };
  const known = new Set(assembled.flatMap((one) => holderOf(one).loggedModels.map(({ id }) => id)));
  const addNamed = (id: string, use: ModelUse, path: string) => {
    if (wanted.has(id)) add(id, use);
    else if (!isLoggedModelId(id) && !known.has(id)) add(null, unreadable(asStorePath(path), CUT));
  };
  for (const one of assembled) {
    const holder = holderOf(one);
    const useRun = async (run: Run | DamagedRun) => {
      const inputs = reading.extras?.inputs
        ? "inputs" in run ? run.inputs : run.extras?.inputs ?? []
        : isThere(place, `${run.path}/inputs`)
        ? await inputsOf(place, run.path)
        : [];
      for (const id of inputs) addNamed(id, { kind: "input", run: run.id }, `${run.path}/inputs`);
      // MLflow names the folder of an output after its model.
      const outputs = `${run.path}/outputs`;
      const names = isThere(place, outputs) ? await namesIn(place, outputs) : [];
      for (const id of names) {
        if (!isLitter(id)) addNamed(id, { kind: "output", run: run.id }, outputs);
      }
    };
    const runs = [...holder.runs, ...holder.damagedRuns];
    for (let start = 0; start < runs.length; start += AT_ONCE) {
      await Promise.all(runs.slice(start, start + AT_ONCE).map(useRun));
    }
    if (holder.lifecycleStage === "deleted" || holder.traces === 0) continue;
    const traces = `${holder.path}/traces`;
    for (const trace of await namesIn(place, traces)) {
      const id = await traceModelOf(place, `${traces}/${trace}`);
      if (id !== null) addNamed(id, { kind: "trace", trace }, `${traces}/${trace}`);
    }
  }
  for (const { path, message } of place.problems) add(null, unreadable(path, message));
  return uses;
}

/** To list one directory after the other would be to wait for each. */
const AT_ONCE = 16;

/** Why something may name any logged model. */
const CUT = "it names no logged model, and is no whole id";

/** Most runs have no such folder, which is asked faster than listed. */
function isThere({ root }: Place, path: string): boolean {
  return !isGone(`${root}/${path}`);
}

function unreadable(path: StorePath, message: string): ModelUse {
  return { kind: "unreadable", path, message };
}

async function lookAt(
  { root, sizes }: ModelsReading,
  model: LoggedModel,
  uses: Uses | null,
): Promise<LoggedModel> {
  const { id, path, link } = model;
  // To be taken before anything is read: then a change in between makes a plan stale, and is not missed.
  const tree = link ? null : await measureTree(`${root}/${path}`, newMeasurer());
  const usage = (sizes ? tree?.usage : tree?.freed) ?? null;
  if (uses === null) return { ...model, usage };
  const tags = await readKeys(root, `${path}/tags` as StorePath);
  // An empty directory where a metric was may have named any run.
  const all = () => true;
  const place = `${path}/metrics` as StorePath;
  const metrics = await readKeys(root, place, all, listDirectory, all);
  const runs = new Set([...metrics.values.values()].flatMap(runsOf));
  const usedBy: readonly ModelUse[] = [
    ...uses.get(id) ?? [],
    ...uses.get(null) ?? [],
    ...[...runs].map((run): ModelUse =>
      isRunId(run) ? { kind: "metric", run } : unreadable(place, "it has a line that names no run")
    ),
    ...[...tags.failures, ...metrics.failures].map(({ path, message }) =>
      unreadable(path, message)
    ),
  ];
  return {
    ...model,
    link: link || isRecordLinked(`${root}/${path}`),
    tags: tags.values,
    usedBy: usedBy.toSorted((left, right) => textOf(left) < textOf(right) ? -1 : 1),
    lastChange: tree?.newestChange ?? null,
    stamp: tree?.stamp ?? "",
    usage,
  };
}

/** The runs that logged a metric of a model: the fourth field of each line; one that has lost its lines names none. */
function runsOf(metric: string): readonly string[] {
  const lines = metric.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? [""] : lines.map((line) => line.trim().split(" ")[3] ?? "");
}

function textOf(use: ModelUse): string {
  return Object.values(use).join("|");
}
