/**
 * What of a store of files belongs to a database of MLflow's, and what nobody can ask who looks at a store.
 *
 * @module
 */

import type { KeepReason, Stop } from "../plan/plan.ts";
import { namesAlong } from "../snapshot/find_references.ts";
import { experimentPathOf, type StorePath } from "../store/path.ts";
import type { Database, StoreSnapshot } from "../store/snapshot.ts";

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
  const { databases = [] } = snapshot;
  if (databases.every(({ rows }) => rows.length === 0)) return NO_USES;
  let uses = found.get(snapshot);
  if (uses === undefined) found.set(snapshot, uses = usesOf(snapshot, databases));
  return uses;
}

const NO_USES: ReadonlyMap<StorePath, DatabaseUse> = new Map();

/** A plan asks several times, an explanation dozens of times, and a snapshot never changes. */
const found = new WeakMap<StoreSnapshot, ReadonlyMap<StorePath, DatabaseUse>>();

function usesOf(
  snapshot: StoreSnapshot,
  databases: readonly Database[],
): ReadonlyMap<StorePath, DatabaseUse> {
  const { location: root } = snapshot;
  const uses = new Map<StorePath, DatabaseUse>();
  const places = placesOf(snapshot);
  const addressesOf = addressFinder(root);
  for (const { path: database, rows } of databases) {
    for (const { kind: row, id, location } of rows) {
      for (const address of addressesOf(location)) {
        for (const path of places.get(address) ?? []) {
          if (uses.has(path)) continue;
          const use: DatabaseUse = { kind: "database-refers", database, row, id };
          uses.set(path, use);
          // What it lies in must stay with it.
          const around = experimentPathOf(path) as StorePath;
          if (!uses.has(around)) uses.set(around, use);
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

/**
 * Finds out whether something that protects what goes may be hidden from whoever asks.
 *
 * @param snapshot The store.
 * @returns What stops a plan; empty where all there is was shown.
 */
export function findPartialView({ location, backend }: StoreSnapshot): readonly Stop[] {
  const { seesAll = true, account = null } = backend?.server ?? {};
  return seesAll ? [] : [{ kind: "partial-view", server: location, account }];
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

/** Finds everything that a location may name in a store. */
function addressFinder(location: string): (location: string) => Iterable<string> {
  const root = namesAlong(location);
  const prefixes = [`file://${location}/`, `${location}/`];

  function* addressesOf(location: string): Iterable<string> {
    if (ELSEWHERE.test(location)) return;
    const names = namesAlong(location).filter((name) => name !== ".");
    const isInside = !names.includes("..") &&
      root.every((name, position) => name === names[position]);
    if (isInside) return yield* pathsInto(names.slice(root.length));
    for (const start of names.keys()) {
      yield idAddress(names[start]!);
      // Elsewhere a `1` may be anything; the id of a run is that of a run.
      const isUnsure = start > 0 && names[start - 1] !== root.at(-1);
      const paths = pathsInto(names.slice(start, start + LONGEST));
      yield* isUnsure ? paths.slice(1) : paths;
    }
  }

  return (location) => {
    // Nearly every one is a plain path below the root, and need not be taken apart.
    const prefix = prefixes.find((each) => location.startsWith(each));
    return prefix === undefined || NOT_PLAIN.test(location.slice(prefix.length - 1))
      ? addressesOf(location)
      : pathsInto(location.slice(prefix.length).split("/", LONGEST));
  };
}

/** What is encoded, or has a name that is none. */
const NOT_PLAIN = /[%?#\\]|\/\.{0,2}(?:\/|$)/;

/** How many names lead to a logged model, which lies deepest: `1/models/m-…`. */
const LONGEST = 3;

/** The first name, the first two, and the first three. */
function pathsInto(names: readonly string[]): readonly string[] {
  return names.slice(0, LONGEST).map((_, index) => names.slice(0, index + 1).join("/"));
}
