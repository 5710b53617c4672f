/**
 * The task `prune`: retention on runs only.
 *
 * @module
 */

import { planWithout } from "../lib/cleanup/leave_out.ts";
import { planPrune, type PrunePolicy } from "../lib/cleanup/plan_prune.ts";
import { type Ages, policyOfAges, readingOf } from "../lib/policy/policy.ts";
import { type CleanupOptions, keptInCode } from "./cleanup.ts";
import {
  planAndApply,
  type PlanAndApplyOptions,
  type PlanAndApplyResult,
} from "./plan_and_apply.ts";
import type { Store } from "./ports/store.ts";

/** What to prune, and whether to do it. */
export interface PruneOptions extends PlanAndApplyOptions, Pick<Ages, "olderThan" | "daysOld"> {
  /** What to do instead: rules, or a budget. @default {undefined} */
  readonly policy?: PrunePolicy;
  /** Measure what a run takes that a rule lets go. @default {false} */
  readonly sizes?: boolean;
  /** A rule in code: runs that stay, whatever the policy says; see {@linkcode CleanupOptions.keep}. @default {none} */
  readonly keep?: CleanupOptions["keep"];
}

/**
 * Plans the soft deletion of old runs and, with `apply`, carries it out. Needs read permission for the
 * store; applying needs write permission, too.
 *
 * @param store The store.
 * @param options What to prune, and whether to do it.
 * @returns The plan, and the report if it was applied.
 * @throws {InvalidArgumentError} When `olderThan` is negative, or no duration.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { openStore, prune } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan } = await prune(store, { olderThan: "90d" });
 * console.log(plan.totals.softDeleteRuns);
 * ```
 */
export function prune(store: Store, options: PruneOptions = {}): Promise<PlanAndApplyResult> {
  const { olderThan, daysOld, sizes = false, keep, ...more } = options;
  const { policy = { olderThan: policyOfAges({ olderThan, daysOld }).olderThan }, ...applying } =
    more;
  return planAndApply(store, {
    task: "prune",
    reading: { ...readingOf(policy), ...(sizes ? { sizes } : {}) },
    plan: (snapshot, now) =>
      planWithout(
        (from, by) => planPrune(from, by, { now, kinds: store.changes?.kinds }),
        { snapshot, policy: { ...policy, purgeAfter: null, quarantineOrphans: false, settle: 0 } },
        () => keptInCode(snapshot, keep),
      ),
  }, applying);
}
