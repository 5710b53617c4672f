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
import { formatCount, plural, typedShare } from "./units.ts";

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
    // Divided as a percentage is, so that a share equal to the limit is equal to it in bits, too.
    const share: Stop[] = removes / judged.length > maxShare
      ? [{ kind: "max-share", experiment: id, name, removes, of: judged.length, limit: maxShare }]
      : [];
    return [...share, ...emptied(experiment, judged, policy)];
  });
  const removes = active.filter(goes).length;
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
  if (judged.length === 0 || !isNamed(experiment, protect.experiments)) return [];
  const { id, name } = experiment;
  const stop = ({ length: removes }: readonly JudgedRun[], group: string | null): Stop => ({
    kind: "empties-protected",
    experiment: id,
    name,
    group,
    removes,
  });
  if (judged.every(goes)) return [stop(judged, null)];
  const grouped = judged.filter(({ ruling }) => ruling!.group !== null);
  return [...Map.groupBy(grouped, ({ ruling }) => `${ruling!.rule.name}\n${ruling!.group}`)]
    .toSorted(([left], [right]) => left < right ? -1 : 1)
    .flatMap(([, group]) => group.every(goes) ? [stop(group, group[0]!.ruling!.group)] : []);
}

function goes({ verdict }: JudgedRun): boolean {
  return verdict.goes;
}

/**
 * Says in words what stops a plan.
 *
 * @param stop What stops it.
 * @returns A clause about the plan.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   stopText({ kind: "max-runs", removes: 120, limit: 100 }),
 *   "it removes 120 runs, and max_runs is 100",
 * );
 * ```
 */
export function stopText(stop: Stop): string {
  switch (stop.kind) {
    case "max-share":
      return `it removes ${formatCount(stop.removes)} of ${plural(stop.of, "run")} of experiment ` +
        `${stop.name} (${stop.experiment}), and max_share is ${typedShare(stop.limit)}`;
    case "max-runs":
      return `it removes ${plural(stop.removes, "run")}, and max_runs is ${
        formatCount(stop.limit)
      }`;
    case "empties-protected": {
      const group = stop.group === null ? "" : `group "${stop.group}" of `;
      return `it removes all ${plural(stop.removes, "run")} of ${group}experiment ${stop.name} ` +
        `(${stop.experiment}), which protect.experiments names; let the policy keep one of them`;
    }
  }
}

/**
 * Names the flags that allow a plan that is stopped.
 *
 * @param stops What stops it.
 * @returns The flags, to be put behind the command that plans; empty where none does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   allowingFlags([{ kind: "max-runs", removes: 120, limit: 100 }]),
 *   "--max-runs 120",
 * );
 * ```
 */
export function allowingFlags(stops: readonly Stop[]): string {
  if (stops.some(({ kind }) => kind === "empties-protected")) return "";
  const shares = stops.flatMap((stop) =>
    stop.kind === "max-share" ? [Math.ceil(100 * stop.removes / stop.of)] : []
  );
  const most = shares.reduce((most, share) => Math.max(most, share), 0);
  const runs = stops.find(({ kind }) => kind === "max-runs");
  return [
    ...(most === 0 ? [] : [`--max-share ${most}%`]),
    ...(runs === undefined ? [] : [`--max-runs ${runs.removes}`]),
  ].join(" ");
}
