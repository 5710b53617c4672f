/**
 * Putting back what was taken away: parents first, and never over what stands in its place.
 *
 * *Ordering*: what is to come back is marked in the log, then put back, then forgotten there.
 *
 * *Locking*: SQLite's own, for a fraction of a second in each transaction.
 *
 * *After an interruption*: what is marked is put back by whoever takes the lock next; rows that are back already
 * are left as they are.
 *
 * @module
 */

import { OWNED_TABLES, ownTableOf } from "../../../lib/snapshot/owned_tables.ts";
import type { ChangeLog, WritableLog } from "../log/change_log.ts";
import { inTransaction } from "../log/change_rows.ts";
import { madeNow } from "../log/witnesses.ts";
import { hasColumns, type OwnedRows, ROWS_AT_ONCE, statementOf } from "../rows/owned_rows.ts";
import {
  type LoggedSubject,
  placesOf,
  type RemovedRow,
  type RowChunk,
  valuesOf,
} from "../log/removed_rows.ts";

/** How what was taken away stands: it can come back, it is there already, or this is in the way. */
export type SubjectState = "gone" | "back" | { readonly collision: string };

/**
 * Tells how something stands that was taken away. Needs read permission.
 *
 * @param log The log.
 * @param rows The store's database.
 * @param subject What was taken away.
 * @param coming Experiments that come back before it.
 * @returns How it stands.
 */
export function stateOfSubject(
  log: ChangeLog,
  rows: OwnedRows,
  subject: LoggedSubject,
  coming: ReadonlySet<string> = new Set(),
): SubjectState {
  const { kind, id, experiment } = subject;
  if (kind === "dangling-rows") return stateOfRows(log, rows, subject);
  const name = `${WORDS[kind]} ${id}`;
  // Its tree tells, and is looked at with those of all others.
  if (kind === "orphan") return "gone";
  if (kind === "artifact" || kind === "metric-points") {
    const isThere = statementOf(rows, "SELECT 1 FROM runs WHERE run_uuid = ?").get(subject.run!);
    return isThere === undefined
      ? { collision: `${name}: expected its run ${subject.run}, found none with that id` }
      : kind === "artifact"
      ? "gone"
      : stateOfRows(log, rows, subject);
  }
  const { table, owner } = ownTableOf(kind);
  const isTaken = statementOf(rows, `SELECT 1 FROM "${table}" WHERE "${owner}" = ?`).get(id);
  if (isTaken !== undefined) {
    const own = ownChunk(log, subject);
    // What was about to go, and did not, has no such rows in the log, nor has what is back before all that it held.
    const isSame = own === null
      ? kind !== "experiment" || isSameExperiment(log, rows, subject)
      : hasColumns(rows, own) && rows.words.has(rows, own, own.rows[0]!);
    return isSame
      ? "back"
      : { collision: `${name}: expected none, found another ${WORDS[kind]} with that id` };
  }
  if (kind === "experiment") {
    const own = ownChunk(log, subject);
    if (own === null) {
      return coming.has(id) ? "gone" : {
        collision: `${name}: expected it, since it had come back before, found none with that id`,
      };
    }
    const found = namedLike(rows, own, own.rows[0]!);
    return found === null ? "gone" : {
      collision: `${name}: expected its name to be free, found that experiment ${found} has it`,
    };
  }
  if (coming.has(experiment)) return "gone";
  const now = whenMade(rows, experiment);
  if (now !== null) {
    return isSameExperiment(log, rows, subject, now) ? "gone" : {
      collision:
        `${name}: expected its experiment ${experiment}, found another one that has got its id since`,
    };
  }
  return { collision: `${name}: expected its experiment ${experiment}, found none with that id` };
}

/** Not where another one has got its id since. */
function isSameExperiment(
  log: ChangeLog,
  rows: OwnedRows,
  { change, experiment }: LoggedSubject,
  now = whenMade(rows, experiment),
): boolean {
  const made = log.madeWhen(change, experiment);
  return made === null || made === now;
}

function whenMade(rows: OwnedRows, experiment: string): string | null {
  return madeNow(rows, experiment, (sql) => statementOf(rows, sql));
}

/**
 * Names the experiments that come back with other things.
 *
 * @param log The log.
 * @param subjects What comes back.
 * @returns Their ids; not of those of which only what they held is still to come.
 */
export function experimentsIn(
  log: ChangeLog,
  subjects: readonly LoggedSubject[],
): ReadonlySet<string> {
  const whole = subjects.filter((one) => one.kind === "experiment" && ownChunk(log, one) !== null);
  return new Set(whole.map(({ id }) => id));
}

/** The row by which a thing is what it is. */
function ownChunk(log: ChangeLog, subject: LoggedSubject): RowChunk | null {
  const { kind } = subject;
  if (kind === "orphan" || kind === "artifact" || kind === "metric-points") return null;
  const [chunk] = log.chunksOf(subject);
  const isOwn = chunk?.owner === kind && chunk.table === ownTableOf(chunk.owner).table;
  return isOwn && chunk.rows.length > 0 ? chunk : null;
}

/** They belong to nothing, so nothing can stand in their place. */
function stateOfRows(log: ChangeLog, rows: OwnedRows, subject: LoggedSubject): SubjectState {
  const [chunk] = log.chunksOf(subject);
  const row = chunk?.rows[0];
  if (chunk === undefined || row === undefined) return "back";
  return hasColumns(rows, chunk) && rows.words.has(rows, chunk, row) ? "back" : "gone";
}

