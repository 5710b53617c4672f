/**
 * Reading, deleting and inserting the rows that belong to runs, logged models, traces and experiments: what of that
 * speaks SQL.
 *
 * @module
 */

import type { Database, Statement, Tables } from "../scan/tables.ts";
import { OWNED_TABLES, type OwnedTable, type Owner } from "../../../lib/snapshot/owned_tables.ts";
import type { ServedArtifacts } from "../trees/served_artifacts.ts";
import type { RemovedRow, RowChunk } from "../log/removed_rows.ts";

/** How many rows change in one transaction, so that it takes a fraction of a second. */
export const ROWS_AT_ONCE = 5_000;

/** A database, and what of its tables can be written. */
export interface OwnedRows {
  readonly database: Database;
  /** Table → its columns, but for those that SQLite computes. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** From where a server may serve artifacts of it. */
  readonly served: ServedArtifacts | null;
  /** Statements that have been made already, which takes longer than many of them do. */
  readonly statements: Map<string, Statement>;
  /** What each kind of database says in its own words. */
  readonly words: RowWords;
}

/** A database that is open to be changed. */
export interface OpenedDatabase extends Disposable {
  readonly tables: Tables;
  /** The same, to be written. */
  readonly rows: OwnedRows;
}

/** How whole rows are read and written. */
export interface RowWords {
  /** Whether the highest id of an experiment is given out again once it is free. */
  readonly reusesIds: boolean;
  /** Whether files that its rows name may lie on another machine. */
  readonly isRemote: boolean;
  /** Asks what happens by itself when a row changes: `name`, and of which `table`. */
  readonly triggers: string;
  /** Reads rows with the exact type of every value, within a transaction. */
  read<O extends string>(rows: OwnedRows, taking: Taking<O>): Taken<O>;
  /** Deletes rows that have been read, within the same transaction; gives how many are gone. */
  remove(rows: OwnedRows, taking: Taking, taken: Taken): number;
  /**
   * Inserts rows, unless the very same are there, within a transaction; gives whether they are all there now: not
   * when another one is in the way of one.
   */
  insert(rows: OwnedRows, chunk: RowChunk<string>): boolean;
  /** Tells whether the very same row is there. */
  has(
    rows: OwnedRows,
    chunk: Pick<RowChunk<string>, "table" | "columns">,
    row: RemovedRow,
  ): boolean;
}

/** What to take of a table. */
export interface Taking<O extends string = Owner> {
  readonly owner: O;
  readonly table: OwnedTable;
  readonly ids: readonly string[];
  /** How many rows at most; then of one owner alone. @default {all of them} */
  readonly limit?: number;
}

/**
 * Names the tables that a kind of thing has rows in, as far as the database has them.
 *
 * @param rows The database.
 * @param owner What it is.
 * @returns The tables, children first.
 */
export function tablesOf({ columns }: OwnedRows, owner: Owner): readonly OwnedTable[] {
  const has = (table: string, column: string) => columns.get(table)?.includes(column) ?? false;
  return OWNED_TABLES[owner].filter(({ table, owner, through }) =>
    through === undefined
      ? has(table, owner)
      : has(through.table, owner) && has(through.table, through.by) && has(table, through.by)
  );
}

/**
 * Counts rows.
 *
 * @param rows The database.
 * @param taking Which.
 * @returns Owner → how many it has, where it has any.
 */
export function countRows(rows: OwnedRows, { table, ids }: Taking): ReadonlyMap<string, number> {
  const { id, condition } = conditionOf(table);
  const weight = table.table === "spans"
    ? `COUNT(*) + COALESCE(SUM(OCTET_LENGTH(content)), 0) / ${BYTES_LIKE_A_ROW}`
    : "COUNT(*)";
  const counted = statementOf(
    rows,
    `SELECT CAST(${id} AS TEXT) AS id, ${weight} AS count FROM "${table.table}"
      WHERE ${condition} GROUP BY 1`,
  ).all(JSON.stringify(ids));
  return new Map(counted.map((row) => [String(row["id"]), Number(row["count"])]));
}

/** What of a span's content takes as long as a row. */
const BYTES_LIKE_A_ROW = 2_000;

/** Rows that are about to go, and what tells which of their table that is; `null`: all that were asked for. */
export interface Taken<O extends string = Owner> {
  readonly chunks: readonly RowChunk<O>[];
  readonly count: number;
  readonly last: bigint | string | null;
}

/**
 * Tells whether a chunk can be put back at all: its table may have been changed since.
 *
 * @param rows The database.
 * @param chunk The rows.
 * @returns Whether the table has all their columns.
 */
export function hasColumns({ columns }: OwnedRows, chunk: RowChunk): boolean {
  const there = columns.get(chunk.table) ?? [];
  return chunk.columns.every((name) => there.includes(name));
}

/**
 * Makes a statement, once.
 *
 * @param rows The database.
 * @param sql The statement.
 * @returns The statement.
 */
export function statementOf({ database, statements }: OwnedRows, sql: string): Statement {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  const made = database.prepare(sql);
  statements.set(sql, made);
  return made;
}

const IDS = "(SELECT value FROM json_each(?1))";

/**
 * Tells by what rows are found, and what of each tells whose it is.
 *
 * @param table The table.
 * @returns SQL, with one place for the ids.
 */
export function conditionOf(
  { table, owner, where, through }: OwnedTable,
): { readonly id: string; readonly condition: string } {
  const also = where === undefined ? "" : ` AND ${where}`;
  if (through === undefined) return { id: `"${owner}"`, condition: `"${owner}" IN ${IDS}${also}` };
  const { table: between, by } = through;
  return {
    id: `(SELECT "${owner}" FROM "${between}" AS b WHERE b."${by}" = "${table}"."${by}"${also})`,
    condition: `"${by}" IN (SELECT "${by}" FROM "${between}" WHERE "${owner}" IN ${IDS}${also})`,
  };
}
