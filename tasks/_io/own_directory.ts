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

import { dirname, join } from "@std/path";
import { UnsupportedStoreError } from "../../lib/errors.ts";
import { OWN_DIRECTORY } from "../../lib/names.ts";
import { shellWords } from "../../lib/shell_words.ts";
import { failureText } from "./read.ts";

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
 * Makes our directory, open to whom the root is open to, leaving the root's modification time as it was.
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
  if (!found) keepingTimes(root, () => makeLikeParent(paths.own));
  const readme = join(paths.own, "README.txt");
  if (infoOf(readme)?.size !== README.length) writeAndSync(readme, README);
  for (const directory of [paths.journals, paths.staging, paths.backups]) {
    if (!infoOf(directory)) makeLikeParent(directory);
  }
  return paths;
}

/**
 * Makes a directory that those can use who can use the one that it is in. Needs write permission.
 *
 * @param path The directory; it may be there.
 */
export function makeLikeParent(path: string): void {
  try {
    Deno.mkdirSync(path, { mode: modeBelow(dirname(path), "directory") });
  } catch (error) {
    // Another process that wants the same was faster.
    if (error instanceof Deno.errors.AlreadyExists && infoOf(path)?.isDirectory) return;
    throw error;
  }
  openLikeParent(path);
}

/**
 * Opens something new of ours to those who can use the directory that it is in, and to nobody else: several
 * accounts may share a store. It gets that directory's group, its permissions as far as they concern group
 * and others, and its owner where the process may give it away, as the root account may. What cannot be
 * done is left.
 *
 * @param path What was made.
 */
export function openLikeParent(path: string): void {
  if (Deno.build.os === "windows") return;
  const { uid, gid } = Deno.statSync(dirname(path));
  const made = Deno.lstatSync(path);
  const mode = modeBelow(dirname(path), made.isDirectory ? "directory" : "file");
  if (uid === null || gid === null) return;
  if (made.uid === uid && made.gid === gid && ((made.mode ?? 0) & 0o7777) === mode) return;
  // Who can write there could put a link in its place meanwhile, which Deno's own chmod would follow. An
  // import would cost all that start, and this is seldom.
  // deno-lint-ignore no-process-global
  const fs = process.getBuiltinModule("node:fs");
  const { O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const attempt = (change: () => void): boolean => {
    try {
      change();
      return true;
    } catch {
      return false;
    }
  };
  attempt(() => {
    const file = fs.openSync(path, O_NOFOLLOW | O_NONBLOCK);
    try {
      const hasGroup = attempt(() => fs.fchownSync(file, made.uid ?? uid, gid));
      // Another group gets what everybody gets.
      const others = (mode & 0o1707) | ((mode & 0o7) << 3);
      attempt(() => fs.fchmodSync(file, hasGroup ? mode : others));
      attempt(() => fs.fchownSync(file, uid, gid));
    } finally {
      fs.closeSync(file);
    }
  });
}

/**
 * Says which permissions something of ours has that is as open as the directory that it is in.
 *
 * @param directory The directory.
 * @param kind What it is.
 * @returns The mode; whoever makes it can use it in any case.
 */
export function modeBelow(directory: string, kind: "directory" | "file"): number {
  const mode = Deno.statSync(directory).mode ?? 0;
  return kind === "directory" ? (mode & 0o3777) | 0o700 : (mode & 0o666) | 0o600;
}

/**
 * Does something in our directory. Where another account keeps it closed, the error says how to open it.
 *
 * @param root Absolute real path of the store's root.
 * @param work What to do.
 * @returns What it gives.
 * @throws {Deno.errors.PermissionDenied} When the operating system refuses.
 */
export function inOwnDirectory<T>(root: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { own } = ownPaths(root);
    const info = error instanceof Deno.errors.PermissionDenied ? infoOf(own) : null;
    if (info === null) throw error;
    const { gid } = Deno.statSync(root);
    const open = shellWords(["chmod", "-R", "g+rwX", own]);
    const give = gid === info.gid ? "" : `${shellWords(["chgrp", "-R", `${gid}`, own])} && `;
    throw new Deno.errors.PermissionDenied(
      `${
        failureText(error)
      }: ${own} is closed to this account; as its owner, user ${info.uid}, type ${give}${open}`,
      { cause: error },
    );
  }
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
  if (atime && mtime) setTimes(directory, atime, mtime);
}

/** Another account's directory keeps the time at which we changed it: only its owner may say otherwise. */
function setTimes(directory: string, atime: Date, mtime: Date): void {
  try {
    Deno.utimeSync(directory, atime, mtime);
  } catch (error) {
    if (!/\(os error 1\)/.test(String(error))) throw error;
  }
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
  setTimes(directory, info.atime, new Date(time));
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
 * Writes a new file and makes its content durable; those can read it who can use its directory.
 *
 * @param path Where it goes; what stands there is replaced.
 * @param content What it holds; text as UTF-8.
 */
export function writeAndSync(path: string, content: string | Uint8Array): void {
  const mode = modeBelow(dirname(path), "file");
  using file = Deno.openSync(path, { write: true, create: true, truncate: true, mode });
  writeAll(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
  openLikeParent(path);
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
