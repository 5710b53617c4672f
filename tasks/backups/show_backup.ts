/**
 * The task `backup --show`.
 *
 * @module
 */

import type { BackupListing } from "../../lib/backup/backup.ts";
import { namedBackup } from "../../lib/backup/named_backup.ts";
import type { HeldExperiment, HeldRun } from "../../lib/backup/resolve_selection.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";

/** Which backup. */
export interface ShowBackupOptions {
  /** Its id, or as much of its beginning as no other has. @default {the newest} */
  readonly id?: string | undefined;
  /** A directory outside of the store. @default {our own, in the store} */
  readonly backups?: string | undefined;
}

/** What a backup holds. */
export interface ShownBackup {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/backup-show/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** When and by which task it was made, and how much it is; of a change what can be undone of it. */
  readonly backup: BackupListing;
  /** The experiments of which it holds something, those with the most runs first. */
  readonly experiments: readonly (HeldExperiment & { readonly runs: readonly HeldRun[] })[];
}

/**
 * Tells what a backup holds, run by run. Needs read permission.
 *
 * @param store The store.
 * @param options Which backup.
 * @returns What it holds; `null` where there is no backup at all, and none was named.
 * @throws {InvalidArgumentError} When there is no such backup, or several that may be meant.
 *
 * @example
 * ```ts
 * import { openStore, showBackup } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const shown = await showBackup(store);
 * for (const { id, runs } of shown?.experiments ?? []) console.log(id, runs.length);
 * ```
 */
export async function showBackup(
  store: Store,
  options: ShowBackupOptions = {},
): Promise<ShownBackup | null> {
  const { id, backups: directory = null } = options;
  const place = await requireCapability(store, "backups").open(directory);
  const listed = await place.list();
  const backup = id === undefined
    ? listed.find(({ kind }) => kind === "change")
    : namedBackup(listed, id, `there is none in ${place.directory}`);
  if (backup === undefined) return null;
  const undoing = backup.kind === "change" ? await place.undoing(backup.id) : null;
  const contents = backup.kind === "damaged"
    ? null
    : await place.contents(backup.id, { runNames: true, whole: true });
  const { experiments = [], runs = [] } = contents ?? {};
  const within = Map.groupBy(runs, ({ experiment }) => experiment);
  return {
    schema: "mltidy/backup-show/v1",
    store: store.describe().location,
    backup: backup.kind === "change" && undoing !== null ? { ...backup, undoing } : backup,
    experiments: experiments.map((one) => ({ ...one, runs: within.get(one.id) ?? [] }))
      .toSorted((left, right) => right.runs.length - left.runs.length),
  };
}
