/**
 * The main job's decision: what of a store to soft-delete, purge and quarantine, and why the rest stays.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import {
  findDatabaseUses,
  findPartialView,
  findUnreadableDatabases,
} from "../judge/find_database_uses.ts";
import { judgeSnapshot } from "../judge/judge_snapshot.ts";
import type {
  JudgedExperiment,
  JudgedModel,
  JudgedOrphan,
  JudgedRun,
  JudgedSnapshot,
  Verdict,
} from "../judge/judged.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type { Action, CleanupPlan, Kept, RemovalPlan } from "../plan/plan.ts";
import { subjectKindOf, totalsOf } from "./plan_totals.ts";
import { checkPolicy } from "../policy/check_policy.ts";
import { type CleanupPolicy, readingOf } from "../policy/policy.ts";
import type { Extras } from "../store/extras.ts";
import { asRunId, experimentPathOf, inOrder, type StorePath } from "../store/path.ts";
import { type Experiment, isNonEmpty, type Orphan, type StoreSnapshot } from "../store/snapshot.ts";
import { NO_USAGE } from "../store/usage.ts";
import { dropArtifacts } from "./drop_artifacts.ts";
import { findMajorities } from "./find_majorities.ts";
import { findMisfits } from "./find_misfits.ts";
import { findStops } from "./find_stops.ts";
import { fitBudget } from "./fit_budget.ts";
import { laterFinder } from "./models_later.ts";
import { remotePlaces } from "./remote_places.ts";
import { thinMetrics } from "./thin_metrics.ts";

/** What a planner needs besides the store and the rules. */
export interface PlanOptions {
  /** Epoch ms: the moment against which ages are judged. */
  readonly now: number;
  /** The kinds of action that the store can carry out: what would take another one stays. @default {all of them} */
  readonly kinds?: ReadonlySet<ActionKind> | undefined;
}

/**
 * Plans a clean-up: soft-deletes old runs, purges what was deleted long ago, with the logged models that
 * would be left without their run, quarantines orphans.
 *
 * Never in a plan: a run that is RUNNING or SCHEDULED, a run that a registered model version refers
 * to, a run whose kept child names it in `mlflow.parentRunId`, experiment `0`, anything that could
 * not be read, anything behind a symbolic link, anything that a database refers to, a directory in which the artifacts of a kept run lie. Nor
 * is a run purged of which a deleted experiment that stays has a copy: MLflow would find that instead; nor
 * one that has logged a model that stays, or a model that anything refers to.
 * With a retention policy, active runs are judged by it instead of by their age alone, and heavy files
 * of runs that stay may go; a budget then takes no more than it needs. What would be too much is said in
 * `stops`, and such a plan is not applied.
 *
 * A rule that is not given plans nothing, and so does any while a model version cannot be read: it
 * might refer to anything.
 *
 * @param snapshot The store, read at depth `tags`.
 * @param policy The rules; durations in ms.
 * @param options The moment.
 * @returns Actions in the order in which they are to be applied, and what is kept, with reasons.
 * @throws {InvalidArgumentError} When the snapshot was not read at depth `tags`, or not with what the policy looks
 * at, a value of the policy makes no sense, or the moment is no finite number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 * import { planCleanup } from "mltidy/plan";
 *
 * await using store = await openStore("./mlruns");
 * const plan = planCleanup(
 *   await store.read({ depth: "tags" }),
 *   { olderThan: null, purgeAfter: null, quarantineOrphans: false, settle: 0 },
 *   { now: Date.now() },
 * );
 * assertEquals(plan.actions, []);
 * ```
 */
export function planCleanup(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: PlanOptions,
): CleanupPlan {
  if (policy.retention?.thinMetrics !== undefined && options.kinds?.has("thin-metric") === false) {
    throw new InvalidArgumentError(
      "Cannot plan with purge.thin_metrics: of this kind of store no single points can go; leave it out",
    );
  }
  const removals = planRemovals(snapshot, policy, options, keptBy);
  return { schema: "mltidy/cleanup/v1", task: "cleanup", ...removals };
}

/**
 * Plans what goes by a policy, whichever task asks.
 *
 * @param snapshot The store, read at depth `tags`.
 * @param policy The rules; durations in ms.
 * @param options The moment, and what the store can carry out.
 * @param tellKept Tells what of all that was judged is said to stay.
 * @returns The plan, but for the names of its task.
 */
