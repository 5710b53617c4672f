import type { Store } from "./store.ts";

/** Changes that are not finished, and whether that is how it should be. */
export interface Unfinished {
  /** By their ids. */
  readonly changes: readonly string[];
  /** The task, with its process, that is at work on them; `null` when they were cut off. */
  readonly holder: string | null;
}

/**
 * Finds the changes of a store that are not finished. Needs read permission.
 *
 * @param store The store.
 * @returns The changes, and who is at work on them.
 * @throws {StoreAccessError} When it cannot be told.
 */
export async function findUnfinished({ changes }: Store): Promise<Unfinished> {
  const look = async () => await changes?.interrupted() ?? [];
  const seen = await look();
  if (seen.length === 0) return { changes: [], holder: null };
  const holder = await changes?.holder() ?? null;
  // Whoever was at work may have come to the end of it between the two looks.
  return holder === null
    ? { changes: (await look()).filter((id) => seen.includes(id)), holder }
    : { changes: seen, holder };
}
