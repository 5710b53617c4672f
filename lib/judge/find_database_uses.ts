/**
 * What of a store of files belongs to a database of MLflow's.
 *
 * @module
 */

import type { KeepReason, Stop } from "../plan/plan.ts";
import { namesAlong } from "../snapshot/find_references.ts";
import { experimentPathOf, type StorePath } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";

/** Why something stays that a database refers to. */
export type DatabaseUse = Extract<KeepReason, { readonly kind: "database-refers" }>;

/**
 * Finds everything in which files lie that a row of a database names: experiments, orphans, runs, logged
 * models, and strays. It is by names that they are found: a place outside of the store's root may be that of
 * a store that was moved, is reached by a link, or is mounted elsewhere, and one that begins with no root is
 * of a server's working directory.
 *
 * @param snapshot The store, with the databases that may refer to it.
 * @returns Path → the first row that names it; empty where there is no database.
 */
export function findDatabaseUses(snapshot: StoreSnapshot): ReadonlyMap<StorePath, DatabaseUse> {
  const { databases = [], location } = snapshot;
  const uses = new Map<StorePath, DatabaseUse>();
  if (databases.every(({ rows }) => rows.length === 0)) return uses;
  const places = placesOf(snapshot);
  const root = namesAlong(location);
  for (const { path: database, rows } of databases) {
    for (const { kind: row, id, location } of rows) {
      for (const address of addressesOf(location, root)) {
        for (const path of places.get(address) ?? []) {
          const use: DatabaseUse = { kind: "database-refers", database, row, id };
          // What it lies in must stay with it.
          for (const each of [path, experimentPathOf(path) as StorePath]) {
            if (!uses.has(each)) uses.set(each, use);
          }
        }
      }
    }
  }
  return uses;
}

/**
 * Finds the databases that may refer to what would go, and that nobody can ask.
 *
 * @param snapshot The store.
 * @returns One stop for each.
 */
export function findUnreadableDatabases({ databases = [] }: StoreSnapshot): readonly Stop[] {
  return databases.flatMap(({ path, problem }) =>
    problem === null
      ? []
      : [{ kind: "database-unreadable" as const, database: path, message: problem }]
  );
}

/** Whatever a database may name, by its path as it is while it is not deleted, or by an id of its own. */
function placesOf(
  { experiments, orphans, strays }: StoreSnapshot,
): ReadonlyMap<string, readonly StorePath[]> {
  const places = new Map<string, StorePath[]>();
  const add = (address: string, path: StorePath) => {
    const known = places.get(address);
    if (known === undefined) places.set(address, [path]);
    else known.push(path);
  };
  const addPath = (path: StorePath) => add(path.replace(/^\.trash\//, ""), path);
  for (const { path, runs, damagedRuns, loggedModels } of [...experiments, ...orphans]) {
    addPath(path);
    for (const one of [...runs, ...damagedRuns, ...loggedModels]) {
      addPath(one.path);
      add(idAddress(one.id), one.path);
    }
  }
  for (const { path } of strays) addPath(path);
  return places;
}

/** No path begins like this. */
function idAddress(id: string): string {
  return `/${id}`;
}

/** Where no directory of this machine can be meant. */
const ELSEWHERE = /^(?:s3|gs|wasbs?|abfss?|r2|b2|oss|dbfs|hdfs|viewfs)(?:\+\w+)?:/i;

/** Of an experiment, of a run, and of a logged model: `1/models/m-…`. */
const LENGTHS = [1, 2, 3] as const;

/** Everything that a location may name in the store. */
function* addressesOf(location: string, root: readonly string[]): Iterable<string> {
  if (ELSEWHERE.test(location)) return;
  const names = namesAlong(location);
  const isInside = root.every((name, position) => name === names[position]);
  const starts = isInside ? [root.length] : names.keys();
  for (const start of starts) {
    for (const length of LENGTHS) {
      if (start + length > names.length) break;
      // Elsewhere a `1` may be anything; the id of a run is that of a run.
      if (length === 1 && !isInside) {
        yield idAddress(names[start]!);
        if (start > 0 && names[start - 1] !== root.at(-1)) continue;
      }
      yield names.slice(start, start + length).join("/");
    }
  }
}
