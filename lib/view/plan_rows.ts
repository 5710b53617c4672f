/**
 * A plan as lists of rows: what goes, what stays, what changes sides, what was left out; filtered and ordered.
 *
 * @module
 */

import type { Action, Kept, Plan } from "../plan/plan.ts";
import { isRemoval } from "../plan/action_kind.ts";
import { experimentPathOf, type StorePath } from "../store/path.ts";
import { type Holder, holdersOf, nameOf } from "../store/holders.ts";
import type { LoggedModel, Run, StoreSnapshot } from "../store/snapshot.ts";
import { PIN_TAG } from "../store/tags.ts";
import { NO_NAME } from "../words/groups.ts";
import { reasonText } from "../words/reason.ts";
import { groupOfAction, groupOfKept, verbOf } from "./plan_tree.ts";
import { shownText } from "./shown_text.ts";
import { runLink } from "./view_store.ts";
import type { Row } from "./view.ts";

/** What goes, or stays. */
export type Entry = Action | Kept;

/** What runs have of the metric by which they are compared. */
export interface PrimaryValues {
  /** The metric's key. */
  readonly metric: string;
  /** The value of the last step, by the run's path. */
  readonly latest: ReadonlyMap<string, number>;
}

/** What a list is taken from. */
export interface Listed {
  /** The plan. */
  readonly plan: Plan;
  /** Finds what is in the store. */
  readonly index: StoreIndex;
  /** What goes by the policy of the file, nothing left out. */
  readonly goesByFile: ReadonlySet<string>;
  /** What takes how much on disk, by path; `null` until that is measured. */
  readonly bytes: ReadonlyMap<string, number> | null;
  /** All tags of runs by path, where they are known. */
  readonly tags: ReadonlyMap<string, readonly string[]> | null;
  /** The metric by which runs are compared, where the policy keeps the best of none; `null` until any is known. */
  readonly primary: PrimaryValues | null;
  /** The address of MLflow's UI; `null` where it is not known. */
  readonly mlflowUi: string | null;
}

/** Which rows are wanted, and in which order. */
export interface RowsWanted {
  /** The list; `turned`: what changes sides against the file, `left-out`: what was left out of the plan. */
  readonly list: "goes" | "stays" | "turned" | "left-out";
  /** Only of this experiment, by its path. @default {all} */
  readonly experiment?: string | undefined;
  /** Only of this group. @default {all} */
  readonly reason?: string | undefined;
  /** Only those whose name, path, experiment, tags or reasons have this in them, in any case. @default {all} */
  readonly filter?: string | undefined;
  /** By what they are ordered; `plan`: as they would be carried out. @default {"plan"} */
  readonly sort?: RowsOrder | undefined;
  /** Whether the last comes first. @default {false} */
  readonly descending?: boolean | undefined;
}

/** By what rows can be ordered. */
export type RowsOrder = "plan" | "name" | "age" | "bytes" | "metric" | "experiment";

/** Finds what is in a store by its path. */
export interface StoreIndex {
  /** Readable runs. */
  readonly runs: RunIndex;
  /** Logged models. */
  readonly models: ReadonlyMap<string, LoggedModel>;
  /** Experiments and orphans. */
  readonly holders: ReadonlyMap<string, Holder>;
}

/** Finds readable runs by their paths. */
export interface RunIndex {
  /** How many there are. */
  readonly size: number;
  /** Gives the run at a path. */
  get(path: string): Run | undefined;
}

/**
 * Makes what finds things by their paths.
 *
 * @param snapshot The store.
 * @returns The index.
 */
export function indexOf(snapshot: StoreSnapshot): StoreIndex {
  const all = holdersOf(snapshot);
  const models = new Map<string, LoggedModel>();
  for (const { loggedModels } of all) {
    for (const model of loggedModels) models.set(model.path, model);
  }
  const holders = new Map<string, Holder>(all.map((holder) => [holder.path, holder]));
  return { runs: runsOf(holders), models, holders };
}

/** Only those that hold what is looked for are gone through: a window shows rows of few of them. */
function runsOf(holders: ReadonlyMap<string, Holder>): RunIndex {
  const known = new Map<Holder, ReadonlyMap<string, Run>>();
  return {
    size: holders.values().reduce((sum, { runs }) => sum + runs.length, 0),
    get(path) {
      const holder = holders.get(experimentPathOf(path));
      if (holder === undefined) return undefined;
      const runs = known.get(holder) ?? new Map(holder.runs.map((run) => [run.path, run]));
      known.set(holder, runs);
      return runs.get(path as StorePath);
    },
  };
}

