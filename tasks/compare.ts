/**
 * The task behind `--compare`: what changes sides between two policies.
 *
 * @module
 */

import { comparePlans, type PlanComparison } from "../lib/compare_plans.ts";
import type { Extras } from "../lib/extras.ts";
import type { CleanupPolicy, PlanTask } from "../lib/plan.ts";
import { planCleanup } from "../lib/plan_cleanup.ts";
import { planPrune } from "../lib/plan_prune.ts";
import { readingOf } from "../lib/policy.ts";
import type { Store } from "./store.ts";

/** How to compare. */
export interface CompareOptions {
  /** The task whose plans are compared. @default {"cleanup"} */
  readonly task?: PlanTask;
  /** Called as runs are read, with their number so far. */
  readonly onProgress?: (runs: number) => void;
}

/**
 * Tells which runs one policy removes and another keeps. Heavy files of runs that stay are left out.
 * Needs read permission for the store.
 *
 * @param store The store.
 * @param policy The policy at hand.
 * @param other The other policy.
 * @param options How to compare.
 * @returns The runs that change sides, with what they take.
 */
export async function comparePolicies(
  store: Store,
  policy: CleanupPolicy,
  other: CleanupPolicy,
  options: CompareOptions = {},
): Promise<PlanComparison> {
  const { task = "cleanup", onProgress } = options;
  const both = [policy, other].map(withoutArtifacts);
  const extras = both.map((one) => readingOf(one).extras).reduce(joined);
  const snapshot = await store.read({
    depth: "tags",
    sizes: true,
    extras,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const now = store.now();
  const [plan, otherPlan] = both.map((one) =>
    task === "prune" ? planPrune(snapshot, one, { now }) : planCleanup(snapshot, one, { now })
  );
  return comparePlans(snapshot, plan!, otherPlan!);
}

function withoutArtifacts({ retention, ...policy }: CleanupPolicy): CleanupPolicy {
  return retention === undefined
    ? policy
    : { ...policy, retention: { ...retention, artifactsOnly: null } };
}

function joined(left: Extras, right: Extras): Extras {
  return {
    tags: [...new Set([...left.tags, ...right.tags])].toSorted(),
    metrics: [...new Set([...left.metrics, ...right.metrics])].toSorted(),
    params: [...new Set([...left.params, ...right.params])].toSorted(),
    uses: left.uses || right.uses,
    artifacts: null,
  };
}
