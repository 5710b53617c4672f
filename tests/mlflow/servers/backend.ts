/**
 * What keeps the stores of tracking servers: databases of SQLite and of PostgreSQL.
 *
 * @module
 */

import { exactRowsOf } from "../../_support/owned_rows.ts";
import { digestsOf, type Server } from "../postgres.ts";
import type { MlflowVersion } from "../python.ts";
import { emptyDatabase } from "./start_server.ts";

/** A database that is a server's alone. */
export interface Backend {
  /** As mltidy names it. */
  readonly uri: string;
  /** As MLflow does. */
  readonly forMlflow: string;
  /** All that stands in it. */
  rows(): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Makes a database of SQLite with the tables of a version.
 *
 * @param version The version of MLflow.
 * @param directory Where.
 * @returns The database.
 */
export function sqliteBackend(version: MlflowVersion, directory: string): Backend {
  const path = emptyDatabase(version, directory);
  const uri = `sqlite:///${path}`;
  return { uri, forMlflow: uri, rows: () => Promise.resolve(exactRowsOf(path)) };
}

/**
 * Makes an empty database of PostgreSQL, in which MLflow makes its tables.
 *
 * @param server The server of PostgreSQL.
 * @param name What to call it.
 * @returns The database.
 */
export async function postgresBackend(server: Server, name: string): Promise<Backend> {
  await server.ask("postgres", `CREATE DATABASE ${name}`);
  return {
    uri: server.uri(name),
    forMlflow: server.uri(name, "+psycopg2"),
    rows: () => digestsOf(server, name),
  };
}
