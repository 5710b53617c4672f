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

import { join } from "@std/path";
import { free, linkNew, removeIfThere, syncFile } from "../../_io/durable.ts";
import { hold } from "../../_io/hold.ts";
import { listSome } from "../../_io/list_directory.ts";
import { makePassage } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { ensureOwnDirectory, inOwnDirectory } from "./own_directory.ts";
import { isBeingWritten, ownPaths } from "./own_paths.ts";

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
      if (infoOf(directory)?.isDirectory) return;
      ensureOwnDirectory(root);
      makePassage(directory);
    });
  inOwnDirectory(root, () => ensureOwnDirectory(root));
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
  using held = hold(directory);
  for (const { name } of listSome(held.path)) {
    if (!isBeingWritten(name)) continue;
    const changed = infoOf(held.at(name))?.mtime?.getTime() ?? now;
    if (now - changed >= ABANDONED) free(join(directory, name));
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
