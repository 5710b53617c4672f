/**
 * Retention on runs only.
 *
 * @module
 */

import type { JudgedRun, JudgedSnapshot } from "../judge/judged.ts";
import type { Kept, PrunePlan } from "../plan/plan.ts";
import type { Budget, ChildrenPolicy, RetentionPolicy, Selection } from "../policy/policy.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { damagedRunsOf, keptRuns, type PlanOptions, planRemovals } from "./plan_cleanup.ts";

/** The retention rules; durations are ms. A rule that is `null` is not given. */
export interface PrunePolicy {
  /** Soft-delete finished runs that ended longer ago than this. */
  readonly olderThan: number | null;
  /** What keeps a run; when given, it judges in place of `olderThan`. @default {undefined} */
  readonly retention?: RetentionPolicy;
  /** How far runs go by their parent where no `retention` judges them. @default {"own"} */
  readonly children?: ChildrenPolicy;
  /** Take only as much of what may go as this needs. @default {undefined} */
  readonly budget?: Budget;
  /** What alone may go; the rules are still those of the whole store. @default {undefined} */
  readonly only?: Selection;
}

/**
 * Plans the soft deletion of old runs, and nothing else.
 *
 * @param snapshot The store, read at depth `tags`.
 * @param policy The retention rules.
 * @param options The moment against which ages are judged, and what the store can carry out.
 * @returns The plan; see {@linkcode planCleanup} for what is never in it.
 * @throws {InvalidArgumentError} When the snapshot was not read at depth `tags`, or a duration is negative.
 *
 * @example
 * ```ts
 * import { openStore, renderPlan } from "mltidy";
 * import { planPrune } from "mltidy/plan";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * console.log(renderPlan(plan));
 * ```
 */
export function planPrune(
  snapshot: StoreSnapshot<"tags">,
  policy: PrunePolicy,
  options: PlanOptions,
): PrunePlan {
  const whole = { ...policy, purgeAfter: null, quarantineOrphans: false, settle: 0 };
  const removals = planRemovals(snapshot, whole, options, keptBy);
  return { schema: "mltidy/prune/v1", task: "prune", ...removals };
}

/** What is deleted or an orphan a prune never touches. */
function keptBy(
  { runs, activeExperiments }: JudgedSnapshot,
  snapshot: StoreSnapshot,
): readonly Kept[] {
  return [...keptRuns(runs.filter(isActive)), ...damagedRunsOf(activeExperiments, snapshot)];
}

function isActive({ run, holder }: JudgedRun): boolean {
  return holder === null && run.lifecycleStage === "active";
}
