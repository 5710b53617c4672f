/**
 * The order in which backups were written, which a clock that was set back does not tell.
 *
 * @module
 */

import { isTime } from "../text/json.ts";

/** What tells when a backup was written, and after which others. */
export interface Written {
  /** The backup's id. */
  readonly id: string;
  /** Epoch ms by the clock of that moment. */
  readonly createdAt: number;
  /** See {@linkcode orderAfter}; of backups that have none, `createdAt` tells. */
  readonly order?: number;
}

/**
 * Gives a new backup its place behind all others: the moment, or, where the clock says that it is before
 * one of them, the number behind the greatest.
 *
 * @param earlier The places of the others.
 * @param now The moment, epoch ms.
 * @returns Its place: the greater, the later.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(orderAfter([5, 8], 9), 9);
 * assertEquals(orderAfter([5, 8], 3), 9);
 * ```
 */
export function orderAfter(earlier: Iterable<number>, now: number): number {
  let last = -Infinity;
  for (const order of earlier) last = Math.max(last, order);
  return last < now ? now : Math.min(last + 1, Number.MAX_SAFE_INTEGER);
}

/**
 * Tells the place of a backup among all. One beyond all dates would stand behind whatever comes, so it is
 * none.
 *
 * @param written What its manifest says.
 * @returns Its `order`; without one that can be, its `createdAt`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(orderOf({ createdAt: 9, order: 10 }), 10);
 * assertEquals(orderOf({ createdAt: 9, order: Number.MAX_SAFE_INTEGER }), 9);
 * ```
 */
export function orderOf({ order, createdAt }: Pick<Written, "createdAt" | "order">): number {
  return isTime(order) ? order : createdAt;
}

/**
 * Sorts backups by the order in which they were written.
 *
 * @param backups The backups.
 * @returns The same, newest first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const first = { id: "b", createdAt: 9 };
 * const second = { id: "a", createdAt: 2, order: 10 };
 * assertEquals(newestFirst([first, second]), [second, first]);
 * ```
 */
export function newestFirst<T extends Written>(backups: readonly T[]): readonly T[] {
  return backups.toSorted((left, right) =>
    orderOf(right) - orderOf(left) || (left.id < right.id ? 1 : -1)
  );
}
