/**
 * The trees of artifacts that went with rows, wherever they are by now. Nothing is moved into a directory, or freed
 * in one, that rows of the database do not name as that of their artifacts, whatever the log says.
 *
 * @module
 */

import type { Remains } from "../../../lib/store/usage.ts";
import { bringTreesBack, treeCollision } from "../../_artifacts/bring_tree_back.ts";
import { freeCopied, freeTrees } from "../../_artifacts/free_trees.ts";
import { treePaths, type TreePlace } from "../../_artifacts/tree_place.ts";
import { infoOf } from "../../_io/read.ts";
import type { TreeWork } from "../../_io/tree/tree_work.ts";
import type { LoggedSubject } from "../log/removed_rows.ts";
import { artifactRootsOf, type RootedDatabase, treePlaceOf } from "./artifact_roots.ts";

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
  for (const { root, place, trees } of treesBelow(store, subjects.toReversed())) {
    if (place === null) {
      for (const { subject } of trees) inTheWay.set(subject, strangeText(root));
      continue;
    }
    const back = await bringTreesBack(
      place,
      trees.map(({ path }) => ({ change, path })),
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
  for (const { root, place, trees } of below) {
    if (place === null) collisions.push(strangeText(root));
    for (const { path } of place === null ? [] : trees) {
      const collision = await treeCollision(place!, { change, path });
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
  for (const { root, place, trees } of treesBelow(store, subjects)) {
    const paths = place === null ? [] : trees.map(({ path }) => path);
    remains.push(...await freeTrees(place ?? treePlaceOf(store.path, root), change, paths, work));
    if (place === null) remains.push(...strangeRemains(store, root, change, trees));
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
  for (const { root, place, trees } of treesBelow(store, subjects)) {
    if (place === null) remains.push(...strangeRemains(store, root, change, trees));
    else remains.push(...await freeCopied(place, change, trees.map(({ path }) => path)));
  }
  return remains;
}

/**
 * Frees what is kept of a change of which the log names no tree any more: copies that were made before anything was
 * to go, and of which the originals never left. Needs read and write permission for our directory.
 *
 * @param database Absolute real path of the database's file.
 * @param change The change's id.
 */
export async function freeCopies(database: string, change: string): Promise<void> {
  // What cannot be freed lies in staging, from which the next lock takes it.
  await freeTrees(treePlaceOf(database, ""), change, []);
}

type TreeOfSubject = LoggedSubject["trees"][number] & { readonly subject: LoggedSubject };

/** Trees below one root. */
export interface TreesBelow {
  /** As the log has it. */
  readonly root: string;
  /** `null`: no row names that root. */
  readonly place: TreePlace | null;
  readonly trees: readonly TreeOfSubject[];
}

/**
 * Finds where trees belong, as far as rows name their roots. Needs read permission.
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
    return { root, place: real === undefined ? null : treePlaceOf(store.path, real), trees };
  });
}

function strangeText(root: string): string {
  return `${root}: expected a directory in which an experiment of this database has its artifacts, found none whose row says so`;
}

/** What may be ours there is left, and told of. */
function strangeRemains(
  { path }: RootedDatabase,
  root: string,
  change: string,
  trees: readonly TreeOfSubject[],
): readonly Remains[] {
  const place = treePlaceOf(path, root);
  return trees.flatMap((tree) => {
    const { leaving, copied, coming } = treePaths(place, { change, path: tree.path });
    return [leaving, copied, coming].filter((one) => infoOf(one) !== null)
      .map((one) => ({ path: one, message: strangeText(root) }));
  });
}
