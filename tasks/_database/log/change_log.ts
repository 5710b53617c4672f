/**
 * The changes of a database, so that they can be undone: which rows each found, and what it made of them; and all
 * that it has taken away.
 *
 * *Ordering*: what a change is going to make of rows is written here, durably, before it touches them, and so are
 * all rows that are to go.
 *
 * *Locking*: only who holds the lock of the store writes here.
 *
 * *After an interruption*: SQLite takes back what it had not committed; a change that is not `done` is undone by
 * whoever locks the store next, see `lock_database.ts`.
 *
 * @module
 */

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { isBackupId, newBackupId } from "../../../lib/backup/backup_id.ts";
import { orderAfter } from "../../../lib/backup/backup_order.ts";
import { DamagedBackupError } from "../../../lib/errors.ts";
import {
  type AddedLog,
  addedLogOf,
  type WritableAddedLog,
  writableAddedLogOf,
} from "./added_things.ts";
import { placesFor } from "../scan/tables.ts";
import {
  inTransaction,
  logged,
  type LoggedRow,
  loggedRowOf,
  type RowChange,
} from "./change_rows.ts";
import { openLogToRead, openLogToWrite } from "./log_schema.ts";
import { type Part, takeOut } from "./part_subject.ts";
import {
  chunksIn,
  chunksText,
  type LoggedSubject,
  type NewSubject,
  type RowChunk,
  subjectOf,
} from "./removed_rows.ts";
import type { Witness } from "./witnesses.ts";

/** A change. */
export interface LoggedChange {
  readonly id: string;
  /** See `orderAfter`. */
  readonly order: number;
  readonly task: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Whether it came to its end. */
  readonly isDone: boolean;
  /** Whether something of its artifacts takes its place though a whole copy is kept, and is to be freed. */
  readonly hasRemains: boolean;
  /** Whether it can be undone no more: what it has taken is being freed. */
  readonly isLeaving: boolean;
  /** How many rows it has changed that have not been changed back, and how much it has taken that is not back. */
  readonly count: number;
  /** What the rows take here that it has taken. */
  readonly bytes: number;
  /** Whether taking it back was cut off. */
  readonly isGoingBack: boolean;
}

/** What of a change is meant; neither is all of it. */
export interface RowSelection {
  readonly experiment?: string;
  readonly run?: string;
}

/** The log of a database's changes. */
export interface ChangeLog extends AddedLog, Disposable {
  /** Newest first. */
  list(): readonly LoggedChange[];
  /** In the order in which they were changed. */
  rowsOf(id: string, selection?: RowSelection): readonly LoggedRow[];
  /** What it has taken away, in the order in which that went. */
  subjectsOf(id: string, selection?: RowSelection): readonly LoggedSubject[];
  /** The experiments that were there when it began, or some of them; none where an older version has logged it. */
  witnessesOf(id: string): readonly Witness[];
  /** Where a server kept artifacts in a bucket when it began, as it was told: `s3://BUCKET/KEY` of each. */
  servedOf(id: string): readonly string[];
  /** When an experiment was made that was there then; `null` where that is not known. */
  madeWhen(id: string, experiment: string): string | null;
  /** The rows that went with it, those first that went last. */
  chunksOf(subject: LoggedSubject): Iterable<RowChunk>;
}

