/**
 * A part of a plan.
 *
 * @module
 */

import type { Action, Plan, RepairPlan } from "../plan/plan.ts";
import { addUsage } from "../store/usage.ts";
import { withoutActions } from "./without_actions.ts";

/**
 * Leaves out of a plan what a program does not want; what that would take is listed among what stays, and all sums
 * are made anew. Whoever leaves something out leaves out as well what would go only with it: a parent, where a
 * child of its stays.
 *
 * @param plan The plan.
 * @param isWanted Tells of an action whether it is to be done.
 * @returns The plan of those alone; the very same where all are.
 *
 * @example Only what is of one experiment
 * ```ts
 * import { cleanup, filterPlan, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan } = await cleanup(store);
 * const part = filterPlan(plan, ({ path }) => path.startsWith("1/"));
 * console.log(part.actions.length, part.totals.softDeleteRuns);
 * ```
 */
export function filterPlan<P extends Plan>(
  plan: P,
  isWanted: (action: P["actions"][number]) => boolean,
): P {
  // The kinds of plan are told apart by their task, which leaves each what it is.
  const whole: Plan = plan;
  const isLeft = isWanted as (action: Action) => boolean;
  return (whole.task === "repair"
    ? filterRepairs(whole, isLeft)
    : withoutActions(whole, (action) => isLeft(action) ? null : { kind: "left-out" })) as P;
}

/** What is damaged and not mended is told by whoever plans, and again by `verify`. */
function filterRepairs(plan: RepairPlan, isWanted: (action: Action) => boolean): RepairPlan {
  const actions = plan.actions.filter(isWanted);
  if (actions.length === plan.actions.length) return plan;
  const usage = addUsage(actions.map(({ usage }) => usage));
  return { ...plan, actions, totals: { ...plan.totals, repairs: actions.length, usage } };
}
