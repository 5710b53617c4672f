/**
 * Where a store's backups lie: in our directory inside the store, or in a directory of the user's.
 *
 * ```
 * DIR/
 *   .mltidy/          ours, as its README.txt says
 *     lock            locked while a task changes something here
 *     staging/ID/     a backup in the making, or on its way out
 *   ID/               manifest.json, entries.jsonl and files/
 * ```
 *
 * *Locking*: two stores may keep their backups in one place, so a place of the user's has a lock of its
 * own, taken behind the store's.
 *
 * *After an interruption*: whoever locks the place next empties its staging directory.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "@std/path";
import type { BackupListing, CopyManifest } from "../../../lib/backup/backup.ts";
import { newestFirst } from "../../../lib/backup/backup_order.ts";
import { InvalidArgumentError, StoreAccessError, StoreLockedError } from "../../../lib/errors.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { syncDirectory } from "../../_io/durable.ts";
import { holdEntry, moveEntry } from "../../_io/hold.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import {
  type Access,
  accessElsewhere,
  makeFor,
  makeLikeParent,
  makePassage,
  trySetAccess,
} from "../../_io/permissions.ts";
import { failureText, infoOf } from "../../_io/read.ts";
import { type BackupWork, NAME_NO_DIRECTORY } from "../../ports/backups.ts";
import { freeTree } from "../../_io/tree/free_tree.ts";
import { enclosingStore } from "../own/enclosing_store.ts";
import { NewerBackupError, readAnyManifest, readCopyManifest } from "../own/manifest.ts";
import {
  emptyStaging,
  freeName,
  type Layout,
  openOwnFile,
  refuseForeign,
  sayWhoseItIs,
} from "../own/own_directory.ts";
import type { OwnPaths } from "../own/own_paths.ts";

/** Where backups lie; absolute paths on one file system. */
export interface Place {
  /** Holds `ID/`. */
  readonly backups: string;
  readonly staging: string;
  /** `null` when the store's own lock guards the place. */
  readonly lock: string | null;
  /** Whether backups of other stores may lie here, too. */
  readonly isShared: boolean;
}

/**
 * Finds where a store's backups lie. Touches nothing; needs read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param own Our directory in the store.
 * @param directory A directory of the user's, which need not be there yet; `null` for our own.
 * @returns The place.
 * @throws {InvalidArgumentError} When the directory lies in a store, where MLflow would take it for an
 *   experiment, or when it is none.
 */
export function placeOf(
  root: string,
  own: Pick<OwnPaths, "backups" | "staging">,
  directory: string | null,
): Place {
  const { backups, staging } = own;
  if (directory === null) return { backups, staging, lock: null, isShared: false };
  const real = realPathOf(resolve(directory));
  if (real === backups) return { backups, staging, lock: null, isShared: false };
  refuseInside(root, real, "keep backups in", NAME_NO_DIRECTORY);
  if (infoOf(real)?.isDirectory === false) throw noDirectory(real);
  refuseOtherStore(real);
  return {
    backups: real,
    staging: join(real, ".mltidy", "staging"),
    lock: join(real, ".mltidy", "lock"),
    isShared: true,
  };
}

/**
 * Finds where something of a store's backups is copied to. Touches nothing; needs read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param target A directory of the user's, which need not be there yet.
 * @returns Its absolute path, without links.
 * @throws {InvalidArgumentError} When it lies in the store.
 */
export function targetOf(root: string, target: string): string {
  const real = realPathOf(resolve(target));
  if (infoOf(real)?.isDirectory === false) throw noDirectory(real);
  refuseInside(root, real, "copy to", "leave --to out to bring it back into the store");
  return real;
}

function refuseInside(root: string, real: string, what: string, instead: string): void {
  if (real !== root && !real.startsWith(join(root, "/"))) return;
  throw new InvalidArgumentError(
    `Cannot ${what} ${real}: it lies inside store ${root}, and MLflow would take it for an experiment; name a directory elsewhere, or ${instead}`,
  );
}

