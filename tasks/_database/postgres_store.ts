/**
 * A database of PostgreSQL behind the ports. What it cannot do yet is `null`.
 *
 * @module
 */

import { assembleRows } from "../../lib/snapshot/assemble_rows.ts";
import { UnsupportedStoreError } from "../../lib/errors.ts";
import type { Backend, Depth, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { isGone } from "../_io/read.ts";
import type { ReadOptions, Store } from "../ports/store.ts";
import {
  copyTables,
  countByExperiment,
  makeTables,
  readColumns,
  readRules,
} from "./postgres/copy_tables.ts";
import { findArtifactRoot } from "./find_artifact_root.ts";
import type { Environment } from "./postgres/find_login.ts";
import { makeStandIn, standInPath, standInWithin } from "./stand_in.ts";
import { selectionsFor } from "./postgres/selections.ts";
import { openSession, orStoreError, type PostgresName, type Reach } from "./postgres/session.ts";
import { readHolds } from "./scan/read_holds.ts";
import { readRows } from "./scan/read_rows.ts";
import { requireMlflow } from "./scan/tables.ts";

/**
 * Opens a database in which MLflow keeps its runs. Needs net permission for its host.
 *
 * @param name How to reach it.
 * @param options How it was chosen, the clock, what the environment says of how to reach it, and the directory in
 *   which what is changed in it is kept; `null` for that of the user's programs.
 * @returns The store.
 * @throws {StoreNotFoundError} When no server answers, or it has no such database.
 * @throws {StoreAccessError} When it does not let us in, or this process may not ask it.
 * @throws {UnsupportedStoreError} When it is no database of MLflow's.
 */
export async function openPostgresStore(
  name: PostgresName,
  options: {
    readonly chosenBy: string;
    readonly now: () => number;
    readonly environment: Environment;
    readonly backups: string | null;
  },
): Promise<Store> {
  const { chosenBy, now, environment, backups } = options;
  const { location } = name;
  const reach: Reach = { name, environment };
  const standIn = backups === null
    ? standInPath(name, environment)
    : standInWithin(name, backups, null);
  await orStoreError(location, async () => {
    await using session = await openSession(reach, "read");
    requireMlflow({ columns: await readColumns(session.sql) }, location);
  });
  const make = async () => {
    // Nothing may come between what MLflow has written.
    if (backups !== null) standInWithin(name, backups, await findArtifactRoot(reach));
    return makeStandIn(standIn, location);
  };
  const refuseOther = (named: string | null) => {
    if (named === null || standInWithin(name, named, null) === standIn) return;
    throw new UnsupportedStoreError(
      `Cannot use ${named} for backups of store ${location}: what is changed in it is kept in ${
        backups ?? "the user's state directory"
      }, as it was opened; name the same directory as \`backups\` where it is opened`,
      location,
    );
  };
  const store: Store = {
    describe: () => ({ location, chosenBy }),
    now,
    read: <D extends Depth>(options: ReadOptions<D>) =>
      orStoreError(location, () => readSnapshot(reach, { ...options, location, now: now() })),
    changes: {
      kinds: new Set(["soft-delete-run", "purge-run", "purge-experiment", "purge-logged-model"]),
      async interrupted() {
        if (standIn === null) return [];
        const { findCutOff } = await import("./change/find_cut_off.ts");
        return findCutOff(standIn);
      },
      lostTimes: () => Promise.resolve([]),
      linked: () => Promise.resolve([]),
      staged: () => Promise.resolve([]),
      async lock({ task }) {
        const { lockDatabaseStore } = await import("./change/lock_database.ts");
        const { openPostgresToChange, readPostgresNamed } = await import("./change_postgres.ts");
        const { placesFor } = await import("./trees/places_for.ts");
        const path = await make();
        const locked = await lockDatabaseStore(store, path, {
          task,
          places: placesFor(path, environment),
          readNamed: (root) => readPostgresNamed(reach, root),
          open: () => openPostgresToChange(reach),
        });
        const places = locked.backups!;
        const lock: typeof places.lock = async (directory) => {
          refuseOther(directory);
          return await places.lock(null);
        };
        return { ...locked, backups: { ...places, lock } };
      },
    },
    mending: null,
    backups: {
      elsewhere: true,
      extracts: false,
      async open(directory) {
        refuseOther(directory);
        const { openDatabaseBackups } = await import("./change/database_backups.ts");
        const { openPostgresToLook } = await import("./change_postgres.ts");
        if (backups !== null) standInWithin(name, backups, await findArtifactRoot(reach));
        const path = standIn ?? makeStandIn(standIn, location);
        const { placesFor } = await import("./trees/places_for.ts");
        return openDatabaseBackups(path, null, {
          open: () => openPostgresToLook(reach),
          places: placesFor(path, environment),
        });
      },
    },
    tracking: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return store;
}

/** What another machine has cannot be looked at, nor set aside. */
function hereOrNull({ artifactRoot }: Backend): string | null {
  return artifactRoot === null || isGone(artifactRoot) ? null : artifactRoot;
}

async function readSnapshot<D extends Depth>(
  reach: Reach,
  options: ReadOptions<D> & { readonly location: string; readonly now: number },
): Promise<StoreSnapshot<D>> {
  const { depth, sizes = false, extras, location, now, signal, onProgress } = options;
  signal?.throwIfAborted();
  const inspect = depth === "full"
    ? (await import("./scan/inspect_database.ts")).inspectRows
    : null;
  await using session = await openSession(reach, "read");
  const tables = await session.sql.begin(
    "ISOLATION LEVEL REPEATABLE READ READ ONLY",
    async (sql) => {
      const columns = await readColumns(sql);
      requireMlflow({ columns }, location);
      const selections = selectionsFor({ depth, extras }, columns);
      const tables = makeTables(selections, columns);
      await copyTables(sql, tables, selections, { signal, onProgress });
      const counts = await countByExperiment(sql, columns);
      return { ...tables, counts, rules: await readRules(sql) };
    },
  );
  using _database = tables.database;
  const { backend, ...read } = readRows(tables, { depth, extras, location, now, signal });
  const holds = depth === "tags" ? { holds: readHolds(tables) } : {};
  const rows = { ...read, backend: { ...backend, artifactRoot: hereOrNull(backend), ...holds } };
  const assembled = assembleRows(rows);
  const snapshot = inspect === null ? assembled : inspect(tables, rows, assembled);
  if (depth === "meta" && !sizes) return snapshot;
  const { measureArtifacts } = await import("./scan/measure_artifacts.ts");
  return await measureArtifacts(snapshot, { sizes, artifacts: extras?.artifacts ?? null });
}
