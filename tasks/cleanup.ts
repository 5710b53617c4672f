/**
 * The task `cleanup`: the main job.
 *
 * @module
 */

import { planCleanupWithout } from "../lib/cleanup/leave_out.ts";
import { type Ages, type CleanupPolicy, policyOfAges, readingOf } from "../lib/policy/policy.ts";
import type { Run, StoreSnapshot } from "../lib/store/snapshot.ts";
import {
  planAndApply,
  type PlanAndApplyOptions,
  type PlanAndApplyResult,
} from "./plan_and_apply.ts";
import type { Store } from "./ports/store.ts";

/** What to clean up, and whether to do it. */
export interface CleanupOptions extends PlanAndApplyOptions, Ages {
  /** What to do instead of what the ages say. @default {undefined} */
  readonly policy?: CleanupPolicy;
  /** Measure what a run takes that a rule lets go. @default {false} */
  readonly sizes?: boolean;
  /** Paths of runs, models, experiments and orphans that stay, whatever the policy says. @default {[]} */
  readonly leaveOut?: readonly string[];
  /**
   * A rule in code: runs that stay, whatever the policy says, as if they were pinned. It sees what was read for the
   * policy: of metrics, parameters and tags those that it names. @default {none}
   */
  readonly keep?: ((run: Run) => boolean) | undefined;
}

/**
 * Plans a clean-up and, with `apply`, carries it out: quarantines orphans, soft-deletes old runs,
 * purges what was deleted long ago. Needs read permission for the store; applying needs write
 * permission, too.
 *
 * @param store The store.
 * @param options What to clean up, and whether to do it.
 * @returns The plan, and the report if it was applied.
 * @throws {InvalidArgumentError} When a duration is negative, or none.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { cleanup, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { report } = await cleanup(store, { olderThan: "30d", backup: true, apply: true });
 * console.log(report?.totals.applied ?? 0);
 * ```
 */
export function cleanup(store: Store, options: CleanupOptions = {}): Promise<PlanAndApplyResult> {
  const { olderThan, daysOld, purgeAfter, settle, sizes = false, leaveOut = [], keep, ...more } =
    options;
  const { policy = policyOfAges({ olderThan, daysOld, purgeAfter, settle }), ...applying } = more;
  return planAndApply(store, {
    task: "cleanup",
    reading: { ...readingOf(policy), ...(sizes ? { sizes } : {}) },
    plan: (snapshot, now) =>
      planCleanupWithout(snapshot, policy, { now, kinds: store.changes?.kinds }, [
        ...leaveOut,
        ...keptInCode(snapshot, keep),
      ]),
  }, applying);
}

/**
 * Names the runs that a rule in code keeps.
 *
 * @param snapshot The store.
 * @param keep The rule.
 * @returns Their paths.
 */
export function keptInCode(
  { experiments }: StoreSnapshot,
  keep: CleanupOptions["keep"],
): readonly string[] {
  if (keep === undefined) return [];
  return experiments.flatMap(({ runs }) => runs).filter(keep).map(({ path }) => path);
}