/** What was kept there before is found there. */
function refuseOtherStore(real: string): void {
  if (infoOf(join(real, ".mltidy")) !== null) return;
  const other = enclosingStore(real);
  if (other !== null) refuseInside(other, real, "keep backups in", NAME_NO_DIRECTORY);
}

function noDirectory(path: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot keep anything in ${path}: expected a directory, found something else; name a directory, which need not be there yet`,
  );
}

/** What is not there yet has no links of its own, but what it will lie in may. */
function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) || dirname(path) === path) {
      throw refusalOf(path, error);
    }
    return join(realPathOf(dirname(path)), basename(path));
  }
}

function refusalOf(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotADirectory) return noDirectory(path);
  if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) return error;
  const why = failureText(error);
  const isLoop = "code" in error && error.code === "ELOOP";
  return isLoop
    ? new InvalidArgumentError(`Cannot keep anything in ${path}: ${why}; name another directory`)
    : new StoreAccessError(
      `Cannot look at ${path}: ${why}; check that disk and the permissions on the way to it, or name another directory`,
      path,
      { cause: error },
    );
}

/** What stands in our directory in a place of the user's. */
const PLACES: Layout = { "README.txt": "file", "lock": "file", "staging": "directory" };

const README = `This directory belongs to mltidy.

The backups beside it are written to staging/ first, and on their way out they pass through it. What was
left there is removed whenever a backup is made, moved or removed.
`;

/**
 * Takes a place for this process alone, makes it if need be, and empties its staging directory. Needs
 * read and write permission for it.
 *
 * @param place The place; the caller holds the lock of the store.
 * @param root Absolute real path of the store's root: those who can use the store can use a place that is made.
 * @returns A handle; disposing of it releases the place.
 * @throws {StoreLockedError} When another process holds the place.
 * @throws {UnsupportedStoreError} When something stands in the place of what is ours there.
 */
export function lockPlace(place: Place, root: string): Disposable {
  if (place.lock === null) return { [Symbol.dispose]() {} };
  makeWay(place.backups, accessElsewhere(root));
  const own = dirname(place.lock);
  refuseForeign(own, PLACES, place.backups);
  if (infoOf(own) === null) makeLikeParent(own);
  sayWhoseItIs(own, README);
  const file = openOwnFile(place.lock);
  try {
    if (!file.tryLockSync(true)) {
      throw new StoreLockedError(
        `Cannot lock backups ${place.backups}: another process writes there; wait until it is done`,
        place.backups,
      );
    }
    makePassage(place.staging);
    emptyStaging(place.staging);
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    [Symbol.dispose]() {
      file.unlockSync();
      file.close();
    },
  };
}

function makeWay(path: string, access: Access): void {
  if (infoOf(path) !== null) return;
  makeWay(dirname(path), access);
  makeFor(path, access);
}

/**
 * Gives the backup of a store that is to lie in a place the access that what it holds has there: elsewhere no
 * closed directory on the way to the store keeps anybody out. Needs read and write permission.
 *
 * @param place The place.
 * @param root Absolute real path of the store's root.
 * @param backup Absolute path of the backup.
 */
export function closeBackup(
  { isShared }: Pick<Place, "isShared">,
  root: string,
  backup: string,
): void {
  if (!isShared) return;
  using entry = holdEntry(backup);
  trySetAccess(entry.path, accessElsewhere(root));
}

/**
 * Lists the copy backups of one store. Needs read permission.
 *
 * @param place Where they lie.
 * @param root Absolute real path of the store's root.
 * @returns The manifests, newest first; damaged ones are left out.
 * @throws {StoreAccessError} When the place cannot be listed.
 */
export async function listCopies(place: Place, root: string): Promise<readonly CopyManifest[]> {
  const copies = (await directoriesIn(place))
    .flatMap((name) => {
      try {
        const manifest = readCopyManifest(join(place.backups, name));
        // A directory that was renamed goes by its new name.
        return manifest === null ? [] : { ...manifest, id: name };
      } catch {
        return [];
      }
    })
    .filter((manifest) => isOf(root, place, manifest));
  return newestFirst(copies);
}

/**
 * Lists the backups of one store, of both kinds. Needs read permission.
 *
 * @param place Where they lie.
 * @param root Absolute real path of the store's root.
 * @param wanted The id of the only one that is wanted. @default {all of them}
 * @returns The backups, newest first, then the damaged ones.
 * @throws {StoreAccessError} When the place cannot be listed.
 */
export async function listBackups(
  place: Place,
  root: string,
  wanted?: string,
): Promise<readonly BackupListing[]> {
  const names = (await directoriesIn(place))
    .filter((name) => wanted === undefined || name === wanted);
  return listedInOrder(names.flatMap((name) => listingOf(place, root, name) ?? []));
}

/**
 * Sorts backups as they are listed.
 *
 * @param listed The backups.
 * @returns Newest first, then the damaged ones.
 */
export function listedInOrder(listed: readonly BackupListing[]): readonly BackupListing[] {
  return [
    ...newestFirst(listed.filter((one) => one.kind !== "damaged")),
    ...listed.filter((one) => one.kind === "damaged")
      .toSorted((left, right) => left.id < right.id ? 1 : -1),
  ];
}

function listingOf(place: Place, root: string, id: string): BackupListing | null {
  const path = join(place.backups, id);
  try {
    const manifest = readAnyManifest(path);
    if (manifest === null || !isOf(root, place, manifest)) return null;
    const { createdAt, order } = manifest;
    const written = { createdAt, ...(order === undefined ? {} : { order }) };
    if (manifest.kind === "copy") {
      const { scope, totals: { files, bytes, shared } } = manifest;
      return { id, path, kind: "copy", ...written, scope, files, bytes, sharedBytes: shared.bytes };
    }
    const { task, steps, usage: { bytes, files } } = manifest;
    return { id, path, kind: "change", task, ...written, changes: steps.length, bytes, files };
  } catch (error) {
    if (error instanceof NewerBackupError) {
      const isOther = error.store !== null && !isOf(root, place, { store: error.store });
      return isOther ? null : { id, path, kind: "damaged", message: error.message };
    }
    const message = `${failureText(error)}; copy what you need from ${
      join(path, "files")
    }, then remove the backup: ${
      shellWords([
        ...["deno", "task", "backup", "--expire", id],
        ...(place.isShared ? ["--backups", place.backups] : []),
        ...["--store", root],
      ])
    }`;
    return { id, path, kind: "damaged", message };
  }
}

/** Our own directory moves and is copied with the store, so what lies there belongs to it. */
function isOf(root: string, place: Place, { store }: { readonly store: string }): boolean {
  return !place.isShared || store === root;
}

async function directoriesIn({ backups }: Place): Promise<readonly string[]> {
  const listed = await listDirectory(backups);
  if (listed.kind === "failed") {
    if (listed.missing) return [];
    throw new StoreAccessError(
      `Cannot list backups in ${backups}: ${listed.message}; nothing was touched: when that disk answers again, type the command again, as an account that may read it`,
      backups,
    );
  }
  return listed.entries
    .filter(({ name, isDirectory }) => isDirectory && !name.startsWith("."))
    .map(({ name }) => name);
}

/**
 * Removes a backup: one rename takes it away, then what it held is freed. Needs write permission.
 *
 * @param _lock The place's lock.
 * @param place Where it lies.
 * @param id The backup.
 * @param work The signal, after which the rest waits for whoever locks the place next, and progress.
 * @returns Whether all that it took is free.
 */
export async function removeBackup(
  _lock: Disposable,
  place: Place,
  id: string,
  work: BackupWork = {},
): Promise<boolean> {
  const leaving = freeName(place.staging, asStorePath(id));
  moveEntry(join(place.backups, id), leaving);
  syncDirectory(place.backups);
  return await freeTree(leaving, work);
}
