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
import { orderAfter } from "../../../lib/backup/backup_order.ts";
import {
  DamagedBackupError,
  StoreAccessError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { sqliteUri } from "../../../lib/store/store_uri.ts";
import { openOwnFile } from "../../_file/own/own_directory.ts";
import { accessOf, trySetAccess } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { checkState } from "./state_directory.ts";
import { isCutOff, recoverText } from "../scan/open_database.ts";
import { placesFor, type Value } from "../scan/tables.ts";

/** Columns of a row, by their names. */
export type Row = Readonly<Record<string, Value>>;

/** A row as a change found it, and what it made of it. */
export interface RowChange {
  readonly experiment: string;
  readonly run: string;
  readonly table: "runs";
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

const SCHEMA = `
  CREATE TABLE changes (
    id TEXT PRIMARY KEY,
    place INTEGER NOT NULL,
    task TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    is_done INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE rows (
    number INTEGER PRIMARY KEY,
    change TEXT NOT NULL REFERENCES changes ON DELETE CASCADE,
    experiment TEXT NOT NULL,
    run TEXT NOT NULL,
    table_name TEXT NOT NULL,
    key TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
  ) STRICT;
  CREATE INDEX rows_of_change ON rows (change);
  PRAGMA user_version = ${VERSION};
  PRAGMA application_id = ${APPLICATION};
`;

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
  const database = new DatabaseSync(changes, { readOnly: true });
  return closingOnError(database, () => {
    checkOurs(database, changes, store);
    return logOf(database);
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
  openOwnFile(changes).close();
  const { uid, gid, mode } = accessOf(Deno.statSync(store));
  trySetAccess(changes, { uid, gid, mode: (mode & 0o666) | 0o600 });
  const database = new DatabaseSync(changes, { enableForeignKeyConstraints: true });
  return closingOnError(database, () => {
    // The last step of a commit, that the journal goes, is made durable as well.
    database.exec("PRAGMA synchronous = EXTRA");
    if (infoOf(changes)?.size === 0) inTransaction(database, () => database.exec(SCHEMA));
    checkOurs(database, changes, store);
    return writableLogOf(database);
  });
}

/**
 * Does something in one transaction, which begins by asking for the right to write.
 *
 * @param database The database.
 * @param work What to do; what it throws takes everything back.
 * @returns What it gives.
 */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
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
    throw new UnsupportedStoreError(
      `Cannot use ${path}: expected a file of our own, found another database; move it away`,
      store,
    );
  }
  const version = ask("user_version");
  if (version > VERSION) {
    throw new DamagedBackupError(
      `Cannot read ${path}: expected version ${VERSION}, found ${version}; use the version of mltidy that wrote it`,
    );
  }
}

function logOf(database: DatabaseSync): ChangeLog {
  return {
    list: () =>
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
      })),
    rowsOf: (id, { experiment = null, run = null } = {}) =>
      database.prepare(
        `SELECT * FROM rows WHERE change = ? AND (? IS NULL OR experiment = ?)
          AND (? IS NULL OR run = ?) ORDER BY number`,
      ).all(id, experiment, experiment, run, run).map(loggedRowOf),
    [Symbol.dispose]: () => database.close(),
  };
}

/** Who may write there may have put anything into it: no other row is touched than what a change touches. */
function loggedRowOf(row: Readonly<Record<string, unknown>>): LoggedRow {
  const rowIn = (name: string, columns: readonly string[]): Row => {
    try {
      const found: unknown = JSON.parse(String(row[name]));
      const isSound = typeof found === "object" && found !== null &&
        Object.keys(found).toSorted().join() === columns.toSorted().join() &&
        Object.values(found).every((value) => value === null || typeof value !== "object");
      if (isSound) return found as Row;
    } catch {
      // Said below.
    }
    throw new DamagedBackupError(
      `Cannot read row ${row["number"]} of change ${
        row["change"]
      }: its ${name} is not that of a run`,
    );
  };
  const run = String(row["run"]);
  if (row["table_name"] !== "runs") {
    throw new DamagedBackupError(
      `Cannot read row ${row["number"]} of change ${
        row["change"]
      }: expected one of table runs, found ${row["table_name"]}`,
    );
  }
  return {
    number: Number(row["number"]),
    experiment: String(row["experiment"]),
    run,
    table: "runs",
    key: rowIn("key", ["run_uuid"]),
    before: rowIn("before", STAGE_COLUMNS),
    after: rowIn("after", STAGE_COLUMNS),
  };
}

/** What a soft deletion changes. */
const STAGE_COLUMNS = ["lifecycle_stage", "deleted_time"];

function writableLogOf(database: DatabaseSync): WritableLog {
  const log = logOf(database);
  return {
    ...log,
    begin: (task, now) =>
      inTransaction(database, () => {
        const all = log.list();
        const id = newId(new Set(all.map(({ id }) => id)), task, now);
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

function newId(taken: ReadonlySet<string>, task: string, now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  for (let count = 1;; count++) {
    const id = `${time}-${task}${count === 1 ? "" : `-${count}`}`;
    if (!taken.has(id)) return id;
  }
}
