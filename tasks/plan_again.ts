/**
 * Making a plan again by its own policy, from a store as it is by now.
 *
 * @module
 */

import { planWithout } from "../lib/cleanup/leave_out.ts";
import type { PlanOptions } from "../lib/cleanup/plan_cleanup.ts";
import type {
  CleanupPlan,
  MergePlan,
  MovePlan,
  Plan,
  PrunePlan,
  RepairPlan,
} from "../lib/plan/plan.ts";
import { keyOf } from "../lib/plan/same_action.ts";
import type { CleanupPolicy } from "../lib/policy/policy.ts";
import { stillSelecting } from "../lib/selection/select.ts";
import type { StoreSnapshot } from "../lib/store/snapshot.ts";
import { requireCapability } from "./ports/require_capability.ts";
import type { LockedStore, Merging, Store } from "./ports/store.ts";

/** What a plan is made from. */
export type SnapshotToPlanFrom = StoreSnapshot<"tags"> | StoreSnapshot<"full">;

/**
 * Makes a plan again by its own policy, at the moment that it gives unless that is still to come. What it leaves out
 * of what its policy gives stays, and so does what has to stay with that.
 *
 * @param store The locked store.
 * @param plan The plan.
 * @param snapshot What was read of the store.
 * @returns What comes of it by now.
 */
export async function planAgain(
  store: LockedStore,
  plan: Plan,
  snapshot: SnapshotToPlanFrom,
): Promise<Plan> {
  const now = Math.min(plan.plannedAt, store.now());
  const { kinds } = store.changes;
  if (plan.task === "repair") return await planRepairAgain(store, plan, snapshot, now);
  if (plan.task === "move") return await planMoveAgain(store, plan, snapshot, now);
  if (plan.task === "merge") return await planMergeAgain(store, plan, snapshot, now);
  const planner = await plannerOf(plan.task);
  const from = snapshot as StoreSnapshot<"tags">;
  const own = new Set(plan.actions.map(keyOf));
  return planWithout(
    (store, policy) => planner(store, policy, { now, kinds }),
    // What has gone meanwhile can no longer be selected, and needs not.
    { snapshot: from, policy: stillSelecting(from, plan.policy) },
    ({ actions }) => actions.filter((action) => !own.has(keyOf(action))).map(({ path }) => path),
  );
}

/** Makes a plan of what goes. */
export type RemovalPlanner = (
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: PlanOptions,
) => CleanupPlan | PrunePlan;

/**
 * Gives the planner of a task, loaded once it is needed.
 *
 * @param task The task.
 * @returns What makes its plans.
 */
export async function plannerOf(task: "cleanup" | "prune"): Promise<RemovalPlanner> {
  return task === "cleanup"
    ? (await import("../lib/cleanup/plan_cleanup.ts")).planCleanup
    : (await import("../lib/cleanup/plan_prune.ts")).planPrune;
}

/**
 * Plans repairs by the policy of a plan.
 *
 * @param store The store.
 * @param plan The plan.
 * @param snapshot The store as it was read, whole.
 * @param now Epoch ms: the moment.
 * @returns What is provable by then.
 */
export async function planRepairAgain(
  store: Store,
  { policy }: RepairPlan,
  snapshot: StoreSnapshot,
  now: number,
): Promise<RepairPlan> {
  const { planRepair } = await import("../lib/repair/plan_repair.ts");
  const whole = snapshot as StoreSnapshot<"full">;
  const evidence = await requireCapability(store, "mending").evidence(whole, policy);
  return planRepair(whole, evidence, policy, { now, kinds: store.changes?.kinds });
}

/**
 * Plans a move by the policy of a plan.
 *
 * @param store The store.
 * @param plan The plan.
 * @param snapshot What was read of it, with `MOVE_EXTRAS`.
 * @param now Epoch ms: the moment.
 * @returns What moves by then.
 */
export async function planMoveAgain(
  store: Store,
  { policy }: Pick<MovePlan, "policy">,
  snapshot: StoreSnapshot,
  now: number,
): Promise<MovePlan> {
  const { planMove } = await import("../lib/move/plan_move.ts");
  const read = snapshot as StoreSnapshot<"tags">;
  const evidence = await requireCapability(store, "moving").evidence(read, policy);
  return planMove(read, evidence, policy, { now, kinds: store.changes?.kinds });
}

/**
 * Plans a merge by the policy of a plan; the other store is read anew.
 *
 * @param store The store.
 * @param plan The plan.
 * @param snapshot What was read of it, with `MOVE_EXTRAS`.
 * @param now Epoch ms: the moment.
 * @param work The signal, and who is told of progress.
 * @returns What is copied by then.
 */
export async function planMergeAgain(
  store: Store,
  { policy }: Pick<MergePlan, "policy">,
  snapshot: StoreSnapshot,
  now: number,
  work: Parameters<Merging["read"]>[2] = {},
): Promise<MergePlan> {
  const { planMerge } = await import("../lib/merge/plan_merge.ts");
  const read = snapshot as StoreSnapshot<"tags">;
  const { other, evidence } = await requireCapability(store, "merging").read(read, policy, work);
  return planMerge(read, other, evidence, policy, { now, kinds: store.changes?.kinds });
}
