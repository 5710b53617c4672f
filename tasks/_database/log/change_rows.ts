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
import type { Database, Value } from "../scan/tables.ts";
import {
  droppedTag,
  endedRun,
  type LoggedRow,
  markedDeletion,
  markOf,
  type Row,
  type RowChange,
  softDeletion,
} from "./made_rows.ts";
import { movedIn } from "./moved_rows.ts";

export {
  droppedTag,
  endedRun,
  type Ending,
  type LoggedRow,
  type Mark,
  markedDeletion,
  markOf,
  type Row,
  type RowChange,
  softDeletion,
} from "./made_rows.ts";

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
 * deletion, the end of a run, its move into another experiment, and the tag that tells that artifacts of it were
 * dropped.
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
    : movedIn(row["table_name"], run, { key, before, after }) ?? endingIn(run, before, after) ??
      markedIn(run, before, after) ?? deletionIn(run, after);
  const isSound = expected !== null && row["table_name"] === expected.table &&
    sameRow(key, expected.key) && sameRow(before, expected.before) &&
    sameRow(after, expected.after);
  if (!isSound) {
    throw new DamagedBackupError(
      `Cannot read row ${row["number"]} of change ${
        row["change"]
      }: expected the soft deletion, or the end, of a run, its move, or the tag of one that lost artifacts`,
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
  if (isNothing(table, before) && !holds({})) {
    return table === "datasets" || hasRun(database, key) ? "before" : "gone";
  }
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
 * Changes all of these rows, or none: all must stand as they were. Needs write permission.
 *
 * @param database The store's database.
 * @param changes The rows.
 * @param mayChange Asked within the transaction.
 * @returns Whether they have been changed.
 */
export function makeAllChanges(
  database: Database,
  changes: readonly RowChange[],
  mayChange: () => boolean,
): boolean {
  try {
    inTransaction(database, () => {
      const isDone = mayChange() &&
        changes.every((change) => put(database, change, change.before, change.after));
      if (!isDone) throw new Otherwise();
    });
    return true;
  } catch (error) {
    if (!(error instanceof Otherwise)) throw error;
    return false;
  }
}

class Otherwise extends Error {}

/**
 * Tells whether a row may stand as a change has left it. Needs read permission.
 *
 * @param database The store's database.
 * @param row The row.
 * @returns Whether it does, or nobody can tell.
 */
export function mayBeChanged(database: Database, row: LoggedRow): boolean {
  try {
    return stateOf(database, row) === "after";
  } catch {
    return true;
  }
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
        !isLeft(change, stateOf(database, change))
      ),
  );
}

/** A dataset that somebody has come to name stays. */
function isLeft({ table }: RowChange, state: RowState): boolean {
  return state === "before" || state === "after" && table === "datasets";
}

/** A tag, or a dataset, that is not there. */
function isNothing(table: RowChange["table"], row: Row): boolean {
  return table === "tags" && row["value"] === null ||
    table === "datasets" && row["name"] === null;
}

function hasRun(database: Database, { run_uuid }: Row): boolean {
  return database.prepare("SELECT 1 FROM runs WHERE run_uuid = ?").get(run_uuid!) !== undefined;
}

function put(database: Database, change: RowChange, from: Row, to: Row): boolean {
  const { table, key } = change;
  if (isNothing(table, from)) {
    if (stateOf(database, change) !== "before") return false;
    const columns = Object.keys({ ...key, ...to });
    database.prepare(
      `INSERT INTO ${quoted(table)} (${columns.map(quoted).join(", ")}) VALUES (${
        columns.map(() => "?").join(", ")
      })`,
    ).run(...Object.values({ ...key, ...to }));
    return true;
  }
  if (isNothing(table, to)) {
    const { sql, values } = conditionOf({ ...key, ...from });
    const unnamed = table === "datasets"
      ? " AND NOT EXISTS (SELECT 1 FROM inputs AS i WHERE i.source_id = dataset_uuid)"
      : "";
    const { changes } = database.prepare(`DELETE FROM ${quoted(table)} WHERE ${sql}${unnamed}`)
      .run(...values);
    return Number(changes) === 1;
  }
  const set = Object.keys(to).map((column) => `${quoted(column)} = ?`).join(", ");
  const { sql, values } = conditionOf({ ...key, ...from });
  const { changes } = database.prepare(`UPDATE ${quoted(table)} SET ${set} WHERE ${sql}`)
    .run(...Object.values(to), ...values);
  // A model, or a trace, has several rows in some tables.
  return Number(changes) > 0;
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
