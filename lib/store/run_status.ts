/**
 * How far a run has come: MLflow's codes for its statuses, as `meta.yaml` has them, and when it was deleted.
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
 * Tells when a run ended by what its record says. MLflow's REST takes no time away, so that of a run which is at work
 * again, since its end was undone over a server, is 0.
 *
 * @param status Its status.
 * @param recorded The end in its record, epoch ms; `null` where there is none.
 * @returns Epoch ms; `null` where it has not ended.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([endTimeOf("RUNNING", 0), endTimeOf("FINISHED", 0)], [null, 0]);
 * ```
 */
export function endTimeOf(status: RunStatus, recorded: number | null): number | null {
  return recorded === 0 && isUnfinished(status) ? null : recorded;
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

/**
 * Tells when a run or an experiment was deleted, as far as what is recorded can be that time. What is said to have been
 * deleted before it began, as by 0 or by seconds in place of milliseconds, was deleted nobody knows when; `mlflow gc`
 * takes it for deleted long ago.
 *
 * @param subject What is recorded, epoch ms, each `null` where nothing is.
 * @returns Epoch ms; `null` where nobody knows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const startTime = 1_600_000_000_000;
 * assertEquals(deletionTimeOf({ startTime, deletedTime: startTime + 1 }), startTime + 1);
 * assertEquals(deletionTimeOf({ startTime, deletedTime: 1_700_000_000 }), null);
 * ```
 */
export function deletionTimeOf(
  { startTime, deletedTime }: {
    readonly startTime: number | null;
    readonly deletedTime: number | null;
  },
): number | null {
  return deletedTime === null || deletedTime < (startTime ?? 0) ? null : deletedTime;
}

/** How long a run may be silent until it counts as stale, ms. */
export const STALE_AFTER: number = days(7);
