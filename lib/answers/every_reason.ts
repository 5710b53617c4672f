/**
 * Every reason for which something stays.
 *
 * @module
 */

import { judgeSnapshot } from "../judge/judge_snapshot.ts";
import type { KeepReason } from "../plan/plan.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import type { StorePath } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { judgedAt } from "./find_limits.ts";

/**
 * Tells every reason for which something stays that no rule of a policy judges: a plan is content with the first
 * by itself, and does not say what else would keep it were it older.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param path What is judged.
 * @param now Epoch ms.
 * @returns The reasons of it, and of what holds it, each once.
 */
export function everyReason(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  path: StorePath,
  now: number,
): readonly KeepReason[] {
  const told = new Map<string, KeepReason>();
  for (const each of [policy, withoutAges(policy)]) {
    const one = judgedAt(judgeSnapshot(snapshot, each, now, "every"), path);
    const holder = "holder" in one ? one.holder : null;
    for (const { verdict } of holder === null ? [one] : [one, holder]) {
      for (const reason of verdict.goes ? [] : verdict.reasons) {
        // The same age stands under two limits.
        const key = JSON.stringify({ ...reason, limit: null });
        if (!told.has(key) && !isOfNoAge(reason, policy)) told.set(key, reason);
      }
    }
  }
  return [...told.values()];
}

function withoutAges(policy: CleanupPolicy): CleanupPolicy {
  return {
    ...policy,
    olderThan: policy.olderThan === null ? null : 0,
    purgeAfter: policy.purgeAfter === null ? null : 0,
    undated: "last-sign-of-life",
    settle: 0,
  };
}

/** Only of a store that is judged without ages: a run of today is younger than any limit. */
function isOfNoAge(reason: KeepReason, { olderThan }: CleanupPolicy): boolean {
  return reason.kind === "ended-recently" && olderThan === null;
}
