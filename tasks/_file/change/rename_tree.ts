/**
 * Renaming within a store, taking it back, and where something lies by now that was renamed.
 *
 * *Ordering*: one rename, so at every moment a tree lies at one place or the other, whole.
 *
 * *After an interruption*: where a tree lies tells how far it got.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { Operation } from "../../../lib/files/operations.ts";
import { holdEntry, LedAstray } from "../../_io/hold.ts";
import { infoOf } from "../../_io/read.ts";
import { deletedExperimentText } from "../../ports/deleted_experiment.ts";
import type { Step } from "../own/journal.ts";

type RenameTree = Extract<Operation, { kind: "rename-tree" }>;

/**
 * Renames a tree to where nothing is. Needs write permission for the store.
 *
 * @param operation The operation.
 * @param root Absolute real path of the store's root.
 * @throws {Error} When something is there, or the operating system refuses; then the store is as it was.
 */
export function renameTree({ path, to }: RenameTree, root: string): void {
  using before = holdEntry(join(root, path));
  using after = holdEntry(join(root, to));
  // A directory that is empty would be replaced.
  if (infoOf(after.path) !== null) throw new Error(`${to} is there already`);
  Deno.renameSync(before.path, after.path);
}

/**
 * Renames a tree back, if it is where it was renamed to. Needs write permission for the store.
 *
 * @param operation The operation.
 * @param root Absolute real path of the store's root.
 */
export function renameBack({ path, to }: RenameTree, root: string): void {
  if (infoOf(join(root, to)) === null) return;
  using before = holdEntry(join(root, path));
  if (infoOf(before.path) !== null) return;
  using after = holdEntry(join(root, to));
  Deno.renameSync(after.path, before.path);
}

/**
 * Says why renaming cannot be taken back, if it cannot: what was never renamed, or is back already, is in nobody's
 * way. Needs read permission for the store.
 *
 * @param operation The operation.
 * @param root Absolute real path of the store's root.
 * @returns The collision in words; `null` where there is none.
 */
export function collisionOfRename({ path, to }: RenameTree, root: string): string | null {
  const [before, after] = [join(root, path), join(root, to)];
  try {
    using heldBefore = holdEntry(before);
    const isBack = infoOf(heldBefore.path) !== null;
    // What lies behind a link was never brought there.
    if (isBack && isBehindLink(after)) return null;
    using heldAfter = holdEntry(after);
    if (infoOf(heldAfter.path) !== null) {
      return isBack
        ? `${before} exists again, and ${after} would replace it`
        : homelessText(root, path, after);
    }
    return isBack ? null : goneText(root, to, before);
  } catch (error) {
    if (error instanceof LedAstray) {
      return `a symbolic link leads to ${before}, or to ${after}, which belongs there`;
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return infoOf(before) === null ? goneText(root, to, before) : null;
  }
}

function isBehindLink(path: string): boolean {
  try {
    using _held = holdEntry(path);
    return false;
  } catch (error) {
    if (error instanceof LedAstray) return true;
    throw error;
  }
}

/**
 * Says why something cannot come back into its directory, if that has gone since. Needs read permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param path Where it belongs, below the root.
 * @param kept Absolute path at which it is.
 * @returns The collision in words; `null` where the directory is there.
 */
export function homelessText(root: string, path: string, kept: string): string | null {
  const directory = dirname(join(root, path));
  if (infoOf(directory)?.isDirectory) return null;
  return deletedText(root, path, `${kept} belongs into it`) ??
    `${directory} is gone, and ${kept} belongs into it`;
}

function goneText(root: string, to: string, before: string): string {
  const after = join(root, to);
  const need = `${after} belongs to ${before}`;
  return deletedText(root, to, need) ?? `${after} is gone, and belongs to ${before}`;
}

/**
 * Says that an experiment has been soft-deleted since, if it has. Needs read permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param path Something of the experiment, below the root.
 * @param need What that is needed for, in words.
 * @returns The collision in words; `null` where the experiment is there, or is gone for good.
 */
export function deletedText(root: string, path: string, need: string): string | null {
  const [id = ""] = path.split("/");
  const deleted = join(root, ".trash", id);
  if (infoOf(join(root, id)) !== null || infoOf(deleted)?.isDirectory !== true) return null;
  return deletedExperimentText({ id, found: `in ${deleted}`, need });
}

/**
 * Follows a path to where renaming has brought what was there. Needs read permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param steps Steps that were carried out, and not taken back.
 * @returns Gives the path below the root of what was at a path before them; the same where nothing has moved it.
 */
export function movedPaths(root: string, steps: readonly Step[]): (path: string) => string {
  const renamed = steps.flatMap(({ operation }) =>
    operation.kind === "rename-tree" ? [[operation.path, operation.to] as const] : []
  );
  const byPath = new Map<string, string>(renamed);
  return (path) => {
    for (
      let at = path;
      byPath.size > 0 && at !== "";
      at = at.slice(0, Math.max(0, at.lastIndexOf("/")))
    ) {
      const to = byPath.get(at);
      // What was taken back half, or has come back, is where it was.
      if (to !== undefined && infoOf(join(root, at)) === null) {
        return `${to}${path.slice(at.length)}`;
      }
    }
    return path;
  };
}
