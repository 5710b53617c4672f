/**
 * The changes of a database, so that they can be undone: which rows each found, and what it made of them.
 *
 * *Ordering*: what a change is going to make of rows is written here, durably, before it touches them.
 *
 * *Locking*: only who holds the lock of the store writes here.
 *
 * *After an interruption*: SQLite takes back what it had not committed; a change that is not `done` is undone by
 * whoever locks the store next, see `lock_database.ts`.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { newBackupId } from "../../../lib/backup/backup_id.ts";
import { orderAfter } from "../../../lib/backup/backup_order.ts";
import { DamagedBackupError, StoreAccessError } from "../../../lib/errors.ts";
import { sqliteUri } from "../../../lib/store/store_uri.ts";
import { foreignError } from "../../_file/own/own_directory.ts";
import { accessOf, trySetAccess } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { checkState } from "./state_directory.ts";
import { checkJournal } from "../scan/check_journal.ts";
import { isCutOff, recoverText } from "../scan/open_database.ts";
import { placesFor } from "../scan/tables.ts";
import { inTransaction, type Row, type RowChange, softDeletion } from "./change_rows.ts";

/** The same, as it is logged. */
export interface LoggedRow extends RowChange {
  readonly number: number;
}

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
  /** How many rows it has changed that have not been changed back. */
  readonly rows: number;
}

/** What of a change is meant; neither is all of it. */
export interface RowSelection {
  readonly experiment?: string;
  readonly run?: string;
}

/** The log of a database's changes. */
export interface ChangeLog extends Disposable {
  /** Newest first. */
  list(): readonly LoggedChange[];
  /** In the order in which they were changed. */
  rowsOf(id: string, selection?: RowSelection): readonly LoggedRow[];
}

/** The same, for whoever holds the lock. */
export interface WritableLog extends ChangeLog {
  /** Begins a change. */
  begin(task: string, now: number): LoggedChange;
  /** Adds rows that are about to be changed. */
  add(id: string, rows: readonly RowChange[]): readonly LoggedRow[];
  /** Forgets rows that have not been changed, or have been changed back. */
  drop(rows: readonly LoggedRow[]): void;
  finish(id: string): void;
  remove(id: string): void;
}

/** "mlti", by which a database is known to be ours. */
const APPLICATION = 0x6d6c7469;
const VERSION = 1;

