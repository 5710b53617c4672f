/**
 * Changes of directories and files that last: written whole, made durable, removed to the last entry.
 *
 * *Ordering*: what is to be found under a name is durable before it gets that name.
 *
 * *Locking*: none.
 *
 * *After an interruption*: a file written durably is there whole or not at all; what was removed in part
 * can be removed again.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { hold, holdEntry, LedAstray } from "./hold.ts";
import { listSome } from "./list_directory.ts";
import { type Access, accessBelow, openLikeParent } from "./permissions.ts";
import { failureText, infoOf } from "./read.ts";

/**
 * Makes a directory's entries durable.
 *
 * @param directory The directory.
 */
export function syncDirectory(directory: string): void {
  using handle = Deno.openSync(directory);
  handle.syncSync();
}

/**
 * Makes the entries of many directories durable. The disk makes one journey for all that wait for it at
 * the same time, so they wait together.
 *
 * @param directories The directories.
 */
export async function syncDirectories(directories: Iterable<string>): Promise<void> {
  await syncAll(directories, (directory) => Deno.openSync(directory));
}

/**
 * Makes the entries of those directories of a store durable that are there. Another program may take one away
 * at any moment, be it between a look and the next, and what is gone waits for no disk.
 *
 * @param directories The directories.
 */
export async function syncDirectoriesThere(directories: Iterable<string>): Promise<void> {
  await syncAll(directories, openIfThere);
}

async function syncAll(
  directories: Iterable<string>,
  open: (directory: string) => Deno.FsFile | null,
): Promise<void> {
  for (const group of groupsOf(directories)) {
    await Promise.all(group.map(async (directory) => {
      using handle = open(directory);
      await handle?.sync();
    }));
  }
}

/**
 * Makes a directory's entries durable, as {@linkcode syncDirectoriesThere} does.
 *
 * @param directory The directory.
 */
export function syncDirectoryThere(directory: string): void {
  using handle = openIfThere(directory);
  handle?.syncSync();
}

function openIfThere(directory: string): Deno.FsFile | null {
  // What else may stand there, such as a pipe, is not opened.
  if (infoOf(directory)?.isDirectory !== true) return null;
  try {
    return Deno.openSync(directory);
  } catch (error) {
    const isGone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!isGone) throw error;
    return null;
  }
}

/** So many files may be open at the same time, and no larger group makes the disk faster. */
const MOST_OPEN = 256;

/**
 * Splits what the disk is to do into groups that it does at the same time.
 *
 * @param items What there is to do.
 * @returns The same, in order.
 */
export function* groupsOf<T>(items: Iterable<T>): Generator<readonly T[]> {
  const all = [...items];
  for (let start = 0; start < all.length; start += MOST_OPEN) {
    yield all.slice(start, start + MOST_OPEN);
  }
}

/**
 * Writes a file so that it is either there whole and durable, or not at all.
 *
 * @param path Where it goes.
 * @param text What it holds.
 * @param limit Who may read it at most.
 */
export function writeDurably(path: string, text: string, limit: Access | null = null): void {
  using held = hold(dirname(path));
  const place = held.at(basename(path));
  const aside = `${place}.new`;
  writeNew(aside, text, limit);
  Deno.renameSync(aside, place);
  syncDirectory(held.path);
}

/**
 * Names the place at which a file is written before it gets its own, in a directory that is not ours: nobody else
 * gives anything such a name.
 *
 * @param path The file's own place.
 * @returns A place beside it, of this process.
 */
