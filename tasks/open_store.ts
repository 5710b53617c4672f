/**
 * From what a user names to an open store: the one place that knows which adapter it is.
 *
 * @module
 */

import { UnsupportedStoreError } from "../lib/errors.ts";
import { parseStoreName } from "../lib/store/store_uri.ts";
import { openFileStore } from "./_file/file_store.ts";
import { stateOfUser, variableIn } from "./_io/process.ts";
import type { Store } from "./ports/store.ts";

/** How to open a store. */
export interface OpenOptions {
  /** How the location was chosen, for messages. @default {"the caller"} */
  readonly chosenBy?: string;
  /** The flag by which another store is named, for messages. @default {"--store"} */
  readonly flag?: string | undefined;
  /** The clock, epoch ms. @default {Date.now} */
  readonly now?: () => number;
  /**
   * Absolute paths of SQLite databases whose rows may name what lies in the store, besides those that lie
   * in it or beside it: that stays. @default {[]}
   */
  readonly databases?: readonly string[];
  /**
   * Says what a variable of the environment is set to, which may tell how to reach a database of PostgreSQL:
   * `PGUSER`, `PGPASSWORD`, `PGPASSFILE`, `PGSSLMODE`, `PGSSLROOTCERT`, `PGOPTIONS`; or a tracking server:
   * `MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_PASSWORD`, `MLFLOW_TRACKING_TOKEN`, those of TLS, and
   * `MLFLOW_WORKSPACE`; or either: `HOME`, `XDG_STATE_HOME`, and `MLFLOW_TRACKING_URI` where that names the same one.
   * @default {nothing is set; but `XDG_STATE_HOME`, by that or `HOME` of this process, where it may ask for them}
   */
  readonly environment?: (name: string) => string | undefined;
  /**
   * The directory in which what is changed in a database of PostgreSQL, or over a tracking server, is kept; it need not
   * be there yet, and all that names backups of that store names the same one.
   * @default {`mltidy` in the user's state directory}
   */
  readonly backups?: string | undefined;
  /**
   * Where a server of MLflow's keeps the artifacts that it serves (`--artifacts-destination`): an absolute path, or a
   * URI such as `s3://bucket/mlflow`. A database whose rows say `mlflow-artifacts:/…` has them there, if one of its
   * runs has. @default {what `MLFLOW_ARTIFACTS_DESTINATION` is set to in `environment`, else `mlartifacts` beside a
   * database of SQLite}
   */
  readonly artifactsDestination?: string | undefined;
  /**
   * Make an empty store where nothing is yet; needs write permission. A server that does not answer is opened all the
   * same, to be trained into. @default {false}
   */
  readonly create?: boolean;
  /** Called with the root of the store that was made. */
  readonly onCreate?: ((root: string) => void) | undefined;
}

/**
 * Opens an MLflow store: a file store, a database of SQLite or PostgreSQL, or a tracking server. Needs read permission
 * for it, and, to plan for a file store, for the directory in which that lies: a database there may refer to it; net
 * permission for the host of a database of PostgreSQL or of a server.
 *
 * @param location A directory, or a `file:` URI: the store's root, or a directory that has it as `mlruns`; or a
 *   database's file, or its URI as MLflow takes it, such as `sqlite:///mlflow.db` or `postgresql://host/mlflow`; or a
 *   server's URI, such as `http://host:5000`. Relative ones, such as `file:./mlruns`, to the current directory.
 * @param options How the location was chosen, and the clock.
 * @returns The store; nothing of it has been read yet.
 * @throws {StoreNotFoundError} When there is nothing at that place, or no server answers.
 * @throws {StoreAccessError} When it cannot be read, or made, or does not let us in.
 * @throws {UnsupportedStoreError} When it is none of these, or nothing of MLflow's, or of a version that is too old.
 *
 * @example
 * ```ts
 * import { openStore, summary } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * console.log((await summary(store)).runs.total);
 * ```
 */
export async function openStore(location: string, options: OpenOptions = {}): Promise<Store> {
  const { chosenBy = "the caller", now = Date.now, create = false, databases, flag } = options;
  const { environment = stateOfUser, backups = null } = options;
  const name = parseStoreName(location);
  if (name.kind === "unsupported") {
    throw new UnsupportedStoreError(
      `Cannot open store ${name.shown}: it is ${name.what}`,
      name.shown,
    );
  }
  if (name.kind === "server") {
    const { openServerStore } = await import("./_server/server_store.ts");
    return await openServerStore(name, { chosenBy, now, later: create, environment, backups });
  }
  if (name.kind === "postgresql") {
    const { openPostgresStore } = await import("./_database/postgres_store.ts");
    return await openPostgresStore(name, {
      chosenBy,
      now,
      environment,
      backups,
      destination: destinationOf(options, environment),
    });
  }
  if (name.kind === "sqlite" || await isDatabase(name.path)) {
    const { openDatabaseStore } = await import("./_database/database_store.ts");
    return openDatabaseStore(name.path, {
      ...{ chosenBy, now, environment, flag },
      destination: destinationOf(options, environment),
    });
  }
  if (create) {
    const { createStore } = await import("./_file/create_store.ts");
    const made = await createStore(location, now());
    if (made !== null) options.onCreate?.(made);
  }
  return openFileStore(location, { chosenBy, now, databases, flag });
}

function destinationOf(
  { artifactsDestination }: OpenOptions,
  environment: (name: string) => string | undefined,
): string | undefined {
  if (artifactsDestination !== undefined) return artifactsDestination;
  return variableIn(environment, "MLFLOW_ARTIFACTS_DESTINATION") || undefined;
}

/** Nearly every store is a directory, which needs no look at how it begins. */
async function isDatabase(path: string): Promise<boolean> {
  try {
    if (Deno.statSync(path).isDirectory) return false;
  } catch {
    return false;
  }
  return (await import("./_database/locate_database.ts")).isDatabaseFile(path);
}