export function planRemovals(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  { now, kinds }: PlanOptions,
  tellKept: (judged: JudgedSnapshot, snapshot: StoreSnapshot) => readonly Kept[],
): RemovalPlan {
  checkArguments(snapshot, policy, now);
  checkExtras(snapshot, policy);
  const fitted = policy.budget ? fitBudget(snapshot, policy, policy.budget, now) : null;
  const judged = fitted?.judged ?? judgeSnapshot(snapshot, policy, now);
  const { runs, models, experiments, orphans } = judged;
  const laterOf = snapshot.sizes ? laterFinder(judged) : null;
  const leaving = runs.filter(({ verdict }) => verdict.goes);
  const wanted = [
    ...mapped(leaving, (one) => softDelete(one, laterOf)),
    ...dropArtifacts(judged, policy, now, fitted?.held),
    ...thinMetrics(judged, policy, now),
    ...mapped(leaving, purgeRun),
    ...mapped(experiments, purgeExperiment),
    // After the runs that must have left before.
    ...mapped(models, purgeModel),
    ...mapped(orphans, quarantine),
  ];
  const byPossible = Map.groupBy(wanted, ({ kind }) => kinds?.has(kind) ?? true);
  const actions = byPossible.get(true) ?? [];
  const kept = [
    ...tellKept(judged, snapshot),
    ...mapped(byPossible.get(false) ?? [], unsupported),
  ];
  const stops = [
    ...(actions.length === 0
      ? []
      : [...findUnreadableDatabases(snapshot), ...findPartialView(snapshot)]),
    ...(policy.retention ? findStops(judged, policy.retention) : []),
  ];
  const majorities = findMajorities(judged);
  const notes = policy.retention ? findMisfits(judged, policy.retention) : [];
  return {
    store: snapshot.location,
    basis: snapshot.fingerprint,
    plannedAt: now,
    policy,
    experiments: namesOf(snapshot, actions),
    actions,
    kept,
    totals: totalsOf(actions, kept, snapshot.sizes),
    ...(fitted === null ? {} : { budget: fitted.outcome }),
    ...(isNonEmpty(stops) ? { stops } : {}),
    ...(isNonEmpty(majorities) ? { majorities } : {}),
    ...(isNonEmpty(notes) ? { notes } : {}),
    ...remotePlaces(snapshot, actions, kept),
  };
}

function keptBy(judged: JudgedSnapshot, snapshot: StoreSnapshot): readonly Kept[] {
  return [
    ...keptRuns(judged.runs),
    ...mapped(
      judged.models,
      ({ model: { id, name, path }, holder, verdict }) =>
        holder === null ? keptOf("logged-model", name || id, path, verdict) : null,
    ),
    ...keptHolders(judged, snapshot),
  ];
}

/**
 * Tells which of the runs that were judged stay.
 *
 * @param runs The runs.
 * @returns Those that stay, but for those of an experiment or orphan that goes.
 */
export function keptRuns(runs: JudgedSnapshot["runs"]): readonly Kept[] {
  return mapped(
    runs,
    ({ run, holder, verdict }) =>
      verdict.goes || holder?.verdict.goes
        ? null
        : { kind: "run", path: run.path, name: run.name || run.id, reasons: verdict.reasons },
  );
}

/** Maps, leaving out what comes to nothing. */
function mapped<T, U>(list: readonly T[], map: (one: T) => U | null): readonly U[] {
  const all: U[] = [];
  for (const one of list) {
    const made = map(one);
    if (made !== null) all.push(made);
  }
  return all;
}

function checkArguments(snapshot: StoreSnapshot, policy: CleanupPolicy, now: number): void {
  if (snapshot.depth !== "tags") {
    throw new InvalidArgumentError(
      `Cannot plan from a snapshot of depth "${snapshot.depth}": read the store at depth "tags"`,
    );
  }
  if (!Number.isFinite(now)) {
    throw new InvalidArgumentError(`Cannot plan at the moment ${now}: expected epoch milliseconds`);
  }
  checkPolicy(policy);
}

/** Whatever a rule looks at must have been looked for: what is not there may just not have been read. */
function checkExtras({ extras, sizes }: StoreSnapshot, policy: CleanupPolicy): void {
  if (readingOf(policy).sizes && !sizes) {
    throw new InvalidArgumentError(
      "Cannot plan for a budget without sizes: read the store with sizes",
    );
  }
  // Without extras all tags were read, and ages ask for no more.
  if (!policy.retention && extras === undefined) return;
  const { extras: wanted } = readingOf(policy);
  const missing = [
    ...missingKeys("tag", wanted.tags, extras?.tags),
    ...missingKeys("metric", wanted.metrics, extras?.metrics),
    ...missingKeys("the history of metric", wanted.histories, extras?.histories),
    ...missingKeys("param", wanted.params, extras?.params),
    ...(wanted.uses && !extras?.uses ? ["what runs and traces refer to"] : []),
    ...(wanted.points !== undefined && wanted.points !== extras?.points
      ? [`metrics of more than ${wanted.points} points`]
      : []),
    ...(wanted.artifacts !== null && wanted.artifacts !== extras?.artifacts
      ? [`artifacts ${wanted.artifacts}`]
      : []),
  ];
  if (missing.length === 0) return;
  throw new InvalidArgumentError(
    `Cannot plan without ${missing.join(", ")}: read the store with the extras of the policy`,
  );
}

function missingKeys(
  kind: string,
  wanted: readonly string[] = [],
  read: Extras["metrics"] = [],
): readonly string[] {
  return wanted.filter((key) => !read.includes(key)).map((key) => `${kind} ${key}`);
}

