/**
 * Setting trees of a bucket aside, and bringing them back.
 *
 * *Ordering*: a tree is copied on the server to below the trash, listed and compared, object by object; only then, and
 * only while it is still what was copied, the originals are deleted. The way back is the same. What nobody wants to
 * keep stays in its place, named in the trash, until `freeTrees`: it is deleted once nothing is undone any more.
 *
 * *Locking*: the caller holds the store's lock. MLflow knows none for artifacts: a tree that changes while it is copied
 * stays. Between the last look and the deletion is the time of one request, which nobody can take away.
 *
 * *After an interruption*: {@linkcode bringOneBack} settles it, wherever it was cut off: what is aside alone comes back,
 * what is in both places is freed, see `tree_prefixes.ts`.
 *
 * @module
 */

import { isPlainKey } from "../../../lib/store/artifact_uri.ts";
import type { BroughtTree } from "../bring_tree_back.ts";
import type { AskedTree, FoundTree, SetAside, Stays } from "../set_aside.ts";
import type { ChangedTree } from "../tree_place.ts";
import { deleteObjects } from "./bucket.ts";
import { BucketError } from "./bucket_error.ts";
import { type CopyPlace, copyTree, isCopyOf } from "./copy_tree.ts";
import { forgetLeaving, isLeaving, noteLeaving } from "./leaving.ts";
import { listBelow, measureObjects, type Objects, stampOf } from "./objects.ts";
import { partOf, treePrefixes } from "./tree_prefixes.ts";

/** Where trees of a bucket lie, and with what they are copied. */
export interface TreesPlace extends CopyPlace {
  /** `s3://BUCKET/KEY`. */
  readonly root: string;
}

/** The objects of a tree, by what their keys have behind that of the tree. */
interface Held {
  readonly target: Objects;
  readonly aside: Objects;
}

/**
 * Lists the objects of a tree. Needs net permission.
 *
 * @param place Where it lies.
 * @param tree The tree.
 * @param signal Stops it.
 * @returns Those in its place.
 * @throws {BucketError} When they cannot be listed.
 */
export function listTree(
  { client, root }: TreesPlace,
  tree: ChangedTree,
  signal?: AbortSignal,
): Promise<Objects> {
  return listBelow(client, treePrefixes(root, tree).target, signal);
}

function listAside(
  { client, root }: TreesPlace,
  tree: ChangedTree,
  signal?: AbortSignal,
): Promise<Objects> {
  return listBelow(client, treePrefixes(root, tree).aside, signal);
}

/**
 * Looks whether a tree may be set aside.
 *
 * @param place Where it lies.
 * @param tree The tree.
 * @param target Its objects.
 * @returns What it takes, or why it stays.
 */
export async function checkObjects(
  { root }: Pick<TreesPlace, "root">,
  { path }: ChangedTree,
  target: Objects,
): Promise<FoundTree | Exclude<SetAside, { readonly kind: "set-aside" }>> {
  if (target.size === 0) return { kind: "absent" };
  const unsound = target.values().find(({ key }) => !isPlainKey(key));
  if (unsound !== undefined) {
    const message = `${root}/${path} holds an object with a key that no URL can carry: ${
      JSON.stringify(unsound.key)
    }`;
    return { kind: "stays", message, because: "other" };
  }
  return { kind: "found", ...await measureObjects(target) };
}

/**
 * Copies a tree to where it is set aside, and leaves it where it is. Needs net permission.
 *
 * @param place Where it lies.
 * @param tree The tree.
 * @param signal Stops it.
 * @returns Why it will stay; `null`: it can be set aside.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function copyOneAhead(
  place: TreesPlace,
  tree: ChangedTree,
  signal?: AbortSignal,
): Promise<Stays | null> {
  try {
    await copyAside(place, tree, await listTree(place, tree, signal), signal);
    return null;
  } catch (error) {
    await bringOneBack(place, tree);
    signal?.throwIfAborted();
    return staysFor(error);
  }
}

async function copyAside(
  place: TreesPlace,
  tree: ChangedTree,
  target: Objects,
  signal?: AbortSignal,
): Promise<void> {
  const { aside } = treePrefixes(place.root, tree);
  const there = await listAside(place, tree, signal);
  const foreign = there.keys().find((name) => !target.has(name));
  if (foreign !== undefined) {
    const key = `${aside}${foreign}`;
    throw new BucketError("different", `s3://${place.client.bucket}/${key} is kept for it`);
  }
  await copyTree(place, target, aside, { there, isRepeatable: true, signal });
}

/**
 * Sets a tree aside. Doing it again goes on where it was cut off. Needs net permission.
 *
 * @param place Where it lies.
 * @param tree The tree.
 * @param options `keepBackup`: whether it is to be brought back some day; `signal` stops it before anything goes.
 * @returns What went, or why it stays; then all of it is in its place, or the message says where it is.
 * @throws {DOMException} `AbortError` when the signal is aborted; then it is in its place.
 */
