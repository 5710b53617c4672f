/**
 * How new files and directories come into the store: whole.
 *
 * *Ordering*: everything is written in `.mltidy.trash/writing/`, which MLflow ignores, and gets its place
 * by one `rename` or `link`; it is made durable before that where it has to be.
 *
 * *Locking*: none. Of two that put something at the same new place one wins, and the other is told.
 *
 * *After an interruption*: the store holds the thing or does not; what was being written stays in
 * `writing/` under a name that nothing refers to, until {@linkcode sweepWriting} a day later.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import {
  ensureOwnDirectory,
  infoOf,
  inOwnDirectory,
  makeLikeParent,
  ownPaths,
  syncDirectory,
} from "./own_directory.ts";

/** How long something may take to be written, ms; what is older was abandoned. */
const ABANDONED = 24 * 60 * 60 * 1000;

/** Where things are written before they get their place. */
export interface Writing {
  /** A path in `writing/` at which nothing is. */
  newPath(): string;
}

/**
 * Makes sure that things can be written. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @returns Where to write them.
 */
export function openWriting(root: string): Writing {
  const directory = join(ownPaths(root).own, "writing");
  // Somebody may tidy our directory away while a run goes on.
  const ensure = () =>
    inOwnDirectory(root, () => {
      if (infoOf(directory)) return;
      ensureOwnDirectory(root);
      makeLikeParent(directory);
    });
  ensure();
  return {
    newPath() {
      ensure();
      return join(directory, crypto.randomUUID());
    },
  };
}

/**
 * Removes what was abandoned in `writing/`. Needs read and write permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param now Epoch ms.
 */
export function sweepWriting(root: string, now: number): void {
  const directory = join(ownPaths(root).own, "writing");
  for (const { name } of [...Deno.readDirSync(directory)]) {
    const path = join(directory, name);
    const changed = infoOf(path)?.mtime?.getTime() ?? now;
    if (now - changed >= ABANDONED) removeIfThere(path);
  }
}

/**
 * Writes a file aside and puts it at a place at which nothing is.
 *
 * @param writing Where to write it.
 * @param target Its place.
 * @param content What it holds.
 * @param durable Whether it has to be durable before it gets its place.
 * @returns Whether it is there now; `false` when something else was there before.
 */
export function placeNewFile(
  writing: Writing,
  target: string,
  content: string | Uint8Array,
  durable: boolean,
): boolean {
  const aside = writeAside(writing, content, durable);
  try {
    linkNew(aside, target);
    return true;
  } catch (error) {
    removeIfThere(aside);
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
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
 * Writes a file aside and puts it at a place, over what is there.
 *
 * @param writing Where to write it.
 * @param target Its place.
 * @param content What it holds.
 * @param durable Whether it has to be durable before it gets its place.
 */
export function placeFile(
  writing: Writing,
  target: string,
  content: string | Uint8Array,
  durable: boolean,
): void {
  const aside = writeAside(writing, content, durable);
  try {
    Deno.renameSync(aside, target);
  } catch (error) {
    removeIfThere(aside);
    throw error;
  }
}

/**
 * Fills a directory aside and puts it at a place at which nothing is, or an empty directory.
 *
 * @param writing Where to fill it.
 * @param target Its place.
 * @param fill Fills the directory whose path it is given.
 * @returns Whether it is there now; `false` when something else was there before.
 */
export function placeNewDirectory(
  writing: Writing,
  target: string,
  fill: (directory: string) => void,
): boolean {
  const aside = writing.newPath();
  try {
    Deno.mkdirSync(aside);
    fill(aside);
    Deno.renameSync(aside, target);
    return true;
  } catch (error) {
    removeIfThere(aside);
    const isTaken = /\(os error (?:17|39|66)\)/.test(String(error));
    if (isTaken) return false;
    throw error;
  }
}

function writeAside(writing: Writing, content: string | Uint8Array, durable: boolean): string {
  const aside = writing.newPath();
  try {
    if (typeof content === "string") Deno.writeTextFileSync(aside, content, { createNew: true });
    else Deno.writeFileSync(aside, content, { createNew: true });
    if (durable) syncFile(aside);
    return aside;
  } catch (error) {
    removeIfThere(aside);
    throw error;
  }
}

/** What cannot be removed now is swept later. */
function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/**
 * Makes the directories of a path, below one that has to be there: a store that was moved away is not
 * brought back as an empty shell.
 *
 * @param base The directory that is there.
 * @param names The names of the directories in it, outermost first.
 * @param onMake Called with the parent of each directory that was made.
 * @throws {Deno.errors.NotADirectory} When a file stands in the way.
 */
export function makeDirectories(
  base: string,
  names: readonly string[],
  onMake: (parent: string) => void = () => {},
): void {
  let at = base;
  for (const name of names) {
    const parent = at;
    at = join(at, name);
    try {
      Deno.mkdirSync(at);
      onMake(parent);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (!Deno.statSync(at).isDirectory) throw new Deno.errors.NotADirectory(at);
    }
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