/** The same, for whoever holds the lock. */
export interface WritableLog extends ChangeLog, WritableAddedLog {
  /** Begins a change of the database in which these experiments are, as they are in that of earlier changes by now. */
  begin(
    task: string,
    now: number,
    witnesses: readonly Witness[],
    earlier?: readonly string[],
  ): LoggedChange;
  /** Says where a server keeps artifacts in a bucket that may go with a change. */
  noteServed(id: string, root: string): void;
  /** Adds rows that are about to be changed. */
  add(id: string, rows: readonly RowChange[]): readonly LoggedRow[];
  /** Forgets rows that have not been changed, or have been changed back. */
  drop(rows: readonly LoggedRow[]): void;
  /** Adds what is about to go, of which no row has been logged yet. */
  addSubjects(id: string, subjects: readonly NewSubject[]): readonly LoggedSubject[];
  /** Makes things of their own of parts of what has gone. */
  takeOut(id: string, parts: readonly Part[]): readonly LoggedSubject[];
  /** Adds rows that are about to go. */
  addChunks(chunks: readonly { readonly subject: LoggedSubject; readonly chunk: RowChunk }[]): void;
  /** Says of what has gone that it is about to be brought back. */
  markGoingBack(subjects: readonly LoggedSubject[]): void;
  /** Forgets what has not gone, or is back. */
  dropSubjects(subjects: readonly LoggedSubject[]): void;
  /** Ends a change. */
  finish(id: string, hasRemains?: boolean): void;
  /** Says of a change that is done that all of it is about to be undone. */
  reopen(id: string): void;
  /** Says of a change that nothing of it can be undone any more. */
  leave(id: string): void;
  remove(id: string): void;
}

/**
 * Opens the log for reading. Needs read permission.
 *
 * @param store Absolute real path of the store's database.
 * @returns The log, to be bound by `using`; `null` where nothing was ever changed.
 * @throws {UnsupportedStoreError} When it is not ours.
 * @throws {DamagedBackupError} When it is damaged, or of a newer version.
 */
export function readChangeLog(store: string): ChangeLog | null {
  const open = openLogToRead(store);
  return open === null ? null : logOf(open);
}

/**
 * Opens the log for writing, and makes it where it is not there, see {@linkcode openLogToWrite}.
 *
 * @param store Absolute real path of the store's database.
 * @returns The log, to be bound by `using`.
 * @throws {UnsupportedStoreError} When it is not ours.
 * @throws {DamagedBackupError} When it is damaged, or of a newer version.
 */
export function openChangeLog(store: string): WritableLog {
  return writableLogOf(openLogToWrite(store));
}

/** How far a change is, as the column `is_done` has it. */
const State = {
  begun: 0,
  done: 1,
  /** It can be undone no more. */
  leaving: 2,
  /** It is done, and something that a whole copy stands for is to be freed. */
  remaining: 3,
} as const;

const ADDED = `(SELECT COUNT(*) FROM added AS a WHERE a.change = c.id) AS added,
  (SELECT COUNT(*) FROM added AS a WHERE a.change = c.id AND is_leaving = 1) AS leaving`;

/** What is chosen of a change's rows, or subjects. */
const CHOSEN = "change = ? AND (? IS NULL OR experiment = ?) AND (? IS NULL OR run = ?)";

function chosen(id: string, { experiment = null, run = null }: Chosen): readonly SQLInputValue[] {
  return [id, experiment, experiment, run, run];
}

interface Chosen {
  readonly experiment?: string | null;
  readonly run?: string | null;
}

