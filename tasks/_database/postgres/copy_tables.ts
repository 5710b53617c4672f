/**
 * Bringing what is needed of a database of PostgreSQL into one of SQLite in memory, which the readers of databases
 * then read: so that both are read by the same code.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { isFull } from "../scan/open_database.ts";
import type { Statement, Tables } from "../scan/tables.ts";
import type { Affinity, Part, Selection } from "./selections.ts";
import type { Sql } from "./session.ts";

/** How many rows are asked for at once. Of more, much outlives its use; fewer take more answers to wait for. */
const ROWS_AT_ONCE = 200;

/** How to bring rows. */
export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called as runs come, with their number so far. */
  readonly onProgress?: ((runs: number) => void) | undefined;
}

/** Asks for the columns of all tables that are meant where no schema is named. */
export const COLUMNS = `SELECT c.relname::text AS "table", a.attname::text AS "column"
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v') AND pg_catalog.pg_table_is_visible(c.oid)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND a.attnum > 0 AND NOT a.attisdropped`;

/**
 * Looks at which tables a database has, of those that are meant where no schema is named.
 *
 * @param sql The session.
 * @returns Table → its columns.
 */
export async function readColumns(
  sql: Sql,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await sql.unsafe<{ table: string; column: string }[]>(COLUMNS);
  return new Map(
    [...Map.groupBy(rows, ({ table }) => table)]
      .map(([table, own]) => [table, new Set(own.map(({ column }) => column))]),
  );
}

/**
 * Brings what is needed into a database of its own.
 *
 * @param sql The session, within a transaction that sees one moment.
 * @param columns Table → its columns.
 * @param selections What to bring.
 * @param options When to stop.
 * @returns The tables, whose database is to be closed.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function bringTables(
  sql: Sql,
  columns: Tables["columns"],
  selections: readonly Selection[],
  options: CopyOptions = {},
): Promise<Tables<DatabaseSync>> {
  const bring = async (size: DatabaseSize) => {
    const made = makeTables(selections, columns, size);
    try {
      await copyTables(sql, made, selections, options);
      return made;
    } catch (error) {
      made.database.close();
      throw error;
    }
  };
  try {
    return await bring("usual");
  } catch (error) {
    if (!isFull(error)) throw error;
    return await bring("any");
  }
}

/**
 * How much a database in memory may hold: SQLite lets one of 1 GiB give its room back to the machine as it is closed,
 * which is before the most is taken for a plan; of one that may have any size the room stays taken.
 */
type DatabaseSize = "usual" | "any";

function openInMemory(size: DatabaseSize): DatabaseSync {
  const database: DatabaseSync & Partial<Serializing> = new DatabaseSync(":memory:");
  if (size === "any") return database;
  // Without a page there would be nothing to take over.
  database.exec("PRAGMA user_version = 1");
  database.deserialize!(database.serialize!());
  // What fails is filled anew.
  database.exec("PRAGMA journal_mode = OFF");
  return database;
}

/** What SQLite has, and the types of Deno 2.9 do not know. */
interface Serializing {
  serialize(): Uint8Array;
  deserialize(bytes: Uint8Array): void;
}

/**
 * Makes the tables without any row.
 *
 * @param selections What is to be brought.
 * @param columns Table → its columns, in the database that is read.
 * @param size How much they may hold. @default {"any"}
 * @returns The tables, which say of columns that were not brought that they are there: to ask for one fails.
 */
export function makeTables(
  selections: readonly Selection[],
  columns: Tables["columns"],
  size: DatabaseSize = "any",
): Tables<DatabaseSync> {
  const database = openInMemory(size);
  for (const { table, columns: wanted, key } of selections) {
    const present = presentOf(wanted, columns.get(table));
    if (present.length === 0) continue;
    const list = present.map(([name, affinity]) => `"${name}" ${affinity}`);
    database.exec(`CREATE TABLE "${table}" (${list.join(", ")})`);
    if (key !== undefined) {
      database.exec(`CREATE INDEX "${table}_key" ON "${table}" (${key.join(", ")})`);
    }
  }
  return { database, columns };
}

