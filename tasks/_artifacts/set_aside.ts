/**
 * Setting artifact trees aside.
 *
 * *Ordering*: within one file system, one rename. Elsewhere a tree is copied into staging, synced, read back and
 * compared, entry by entry, and renamed to where it is kept; only then the original leaves, by one rename beside
 * itself, and is freed. What is not to be kept leaves by that rename alone, which takes no room. At every moment
 * the whole tree is in one of the places that `tree_place.ts` names.
 *
 * *Locking*: the caller holds the store's lock. MLflow knows none for artifacts: a tree that changes while it is
 * copied stays.
 *
 * *After an interruption*: what is in staging is no tree yet. A tree that is both in its place and aside had been
 * copied: {@linkcode setAside} lets the original go, `bringBack` the copy. On a disk that is full the copy is given
 * up, and the tree stays.
 *
 * *Whoever may write there* may exchange a directory on the way for a link at any moment, so both ends of each
 * rename are entries of directories that are held, see `hold.ts`.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { DiskUsage, Remains } from "../../lib/store/usage.ts";
import { measureTree, newMeasurer } from "../_file/scan/measure.ts";
import { isDiskFull } from "../_io/disk_full.ts";
import {
  putTimeBack,
  syncDirectories,
  syncDirectoriesThere,
  syncDirectory,
  syncDirectoryThere,
} from "../_io/durable.ts";
import { hold, holdEntry, LedAstray, moveEntry, tryMoveEntry } from "../_io/hold.ts";
import { glanceInto, listDirectory } from "../_io/list_directory.ts";
import { kindOf } from "../_io/open_entry.ts";
import { accessElsewhere, makeFor, makeLikeParent, makePassage } from "../_io/permissions.ts";
import { failureText, infoOf, timeOf } from "../_io/read.ts";
import { isAbort, takeTurns } from "../_io/take_turns.ts";
import { areSameTrees } from "../_io/tree/compare_trees.ts";
import { tryFreeTree } from "../_io/tree/free_tree.ts";
import type { TreeWork } from "../_io/tree/tree_work.ts";
import { copyWhole } from "./copy_whole.ts";
import { giveUp } from "./give_up.ts";
import { type ChangedTree, findTree, isThere, treePaths, type TreePlace } from "./tree_place.ts";

/** What came of setting a tree aside. */
export type SetAside =
  | {
    readonly kind: "set-aside";
    /** What went from its place, as far as removing it frees anything. */
    readonly usage: DiskUsage;
    /** What of the original could not be freed though a whole copy is kept. */
    readonly remains: Remains | null;
  }
  /** Nothing is in its place. */
  | { readonly kind: "absent" }
  | Stays;

/** A tree that stays where it is, whole. */
export interface Stays {
  readonly kind: "stays";
  /** Why, in words. */
  readonly message: string;
  /**
   * For want of room on the disk for what is set aside, since it is another by now, since nobody can tell what is
   * there, or for anything else.
   */
  readonly because: "disk-full" | "changed" | "unreachable" | "other";
}

/** A tree, as it was found before it goes. */
export interface FoundTree {
  readonly kind: "found";
  /** What removing it would free. */
  readonly usage: DiskUsage;
  /** Changes when anything inside is added, removed or modified. */
  readonly stamp: string;
  /** Epoch ms of the newest modification anywhere inside. */
  readonly newestChange: number;
}

/** How to set a tree aside. */
export interface SetAsideOptions extends TreeWork {
  /** Whether they are to be brought back some day; else they only leave their places, until `freeTrees`. */
  readonly keepBackup: boolean;
  /** Where one that is not to be brought back is on its way out. @default {beside its place} */
  readonly leaving?: string;
}

/** A tree that is to be set aside. */
export interface AskedTree extends ChangedTree {
  /** What {@linkcode checkTree} found before: a tree that is another by now stays. */
  readonly stamp?: string;
  /** The same, of a tree that need not be looked at again before it moves: it stays if it is another afterwards. */
  readonly found?: FoundTree;
}

/**
 * Looks whether a tree may be set aside: a directory of its own, or a file of a run, with no link on the way, nothing
 * mounted in it,
 * open to this account to the last entry. Changes nothing; needs read permission.
 *
 * @param place Where the trees lie.
 * @param tree The tree.
 * @returns What it takes, or why it stays.
 */
