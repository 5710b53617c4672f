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
  if (stops.some(({ kind }) => kind === "empties-protected")) return null;
  const shares = stops.flatMap((stop) =>
    stop.kind === "max-share" ? [Math.ceil(100 * stop.removes / stop.of)] : []
  );
  const runs = stops.find(({ kind }) => kind === "max-runs");
  return {
    maxShare: shares.length === 0 ? null : shares.reduce((most, share) => Math.max(most, share)),
    maxRuns: runs?.removes ?? null,
  };
}