function softDelete(
  { run, holder, verdict }: JudgedRun,
  laterOf: ReturnType<typeof laterFinder> | null,
): Action | null {
  if (holder !== null || !verdict.goes || run.lifecycleStage !== "active") return null;
  const { id, experimentId, path, name, stamp } = run;
  const { reasons } = verdict;
  const kind = "soft-delete-run";
  const usage = NO_USAGE;
  const action = { kind, path, name, runId: id, experimentId, reasons, usage, stamp } as const;
  return laterOf === null ? action : { ...action, later: laterOf(run) };
}

function purgeRun({ run, holder, verdict }: JudgedRun): Action | null {
  if (holder !== null || !verdict.goes || run.lifecycleStage !== "deleted") return null;
  const { id, experimentId, path, name, stamp } = run;
  const { reasons } = verdict;
  const usage = run.usage ?? NO_USAGE;
  return { kind: "purge-run", path, name, runId: id, experimentId, reasons, usage, stamp };
}

function purgeExperiment({ experiment, verdict }: JudgedExperiment): Action | null {
  if (!verdict.goes) return null;
  const { id, path, name, stamp, runs } = experiment;
  return {
    kind: "purge-experiment",
    path,
    name,
    experimentId: id,
    runIds: inOrder(runs).map((run) => run.id),
    reasons: verdict.reasons,
    usage: experiment.usage ?? NO_USAGE,
    stamp,
  };
}

function purgeModel({ model, experimentId, holder, verdict }: JudgedModel): Action | null {
  if (holder !== null || !verdict.goes) return null;
  const { id, path, name, lifecycleStage, sourceRunId, stamp } = model;
  return {
    kind: "purge-logged-model",
    path,
    name,
    modelId: id,
    experimentId,
    withoutRun: lifecycleStage === "deleted" || sourceRunId === null ? null : asRunId(sourceRunId),
    reasons: verdict.reasons,
    usage: model.usage ?? NO_USAGE,
    stamp,
  };
}

function quarantine({ orphan, verdict }: JudgedOrphan): Action | null {
  if (!verdict.goes) return null;
  const { id, path, stamp } = orphan;
  const usage = orphan.usage ?? NO_USAGE;
  return { kind: "quarantine-orphan", path, name: id, reasons: verdict.reasons, usage, stamp };
}

function keptOf(kind: Kept["kind"], name: string, path: StorePath, verdict: Verdict): Kept | null {
  return verdict.goes ? null : { kind, path, name, reasons: verdict.reasons };
}

/** What an action would take that the store cannot carry out. */
function unsupported({ kind, path, name }: Action): Kept | null {
  const subject = subjectKindOf(kind);
  if (subject === undefined) return null;
  return { kind: subject, path, name, reasons: [{ kind: "not-supported" }] };
}

/** Deleted experiments and orphans that stay, and the damaged runs in all that stays. */
function keptHolders(
  { experiments, orphans }: JudgedSnapshot,
  snapshot: StoreSnapshot,
): readonly Kept[] {
  const leaving = new Set<string>([
    ...experiments.flatMap(({ experiment, verdict }) => verdict.goes ? [experiment.path] : []),
    ...orphans.flatMap(({ orphan, verdict }) => verdict.goes ? [orphan.path] : []),
  ]);
  return [
    ...damagedRunsOf(
      [...inOrder(snapshot.experiments), ...inOrder(snapshot.orphans)]
        .filter(({ path }) => !leaving.has(path)),
      snapshot,
    ),
    ...mapped(
      experiments,
      ({ experiment: { name, path }, verdict }) => keptOf("experiment", name, path, verdict),
    ),
    ...mapped(orphans, ({ orphan: { id, path }, verdict }) => keptOf("orphan", id, path, verdict)),
  ];
}

/**
 * Tells which runs cannot be read, so that they stay. Where it is a database that knows them, that is no
 * damage.
 *
 * @param holders What they lie in.
 * @param snapshot The store.
 * @returns The runs.
 */
export function damagedRunsOf(
  holders: readonly (Experiment | Orphan)[],
  snapshot: StoreSnapshot,
): readonly Kept[] {
  const uses = findDatabaseUses(snapshot);
  return holders.flatMap((holder) => inOrder(holder.damagedRuns))
    .map(({ id, path, message }) => ({
      kind: "damaged-run",
      path,
      name: id,
      reasons: [uses.get(path) ?? { kind: "unreadable", path, message }],
    }));
}

function namesOf(snapshot: StoreSnapshot, actions: readonly Action[]): Record<string, string> {
  const places = new Set<string>();
  let last = "/";
  for (const { kind, path } of actions) {
    // Those of one experiment mostly come one after the other.
    if (kind === "purge-experiment" || path.startsWith(last)) continue;
    const place = experimentPathOf(path);
    places.add(place);
    last = `${place}/`;
  }
  return Object.fromEntries(
    inOrder(snapshot.experiments)
      .filter(({ path }) => places.has(path))
      .map(({ path, name }) => [path, name]),
  );
}
