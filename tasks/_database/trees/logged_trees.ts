/**
 * The trees of artifacts that went with rows, wherever they are by now. Nothing is moved into a directory, or freed
 * in one, that rows of the database do not name as that of their artifacts, whatever the log says.
 *
 * @module
 */

import { join } from "@std/path";
import type { Remains } from "../../../lib/store/usage.ts";
import { isLocalRoot } from "../../../lib/snapshot/artifact_root.ts";
import type { ArtifactPlace } from "../../_artifacts/artifact_place.ts";
import { type ChangedTree, treePaths } from "../../_artifacts/tree_place.ts";
import { removeIfEmpty } from "../../_io/durable.ts";
import { makePassage } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import type { TreeWork } from "../../_io/tree/tree_work.ts";
import type { LoggedSubject, LoggedTree } from "../log/removed_rows.ts";
import { statePaths } from "../log/state_directory.ts";
import { artifactRootsOf, type RootedDatabase } from "./artifact_roots.ts";
import { namesServer, proofOf } from "./served_artifacts.ts";

/** The trees of some subjects of a change. */
export interface TreesOfChange extends RootedDatabase {
  /** The change's id. */
  readonly change: string;
  readonly subjects: readonly LoggedSubject[];
}

/**
 * Brings trees back, those last that went first. Needs read and write permission for the artifact roots and our
 * directory.
 *
 * @param trees The trees.
 * @param work The signal, and progress.
 * @returns What is in the way of those that are not back.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function bringTreesOf(
  { change, subjects, ...store }: TreesOfChange,
  work: TreeWork = {},
): Promise<ReadonlyMap<LoggedSubject, string>> {
  const inTheWay = new Map<LoggedSubject, string>();
  for (const { open, trees } of treesBelow(store, subjects.toReversed())) {
    const place = await open();
    if (typeof place === "string") {
      for (const { subject } of trees) inTheWay.set(subject, place);
      continue;
    }
    const back = await place.bringBack(
      trees.map((tree) => changedTree(change, tree)),
      work,
    );
    for (const [index, one] of back.entries()) {
      if (one.kind === "stays") inTheWay.set(trees[index]!.subject, one.message);
    }
  }
  return inTheWay;
}

/**
 * Says what is in the way of trees that are to be brought back. Needs read permission.
 *
 * @param change The change's id.
 * @param below The trees.
 * @returns Both sides of each collision, in words.
 */
export async function treeCollisionsOf(
  change: string,
  below: readonly TreesBelow[],
): Promise<readonly string[]> {
  const collisions: string[] = [];
  for (const { open, trees } of below) {
    const place = await open();
    if (typeof place === "string") {
      collisions.push(place);
      continue;
    }
    for (const tree of trees) {
      const collision = await place.collision(changedTree(change, tree));
      if (collision !== null) collisions.push(collision);
    }
  }
  return collisions;
}

/**
 * Frees trees for good. Needs read and write permission for the artifact roots and our directory.
 *
 * @param trees The trees: all of the change.
 * @param work The signal, and progress.
 * @returns What takes its place all the same.
 */
export async function freeTreesOf(
  { change, subjects, ...store }: TreesOfChange,
  work: TreeWork = {},
): Promise<readonly Remains[]> {
  const remains: Remains[] = [];
  for (const { root, open, trees } of treesBelow(store, subjects)) {
    const place = await open();
    if (typeof place === "string") {
      remains.push(...await (await store.places("")).free(change, [], work));
      remains.push(...strangeRemains({ root, trees, change }, place));
      continue;
    }
    remains.push(...await place.free(change, trees.map(({ path }) => path), work));
  }
  return remains;
}

/**
 * Frees what is left beside the places of trees of which whole copies are kept. Needs read and write permission for
 * the artifact roots.
 *
 * @param trees The trees.
 * @returns What takes its place all the same.
 */
export async function freeCopiedOf(
  { change, subjects, ...store }: TreesOfChange,
): Promise<readonly Remains[]> {
  const remains: Remains[] = [];
  for (const { root, open, trees } of treesBelow(store, subjects)) {
    const place = await open();
    if (typeof place === "string") {
      remains.push(...strangeRemains({ root, trees, change }, place));
    } else remains.push(...await place.freeCopied(change, trees.map(({ path }) => path)));
  }
  return remains;
}

/**
 * Frees what is kept of a change of which the log names no tree any more: copies that were made before anything was
 * to go, and of which the originals never left. Needs read and write permission for our directory.
 *
 * @param store The database.
 * @param copies Which.
 * @returns Why some of it could not be freed, in words; `null` for nothing.
 */
export async function freeCopies(
  store: RootedDatabase,
  copies: CopiesOfChange,
): Promise<string | null> {
  const left = await freeBucketCopies(store, copies);
  if (left !== null) return `${left.path}: ${left.message}`;
  return await (await store.places("")).freeCopies(copies.change);
}

