/**
 * Making a copy backup: whole, or not at all.
 *
 * *Ordering*: everything is written into `staging/ID`, synced and read back, then the manifest, and one
 * rename makes it a backup.
 *
 * *Locking*: the caller holds the store's lock and that of the place.
 *
 * *After an interruption*: nothing but rubbish in the staging directory, which the next lock empties.
 *
 * @module
 */

import { join } from "@std/path";
import type { CopyManifest } from "../../../lib/backup/backup.ts";
import { StoreLockedError, UnsupportedStoreError } from "../../../lib/errors.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { free, syncDirectory, writeAndSync } from "../../_io/durable.ts";
import { moveEntry } from "../../_io/hold.ts";
import { makeLike } from "../../_io/permissions.ts";
import { failureText } from "../../_io/read.ts";
import { isAbort, stopped } from "../../_io/take_turns.ts";
import { freeBackupId, nextOrder } from "../own/manifest.ts";
import { closeBackup, type Place } from "./backup_place.ts";

/** A copy that is to be made. */
export interface NewCopy {
  /** The store's location, as manifests name it. */
  readonly store: string;
  /** Absolute real path of the directory in which it lies: who cannot come there gets no copy to read. */
  readonly root: string;
  readonly place: Place;
  /** Our own directory of backups: its ids are not given again, wherever the place is. */
  readonly own: string;
  /** Epoch ms. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a manifest says besides which backup it is. */
export type CopyContents = Omit<
  CopyManifest,
  "schema" | "kind" | "id" | "task" | "store" | "createdAt" | "order"
>;

/**
 * Makes a copy backup. Needs write permission for the place.
 *
 * @param copy What it is a copy of, and where it goes.
 * @param fill Writes it into the directory whose absolute path it is given.
 * @returns The new backup.
 * @throws {InvalidArgumentError} What `fill` throws of these, and of errors of the store; then nothing is kept.
 * @throws {Error} When the place cannot take it; then nothing is kept.
 * @throws {DOMException} `AbortError` when the signal is aborted; then nothing is kept.
 */
export async function makeCopy(
  copy: NewCopy,
  fill: (staged: string) => Promise<CopyContents>,
): Promise<CopyManifest> {
  const { store, root, place, own, now, signal } = copy;
  const places = [place.backups, own];
  const id = freeBackupId([...places, place.staging], "backup", now);
  const staged = join(place.staging, id);
  try {
    makeLike(staged, place.backups);
    closeBackup(place, root, staged);
    const order = await nextOrder(places, now);
    const manifest: CopyManifest = {
      schema: "mltidy/backup/v1",
      kind: "copy",
      id,
      task: "backup",
      store,
      createdAt: now,
      order,
      ...await fill(staged),
    };
    writeAndSync(join(staged, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
    syncDirectory(join(staged, "files"));
    syncDirectory(staged);
    moveEntry(staged, join(place.backups, id));
    syncDirectory(place.backups);
    return manifest;
  } catch (error) {
    // What stays, the next lock removes.
    free(staged);
    if (isOfStore(error)) throw error;
    if (isAbort(error, signal)) {
      throw stopped("Backup stopped: nothing of it was kept", error);
    }
    throw new Error(
      `Cannot back up store ${store} into ${place.backups}: ${
        failureText(error)
      }; nothing was kept, and the store is as it was${isDiskFull(error) ? MAKE_ROOM : ""}`,
      { cause: error },
    );
  }
}

/** What says by itself what is wrong with the store, or with what was asked for. */
function isOfStore(error: unknown): boolean {
  return error instanceof RangeError || error instanceof UnsupportedStoreError ||
    error instanceof StoreLockedError;
}

/** What helps where there is no room for a copy. */
const MAKE_ROOM = "; make room there, or name a directory on another disk with --backups";
