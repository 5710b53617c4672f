/**
 * From an artifact root to where its trees lie.
 *
 * @module
 */

import type { Environment } from "../_io/process.ts";
import { isLocalRoot } from "../../lib/snapshot/artifact_root.ts";
import type { ArtifactPlace, OpenPlace } from "./artifact_place.ts";
import { bringTreesBack, treeCollision } from "./bring_tree_back.ts";
import { freeCopied, freeTrees, measureKept } from "./free_trees.ts";
import { lookWithin } from "./look_within.ts";
import { checkTree, copyAhead, setAside } from "./set_aside.ts";
import { isThere, type TreePlace } from "./tree_place.ts";

/**
 * Makes what opens the places of a database's trees. Touches nothing.
 *
 * @param own Where trees of this machine are kept, and where they are freed.
 * @param environment Says what variables are set to, which may tell how to reach a bucket.
 * @returns What opens them; of one root always the same.
 */
export function placeOpener(
  own: Omit<TreePlace, "root">,
  environment: Environment,
): OpenPlace {
  const opened = new Map<string, Promise<ArtifactPlace>>();
  const open = async (root: string): Promise<ArtifactPlace> => {
    // What is kept is kept without a root as well.
    if (root === "" || isLocalRoot(root)) return localPlace({ root, ...own });
    // Most stores have no bucket, and what asks one takes time to load.
    const { openS3Place } = await import("./s3/s3_place.ts");
    return openS3Place(root, environment);
  };
  return (root) => opened.getOrInsertComputed(root, open);
}

/** Makes the place of trees on this machine. Touches nothing. */
function localPlace(place: TreePlace): ArtifactPlace {
  return {
    root: place.root,
    kept: place.trees,
    check: (tree) => checkTree(place, tree),
    has: (path) => Promise.try(() => isThere(`${place.root}/${path}`)),
    look: (path) => lookWithin(place.root, path),
    copyAhead: (tree, work) => copyAhead(place, tree, work),
    setAside: (trees, options) => setAside(place, trees, options),
    collision: (tree) => treeCollision(place, tree),
    bringBack: (trees, work) => bringTreesBack(place, trees, work),
    free: (change, paths, work) => freeTrees(place, change, paths, work),
    freeCopied: (change, paths) => freeCopied(place, change, paths),
    async freeCopies(change) {
      // What cannot be freed lies in staging, from which the next lock takes it.
      await freeTrees(place, change, []);
      return null;
    },
    measureKept: (change) => measureKept(place, change),
  };
}
