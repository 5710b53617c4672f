/**
 * The task `recover`: settle what was cut off.
 *
 * *Ordering*: an apply that had not written its manifest is taken back, one that had is complete, and a
 * restore is finished.
 *
 * *Locking*: every task that locks a store does this first; this one does only this.
 *
 * *After an interruption*: it may itself be cut off and done again.
 *
 * @module
 */

import type { Remains } from "../../lib/store/usage.ts";
import { lockStore } from "../ports/lock_store.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Abortable, SettledChange, Store } from "../ports/store.ts";

/** Where to look. */
export interface RecoverOptions extends Abortable {
  /** Looked at before anything is settled, never while something is. */
  readonly signal?: AbortSignal | undefined;
  /** A directory outside of the store where backups lie, too. @default {none} */
  readonly backups?: string | undefined;
}

/** What was settled. */
export interface RecoverReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/recover/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** What became of each change that had been cut off; none is the usual case. */
  readonly settled: readonly SettledChange[];
  /** What was not to be kept, and could still not be freed. */
  readonly remains: readonly Remains[];
}

/**
 * Settles the changes that were cut off: each is complete afterwards, or all of it is taken back. Needs
 * read permission for the store, and write permission if there is anything to settle.
 *
 * @param store The store.
 * @param options Where to look.
 * @returns What became of each.
 * @throws {StoreAccessError} When it cannot be told whether anything was cut off, or be settled.
 * @throws {StoreLockedError} When another process holds the store's lock: it may be at work, not cut off.
 * @throws {DamagedBackupError} When a journal is damaged; then nothing is touched.
 * @throws {DOMException} `AbortError` when the signal is aborted; then nothing is touched either.
 *
 * @example
 * ```ts
 * import { openStore, recover } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * for (const { id, outcome } of (await recover(store)).settled) console.log(id, outcome);
 * ```
 */
export async function recover(
  store: Store,
  options: RecoverOptions = {},
): Promise<RecoverReport> {
  const report = { schema: "mltidy/recover/v1", store: store.describe().location } as const;
  const { backups = null, signal } = options;
  const place = backups === null ? null : await requireCapability(store, "backups").open(backups);
  const isSplit = place !== null && (await place.split()).length > 0;
  const interrupted = await store.changes?.interrupted() ?? [];
  const staged = await store.changes?.staged() ?? [];
  signal?.throwIfAborted();
  if (interrupted.length === 0 && staged.length === 0 && !isSplit) {
    return { ...report, settled: [], remains: [] };
  }
  await using locked = await lockStore(store, { task: "recover" });
  // What was being moved and lies in both places is given up in one of them.
  if (isSplit) {
    await using _place = await requireCapability(locked, "backups").lock(backups);
  }
  return { ...report, settled: locked.settled, remains: locked.remains };
}
