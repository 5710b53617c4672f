/**
 * Whole rows of a database of PostgreSQL, read and written as the text of every value, which it reads back exactly.
 *
 * @module
 */

import type { RemovedRow, RowChunk } from "./log/removed_rows.ts";
import {
  conditionOf,
  type OwnedRows,
  type RowWords,
  statementOf,
  type Taken,
  type Taking,
} from "./rows/owned_rows.ts";
import type { Tables } from "./scan/tables.ts";
import type { Serving } from "./trees/served_artifacts.ts";

/** Asks for the columns that can be written, and what type each is of. */
const TYPES = `SELECT CAST(c.relname AS TEXT) AS "table", CAST(a.attname AS TEXT) AS "column",
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS "type"
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum`;

const TRIGGERS = `SELECT CAST(t.tgname AS TEXT) AS name, CAST(c.relname AS TEXT) AS "table"
  FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
  WHERE NOT t.tgisinternal AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1`;

/** Table → column → its type. */
type Types = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Looks at what tables a database of PostgreSQL has.
 *
 * @param tables The database.
 * @param serving Knows where a server keeps its artifacts.
 * @returns What can be read of it and written to it.
 */
export function postgresRowsOf({ database, columns }: Tables, serving: Serving): OwnedRows {
  const list = database.prepare(TYPES).all().filter(({ table }) => columns.has(String(table)));
  const types: Types = new Map(
    [...Map.groupBy(list, ({ table }) => String(table))].map(([table, own]) => [
      table,
      new Map(own.map(({ column, type }) => [String(column), String(type)])),
    ]),
  );
  return {
    database,
    served: serving.of(database),
    columns: new Map([...types].map(([table, own]) => [table, [...own.keys()]])),
    statements: new Map(),
    words: {
      reusesIds: false,
      isRemote: true,
      triggers: TRIGGERS,
      read: readRows,
      remove: deleteRows,
      insert: (rows, chunk) => insertRows(rows, chunk, types),
      has: (rows, { table, columns }, row) =>
        countSame(rows, { table, columns, rows: [row] }, types) === 1,
    } satisfies RowWords,
  };
}

function readRows<O extends string>(
  rows: OwnedRows,
  { owner, table, ids, limit }: Taking<O>,
): Taken<O> {
  const columns = rows.columns.get(table.table)!;
  const { id, condition } = conditionOf(table);
  const values = columns.map((name, at) => `CAST("${name}" AS TEXT) AS c${at}`);
  const tail = limit === undefined ? "" : `ORDER BY "${table.table}".ctid LIMIT ${limit}`;
  const all = statementOf(
    rows,
    `SELECT CAST("${table.table}".ctid AS TEXT) AS row, CAST(${id} AS TEXT) AS of,
      ${values.join(", ")} FROM "${table.table}" WHERE ${condition} ${tail}`,
  ).all(JSON.stringify(ids));
  const found = new Map<string, RemovedRow[]>();
  for (const row of all) {
    const texts = columns.map((_, at) => row[`c${at}`] as string | null);
    const one: RemovedRow = [
      texts.map((text) => text === null ? "n" : "t").join(""),
      ...texts,
    ];
    const of = String(row["of"]);
    const known = found.get(of);
    if (known === undefined) found.set(of, [one]);
    else known.push(one);
  }
  return {
    chunks: [...found].map(([id, rows]) => ({ owner, id, table: table.table, columns, rows })),
    count: all.length,
    last: JSON.stringify(all.map((row) => row["row"])),
  };
}

/** What has been changed since stands elsewhere in its table, so that it is missing in the count. */
function deleteRows(rows: OwnedRows, { table }: Taking, { last }: Taken): number {
  const { changes } = statementOf(
    rows,
    `DELETE FROM "${table.table}" WHERE ctid IN (
      SELECT CAST(value AS TID) FROM json_array_elements_text(CAST(CAST(? AS TEXT) AS JSON)))`,
  ).run(last);
  return Number(changes);
}

type Rows = Pick<RowChunk<string>, "table" | "columns" | "rows">;

function insertRows(rows: OwnedRows, chunk: RowChunk<string>, types: Types): boolean {
  const { table, columns } = chunk;
  const names = columns.map((name) => `"${name}"`).join(", ");
  const values = columns.map((name, at) => valueOf(types.get(table)?.get(name), at));
  const { changes } = statementOf(
    rows,
    `INSERT INTO "${table}" (${names}) SELECT ${values.join(", ")} FROM ${GIVEN}
      ON CONFLICT DO NOTHING`,
  ).run(JSON.stringify(chunk.rows));
  return Number(changes) === chunk.rows.length ||
    countSame(rows, chunk, types) === chunk.rows.length;
}

/** Rows as the log has them: the text of each value behind the letters of their types. */
const GIVEN = "json_array_elements(CAST(CAST(? AS TEXT) AS JSON)) AS given(v)";

function valueOf(type: string | undefined, at: number): string {
  return `CAST(v->>${at + 1} AS ${type ?? "TEXT"})`;
}

function countSame(rows: OwnedRows, { table, columns, rows: wanted }: Rows, types: Types): number {
  const [first] = wanted;
  if (first === undefined) return 0;
  // A value that can be compared as what it is can be looked up.
  const same = columns.map((name, at) => {
    const value = valueOf(types.get(table)?.get(name), at);
    const asText = `CAST(t."${name}" AS TEXT) = v->>${at + 1}`;
    return `(CASE WHEN v->>${at + 1} IS NULL THEN t."${name}" IS NULL ELSE ${
      /^json$/.test(types.get(table)?.get(name) ?? "") ? asText : `t."${name}" = ${value}`
    } END)`;
  });
  const [key = ""] = columns.filter((name) => KEYS.has(name));
  const at = columns.indexOf(key);
  const lookUp = at < 0 ? [] : [`t."${key}" = ${valueOf(types.get(table)?.get(key), at)}`];
  const row = statementOf(
    rows,
    `SELECT CAST(COUNT(*) AS TEXT) AS count FROM ${GIVEN} WHERE EXISTS (
      SELECT 1 FROM "${table}" AS t WHERE ${[...lookUp, ...same].join(" AND ")})`,
  ).get(JSON.stringify(wanted));
  return Number(row?.["count"]);
}

/** Columns that are never NULL in the table whose key they are, or begin, by which a row is found at once. */
const KEYS: ReadonlySet<string> = new Set([
  ...["run_uuid", "model_id", "request_id", "trace_id", "input_uuid", "experiment_id"],
]);
