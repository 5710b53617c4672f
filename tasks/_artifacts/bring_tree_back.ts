/**
 * Bringing back trees that were set aside.
 *
 * *Ordering*: within one file system, one rename. Elsewhere a tree is copied to the side of its place, synced, read
 * back and compared, entry by entry, and renamed into its place; only then what was kept is given up.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: what is on its way back is a copy, and freed when it is tried again. A tree that is both
 * in its place and aside, the same, is back.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { asStorePath } from "../../lib/store/path.ts";
import {
  putTimeBack,
  removeIfEmpty,
  syncDirectories,
  syncDirectoriesThere,
} from "../_io/durable.ts";
import { holdEntry, LedAstray, moveEntry, tryMoveEntry } from "../_io/hold.ts";
import { accessOf, makeLike, makeLikeParent, setAccess } from "../_io/permissions.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { failureText, infoOf, timeOf } from "../_io/read.ts";
import { isAbort, takeTurns } from "../_io/take_turns.ts";
import { areSameTrees } from "../_io/tree/compare_trees.ts";
import { tryFreeTree } from "../_io/tree/free_tree.ts";
import type { TreeWork } from "../_io/tree/tree_work.ts";
import { copyWhole } from "./copy_whole.ts";
import { giveUp } from "./give_up.ts";
import { type KeptParts, keptParts } from "./kept_parts.ts";
import { type ChangedTree, findTree, isThere, treePaths, type TreePlace } from "./tree_place.ts";

/** What came of bringing a tree back. */
export type BroughtTree =
  /** It is in its place; `isNew`: and was not before. */
  | { readonly kind: "in-place"; readonly isNew: boolean }
  /** It is not there, and nothing is kept of it. */
  | { readonly kind: "absent" }
  /** It stays where it is kept. */
  | { readonly kind: "stays"; readonly message: string };

/**
 * Says what is in the way of a tree that is to be brought back, if anything is. Changes nothing; needs read
 * permission.
 *
 * @param place Where the trees lie.
 * @param tree The tree.
 * @param work The signal.
 * @returns The two sides of the collision in words, or `null`.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function treeCollision(
  place: TreePlace,
  tree: ChangedTree,
  work: TreeWork = {},
): Promise<string | null> {
  const { target, aside, leaving } = treePaths(place, tree);
  try {
    const state = findTree(place, tree);
    if (state === "set-aside") {
      return infoOf(place.root)?.isDirectory
        ? null
        : `${place.root} is gone, and ${aside} belongs into it`;
    }
    if (state !== "both") return null;
    const kept = isThere(aside) ? aside : leaving;
    if (await isReplaceable(target) || await isBack(place, tree, work)) return null;
    const parts = await keptParts(place, tree);
    if (parts !== null) return await partCollision(place, parts, work);
    return `${target} exists again, and ${kept} would replace it`;
  } catch (error) {
    if (!(error instanceof LedAstray)) throw error;
    return `${error.message}, and ${aside} belongs there`;
  }
}

/** What is in the way of any of what lies in a tree. */
async function partCollision(
  place: TreePlace,
  { trees, others }: KeptParts,
  work: TreeWork,
): Promise<string | null> {
  for (const part of trees) {
    const collision = await treeCollision(place, part, work);
    if (collision !== null) return collision;
  }
  for (const part of others) {
    const { target, aside } = treePaths(place, part);
    if (isThere(target)) return `${target} exists again, and ${aside} would replace it`;
    if (infoOf(aside)?.dev !== infoOf(place.root)?.dev) {
      return `${aside} is no directory, and lies on another file system than ${target}`;
    }
  }
  return null;
}

/** A rename replaces an empty directory, of which nothing is lost. */
async function isReplaceable(target: string): Promise<boolean> {
  using entry = holdEntry(target);
  if (!infoOf(entry.path)?.isDirectory) return false;
  const listed = await listDirectory(entry.path);
  return listed.kind === "listed" && listed.entries.length === 0;
}

/** What was cut off after a whole copy had come into its place, or before the original had left it. */
async function isBack(place: TreePlace, tree: ChangedTree, work: TreeWork): Promise<boolean> {
  const { target, aside, leaving } = treePaths(place, tree);
  const kept = isThere(aside) ? aside : leaving;
  return await areSameTrees(target, kept, { contents: true, signal: work.signal });
}

/**
 * Brings trees back to their places. Doing it again goes on where it was cut off. Needs read and write permission
 * for the artifact root and our directory.
 *
 * @param place Where the trees lie.
 * @param trees The trees; what lies in another one of them comes behind that.
 * @param work The signal, and progress.
 * @returns Of each, in the same order, whether it is in its place, durably; or why it stays where it is kept.
 * @throws {DOMException} `AbortError` when the signal is aborted; then each is whole, in one place or the other.
 */
export async function bringTreesBack(
  place: TreePlace,
  trees: readonly ChangedTree[],
  work: TreeWork = {},
): Promise<readonly BroughtTree[]> {
  const changed = new Set<string>();
  const results: BroughtTree[] = [];
  try {
    const turn = takeTurns(work.signal);
    for (const tree of trees) {
      await turn();
      const time = timeOf(infoOf(dirname(treePaths(place, tree).target)));
      const result = await bringOneBack(place, tree, work, changed);
      results.push(result);
      const isChanged = time !== null && result.kind === "in-place" && result.isNew;
      if (isChanged) putTimeBack(place.root, dirname(tree.path), time);
    }
  } finally {
    await syncDirectoriesThere(changed);
  }
  return results;
}

