/**
 * Carrying out the five operations, and taking them back.
 *
 * *Ordering*: the new file is durable, and the old one in the backup, durably too, before the one is
 * renamed over the other, and a tree is moved by one rename, so at every moment each byte is in the store or
 * in the backup. To wait for the latter is no excess of care: a file system may write the new name of a file
 * that it was asked to make durable long before the second link to another, however old that is.
 *
 * *Whoever may write into the store* may exchange a directory on the way for a link at any moment, so both
 * ends of each act are entries of directories that are held, see `hold.ts`.
 *
 * *After an interruption*: {@linkcode takeBack} looks at what is there and needs no record of how far
 * {@linkcode carryOut} got; it may be called any number of times.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { Operation } from "../../../lib/files/operation.ts";
import { free, linkNew, removeIfEmpty, syncDirectory, writeAll } from "../../_io/durable.ts";
import { holdEntry, LedAstray } from "../../_io/hold.ts";
import { createEntry } from "../../_io/open_entry.ts";
import {
  accessBelow,
  accessOf,
  beginDirectory,
  mirrorWayTo,
  setAccess,
} from "../../_io/permissions.ts";
import { infoOf, isOneFile, MOST, readBytes, sameFile, timeOf } from "../../_io/read.ts";
import { parentOf, waysTo } from "../own/journal.ts";
import { contentOf } from "./content_of.ts";
import { collisionOfCopy, takeCopyBack } from "../copying/bring_tree.ts";
import {
  collisionOfRename,
  deletedText,
  homelessText,
  renameBack,
  renameTree,
} from "./rename_tree.ts";

/** The places between which operations move things; absolute paths on one file system. */
export interface Workplace {
  /** The store's root. */
  readonly root: string;
  /** The backup's `files/`, which mirrors the store's paths. */
  readonly files: string;
  readonly staging: string;
}

/** An operation that gives a file new content. */
export type ReplaceFile = Extract<Operation, { kind: "replace-file" }>;

/** A new file, written and waiting to be renamed into place. */
export interface Staged {
  readonly path: string;
  /** The file that it was made from and will replace; `null` when there was none. */
  readonly old: Deno.FileInfo | null;
  /** Whether the backup has a second link to the old file, durably. */
  readonly isKept: boolean;
}

/**
 * Carries out an operation. Needs read and write permission for the store.
 *
 * @param operation The operation.
 * @param at The places.
 * @param ahead Its new file, if that has been staged and is durable, and whether the old one is kept.
 * @returns The file that it has replaced, and that the backup keeps; `null` where there was none.
 * @throws {Error} When the operating system refuses; then the store is as it was.
 */
export function carryOut(
  operation: Operation,
  at: Workplace,
  ahead: Staged | null = null,
): Deno.FileInfo | null {
  using held = holdEntry(join(at.root, operation.path));
  const target = held.path;
  switch (operation.kind) {
    case "move-tree": {
      mirrorWayTo(at.root, at.files, operation.path);
      using kept = holdEntry(join(at.files, operation.path));
      Deno.renameSync(target, kept.path);
      return null;
    }
    case "rename-tree":
      renameTree(operation, at.root);
      return null;
    case "replace-file": {
      if (operation.content.kind === "new-text") {
        using staged = holdEntry(stagedFor(operation, at, ahead, target).path);
        linkNew(staged.path, target);
        return null;
      }
      mirrorWayTo(at.root, at.files, operation.path);
      using kept = holdEntry(join(at.files, operation.path));
      const isKept = ahead !== null && isStillKept(ahead, target, kept.path);
      const { path, old } = stagedFor(operation, at, ahead, target);
      using staged = holdEntry(path);
      if (!isKept) {
        using copy = holdEntry(join(at.staging, "old"));
        keepOld(target, kept.path, copy.path);
      }
      try {
        if (!isKept) directoriesToKept(operation, at).forEach(syncDirectory);
        Deno.renameSync(staged.path, target);
      } catch (error) {
        Deno.removeSync(kept.path);
        throw error;
      }
      return old;
    }
    case "copy-tree":
      throw new Error("it was not copied");
    case "create-dir": {
      const access = accessBelow(dirname(target), "directory");
      beginDirectory(target, access);
      try {
        setAccess(target, access);
      } catch (error) {
        // A closed one would keep out whoever trains there.
        Deno.removeSync(target);
        throw error;
      }
      return null;
    }
  }
}