export function asideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${Deno.pid}.new`);
}

/**
 * Writes a file in a directory that is not ours, whole and durable, in place of what has its name: nothing else there
 * is touched, no link is written through, and nobody but its owner may write to it.
 *
 * @param path Absolute path of the file.
 * @param text What it holds.
 */
export function writeAmongOthers(path: string, text: string): void {
  const place = join(Deno.realPathSync(dirname(path)), basename(path));
  const aside = asideOf(place);
  try {
    writeAndSync(aside, text, { ...accessBelow(dirname(place), "file"), mode: 0o644 });
    Deno.renameSync(aside, place);
  } catch (error) {
    removeIfThere(aside);
    throw error;
  }
  syncDirectory(dirname(place));
}

/**
 * Writes a new file and makes its content durable; those can read it who can use its directory.
 *
 * @param path Where it goes; what stands there is removed first, so that nothing is written through a link
 *   or to another name of somebody's file.
 * @param content What it holds; text as UTF-8.
 * @param limit Who may read it at most.
 */
export function writeAndSync(
  path: string,
  content: string | Uint8Array,
  limit: Access | null = null,
): void {
  using entry = holdEntry(path);
  writeNew(entry.path, content, limit);
}

function writeNew(path: string, content: string | Uint8Array, limit: Access | null): void {
  using file = openNew(path);
  writeAll(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
  openLikeParent(path, limit);
  file.syncSync();
}

function openNew(path: string): Deno.FsFile {
  const options = { write: true, createNew: true, mode: 0o600 };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    Deno.removeSync(path);
    return Deno.openSync(path, options);
  }
}

/**
 * Writes all of the bytes, in as many turns as the system wants.
 *
 * @param file The file.
 * @param bytes What is written.
 */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

/**
 * Removes a tree, but nothing of what is mounted in it.
 *
 * @param path The tree.
 * @throws {Error} When something is mounted in it; then all of that is still there.
 */
export function removeTree(path: string): void {
  using entry = holdEntry(path);
  if (!Deno.lstatSync(entry.path).isDirectory) return Deno.removeSync(entry.path);
  if (removeIfEmpty(entry.path)) return;
  {
    using held = hold(path);
    for (const { name, isDirectory } of listSome(held.path)) {
      if (isDirectory) removeTree(join(path, name));
      else Deno.removeSync(held.at(name));
    }
  }
  Deno.removeSync(entry.path);
}

/**
 * Removes a directory if it is empty. To try that is also how to find out that something is mounted there:
 * the system then refuses for another reason.
 *
 * @param directory The directory.
 * @returns Whether it was empty, and is gone.
 * @throws {Error} When something is mounted there.
 */
export function removeIfEmpty(directory: string): boolean {
  try {
    Deno.removeSync(directory);
    return true;
  } catch (error) {
    if (!NOT_EMPTY.test(String(error))) throw error;
    return false;
  }
}

/** As Linux, other Unixes and Windows say it. */
const NOT_EMPTY = /\(os error (39|17|66|145)\)/;

/**
 * Frees what a tree in our staging directory takes. What cannot be freed now waits for the next change.
 *
 * @param path The tree; nothing happens when it is not there.
 * @returns Why something is left of it, in words; `null` when nothing is.
 */
export function free(path: string): string | null {
  try {
    if (infoOf(path) !== null) removeTree(path);
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return failureText(error);
  }
}

/**
 * Does something that changes a directory, and puts its modification time back (to the millisecond). Only
 * who really changed it does: the time that it had before may be what another process, which does the same
 * just then, is about to put back.
 *
 * @param directory The directory.
 * @param change Does it, and tells whether it changed the directory.
 */
export function keepingTimes(directory: string, change: () => boolean): void {
  const { atime, mtime } = Deno.statSync(directory);
  if (change() && isDate(mtime)) setTimes(directory, isDate(atime) ? atime : mtime, mtime);
}

/** Another account's directory keeps the time at which we changed it: only its owner may say otherwise. */
function setTimes(directory: string, atime: Date, mtime: Date): void {
  try {
    Deno.utimeSync(directory, atime, mtime);
  } catch (error) {
    if (!isOthers(error)) throw error;
  }
}

/** A file system may hold times that no date can say. */
function isDate(time: Date | null): time is Date {
  return time !== null && !Number.isNaN(time.getTime());
}

function isOthers(error: unknown): boolean {
  return /\(os error 1\)/.test(String(error));
}

/**
 * Gives a directory of the store the modification time that it had, unless a link has come in its way.
 *
 * @param root Absolute real path of the store's root.
 * @param path The directory, relative to the root; empty for the root.
 * @param time Epoch ms.
 */
export function putTimeBack(root: string, path: string, time: number): void {
  const directory = join(root, path);
  try {
    using held = hold(directory);
    const { atime } = Deno.statSync(held.path);
    const mtime = new Date(time);
    Deno.utimeSync(held.path, isDate(atime) ? atime : mtime, mtime);
  } catch (error) {
    const isGone = error instanceof LedAstray || error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!isGone && !isOthers(error)) throw error;
  }
}

/**
 * Puts a file at a place at which nothing is: unlike a rename, a link never replaces what somebody else
 * has just written. Where there are no links, looking first must do.
 *
 * @param aside The file, whole, on the same disk.
 * @param target Its place.
 * @throws {Deno.errors.AlreadyExists} When something is there.
 */
export function linkNew(aside: string, target: string): void {
  try {
    Deno.linkSync(aside, target);
  } catch (error) {
    const cannotLink = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotSupported || /\(os error (?:1|38|95)\)/.test(String(error));
    if (!cannotLink) throw error;
    if (infoOf(target)) throw new Deno.errors.AlreadyExists(target);
    Deno.renameSync(aside, target);
    return;
  }
  removeIfThere(aside);
}

/**
 * Removes what stands at a path. What cannot be removed now is swept later.
 *
 * @param path The path.
 */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/**
 * Makes a file's content durable.
 *
 * @param path The file.
 */
export function syncFile(path: string): void {
  using file = Deno.openSync(path);
  file.syncSync();
}

/**
 * Makes a file or directory durable, and that it is where it is.
 *
 * @param path The file or directory.
 */
export function syncEntry(path: string): void {
  syncFile(path);
  syncDirectory(dirname(path));
}
