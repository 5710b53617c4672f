/**
 * Making of rows what a change makes of them, and making that good again. A row is touched only while it stands
 * as it is expected to: what another program has written is never written over.
 *
 * *Ordering*: all rows that are given at once change in one transaction, or none does.
 *
 * *Locking*: SQLite's own, for the milliseconds of that transaction: MLflow waits for 20 seconds.
 *
 * *After an interruption*: SQLite takes back what was not committed, so each row stands one way or the other.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";
import { DamagedBackupError } from "../../../lib/errors.ts";
import { DROPPED_TAG, isDeletionMark } from "../../../lib/store/tags.ts";
import type { Database, Value } from "../scan/tables.ts";

/** Columns of a row, by their names. */
export type Row = Readonly<Record<string, Value>>;

/** A row as a change found it, and what it made of it. */
export interface RowChange {
  readonly experiment: string;
  readonly run: string;
  readonly table: "runs" | "tags";
  /** Tells the row from all others of its table. */
  readonly key: Row;
  /** What of it was changed. */
  readonly before: Row;
  readonly after: Row;
}

/** The same, as it is logged. */
export interface LoggedRow extends RowChange {
  readonly number: number;
}

/**
 * Makes of a run what MLflow's SQL store makes of it: `delete_run` in
 * `mlflow/store/tracking/sqlalchemy_store.py`.
 *
 * @param run Its id.
 * @param time Epoch ms; `null` where the database is of an MLflow that recorded none.
 * @returns How its row is found, and what it becomes.
 */
export function softDeletion(
  run: string,
  time: number | null,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  const [undated, dated] = time === null
    ? [{}, {}]
    : [{ deleted_time: null }, { deleted_time: time }];
  return {
    table: "runs",
    key: { run_uuid: run },
    before: { lifecycle_stage: "active", ...undated },
    after: { lifecycle_stage: "deleted", ...dated },
  };
}

/** The tag of a run that is deleted over a tracking server: it says when that was, and by which change. */
export interface Mark {
  readonly tag: string;
  /** `null`: the run had none of that name. */
  readonly before: string | null;
  readonly after: string;
}

/**
 * Makes of a run what is made of it over a tracking server.
 *
 * @param run Its id.
 * @param mark The tag that it gets.
 * @returns How its row is found, and what it becomes.
 */
export function markedDeletion(
  run: string,
  { tag, before, after }: Mark,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  return {
    table: "runs",
    key: { run_uuid: run },
    before: { lifecycle_stage: "active", [tag]: before },
    after: { lifecycle_stage: "deleted", [tag]: after },
  };
}

/**
 * Finds the tag that a run got when it was deleted over a tracking server.
 *
 * @param row What was made of the run.
 * @returns The tag; `null`: something else was made of it.
 */
export function markOf({ before, after }: Pick<RowChange, "before" | "after">): Mark | null {
  const tag = Object.keys(after).find(isDeletionMark);
  if (tag === undefined) return null;
  const [had = null, has] = [before[tag], after[tag]];
  if (typeof has !== "string" || had !== null && typeof had !== "string") return null;
  return { tag, before: had, after: has };
}

/** What ends a run that is stale, and what it was before. */
export interface Ending {
  readonly from: { readonly status: string; readonly end: number | null };
  readonly to: { readonly status: string; readonly end: number };
}

/**
 * Makes of a run what MLflow's SQL store makes of it: `update_run_info` in
 * `mlflow/store/tracking/sqlalchemy_store.py`.
 *
 * @param run Its id.
 * @param ending How it stands, and how it ends; epoch ms.
 * @returns How its row is found, and what it becomes.
 */
export function endedRun(
  run: string,
  { from, to }: Ending,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  return {
    table: "runs",
    key: { run_uuid: run },
    before: { status: from.status, end_time: from.end },
    after: { status: to.status, end_time: to.end },
  };
}

/**
 * Makes of a run's tags what tells that some of its artifacts were dropped.
 *
 * @param run Its id.
 * @param before The value of the tag; `null` where it has none.
 * @param time Epoch ms.
 * @returns How its row is found, and what it becomes.
 */
export function droppedTag(
  run: string,
  before: string | null,
  time: number,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  return {
    table: "tags",
    key: { run_uuid: run, key: DROPPED_TAG },
    before: { value: before },
    after: { value: new Date(time).toISOString() },
  };
}

/**
 * Writes a row for the log.
 *
 * @param row What is made of it.
 * @returns The values of its columns, after those of its number and its change.
 */
export function logged(row: RowChange): readonly SQLInputValue[] {
  const { experiment, run, table, key, before, after } = row;
  return [experiment, run, table, ...[key, before, after].map((one) => JSON.stringify(one))];
}

/**
 * Reads a row of the log. Who may write there may have put anything into it: nothing else is undone than a soft
 * deletion, the end of a run, and the tag that tells that artifacts of it were dropped.
 *
 * @param row As SQLite gives it.
 * @returns What was made of it.
 * @throws {DamagedBackupError} When it says anything else.
 */
export function loggedRowOf(row: Readonly<Record<string, unknown>>): LoggedRow {
  const [key, before, after] = ["key", "before", "after"].map((name) => rowIn(row, name));
  const run = String(row["run"]);
  const expected = row["table_name"] === "tags"
    ? tagIn(run, before, after)
    : endingIn(run, before, after) ?? markedIn(run, before, after) ?? deletionIn(run, after);
  const isSound = expected !== null && row["table_name"] === expected.table &&
    sameRow(key, expected.key) && sameRow(before, expected.before) &&
    sameRow(after, expected.after);
  if (!isSound) {
    throw new DamagedBackupError(
      `Cannot read row ${row["number"]} of change ${
        row["change"]
      }: expected the soft deletion, or the end, of a run, or the tag of one that lost artifacts`,
    );
  }
  const { number, experiment } = row;
  return { ...expected, number: Number(number), experiment: String(experiment), run };
}

