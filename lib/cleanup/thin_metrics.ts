/**
 * Taking points out of long metrics of runs that are worth keeping.
 *
 * @module
 */

import type { JudgedSnapshot } from "../judge/judged.ts";
import { timeOf } from "../judge/run_facts.ts";
import type { ThinMetric } from "../plan/plan.ts";
import { type CleanupPolicy, YOUNG } from "../policy/policy.ts";
import { NO_USAGE } from "../store/usage.ts";
import { staysByRulesAlone } from "./drop_artifacts.ts";

/**
 * Plans which metrics lose points: the long ones of runs that only rules keep, be it for all but their artifacts, and
 * that ended longer ago than `purgeAfter`, never within 24 hours. What is protected keeps all. With a budget, which
 * takes no more than it needs, none does.
 *
 * @param judged The verdicts.
 * @param policy The rules.
 * @param now Epoch ms.
 * @returns The actions, ordered by path.
 */
export function thinMetrics(
  { runs }: JudgedSnapshot,
  { retention, purgeAfter, budget }: CleanupPolicy,
  now: number,
): readonly ThinMetric[] {
  const most = retention?.thinMetrics;
  if (most === undefined || purgeAfter === null || budget !== undefined) return [];
  const limit = Math.max(purgeAfter, YOUNG);
  return runs.filter(staysByRulesAlone).flatMap(({ run }) => {
    const time = timeOf(run);
    const age = now - time;
    if (age <= limit) return [];
    return (run.extras?.long ?? [])
      .toSorted((left, right) => left.path < right.path ? -1 : 1)
      .map(({ key, path, points, stays, cuts, stamp }) => ({
        kind: "thin-metric",
        path,
        name: run.name,
        runId: run.id,
        experimentId: run.experimentId,
        key,
        most,
        ...(cuts === undefined ? {} : { cuts }),
        reasons: [{ kind: "long-metric", points, stays, time, age, limit }],
        usage: NO_USAGE,
        stamp,
      }));
  });
}