const TABLES: readonly string[] = [
  `CREATE TABLE changes (
    id TEXT PRIMARY KEY,
    place INTEGER NOT NULL,
    task TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    is_done INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE rows (
    number INTEGER PRIMARY KEY,
    change TEXT NOT NULL REFERENCES changes ON DELETE CASCADE,
    experiment TEXT NOT NULL,
    run TEXT NOT NULL,
    table_name TEXT NOT NULL,
    key TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX rows_of_change ON rows (change)",
];

const SCHEMA = [
  ...TABLES,
  `PRAGMA user_version = ${VERSION}`,
  `PRAGMA application_id = ${APPLICATION}`,
].join(";\n");

/**
 * Opens the log for reading. Needs read permission.
 *
 * @param store Absolute real path of the store's database.
 * @returns The log, to be bound by `using`; `null` where nothing was ever changed.
 * @throws {UnsupportedStoreError} When it is not ours.
 * @throws {DamagedBackupError} When it is damaged, or of a newer version.
 */
export function readChangeLog(store: string): ChangeLog | null {
  const { changes } = checkState(store);
  if ((infoOf(changes)?.size ?? 0) === 0) return null;
  checkJournal(changes, sqliteUri(store));
  const database = new DatabaseSync(changes, { readOnly: true });
  return closingOnError(database, () => {
    checkOurs(database, changes, store);
    return logOf(database, changes);
  });
}

/**
 * Opens the log for writing, and makes it where it is not there, open to whom the store's database is open to. Needs
 * read and write permission; the lock of the store must be held.
 *
 * @param store Absolute real path of the store's database.
 * @returns The log, to be bound by `using`.
 * @throws {UnsupportedStoreError} When it is not ours.
 * @throws {DamagedBackupError} When it is damaged, or of a newer version.
 */
export function openChangeLog(store: string): WritableLog {
  const { changes } = checkState(store);
  if (infoOf(changes) === null) makeFile(changes, store);
  checkJournal(changes, sqliteUri(store));
  const database = new DatabaseSync(changes, { enableForeignKeyConstraints: true });
  return closingOnError(database, () => {
    // The last step of a commit, that the journal goes, is made durable as well.
    database.exec("PRAGMA synchronous = EXTRA");
    if (infoOf(changes)?.size === 0) inTransaction(database, () => database.exec(SCHEMA));
    checkOurs(database, changes, store);
    return writableLogOf(database, changes);
  });
}

/** What is there already is of whoever made it: only a new file gets the access of the store's database. */
function makeFile(changes: string, store: string): void {
  Deno.openSync(changes, { write: true, createNew: true, mode: 0o600 }).close();
  const { uid, gid, mode } = accessOf(Deno.statSync(store));
  trySetAccess(changes, { uid, gid, mode: (mode & 0o666) | 0o600 });
}

function closingOnError<T>(database: DatabaseSync, work: () => T): T {
  try {
    return work();
  } catch (error) {
    database.close();
    throw error;
  }
}

function checkOurs(database: DatabaseSync, path: string, store: string): void {
  const ask = (name: string) => {
    try {
      return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
    } catch (cause) {
      if (isCutOff(cause)) {
        const location = sqliteUri(store);
        const message = `Cannot read ${path}: a change was cut off; ${recoverText(store)}`;
        throw new StoreAccessError(message, location, { cause });
      }
      throw new DamagedBackupError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
    }
  };
  if (ask("application_id") !== APPLICATION) {
    throw foreignError(path, { expected: "a file", found: "another database", store });
  }
  const version = ask("user_version");
  if (version > VERSION) {
    throw new DamagedBackupError(
      `Cannot read ${path}: expected version ${VERSION}, found ${version}; use the version of mltidy that wrote it`,
    );
  }
  const found = database.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").all();
  const isSame = found.length === TABLES.length &&
    found.every(({ sql }) => TABLES.includes(String(sql)));
  // A view could take for ever to read, and a trigger do anything.
  if (!isSame) throw new DamagedBackupError(`Cannot read ${path}: expected other tables in it`);
}

function logOf(database: DatabaseSync, path: string): ChangeLog {
  const reading = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error) || error instanceof DamagedBackupError) throw error;
      throw new DamagedBackupError(`Cannot read ${path}: ${error.message}`, { cause: error });
    }
  };
  return {
    list: () =>
      reading(() =>
        database.prepare(
          `SELECT c.*, COUNT(r.number) AS count FROM changes AS c
            LEFT JOIN rows AS r ON r.change = c.id GROUP BY c.id ORDER BY place DESC, c.id DESC`,
        ).all().map((row) => ({
          id: String(row["id"]),
          order: Number(row["place"]),
          task: String(row["task"]),
          createdAt: Number(row["created_at"]),
          isDone: row["is_done"] === 1,
          rows: Number(row["count"]),
        }))
      ),
    rowsOf: (id, { experiment = null, run = null } = {}) =>
      reading(() =>
        database.prepare(
          `SELECT * FROM rows WHERE change = ? AND (? IS NULL OR experiment = ?)
            AND (? IS NULL OR run = ?) ORDER BY number`,
        ).all(id, experiment, experiment, run, run).map(loggedRowOf)
      ),
    [Symbol.dispose]: () => database.close(),
  };
}

/** Who may write there may have put anything into it: nothing else is undone than a soft deletion. */
function loggedRowOf(row: Readonly<Record<string, unknown>>): LoggedRow {
  const [key, before, after] = ["key", "before", "after"].map((name) => rowIn(row, name));
  const run = String(row["run"]);
  const time = after?.["deleted_time"];
  const isDated = time !== undefined;
  const expected = softDeletion(run, isDated ? Number(time) : null);
  const isSound = row["table_name"] === "runs" && (!isDated || Number.isSafeInteger(time)) &&
    sameRow(key, expected.key) && sameRow(before, expected.before) &&
    sameRow(after, expected.after);
  if (!isSound) {
    throw new DamagedBackupError(
      `Cannot read row ${row["number"]} of change ${
        row["change"]
      }: expected the soft deletion of a run`,
    );
  }
  const { number, experiment } = row;
  return { ...expected, number: Number(number), experiment: String(experiment), run };
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

function writableLogOf(database: DatabaseSync, path: string): WritableLog {
  const log = logOf(database, path);
  return {
    ...log,
    begin: (task, now) =>
      inTransaction(database, () => {
        const all = log.list();
        const id = newBackupId(task, now, (id) => all.some((one) => one.id === id));
        const order = orderAfter(all.map(({ order }) => order), now);
        database.prepare("INSERT INTO changes VALUES (?, ?, ?, ?, 0)").run(id, order, task, now);
        return { id, order, task, createdAt: now, isDone: false, rows: 0 };
      }),
    add: (id, rows) =>
      inTransaction(database, () => {
        const insert = database.prepare("INSERT INTO rows VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)");
        return rows.map((row) => {
          const { experiment, run, table, key, before, after } = row;
          const texts = [key, before, after].map((one) => JSON.stringify(one));
          const { lastInsertRowid } = insert.run(id, experiment, run, table, ...texts);
          return { ...row, number: Number(lastInsertRowid) };
        });
      }),
    drop: (rows) =>
      inTransaction(database, () => {
        for (let at = 0; at < rows.length; at += AT_ONCE) {
          const numbers = rows.slice(at, at + AT_ONCE).map(({ number }) => number);
          database.prepare(`DELETE FROM rows WHERE number IN ${placesFor(numbers)}`)
            .run(...numbers);
        }
      }),
    finish: (id) => void database.prepare("UPDATE changes SET is_done = 1 WHERE id = ?").run(id),
    remove: (id) => void database.prepare("DELETE FROM changes WHERE id = ?").run(id),
  };
}

/** How many values a statement may have. */
const AT_ONCE = 500;
