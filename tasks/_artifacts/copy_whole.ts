/**
 * Copying a tree to another file system so that the original may go.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { syncDirectory } from "../_io/durable.ts";
import { accessOf, makePassage, setAccess } from "../_io/permissions.ts";
import { infoOf } from "../_io/read.ts";
import { compareTrees } from "../_io/tree/compare_trees.ts";
import { copyTree } from "../_io/tree/copy_tree.ts";
import { tryFreeTree } from "../_io/tree/free_tree.ts";
import type { TreeWork } from "../_io/tree/tree_work.ts";
import { walkTree } from "../_io/tree/walk_tree.ts";
import { measureTree, newMeasurer } from "../_file/scan/measure.ts";

/**
 * Copies a tree, under its own name, into a directory that is made for it. When this returns, all of it is
 * durable, was read back, and is what the original has, which nobody has changed meanwhile. Needs read permission
 * for the original and write permission for the target.
 *
 * @param original Absolute path of a directory, without links.
 * @param into Absolute path of the directory to make; what an interruption left there is freed first.
 * @param work The signal, and progress.
 * @returns Absolute path of the copy.
 * @throws {Error} When some of it cannot be copied, or it was changed meanwhile; then nothing is left of the copy.
 * @throws {DOMException} `AbortError` when the signal is aborted; likewise.
 */
export async function copyWhole(
  original: string,
  into: string,
  work: TreeWork = {},
): Promise<string> {
  const name = basename(original);
  const copy = join(into, name);
  const left = await tryFreeTree(into);
  if (left !== null) throw new Error(`${into} cannot be freed: ${left}`);
  makePassage(into);
  try {
    const before = await stampOf(original);
    const membership = (path: string) =>
      path === name || path.startsWith(`${name}/`) ? "in" : "out";
    await copyTree(dirname(original), into, { ...work, membership });
    await closeDirectories(original, copy);
    syncDirectory(into);
    for await (const path of compareTrees(original, copy, { contents: false, ...work })) {
      throw new Error(`the copy of ${join(original, path)} is different`);
    }
    if (before === "" || await stampOf(original) !== before) {
      throw new Error(`${original} was changed while it was copied`);
    }
    return copy;
  } catch (error) {
    await tryFreeTree(into);
    throw error;
  }
}

async function stampOf(tree: string): Promise<string> {
  return (await measureTree(tree, newMeasurer()))?.stamp ?? "";
}

/** While they were filled, directories were open to this account whatever their mode. */
async function closeDirectories(original: string, copy: string): Promise<void> {
  const closed: (readonly [path: string, info: Deno.FileInfo])[] = [];
  const look = (path: string, info: Deno.FileInfo | null) => {
    const isClosed = ((info?.mode ?? 0o700) & 0o700) !== 0o700;
    if (info?.isDirectory && isClosed) closed.push([path, info]);
  };
  look(copy, infoOf(original));
  for await (const found of walkTree(original)) {
    if (found.kind === "directory") look(join(copy, found.path), found.info);
  }
  for (const [path, info] of closed.toReversed()) {
    const { mode } = accessOf(info);
    const made = Deno.lstatSync(path);
    setAccess(path, { ...accessOf(made), mode: accessOf(made).mode & (mode | 0o7077) }, made);
  }
}
