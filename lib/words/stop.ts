/**
 * What stops a plan, in words, and what allows it all the same.
 *
 * @module
 */

import type { Stop } from "../plan/plan.ts";
import { formatCount, plural, typedShare } from "../text/units.ts";

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
