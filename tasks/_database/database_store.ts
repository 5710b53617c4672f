/**
 * A database of SQLite behind the ports. What it cannot do yet is `null`.
 *
 * @module
 */

import type { Environment } from "../_io/process.ts";
import { InvalidArgumentError } from "../../lib/errors.ts";
import { destinationPlaceOf } from "../../lib/snapshot/artifact_root.ts";
import { assembleRows } from "../../lib/snapshot/assemble_rows.ts";
import type { Depth, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { sqliteUri } from "../../lib/store/store_uri.ts";
import type { LockedBackupPlaces } from "../ports/backups.ts";
import type { ReadOptions, Store } from "../ports/store.ts";
import { locateDatabase } from "./locate_database.ts";
import { lookAtArtifacts, looksAtArtifacts } from "./look_at_artifacts.ts";
import { isCutOff, openDatabase, orStoreError, requireWritable } from "./scan/open_database.ts";
import { readRows } from "./scan/read_rows.ts";
import { readTables, requireMlflow, type Tables } from "./scan/tables.ts";
import { artifactPlacesOf } from "./trees/artifact_places.ts";
import { servedAt, servedBeside, type Serving, withServed } from "./trees/served_artifacts.ts";

/**
 * Opens a database in which MLflow keeps its runs. Needs read permission for it and for its artifacts.
 *
 * @param named Path of its file.
 * @param options How it was chosen, the clock, and what the environment says of how to reach a bucket.
 * @returns The store.
 * @throws {StoreNotFoundError} When there is nothing at that place.
 * @throws {StoreAccessError} When it cannot be read, or a change of it was cut off.
 * @throws {StoreLockedError} When another program has been writing to it for seconds.
 * @throws {UnsupportedStoreError} When it is no database of MLflow's, or damaged.
 */
export function openDatabaseStore(
  named: string,
  options: {
    readonly chosenBy: string;
    readonly now: () => number;
    readonly environment?: Environment;
    /** Where a server keeps artifacts, as it is told: a path or a URI. @default {beside the database} */
    readonly destination?: string | undefined;
    /** The flag that names another one, for messages. @default {"--store"} */
    readonly flag?: string | undefined;
  },
): Store {
  const { chosenBy, now, environment = () => undefined, destination, flag } = options;
  const path = locateDatabase(named, flag);
  const places = artifactPlacesOf(path, environment);
  const serving = destination === undefined
    ? servedBeside(path)
    : servedAt(destinationPlaceOf(destination), places);
  const served: Served = { path, serving };
  const location = sqliteUri(path);
  try {
    withTables(served, () => {});
  } catch (error) {
    // What was cut off is settled by a task that may write.
    if (!isCutOff((error as Error).cause)) throw error;
  }
  // What not every task needs is loaded when it is needed, as it would cost the others time at their start.
  const store: Store = {
    describe: () => ({ location, chosenBy }),
    now,
    read: <D extends Depth>(options: ReadOptions<D>) =>
      Promise.try(() => readSnapshot(served, { ...options, location, now: now(), environment })),
    changes: {
      kinds: new Set([
        "soft-delete-run",
        "drop-artifact",
        "thin-metric",
        "purge-run",
        "purge-experiment",
        "purge-logged-model",
        "quarantine-orphan",
        "finish-stale-run",
        "move-run",
        "copy-in",
        "purge-dangling-rows",
      ]),
      async interrupted() {
        const { findCutOff } = await import("./log/find_cut_off.ts");
        return findCutOff(path);
      },
      holder: async () => (await import("./log/state_directory.ts")).databaseHolder(path),
      lostTimes: () => Promise.resolve([]),
      linked: () => Promise.resolve([]),
      async staged() {
        const { findStaged } = await import("./log/find_cut_off.ts");
        return findStaged(path);
      },
      async lock(options) {
        const { lockDatabaseStore } = await import("./change/lock_database.ts");
        const { openToChange } = await import("./rows/sqlite_rows.ts");
        const { readNamedRows } = await import("./read_naming_rows.ts");
        requireWritable(path);
        try {
          await lookAtServed(served);
        } catch (error) {
          // What was cut off is settled first, and looked at then.
          if (!isCutOff((error as Error).cause)) throw error;
        }
        const locked = await lockDatabaseStore(store, path, {
          ...options,
          open: () => openToChange(path, serving),
          readNamed: (root) => readNamedRows(path, root),
          places,
        });
        return { ...locked, backups: withPlaces(locked.backups!, { ...served, now }) };
      },
    },
    mending: {
      async evidence(snapshot, policy) {
        const { readRowEvidence } = await import("./read_row_evidence.ts");
        return readRowEvidence(snapshot, policy, (use) => withTables(served, use));
      },
    },
    backups: {
      elsewhere: false,
      extracts: false,
      async open(directory, use = "copies") {
        const { openDatabaseBackups } = await import("./change/database_backups.ts");
        const { openToLook } = await import("./rows/sqlite_rows.ts");
        const how = { open: () => openToLook(path, serving), places };
        if (use === "changes") return openDatabaseBackups(path, directory, how);
        const { withCopies } = await import("./backups/database_copies.ts");
        return withCopies(openDatabaseBackups(path, null, how), { ...served, directory, now });
      },
    },
    merging: {
      kind: "sqlite",
      async read(snapshot, policy, { signal, onProgress } = {}) {
        const { readMergeEvidence } = await import("./merges/read_other.ts");
        const { MOVE_EXTRAS } = await import("../../lib/move/choose_runs.ts");
        const { placeOf } = await import("../../lib/store/store_uri.ts");
        const from = locateDatabase(placeOf(policy.from) ?? policy.from, "--from");
        if (from === path) {
          throw new InvalidArgumentError(
            `Cannot merge ${location} into itself: name another store`,
          );
        }
        await using store = openDatabaseStore(from, {
          ...{ chosenBy: "by --from", now, environment, destination },
        });
        const reading = { extras: MOVE_EXTRAS, signal, onProgress };
        const other = await store.read({ depth: "tags", ...reading });
        const databases = { path, from, snapshot, other, policy, signal };
        return { other, evidence: await readMergeEvidence(databases) };
      },
    },
    moving: {
      async evidence(snapshot, policy) {
        const { evidenceOfRows } = await import("../../lib/move/evidence_of_rows.ts");
        return evidenceOfRows(snapshot, policy);
      },
    },
    pinning: {
      async pin({ runId }, pinned) {
        const { pinRow } = await import("./pin_run.ts");
        const { openToChange } = await import("./rows/sqlite_rows.ts");
        requireWritable(path);
        orStoreError(path, () => {
          using database = openToChange(path);
          pinRow(database, runId, pinned);
        });
      },
    },
    tracking: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return store;
}

/** What was changed lies beside the database, wherever its copies do. */
function withPlaces(
  changes: LockedBackupPlaces,
  of: Served & { readonly now: () => number },
): LockedBackupPlaces {
  return {
    ...changes,
    async lock(directory, use = "copies") {
      if (use === "changes") return await changes.lock(directory);
      const { withLockedCopies } = await import("./backups/database_copies.ts");
      return withLockedCopies(await changes.lock(null), { ...of, directory });
    },
  };
}

/** A database, and what knows where a server keeps its artifacts. */
interface Served {
  /** Absolute real path of its file. */
  readonly path: string;
  readonly serving: Serving;
}

async function readSnapshot<D extends Depth>(
  served: Served,
  options: ReadOptions<D> & {
    readonly location: string;
    readonly now: number;
    readonly environment: Environment;
  },
): Promise<StoreSnapshot<D>> {
  const { depth, signal, environment } = options;
  signal?.throwIfAborted();
  const inspection = depth === "full" ? await import("./scan/inspect_database.ts") : null;
  // Where nothing is planned, a damaged table is no reason to say nothing of the others.
  const held = depth === "tags" ? await import("./scan/read_holds.ts") : null;
  if (looksAtArtifacts(options)) await lookAtServed(served);
  const snapshot = withTables(served, (tables) => {
    const { backend, ...read } = readRows(tables, options);
    const holds = held === null ? {} : { holds: held.readHolds(tables) };
    const rows = { ...read, backend: { ...backend, reusesIds: true, ...holds } };
    const assembled = assembleRows(rows);
    return inspection?.inspectDatabase(tables, rows, assembled) ?? assembled;
  });
  return await lookAtArtifacts(snapshot, options, {
    environment,
    // Of a damaged file no more can be read.
    tellsMissing: ({ problems }) => !problems.some(({ subject }) => subject === "database"),
    withTables: (use) => withTables(served, use),
    async allNamed(root) {
      const { readAllNamed } = await import("./read_naming_rows.ts");
      return await readAllNamed(served.path, root);
    },
  });
}

/** What a server keeps in a bucket is asked for before the rows are read: that takes requests. */
function lookAtServed(served: Served): Promise<void> {
  return served.serving.look((use) => withTables(served, use));
}

/** Looks into it as it is at one moment. */
function withTables<T>({ path, serving }: Served, use: (tables: Tables) => T): T {
  return orStoreError(path, () => {
    using database = openDatabase(path);
    database.exec("BEGIN");
    const plain = readTables(database);
    requireMlflow(plain, sqliteUri(path));
    return use(withServed(serving, plain));
  });
}
