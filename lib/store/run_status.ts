/**
 * MLflow's codes for the statuses of runs, as `meta.yaml` has them.
 *
 * @module
 */

import { days } from "../text/units.ts";
import type { RunStatus } from "./snapshot.ts";

/** The statuses, in the order of their codes; the first has code 1, and there is no 0. */
export const RUN_STATUSES: readonly RunStatus[] = [
  "RUNNING",
  "SCHEDULED",
  "FINISHED",
  "FAILED",
  "KILLED",
];

/**
 * Gives the code of a status.
 *
 * @param status The status.
 * @returns 1 to 5.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(codeOf("FINISHED"), 3);
 * ```
 */
export function codeOf(status: RunStatus): number {
  return RUN_STATUSES.indexOf(status) + 1;
}

/**
 * Gives the status of a code.
 *
 * @param code Any number.
 * @returns The status; `undefined` when MLflow has no such code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([statusOf(5), statusOf(0)], ["KILLED", undefined]);
 * ```
 */
export function statusOf(code: number): RunStatus | undefined {
  return RUN_STATUSES[code - 1];
}

/**
 * Tells whether a run with a status has not ended.
 *
 * @param status The status.
 * @returns Whether it is, or is to be, at work.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isUnfinished("SCHEDULED"));
 * assert(!isUnfinished("KILLED"));
 * ```
 */
export function isUnfinished(status: RunStatus): status is "RUNNING" | "SCHEDULED" {
  return status === "RUNNING" || status === "SCHEDULED";
}

/** How long a run may be silent until it counts as stale, ms. */
export const STALE_AFTER: number = days(7);
