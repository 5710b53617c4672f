/**
 * Reading, deleting and inserting the rows that belong to runs, logged models, traces and experiments: what of that
 * speaks SQL.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Database, Statement } from "../scan/tables.ts";
import { OWNED_TABLES, type OwnedTable, type Owner } from "../../../lib/snapshot/owned_tables.ts";
import {
  placesOf,
  type RemovedRow,
  removedRow,
  type RowChunk,
  valuesOf,
} from "../log/removed_rows.ts";

/** A database, and what of its tables can be written. */
export interface OwnedRows {
  readonly database: Database;
  /** Table → its columns, but for those that SQLite computes. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Whether it encodes text so. */
  readonly isUtf8: boolean;
  /** Statements that have been made already, which takes longer than many of them do. */
  readonly statements: Map<string, Statement>;
}

/**
 * Looks at what tables a database has.
 *
 * @param database The database.
 * @returns What can be read of it and written to it.
 */
export function ownedRowsOf(database: DatabaseSync): OwnedRows {
  const list = database.prepare(
    `SELECT m.name AS "table", c.name AS "column" FROM sqlite_master AS m,
      pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' AND c.hidden = 0`,
  ).all();
  const columns = Map.groupBy(list, ({ table }) => String(table));
  return {
    database,
    columns: new Map(
      [...columns].map(([table, all]) => [table, all.map(({ column }) => String(column))]),
    ),
    isUtf8: database.prepare("PRAGMA encoding").get()?.["encoding"] === "UTF-8",
    statements: new Map(),
  };
}

/** What to take of a table. */
export interface Taking {
  readonly owner: Owner;
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

/** Rows that are about to go, and up to which row of their table that is, where it is not all of them. */
export interface Taken {
  readonly chunks: readonly RowChunk[];
  readonly count: number;
  readonly last: bigint | null;
}

/**
 * Reads rows with the exact type of every value.
 *
 * @param rows The database, within a transaction.
 * @param taking Which.
 * @returns The rows of each owner.
 */
export function readRows(rows: OwnedRows, { owner, table, ids, limit }: Taking): Taken {
  const columns = rows.columns.get(table.table)!;
  const { id, condition } = conditionOf(table);
  const kinds = columns.map((name) => `SUBSTR(TYPEOF("${name}"), 1, 1)`).join(" || ");
  // SQLite hands out text up to its first NUL, and with other characters for what is none.
  const values = columns.map((name) =>
    `CASE TYPEOF("${name}") WHEN 'text' THEN CAST("${name}" AS BLOB) ELSE "${name}" END`
  );
  const tail = limit === undefined ? "" : `ORDER BY "${table.table}".rowid LIMIT ${limit}`;
  const statement = statementOf(
    rows,
    `SELECT "${table.table}".rowid, CAST(${id} AS TEXT), ${kinds}, ${values.join(", ")}
      FROM "${table.table}" WHERE ${condition} ${tail}`,
  );
  const found = new Map<string, RemovedRow[]>();
  let [count, last] = [0, 0n];
  for (const row of arraysOf(statement as StatementSync, JSON.stringify(ids))) {
    const [rowid, of, types, ...rest] = row;
    const one = removedRow(types as string, rest, rows.isUtf8);
    const known = found.get(of as string);
    if (known === undefined) found.set(of as string, [one]);
    else known.push(one);
    count++;
    last = rowid as bigint;
  }
  return {
    chunks: [...found].map(([id, rows]) => ({ owner, id, table: table.table, columns, rows })),
    count,
    last: limit === undefined ? null : last,
  };
}

/** The types of Deno 2.9 do not know that a statement can give arrays. */
function arraysOf(
  statement: StatementSync & { setReturnArrays?: (on: boolean) => void },
  ...values: readonly SQLInputValue[]
): Iterable<readonly SQLInputValue[]> {
  statement.setReadBigInts(true);
  statement.setReturnArrays!(true);
  return statement.all(...values) as unknown as readonly (readonly SQLInputValue[])[];
}

/**
 * Deletes rows that have been read.
 *
 * @param rows The database, within the same transaction.
 * @param taking Which.
 * @param taken What was read of them.
 * @returns How many are gone.
 */
export function deleteRows(rows: OwnedRows, { table, ids }: Taking, { last }: Taken): number {
  const { condition } = conditionOf(table);
  const upTo = last === null ? "" : "AND rowid <= ?2";
  const values = last === null ? [JSON.stringify(ids)] : [JSON.stringify(ids), last];
  const { changes } = statementOf(
    rows,
    `DELETE FROM "${table.table}" WHERE ${condition} ${upTo}`,
  ).run(...values);
  return Number(changes);
}

/**
 * Inserts rows, unless the very same are there.
 *
 * @param rows The database, within a transaction.
 * @param chunk The rows.
 * @returns Whether they are all there now; not when another one is in the way of one.
 */
export function insertRows(rows: OwnedRows, chunk: RowChunk): boolean {
  const { table, columns } = chunk;
  const names = columns.map((name) => `"${name}"`).join(", ");
  let [types, insert]: [string, Statement | null] = ["", null];
  let areThere = true;
  for (const row of chunk.rows) {
    if (insert === null || row[0] !== types) {
      types = row[0];
      const places = placesOf(row).join(", ");
      insert = statementOf(
        rows,
        `INSERT OR IGNORE INTO "${table}" (${names}) VALUES (${places})`,
      );
    }
    const isNew = Number(insert.run(...valuesOf(row)).changes) === 1;
    if (!isNew && !hasRow(rows, chunk, row)) areThere = false;
  }
  return areThere;
}

/**
 * Tells whether the very same row is there.
 *
 * @param rows The database.
 * @param chunk Of which rows it is.
 * @param row The row.
 * @returns Whether it is.
 */
export function hasRow(
  rows: OwnedRows,
  { table, columns }: Pick<RowChunk, "table" | "columns">,
  row: RemovedRow,
): boolean {
  const places = placesOf(row);
  const same = columns.map((name, index) => `"${name}" IS ${places[index]}`).join(" AND ");
  return statementOf(rows, `SELECT 1 FROM "${table}" WHERE ${same}`).get(...valuesOf(row)) !==
    undefined;
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

/** By what rows are found, and what of each tells whose it is. */
function conditionOf(
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
