/**
 * The tables of a database by the columns that are there, whatever version of MLflow made them.
 *
 * @module
 */

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import type { ForeignKey } from "../../../lib/snapshot/owned_tables.ts";

/** A statement of SQL, as `node:sqlite` has it. */
export interface Statement {
  all(...values: SQLInputValue[]): Record<string, SQLOutputValue>[];
  get(...values: SQLInputValue[]): Record<string, SQLOutputValue> | undefined;
  run(...values: SQLInputValue[]): { readonly changes: number | bigint };
  /** What SQLite has, and the types of Deno 2.9 do not know. */
  setReturnArrays?(on: boolean): void;
}

/** What speaks SQL: a database of SQLite, or what stands for one. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  readonly isTransaction: boolean;
}

/** An open database, and what it has. */
export interface Tables<D extends Database = Database> {
  readonly database: D;
  /** Table → its columns. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Table → experiment → how many rows are of it, where not every row was brought here. @default {counted} */
  readonly counts?: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** From where a server serves artifacts of this database: an absolute path, or `s3://BUCKET/KEY`. @default {nowhere} */
  readonly served?: string | null;
  /** What refers to what, and what happens by itself, where the database itself does not know. @default {asked} */
  readonly rules?: {
    readonly keys: readonly ForeignKey[];
    /** Tables that do something by themselves when a row of them changes. */
    readonly triggers: readonly string[];
  };
}

/** What SQLite gives. */
export type Value = string | number | null;

/** A column, as SQL gives it. */
export interface Column {
  readonly name: string;
  readonly sql: string;
}

/** A column as text, whatever stands in it. */
export function text(name: string): Column {
  return { name, sql: `CAST("${name}" AS TEXT)` };
}

/** A column of locations; what a server serves lies where it keeps that. */
export function locations({ served = null }: Pick<Tables, "served">, name: string): Column {
  const plain = text(name);
  if (served === null) return plain;
  const path = `SUBSTR(${plain.sql}, ${"mlflow-artifacts:".length + 1})`;
  return {
    name,
    sql: `CASE WHEN "${name}" LIKE 'mlflow-artifacts:/_%' AND ${path} NOT LIKE '%//%'
      AND ${path} || '/' NOT LIKE '%/../%' AND ${path} || '/' NOT LIKE '%/./%'
      THEN '${served.replaceAll("'", "''")}' || ${path} ELSE ${plain.sql} END`,
  };
}

/** A column of times or other numbers, be they larger than an integer of ours. */
export function number(name: string): Column {
  return { name, sql: `CAST("${name}" AS REAL)` };
}

/** Without these no version of MLflow that is known has written it, and nothing can be planned. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  experiments: ["experiment_id", "name", "artifact_location", "lifecycle_stage"],
  runs: [
    ...["run_uuid", "experiment_id", "status", "start_time", "end_time"],
    ...["lifecycle_stage", "artifact_uri"],
  ],
  tags: ["run_uuid", "key", "value"],
  params: ["run_uuid", "key", "value"],
  metrics: ["run_uuid", "key", "value", "is_nan"],
  latest_metrics: ["run_uuid", "key", "value", "timestamp", "is_nan"],
};

/**
 * Looks at which tables a database has.
 *
 * @param database The database.
 * @returns Its tables.
 */
export function readTables<D extends Database>(database: D): Tables<D> {
  const columns = new Map<string, Set<string>>();
  const list = database.prepare(
    `SELECT m.name AS "table", c.name AS "column"
      FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'`,
  );
  for (const row of list.all()) {
    const table = String(row["table"]);
    const known = columns.get(table) ?? new Set();
    columns.set(table, known.add(String(row["column"])));
  }
  return { database, columns };
}

/**
 * Refuses a database in which MLflow keeps no experiments and runs.
 *
 * @param tables What it has.
 * @param location The store's location.
 * @throws {UnsupportedStoreError} When a table or a column is missing without which nothing can be planned.
 */
