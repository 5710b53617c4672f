/**
 * What lies in the tree of a whole experiment that is kept, one by one: by that it comes back into a directory in
 * which something is by now, be it what has come back of it before.
 *
 * @module
 */

import { basename } from "@std/path";
import { asStorePath, type StorePath } from "../../lib/store/path.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { infoOf } from "../_io/read.ts";
import { FOLDERS } from "./look_within.ts";
import { type ChangedTree, isThere, treePaths, type TreePlace } from "./tree_place.ts";

/** What lies in a tree that is kept. */
export interface KeptParts {
  /** Directories, each to come back as a tree of its own. */
  readonly trees: readonly ChangedTree[];
  /** All else. */
  readonly others: readonly ChangedTree[];
  /** Directories that are on either side, of which what they hold comes back; the outermost first. */
  readonly shared: readonly ChangedTree[];
}

/**
 * Lists what lies in the tree of a whole experiment. Needs read permission.
 *
 * @param place Where the trees lie.
 * @param tree The tree; it is kept, and something is in its place.
 * @returns What lies in it; `null` where it is not that of an experiment, or cannot be listed.
 */
export async function keptParts(place: TreePlace, tree: ChangedTree): Promise<KeptParts | null> {
  if (tree.path.includes("/") || !isDirectory(place, tree)) return null;
  const [trees, others, shared]: [ChangedTree[], ChangedTree[], ChangedTree[]] = [[], [], []];
  const look = async (around: ChangedTree): Promise<boolean> => {
    shared.push(around);
    const listed = await listDirectory(treePaths(place, around).aside);
    if (listed.kind === "failed") return false;
    for (const { name, isDirectory: isTree } of listed.entries) {
      const part = { change: tree.change, path: below(around.path, name), within: tree.path };
      if (isShared(place, tree, part)) {
        if (!await look(part)) return false;
      } else (isTree ? trees : others).push(part);
    }
    return true;
  };
  return await look(tree) ? { trees, others, shared } : null;
}

function isShared(place: TreePlace, tree: ChangedTree, part: ChangedTree): boolean {
  return part.path.lastIndexOf("/") === tree.path.length && FOLDERS.has(basename(part.path)) &&
    isDirectory(place, part);
}

/** Whether it is one on either side, with no link on the way. */
function isDirectory(place: TreePlace, tree: ChangedTree): boolean {
  const { target, aside } = treePaths(place, tree);
  return [target, aside].every((path) => isThere(path) && infoOf(path)?.isDirectory);
}

function below(path: StorePath, name: string): StorePath {
  return asStorePath(`${path}/${name}`);
}
