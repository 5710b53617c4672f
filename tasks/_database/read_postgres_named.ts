/**
 * What the rows of a database of PostgreSQL name, and those of others that may have artifacts below the same root.
 *
 * @module
 */

import { StoreError } from "../../lib/errors.ts";
import { hiddenText, type NamedRows } from "../../lib/snapshot/tree_holders.ts";
import type { Database, DatabaseRow } from "../../lib/store/snapshot.ts";
import { parseStoreName } from "../../lib/store/store_uri.ts";
import { type BlockingSession, openBlockingSession } from "./postgres/blocking_session.ts";
import { findLogin } from "./postgres/find_login.ts";
import { tablesOf } from "./postgres/postgres_database.ts";
import type { Reach } from "./postgres/session.ts";
import { readDatabasesAround } from "./read_databases.ts";
import { namedRowsOf } from "./scan/read_database.ts";
import type { Tables } from "./scan/tables.ts";
import { type Serving, withServed } from "./trees/served_artifacts.ts";

/** How to reach a database, and what knows where a server keeps its artifacts. */
export interface ServedReach {
  readonly reach: Reach;
  readonly serving: Serving;
}

/**
 * Looks into a database as it is by now. Needs net permission for its host.
 *
 * @param reach The database.
 * @param use What to do with its tables.
 * @returns What that gives.
 */
export function withPostgresTables<T>(
  { reach, serving }: ServedReach,
  use: (tables: Tables) => T,
): T {
  using session = openBlockingSession(reach, "read");
  return use(withServed(serving, tablesOf(session)));
}

/**
 * Reads the rows that name files, of a database and of those that lie beside its artifacts. Needs net permission for
 * its host, and read permission for the directories.
 *
 * @param reach The database.
 * @param root Its artifact root.
 * @returns The rows.
 */
export async function readPostgresNamed(reach: Reach, root: string): Promise<NamedRows> {
  const others = await readDatabasesAround(root);
  using session = openBlockingSession(reach, "read");
  return namedRows(rowsIn(session), others);
}

/**
 * Reads the same, and the rows of the other databases of the same server: what no row of one names may be another's.
 * Needs net permission for its host, and read permission for the directories.
 *
 * @param reach The database.
 * @param root Its artifact root.
 * @returns The rows.
 */
export async function readSharedNamed(reach: Reach, root: string): Promise<NamedRows> {
  const others = await readDatabasesAround(root);
  using session = openBlockingSession(reach, "read");
  const names = session.ask(OTHERS).rows.map(({ name }) => String(name));
  const shared = names.flatMap((database) => readOther(reach, database) ?? []);
  return namedRows(rowsIn(session), [...others, ...shared]);
}

/** Asks for the other databases of the server, templates left out. */
const OTHERS = `SELECT CAST(datname AS TEXT) AS name FROM pg_catalog.pg_database
  WHERE datallowconn AND NOT datistemplate AND datname <> current_database() ORDER BY 1`;

type Rows = readonly DatabaseRow[] | string | null;

function rowsIn(session: BlockingSession): Rows {
  const { database, columns } = tablesOf(session);
  return namedRowsOf(database, (table) => columns.get(table) ?? new Set());
}

function namedRows(own: Rows, others: readonly Database[]): NamedRows {
  return {
    own: own === null || typeof own === "string" ? [] : own,
    others,
    problem: typeof own === "string" ? own : hiddenText(others),
  };
}

/** `null`: it is none of MLflow's. */
function readOther({ name, environment }: Reach, database: string): Database | null {
  // What is said of whom to be in one database is not said of another.
  const { user, password } = findLogin(name.address, environment);
  const also = Object.entries({ dbname: database, user, password })
    .map(([key, value]) => value === null ? "" : `&${key}=${encodeURIComponent(value)}`);
  const other = parseStoreName(`${name.uri}${name.uri.includes("?") ? "" : "?"}${also.join("")}`);
  if (other.kind !== "postgresql") return null;
  const path = other.location;
  try {
    using session = openBlockingSession({ name: other, environment }, "read");
    const rows = rowsIn(session);
    if (rows === null) return null;
    if (typeof rows === "string") return { path, rows: [], problem: rows };
    return { path, rows, problem: null };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { path, rows: [], problem: error.message };
  }
}