/**
 * Tells what goes by a plan, by paths: what goes with an experiment is not told by itself.
 *
 * @param plan The plan.
 * @returns The paths; those of heavy files of runs that stay are among them.
 */
export function goingPaths({ actions }: Plan): ReadonlySet<string> {
  return new Set(actions.map(({ path }) => path));
}

/**
 * Counts what changes sides against the policy of the file.
 *
 * @param plan The plan.
 * @param goesByFile What goes by the file.
 * @returns How many go now and would stay, and how many stay now and would go.
 */
export function countTurned(
  plan: Plan,
  goesByFile: ReadonlySet<string>,
): { readonly goes: number; readonly stays: number } {
  let [goes, stays] = [0, 0];
  for (const { path } of plan.actions) if (!isAmong(path, goesByFile)) goes++;
  for (const { path } of plan.kept) if (isAmong(path, goesByFile)) stays++;
  return { goes, stays };
}

/** It goes by itself, or with the experiment that it lies in. */
function isAmong(path: string, paths: ReadonlySet<string>): boolean {
  return paths.has(path) || paths.has(experimentPathOf(path));
}

/**
 * Lists what is wanted.
 *
 * @param listed What the list is taken from.
 * @param wanted Which rows, and in which order.
 * @returns The entries, to make rows of those that are shown.
 */
export function selectEntries(listed: Listed, wanted: RowsWanted): readonly Entry[] {
  const { experiment, reason, filter = "", sort = "plan", descending = false } = wanted;
  const words = filter.toLowerCase();
  const found = entriesOf(listed, wanted.list).filter((entry) =>
    (experiment === undefined || experimentPathOf(entry.path) === experiment) &&
    (reason === undefined || groupOf(entry) === reason) &&
    (words === "" || textsOf(entry, listed).some((text) => text.toLowerCase().includes(words)))
  );
  if (sort === "plan") return descending ? found.toReversed() : found;
  const keyOf = KEYS[sort];
  const keyed = found.map((entry) => ({ entry, key: keyOf(entry, listed) }));
  const sign = descending ? -1 : 1;
  return keyed.toSorted(({ key: left }, { key: right }) => {
    // What is not known comes last either way.
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    return left < right ? -sign : left > right ? sign : 0;
  }).map(({ entry }) => entry);
}

function entriesOf(
  { plan, goesByFile }: Listed,
  list: RowsWanted["list"],
): readonly Entry[] {
  switch (list) {
    case "goes":
      return plan.actions;
    case "stays":
      return plan.kept;
    case "turned":
      return [
        ...plan.actions.filter(({ path }) => !isAmong(path, goesByFile)),
        ...plan.kept.filter(({ path }) => isAmong(path, goesByFile)),
      ];
    case "left-out":
      return plan.kept.filter(isLeftOut);
  }
}

/**
 * Tells whether something stays since it was left out of the plan.
 *
 * @param entry What goes, or stays.
 * @returns Whether it was left out.
 */
export function isLeftOut(entry: Entry): boolean {
  return !isAction(entry) && entry.reasons.some(({ kind }) => kind === "left-out");
}

function isAction(entry: Entry): entry is Action {
  return "usage" in entry;
}

function groupOf(entry: Entry): string {
  return isAction(entry) ? groupOfAction(entry) : groupOfKept(entry);
}

type Key = string | number | null;

const KEYS: Readonly<
  Record<Exclude<RowsOrder, "plan">, (entry: Entry, listed: Listed) => Key>
> = {
  name: ({ name }) => name,
  experiment: ({ path }, { index }) => holderName(path, index),
  age: (entry, listed) => {
    const time = timeOf(entry, listed);
    return time === null ? null : -time;
  },
  bytes: bytesOf,
  metric: metricOf,
};

function textsOf(entry: Entry, { index, tags }: Listed): readonly string[] {
  const { path, name, reasons } = entry;
  return [
    name,
    path,
    holderName(path, index),
    ...tags?.get(path) ?? [],
    ...reasons.map(reasonText),
  ];
}

function holderName(path: string, { holders }: StoreIndex): string {
  const holder = holders.get(experimentPathOf(path));
  return holder === undefined ? experimentPathOf(path) : nameOf(holder);
}

