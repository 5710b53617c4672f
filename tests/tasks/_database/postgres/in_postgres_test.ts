import { assertEquals } from "@std/assert";
import { inPostgres } from "../../../../tasks/_database/postgres/in_postgres.ts";

Deno.test("inPostgres() says in the words of PostgreSQL what SQLite alone understands", () => {
  const said = new Map([
    [
      `UPDATE "runs" SET "stage" = ?, "deleted_time" = ? WHERE "run_uuid" = ?`,
      `UPDATE "runs" SET "stage" = $1, "deleted_time" = $2 WHERE "run_uuid" = $3`,
    ],
    [
      `SELECT CAST("a" AS REAL) AS "b" FROM "runs" WHERE "c" IN (SELECT value FROM json_each(?))`,
      `SELECT CAST("a" AS DOUBLE PRECISION) AS "b" FROM "runs" WHERE CAST("c" AS TEXT) IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON)))`,
    ],
    [
      "SELECT 1 FROM t WHERE a IS NOT 'x' AND b IS ? AND c IS NOT NULL AND d IS NOT (SELECT 1)",
      "SELECT 1 FROM t WHERE a IS DISTINCT FROM 'x' AND b IS NOT DISTINCT FROM $1 AND c IS NOT NULL AND d IS DISTINCT FROM (SELECT 1)",
    ],
    [
      "SELECT 1 FROM t WHERE key = 'a' AND value IN (SELECT value FROM json_each(?)) LIMIT 1",
      "SELECT 1 FROM t WHERE key = 'a' AND CAST(value AS TEXT) IN (SELECT json_array_elements_text(CAST(CAST($1 AS TEXT) AS JSON))) LIMIT 1",
    ],
    [
      `SELECT COUNT(*) AS count, TOTAL(rowid) AS sum, MAX(rowid) AS last FROM "inputs" WHERE TRUE`,
      `SELECT COUNT(*) AS count, SUM(HASHTEXT(CAST("inputs" AS TEXT))) AS sum, 0 AS last FROM "inputs" WHERE TRUE`,
    ],
  ]);
  for (const [sql, expected] of said) assertEquals(inPostgres(sql), expected);
});
