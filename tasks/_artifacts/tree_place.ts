/**
 * Where artifact trees lie, and where they lie when they are set aside.
 *
 * ```
 * ROOT/                                   the artifact root
 *   EXP/RUN/                              a tree, whole
 *   EXP/.mltidy-CHANGE-RUN.trash/         one that is not to be kept, whole, until the change is finished
 *   EXP/.mltidy-CHANGE-RUN.copied.trash/  one of which a whole copy lies aside, being freed
 *   EXP/.mltidy-CHANGE-coming.trash/RUN/  a copy of what lies aside, on its way back
 * mlflow.db.mltidy/
 *   trees/CHANGE/EXP/RUN/                 a tree that is set aside, whole
 *   trees/CHANGE/%2E/EXP/                 that of a whole experiment, less what has come back of it by itself
 *   staging/                              copies in the making, and what is being freed
 * ```
 *
 * Each is put there by one rename, so where a tree lies tells all that happened to it: whoever was killed left
 * nothing else to believe. The last two are never the only ones: whoever finds them may free them.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { StorePath } from "../../lib/store/path.ts";
import { holdEntry } from "../_io/hold.ts";
import { infoOf } from "../_io/read.ts";

/** Where the trees of a store lie; absolute paths. */
export interface TreePlace {
  /** Real path of the artifact root. */
  readonly root: string;
  /** Holds what is set aside, by change; made when it is needed. */
  readonly trees: string;
  /** On the file system of `trees`; made when it is needed. What has the id of a change there is ours to free. */
  readonly staging: string;
}

/** A tree of a change. */
export interface ChangedTree {
  /** The change's id. */
  readonly change: string;
  /** Where the tree belongs, below the artifact root. */
  readonly path: StorePath;
  /** The tree around it with which it was set aside, and in which it is kept. @default {it was so by itself} */
  readonly within?: StorePath;
}

/**
 * Where a tree is:
 *
 * - `in-place`: where it belongs, and nowhere else.
 * - `set-aside`: not there, but kept, or about to be freed.
 * - `both`: there is something in its place, and a tree is set aside.
 * - `absent`: neither.
 */
export type TreeState = "in-place" | "set-aside" | "both" | "absent";

/** All places in which a tree may be; absolute paths. */
export interface TreePaths {
  readonly target: string;
  readonly aside: string;
  readonly leaving: string;
  readonly copied: string;
  /** Holds the tree by its own name. */
  readonly coming: string;
}

/**
 * Names the places in which a tree may be. Touches nothing.
 *
 * @param place Where the trees lie.
 * @param tree The tree.
 * @returns Absolute paths.
 */
export function treePaths(
  { root, trees }: TreePlace,
  { change, path, within = path }: ChangedTree,
): TreePaths {
  const target = join(root, path);
  const [parent, name] = [dirname(target), basename(target)];
  return {
    target,
    aside: join(trees, change, wayName(within), basename(within), path.slice(within.length)),
    leaving: join(parent, `.mltidy-${change}-${name}.trash`),
    copied: join(parent, `.mltidy-${change}-${name}.copied.trash`),
    coming: join(parent, `.mltidy-${change}-coming.trash`),
  };
}

/**
 * Makes one name of all that leads to a tree, so that an experiment and what was taken out of it are never in each
 * other's way.
 *
 * @param path Where the tree belongs.
 * @returns The name.
 */
export function wayName(path: StorePath): string {
  const way = dirname(path);
  return way === "." ? "%2E" : way.replace(/[%/]/g, encodeURIComponent);
}

/**
 * Tells from its name whether something below an artifact root is ours, on its way out or back.
 *
 * @param name The name.
 * @returns Whether it is.
 */
export function isPassing(name: string): boolean {
  return /^\.mltidy-\d{8}T\d{6}Z-.+\.trash$/.test(name);
}

/**
 * Looks where a tree is. Needs read permission.
 *
 * @param place Where the trees lie.
 * @param tree The tree.
 * @returns Where it is.
 * @throws {LedAstray} When a symbolic link is on the way.
 */
export function findTree(place: TreePlace, tree: ChangedTree): TreeState {
  const { target, aside, leaving } = treePaths(place, tree);
  const isKept = isThere(aside) || isThere(leaving);
  if (isThere(target)) return isKept ? "both" : "in-place";
  return isKept ? "set-aside" : "absent";
}

/**
 * Tells whether anything is at a path, with no link on the way. Needs read permission.
 *
 * @param path Absolute path.
 * @returns Whether there is.
 * @throws {LedAstray} When a symbolic link is on the way.
 */
export function isThere(path: string): boolean {
  using entry = holdEntry(path);
  return infoOf(entry.path) !== null;
}