async function bringOneBack(
  place: TreePlace,
  tree: ChangedTree,
  work: TreeWork,
  changed: Set<string>,
): Promise<BroughtTree> {
  const { target, aside, leaving, copied, coming } = treePaths(place, tree);
  try {
    const state = findTree(place, tree);
    for (const rest of [copied, coming]) if (isThere(rest)) await tryFreeTree(rest);
    if (state === "absent") return { kind: "absent" };
    if (state === "in-place") return { kind: "in-place", isNew: false };
    const collision = await treeCollision(place, tree, work);
    if (collision !== null) return { kind: "stays", message: collision };
    const isKept = isThere(aside);
    if (state === "both" && !await isReplaceable(target)) {
      const isWhole = await isBack(place, tree, work);
      const parts = isWhole || !isKept ? null : await keptParts(place, tree);
      if (parts !== null) return await mergeBack(place, tree, parts, work, changed);
      if (isKept) await giveUp(place, tree, work);
      else await tryFreeTree(leaving, work);
      return { kind: "in-place", isNew: false };
    }
    const time = timeOf(infoOf(dirname(aside)));
    makeWayBack(place, tree, dirname(target), changed);
    changed.add(dirname(target));
    if (!isKept) moveEntry(leaving, target);
    else if (tryMoveEntry(aside, target)) changed.add(dirname(aside));
    else {
      const copy = await copyWhole(aside, coming, work);
      moveEntry(copy, target);
      await syncDirectories([dirname(target), coming]);
      await tryFreeTree(coming);
      await giveUp(place, tree, work);
    }
    if (tree.within !== undefined && time !== null) keepTime(place, tree, time);
    leaveWay(place, tree, changed);
    return { kind: "in-place", isNew: true };
  } catch (error) {
    if (isAbort(error, work.signal) || !(error instanceof Error)) throw error;
    const message = error instanceof LedAstray
      ? `${error.message}, and ${aside} belongs there`
      : failureText(error);
    return { kind: "stays", message };
  }
}

/** What was around it is as it was, on either side. */
function keepTime(place: TreePlace, tree: ChangedTree, time: number): void {
  putTimeBack(place.root, dirname(tree.path), time);
  const { aside } = treePaths(place, tree);
  putTimeBack(place.trees, dirname(aside).slice(place.trees.length + 1), time);
}

/** Brings back what lies in a tree, one by one. */
async function mergeBack(
  place: TreePlace,
  tree: ChangedTree,
  { trees, others, shared }: KeptParts,
  work: TreeWork,
  changed: Set<string>,
): Promise<BroughtTree> {
  const times = shared.map((part) => timeOf(infoOf(treePaths(place, part).aside)));
  for (const part of trees) {
    const result = await bringOneBack(place, part, work, changed);
    if (result.kind === "stays") return result;
  }
  for (const part of others) {
    const { target, aside } = treePaths(place, part);
    moveEntry(aside, target);
    changed.add(dirname(target)).add(dirname(aside));
  }
  for (const [index, part] of shared.entries()) {
    const { target, aside } = treePaths(place, part);
    const time = times[index]!;
    if (time !== null) putTimeBack(place.root, part.path, time);
    giveAccess(target, aside);
  }
  // From the inside out.
  for (const part of shared.toReversed()) leaveKept(treePaths(place, part).aside, changed);
  leaveWay(place, tree, changed);
  return { kind: "in-place", isNew: true };
}

/** MLflow makes an experiment's directory with the first artifact, so it need not be there. */
function makeWayBack(
  place: TreePlace,
  tree: ChangedTree,
  way: string,
  changed: Set<string>,
): void {
  const { within } = tree;
  const path = way.slice(place.root.length + 1);
  const isKept = within !== undefined && `${path}/`.startsWith(`${within}/`);
  if (!isKept && infoOf(way)?.isDirectory) return;
  makeWayBack(place, tree, dirname(way), changed);
  if (isKept) {
    // What was set aside with the tree tells how open it was, be it that somebody was killed before he could say so.
    const { aside } = treePaths(place, { ...tree, path: asStorePath(path) });
    makeLike(way, aside);
    giveAccess(way, aside, 0o700);
  } else makeLikeParent(way);
  changed.add(dirname(way));
}

/** As that of another directory, and what else is needed. */
function giveAccess(path: string, model: string, more = 0): void {
  const info = infoOf(model);
  if (info === null) return;
  using entry = holdEntry(path);
  const { mode, ...owners } = accessOf(info);
  setAccess(entry.path, { ...owners, mode: mode | more });
}

/** Nobody needs the directories in which nothing is kept any more; where they cannot go, the tree is back all the same. */
function leaveWay(place: TreePlace, tree: ChangedTree, changed: Set<string>): void {
  // The tree around it is still kept.
  if (tree.within !== undefined) return;
  const way = dirname(treePaths(place, tree).aside);
  for (const path of [way, join(place.trees, tree.change)]) {
    if (!leaveKept(path, changed)) return;
  }
}

function leaveKept(path: string, changed: Set<string>): boolean {
  try {
    using entry = holdEntry(path);
    if (infoOf(entry.path) === null || !removeIfEmpty(entry.path)) return false;
    changed.delete(path);
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
}
