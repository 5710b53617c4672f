/**
 * Giving back what the trees of a change take, for good.
 *
 * *Ordering*: what is kept leaves for staging by one rename; then it is freed.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: what is in staging goes with the next lock. What only left its place, since nothing of
 * it was to be kept, is found by the change's trees alone: the change is forgotten when all of it is free.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { type DiskUsage, NO_USAGE, type Remains } from "../../lib/store/usage.ts";
import { freeName } from "../_file/own/own_directory.ts";
import { measureTree, newMeasurer } from "../_file/scan/measure.ts";
import { putTimeBack, syncDirectory } from "../_io/durable.ts";
import { LedAstray, moveEntry } from "../_io/hold.ts";
import { makePassage } from "../_io/permissions.ts";
import { infoOf, timeOf } from "../_io/read.ts";
import { tryFreeTree } from "../_io/tree/free_tree.ts";
import type { TreeWork } from "../_io/tree/tree_work.ts";
import { type ChangedTree, isThere, treePaths, type TreePlace } from "./tree_place.ts";

/**
 * Frees what is kept of a change's trees, and what of them is on its way. What is in its place stays. Needs read
 * and write permission for the artifact root and our directory.
 *
 * @param place Where the trees lie.
 * @param change The change's id.
 * @param paths Where its trees belong, below the artifact root.
 * @param work The signal, after which the rest stays, and progress.
 * @returns What takes its place all the same.
 */
export async function freeTrees(
  place: TreePlace,
  change: string,
  paths: readonly ChangedTree["path"][],
  work: TreeWork = {},
): Promise<readonly Remains[]> {
  const kept = join(place.trees, change);
  const remains: Remains[] = [];
  if (infoOf(kept) !== null) {
    makePassage(place.staging);
    const leaving = freeName(place.staging, change);
    moveEntry(kept, leaving);
    syncDirectory(place.trees);
    remains.push(...await freeAll([leaving], work));
  }
  for (const path of paths) {
    const { leaving, copied, coming } = treePaths(place, { change, path });
    remains.push(...await freeBeside(place, path, [leaving, copied, coming], work));
  }
  return remains;
}

/**
 * Frees what lies beside a change's trees and is not the only one, see `tree_place.ts`. Needs read and write permission
 * for the artifact root.
 *
 * @param place Where the trees lie.
 * @param change The change's id.
 * @param paths Where its trees belong, below the artifact root.
 * @param work The signal, after which the rest stays, and progress.
 * @returns What takes its place all the same.
 */
export async function freeCopied(
  place: TreePlace,
  change: string,
  paths: readonly ChangedTree["path"][],
  work: TreeWork = {},
): Promise<readonly Remains[]> {
  const remains: Remains[] = [];
  for (const path of paths) {
    const { copied, coming } = treePaths(place, { change, path });
    remains.push(...await freeBeside(place, path, [copied, coming], work));
  }
  return remains;
}

/** The directory around them is as it was. */
async function freeBeside(
  { root }: TreePlace,
  path: ChangedTree["path"],
  all: readonly string[],
  work: TreeWork,
): Promise<readonly Remains[]> {
  const time = timeOf(infoOf(dirname(join(root, path))));
  const there = all.filter(isTherePlainly);
  const remains = await freeAll(there, work);
  if (there.length > 0 && time !== null) putTimeBack(root, dirname(path), time);
  return remains;
}

/** What lies behind a link is not ours. */
function isTherePlainly(path: string): boolean {
  try {
    return isThere(path);
  } catch (error) {
    if (!(error instanceof LedAstray)) throw error;
    return false;
  }
}

async function freeAll(paths: readonly string[], work: TreeWork): Promise<readonly Remains[]> {
  const remains: Remains[] = [];
  for (const path of paths) {
    if (work.signal?.aborted) break;
    const message = await tryFreeTree(path, work);
    if (message !== null) remains.push({ path, message });
  }
  return remains;
}

/**
 * Measures what a change's trees take where they are kept. Needs read permission.
 *
 * @param place Where the trees lie.
 * @param change The change's id.
 * @returns What freeing them would give; `null` when not all of it can be read.
 */
export async function measureKept(
  { trees }: Pick<TreePlace, "trees">,
  change: string,
): Promise<DiskUsage | null> {
  const kept = join(trees, change);
  if (infoOf(kept) === null) return NO_USAGE;
  return (await measureTree(kept, newMeasurer()))?.freed ?? null;
}