function presentOf(
  wanted: Selection["columns"],
  present: ReadonlySet<string> | undefined,
): readonly (readonly [name: string, affinity: Affinity])[] {
  return Object.entries(wanted).filter(([name]) => present?.has(name));
}

async function copyTables(
  sql: Sql,
  { database, columns }: Tables,
  selections: readonly Selection[],
  options: CopyOptions,
): Promise<void> {
  database.exec("BEGIN");
  for (const selection of selections) {
    const present = presentOf(selection.columns, columns.get(selection.table));
    if (present.length === 0) continue;
    const insert = database.prepare(
      `INSERT INTO "${selection.table}" VALUES (${present.map(() => "?").join(", ")})`,
    );
    for (const part of selection.parts) {
      if (part.needs?.some((table) => !columns.has(table))) continue;
      await copyPart(sql, selection.table, part, present, insert, options);
    }
  }
  database.exec("COMMIT");
}

async function copyPart(
  sql: Sql,
  table: string,
  { instead = {}, where, values = [] }: Part,
  present: readonly (readonly [name: string, affinity: Affinity])[],
  insert: Statement,
  { signal, onProgress }: CopyOptions,
): Promise<void> {
  // As text no number is rounded, and SQLite takes it for what its column is of.
  const list = present.map(([name, affinity], at) => {
    const value = instead[name] ?? `"${name}"`;
    const isFlag = affinity === "INTEGER" && name.startsWith("is_");
    return `(${value})${isFlag ? "::int" : ""}::text AS c${at}`;
  });
  const query = sql.unsafe<Record<string, string | null>[]>(
    `SELECT ${list.join(", ")} FROM "${table}" WHERE ${where}`,
    values.map((keys) => JSON.stringify(keys)),
  );
  let count = 0;
  for await (const rows of query.cursor(ROWS_AT_ONCE)) {
    signal?.throwIfAborted();
    for (const row of rows) {
      insert.run(...present.map(([, affinity], at) => {
        const value = row![`c${at}`] ?? null;
        return affinity === "REAL" && value !== null ? Number(value) : value;
      }));
    }
    count += rows.length;
    if (table === "runs") onProgress?.(count);
  }
}

/** Asks what refers to what. */
export const KEYS =
  `SELECT c.relname::text AS "table", a.attname::text AS "column", f.relname::text AS "to"
  FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
  WHERE k.contype = 'f'`;

/** Asks which tables do something by themselves. */
export const TRIGGERS = `SELECT DISTINCT c.relname::text AS "table" FROM pg_catalog.pg_trigger AS t
  JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
  UNION SELECT tablename::text FROM pg_catalog.pg_rules
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;

/**
 * Asks what refers to what, and what happens by itself.
 *
 * @param sql The session.
 * @returns Foreign keys, and the tables that have triggers.
 */
export async function readRules(sql: Sql): Promise<NonNullable<Tables["rules"]>> {
  const keys = await sql.unsafe<{ table: string; column: string; to: string }[]>(KEYS);
  const triggers = await sql.unsafe<{ table: string }[]>(TRIGGERS);
  return {
    keys: keys.map(({ table, column, to }) => ({ table, column, to })),
    triggers: triggers.map(({ table }) => table),
  };
}

/**
 * Counts the rows of tables that are not brought, by experiment.
 *
 * @param sql The session.
 * @param columns Table → its columns.
 * @returns Table → experiment → how many.
 */
export async function countByExperiment(
  sql: Sql,
  columns: Tables["columns"],
): Promise<NonNullable<Tables["counts"]>> {
  const counts = new Map<string, ReadonlyMap<string, number>>();
  for (const table of ["trace_info", "datasets"]) {
    if (!columns.get(table)?.has("experiment_id")) continue;
    const rows = await sql.unsafe<{ experiment: string; count: string }[]>(
      `SELECT experiment_id::text AS experiment, COUNT(*)::text AS count FROM ${table} GROUP BY 1`,
    );
    counts.set(table, new Map(rows.map(({ experiment, count }) => [experiment, Number(count)])));
  }
  return counts;
}