function deletionIn(run: string, after: Row | null | undefined) {
  const time = after?.["deleted_time"];
  const isDated = time !== undefined;
  if (isDated && !Number.isSafeInteger(time)) return null;
  return softDeletion(run, isDated ? Number(time) : null);
}

function tagIn(run: string, before: Row | null | undefined, after: Row | null | undefined) {
  const [had, has] = [before?.["value"] ?? null, after?.["value"]];
  const time = typeof has === "string" ? Date.parse(has) : NaN;
  if (Number.isNaN(time) || had !== null && typeof had !== "string") return null;
  return droppedTag(run, had, time);
}

function markedIn(run: string, before: Row | null | undefined, after: Row | null | undefined) {
  const mark = markOf({ before: before ?? {}, after: after ?? {} });
  return mark && markedDeletion(run, mark);
}

function endingIn(run: string, before: Row | null | undefined, after: Row | null | undefined) {
  const { status: was, end_time: start = null } = before ?? {};
  const { status, end_time: end } = after ?? {};
  const isEnding = (was === "RUNNING" || was === "SCHEDULED") &&
    (status === "FAILED" || status === "KILLED") && Number.isSafeInteger(end) &&
    (start === null || Number.isSafeInteger(start));
  if (!isEnding) return null;
  const from = { status: was, end: start === null ? null : Number(start) };
  return endedRun(run, { from, to: { status, end: Number(end) } });
}

function rowIn(row: Readonly<Record<string, unknown>>, name: string): Row | null {
  try {
    return JSON.parse(String(row[name]));
  } catch {
    return null;
  }
}

function sameRow(found: Row | null | undefined, expected: Row): boolean {
  return JSON.stringify(found) === JSON.stringify(expected);
}

/** How a row stands: as it was, as the change left it, otherwise, or not at all. */
export type RowState = "before" | "after" | "other" | "gone";

/** How many rows change in one transaction, so that it takes milliseconds. */
export const AT_ONCE = 200;

/**
 * Tells how a row stands. Needs read permission.
 *
 * @param database The store's database.
 * @param change The row.
 * @returns How it stands.
 */
export function stateOf(
  database: Database,
  { table, key, before, after }: RowChange,
): RowState {
  const holds = (row: Row) => {
    const { sql, values } = conditionOf({ ...key, ...row });
    return database.prepare(`SELECT 1 FROM ${quoted(table)} WHERE ${sql}`).get(...values) !==
      undefined;
  };
  if (isNothing(table, before) && !holds({})) return hasRun(database, key) ? "before" : "gone";
  if (holds(before)) return "before";
  if (holds(after)) return "after";
  return holds({}) ? "other" : "gone";
}

/**
 * Changes rows that stand as they were. Needs write permission.
 *
 * @param database The store's database.
 * @param changes The rows.
 * @param mayChange Asked of each within the transaction. @default {it may}
 * @returns Those that have been changed.
 */
export function makeChanges<C extends RowChange>(
  database: Database,
  changes: readonly C[],
  mayChange: (change: C) => boolean = () => true,
): readonly C[] {
  return inTransaction(
    database,
    () =>
      changes.filter((change) =>
        mayChange(change) && put(database, change, change.before, change.after)
      ),
  );
}

/**
 * Changes rows back that stand as a change has left them. Needs write permission.
 *
 * @param database The store's database.
 * @param changes The rows.
 * @returns Those that stand otherwise, and were left; not those that stand as they were.
 */
export function undoChanges<C extends RowChange>(
  database: Database,
  changes: readonly C[],
): readonly C[] {
  return inTransaction(
    database,
    () =>
      changes.filter((change) =>
        !put(database, change, change.after, change.before) &&
        stateOf(database, change) !== "before"
      ),
  );
}

/** A tag that is not there. */
function isNothing(table: RowChange["table"], row: Row): boolean {
  return table === "tags" && row["value"] === null;
}

function hasRun(database: Database, { run_uuid }: Row): boolean {
  return database.prepare("SELECT 1 FROM runs WHERE run_uuid = ?").get(run_uuid!) !== undefined;
}

function put(database: Database, change: RowChange, from: Row, to: Row): boolean {
  const { table, key } = change;
  if (isNothing(table, from)) {
    if (stateOf(database, change) !== "before") return false;
    database.prepare("INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, ?)")
      .run(key["run_uuid"]!, key["key"]!, to["value"]!);
    return true;
  }
  if (isNothing(table, to)) {
    const { sql, values } = conditionOf({ ...key, ...from });
    const { changes } = database.prepare(`DELETE FROM tags WHERE ${sql}`).run(...values);
    return Number(changes) === 1;
  }
  const set = Object.keys(to).map((column) => `${quoted(column)} = ?`).join(", ");
  const { sql, values } = conditionOf({ ...key, ...from });
  const { changes } = database.prepare(`UPDATE ${quoted(table)} SET ${set} WHERE ${sql}`)
    .run(...Object.values(to), ...values);
  return Number(changes) === 1;
}

function conditionOf(row: Row): { readonly sql: string; readonly values: readonly Value[] } {
  return {
    sql: Object.entries(row)
      .map(([column, value]) => `${quoted(column)} ${value === null ? "IS NULL" : "= ?"}`)
      .join(" AND "),
    values: Object.values(row).filter((value) => value !== null),
  };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Does something in one transaction, which begins by asking for the right to write.
 *
 * @param database The database.
 * @param work What to do; what it throws takes everything back.
 * @returns What it gives.
 */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const given = work();
    database.exec("COMMIT");
    return given;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
