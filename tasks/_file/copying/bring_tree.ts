/**
 * Bringing a copied tree into the store, and taking it away again.
 *
 * *Ordering*: the footprint is in the backup, durably, before one rename brings the tree to where nothing is. Taken
 * away is what is still its footprint: by one rename into staging, out of MLflow's sight, and there file by file.
 *
 * *After an interruption*: what is at its place and has a footprint came; without one nothing did.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { CopyTree } from "../../../lib/files/operation.ts";
import { syncDirectory, writeAndSync } from "../../_io/durable.ts";
import { holdEntry, LedAstray, moveEntry } from "../../_io/hold.ts";
import { mirrorWayTo } from "../../_io/permissions.ts";
import { failureText, infoOf, MOST, readText } from "../../_io/read.ts";
import { freeName } from "../own/own_directory.ts";
import type { CopiedTree } from "./copy_from.ts";
import { isAsItCame, removeAsItCame } from "./footprint.ts";

/** The places between which a copy moves; absolute paths on one file system. */
export interface CopyPlaces {
  /** The store's root. */
  readonly root: string;
  /** The backup's `files/`. */
  readonly files: string;
  readonly staging: string;
}

/**
 * Names a place in staging, by the id of the backup, for what comes from there or goes there. Needs read permission.
 *
 * @param at The places.
 * @returns An absolute path at which nothing is.
 */
export function placeInStaging({ files, staging }: CopyPlaces): string {
  return freeName(staging, basename(dirname(files)));
}

/**
 * Brings a copied tree into the store. Needs write permission for it.
 *
 * @param operation What was copied.
 * @param at The places.
 * @param tree The copy, in staging.
 * @throws {Error} When something is there, or the operating system refuses; then the store is as it was.
 */
export function bringTree({ path }: CopyTree, at: CopyPlaces, tree: CopiedTree): void {
  const target = join(at.root, path);
  const kept = join(at.files, path);
  mirrorWayTo(at.root, at.files, path);
  writeAndSync(kept, tree.footprint, tree.readers);
  for (let way = dirname(kept); way.startsWith(at.files); way = dirname(way)) syncDirectory(way);
  try {
    using entry = holdEntry(target);
    // A directory that is empty would be replaced.
    if (infoOf(entry.path) !== null) throw new Error(`${path} is there already`);
    using staged = holdEntry(tree.path);
    Deno.renameSync(staged.path, entry.path);
  } catch (error) {
    Deno.removeSync(kept);
    throw error;
  }
}

/**
 * Says why a copied tree cannot be taken away, if it cannot: what never came, or has gone since, is in nobody's way.
 * Needs read permission.
 *
 * @param operation What was copied.
 * @param at The places.
 * @returns The collision in words; `null` where there is none.
 */
export function collisionOfCopy({ path }: CopyTree, at: CopyPlaces): string | null {
  const target = join(at.root, path);
  const footprint = footprintAt(join(at.files, path));
  if (footprint === null) return null;
  try {
    using entry = holdEntry(target);
    if (infoOf(entry.path) === null) return null;
    return isAsItCame(entry.path, footprint)
      ? null
      : `${target} was changed since it was copied, and undoing that would remove it`;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error instanceof LedAstray
      ? `a symbolic link leads to ${target}, which may not be what was copied there`
      : `${target} cannot be looked at: ${failureText(error)}`;
  }
}

/**
 * Takes a copied tree away, whether it came or not. The caller has asked {@linkcode collisionOfCopy} before. Needs
 * read and write permission for the store.
 *
 * @param operation What was copied.
 * @param at The places.
 */
export function takeCopyBack({ path }: CopyTree, at: CopyPlaces): void {
  const target = join(at.root, path);
  const kept = join(at.files, path);
  const footprint = footprintAt(kept);
  if (footprint === null) return;
  if (infoOf(target) !== null) {
    const taken = placeInStaging(at);
    moveEntry(target, taken);
    if (!isAsItCame(taken, footprint)) {
      // Somebody was quicker.
      moveEntry(taken, target);
      throw new Error(`${target} was changed since it was copied`);
    }
    removeWhole(taken, footprint, at);
  }
  using entry = holdEntry(kept);
  Deno.removeSync(entry.path);
}

/** What it holds besides, which could not be seen before, nobody frees. */
function removeWhole(taken: string, footprint: string, { staging }: CopyPlaces): void {
  try {
    removeAsItCame(taken, footprint);
  } catch (error) {
    const left = freeName(dirname(staging), `kept-${basename(taken)}`);
    moveEntry(taken, left);
    throw new Error(`${failureText(error)}; what is left of it is kept in ${left}`, {
      cause: error,
    });
  }
}

function footprintAt(kept: string): string | null {
  const read = readText(kept, { most: MOST.text, links: "refused" });
  return read.kind === "text" ? read.text : null;
}
