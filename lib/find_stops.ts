/**
 * The guard rails: what a plan may not do at once, whatever its rules say.
 *
 * @module
 */

import { isNamed } from "./judge_by_rules.ts";
import type { JudgedRun, JudgedSnapshot } from "./judged.ts";
import type { Experiment } from "./model.ts";
import type { Stop } from "./plan.ts";
import type { RetentionPolicy } from "./policy.ts";
import { formatCount, plural } from "./units.ts";

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
    const removes = judged.filter(goes).length;
    const { id, name } = experiment;
    const share: Stop[] = removes > maxShare * judged.length
      ? [{ kind: "max-share", experiment: id, name, removes, of: judged.length, limit: maxShare }]
      : [];
    return [...share, ...emptied(experiment, judged, policy)];
  });
  const removes = active.filter(goes).length;
  return maxRuns === null || removes <= maxRuns
    ? stops
    : [{ kind: "max-runs", removes, limit: maxRuns }, ...stops];
}

function emptied(
  experiment: Experiment,
  judged: readonly JudgedRun[],
  { protect }: RetentionPolicy,
): readonly Stop[] {
  if (!isNamed(experiment, protect.experiments)) return [];
  const { id, name } = experiment;
  return [...Map.groupBy(judged, ({ ruling }) => `${ruling!.rule.name}\n${ruling!.group ?? ""}`)]
    .toSorted(([left], [right]) => left < right ? -1 : 1)
    .flatMap(([, group]) =>
      group.every(goes)
        ? [{
          kind: "empties-protected",
          experiment: id,
          name,
          group: group[0]!.ruling!.group,
          removes: group.length,
        }]
        : []
    );
}

function goes({ verdict }: JudgedRun): boolean {
  return verdict.goes;
}

/**
 * Says in words what stops a plan.
 *
 * @param stop What stops it.
 * @returns A clause about the plan, with what would allow it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   stopText({ kind: "max-runs", removes: 120, limit: 100 }),
 *   "it removes 120 runs, and max_runs is 100; --max-runs 120 allows it",
 * );
 * ```
 */
export function stopText(stop: Stop): string {
  switch (stop.kind) {
    case "max-share": {
      const share = Math.ceil(100 * stop.removes / stop.of);
      return `it removes ${formatCount(stop.removes)} of ${plural(stop.of, "run")} of experiment ` +
        `${stop.name} (${stop.experiment}), and max_share is ${Math.round(stop.limit * 100)}%; ` +
        `--max-share ${share}% allows it`;
    }
    case "max-runs":
      return `it removes ${plural(stop.removes, "run")}, and max_runs is ${
        formatCount(stop.limit)
      }; --max-runs ${stop.removes} allows it`;
    case "empties-protected": {
      const group = stop.group === null ? "" : `group ${stop.group} of `;
      return `it removes all ${plural(stop.removes, "run")} of ${group}experiment ${stop.name} ` +
        `(${stop.experiment}), which protect.experiments names; let the policy keep one of them`;
    }
  }
}
