/**
 * A database of SQLite that is open to be changed: whole rows, read and written with the exact type of every value.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  placesOf,
  type RemovedRow,
  removedRow,
  type RowChunk,
  valuesOf,
} from "../log/removed_rows.ts";
import { servedBeside, type Serving, withServed } from "../trees/served_artifacts.ts";
import { openDatabase, openWritable } from "../scan/open_database.ts";
import { readTables, type Statement } from "../scan/tables.ts";
import {
  conditionOf,
  type OpenedDatabase,
  type OwnedRows,
  type RowWords,
  statementOf,
  type Taken,
  type Taking,
} from "./owned_rows.ts";

/**
 * Opens it for changing it. Needs read and write permission for it and for the directory in which it lies.
 *
 * @param path Absolute real path of its file.
 * @param serving Knows where a server keeps its artifacts. @default {beside it}
 * @returns The database, to be bound by `using`.
 */
export function openToChange(
  path: string,
  serving: Serving = servedBeside(path),
): OpenedDatabase {
  const database = openWritable(path);
  // What goes takes along all that refers to it: nothing is to happen that was not logged.
  database.exec("PRAGMA foreign_keys = OFF");
  return {
    tables: withServed(serving, readTables(database)),
    rows: ownedRowsOf(serving, database),
    [Symbol.dispose]: () => database.close(),
  };
}

/**
 * Opens it for reading. Needs read permission.
 *
 * @param path Absolute real path of its file.
 * @param serving Knows where a server keeps its artifacts. @default {beside it}
 * @returns The database, to be bound by `using`.
 */
export function openToLook(
  path: string,
  serving: Serving = servedBeside(path),
): OwnedRows & Disposable {
  const database = openDatabase(path);
  return { ...ownedRowsOf(serving, database), [Symbol.dispose]: () => database.close() };
}

/**
 * Looks at what tables a database has.
 *
 * @param serving Knows where a server keeps its artifacts.
 * @param database The database.
 * @returns What can be read of it and written to it.
 */
function ownedRowsOf(serving: Serving, database: DatabaseSync): OwnedRows {
  const list = database.prepare(
    `SELECT m.name AS "table", c.name AS "column" FROM sqlite_master AS m,
      pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' AND c.hidden = 0`,
  ).all();
  const columns = Map.groupBy(list, ({ table }) => String(table));
  return {
    database,
    served: serving.of(database),
    columns: new Map(
      [...columns].map(([table, all]) => [table, all.map(({ column }) => String(column))]),
    ),
    statements: new Map(),
    words: wordsFor(database.prepare("PRAGMA encoding").get()?.["encoding"] === "UTF-8"),
  };
}

function wordsFor(isUtf8: boolean): RowWords {
  return {
    reusesIds: true,
    isRemote: false,
    triggers:
      `SELECT name, tbl_name AS "table" FROM sqlite_master WHERE type = 'trigger' ORDER BY name`,
    read: (rows, taking) => readRows(rows, taking, isUtf8),
    remove: deleteRows,
    insert: insertRows,
    has: hasRow,
  };
}

function readRows<O extends string>(
  rows: OwnedRows,
  { owner, table, ids, limit }: Taking<O>,
  isUtf8: boolean,
): Taken<O> {
  const columns = rows.columns.get(table.table)!;
  const { id, condition } = conditionOf(table);
  const kinds = columns.map((name) => `SUBSTR(TYPEOF("${name}"), 1, 1)`).join(" || ");
  // SQLite hands out text up to its first NUL, and with other characters for what is none: plain text alone is safe.
  const isPlain = (name: string) =>
    `LENGTH("${name}") = OCTET_LENGTH("${name}") AND "${name}" NOT GLOB '*[^ -~]*'`;
  const values = columns.map((name) =>
    `CASE WHEN TYPEOF("${name}") <> 'text' ${
      isUtf8 ? `OR ${isPlain(name)}` : ""
    } THEN "${name}" ELSE CAST("${name}" AS BLOB) END`
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
    const one = removedRow(types as string, rest, isUtf8);
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

function deleteRows(rows: OwnedRows, { table, ids }: Taking, { last }: Taken): number {
  const { condition } = conditionOf(table);
  const upTo = last === null ? "" : "AND rowid <= ?2";
  const values = last === null ? [JSON.stringify(ids)] : [JSON.stringify(ids), last];
  const { changes } = statementOf(
    rows,
    `DELETE FROM "${table.table}" WHERE ${condition} ${upTo}`,
  ).run(...values);
  return Number(changes);
}

function insertRows(rows: OwnedRows, chunk: RowChunk<string>): boolean {
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

function hasRow(
  rows: OwnedRows,
  { table, columns }: Pick<RowChunk<string>, "table" | "columns">,
  row: RemovedRow,
): boolean {
  const places = placesOf(row);
  const same = columns.map((name, index) => `"${name}" IS ${places[index]}`).join(" AND ");
  return statementOf(rows, `SELECT 1 FROM "${table}" WHERE ${same}`).get(...valuesOf(row)) !==
    undefined;
}
