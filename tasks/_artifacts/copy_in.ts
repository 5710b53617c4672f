/**
 * Copying trees of another store into this one, and taking them out again.
 *
 * *Ordering*: a tree is copied to the side of its place, synced, read back and compared, and gets its place by one
 * rename. On its way out it leaves by one rename, and is freed then.
 *
 * *Locking*: the caller holds the store's lock.
 *
 * *After an interruption*: what lies beside the place is a copy in the making, or on its way out: {@linkcode takeOut}
 * frees it.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { Remains } from "../../lib/store/usage.ts";
import { putTimeBack, removeIfEmpty, syncDirectories, syncDirectoryThere } from "../_io/durable.ts";
import { hold, holdEntry, moveEntry } from "../_io/hold.ts";
import { accessBelow, accessOf, makeLikeParent } from "../_io/permissions.ts";
import { infoOf, timeOf } from "../_io/read.ts";
import { takeTurns } from "../_io/take_turns.ts";
import { loadDigest } from "../_io/tree/digest.ts";
import { tryFreeTree } from "../_io/tree/free_tree.ts";
import { hashFile } from "../_io/tree/hash_file.ts";
import type { TreeWork } from "../_io/tree/tree_work.ts";
import { walkTree } from "../_io/tree/walk_tree.ts";
import { copyWhole } from "./copy_whole.ts";
import { type ChangedTree, isThere, treePaths, type TreePlace } from "./tree_place.ts";

/**
 * Digests all that a tree holds: what lies where, and what is in it; no modes, nor times. Needs read permission.
 *
 * @param tree Absolute real path of a directory.
 * @param work The signal.
 * @returns 64 hexadecimal digits.
 * @throws {Error} When some of it cannot be read.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function digestTree(tree: string, { signal }: TreeWork = {}): Promise<string> {
  const digest = await loadDigest();
  const turn = takeTurns(signal);
  const whole = digest();
  const encoder = new TextEncoder();
  for await (const found of walkTree(tree)) {
    await turn();
    const { kind, path } = found;
    if (kind === "unreadable") throw new Error(`${join(tree, path)}: ${found.message}`);
    if (kind === "special") throw new Error(`${join(tree, path)} is no file, link or directory`);
    const holds = kind === "file"
      ? (await hashFile(tree, path, { digest, turn })).sha256
      : kind === "link"
      ? Deno.readLinkSync(join(tree, path))
      : "";
    whole.update(encoder.encode(`${JSON.stringify([kind, path, holds])}\n`));
  }
  return whole.finish();
}

/**
 * Tells which directories have to be made so that a tree can come to its place. Needs read permission.
 *
 * @param place Where the trees lie.
 * @param path The tree.
 * @returns They, outermost first, below the root; the empty one is the root itself.
 * @throws {LedAstray} When a symbolic link is on the way.
 */
export function missingWay({ root }: TreePlace, path: ChangedTree["path"]): readonly string[] {
  const names = dirname(path).split("/");
  const way = ["", ...names.map((_, at) => names.slice(0, at + 1).join("/"))];
  return way.filter((one) => !isThere(join(root, one)));
}

/**
 * Copies a tree into its place, at which nothing is. Needs read permission for the original, and write permission for
 * the artifact root.
 *
 * @param place Where the trees lie.
 * @param tree Its place.
 * @param original Absolute real path of the original, which has the same name.
 * @param work The signal, and progress.
 * @throws {Error} When it cannot be copied, or its place is taken; then nothing of it is left.
 * @throws {DOMException} `AbortError` when the signal is aborted; likewise.
 */
export async function copyIn(
  place: TreePlace,
  tree: ChangedTree,
  original: string,
  work: TreeWork = {},
): Promise<void> {
  const { target, coming } = treePaths(place, tree);
  if (isThere(target)) throw new Error(`${target} is there already`);
  const made = missingWay(place, tree.path);
  const around = dirname(target);
  const keepTime = timeKeeper(place, tree, made);
  for (const path of made) makeOpen(join(place.root, path));
  {
    // No link may lead elsewhere.
    using _original = hold(original);
    const copy = await copyWhole(original, coming, work);
    moveEntry(copy, target);
  }
  await syncDirectories([
    ...made.map((path) => dirname(join(place.root, path))),
    around,
    coming,
  ]);
  await tryFreeTree(coming);
  keepTime();
}

/** Others are to find there what the database names from now on. */
function makeOpen(directory: string): void {
  makeLikeParent(directory);
  const [wanted, found] = [
    accessBelow(dirname(directory), "directory"),
    accessOf(Deno.lstatSync(directory)),
  ];
  const isOwn = wanted.uid === found.uid && wanted.gid === found.gid;
  if (isOwn && ((wanted.mode ^ found.mode) & 0o777) !== 0) {
    throw new Error(`${directory} stays closed to those who can use the directory that it is in`);
  }
}

/** What is around it, and was there before, is as it was. */
function timeKeeper(
  { root }: TreePlace,
  { path }: ChangedTree,
  [first = path]: readonly string[],
): () => void {
  const around = first === "" ? null : first.includes("/") ? dirname(first) : "";
  const time = around === null ? null : timeOf(infoOf(join(root, around)));
  return () => {
    if (around !== null && time !== null) putTimeBack(root, around, time);
  };
}

/**
 * Takes a tree out that was copied in, with the directories that were made for it as far as nothing else is in them.
 * Doing it again goes on where it was cut off. Needs write permission for the artifact root.
 *
 * @param place Where the trees lie.
 * @param tree The tree; what stands in its place is the copy.
 * @param made What was made for it, see {@linkcode missingWay}.
 * @returns What takes its place all the same; `null` for nothing.
 */
export async function takeOut(
  place: TreePlace,
  tree: ChangedTree,
  made: readonly string[],
): Promise<Remains | null> {
  const { target, leaving, coming } = treePaths(place, tree);
  const keepTime = timeKeeper(place, tree, made);
  if (isThere(target)) {
    moveEntry(target, leaving);
    syncDirectoryThere(dirname(target));
  }
  for (const path of [leaving, coming]) {
    if (!isThere(path)) continue;
    const message = await tryFreeTree(path);
    if (message !== null) return { path, message };
  }
  for (const path of made.toReversed()) {
    const directory = join(place.root, path);
    if (!isThere(directory)) continue;
    using entry = holdEntry(directory);
    if (!removeIfEmpty(entry.path)) break;
    syncDirectoryThere(dirname(directory));
  }
  keepTime();
  return null;
}
