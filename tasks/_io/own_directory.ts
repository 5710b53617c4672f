/**
 * Our directory inside a store: `.mltidy.trash/`. MLflow skips every directory whose name ends in
 * `.trash`, and it lies on the store's own file system, where a rename is atomic.
 *
 * ```
 * .mltidy.trash/
 *   README.txt        what this is
 *   lock              locked while a task changes the store
 *   journal/ID.jsonl  the write-ahead record of a change that has not been settled
 *   staging/          new files before they are renamed into place
 *   backups/ID/       manifest.json and files/: what a change took away or replaced
 * ```
 *
 * @module
 */

import { ensureDirSync } from "@std/fs";
import { join } from "@std/path";
import { UnsupportedStoreError } from "../../lib/errors.ts";
import { OWN_DIRECTORY } from "../../lib/names.ts";

const README = `This directory belongs to mltidy. MLflow ignores it.

It may hold the only copy of runs and experiments that mltidy moved out of the store:
backups/<id>/files/ has them under their old paths. To bring them back, type

    deno task restore --last --store <the directory above this one>

Do not delete it by hand unless you want those runs gone for good.
`;

/** Where things lie in our directory; absolute paths. */
export interface OwnPaths {
  readonly own: string;
  readonly lock: string;
  readonly journals: string;
  readonly staging: string;
  readonly backups: string;
}

/**
 * Names the places in our directory. Touches nothing.
 *
 * @param root Absolute real path of the store's root.
 * @returns Absolute paths.
 */
export function ownPaths(root: string): OwnPaths {
  const own = join(root, OWN_DIRECTORY);
  return {
    own,
    lock: join(own, "lock"),
    journals: join(own, "journal"),
    staging: join(own, "staging"),
    backups: join(own, "backups"),
  };
}

/**
 * Makes our directory, readable by its owner alone, leaving the root's modification time as it was.
 * Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @returns Where things lie in it.
 * @throws {UnsupportedStoreError} When a symbolic link or a file stands in its place.
 */
export function ensureOwnDirectory(root: string): OwnPaths {
  const paths = ownPaths(root);
  const found = infoOf(paths.own);
  if (found && !found.isDirectory) {
    throw new UnsupportedStoreError(
      `Cannot use ${paths.own}: expected a directory of our own, found ${
        found.isSymlink ? "a symbolic link" : "a file"
      }; move it away`,
      root,
    );
  }
  if (!found) {
    try {
      keepingTimes(root, () => Deno.mkdirSync(paths.own, { mode: 0o700 }));
    } catch (error) {
      // Another process that wants the lock was faster.
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  const readme = join(paths.own, "README.txt");
  if (infoOf(readme)?.size !== README.length) Deno.writeTextFileSync(readme, README);
  for (const directory of [paths.journals, paths.staging, paths.backups]) ensureDirSync(directory);
  return paths;
}

/**
 * Does something that changes a directory, and puts its modification time back (to the millisecond).
 *
 * @param directory The directory.
 * @param change What to do.
 */
export function keepingTimes(directory: string, change: () => void): void {
  const { atime, mtime } = Deno.statSync(directory);
  change();
  if (atime && mtime) Deno.utimeSync(directory, atime, mtime);
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
  const info = infoOf(directory);
  if (!info?.isDirectory || !info.atime || Deno.realPathSync(directory) !== directory) return;
  Deno.utimeSync(directory, info.atime, new Date(time));
}

/**
 * Removes a tree, but nothing of what is mounted in it.
 *
 * @param path The tree.
 * @throws {Error} When something is mounted in it; then all of that is still there.
 */
export function removeTree(path: string): void {
  if (!Deno.lstatSync(path).isDirectory) return Deno.removeSync(path);
  if (removeIfEmpty(path)) return;
  for (const { name } of [...Deno.readDirSync(path)]) removeTree(join(path, name));
  Deno.removeSync(path);
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
 */
export function free(path: string): void {
  try {
    if (infoOf(path) !== null) removeTree(path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/**
 * Looks at what stands at a path, without following a link.
 *
 * @param path The path.
 * @returns What stands there, or `null`.
 */
export function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

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
  for (const group of groupsOf(directories)) {
    await Promise.all(group.map(async (directory) => {
      using handle = Deno.openSync(directory);
      await handle.sync();
    }));
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
 */
export function writeDurably(path: string, text: string): void {
  const aside = `${path}.new`;
  writeAndSync(aside, text);
  Deno.renameSync(aside, path);
  syncDirectory(join(path, ".."));
}

/**
 * Writes a new file and makes its content durable.
 *
 * @param path Where it goes; what stands there is replaced.
 * @param content What it holds; text as UTF-8.
 */
export function writeAndSync(path: string, content: string | Uint8Array): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true, mode: 0o600 });
  writeAll(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
  file.syncSync();
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
