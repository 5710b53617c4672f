/**
 * The task `backup --list`.
 *
 * @module
 */

import type { BackupListing, MetadataHistory } from "../../lib/backup/backup.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Abortable, Store } from "../ports/store.ts";

/** Where to look. */
export interface ListBackupsOptions extends Abortable {
  /** A directory outside of the store. @default {our own, in the store} */
  readonly backups?: string | undefined;
}

/** The backups of a store. */
export interface BackupList {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/backup-list/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Absolute path of the directory that has them. */
  readonly directory: string;
  /** Newest first, then those that are damaged. */
  readonly backups: readonly BackupListing[];
  /** What the copies of records take that every apply keeps; `null` outside of the store. */
  readonly history: MetadataHistory | null;
}

/**
 * Lists the backups of a store: copies, and what changes left behind, with what can be undone of them. Needs read permission.
 *
 * @param store The store.
 * @param options Where to look.
 * @returns The backups; times in epoch ms, sizes in bytes.
 * @throws {InvalidArgumentError} When the directory lies in the store.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 *
 * @example
 * ```ts
 * import { listBackups, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * for (const { id, kind } of (await listBackups(store)).backups) console.log(id, kind);
 * ```
 */
export async function listBackups(
  store: Store,
  options: ListBackupsOptions = {},
): Promise<BackupList> {
  const { backups: directory = null, signal } = options;
  const place = await requireCapability(store, "backups").open(directory);
  const backups: BackupListing[] = [];
  for (const one of await place.list()) {
    signal?.throwIfAborted();
    const undoing = one.kind === "change" ? await place.undoing(one.id) : null;
    backups.push(one.kind === "change" && undoing !== null ? { ...one, undoing } : one);
  }
  signal?.throwIfAborted();
  return {
    schema: "mltidy/backup-list/v1",
    store: store.describe().location,
    directory: place.directory,
    backups,
    history: await place.history(),
  };
}
