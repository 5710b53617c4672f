/**
 * Carrying out what still holds of a plan that was reviewed, on a store that has changed since.
 *
 * *Ordering*, *Locking*, *After an interruption*: as for any plan that is made and applied, see
 * `plan_and_apply.ts`: what still holds is a plan of its own, decided from the store as it is under the lock.
 *
 * @module
 */

import { planWithout } from "../lib/cleanup/leave_out.ts";
import { unreviewed, whatStillHolds } from "../lib/cleanup/what_still_holds.ts";
import type { Plan } from "../lib/plan/plan.ts";
import { isRemoval } from "../lib/plan/action_kind.ts";
import { readingOf, type RetentionPolicy } from "../lib/policy/policy.ts";
import { stillSelecting } from "../lib/selection/select.ts";
import { refuseOtherStore, refuseStopped } from "./apply_plan.ts";
import { planMergeAgain, planMoveAgain, plannerOf, planRepairAgain } from "./plan_again.ts";
import {
  decideAndApply,
  type Decision,
  type PlanAndApplyOptions,
  type PlanAndApplyResult,
} from "./plan_and_apply.ts";
import type { Store } from "./ports/store.ts";

/** Whether and how to apply what still holds. */
export interface WhatStillHoldsOptions extends PlanAndApplyOptions {
  /**
   * What keeps runs today, in place of what kept them when the plan was made; its limits stay those of the plan,
   * where that has any. @default {that of the plan}
   */
  readonly retention?: RetentionPolicy | undefined;
}

/**
 * Plans a store anew by the policy of a plan that was reviewed and, with `apply`, carries out what both plans do.
 * What stays by today's rules stays, and nothing goes that was not reviewed; what of the reviewed plan no longer
 * holds is listed with its reasons. Needs read permission for the store; applying needs write permission, too.
 *
 * @param store The store.
 * @param reviewed The plan.
 * @param options Whether and how to apply.
 * @returns What still holds, as a plan, and the report if it was applied; both say in `reviewed` what does not.
 * @throws {PlanRefusedError} When the policy's own limits stop the reviewed plan, or what still holds of it.
 * @throws {StalePlanError} When it was made for another store.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { applyWhatStillHolds, cleanup, openStore, parsePlan } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan: made } = await cleanup(store);
 * const reviewed = parsePlan(JSON.stringify(made), "plan.json");
 * const { plan, report } = await applyWhatStillHolds(store, reviewed, { apply: true });
 * console.log(report?.totals.applied, plan.reviewed?.lapsed.length);
 * ```
 */
export async function applyWhatStillHolds(
  store: Store,
  reviewed: Plan,
  options: WhatStillHoldsOptions = {},
): Promise<PlanAndApplyResult> {
  const { retention, ...applying } = options;
  refuseOtherStore(store, reviewed);
  refuseStopped(reviewed);
  const today = withRulesOf(retention, reviewed);
  return await decideAndApply(
    store,
    reviewed.task,
    (from) => decide(from, today, applying),
    applying,
  );
}

/** Ages and limits were reviewed with the plan; what is worth keeping is told by the rules of today. */
function withRulesOf(retention: RetentionPolicy | undefined, plan: Plan): Plan {
  if (retention === undefined || !isRemoval(plan)) return plan;
  const { limits = retention.limits } = plan.policy.retention ?? {};
  return { ...plan, policy: { ...plan.policy, retention: { ...retention, limits } } };
}

async function decide(
  from: Store,
  reviewed: Plan,
  { onProgress, signal }: PlanAndApplyOptions,
): Promise<Decision> {
  const reading = {
    signal,
    onProgress: (runs: number, all?: number) => onProgress?.("Reading runs", runs, all),
  };
  if (reviewed.task === "repair") {
    const snapshot = await from.read({ depth: "full", ...reading });
    const plan = await planRepairAgain(from, reviewed, snapshot, from.now());
    return { snapshot, plan: whatStillHolds(reviewed, plan, snapshot) };
  }
  if (reviewed.task === "move") {
    const { MOVE_EXTRAS } = await import("../lib/move/choose_runs.ts");
    const snapshot = await from.read({ depth: "tags", ...reading, extras: MOVE_EXTRAS });
    const { policy } = reviewed;
    const still = { policy: stillSelecting(snapshot, policy) };
    const today = await planMoveAgain(from, still, snapshot, from.now());
    return { snapshot, plan: whatStillHolds(reviewed, { ...today, policy }, snapshot) };
  }
  if (reviewed.task === "merge") {
    const { MOVE_EXTRAS } = await import("../lib/move/choose_runs.ts");
    const snapshot = await from.read({ depth: "tags", ...reading, extras: MOVE_EXTRAS });
    const today = await planMergeAgain(from, reviewed, snapshot, from.now(), reading);
    return { snapshot, plan: whatStillHolds(reviewed, today, snapshot) };
  }
  const { policy, totals } = reviewed;
  const { sizes, extras } = readingOf(policy);
  const snapshot = await from.read({
    depth: "tags",
    ...reading,
    extras,
    // What was measured when it was reviewed is measured again.
    sizes: sizes || totals.later !== undefined,
  });
  const planner = await plannerOf(reviewed.task);
  const options = { now: from.now(), kinds: from.changes?.kinds };
  const today = planWithout(
    (store, by) => planner(store, by, options),
    { snapshot, policy: stillSelecting(snapshot, policy) },
    (whole) => unreviewed(whole, reviewed),
  );
  return { snapshot, plan: whatStillHolds(reviewed, { ...today, policy }, snapshot) };
}
