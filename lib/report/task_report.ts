/**
 * The nouns of a report: how a task that nobody watched has ended. All are JSON values.
 *
 * @module
 */

import type { SettledChange } from "../backup/report.ts";
import type { Plan, PlanBase, RemovalPlan } from "../plan/plan.ts";
import { isRemoval } from "../plan/action_kind.ts";
import type { Remains } from "../store/usage.ts";
import type { RunCounts } from "./count_runs.ts";

/** How a task has ended, whether it did its work or failed. */
export interface TaskReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/report/v1";
  /** The version of mltidy. */
  readonly version: string;
  /** The task as it is typed, such as `cleanup:apply`. */
  readonly task: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms. */
  readonly finishedAt: number;
  /** The code that the task ended with. */
  readonly exitCode: number;
  /** Why it failed; `null` where it got to the end of its work, whatever came of that. */
  readonly error: {
    /** The class of the error, such as `StoreLockedError`. */
    readonly name: string;
    /** What was said, and what to type next; may have several lines. */
    readonly message: string;
  } | null;
  /** The store's location: an absolute path, or a URI without credentials; `null` where none was opened. */
  readonly store: string | null;
  /** How many runs the store had, and has; `null` where the task counts none. */
  readonly runs: { readonly before: RunCounts; readonly after: RunCounts } | null;
  /** What was planned, without its lines; `null` where nothing was. */
  readonly plan: PlanSummary | null;
  /** The command that undoes what was done; `null` where there is none. */
  readonly undo: string | null;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
  /** What earlier changes were not to keep, and could still not be freed. */
  readonly remains: readonly Remains[];
  /** What the task prints with `--json`; `null` where it failed before that. */
  readonly result: { readonly schema: string } | null;
}

/** A plan without its lines. */
export interface PlanSummary
  extends
    Pick<PlanBase, "totals" | "stops">,
    Pick<RemovalPlan, "budget" | "majorities" | "notes" | "remote"> {
  /** How many actions it has. */
  readonly actions: number;
}

/**
 * Leaves the lines of a plan out.
 *
 * @param plan The plan.
 * @returns What it says of itself as a whole.
 */
export function summarizePlan(plan: Plan): PlanSummary {
  const { actions, totals, stops } = plan;
  const { budget, majorities, notes, remote }: Partial<RemovalPlan> = isRemoval(plan) ? plan : {};
  return {
    actions: actions.length,
    totals,
    ...(stops === undefined ? {} : { stops }),
    ...(budget === undefined ? {} : { budget }),
    ...(majorities === undefined ? {} : { majorities }),
    ...(notes === undefined ? {} : { notes }),
    ...(remote === undefined ? {} : { remote }),
  };
}
