/**
 * A bucket behind the port to where artifact trees lie.
 *
 * @module
 */

import { asStorePath, type StorePath } from "../../../lib/store/path.ts";
import { NO_USAGE, type Remains } from "../../../lib/store/usage.ts";
import { atOnce } from "../../_io/take_turns.ts";
import type { TreeWork } from "../../_io/tree/tree_work.ts";
import type { ArtifactPlace } from "../artifact_place.ts";
import { FOLDERS, isOwnerId, META, type Within } from "../look_within.ts";
import { wayName } from "../tree_place.ts";
import { deleteObjects, hasObjects, listObjects } from "./bucket.ts";
import { BucketError } from "./bucket_error.ts";
import { openBucket } from "./client.ts";
import { isCopyOf } from "./copy_tree.ts";
import type { Environment } from "../../_io/process.ts";
import { deleteLeaving } from "./leaving.ts";
import {
  bringOneBack,
  checkObjects,
  collisionOf,
  copyOneAhead,
  listTree,
  setOneAside,
  staysFor,
  type TreesPlace,
} from "./move_trees.ts";
import { usageOf } from "./objects.ts";
import { trashPrefix, treePrefixes } from "./tree_prefixes.ts";

/** How many trees are moved at once. */
const TREES = 8;

/**
 * Opens the place of trees in a bucket. Asks nothing yet.
 *
 * @param root `s3://BUCKET/KEY`.
 * @param environment Says what variables are set to.
 * @param options `largest`: more bytes than this are copied in parts.
 * @returns The place. What goes wrong with the bucket, or on the way to it, is said of each tree.
 */
export function openS3Place(
  root: string,
  environment: Environment,
  { largest }: { readonly largest?: number } = {},
): ArtifactPlace {
  const made = new Map<string, string>();
  let opened: TreesPlace | null = null;
  const place = (): TreesPlace =>
    opened ??= { root, client: openBucket(root, environment), largest, made };
  const orStays = async <T>(work: (place: TreesPlace) => Promise<T>) => {
    try {
      return await work(place());
    } catch (error) {
      return staysFor(error);
    }
  };
  /** What was found of trees that have been checked, and not looked into yet. */
  const found = new Map<StorePath, readonly string[]>();
  return {
    root,
    kept: `${root}/.mltidy.trash`,
    check: (tree) =>
      orStays(async (place) => {
        const target = await listTree(place, tree);
        found.set(tree.path, [...target.keys()]);
        return await checkObjects(place, tree, target);
      }),
    has: (path) =>
      orStays(({ client }) => hasObjects(client, treePrefixes(root, { change: "", path }).target)),
    async look(path) {
      const names = found.get(path) ??
        [...(await listTree(place(), { change: "", path })).keys()];
      found.delete(path);
      return lookInto(root, path, names);
    },
    copyAhead: (tree, { signal } = {}) => orStays((place) => copyOneAhead(place, tree, signal)),
    setAside: (trees, { keepBackup, signal }) =>
      atOnce(
        TREES,
        trees,
        (tree) => orStays((place) => setOneAside(place, tree, { keepBackup, signal })),
      ),
    async collision(tree) {
      const found = await orStays((place) => collisionOf(place, tree));
      return typeof found === "object" && found !== null ? found.message : found;
    },
    bringBack: (trees, { signal } = {}) =>
      atOnce(TREES, trees, (tree) => orStays((place) => bringOneBack(place, tree, signal))),
    free: (change, paths, work) => freeAll(place, change, paths, work),
    freeCopied: () => Promise.resolve([]),
    async freeCopies(change) {
      const failed = await orStays((place) => freeCopies(place, change));
      return failed?.message ?? null;
    },
    async measureKept(change) {
      try {
        return usageOf(await listObjects(place().client, trashPrefix(root, change)));
      } catch (error) {
        if (error instanceof BucketError) return NO_USAGE;
        throw error;
      }
    },
  };
}

/** As `lookWithin` does on a disk. */
function lookInto(root: string, path: StorePath, all: readonly string[]): Within {
  const owners = new Map<string, string>();
  let meta: string | null = null;
  const own = path.split("/");
  for (const name of all) {
    const names = [...own, ...name.split("/")];
    const deepest = own.length > 1 ? own.length : FOLDERS.has(names[1] ?? "") ? 3 : 2;
    for (let end = own.length; end <= deepest && end < names.length; end++) {
      const id = names[end - 1]!;
      if (isOwnerId(id)) owners.set(`${root}/${names.slice(0, end).join("/")}`, id);
      if (names[end] === META && end === names.length - 1) meta ??= `${root}/${names.join("/")}`;
    }
  }
  return { owners: [...owners].map(([path, id]) => ({ id, path })), meta };
}

/** What is kept of each tree, and what of it only waits to be deleted; what another store keeps there is left. */
async function freeAll(
  open: () => TreesPlace,
  change: string,
  paths: readonly StorePath[],
  { signal }: TreeWork = {},
): Promise<readonly Remains[]> {
  const remains: Remains[] = [];
  try {
    const { client, root } = open();
    const there = await listObjects(client, trashPrefix(root, change), signal);
    await atOnce(TREES, paths, async (path) => {
      if (signal?.aborted) return;
      const { target, aside, leaving } = treePrefixes(root, { change, path });
      try {
        if (there.has(leaving)) await deleteLeaving(client, leaving, target);
        await deleteObjects(client, [...there.keys()].filter((key) => key.startsWith(aside)));
      } catch (error) {
        const { message } = staysFor(error);
        remains.push({ path: `s3://${client.bucket}/${aside}`, message });
      }
    });
  } catch (error) {
    if (signal?.aborted) return remains;
    const { message } = staysFor(error);
    return paths.length === 0 ? [] : [{ path: paths[0]!, message }];
  }
  return remains;
}

/** Only what is in its place as well, since another store may keep something there under the same id of a change. */
async function freeCopies({ client, root, made }: TreesPlace, change: string): Promise<null> {
  const prefix = trashPrefix(root, change);
  const byTree = Map.groupBy(await listObjects(client, prefix), ([key]) => {
    const [way = "", name = ""] = key.slice(prefix.length).split("/");
    return way === wayName(asStorePath(name)) ? name : `${decodeURIComponent(way)}/${name}`;
  });
  for (const [path, objects] of byTree) {
    const { target, aside } = treePrefixes(root, { change, path: asStorePath(path) });
    const originals = await listObjects(client, target);
    const going: string[] = [];
    for (const [key, copy] of objects) {
      const original = originals.get(target + key.slice(aside.length));
      const isCopy = key.startsWith(aside) && original !== undefined &&
        await isCopyOf({ client, made }, original, copy);
      if (isCopy) going.push(key);
    }
    await deleteObjects(client, going);
  }
  return null;
}
