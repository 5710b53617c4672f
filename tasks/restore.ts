/**
 * The task `restore`: undo what was applied.
 *
 * *Ordering*: every collision is found before anything moves.
 *
 * *Locking*: holds the store's lock from choosing the backup to the end.
 *
 * *After an interruption*: the next task that locks the store finishes the restore.
 *
 * @module
 */

import type { BackupSummary, SettledChange, Store } from "./store.ts";

/** Which backup, and whether to bring it back. */
export interface RestoreOptions {
  /** The backup's id. @default {the newest backup} */
  readonly id?: string;
  /** Only tell which backup it is; needs no write permission. @default {false} */
  readonly dryRun?: boolean;
}

/** What was, or would be, brought back. */
export interface RestoreReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/restore/v1";
  /** Absolute real path of the store's root. */
  readonly store: string;
  /** The backup; `null` when there is none of that id, or none at all. */
  readonly backup: BackupSummary | null;
  /** How many changes were undone; 0 in a dry run. */
  readonly undone: number;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
}

/**
 * Brings back everything that a backup holds. Needs read and write permission for the store.
 *
 * @param store The store.
 * @param options Which backup, and whether to bring it back.
 * @returns What was, or would be, brought back.
 * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { openStore, restore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { undone } = await restore(store);
 * console.log(`${undone} changes undone`);
 * ```
 */
export async function restore(store: Store, options: RestoreOptions = {}): Promise<RestoreReport> {
  const { root } = store.describe();
  const report = { schema: "mltidy/restore/v1", store: root } as const;
  if (options.dryRun) {
    return { ...report, backup: await chosen(store, options.id), undone: 0, settled: [] };
  }
  const interrupted = await store.interrupted();
  if (interrupted.length === 0 && await chosen(store, options.id) === null) {
    return { ...report, backup: null, undone: 0, settled: [] };
  }
  await using locked = await store.lock({ task: "restore" });
  const { settled } = locked;
  const backup = await chosen(locked, options.id);
  const undone = backup === null ? null : await locked.undo(backup.id);
  return { ...report, backup, undone: undone ?? 0, settled };
}

async function chosen(store: Store, id: string | undefined): Promise<BackupSummary | null> {
  const backups = await store.backups();
  return (id === undefined ? backups[0] : backups.find((backup) => backup.id === id)) ?? null;
}