export async function checkTree(
  place: TreePlace,
  tree: ChangedTree,
): Promise<FoundTree | Exclude<SetAside, { readonly kind: "set-aside" }>> {
  const { target } = treePaths(place, tree);
  try {
    if (!isThere(target)) return { kind: "absent" };
    const info = infoOf(target);
    if (info === null) return { kind: "absent" };
    const mayBeFile = info.isFile && IN_RUN.test(tree.path);
    if (!info.isDirectory && !mayBeFile) {
      return staysAs(`${target} is ${kindOf(info)}, not a directory`);
    }
    if (isWithin(place.trees, target) || isWithin(place.staging, target)) {
      return staysAs(`${target} holds our own directory`);
    }
    using _held = info.isDirectory ? hold(target) : holdEntry(target);
    const found = await measureTree(target, newMeasurer());
    if (found === null) return staysAs(`not all of ${target} can be read`);
    if (found.stamp === "") return staysAs(`something is mounted in ${target}`);
    const { freed, stamp, newestChange } = found;
    return { kind: "found", usage: freed, stamp, newestChange };
  } catch (error) {
    return staysFor(error);
  }
}

/** What lies among the artifacts of a run, or in its checkpoints: there a file may go by itself. */
const IN_RUN = /\/[\da-f]{32}\/(?:artifacts|checkpoints)\//;

/**
 * Copies a tree that is to be set aside to the file system on which that is kept, and leaves it where it is. Does
 * nothing where a rename will do. What takes long, and may want for room, is then done before anything is lost.
 * Needs read permission for the tree and write permission for our directory.
 *
 * @param place Where the trees lie.
 * @param tree The tree.
 * @param work The signal, and progress.
 * @returns Why it will stay; `null`: {@linkcode setAside} will do.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function copyAhead(
  place: TreePlace,
  tree: ChangedTree,
  work: TreeWork = {},
): Promise<Stays | null> {
  const { target } = treePaths(place, tree);
  try {
    const device = infoOf(target)?.dev;
    if (device === undefined) return null;
    makeWay(place, tree);
    if (device === Deno.lstatSync(place.trees).dev) return null;
    if (findTree(place, tree) !== "in-place") return null;
    await copyToAside(place, tree, work);
    return null;
  } catch (error) {
    if (isAbort(error, work.signal)) throw error;
    return staysFor(error);
  }
}

/**
 * Sets trees aside. Doing it again goes on where it was cut off. Needs read and write permission for the artifact
 * root and our directory.
 *
 * @param place Where the trees lie.
 * @param trees The trees; what lies in another one of them comes before that.
 * @param options Whether to keep them, the signal, and progress.
 * @returns Of each, in the same order, what went, durably; or why it stays, and then all of it is in its place.
 * @throws {DOMException} `AbortError` when the signal is aborted; then each is whole, in one place or the other.
 */
export async function setAside(
  place: TreePlace,
  trees: readonly AskedTree[],
  options: SetAsideOptions,
): Promise<readonly SetAside[]> {
  const changed = new Set<string>();
  const results: SetAside[] = [];
  const among = { ...options, changed, isBeside: neighbourFinder(trees.length) };
  try {
    const turn = takeTurns(options.signal);
    for (const tree of trees) {
      await turn();
      const { target } = treePaths(place, tree);
      const inside = [...changed].filter((directory) => isWithin(directory, target));
      await syncDirectoriesThere(inside);
      for (const directory of inside) changed.delete(directory);
      const time = timeOf(infoOf(dirname(target)));
      // What has just left it has made another one of it.
      const { found: _found, ...again } = tree;
      const asked = inside.length === 0 ? tree : again;
      const result = await setOneAside(place, asked, among);
      results.push(result);
      // The directory around it is as it was, but for the tree.
      const isChanged = time !== null && result.kind === "set-aside";
      if (isChanged) putTimeBack(place.root, dirname(tree.path), time);
    }
  } finally {
    await syncDirectoriesThere(changed);
  }
  return results;
}

/** What setting one of them aside needs of those before. */
interface Among extends SetAsideOptions {
  readonly changed: Set<string>;
  readonly isBeside: (path: string) => Promise<boolean>;
}