function logOf({ database, path, version }: ReturnType<typeof openLogToWrite>): ChangeLog {
  const reading = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error) || error instanceof DamagedBackupError) throw error;
      throw new DamagedBackupError(`Cannot read ${path}: ${error.message}`, { cause: error });
    }
  };
  const statements = new Map<string, StatementSync>();
  // To make one takes longer than most of them do.
  const statement = (sql: string): StatementSync => {
    const made = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, made);
    return made;
  };
  // The first version had only rows that are changed.
  const [hasSubjects, hasWitnesses, hasAdded] = [version > 1, version > 2, version > 3];
  const hasServed = version > 4;
  const added = addedLogOf(database);
  const taken = hasSubjects
    ? `(SELECT COUNT(*) FROM subjects AS s WHERE s.change = c.id) AS subjects,
      (SELECT COUNT(*) FROM subjects AS s WHERE s.change = c.id AND is_going_back = 1) AS back,
      (SELECT SUM(LENGTH(rows)) FROM subjects AS s JOIN removed AS r ON r.subject = s.number
        WHERE s.change = c.id) AS bytes`
    : "0 AS subjects, 0 AS back, 0 AS bytes";
  return {
    list: () =>
      reading(() =>
        database.prepare(
          `SELECT c.*, (SELECT COUNT(*) FROM rows AS r WHERE r.change = c.id) AS changed, ${taken},
            ${hasAdded ? ADDED : "0 AS added, 0 AS leaving"}
            FROM changes AS c ORDER BY place DESC, id DESC`,
        ).all().map((row) => ({
          id: idIn(row, path),
          order: Number(row["place"]),
          task: String(row["task"]),
          createdAt: Number(row["created_at"]),
          isDone: row["is_done"] === State.done || row["is_done"] === State.remaining,
          hasRemains: row["is_done"] === State.remaining,
          isLeaving: row["is_done"] === State.leaving,
          count: Number(row["changed"]) + Number(row["subjects"]) + Number(row["added"]),
          bytes: Number(row["bytes"]),
          isGoingBack: Number(row["back"]) + Number(row["leaving"]) > 0,
        }))
      ),
    rowsOf: (id, selection = {}) =>
      reading(() =>
        // A dataset goes once nothing names it any more.
        database.prepare(
          `SELECT * FROM rows WHERE ${CHOSEN} ORDER BY table_name = 'datasets', number`,
        )
          .all(...chosen(id, selection)).map(loggedRowOf)
      ),
    subjectsOf: (id, selection = {}) =>
      reading(() =>
        hasSubjects
          ? database.prepare(`SELECT * FROM subjects WHERE ${CHOSEN} ORDER BY number`)
            .all(...chosen(id, selection)).map(subjectOf)
          : []
      ),
    witnessesOf: (id) =>
      reading(() =>
        hasWitnesses
          ? database.prepare("SELECT experiment, made FROM witnesses WHERE change = ?").all(id)
            .map(({ experiment, made }) => ({ experiment: `${experiment}`, made: `${made}` }))
          : []
      ),
    servedOf: (id) =>
      reading(() =>
        hasServed
          ? database.prepare("SELECT root FROM served WHERE change = ?").all(id)
            .map(({ root }) => `${root}`)
          : []
      ),
    madeWhen: (id, experiment) =>
      reading(() => {
        if (!hasWitnesses) return null;
        const found = statement("SELECT made FROM witnesses WHERE change = ? AND experiment = ?")
          .get(id, experiment);
        return found === undefined ? null : `${found["made"]}`;
      }),
    *chunksOf(subject) {
      const numbers = reading(() =>
        statement("SELECT number FROM removed WHERE subject = ? ORDER BY number DESC")
          .all(subject.number)
      );
      // One by one: a run may have more rows than are to be held at once.
      for (const { number } of numbers) {
        const row = reading(() =>
          statement("SELECT * FROM removed WHERE number = ?").get(number!)!
        );
        yield* reading(() => chunksIn(row, subject)).toReversed();
      }
    },
    addedOf: (change) => reading(() => hasAdded ? added.addedOf(change) : []),
    rowsOfAdded: added.rowsOfAdded,
    [Symbol.dispose]: () => database.close(),
  };
}

/** It is the name of a directory of ours, so it must lead nowhere else. */
function idIn({ id }: Readonly<Record<string, unknown>>, path: string): string {
  if (isBackupId(`${id}`)) return `${id}`;
  throw new DamagedBackupError(
    `Cannot read ${path}: expected the ids of changes, found ${JSON.stringify(id)}`,
  );
}