/** Copies that a change may have made. */
export interface CopiesOfChange {
  /** Absolute real path of the database's file. */
  readonly path: string;
  /** The change's id. */
  readonly change: string;
  /** Where a server kept artifacts in a bucket then, as the log has it. */
  readonly served: readonly string[];
}

/**
 * Notes that a change makes copies in a bucket, so that these are looked for whoever is killed. Needs write permission
 * for our directory.
 *
 * @param copies Which.
 */
export function noteBucketCopies({ path, change }: Omit<CopiesOfChange, "served">): void {
  const { trees } = statePaths(path);
  makePassage(trees);
  makePassage(join(trees, change));
}

/**
 * Frees the copies that a change has made in buckets and of which the originals are in their place. Needs net
 * permission, if there may be any.
 *
 * @param store The database.
 * @param copies Which.
 * @returns What takes its place all the same; `null` for nothing.
 */
export async function freeBucketCopies(
  store: RootedDatabase,
  { path, change, served }: CopiesOfChange,
): Promise<Remains | null> {
  const note = join(statePaths(path).trees, change);
  if (infoOf(note) === null) return null;
  const named = new Set(artifactRootsOf(store).values());
  for (const root of named.union(new Set(served))) {
    if (isLocalRoot(root)) continue;
    const place = named.has(root) ? await store.places(root) : await openerOf(store, root)();
    const message = typeof place === "string" ? place : await place.freeCopies(change);
    if (message !== null) return { path: `${root}/.mltidy.trash`, message };
  }
  removeIfEmpty(note);
  return null;
}

/**
 * Forgets that a change has made copies in a bucket: they are all that is kept. Needs write permission for our
 * directory.
 *
 * @param copies Which.
 */
export function forgetBucketCopies({ path, change }: Omit<CopiesOfChange, "served">): void {
  const note = join(statePaths(path).trees, change);
  if (infoOf(note) !== null) removeIfEmpty(note);
}

type TreeOfSubject = LoggedTree & { readonly subject: LoggedSubject };

/** Trees below one root. */
export interface TreesBelow {
  /** As the log has it. */
  readonly root: string;
  /** Opens it; a text says why nothing is done there: no row names that root, and nothing proves it. */
  readonly open: () => Promise<ArtifactPlace | string>;
  readonly trees: readonly TreeOfSubject[];
}

/**
 * Finds where trees belong, as far as rows name their roots, or runs of this database lie there. Needs read permission;
 * and net permission for the host of a bucket to open it.
 *
 * @param store The database.
 * @param subjects What went, in the order in which its trees are wanted.
 * @returns The trees, by their roots.
 */
export function treesBelow(
  store: RootedDatabase,
  subjects: readonly LoggedSubject[],
): readonly TreesBelow[] {
  const all = subjects.flatMap((subject) => subject.trees.map((tree) => ({ ...tree, subject })));
  if (all.length === 0) return [];
  const roots = artifactRootsOf(store);
  return [...Map.groupBy(all, ({ root }) => root)].map(([root, trees]) => {
    const real = roots.get(root);
    const open = real === undefined ? openerOf(store, root) : () => store.places(real);
    return { root, open, trees };
  });
}

/** The log alone leads nowhere: where a server keeps artifacts, a run of this database lies. */
function openerOf({ database, places }: RootedDatabase, root: string): TreesBelow["open"] {
  const isProven = proofOf(root, database, places);
  const help = namesServer(database)
    ? `; if a server keeps them there, set MLFLOW_ARTIFACTS_DESTINATION=${root}, as it is set there, and type the same again`
    : "";
  return async () => {
    const found = await isProven();
    if (typeof found === "string") return `${root}: ${found}`;
    return found ? await places(root) : `${strangeText(root)}${help}`;
  };
}

function changedTree(change: string, { path, within }: TreeOfSubject): ChangedTree {
  return { change, path, ...within === undefined ? {} : { within } };
}

function strangeText(root: string): string {
  return `${root}: expected a directory in which an experiment of this database has its artifacts, found none whose row says so`;
}

/** What may be ours there is left, and told of. */
function strangeRemains(
  { root, trees, change }: Pick<TreesBelow, "root" | "trees"> & { readonly change: string },
  message: string,
): readonly Remains[] {
  if (!isLocalRoot(root)) return [{ path: `${root}/.mltidy.trash/${change}`, message }];
  const place = { root, trees: "", staging: "" };
  return trees.flatMap((tree) => {
    const { leaving, copied, coming } = treePaths(place, { change, path: tree.path });
    return [leaving, copied, coming].filter((one) => infoOf(one) !== null)
      .map((one) => ({ path: one, message }));
  });
}
