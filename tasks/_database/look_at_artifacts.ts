/**
 * What artifacts tell of a database whose rows were read: what they take, which are not there, and what no row names.
 *
 * Whoever writes to the database waits for none of that: the rows are let go of before, and asked again where it
 * matters how they are by now.
 *
 * @module
 */

import { addOrphans } from "../../lib/snapshot/add_orphans.ts";
import { bucketsOf } from "../../lib/snapshot/artifact_root.ts";
import { byPath } from "../../lib/store/path.ts";
import type { Depth, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { glanceInto, listDirectory } from "../_io/list_directory.ts";
import type { ReadOptions } from "../ports/store.ts";
import type { LookOptions } from "./buckets/look_at_buckets.ts";
import type { AllNamed, NamingRows } from "./scan/find_orphans.ts";
import type { Tables } from "./scan/tables.ts";

/** How a database is asked again. */
export interface AskedAgain {
  /** Says how to reach a bucket. */
  readonly environment: LookOptions["environment"];
  /** Whether its rows can tell what is missing. */
  tellsMissing(snapshot: StoreSnapshot): boolean;
  /** Looks into it as it is at one moment. */
  withTables<T>(use: (tables: Tables) => T): T | Promise<T>;
  /** Reads what is named below a root, by it and by whatever else may have artifacts there. */
  allNamed(root: string): Promise<AllNamed>;
}

/**
 * Tells whether it is asked for what artifacts take.
 *
 * @param options How deep to read.
 * @returns Whether it is.
 */
export function looksAtArtifacts(
  { depth, sizes = false }: Pick<ReadOptions<Depth>, "depth" | "sizes">,
): boolean {
  return depth !== "meta" || sizes;
}

/**
 * Looks at the artifacts of a database. Needs read permission for those on this machine, and net permission for the
 * hosts of its buckets.
 *
 * @param snapshot What its rows say.
 * @param options How deep, and of what.
 * @param database The database.
 * @returns The same, with what was found.
 * @throws {UnsupportedStoreError} When everything is to be measured, and some of it cannot be.
 * @throws {StoreAccessError} When a bucket is to be measured, and cannot be looked at.
 */
export async function lookAtArtifacts<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  { depth, sizes = false, extras, signal, isReport = false, isPreview = isReport }: ReadOptions<D>,
  database: AskedAgain,
): Promise<StoreSnapshot<D>> {
  if (!looksAtArtifacts({ depth, sizes })) return await withOrphans(snapshot, database, isPreview);
  const { measureArtifacts } = await import("./scan/measure_artifacts.ts");
  const buckets = bucketsOf(snapshot);
  const measured = await measureArtifacts(snapshot, {
    sizes,
    artifacts: extras?.artifacts ?? null,
    buckets,
  });
  const inspected = depth === "full" ? await withMissing(measured, database) : measured;
  const found = await withOrphans(inspected, database, isPreview);
  if (buckets.length === 0) return found;
  const { lookAtBuckets } = await import("./buckets/look_at_buckets.ts");
  return await lookAtBuckets(found, buckets, {
    sizes,
    environment: database.environment,
    signal,
    rowsFor: (root) => namingRows(database, root),
  });
}

async function withMissing<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  database: AskedAgain,
): Promise<StoreSnapshot<D>> {
  if (!database.tellsMissing(snapshot)) return snapshot;
  const { findMissingArtifacts, readPlaces, withoutLiving } = await import(
    "./trees/inspect_artifacts.ts"
  );
  const missing = findMissingArtifacts(snapshot, await database.withTables(readPlaces));
  const problems = [...await withoutLiving(snapshot), ...missing].toSorted(byPath);
  return { ...snapshot, problems };
}

/** What no row names is looked for after the rows were read, and asked for again before it is told of. */
async function withOrphans<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  database: AskedAgain,
  isShown: boolean,
): Promise<StoreSnapshot<D>> {
  const root = snapshot.backend?.artifactRoot ?? null;
  if (root === null) return snapshot;
  const { findOrphans } = await import("./scan/find_orphans.ts");
  const rows = await namingRows(database, root);
  const list = isShown ? glanceInto : listDirectory;
  return addOrphans(snapshot, await findOrphans(snapshot, rows, list));
}

async function namingRows(database: AskedAgain, root: string): Promise<NamingRows> {
  const { knownIds } = await import("./read_naming_rows.ts");
  return {
    known: (ids) => database.withTables((tables) => knownIds(tables, ids)),
    all: () => database.allNamed(root),
  };
}