/** What was staged ahead serves if the file that it was made from is still the one to be replaced. */
function stagedFor(
  operation: ReplaceFile,
  at: Workplace,
  ahead: Staged | null,
  target: string,
): Pick<Staged, "path" | "old"> {
  if (ahead !== null) {
    const old = infoOf(target);
    if (isSameState(ahead.old, old)) return { path: ahead.path, old };
    free(ahead.path);
  }
  const path = join(at.staging, "new");
  free(path);
  using staged = holdEntry(path);
  const { old, file: handle } = stageFile(operation.content, target, staged.path);
  using file = handle;
  file.syncSync();
  return { path, old };
}

/** What was kept ahead serves if it is still the one to be replaced; another would be in the way. */
function isStillKept({ isKept }: Staged, target: string, kept: string): boolean {
  if (!isKept) return false;
  if (isOneFile(target, kept)) return true;
  if (infoOf(kept) !== null) Deno.removeSync(kept);
  return false;
}

/**
 * Names the directories that have to be durable for what an operation keeps in the backup to be so.
 *
 * @param operation The operation.
 * @param at The places.
 * @returns Absolute paths, outermost first.
 */
export function directoriesToKept(operation: Operation, at: Workplace): readonly string[] {
  return waysTo(parentOf(operation.path)).map((path) => join(at.files, path));
}

function isSameState(left: Deno.FileInfo | null, right: Deno.FileInfo | null): boolean {
  if (left === null || right === null) return left === right;
  return sameFile(left, right) && left.size === right.size &&
    left.mtime?.getTime() === right.mtime?.getTime();
}

/**
 * Writes what a file is to hold into staging, with the mode and the owner of the file that it will
 * replace. Durable once the handle is synced. Needs read and write permission for the store.
 *
 * @param content What it is to hold.
 * @param target The file that it will replace: an entry of a directory that is held.
 * @param staged Where it is written, likewise; nothing may be there, for that might be a link into the store.
 * @returns The file that it was made from, and the handle, which the caller closes.
 * @throws {Error} When the operating system refuses; then nothing is left at the path.
 */
export function stageFile(
  content: ReplaceFile["content"],
  target: string,
  staged: string,
): { readonly old: Deno.FileInfo | null; readonly file: Deno.FsFile } {
  const old = infoOf(target);
  const bytes = contentOf(content, old && readBytes(target, WHOLE));
  const file = createEntry(staged);
  try {
    writeAll(file, bytes);
    setAccess(
      staged,
      old === null ? accessBelow(dirname(target), "file") : accessOf(old),
      file.statSync(),
    );
  } catch (error) {
    file.close();
    Deno.removeSync(staged);
    throw error;
  }
  return { old, file };
}

/** A second link keeps the very file, with its times and mode; a copy serves where links cannot be. */
function keepOld(target: string, kept: string, copy: string): void {
  try {
    Deno.linkSync(target, kept);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    copyOld(target, copy);
    // Renamed when it is whole, so that what is under the kept name is always the old file.
    Deno.renameSync(copy, kept);
  }
}

function copyOld(target: string, copy: string): void {
  if (infoOf(copy) !== null) Deno.removeSync(copy);
  const old = Deno.lstatSync(target);
  using file = createEntry(copy);
  writeAll(file, readBytes(target, WHOLE));
  setAccess(copy, accessOf(old), file.statSync());
  const time = timeOf(old);
  if (time !== null) file.utimeSync(new Date(time), new Date(time));
  file.syncSync();
}

/**
 * Says why an operation cannot be taken back, if it cannot. Needs read permission for the store.
 *
 * @param operation The operation.
 * @param at The places.
 * @param now Where by now lies what it acted on: renaming it is taken back first.
 * @returns The two sides of the collision in words, or `null` when nothing is in the way.
 */
export function collisionOf(
  operation: Operation,
  at: Workplace,
  now: string = operation.path,
): string | null {
  if (operation.kind === "rename-tree") return collisionOfRename(operation, at.root);
  const target = join(at.root, now);
  const kept = join(at.files, operation.path);
  if (operation.kind === "copy-tree") {
    const isKept = infoOf(kept) !== null;
    const deleted = isKept ? deletedText(at.root, now, `${target} was copied into it`) : null;
    return deleted ?? collisionOfCopy(operation, at);
  }
  try {
    using heldTarget = holdEntry(target);
    using heldKept = holdEntry(kept);
    return collisionBetween(operation, { target, kept }, heldTarget.path, heldKept.path) ??
      (operation.kind === "move-tree" && infoOf(heldKept.path) !== null
        ? homelessText(at.root, now, kept)
        : null);
  } catch (error) {
    if (!(error instanceof LedAstray)) throw error;
    return astrayOf(operation, target, kept);
  }
}