function timeOf({ path }: Entry, { index }: Listed): number | null {
  const run = index.runs.get(path);
  if (run !== undefined) return run.endTime ?? run.startTime;
  const model = index.models.get(path);
  if (model !== undefined) return model.lastUpdatedTime ?? model.lastChange;
  const holder = index.holders.get(path);
  if (holder === undefined) return null;
  return "newestChange" in holder ? holder.newestChange : holder.lastUpdateTime;
}

function bytesOf(entry: Entry, { bytes }: Listed): number | null {
  const measured = bytes?.get(entry.path) ?? null;
  return measured ?? (isAction(entry) && entry.usage.bytes > 0 ? entry.usage.bytes : null);
}

/**
 * Names the metric whose values rows show.
 *
 * @param listed What the list is taken from.
 * @returns The first by which its policy keeps the best, else that by which runs are compared; `null` when there is
 * none.
 */
export function shownMetric({ plan, primary }: Listed): string | null {
  return keptMetric(plan) ?? primary?.metric ?? null;
}

function keptMetric(plan: Plan): string | null {
  const rules = isRemoval(plan) ? plan.policy.retention?.rules ?? [] : [];
  return rules.flatMap(({ keepBest }) => keepBest)[0]?.metric ?? null;
}

function metricOf({ path }: Entry, { plan, index, primary }: Listed): number | null {
  const metric = keptMetric(plan);
  const value = metric === null
    ? primary?.latest.get(path)
    : index.runs.get(path)?.extras?.metrics.get(metric)?.latest;
  return value !== undefined && Number.isFinite(value) ? value : null;
}

const MOST_TAGS = 6;
const MOST_REASONS = 5;

/**
 * Makes the row of something that goes or stays.
 *
 * @param entry What it is.
 * @param listed What it is taken from.
 * @returns The row.
 */
export function rowOf(entry: Entry, listed: Listed): Row {
  const { path, name, reasons } = entry;
  const { index, plan, mlflowUi, tags } = listed;
  const run = index.runs.get(path);
  const holder = index.holders.get(experimentPathOf(path));
  const time = timeOf(entry, listed);
  const id = path.slice(path.lastIndexOf("/") + 1);
  return {
    path,
    kind: isAction(entry) ? kindOf(entry, run !== undefined) : entry.kind,
    verb: isAction(entry) ? verbOf(entry.kind) : "stays",
    id: shownText(id),
    name: shownText(name) || NO_NAME,
    experiment: shownText(holderName(path, index)) || NO_NAME,
    time,
    age: time === null ? null : plan.plannedAt - time,
    bytes: bytesOf(entry, listed),
    metric: metricOf(entry, listed),
    status: run?.status ?? null,
    tags: (tags?.get(path) ?? tagsOf(run)).slice(0, MOST_TAGS).map((tag) => shownText(tag, 100)),
    reasons: reasons.slice(0, MOST_REASONS).map((reason) => shownText(reasonText(reason), 300)),
    link: run === undefined || holder === undefined ? null : runLink(mlflowUi, holder.id, run.id),
    leftOut: isLeftOut(entry),
    pinned: run?.tags.has(PIN_TAG) ?? false,
    mayPin: run !== undefined && run.lifecycleStage === "active" && !run.link &&
      holder?.lifecycleStage === "active",
  };
}

/**
 * Writes tags as a row shows them.
 *
 * @param run The run, if it is one.
 * @returns `key=value`, without MLflow's own.
 */
export function tagsOf(run: Pick<Run, "tags"> | undefined): readonly string[] {
  return [...run?.tags ?? []].filter(([key]) => !key.startsWith("mlflow."))
    .map(([key, value]) => value === "" ? key : `${key}=${value.slice(0, 200)}`);
}

function kindOf(action: Action, isRun: boolean): Row["kind"] {
  switch (action.kind) {
    case "copy-in":
      return action.what;
    case "soft-delete-run":
    case "purge-run":
      return "run";
    case "drop-artifact":
      return "heavy-file";
    case "thin-metric":
      return "metric";
    case "purge-experiment":
      return "experiment";
    case "purge-logged-model":
      return "logged-model";
    case "quarantine-orphan":
      return "orphan";
    default:
      return isRun ? "run" : "damage";
  }
}

/**
 * Says what has to be typed to carry a plan out.
 *
 * @param plan The plan.
 * @returns Such as `remove 143`; `null` where there is nothing to do, or it is stopped.
 */
export function wordsToType(plan: Plan): string | null {
  const { length } = plan.actions;
  if (length === 0 || plan.stops !== undefined) return null;
  return `${isRemoval(plan) ? "remove" : plan.task} ${length}`;
}
