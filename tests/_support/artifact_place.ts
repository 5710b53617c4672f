/**
 * Artifact roots on the disk, with our directory beside them or on another disk.
 *
 * @module
 */

import { join } from "@std/path";
import { asStorePath } from "../../lib/store/path.ts";
import type { AskedTree } from "../../tasks/_artifacts/set_aside.ts";
import { treePaths, type TreePlace } from "../../tasks/_artifacts/tree_place.ts";
import { memoryDirectory, tempDirectory } from "./temp_directory.ts";

/** The change of all trees. */
export const CHANGE = "20261101T123005Z-cleanup";

/** Where our directory is: beside the artifact root, or on another file system where the system has one. */
export const DISKS = ["one disk", "two disks"] as const;

/**
 * Makes an empty artifact root.
 *
 * @param disks Where our directory is.
 * @returns The place, which goes when the scope ends.
 */
export async function artifactPlace(
  disks: (typeof DISKS)[number] = "one disk",
): Promise<TreePlace & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const artifacts = stack.use(await memoryDirectory());
  const own = disks === "one disk" ? artifacts : stack.use(await tempDirectory());
  const [root, state] = [join(artifacts.path, "mlruns"), join(own.path, "mlflow.db.mltidy")];
  for (const made of [root, state]) Deno.mkdirSync(made);
  return {
    root,
    trees: join(state, "trees"),
    staging: join(state, "staging"),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/**
 * Names a tree of the change.
 *
 * @param path Where it belongs, below the root.
 * @returns The tree.
 */
export function treeAt(path: string): AskedTree {
  return { change: CHANGE, path: asStorePath(path) };
}

/**
 * Names where a tree may be.
 *
 * @param place Where the trees lie.
 * @param path Where it belongs, below the root.
 * @returns Absolute paths.
 */
export function pathsOf(place: TreePlace, path: string): ReturnType<typeof treePaths> {
  return treePaths(place, treeAt(path));
}
