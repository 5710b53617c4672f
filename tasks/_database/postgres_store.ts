/**
 * A database of PostgreSQL behind the ports. What it cannot do yet is `null`.
 *
 * @module
 */

import { dirname } from "@std/path";
import { StoreAccessError, UnsupportedStoreError } from "../../lib/errors.ts";
import { destinationPlaceOf } from "../../lib/snapshot/artifact_root.ts";
import type { Depth } from "../../lib/store/snapshot.ts";
import { NAME_NO_DIRECTORY } from "../ports/backups.ts";
import type { ReadOptions, Store } from "../ports/store.ts";
import { readColumns } from "./postgres/copy_tables.ts";
import type { Environment } from "../_io/process.ts";
import { realPathOrNull } from "../_io/read.ts";
import {
  openSession,
  orStoreError,
  type PostgresName,
  type Reach,
  type Sql,
} from "./postgres/session.ts";
import { readPostgres } from "./read_postgres.ts";
import { requireMlflow } from "./scan/tables.ts";
import { artifactPlacesOf } from "./trees/artifact_places.ts";
import { servedAt } from "./trees/served_artifacts.ts";
import { findArtifactRoot, refuseAmong } from "./trees/among_artifacts.ts";
import { chooseStandIn, makeStandIn, standInWithin } from "./stand_in.ts";

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
    /** Where a server keeps artifacts, as it is told: a path or a URI; nobody knows where that is not given. */
    readonly destination?: string | undefined;
  },
): Promise<Store> {
  const { chosenBy, now, environment, backups, destination = "" } = options;
  const { location } = name;
  const reach: Reach = { name, environment };
  const { path: standIn, refuseOther, guard, namesakes } = chooseStandIn(
    name,
    backups,
    environment,
  );
  // Without a directory of ours nothing is kept on this machine, and no place of it is opened.
  const placesFrom = (path: string) => artifactPlacesOf(path, environment);
  const serving = servedAt(destinationPlaceOf(destination), placesFrom(standIn ?? ""));
  const served = { reach, serving };
  await orStoreError(location, async () => {
    await using session = await openSession(reach, "read");
    const columns = await readColumns(session.sql);
    if (!columns.has("experiments")) await refuseSchema(session.sql, location);
    requireMlflow({ columns }, location);
  });
  const refuseAmongArtifacts = async () => {
    if (backups === null) return;
    const { withPostgresTables } = await import("./read_postgres_named.ts");
    const root = await orStoreError(location, () => withPostgresTables(served, findArtifactRoot));
    const places = [root, root && realPathOrNull(root)];
    const refusal = { what: "keep backups in", instead: NAME_NO_DIRECTORY, location };
    refuseAmong(dirname(standInWithin(name, backups)), places, refusal);
  };
  const store: Store = {
    describe: () => ({ location, chosenBy }),
    now,
    read: <D extends Depth>(options: ReadOptions<D>) =>
      orStoreError(location, () => readPostgres(served, { ...options, location, now: now() })),
    changes: {
      kinds: new Set([
        ...["soft-delete-run", "purge-run", "purge-experiment", "purge-logged-model"] as const,
        ...["quarantine-orphan", "finish-stale-run", "move-run", "purge-dangling-rows"] as const,
        "drop-artifact",
      ]),
      async interrupted() {
        if (standIn === null) return [];
        const { findCutOff } = await import("./log/find_cut_off.ts");
        return findCutOff(standIn);
      },
      holder: async () =>
        standIn && (await import("./log/state_directory.ts")).databaseHolder(standIn),
      lostTimes: () => Promise.resolve([]),
      linked: () => Promise.resolve([]),
      async staged() {
        if (standIn === null) return [];
        const { findStaged } = await import("./log/find_cut_off.ts");
        return await findStaged(standIn);
      },
      async lock({ task }) {
        const { lockDatabaseStore } = await import("./change/lock_database.ts");
        const { openPostgresToChange } = await import("./change_postgres.ts");
        const { readPostgresNamed, readSharedNamed, withPostgresTables } = await import(
          "./read_postgres_named.ts"
        );
        await refuseAmongArtifacts();
        const path = makeStandIn(standIn, location);
        await orStoreError(location, () => serving.look((use) => withPostgresTables(served, use)));
        const locked = await lockDatabaseStore(store, path, {
          task,
          places: placesFrom(path),
          readNamed: (root, of) =>
            of === "orphans" ? readSharedNamed(reach, root) : readPostgresNamed(reach, root),
          open: () => openPostgresToChange(reach, serving),
        });
        return { ...locked, backups: guard(locked.backups!) };
      },
    },
    mending: {
      async evidence(snapshot, policy) {
        const { readRowEvidence } = await import("./read_row_evidence.ts");
        const { withPostgresTables } = await import("./read_postgres_named.ts");
        return await readRowEvidence(snapshot, policy, (use) => withPostgresTables(served, use));
      },
    },
    backups: {
      elsewhere: true,
      extracts: false,
      namesakes,
      async open(directory) {
        refuseOther(directory);
        const { openDatabaseBackups } = await import("./change/database_backups.ts");
        const { openPostgresToLook } = await import("./change_postgres.ts");
        await refuseAmongArtifacts();
        const path = standIn ?? makeStandIn(standIn, location);
        return openDatabaseBackups(path, null, {
          open: () => openPostgresToLook(reach, serving),
          places: placesFrom(path),
        });
      },
    },
    merging: null,
    moving: {
      async evidence(snapshot, policy) {
        const { evidenceOfRows } = await import("../../lib/move/evidence_of_rows.ts");
        return evidenceOfRows(snapshot, policy);
      },
    },
    pinning: {
      async pin({ runId }, pinned) {
        const { pinRow } = await import("./pin_run.ts");
        const { openPostgresToChange } = await import("./change_postgres.ts");
        using database = openPostgresToChange(reach, serving);
        pinRow(database, runId, pinned);
      },
    },
    tracking: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return store;
}

/** Says where the tables are that somebody may mean who does not see them. */
async function refuseSchema(sql: Sql, location: string): Promise<void> {
  const [found] = await sql.unsafe<{ schema: string; user: string; may: boolean }[]>(
    `SELECT n.nspname::text AS schema, current_user::text AS user,
      has_schema_privilege(n.oid, 'USAGE') AS may
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relname = 'alembic_version' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY may DESC LIMIT 1`,
  );
  if (found === undefined) return;
  const { schema, user, may } = found;
  if (!may) {
    throw new StoreAccessError(
      `Cannot open store ${location}: user ${user} may not use schema ${schema}, in which its tables are; its owner grants that by \`GRANT USAGE ON SCHEMA ${schema} TO "${user}"\``,
      location,
    );
  }
  throw new UnsupportedStoreError(
    `Cannot open store ${location}: its tables are in schema ${schema}, which is not looked into; name that behind the database: ?options=-csearch_path%3D${
      encodeURIComponent(schema)
    }`,
    location,
  );
}
