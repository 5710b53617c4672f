/**
 * The guard rails: what a plan may not do at once, whatever its rules say.
 *
 * @module
 */

import { experimentMatcher } from "../selection/select.ts";
import type { JudgedRun, JudgedSnapshot } from "../judge/judged.ts";
import type { Stop } from "../plan/plan.ts";
import type { RetentionPolicy } from "../policy/policy.ts";
import type { Experiment } from "../store/snapshot.ts";

/**
 * Finds what stops a plan: too large a share of an experiment's active runs, too many runs, or the last
 * run of a group that must not be emptied.
 *
 * @param judged The verdicts.
 * @param policy The limits, and what is protected.
 * @returns What stops it, by experiment; empty when nothing does.
 */
export function findStops(
  { runs, activeExperiments }: JudgedSnapshot,
  policy: RetentionPolicy,
): readonly Stop[] {
  const { maxShare, maxRuns } = policy.limits;
  const active = runs.filter(({ ruling }) => ruling !== null);
  const byExperiment = Map.groupBy(active, ({ run }) => run.experimentId);
  const stops = activeExperiments.flatMap((experiment) => {
    const judged = byExperiment.get(experiment.id) ?? [];
    const removes = judged.filter(isToGo).length;
    const { id, name } = experiment;
    // Divided as a percentage is, so that a share equal to the limit is equal to it in bits, too.
    const share: Stop[] = removes / judged.length > maxShare
      ? [{ kind: "max-share", experiment: id, name, removes, of: judged.length, limit: maxShare }]
      : [];
    return [...share, ...emptied(experiment, judged, policy)];
  });
  const removes = active.filter(isToGo).length;
  return maxRuns === null || removes <= maxRuns
    ? stops
    : [{ kind: "max-runs", removes, limit: maxRuns }, ...stops];
}

/** All of the experiment, or of one of the groups that a rule tells apart. */
function emptied(
  experiment: Experiment,
  judged: readonly JudgedRun[],
  { protect }: RetentionPolicy,
): readonly Stop[] {
  if (judged.length === 0 || !experimentMatcher(protect.experiments)(experiment)) return [];
  const { id, name } = experiment;
  const stop = ({ length: removes }: readonly JudgedRun[], group: string | null): Stop => ({
    kind: "empties-protected",
    experiment: id,
    name,
    group,
    removes,
  });
  if (judged.every(isToGo)) return [stop(judged, null)];
  const grouped = judged.filter(({ ruling }) => ruling!.group !== null);
  return [...Map.groupBy(grouped, ({ ruling }) => `${ruling!.rule.name}\n${ruling!.group}`)]
    .toSorted(([left], [right]) => left < right ? -1 : 1)
    .flatMap(([, group]) => group.every(isToGo) ? [stop(group, group[0]!.ruling!.group)] : []);
}

function isToGo({ verdict }: JudgedRun): boolean {
  return verdict.goes;
}
