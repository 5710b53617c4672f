/**
 * Opening a database of SQLite for those who change it, or undo what was changed.
 *
 * @module
 */

import { openDatabase, openWritable } from "../scan/open_database.ts";
import { readTables } from "../scan/tables.ts";
import type { OpenedDatabase } from "./lock_database.ts";
import type { OwnedRows } from "./owned_rows.ts";
import { ownedRowsOf } from "./sqlite_rows.ts";

export { requireWritable } from "../scan/open_database.ts";

/**
 * Opens it for changing it. Needs read and write permission for it and for the directory in which it lies.
 *
 * @param path Absolute real path of its file.
 * @returns The database, to be bound by `using`.
 */
export function openToChange(path: string): OpenedDatabase {
  const database = openWritable(path);
  // What goes takes along all that refers to it: nothing is to happen that was not logged.
  database.exec("PRAGMA foreign_keys = OFF");
  return {
    tables: readTables(database),
    rows: ownedRowsOf(database),
    [Symbol.dispose]: () => database.close(),
  };
}

/**
 * Opens it for reading. Needs read permission.
 *
 * @param path Absolute real path of its file.
 * @returns The database, to be bound by `using`.
 */
export function openToLook(path: string): OwnedRows & Disposable {
  const database = openDatabase(path);
  return { ...ownedRowsOf(database), [Symbol.dispose]: () => database.close() };
}