const WORDS = {
  "run": "run",
  "logged-model": "logged model",
  "experiment": "experiment",
  "orphan": "orphan",
  "artifact": "artifact",
  "metric-points": "metric",
  "dangling-rows": "table",
} as const;

/** The experiment that has taken the name since. */
function namedLike(rows: OwnedRows, { columns }: RowChunk, row: RemovedRow): string | null {
  const values = valuesOf(row);
  const names = ["name", "workspace"].filter((column) => columns.includes(column));
  const places = placesOf(row);
  const same = names.map((column) => `"${column}" = ${places[columns.indexOf(column)]}`)
    .join(" AND ");
  const found = statementOf(
    rows,
    `SELECT CAST(experiment_id AS TEXT) AS id FROM experiments WHERE ${same}`,
  ).get(...names.map((column) => values[columns.indexOf(column)]!));
  return found === undefined ? null : String(found["id"]);
}

/**
 * Tells what a thing was called that was taken away.
 *
 * @param log The log.
 * @param subject The thing.
 * @returns Its name.
 */
export function nameOfSubject(log: ChangeLog, subject: LoggedSubject): string | undefined {
  const chunk = ownChunk(log, subject);
  const name = chunk?.rows[0]?.[chunk.columns.indexOf("name") + 1];
  return typeof name === "string" ? name : undefined;
}

/**
 * Finds what would do more than put rows back. Needs read permission.
 *
 * @param rows The store's database.
 * @returns What is in the way of all that was taken away.
 */
export function triggersIn(rows: OwnedRows): readonly string[] {
  const owned = new Set(Object.values(OWNED_TABLES).flat().map(({ table }) => table));
  return statementOf(rows, rows.words.triggers).all().flatMap(({ name, table }) =>
    owned.has(String(table))
      ? [
        `table ${table}: expected that nothing else happens when a row comes back, found trigger ${name}`,
      ]
      : []
  );
}

/**
 * Puts back what was taken away, last things first. Needs write permission.
 *
 * @param log The log.
 * @param rows The store's database.
 * @param subjects What is to come back.
 * @yields {void} Before each transaction.
 * @returns What is in the way of those that are not back; their rows stay in the log.
 */
export function* undoSubjects(
  log: WritableLog,
  rows: OwnedRows,
  subjects: readonly LoggedSubject[],
): Generator<void, readonly string[]> {
  const triggers = subjects.length === 0 ? [] : triggersIn(rows);
  if (triggers.length > 0) return triggers;
  const collisions = new Map<LoggedSubject, string>();
  let [pieces, whole, count]: [Piece[], LoggedSubject[], number] = [[], [], 0];
  const tryPut = (some: readonly Piece[]) => {
    try {
      putBack(log, rows, some);
    } catch (error) {
      if (!(error instanceof InTheWay)) throw error;
      // What is in the way of one is not in that of the others.
      if (new Set(some.map(({ subject }) => subject)).size === 1) {
        collisions.set(some[0]!.subject, error.message);
      } else Map.groupBy(some, ({ subject }) => subject).forEach((own) => tryPut(own));
    }
  };
  const flush = () => {
    tryPut(pieces);
    log.dropSubjects(whole.filter((subject) => !collisions.has(subject)));
    [pieces, whole, count] = [[], [], 0];
  };
  for (const subject of subjects.toReversed()) {
    let isFirst = true;
    for (const chunk of log.chunksOf(subject)) {
      if (count > 0 && count + chunk.rows.length > ROWS_AT_ONCE) {
        yield;
        flush();
      }
      if (collisions.has(subject)) break;
      pieces.push({ subject, chunk, isFirst });
      count += chunk.rows.length;
      isFirst = false;
    }
    whole.push(subject);
  }
  yield;
  flush();
  return [...collisions.values()];
}

/**
 * Does the same, and awaits between two transactions.
 *
 * @param undoing What is being put back.
 * @param turn What to await.
 * @returns What is in the way.
 */
export async function withTurns<T>(
  undoing: Generator<void, T>,
  turn: () => Promise<void>,
): Promise<T> {
  for (;;) {
    const { done, value } = undoing.next();
    if (done) return value;
    await turn();
  }
}

/** Some rows of what comes back. */
interface Piece {
  readonly subject: LoggedSubject;
  readonly chunk: RowChunk;
  /** Whether none of it has come back before. */
  readonly isFirst: boolean;
}

/** All of these, or none. */
function putBack(log: ChangeLog, rows: OwnedRows, pieces: readonly Piece[]): void {
  if (pieces.length === 0) return;
  inTransaction(rows.database, () => {
    for (const { subject, chunk, isFirst } of pieces) {
      const state = isFirst ? stateOfSubject(log, rows, subject) : "gone";
      if (typeof state !== "string") throw new InTheWay(state.collision);
      // Of what never went, what others have written since is as it should be.
      insertChunk(rows, subject, chunk, state === "back");
    }
  });
}

class InTheWay extends Error {}

function insertChunk(
  rows: OwnedRows,
  { kind, id }: LoggedSubject,
  chunk: RowChunk,
  isBack: boolean,
): void {
  const { table } = chunk;
  if (!hasColumns(rows, chunk)) {
    throw new InTheWay(
      `${
        WORDS[kind]
      } ${id}: expected table ${table} with the columns that it had, found another one`,
    );
  }
  if (rows.words.insert(rows, chunk) || isBack) return;
  throw new InTheWay(
    `${
      WORDS[kind]
    } ${id}: expected its rows of table ${table} to be gone, found another one in the place of one of them`,
  );
}
