/**
 * Translates what SQLite alone understands.
 *
 * @param sql As SQLite takes it.
 * @returns As PostgreSQL takes it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   inPostgres(`UPDATE "runs" SET "a" = ? WHERE "b" = ?`),
 *   `UPDATE "runs" SET "a" = $1 WHERE "b" = $2`,
 * );
 * ```
 */
export function inPostgres(sql: string): string {
  let places = 0;
  return sql
    .replaceAll(/("\w+"|\b\w+) IN \(SELECT value FROM json_each\(\?1?\)\)/g, AMONG)
    .replaceAll(/\bIS NOT (\?|'[^']*'|\()/g, "IS DISTINCT FROM $1")
    .replaceAll(/\bIS (\?|'[^']*'|\()/g, "IS NOT DISTINCT FROM $1")
    .replaceAll(/\bAS REAL\)/g, "AS DOUBLE PRECISION)")
    .replaceAll(/\bORDER BY rowid\b/g, "ORDER BY ctid")
    .replaceAll(/TOTAL\(rowid\) AS sum, MAX\(rowid\) AS last FROM ("\w+")/g, DIGEST)
    .replaceAll("?", () => `$${++places}`);
}

/** Where a row lies tells nothing of it: it moves. */
const DIGEST = "SUM(HASHTEXT(CAST($1 AS TEXT))) AS sum, 0 AS last FROM $1";

const AMONG =
  "CAST($1 AS TEXT) IN (SELECT json_array_elements_text(CAST(CAST(? AS TEXT) AS JSON)))";
