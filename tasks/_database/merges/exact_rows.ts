/**
 * Rows that are put into a database of SQLite, and taken out of it again: each is new, or goes only as it was put in.
 *
 * @module
 */

import type { OwnedRows } from "../rows/owned_rows.ts";
import { statementOf } from "../rows/owned_rows.ts";
import type { AddedChunk } from "../log/added_things.ts";
import { placesOf, type RemovedRow, valuesOf } from "../log/removed_rows.ts";

/** Another row has the place of one that is to be put in. */
export class PlaceTaken extends Error {
  /**
   * @param table The table in which.
   */
  constructor(table: string) {
    super(`another row of table ${table} has the place of one that was to be put in`);
  }
}

/**
 * Puts rows in, within a transaction. Needs write permission.
 *
 * @param rows The database.
 * @param chunk The rows, none of which is there.
 * @throws {PlaceTaken} When one of them, or another one with its key, is.
 */
export function putNew(rows: OwnedRows, { table, columns, ...chunk }: AddedChunk): void {
  const names = columns.map((name) => `"${name}"`).join(", ");
  for (const row of chunk.rows) {
    const insert = statementOf(
      rows,
      `INSERT OR IGNORE INTO "${table}" (${names}) VALUES (${placesOf(row).join(", ")})`,
    );
    if (Number(insert.run(...valuesOf(row)).changes) !== 1) throw new PlaceTaken(table);
  }
}

/**
 * Takes rows out, within a transaction. Needs write permission.
 *
 * @param rows The database.
 * @param chunk The rows; one that is there no more, or is another one by now, is left.
 * @returns How many have gone.
 */
export function takeExact(rows: OwnedRows, { table, columns, ...chunk }: AddedChunk): number {
  let gone = 0;
  for (const row of chunk.rows) {
    const remove = statementOf(rows, `DELETE FROM "${table}" WHERE ${sameAs(columns, row)}`);
    gone += Number(remove.run(...valuesOf(row)).changes);
  }
  return gone;
}

function sameAs(columns: readonly string[], row: RemovedRow): string {
  const places = placesOf(row);
  return columns.map((name, at) => `"${name}" IS ${places[at]}`).join(" AND ");
}
