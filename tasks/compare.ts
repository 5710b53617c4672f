/**
 * The task behind `--compare`: what changes sides between two policies.
 *
 * @module
 */

import { comparePlans, type PlanComparison } from "../lib/answers/compare_plans.ts";
import { planCleanup } from "../lib/cleanup/plan_cleanup.ts";
import { planPrune } from "../lib/cleanup/plan_prune.ts";
import type { PlanTask } from "../lib/plan/plan.ts";
import { type CleanupPolicy, heavyGlobOf, readingOf } from "../lib/policy/policy.ts";
import type { Extras } from "../lib/store/extras.ts";
import type { StoreSnapshot } from "../lib/store/snapshot.ts";
import type { Abortable, Store } from "./ports/store.ts";

/** What to compare, and how. */
export interface CompareOptions extends Abortable {
  /** The policy at hand. */
  readonly policy: CleanupPolicy;
  /** The other policy. */
  readonly other: CleanupPolicy;
  /** The task whose plans are compared. @default {"cleanup"} */
  readonly task?: PlanTask;
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
}

/**
 * Tells what one policy removes and another keeps: runs, heavy files of runs that stay, orphans. Needs
 * read permission for the store, which is read twice where both policies name heavy files, and not the
 * same.
 *
 * @param store The store.
 * @param options What to compare, and how.
 * @returns What changes sides, with what it takes.
 * @throws {InvalidArgumentError} When a value of a policy makes no sense.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 *
 * @example
 * ```ts
 * import { comparePolicies, openStore } from "mltidy";
 * import { policyOfAges } from "mltidy/policy";
 *
 * await using store = await openStore("./mlruns");
 * const [policy, other] = [policyOfAges(), policyOfAges({ olderThan: "90d" })];
 * const { kept } = await comparePolicies(store, { policy, other });
 * console.log(`${kept.length} stay for longer`);
 * ```
 */
export async function comparePolicies(
  store: Store,
  options: CompareOptions,
): Promise<PlanComparison> {
  const { policy, other, task = "cleanup", onProgress, signal } = options;
  const extras = joined(readingOf(policy).extras, readingOf(other).extras);
  const now = store.now();
  const { kinds } = store.changes ?? {};
  const read = async (artifacts: string | null) =>
    await store.read({
      depth: "tags",
      isPreview: true,
      sizes: true,
      extras: { ...extras, artifacts },
      onProgress,
      signal,
    });
  const planOf = (snapshot: StoreSnapshot<"tags">, one: CleanupPolicy) =>
    task === "prune"
      ? planPrune(snapshot, one, { now, kinds })
      : planCleanup(snapshot, one, { now, kinds });
  const heavy = heavyOf(policy);
  const otherHeavy = heavyOf(other);
  const snapshot = await read(heavy ?? otherHeavy);
  // A snapshot knows the heavy files of one glob.
  const isEnough = heavy === null || otherHeavy === null || heavy === otherHeavy;
  const otherSnapshot = isEnough ? snapshot : await read(otherHeavy);
  return comparePlans(snapshot, planOf(snapshot, policy), planOf(otherSnapshot, other));
}

function heavyOf({ retention }: CleanupPolicy): string | null {
  return retention === undefined ? null : heavyGlobOf(retention);
}

function joined(left: Extras, right: Extras): Omit<Extras, "artifacts"> {
  return {
    tags: [...new Set([...left.tags, ...right.tags])].toSorted(),
    metrics: [...new Set([...left.metrics, ...right.metrics])].toSorted(),
    params: [...new Set([...left.params, ...right.params])].toSorted(),
    uses: left.uses || right.uses,
  };
}