/** What lies behind a link on the way is left alone, and is in the way only of what is to be done there. */
function astrayOf(operation: Operation, target: string, kept: string): string | null {
  if (infoOf(kept) !== null) {
    return isAstray(kept)
      ? `a symbolic link leads to ${kept}, which may not be what belongs to ${target}`
      : `a symbolic link leads to ${target}, and ${kept} belongs there`;
  }
  if (isNew(operation) && infoOf(target) !== null) {
    return `a symbolic link leads to ${target}, which may not be what was made there`;
  }
  return null;
}

function collisionBetween(
  operation: Operation,
  { target, kept }: { readonly target: string; readonly kept: string },
  targetPath: string,
  keptPath: string,
): string | null {
  switch (operation.kind) {
    case "move-tree":
      return infoOf(keptPath) !== null && infoOf(targetPath) !== null
        ? `${target} exists again, and ${kept} would replace it`
        : null;
    case "rename-tree":
    case "copy-tree":
      return null;
    case "replace-file": {
      const current = infoOf(targetPath);
      const old = infoOf(keptPath);
      // Nothing is kept of a file that was not there; what stands there goes only if it is ours.
      if (old === null) return null;
      if (current === null) return `${target} is gone, and ${kept} would bring it back`;
      if (sameFile(old, current)) return null;
      if (!old.isFile) return `${kept} is no file, and would replace ${target}`;
      const before = readBytes(keptPath, WHOLE);
      return holds(targetPath, before) || holds(targetPath, contentOf(operation.content, before))
        ? null
        : `${target} was changed since, and ${kept} would replace it`;
    }
    case "create-dir":
      return null;
  }
}

/** Makes something that was not there, of which nothing is kept. */
function isNew(operation: Operation): boolean {
  return operation.kind === "create-dir" ||
    operation.kind === "replace-file" && operation.content.kind === "new-text";
}

/**
 * Takes an operation back, whether it was carried out, half carried out, or not at all. The caller
 * has asked {@linkcode collisionOf} before. Needs read and write permission for the store.
 *
 * @param operation The operation.
 * @param at The places.
 */
export function takeBack(operation: Operation, at: Workplace): void {
  if (operation.kind === "rename-tree") return renameBack(operation, at.root);
  if (operation.kind === "copy-tree") return takeCopyBack(operation, at);
  const target = join(at.root, operation.path);
  const kept = join(at.files, operation.path);
  try {
    using heldTarget = holdEntry(target);
    using heldKept = holdEntry(kept);
    takeBackBetween(operation, heldTarget.path, heldKept.path);
  } catch (error) {
    const isNothing = error instanceof LedAstray && astrayOf(operation, target, kept) === null;
    if (!isNothing) throw error;
  }
}

function isAstray(path: string): boolean {
  try {
    using _held = holdEntry(path);
    return false;
  } catch (error) {
    if (!(error instanceof LedAstray)) throw error;
    return true;
  }
}

function takeBackBetween(operation: Operation, target: string, kept: string): void {
  switch (operation.kind) {
    case "move-tree":
      if (infoOf(kept) !== null) Deno.renameSync(kept, target);
      return;
    case "rename-tree":
    case "copy-tree":
      return;
    case "replace-file": {
      const old = infoOf(kept);
      const { content } = operation;
      if (old === null) {
        if (content.kind === "new-text" && holds(target, contentOf(content, null))) {
          Deno.removeSync(target);
        }
        return;
      }
      const current = infoOf(target);
      // rename(2) between two links of one file does nothing, so the second link is removed instead.
      if (current !== null && sameFile(old, current)) Deno.removeSync(kept);
      else Deno.renameSync(kept, target);
      return;
    }
    case "create-dir":
      // Somebody may have put something into it, and then it stays.
      if (infoOf(target) !== null) removeIfEmpty(target);
      return;
  }
}

/** A metric may be of any length. */
const WHOLE = { most: MOST.text, links: "refused" } as const;

function holds(path: string, wanted: Uint8Array): boolean {
  const info = infoOf(path);
  if (!info?.isFile || info.size !== wanted.length) return false;
  const found = readBytes(path, WHOLE);
  return found.every((byte, index) => byte === wanted[index]);
}
