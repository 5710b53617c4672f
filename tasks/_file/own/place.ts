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
import { free, linkNew, removeIfThere, syncDirectory } from "../../_io/durable.ts";
import { hold } from "../../_io/hold.ts";
import { listSome } from "../../_io/list_directory.ts";
import { makePassage } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { makeAside, makeDirectory, type Model, modelAt, placeOf, writeNew } from "./make_new.ts";
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
  const aside = writeAside(writing, content, { model: placeOf(target), durable });
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
 * @param model What it is made like.
 */
export function placeFile(
  writing: Writing,
  target: string,
  content: string | Uint8Array,
  durable: boolean,
  model: Model = modelAt(target),
): void {
  const aside = writeAside(writing, content, { model, durable });
  try {
    Deno.renameSync(aside, target);
  } catch (error) {
    removeIfThere(aside);
    throw error;
  }
}

/** What a new directory holds. */
export interface Contents {
  /** Names of directories in it. */
  readonly directories?: readonly string[];
  /** What its files hold, and those of these directories, by their paths in it. */
  readonly files: readonly (readonly [path: string, text: string])[];
}

/**
 * Fills a directory aside and puts it at a place at which nothing is, or an empty directory.
 *
 * @param writing Where to fill it.
 * @param target Its place.
 * @param contents What it holds.
 * @param durable Whether that has to be durable before it gets its place.
 * @returns Whether it is there now; `false` when something else was there before.
 */
export function placeNewDirectory(
  writing: Writing,
  target: string,
  { directories = [], files }: Contents,
  durable: boolean,
): boolean {
  const model = placeOf(target);
  using aside = makeAside(writing.newPath(), model);
  const below = directories.map((name) => join(aside.path, name));
  for (const directory of below) makeDirectory(directory, model);
  for (const [path, text] of files) writeNew(join(aside.path, path), text, model, durable);
  if (durable) { for (const directory of [...below, aside.path]) syncDirectory(directory); }
  try {
    Deno.renameSync(aside.path, target);
    return true;
  } catch (error) {
    const isTaken = /\(os error (?:17|39|66)\)/.test(String(error));
    if (isTaken) return false;
    throw error;
  }
}

function writeAside(
  writing: Writing,
  content: string | Uint8Array,
  { model, durable }: { readonly model: Model; readonly durable: boolean },
): string {
  const aside = writing.newPath();
  try {
    writeNew(aside, content, model, durable);
    return aside;
  } catch (error) {
    removeIfThere(aside);
    throw error;
  }
}
