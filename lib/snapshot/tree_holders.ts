/**
 * What a tree of artifacts is held by: rows of a database that say, besides its own, that files of theirs lie in
 * it, or around it.
 *
 * @module
 */

import { isLoggedModelId, isRunId, looksLikeExperimentId } from "../store/names.ts";
import type { Database, DatabaseRow } from "../store/snapshot.ts";
import { artifactPlaceOf } from "./artifact_root.ts";
import { namesAlong } from "./find_references.ts";

/**
 * Finds what holds a tree.
 *
 * @param tree Its place, normalized.
 * @param isGone Which rows do not count: those of what the tree is of, and whatever goes with it.
 * @returns A row that stays, and whose location is the tree, lies in it, or, unless it is an experiment's, around
 * it; or that names the tree by its id. `null`: the tree is free to go.
 */
export type FindHolder = (
  tree: string,
  isGone: (row: DatabaseRow) => boolean,
) => DatabaseRow | null;

/**
 * Learns where the rows of a database say that files lie, in a time that grows with their number hardly faster than
 * to sort them.
 *
 * A location that is neither on this machine nor in S3, or depends on where MLflow is started, may be any place whose name is
 * along it; and whatever the way to it, one that leads by the id of a run or a logged model means that.
 *
 * @param rows All that this database names, and those that may share its artifact root.
 * @returns Finds what holds a tree.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const run = { kind: "run", id: "ab", location: "/data/mlruns/1/ab/artifacts" } as const;
 * const version = { kind: "model-version", id: "churn v1", location: `${run.location}/model` } as const;
 * const holderOf = treeHolders([run, version]);
 * assertEquals(holderOf("/data/mlruns/1/ab", (row) => row === run), version);
 * assertEquals(holderOf("/data/mlruns/1/cd", () => false), null);
 * ```
 */
export function treeHolders(rows: Iterable<DatabaseRow>): FindHolder {
  const places: Place[] = [];
  const named = new Map<string, DatabaseRow[]>();
  for (const row of rows) {
    const { id, kind, location } = row;
    const place = artifactPlaceOf(location);
    const key = place === null ? null : `${plain(place)}/`;
    if (key !== null) places.push({ key, row });
    const names = key === null
      ? namesAlong(location)
      : key.endsWith(`/${id}/artifacts/`)
      ? key.slice(1, -id.length - "//artifacts/".length).split("/")
      : key.split("/");
    for (const name of names) {
      const isOfOther = name.length >= 32 && name !== id &&
        (isRunId(name) || isLoggedModelId(name));
      const mayBeAround = key === null && kind !== "experiment" && looksLikeExperimentId(name);
      if (!isOfOther && !mayBeAround) continue;
      const known = named.get(name);
      if (known === undefined) named.set(name, [row]);
      else known.push(row);
    }
  }
  places.sort((left, right) => left.key < right.key ? -1 : left.key > right.key ? 1 : 0);
  return (tree, isGone) => {
    const own = `${tree}/`;
    for (let at = firstFrom(places, own); places[at]?.key.startsWith(own); at++) {
      const { row } = places[at]!;
      if (!isGone(row)) return row;
    }
    for (let end = tree.lastIndexOf("/"); end > 0; end = tree.lastIndexOf("/", end - 1)) {
      const around = tree.slice(0, end + 1);
      for (let at = firstFrom(places, around); places[at]?.key === around; at++) {
        const { row } = places[at]!;
        if (row.kind !== "experiment" && !isGone(row)) return row;
      }
    }
    const names = named.get(tree.slice(tree.lastIndexOf("/") + 1)) ?? [];
    return names.find((row) => !isGone(row)) ?? null;
  };
}

interface Place {
  /** The path with a slash behind it, so that all that lies in a directory comes in one piece. */
  readonly key: string;
  readonly row: DatabaseRow;
}

/** An absolute path as the system follows it where no link is on the way. */
function plain(path: string): string {
  // In a bucket no name leads anywhere else.
  if (!path.startsWith("/") || !/\/\.{0,2}(?:\/|$)/.test(path)) return path;
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.map((name) => `/${name}`).join("");
}

/** Where the first place is that does not come before a key. */
function firstFrom(places: readonly Place[], key: string): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What rows name of files: those of this database, and of those that may share its artifact root. */
export interface NamedRows {
  readonly own: readonly DatabaseRow[];
  readonly others: readonly Database[];
  /** Of a database that may name any of it, and cannot be read; `null` where there is none. */
  readonly problem: string | null;
}

/**
 * Says that what rows name cannot all be told.
 *
 * @param databases Those that were read.
 * @returns Which of them cannot be read, and why; `null` where all can.
 */
export function hiddenText(databases: readonly Database[]): string | null {
  const hidden = databases.find(({ problem }) => problem !== null);
  return hidden === undefined
    ? null
    : `database ${hidden.path} may name it and cannot be read: ${hidden.problem}`;
}

/** What holds trees. */
export interface TreeHolders {
  readonly find: FindHolder;
  readonly own: ReadonlySet<DatabaseRow>;
  /** Rows of runs, logged models and traces, by their ids. */
  readonly byId: ReadonlyMap<string, readonly DatabaseRow[]>;
  /** Names a row for people. */
  readonly nameOf: (row: DatabaseRow) => string;
  /** Of a database that may hold any, and cannot be read; `null` where there is none. */
  readonly problem: string | null;
}

/**
 * Learns what holds trees.
 *
 * @param named What rows name of files.
 * @returns What finds what holds a tree.
 */
export function holdersOfTrees({ own, others, problem }: NamedRows): TreeHolders {
  const elsewhere = new Map(others.flatMap(({ path, rows }) => rows.map((row) => [row, path])));
  return {
    find: treeHolders([...own, ...elsewhere.keys()]),
    own: new Set(own),
    byId: Map.groupBy(
      [...own, ...elsewhere.keys()].filter(({ kind }) => WITH_ID.has(kind)),
      ({ id }) => id,
    ),
    problem,
    nameOf(row) {
      const path = elsewhere.get(row);
      const name = `${WORDS[row.kind]} ${row.id}`;
      return path === undefined ? name : `${name} of database ${path}`;
    },
  };
}

const WITH_ID: ReadonlySet<DatabaseRow["kind"]> = new Set(["run", "logged-model", "trace"]);

const WORDS: Readonly<Record<DatabaseRow["kind"], string>> = {
  "experiment": "experiment",
  "run": "run",
  "logged-model": "logged model",
  "model-version": "model version",
  "trace": "trace",
};