function writableLogOf(open: ReturnType<typeof openLogToWrite>): WritableLog {
  const { database } = open;
  const log = logOf(open);
  return {
    ...writableAddedLogOf(database),
    ...log,
    begin: (task, now, witnesses, earlier = []) =>
      inTransaction(database, () => {
        const all = log.list();
        const id = newBackupId(task, now, (id) => all.some((one) => one.id === id));
        const order = orderAfter(all.map(({ order }) => order), now);
        database.prepare("INSERT INTO changes VALUES (?, ?, ?, ?, ?)")
          .run(id, order, task, now, State.begun);
        const insert = database.prepare("INSERT OR IGNORE INTO witnesses VALUES (?, ?, ?)");
        for (const { experiment, made } of witnesses) {
          for (const change of [id, ...earlier]) insert.run(change, experiment, made);
        }
        const none = {
          isLeaving: false,
          hasRemains: false,
          count: 0,
          bytes: 0,
          isGoingBack: false,
        };
        return { id, order, task, createdAt: now, isDone: false, ...none };
      }),
    noteServed: (id, root) =>
      void database.prepare("INSERT INTO served VALUES (?, ?)").run(id, root),
    add: (id, rows) =>
      inTransaction(database, () => {
        const insert = database.prepare("INSERT INTO rows VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)");
        return rows.map((row) => {
          const { lastInsertRowid } = insert.run(id, ...logged(row));
          return { ...row, number: Number(lastInsertRowid) };
        });
      }),
    drop: (rows) => dropFrom(database, "rows", rows),
    addSubjects: (id, subjects) =>
      inTransaction(database, () => insertSubjects(database, id, subjects)),
    takeOut: (id, parts) =>
      takeOut(database, parts, (subjects) => insertSubjects(database, id, subjects)),
    addChunks: (chunks) =>
      inTransaction(database, () => {
        const insert = database.prepare("INSERT INTO removed VALUES (NULL, ?, ?)");
        for (const [{ number }, own] of Map.groupBy(chunks, ({ subject }) => subject)) {
          insert.run(number, chunksText(own.map(({ chunk }) => chunk)));
        }
      }),
    markGoingBack: (subjects) =>
      inTransaction(database, () => {
        const mark = database.prepare("UPDATE subjects SET is_going_back = 1 WHERE number = ?");
        for (const { number } of subjects) mark.run(number);
      }),
    dropSubjects: (subjects) => dropFrom(database, "subjects", subjects),
    finish: (id, hasRemains = false) =>
      void database.prepare("UPDATE changes SET is_done = ? WHERE id = ?")
        .run(hasRemains ? State.remaining : State.done, id),
    reopen: (id) =>
      void database.prepare("UPDATE changes SET is_done = ? WHERE id = ?").run(State.begun, id),
    leave: (id) =>
      inTransaction(database, () => {
        database.prepare("UPDATE changes SET is_done = ? WHERE id = ?").run(State.leaving, id);
        database.prepare("DELETE FROM rows WHERE change = ?").run(id);
        database.prepare("DELETE FROM added WHERE change = ?").run(id);
        database.prepare(
          "DELETE FROM removed WHERE subject IN (SELECT number FROM subjects WHERE change = ?)",
        ).run(id);
      }),
    remove: (id) => void database.prepare("DELETE FROM changes WHERE id = ?").run(id),
  };
}

function insertSubjects(
  database: DatabaseSync,
  change: string,
  subjects: readonly NewSubject[],
): readonly LoggedSubject[] {
  const insert = database.prepare("INSERT INTO subjects VALUES (NULL, ?, ?, ?, ?, ?, ?, 0)");
  return subjects.map((subject): LoggedSubject => {
    const { kind, experiment, run, id, trees } = subject;
    const { lastInsertRowid } = insert
      .run(change, kind, experiment, run, id, JSON.stringify(trees));
    return { ...subject, number: Number(lastInsertRowid), change, isGoingBack: false };
  });
}

function dropFrom(
  database: DatabaseSync,
  table: "rows" | "subjects",
  all: readonly { readonly number: number }[],
): void {
  if (all.length === 0) return;
  inTransaction(database, () => {
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const numbers = all.slice(at, at + AT_ONCE).map(({ number }) => number);
      database.prepare(`DELETE FROM ${table} WHERE number IN ${placesFor(numbers)}`)
        .run(...numbers);
    }
  });
}

/** How many values a statement may have. */
const AT_ONCE = 500;