export async function setOneAside(
  place: TreesPlace,
  tree: AskedTree,
  { keepBackup, signal }: {
    readonly keepBackup: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<SetAside> {
  try {
    const target = await listTree(place, tree, signal);
    const seen = await checkObjects(place, tree, target);
    if (seen.kind !== "found") return seen;
    const { usage, stamp } = seen;
    // What was written since it was copied ahead is of somebody who still needs it.
    if ((tree.stamp ?? tree.found?.stamp ?? stamp) !== stamp) {
      return await takeBack(place, tree, hasChanged(place, tree));
    }
    if (!keepBackup) {
      await noteLeaving(place.client, treePrefixes(place.root, tree).leaving, target);
      return { kind: "set-aside", usage, remains: null };
    }
    await copyAside(place, tree, target, signal);
    if (await stampOf(await listTree(place, tree, signal)) !== stamp) {
      await bringOneBack(place, tree);
      return hasChanged(place, tree);
    }
    await deleteObjects(place.client, [...target.values()].map(({ key }) => key));
    const left = await listTree(place, tree);
    if (left.size === 0) return { kind: "set-aside", usage, remains: null };
    return await takeBack(place, tree, hasChanged(place, tree));
  } catch (error) {
    if (signal?.aborted) await bringOneBack(place, tree);
    signal?.throwIfAborted();
    return await takeBack(place, tree, staysFor(error));
  }
}

/** Nothing of it is lost where that fails: the rest of it is aside. */
async function takeBack(place: TreesPlace, tree: ChangedTree, stays: Stays): Promise<Stays> {
  const back = await bringOneBack(place, tree);
  if (back.kind !== "stays") return stays;
  return { ...stays, message: `${stays.message}; ${back.message}` };
}

/**
 * Says what is in the way of a tree that is to be brought back, if anything is. Needs net permission.
 *
 * @param place Where it belongs.
 * @param tree The tree.
 * @returns The two sides of the collision in words, or `null`.
 */
export async function collisionOf(place: TreesPlace, tree: ChangedTree): Promise<string | null> {
  try {
    const held = await heldOf(place, tree);
    return held.aside.size === 0 ? null : await inTheWay(place, tree, held);
  } catch (error) {
    return staysFor(error).message;
  }
}

async function heldOf(place: TreesPlace, tree: ChangedTree): Promise<Held> {
  return { target: await listTree(place, tree), aside: await listAside(place, tree) };
}

function missingOf({ target, aside }: Held): Objects {
  return new Map([...aside].filter(([name]) => !target.has(name)));
}

/**
 * What is in its place by now must be what is kept, and nothing else, unless all that is kept is in its place, or it is
 * of what has come back alone out of an experiment.
 */
async function inTheWay(
  place: TreesPlace,
  tree: ChangedTree,
  held: Held,
): Promise<string | null> {
  const { target, aside } = held;
  const isLeft = missingOf(held).size === 0;
  const isWhole = !tree.path.includes("/");
  const parts = new Set(isWhole ? [...aside.keys()].map(partOf) : []);
  for (const [name, one] of target) {
    const kept = aside.get(name);
    const isSame = kept === undefined
      ? isLeft || isWhole && !parts.has(partOf(name))
      : await isCopyOf(place, one, kept);
    if (!isSame) {
      const { aside } = treePrefixes(place.root, tree);
      const { bucket } = place.client;
      return `s3://${bucket}/${one.key} exists again, and s3://${bucket}/${aside} would replace it`;
    }
  }
  return null;
}

/**
 * Brings a tree back, and frees what is left of its copies. Doing it again goes on where it was cut off. Needs net
 * permission.
 *
 * @param place Where it belongs.
 * @param tree The tree.
 * @param signal Stops it.
 * @returns Whether it is in its place, or why it stays where it is kept.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function bringOneBack(
  place: TreesPlace,
  tree: ChangedTree,
  signal?: AbortSignal,
): Promise<BroughtTree> {
  const { client, root } = place;
  const { target, leaving } = treePrefixes(root, tree);
  try {
    const held = await heldOf(place, tree);
    const wasLeaving = await isLeaving(client, leaving);
    if (wasLeaving) await forgetLeaving(client, leaving);
    if (held.aside.size === 0) {
      if (held.target.size === 0) return { kind: "absent" };
      return { kind: "in-place", isNew: wasLeaving };
    }
    const collision = await inTheWay(place, tree, held);
    if (collision !== null) return { kind: "stays", message: collision };
    const missing = missingOf(held);
    if (missing.size > 0) {
      const there = held.target;
      await copyTree(place, held.aside, target, { there, isRepeatable: false, signal });
    }
    await deleteObjects(client, [...held.aside.values()].map(({ key }) => key));
    return { kind: "in-place", isNew: missing.size > 0 };
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: "stays", message: staysFor(error).message };
  }
}

function hasChanged({ root }: TreesPlace, { path }: ChangedTree): Stays {
  const message = `${root}/${path} has changed since it was looked at`;
  return { kind: "stays", message, because: "changed" };
}

/**
 * Says that a tree stays since something went wrong with its bucket.
 *
 * @param error What went wrong.
 * @returns The same.
 * @throws {unknown} What is no error of a bucket's.
 */
export function staysFor(error: unknown): Stays {
  if (!(error instanceof BucketError)) throw error;
  return { kind: "stays", message: error.message, because: "unreachable" };
}
