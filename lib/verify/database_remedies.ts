/**
 * What to do about what a database may refer to: never to take it from its place.
 *
 * @module
 */

import { findDatabaseUses } from "../judge/find_database_uses.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import type { Remedy } from "./rule.ts";

/**
 * Prepares to tell apart what may be taken from its place, and what a database has its files in.
 *
 * @param snapshot The store, with the databases that may refer to it.
 * @returns Gives what is to be done about something in the store, by what would have to be done if there were
 * no database.
 */
export function databaseRemedies(
  snapshot: StoreSnapshot,
): (path: string, remedy: Remedy | null) => Remedy | null {
  const { databases = [] } = snapshot;
  if (databases.length === 0) return (_, remedy) => remedy;
  const uses: ReadonlyMap<string, Extract<Remedy, { kind: "leave" }>["use"]> = findDatabaseUses(
    snapshot,
  );
  const hidden = databases.find(({ problem }) => problem !== null);
  const lost = new Set<string>(
    [...snapshot.problems.filter(({ damage }) => damage === "missing"), ...snapshot.strays]
      .map(({ path }) => path),
  );
  return (path, remedy) => {
    if (remedy === null) return null;
    const use = uses.get(path);
    // A record that is damaged may be mended; one that never was is not missed.
    if (use !== undefined && (takesAway(remedy) || lost.has(path))) return { kind: "leave", use };
    if (hidden === undefined || !takesAway(remedy)) return remedy;
    return { kind: "read-database", database: hidden.path, message: hidden.problem! };
  };
}

function takesAway(remedy: Remedy): boolean {
  return remedy.kind === "cleanup" || remedy.kind === "by-hand" && remedy.takes === true;
}
