/**
 * The task `backup`: a copy of the store, or of a part of it.
 *
 * *Ordering*: the copy is written aside, synced and read back before it counts as a backup.
 *
 * *Locking*: holds the store's lock from the first file to the last. MLflow does not know the lock: a file
 * that it keeps writing to is named in the report.
 *
 * *After an interruption*: there is a whole backup, or none; what was written of it goes with the next
 * task that locks the store.
 *
 * @module
 */

import type { CopyManifest, CopyScope } from "../../lib/backup/backup.ts";
import { UnsupportedStoreError } from "../../lib/errors.ts";
import { resolveScope } from "../../lib/backup/resolve_selection.ts";
import { isRunId } from "../../lib/store/names.ts";
import type { Remains } from "../../lib/store/usage.ts";
import type { Backups, BackupWork } from "../ports/backups.ts";
import { lockStore } from "../ports/lock_store.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { SettledChange, Store } from "../ports/store.ts";

/** What to back up, and where. */
export interface BackupOptions extends BackupWork {
  /** Which part of the store; an id may be the beginning of one, or a name. @default {{ kind: "full" }} */
  readonly scope?: CopyScope;
  /** A directory outside of the store, on any file system. @default {our own, in the store} */
  readonly backups?: string | undefined;
}

/** The new backup: its manifest, and what came of making it. */
export interface BackupReport extends CopyManifest {
  /** Absolute path. */
  readonly path: string;
  /** Nothing changed while it was copied, and nothing was unreadable. */
  readonly complete: boolean;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
  /** What earlier changes were not to keep, and could still not be freed. */
  readonly remains: readonly Remains[];
}

/**
 * Copies a store, or a part of it, into a new backup; files that are the same as in the newest earlier
 * copy are shared with it by hard links. Needs read and write permission for the store, and for the
 * directory of the backups if that is elsewhere.
 *
 * @param store The store.
 * @param options What to back up, and where.
 * @returns The new backup; times in epoch ms, sizes in bytes.
 * @throws {InvalidArgumentError} When the store has no such experiment or run, or several that may be meant, or
 * the directory lies in the store.
 * @throws {UnsupportedStoreError} When this kind of store is only copied as a whole.
 * @throws {StoreLockedError} When another process holds the store's lock.
 * @throws {DOMException} `AbortError` when the signal is aborted; then nothing is kept.
 *
 * @example
 * ```ts
 * import { backup, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { id, totals } = await backup(store, { scope: { kind: "metadata" } });
 * console.log(`${id}: ${totals.files} files`);
 * ```
 */
export async function backup(store: Store, options: BackupOptions = {}): Promise<BackupReport> {
  const { scope = { kind: "full" }, backups = null, ...work } = options;
  requireScope(store, await requireCapability(store, "backups").open(backups), scope);
  await using locked = await lockStore(store, { task: "backup" });
  await using place = await requireCapability(locked, "backups").lock(backups);
  const manifest = await place.copy(await wholeScope(locked, scope, work), work);
  return {
    ...manifest,
    path: `${place.directory}/${manifest.id}`,
    complete: manifest.changing.length === 0 &&
      manifest.leftOut.every(({ because }) => because === "special"),
    settled: locked.settled,
    remains: locked.remains,
  };
}

/**
 * Refuses what cannot be copied of a store, before anything is touched.
 *
 * @param store The store.
 * @param place Where its backups lie.
 * @param scope What to copy.
 * @throws {UnsupportedStoreError} When this kind of store has no such copies.
 */
export function requireScope(store: Store, { scopes }: Backups, scope: CopyScope): void {
  if (scopes === undefined || scopes.includes(scope.kind)) return;
  const { location } = store.describe();
  throw new UnsupportedStoreError(
    `Cannot back up ${scope.kind} ${
      "id" in scope ? scope.id : ""
    } alone: store ${location} is copied as a whole; leave out --${scope.kind}, or type --metadata in its place, which leaves out artifacts`,
    location,
  );
}

/**
 * Makes a whole id of one that was typed. Needs read permission.
 *
 * @param store The store; it is not read for the whole id of a run.
 * @param scope What was typed.
 * @param work What may stop it.
 * @returns The same by a whole id; what the store has nothing of stays as it is.
 * @throws {InvalidArgumentError} When more than one is meant.
 */
export async function wholeScope(
  store: Store,
  scope: CopyScope,
  { signal }: BackupWork = {},
): Promise<CopyScope> {
  const isTyped = "id" in scope && typeof scope.id === "string";
  if (!isTyped || scope.kind === "run" && isRunId(scope.id)) return scope;
  return resolveScope(scope, await store.read({ depth: "meta", signal }));
}
