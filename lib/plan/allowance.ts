/**
 * How far limits would have to be lifted for a plan that they stop.
 *
 * @module
 */

import type { Stop } from "./plan.ts";

/** Limits under which a plan would be allowed; `null`: that limit may stay as it is. */
export interface Allowance {
  /** Percent of an experiment's active runs. */
  readonly maxShare: number | null;
  /** Number of runs. */
  readonly maxRuns: number | null;
}

/**
 * Finds the limits under which a plan that is stopped would be allowed.
 *
 * @param stops What stops it.
 * @returns The limits; `null` where no limit allows it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   allowanceOf([{ kind: "max-runs", removes: 120, limit: 100 }]),
 *   { maxShare: null, maxRuns: 120 },
 * );
 * ```
 */
export function allowanceOf(stops: readonly Stop[]): Allowance | null {
  let maxShare: number | null = null;
  let maxRuns: number | null = null;
  for (const stop of stops) {
    switch (stop.kind) {
      case "max-share":
        maxShare = Math.max(maxShare ?? 0, Math.ceil(100 * stop.removes / stop.of));
        break;
      case "max-runs":
        maxRuns = stop.removes;
        break;
      case "empties-protected":
      case "database-unreadable":
      case "partial-view":
        return null;
    }
  }
  return { maxShare, maxRuns };
}