export function requireMlflow({ columns }: Pick<Tables, "columns">, location: string): void {
  const refuse = (why: string) => {
    throw new UnsupportedStoreError(`Cannot open store ${location}: ${why}`, location);
  };
  if (!columns.get("runs")?.has("run_uuid") || !columns.has("experiments")) {
    refuse("it has no tables of MLflow's; name the database in which MLflow keeps its runs");
  }
  for (const [table, names] of Object.entries(NEEDED)) {
    const missing = names.find((name) => !columns.get(table)?.has(name));
    if (missing !== undefined) {
      refuse(
        `its table ${table} has no column ${missing}, which every version of MLflow since 1.3 has; upgrade it with \`mlflow db upgrade\``,
      );
    }
  }
}

/** What of a table to read. */
export interface Selection<Row, Field extends string = keyof Row & string> {
  readonly table: string;
  /** Field of a row → its column; `null` where the table does not have that. */
  readonly fields: Readonly<Record<Field, Column>>;
  /** Without these there is nothing to read. @default {[]} */
  readonly needs?: readonly string[];
  /** A condition, and an order, as SQL. @default {""} */
  readonly tail?: string;
  /** What the condition asks for. @default {[]} */
  readonly values?: readonly Value[];
  /** Makes a row of its fields' values, sooner than by their names: for very many. @default {by name} */
  readonly make?: (values: readonly Value[]) => Row;
}

/**
 * Reads rows all at once: one by one takes twice as long, and where one cannot be read `iterate()` of Deno 2.9.6
 * ends as if there were no more.
 *
 * @param tables The database.
 * @param selection What to read.
 * @returns The rows; none where the table, or a column that is needed, is not there.
 */
export function selectRows<Row>(tables: Tables, selection: Selection<Row>): readonly Row[] {
  return rowReader(tables, selection)(...selection.values ?? []);
}

/**
 * Makes what reads rows by the same condition again and again.
 *
 * @param tables The database.
 * @param selection What to read, but for the values.
 * @returns Reads the rows, given what the condition asks for.
 */
export function rowReader<Row, Field extends string = keyof Row & string>(
  { database, columns }: Tables,
  { table, fields, needs = [], tail = "", make }: Selection<Row, Field>,
): (...values: readonly Value[]) => readonly Row[] {
  const present = columns.get(table);
  if (present === undefined || needs.some((name) => !present.has(name))) return () => [];
  const list = Object.entries<Column>(fields)
    .map(([field, { name, sql }]) => `${present.has(name) ? sql : "NULL"} AS "${field}"`);
  const statement = database.prepare(`SELECT ${list.join(", ")} FROM "${table}" ${tail}`);
  if (statement.setReturnArrays === undefined) {
    return (...values) => statement.all(...values) as unknown as readonly Row[];
  }
  // The objects that SQLite makes have no shape, and take twice as long to make and to look into.
  statement.setReturnArrays(true);
  const names = Object.keys(fields);
  const makeRow = make ?? ((values) => rowOf(names, values) as Row);
  return (...values) => {
    const rows = statement.all(...values) as unknown as readonly (readonly Value[])[];
    return rows.map(makeRow);
  };
}

function rowOf(names: readonly string[], values: readonly Value[]): unknown {
  const row: Record<string, Value> = {};
  for (let index = 0; index < names.length; index++) row[names[index]!] = values[index]!;
  return row;
}

/**
 * Makes places for values in SQL.
 *
 * @param values What is to be put there.
 * @returns Such as `(?, ?)`.
 */
export function placesFor(values: readonly unknown[]): string {
  return `(${values.map(() => "?").join(", ")})`;
}

/**
 * Confines a selection to some ids, be they many.
 *
 * @param column The column that holds them.
 * @param ids The ids; all of them where they are left out.
 * @returns What a selection needs for that.
 */
export function amongIds(
  column: string,
  ids: readonly string[] | undefined,
): { readonly tail?: string; readonly values?: readonly Value[] } {
  if (ids === undefined) return {};
  return {
    tail: `WHERE "${column}" IN (SELECT value FROM json_each(?))`,
    values: [JSON.stringify(ids)],
  };
}
