/**
 * Rows of every table that belong to a run, a logged model, a trace or an experiment, with the oddest values that
 * SQLite keeps.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { OWNED_TABLES, type OwnedTable, type Owner } from "../../lib/snapshot/owned_tables.ts";

/** A thing, and the experiment in which it lies. */
export interface OwnerOfRows {
  readonly owner: Owner;
  readonly id: string;
  readonly experiment: string;
}

type Value = string | number | bigint | Uint8Array | null;

/**
 * Every row of every table, with the exact type of each value, in an order of their own.
 *
 * @param path Absolute path of the database.
 * @returns Table → its rows in words.
 */
export function exactRowsOf(path: string): Readonly<Record<string, readonly string[]>> {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return Object.fromEntries(tables.map(({ name }) => {
    const columns = database.prepare(`SELECT name FROM pragma_table_xinfo('${name}')`).all();
    const words = columns.map((column) =>
      `TYPEOF("${column["name"]}") || ' ' || HEX("${column["name"]}")`
    );
    const rows = database.prepare(
      `SELECT ${
        words.map((word) => `COALESCE(${word}, '')`).join(" || ', ' || ")
      } AS row FROM "${name}"`,
    );
    return [String(name), rows.all().map(({ row }) => String(row)).toSorted()];
  }));
}

/**
 * Gives each of these things a row in every table that belongs to it and is there.
 *
 * @param path Absolute path of the database.
 * @param things The things; their own rows may be there already.
 */
export function fillOwnedTables(path: string, things: readonly OwnerOfRows[]): void {
  using database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  let count = 0;
  for (const thing of things) {
    for (const owned of OWNED_TABLES[thing.owner].toReversed()) {
      const columns = database.prepare(
        `SELECT name, type, "notnull" AS needed, pk FROM pragma_table_xinfo(?) WHERE hidden = 0`,
      ).all(owned.table) as unknown as readonly Column[];
      if (columns.length === 0) continue;
      const fixed = fixedValues(database, owned, thing);
      if (fixed === null) continue;
      const values = columns.map((column): Value =>
        fixed.get(column.name) ?? valueFor(column, ++count)
      );
      const names = columns.map(({ name }) => `"${name}"`);
      const places = values.map((value) => value instanceof Uint8Array ? "CAST(? AS TEXT)" : "?");
      database.prepare(
        `INSERT OR IGNORE INTO "${owned.table}" (${names.join(", ")}) VALUES (${
          places.join(", ")
        })`,
      ).run(...values);
    }
  }
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly needed: number;
  readonly pk: number;
}

/** What makes a row that thing's; `null` where the table in between has none of it. */
function fixedValues(
  database: DatabaseSync,
  { owner, where = "", through }: OwnedTable,
  { id, experiment }: OwnerOfRows,
): ReadonlyMap<string, Value> | null {
  const numbers = new Set(["experiment_id"]);
  const typed = (name: string, value: string) => numbers.has(name) ? Number(value) : value;
  const known = new Map<string, Value>([["experiment_id", Number(experiment)], ...CHECKED]);
  if (through === undefined) {
    known.set(owner, typed(owner, id));
    const word = /(\w+) (?:= |IN \()'(\w+)'/.exec(where);
    if (word !== null) known.set(word[1]!, word[2]!);
    if (known.get("source_type") === "RUN_INPUT") known.set("destination_type", "MODEL_INPUT");
    if (known.get("destination_type") === "MODEL_INPUT") known.set("source_type", "RUN_INPUT");
    return known;
  }
  const also = where === "" ? "" : `AND ${where}`;
  const row = database.prepare(
    `SELECT "${through.by}" AS value FROM "${through.table}" WHERE "${owner}" = ? ${also}`,
  ).get(typed(owner, id));
  if (row === undefined) return null;
  return known.set(through.by, String(row["value"]));
}

const CHECKED: readonly (readonly [string, Value])[] = [
  ["lifecycle_stage", "deleted"],
  ["is_nan", 0],
  ["source_run_id", null],
  ["run_id", null],
];

/** What is not whole, or no JSON where there is to be some, may name anything, and then nothing goes. */
function soundValueFor(name: string, count: number): Value | null {
  const id = count.toString(16).padStart(32, "0");
  if (name === "run_id" || name === "source_id") return id;
  if (name === "model_id" || name === "destination_id") return `m-${id}`;
  return name === "assessment_metadata" ? `{"라운드": "🧹 ${count}"}` : null;
}

/** Long integers, numbers that JSON does not know, text with what is none. */
function valueFor({ name, type, needed, pk }: Column, count: number): Value {
  const sound = soundValueFor(name, count);
  if (sound !== null) return sound;
  const kind = type.split("(")[0]!;
  if (kind === "FLOAT") return [Infinity, -Infinity, 0.1, -0, 5e-324][count % 5]!;
  if (kind === "BIGINT") return 9_007_199_254_740_993n + BigInt(count);
  if (kind === "INTEGER" || kind === "BOOLEAN") return count;
  if (name.endsWith("_type")) return `${count}`;
  if (pk === 0 && needed === 0 && count % 3 === 0) return null;
  if (pk > 0 || count % 2 === 0) return `${name} 라운드 🧹 ${count}`;
  return new Uint8Array([0x61, 0xff, 0x00, 0x62, count % 256]);
}
