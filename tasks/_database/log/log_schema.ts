/**
 * What the log of a database's changes is made of, and how it is known that it is ours.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { DamagedBackupError, StoreAccessError } from "../../../lib/errors.ts";
import { locationOfFile } from "../../../lib/store/store_uri.ts";
import { foreignError } from "../../_file/own/own_directory.ts";
import { accessOf, trySetAccess } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { ADDED_LOG } from "./added_things.ts";
import { checkJournal } from "../scan/check_journal.ts";
import { isCutOff, recoverText } from "../scan/open_database.ts";
import { inTransaction } from "./change_rows.ts";
import { checkState } from "./state_directory.ts";

/** "mlti", by which a database is known to be ours. */
const APPLICATION = 0x6d6c7469;

/** What soft deletions are logged in, as the first version had it. */
const FIRST: readonly string[] = [
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

/** What is gone for good without it. */
const SECOND: readonly string[] = [
  `CREATE TABLE subjects (
    number INTEGER PRIMARY KEY,
    change TEXT NOT NULL REFERENCES changes ON DELETE CASCADE,
    kind TEXT NOT NULL,
    experiment TEXT NOT NULL,
    run TEXT,
    id TEXT NOT NULL,
    trees TEXT NOT NULL,
    is_going_back INTEGER NOT NULL
  ) STRICT`,
  "CREATE INDEX subjects_of_change ON subjects (change)",
  `CREATE TABLE removed (
    number INTEGER PRIMARY KEY,
    subject INTEGER NOT NULL REFERENCES subjects ON DELETE CASCADE,
    rows BLOB NOT NULL
  ) STRICT`,
  "CREATE INDEX removed_of_subject ON removed (subject)",
];

/** By what the database is known to be still the same. */
const THIRD: readonly string[] = [
  `CREATE TABLE witnesses (
    change TEXT NOT NULL REFERENCES changes ON DELETE CASCADE,
    experiment TEXT NOT NULL,
    made TEXT NOT NULL,
    PRIMARY KEY (change, experiment)
  ) STRICT, WITHOUT ROWID`,
];

/** Where a server kept artifacts that go with a change: rows do not tell. */
const FIFTH: readonly string[] = [
  `CREATE TABLE served (
    change TEXT NOT NULL REFERENCES changes ON DELETE CASCADE,
    root TEXT NOT NULL,
    PRIMARY KEY (change, root)
  ) STRICT, WITHOUT ROWID`,
];

/** By version, which has all that comes before it as well. */
const VERSIONS = [FIRST, SECOND, THIRD, ADDED_LOG, FIFTH] as const;
const NEWEST = VERSIONS.length;

/**
 * Opens the log for reading. Needs read permission.
 *
 * @param store Absolute real path of the store's database.
 * @returns The log, of any version, and its path; `null` where nothing was ever changed.
 * @throws {UnsupportedStoreError} When it is not ours.
 * @throws {DamagedBackupError} When it is damaged, or of a newer version.
 */
export function openLogToRead(store: string): OpenLog | null {
  const { changes: path } = checkState(store);
  if ((infoOf(path)?.size ?? 0) === 0) return null;
  checkJournal(path, locationOfFile(store));
  const database = new DatabaseSync(path, { readOnly: true });
  const version = closingOnError(database, () => checkOurs(database, path, store));
  if (version > 0) return { database, path, version };
  database.close();
  return null;
}

/** The log, open. */
export interface OpenLog {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly version: number;
}

/**
 * Opens the log for writing, and makes it where it is not there, open to whom the store's database is open to; one
 * of an older version becomes one of the newest. Needs read and write permission; the lock of the store must be held.
 *
 * @param store Absolute real path of the store's database.
 * @returns The log.
 * @throws {UnsupportedStoreError} When it is not ours.
 * @throws {DamagedBackupError} When it is damaged, or of a newer version.
 */
export function openLogToWrite(store: string): OpenLog {
  const { changes: path } = checkState(store);
  if (infoOf(path) === null) makeFile(path, store);
  checkJournal(path, locationOfFile(store));
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  return closingOnError(database, () => {
    // The last step of a commit, that the journal goes, is made durable as well.
    database.exec("PRAGMA synchronous = EXTRA");
    // What expires is given back to the disk.
    if (infoOf(path)?.size === 0) database.exec("PRAGMA auto_vacuum = FULL");
    const found = checkOurs(database, path, store);
    if (found < NEWEST) upgrade(database, found);
    return { database, path, version: NEWEST };
  });
}

function upgrade(database: DatabaseSync, from: number): void {
  const sql = [
    ...VERSIONS.slice(from).flat(),
    `PRAGMA user_version = ${NEWEST}`,
    `PRAGMA application_id = ${APPLICATION}`,
  ];
  inTransaction(database, () => database.exec(sql.join(";\n")));
}

/** What is there already is of whoever made it: only a new file gets the access of the store's database. */
function makeFile(path: string, store: string): void {
  Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  const { uid, gid, mode } = accessOf(Deno.statSync(store));
  trySetAccess(path, { uid, gid, mode: (mode & 0o666) | 0o600 });
}

function closingOnError<T>(database: DatabaseSync, work: () => T): T {
  try {
    return work();
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What was cut off while it was made is nobody's, and says nothing. */
function isBlank(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_master").get() === undefined;
}

/** Its version, if it is ours; 0 where nothing is in it yet. */
function checkOurs(database: DatabaseSync, path: string, store: string): number {
  const ask = (name: string) => {
    try {
      return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
    } catch (cause) {
      if (isCutOff(cause)) {
        const location = locationOfFile(store);
        const message = `Cannot read ${path}: a change was cut off; ${recoverText(store)}`;
        throw new StoreAccessError(message, location, { cause });
      }
      throw new DamagedBackupError(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
    }
  };
  const application = ask("application_id");
  if (application === 0 && isBlank(database)) return 0;
  if (application !== APPLICATION) {
    throw foreignError(path, { expected: "a file", found: "another database", store });
  }
  const version = ask("user_version");
  if (version > NEWEST) {
    throw new DamagedBackupError(
      `Cannot read ${path}: expected version ${NEWEST}, found ${version}; use the version of mltidy that wrote it`,
    );
  }
  const tables: readonly string[] = VERSIONS.slice(0, version).flat();
  const found = database.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").all();
  const isSame = found.length === tables.length &&
    found.every(({ sql }) => tables.includes(String(sql)));
  // A view could take for ever to read, and a trigger do anything.
  if (!isSame) throw new DamagedBackupError(`Cannot read ${path}: expected other tables in it`);
  return version;
}
