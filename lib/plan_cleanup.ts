/**
 * The main job's decision: what of a store to soft-delete, purge and quarantine, and why the rest stays.
 *
 * @module
 */

import {
  inOrder,
  type JudgedExperiment,
  type JudgedOrphan,
  type JudgedRun,
  judgeSnapshot,
} from "./judge_snapshot.ts";
import type { DiskUsage, StorePath, StoreSnapshot } from "./model.ts";
import type { Action, CleanupPolicy, Kept, Plan, PlanTask, PlanTotals } from "./plan.ts";
import type { Verdict } from "./retention.ts";

/** What a planner needs besides the store and the rules. */
export interface PlanOptions {
  /** Epoch ms: the moment against which ages are judged. */
  readonly now: number;
  /** Which task the plan is for. @default {"cleanup"} */
  readonly task?: PlanTask;
}

/**
 * Plans a clean-up: soft-deletes old runs, purges what was deleted long ago, quarantines orphans.
 *
 * Never in a plan: a run that is RUNNING or SCHEDULED, a run that a registered model version refers
 * to, a run whose kept child names it in `mlflow.parentRunId`, experiment `0`, anything that could
 * not be read, anything behind a symbolic link, a directory in which the artifacts of a kept run lie.
 * A rule that is not given plans nothing, and so does any while a model version cannot be read: it
 * might refer to anything.
 *
 * @param snapshot The store, read at depth `tags`.
 * @param policy The rules; durations in ms.
 * @param options The moment, and the task's name.
 * @returns Actions in the order in which they are to be applied, and what is kept, with reasons.
 * @throws {RangeError} When the snapshot was not read at depth `tags`, a duration is negative, or the
 * moment is no finite number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore, planCleanup } from "mltidy";
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
): Plan {
  const { now, task = "cleanup" } = options;
  checkArguments(snapshot, policy, now);
  const { runs, experiments, orphans } = judgeSnapshot(snapshot, policy, now);
  const actions = [
    ...runs.flatMap(softDelete),
    ...runs.flatMap(purgeRun),
    ...experiments.flatMap(purgeExperiment),
    ...orphans.flatMap(quarantine),
  ];
  const kept = [
    ...runs.filter((one) => !one.holder?.verdict.goes)
      .flatMap(({ run, verdict }) => keptOf("run", run.name || run.id, run.path, verdict)),
    ...damagedRunsKept(experiments, orphans, snapshot),
    ...experiments.flatMap((one) =>
      keptOf("experiment", one.experiment.name, one.experiment.path, one.verdict)
    ),
    ...orphans.flatMap((one) => keptOf("orphan", one.orphan.id, one.orphan.path, one.verdict)),
  ];
  return {
    schema: `mltidy/${task}/v1`,
    task,
    store: snapshot.root,
    basis: snapshot.fingerprint,
    plannedAt: now,
    policy,
    experiments: namesOf(snapshot, actions),
    actions,
    kept,
    totals: totalsOf(actions, kept),
  };
}

function checkArguments(snapshot: StoreSnapshot, policy: CleanupPolicy, now: number): void {
  if (snapshot.depth !== "tags") {
    throw new RangeError(
      `Cannot plan from a snapshot of depth "${snapshot.depth}": read the store at depth "tags"`,
    );
  }
  if (!Number.isFinite(now)) {
    throw new RangeError(`Cannot plan at the moment ${now}: expected epoch milliseconds`);
  }
  for (const key of ["olderThan", "purgeAfter", "settle"] as const) {
    const value = policy[key];
    if (value !== null && !(value >= 0)) {
      throw new RangeError(`Cannot plan with ${key} ${value}: expected milliseconds, 0 or more`);
    }
  }
}

const NOTHING: DiskUsage = { bytes: 0, files: 0 };

function softDelete({ run, holder, verdict }: JudgedRun): Action[] {
  if (holder !== null || !verdict.goes || run.lifecycleStage !== "active") return [];
  const { id, experimentId, path, name, stamp } = run;
  const { reasons } = verdict;
  return [{
    kind: "soft-delete-run",
    path,
    name,
    runId: id,
    experimentId,
    reasons,
    usage: NOTHING,
    stamp,
  }];
}

function purgeRun({ run, holder, verdict }: JudgedRun): Action[] {
  if (holder !== null || !verdict.goes || run.lifecycleStage !== "deleted") return [];
  const { id, experimentId, path, name, stamp } = run;
  const { reasons } = verdict;
  const usage = run.usage ?? NOTHING;
  return [{ kind: "purge-run", path, name, runId: id, experimentId, reasons, usage, stamp }];
}

function purgeExperiment({ experiment, verdict }: JudgedExperiment): Action[] {
  if (!verdict.goes) return [];
  const { id, path, name, stamp, runs } = experiment;
  return [{
    kind: "purge-experiment",
    path,
    name,
    experimentId: id,
    runIds: inOrder(runs).map((run) => run.id),
    reasons: verdict.reasons,
    usage: experiment.usage ?? NOTHING,
    stamp,
  }];
}

function quarantine({ orphan, verdict }: JudgedOrphan): Action[] {
  if (!verdict.goes) return [];
  const { id, path, stamp } = orphan;
  const usage = orphan.usage ?? NOTHING;
  return [{ kind: "quarantine-orphan", path, name: id, reasons: verdict.reasons, usage, stamp }];
}

function keptOf(kind: Kept["kind"], name: string, path: StorePath, verdict: Verdict): Kept[] {
  return verdict.goes ? [] : [{ kind, path, name, reasons: verdict.reasons }];
}

function damagedRunsKept(
  experiments: readonly JudgedExperiment[],
  orphans: readonly JudgedOrphan[],
  snapshot: StoreSnapshot,
): Kept[] {
  const leaving = new Set<string>([
    ...experiments.flatMap(({ experiment, verdict }) => verdict.goes ? [experiment.path] : []),
    ...orphans.flatMap(({ orphan, verdict }) => verdict.goes ? [orphan.path] : []),
  ]);
  return [...inOrder(snapshot.experiments), ...inOrder(snapshot.orphans)]
    .filter((holder) => !leaving.has(holder.path))
    .flatMap((holder) => inOrder(holder.damagedRuns))
    .map(({ id, path, message }) => ({
      kind: "damaged-run",
      path,
      name: id,
      reasons: [{ kind: "unreadable", path, message }],
    }));
}

function namesOf(snapshot: StoreSnapshot, actions: readonly Action[]): Record<string, string> {
  const places = new Set(actions.map(({ path }) => path.slice(0, path.lastIndexOf("/"))));
  return Object.fromEntries(
    inOrder(snapshot.experiments)
      .filter(({ path }) => places.has(path))
      .map(({ path, name }) => [path, name]),
  );
}

function totalsOf(actions: readonly Action[], kept: readonly Kept[]): PlanTotals {
  const count = (kind: Action["kind"]) => actions.filter((action) => action.kind === kind).length;
  return {
    softDeleteRuns: count("soft-delete-run"),
    purgeRuns: count("purge-run"),
    purgeExperiments: count("purge-experiment"),
    quarantineOrphans: count("quarantine-orphan"),
    keptRuns: kept.filter((one) => one.kind === "run").length,
    usage: {
      bytes: actions.reduce((sum, action) => sum + action.usage.bytes, 0),
      files: actions.reduce((sum, action) => sum + action.usage.files, 0),
    },
  };
}
