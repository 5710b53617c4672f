import { dirname } from "@std/path";
import { freeName } from "../_file/own/own_directory.ts";
import { syncDirectory } from "../_io/durable.ts";
import { moveEntry } from "../_io/hold.ts";
import { tryFreeTree } from "../_io/tree/free_tree.ts";
import type { TreeWork } from "../_io/tree/tree_work.ts";
import { type ChangedTree, treePaths, type TreePlace } from "./tree_place.ts";

/**
 * Gives up what is kept of a tree: by one rename it leaves for staging, and is freed there. Needs read and write
 * permission for our directory.
 *
 * @param place Where the trees lie.
 * @param tree The tree; something is kept of it.
 * @param work The signal, after which the rest is freed by whoever locks the store next, and progress.
 * @returns Why something of it takes its place all the same, in words; `null`: nothing does.
 */
export async function giveUp(
  place: TreePlace,
  tree: ChangedTree,
  work: TreeWork = {},
): Promise<string | null> {
  const { aside } = treePaths(place, tree);
  const leaving = freeName(place.staging, tree.change);
  moveEntry(aside, leaving);
  syncDirectory(dirname(aside));
  return await tryFreeTree(leaving, work);
}
