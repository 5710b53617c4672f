/**
 * Deciding which kept copies of records go.
 *
 * @module
 */

/** A copy of one record, kept so that `repair` can bring the record back exactly. */
export interface RecordCopy {
  /** The record's path in the store. */
  readonly path: string;
  /** The stamp that its file had. */
  readonly stamp: string;
  /** What it held. */
  readonly text: string;
  /** Epoch ms. */
  readonly keptAt: number;
}

/**
 * Finds kept copies that are old and that no repair can need: a newer copy of the same record was kept,
 * or the directory of the record has left the store. So the newest copy of a record whose directory is
 * there never goes, were the record itself lost.
 *
 * @param copies All copies, oldest first.
 * @param rules Which are old: an age in ms and the moment, epoch ms; and what is there.
 * @returns The copies that go.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const copies = [1, 2].map((keptAt) => ({ path: "1/meta.yaml", stamp: "", text: "", keptAt }));
 * const rules = { olderThan: 5, now: 10, isThere: () => true };
 * assertEquals([...expireRecords(copies, rules)], copies.slice(0, 1));
 * ```
 */
export function expireRecords(
  copies: readonly RecordCopy[],
  rules: {
    readonly olderThan: number;
    readonly now: number;
    /** Whether the record's directory is in the store. */
    readonly isThere: (path: string) => boolean;
  },
): ReadonlySet<RecordCopy> {
  const { olderThan, now, isThere } = rules;
  const newest = new Map(copies.map((copy) => [copy.path, copy]));
  return new Set(
    copies.filter((copy) =>
      now - copy.keptAt > olderThan && (newest.get(copy.path) !== copy || !isThere(copy.path))
    ),
  );
}
