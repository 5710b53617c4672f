/**
 * Plan and what came of its actions → report.
 *
 * @module
 */

import { addUsage } from "../store/usage.ts";
import type { Plan } from "./plan.ts";
import type { ActionOutcome, ApplyReport } from "./report.ts";

/** What a report says besides what the plan does. */
export type Applied = Pick<
  ApplyReport,
  "startedAt" | "finishedAt" | "outcomes" | "backup" | "remains"
>;

/**
 * Sums up what came of a plan.
 *
 * @param plan The plan.
 * @param applied When, what came of each action, and where the backup is; no outcomes where nothing was begun.
 * @returns The report, with sums over the outcomes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const plan = { task: "prune", store: "/data/mlruns", actions: [] } as const;
 * const nothing = { startedAt: 0, finishedAt: 0, outcomes: [], backup: null };
 * assertEquals(reportOutcomes(plan, nothing).complete, true);
 * ```
 */
export function reportOutcomes(
  { task, store, actions, lostTimes, linked, reviewed }: Reported,
  applied: Applied,
): ApplyReport {
  const { startedAt, finishedAt, outcomes, backup, remains } = applied;
  const totals = totalsOf(outcomes);
  return {
    schema: "mltidy/apply/v1",
    task,
    store,
    startedAt,
    finishedAt,
    outcomes,
    totals,
    backup,
    ...(remains === undefined ? {} : { remains }),
    ...(lostTimes === undefined ? {} : { lostTimes }),
    ...(linked === undefined ? {} : { linked }),
    ...(reviewed === undefined ? {} : { reviewed }),
    complete: totals.applied === actions.length && backup?.problem === undefined &&
      remains === undefined && (reviewed?.lapsed ?? []).length === 0,
  };
}

/** What a report takes of a plan. */
type Reported = Pick<Plan, "task" | "store" | "actions" | "lostTimes" | "linked" | "reviewed">;

function totalsOf(outcomes: readonly ActionOutcome[]): ApplyReport["totals"] {
  const count = (wanted: ActionOutcome["outcome"]) =>
    outcomes.filter(({ outcome }) => outcome === wanted).length;
  const usages = outcomes.flatMap((one) => one.outcome === "applied" ? [one.usage] : []);
  return {
    applied: count("applied"),
    skipped: count("skipped"),
    failed: count("failed"),
    notRun: count("not-run"),
    usage: addUsage(usages),
  };
}