async function setOneAside(
  place: TreePlace,
  tree: AskedTree,
  { keepBackup, changed, isBeside, ...work }: Among,
): Promise<SetAside> {
  const isKnown = tree.found !== undefined && infoOf(treePaths(place, tree).target) !== null;
  const found = isKnown ? tree.found! : await checkTree(place, tree);
  if (found.kind !== "found") return found;
  const { usage } = found;
  if (tree.stamp !== undefined && tree.stamp !== found.stamp) return hasChanged(place, tree);
  const { target, aside, copied, ...paths } = treePaths(place, tree);
  const { leaving = paths.leaving } = work;
  const move = async (to: string): Promise<SetAside | null> => {
    if (!tryMoveEntry(target, to)) return null;
    changed.add(dirname(to)).add(dirname(target));
    if (await isStill(to, found)) return { kind: "set-aside", usage, remains: null };
    return await putBack(place, tree, to);
  };
  try {
    if (await isBeside(leaving)) return staysAs(`${leaving} is in the way of it`);
    if (!keepBackup) return await move(leaving) ?? staysAs(`${target} cannot be renamed`);
    if (await isBeside(copied)) await tryFreeTree(copied);
    if (!changed.has(dirname(aside))) makeWay(place, tree);
    if (await isBeside(aside)) {
      if (!await areSameTrees(target, aside, { contents: true, signal: work.signal })) {
        return staysAs(`${aside} is kept for it, and is different`);
      }
    } else {
      const moved = await move(aside);
      if (moved !== null) return moved;
      await copyToAside(place, tree, work);
    }
    const left = await move(copied) ?? staysAs(`${target} cannot be renamed`);
    if (left.kind !== "set-aside") return left;
    // What is freed in part is never to be found in the tree's place again.
    syncDirectoryThere(dirname(target));
    const message = await tryFreeTree(copied);
    return { ...left, remains: message === null ? null : { path: copied, message } };
  } catch (error) {
    if (isAbort(error, work.signal)) throw error;
    return staysFor(error);
  }
}

/**
 * Finds out what lies beside trees, and beside where they are kept. For many of them each directory is listed once:
 * nobody else puts anything there that is called so, and to ask for what is not there takes longer than all else.
 */
function neighbourFinder(trees: number): (path: string) => Promise<boolean> {
  if (trees < MANY) return (path) => Promise.resolve(isThere(path));
  const listed = new Map<string, ReadonlySet<string> | null>();
  return async (path) => {
    const directory = dirname(path);
    let names = listed.get(directory);
    if (names === undefined) {
      const listing = await listDirectory(directory);
      names = listing.kind === "listed" ? new Set(listing.entries.map(({ name }) => name)) : null;
      listed.set(directory, names);
    }
    return names?.has(basename(path)) ?? isThere(path);
  };
}

/** So many trees are worth a listing of all that lies beside them. */
const MANY = 16;

/**
 * A writer that knows no lock of ours may have written between the look and the act. What a glance misses of a tree
 * makes another one of it, which goes back.
 */
async function isStill(path: string, { stamp }: FoundTree): Promise<boolean> {
  return (await measureTree(path, newMeasurer(), glanceInto))?.stamp === stamp;
}

/** What was kept of it besides is of no use then. */
async function putBack(place: TreePlace, tree: ChangedTree, from: string): Promise<Stays> {
  const { target, aside } = treePaths(place, tree);
  moveEntry(from, target);
  if (isThere(aside)) await giveUp(place, tree);
  return hasChanged(place, tree);
}

function hasChanged(place: TreePlace, tree: ChangedTree): Stays {
  const message = `${treePaths(place, tree).target} has changed since it was looked at`;
  return { kind: "stays", message, because: "changed" };
}

async function copyToAside(place: TreePlace, tree: ChangedTree, work: TreeWork): Promise<void> {
  const { target, aside } = treePaths(place, tree);
  const into = join(place.staging, tree.change);
  const copy = await copyWhole(target, into, work);
  moveEntry(copy, aside);
  await syncDirectories([dirname(aside), into]);
  await tryFreeTree(into);
}

/** What is set aside is as closed as all that led to it. */
function makeWay(place: TreePlace, tree: ChangedTree): void {
  const { target, aside } = treePaths(place, tree);
  const way = dirname(aside);
  if (infoOf(way) !== null) return;
  makeLikeParent(place.trees);
  makePassage(place.staging);
  makeFor(dirname(way), accessElsewhere(place.root));
  makeFor(way, accessElsewhere(dirname(target)));
  for (const made of [dirname(way), place.trees, dirname(place.trees)]) syncDirectory(made);
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function staysAs(message: string): Stays {
  return { kind: "stays", message, because: "other" };
}

/** What goes wrong with a tree is said, and concerns no other. */
function staysFor(error: unknown): Stays {
  if (error instanceof LedAstray) return staysAs(error.message);
  if (!(error instanceof Error)) throw error;
  const because = isDiskFull(error) ? "disk-full" : "other";
  return { kind: "stays", message: failureText(error), because };
}
