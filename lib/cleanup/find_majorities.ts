/**
 * Experiments that a plan would all but empty: no rule of a policy need forbid that, but whoever reads the
 * plan must not miss it.
 *
 * @module
 */

import type { JudgedSnapshot } from "../judge/judged.ts";
import type { Majority } from "../plan/outlook.ts";

/**
 * Finds the experiments of which every active run goes, or more than half.
 *
 * @param judged The verdicts.
 * @returns Those of which nothing stays first, then by the number of runs that go, then by path.
 */
export function findMajorities({ runs, activeExperiments }: JudgedSnapshot): readonly Majority[] {
  const counts = new Map<string, { removes: number; of: number }>();
  for (const { run, holder, verdict } of runs) {
    if (holder !== null || run.lifecycleStage !== "active") continue;
    let count = counts.get(run.experimentId);
    if (count === undefined) counts.set(run.experimentId, count = { removes: 0, of: 0 });
    count.of++;
    if (verdict.goes) count.removes++;
  }
  return activeExperiments.flatMap(({ id, name }) => {
    const { removes, of } = counts.get(id) ?? { removes: 0, of: 0 };
    return removes * 2 > of ? [{ experiment: id, name, removes, of }] : [];
  }).toSorted((left, right) =>
    Number(right.removes === right.of) - Number(left.removes === left.of) ||
    right.removes - left.removes
  );
}
