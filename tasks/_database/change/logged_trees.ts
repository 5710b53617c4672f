/**
 * The trees of artifacts that went with rows, wherever they are by now.
 *
 * @module
 */

import type { Remains } from "../../../lib/store/usage.ts";
import { bringTreesBack, treeCollision } from "../../_artifacts/bring_tree_back.ts";
import { freeCopied, freeTrees } from "../../_artifacts/free_trees.ts";
import type { TreePlace } from "../../_artifacts/tree_place.ts";
import type { TreeWork } from "../../_io/tree/tree_work.ts";
import type { LoggedSubject } from "../log/removed_rows.ts";
import { statePaths } from "../log/state_directory.ts";

/**
 * Says where the trees of a database lie.
 *
 * @param database Absolute real path of its file.
 * @param root Absolute real path of its artifact root.
 * @returns The place.
 */
export function treePlaceOf(database: string, root: string): TreePlace {
  const { trees, staging } = statePaths(database);
  return { root, trees, staging };
}

/** The trees of some subjects of a change. */
export interface TreesOfChange {
  /** Absolute real path of the database's file. */
  readonly database: string;
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
  { database, change, subjects }: TreesOfChange,
  work: TreeWork = {},
): Promise<ReadonlyMap<LoggedSubject, string>> {
  const inTheWay = new Map<LoggedSubject, string>();
  for (const [root, trees] of byRoot(subjects.toReversed())) {
    const back = await bringTreesBack(
      treePlaceOf(database, root),
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
 * @param trees The trees.
 * @returns Both sides of each collision, in words.
 */
export async function treeCollisionsOf(
  { database, change, subjects }: TreesOfChange,
): Promise<readonly string[]> {
  const collisions: string[] = [];
  for (const [root, trees] of byRoot(subjects)) {
    const place = treePlaceOf(database, root);
    for (const { path } of trees) {
      const collision = await treeCollision(place, { change, path });
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
  { database, change, subjects }: TreesOfChange,
  work: TreeWork = {},
): Promise<readonly Remains[]> {
  const remains: Remains[] = [];
  for (const [root, trees] of byRoot(subjects)) {
    const place = treePlaceOf(database, root);
    remains.push(...await freeTrees(place, change, trees.map(({ path }) => path), work));
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
  { database, change, subjects }: TreesOfChange,
): Promise<readonly Remains[]> {
  const remains: Remains[] = [];
  for (const [root, trees] of byRoot(subjects)) {
    const place = treePlaceOf(database, root);
    remains.push(...await freeCopied(place, change, trees.map(({ path }) => path)));
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

function byRoot(
  subjects: readonly LoggedSubject[],
): ReadonlyMap<string, readonly TreeOfSubject[]> {
  const all = subjects.flatMap((subject) => subject.trees.map((tree) => ({ ...tree, subject })));
  return Map.groupBy(all, ({ root }) => root);
}
