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

import type {
  BackupSummary,
  RestorePreview,
  RestoreSelection,
  SettledChange,
  Store,
} from "./store.ts";

/** Which backup, what of it, and whether to bring it back. */
export interface RestoreOptions extends RestoreSelection {
  /** The backup's id. @default {the newest backup} */
  readonly id?: string;
  /** Only tell what would come back; needs no write permission. @default {false} */
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
  /** How many changes were undone or, in a dry run, would be. */
  readonly changes: number;
  /** In a dry run, what is in the way, with both sides named. */
  readonly collisions: readonly string[];
  /** Whether nothing was done. */
  readonly dryRun: boolean;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
}

/**
 * Brings back what a backup holds: all of it, or one experiment or run. Needs read and write permission
 * for the store.
 *
 * @param store The store.
 * @param options Which backup, what of it, and whether to bring it back.
 * @returns What was, or would be, brought back.
 * @throws {RangeError} When the backup holds nothing of the experiment or run.
 * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
 * @throws {StoreLockedError} When another process holds the store's lock.
 *
 * @example
 * ```ts
 * import { openStore, restore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { changes } = await restore(store);
 * console.log(`${changes} changes undone`);
 * ```
 */
export async function restore(store: Store, options: RestoreOptions = {}): Promise<RestoreReport> {
  const { dryRun = false } = options;
  const report = { schema: "mltidy/restore/v1", store: store.describe().root, dryRun } as const;
  if (dryRun) {
    const found = await previewOf(store, options);
    const { backup = null, changes = 0, collisions = [] } = found ?? {};
    return { ...report, backup, changes, collisions, settled: [] };
  }
  const isIdle = (await store.interrupted()).length === 0;
  if (isIdle && await previewOf(store, options) === null) {
    return { ...report, backup: null, changes: 0, collisions: [], settled: [] };
  }
  await using locked = await store.lock({ task: "restore" });
  const { settled } = locked;
  const found = await previewOf(locked, options);
  const changes = found === null ? null : await locked.undo(found.backup.id, options);
  const { backup = null } = found ?? {};
  return { ...report, backup, changes: changes ?? 0, collisions: [], settled };
}

async function previewOf(store: Store, options: RestoreOptions): Promise<RestorePreview | null> {
  const { experiment, run } = options;
  const id = options.id ?? (await store.backups())[0]?.id;
  const found = id === undefined ? null : await store.preview(id, options);
  if (found?.changes === 0 && (experiment ?? run) !== undefined) {
    const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
    throw new RangeError(
      `Cannot restore ${wanted} from ${id}: the backup holds nothing of it by itself; a run that left with its experiment comes back with --experiment`,
    );
  }
  return found;
}
