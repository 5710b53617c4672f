/**
 * Opening a database of SQLite so that nothing of it, nor beside it, is changed.
 *
 * @module
 */

import { dirname } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import {
  DiskFullError,
  StoreAccessError,
  type StoreError,
  StoreLockedError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { locationOfFile, sqliteUri } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { openRegular } from "../../_io/open_regular.ts";
import { failureText, infoOf, isGone, readBytes, readStart } from "../../_io/read.ts";
import { checkJournal } from "./check_journal.ts";
import { holdOpen, isHeldOpen } from "./held_open.ts";
import { replayLog } from "./replay_log.ts";

/** How long to wait for whoever writes to it, ms: MLflow's changes take a fraction of that. */
const PATIENCE = 5_000;

/** KiB of pages that a transaction may change until some go to the disk ahead of it, which locks readers out, too. */
const CACHE = 32 << 10;

/** Bytes up to which a database and its log are read into memory, since to open them leaves files behind. */
const MOST_IN_MEMORY = 256 << 20;

/** Bytes of a database, and of a log, that tell it from what it was before. */
const [HEADER, LOG_HEADER] = [100, 32] as const;

/** Where a database says which versions of the format write and read: 2 stands for a write-ahead log. */
const VERSIONS = [18, 19] as const;

/** What backups lie in, beside a database. */
const KEPT = ["changes.db", "backups"] as const;

/** How often to read what changes meanwhile, before SQLite is to do it. */
const ATTEMPTS = 5;

/**
 * Opens a database for reading. Needs read permission for it and for what lies beside it.
 *
 * Whoever opens a database in WAL mode makes a `-wal` and a `-shm` beside it, or writes into them, and only
 * who may write can remove them again. So it is read as a whole together with its log, up to 256 MiB: as of
 * the last commit, be it that of a server at work, or of one that was killed.
 *
 * @param path Absolute path of its file.
 * @param patience How long to wait for whoever writes to it in another mode, ms.
 * @returns The database, to be bound by `using`.
 * @throws {Error} What SQLite says, see {@linkcode storeErrorOf} and {@linkcode helpFor}.
 */
export function openDatabase(path: string, patience: number = PATIENCE): DatabaseSync {
  // SQLite looks beside the file itself, too, and not beside a link to it.
  const real = Deno.realPathSync(path);
  const isOurs = isHeldOpen(real);
  if (!isOurs) checkBeside(real);
  const bytes = isOurs ? null : readWhole(real);
  if (bytes === null) {
    const database = new DatabaseSync(path, { readOnly: true });
    // Deno 2.9 takes the option `timeout`, and waits for five seconds all the same.
    database.exec(`PRAGMA busy_timeout = ${patience}`);
    return database;
  }
  const database: DatabaseSync & { deserialize?: (bytes: Uint8Array) => void } = new DatabaseSync(
    ":memory:",
  );
  database.deserialize!(bytes);
  return database;
}

/** Who may read the file alone cannot look beside it; of what is opened for reading, SQLite plays no journal back. */
function checkBeside(path: string): void {
  try {
    checkJournal(path, sqliteUri(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

/**
 * Opens a database for changing it. Needs read and write permission for it and for the directory in which it lies.
 *
 * @param path Absolute path of its file.
 * @returns The database, to be bound by `using`.
 * @throws {UnsupportedStoreError} When what lies beside it is none of SQLite's.
 * @throws {Error} What SQLite says, see {@linkcode storeErrorOf}.
 */
export function openWritable(path: string): DatabaseSync {
  checkJournal(path, sqliteUri(path));
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE}; PRAGMA cache_size = -${CACHE}`);
    // What was cut off is played back now, and not in the middle of a change.
    database.exec("BEGIN IMMEDIATE; ROLLBACK");
    holdOpen(path, database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Refuses a database to which this account may not write: SQLite opens such a one all the same, and only reads.
 *
 * @param path Absolute path of its file.
 * @throws {StoreAccessError} When this account may not.
 */
export function requireWritable(path: string): void {
  // To close the file would drop the locks that SQLite has on it in this process.
  if (isHeldOpen(path)) return;
  try {
    Deno.openSync(path, { write: true }).close();
  } catch (error) {
    const location = sqliteUri(path);
    throw new StoreAccessError(
      `Cannot change store ${location}: ${
        failureText(error)
      }; let this account write to ${path}, or type the same as another one; nothing was touched`,
      location,
      { cause: error },
    );
  }
}

/**
 * Reads a database and its log without a lock. As long as there is the same log, whatever is written into the
 * database has been committed to that log before. So the log, which is read last, has every page that changed
 * while the database was read.
 *
 * @returns Its bytes, as in no such mode; `null` when it is in none, too large, or its log is new each time.
 */
function readWhole(path: string): Uint8Array | null {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = lookAt(path);
    if (before === null) return null;
    const database = readStart(path, before.size);
    const log = readLog(path);
    if (log === null) return null;
    if (lookAt(path)?.state !== before.state) continue;
    const bytes = replayLog(database, log);
    if (bytes !== null) { for (const at of VERSIONS) bytes[at] = 1; }
    return bytes;
  }
  return null;
}

/** The state is the same as long as the log is, or, where that is empty, the database. */
function lookAt(path: string): { readonly state: string; readonly size: number } | null {
  const header = readStart(path, HEADER);
  const log = lookAtLog(path);
  const hasLog = header[VERSIONS[1]] === 2 || log !== null && log.size > 0;
  // What is in a journal has been cut off, and SQLite says so.
  if (header.length < HEADER || !hasLog || log === null || !isGone(`${path}-journal`)) return null;
  const { size, mtime } = Deno.statSync(path);
  if (size + log.size > MOST_IN_MEMORY) return null;
  return { state: log.size === 0 ? `${size} ${mtime?.getTime()}` : log.start.join(), size };
}

/** `null`: whether there is one cannot be told. */
function lookAtLog(path: string): { readonly start: Uint8Array; readonly size: number } | null {
  try {
    using file = openRegular(`${path}-wal`);
    const start = new Uint8Array(LOG_HEADER);
    return { start: start.subarray(0, file.read(start)), size: file.info().size };
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? { start: new Uint8Array(), size: 0 } : null;
  }
}

/** Nothing where there is none; `null` where it cannot be read, or is too large. */
function readLog(path: string): Uint8Array | null {
  try {
    return readBytes(`${path}-wal`, { most: MOST_IN_MEMORY });
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? new Uint8Array() : null;
  }
}

/** SQLite's code for a journal that only who may write can play back. */
const CUT_OFF = 776;

/** By SQLite's code, or the lower byte of it: what is wrong, and what helps. */
const FAILURES: Readonly<
  Record<number, readonly ["locked" | "access" | "damaged", wrong: string, help: string]>
> = {
  5: ["locked", "a program is writing to it", "try again once it is done"],
  6: ["locked", "a program is writing to it", "try again once it is done"],
  8: ["access", "it can only be read", "let this account write to it"],
  10: ["access", "the disk does not give all of it", "check the disk, or bring it back"],
  11: ["damaged", "it is damaged", "bring it back from a backup"],
  14: [
    "access",
    "it does not open",
    "let this account read it, and write in the directory in which it lies",
  ],
  26: ["damaged", "it is damaged", "bring it back from a backup"],
  [CUT_OFF]: [
    "access",
    "a change of it was cut off",
    "open it once with MLflow, which settles that",
  ],
};

/** SQLite's code for a disk without room. */
const FULL = 13;

/** What SQLite says instead of a code, where Deno 2.9 hands none on: in an error of `exec()`. */
const CODES: Readonly<Record<string, number>> = {
  "database is locked": 5,
  "database table is locked": 6,
  "attempt to write a readonly database": 8,
  "disk I/O error": 10,
  "database disk image is malformed": 11,
  "database or disk is full": FULL,
  "unable to open database file": 14,
  "file is not a database": 26,
};

function isOfSqlite(error: unknown): error is Error & { readonly errcode?: unknown } {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

function codeOf(error: unknown): number {
  if (!isOfSqlite(error)) return 0;
  return typeof error.errcode === "number" ? error.errcode : CODES[error.message] ?? 0;
}

function failureOf(error: Error): (typeof FAILURES)[number] | undefined {
  const code = codeOf(error);
  return FAILURES[code] ?? FAILURES[code & 0xff];
}

/**
 * Tells whether a database has no room left.
 *
 * @param error What SQLite said.
 * @returns Whether that is so.
 */
export function isFull(error: unknown): boolean {
  return codeOf(error) === FULL;
}

/**
 * Tells whether a database cannot be read since whoever wrote to it was killed: who may write settles that by
 * opening it.
 *
 * @param error What SQLite said.
 * @returns Whether that is so.
 */
export function isCutOff(error: unknown): boolean {
  return codeOf(error) === CUT_OFF;
}

/**
 * Says what settles a change that was cut off.
 *
 * @param path Absolute path of the store's database.
 * @returns Words for the end of an error.
 */
export function recoverText(path: string): string {
  const command = shellWords(["deno", "task", "recover", "--store", locationOfFile(path)]);
  return `\`${command}\` settles that`;
}

/**
 * Says what helps where a database cannot be read that may refer to a store.
 *
 * @param error What SQLite said.
 * @returns What is wrong, and what helps.
 */
export function helpFor(error: Error): string {
  const failure = failureOf(error);
  if (failure === undefined) {
    return `${error.message}; mend that, or move it away if nothing needs it`;
  }
  const [kind, wrong, help] = failure;
  return `${wrong}; ${help}${kind === "damaged" ? ", or move it away if nothing needs it" : ""}`;
}

/**
 * Makes the error that tells why a store cannot be read.
 *
 * @param error What SQLite said.
 * @param path Absolute path of the database's file.
 * @returns The error; `null` when SQLite was not the cause.
 */
export function storeErrorOf(error: unknown, path: string): StoreError | null {
  if (isDiskFull(error) || isFull(error)) return fullErrorOf(path, error);
  if (!isOfSqlite(error)) return null;
  const [kind, wrong, usual] = failureOf(error) ?? ["damaged", error.message, "mend that"];
  const help = isCutOff(error) ? recoverText(path) : usual;
  const location = locationOfFile(path);
  const message = `Cannot read store ${location}: ${wrong}; ${help}`;
  const options = { cause: error };
  switch (kind) {
    case "locked":
      return new StoreLockedError(message, location, options);
    case "access":
      return new StoreAccessError(message, location, options);
    case "damaged":
      return new UnsupportedStoreError(message, location, options);
  }
}

/**
 * Says that a database's disk has no room for what a task has to write.
 *
 * @param path Absolute path of the database's file.
 * @param cause What was thrown.
 * @param tried Whether what was to go for good was to make room itself. @default {false}
 * @returns The error, which says how to make room: by us only where there is something to go.
 */
export function fullErrorOf(path: string, cause: unknown, tried = false): DiskFullError {
  const location = locationOfFile(path);
  const typed = (...words: readonly string[]) =>
    `\`${shellWords(["deno", "task", ...words, "--store", location])}\``;
  const purge = typed("cleanup", "--purge-after", "0d", "--no-backup");
  const isKept = KEPT.some((name) => infoOf(`${path}.mltidy/${name}`) !== null);
  const ways = [
    ...!tried && hasDeleted(path) ? [`see which deleted runs could go for good: ${purge}`] : [],
    ...isKept ? [`see which backups could go: ${typed("backup", "--list")}`] : [],
  ];
  const disk = location === sqliteUri(path)
    ? "its disk"
    : `the disk of ${dirname(path)}, where mltidy keeps what it changes of it`;
  const why = tried
    ? "; nothing that is to go has artifacts there, and rows alone make no room"
    : ", and nothing was lost";
  const room = ways.length === 0 ? "make room there" : `to make room, ${ways.join(", or ")}`;
  return new DiskFullError(
    `Cannot change store ${location}: no space is left on ${disk}${why}; ${room}, and try again`,
    location,
    { cause },
  );
}

/** Of what cannot be read, that is not known. */
function hasDeleted(path: string): boolean {
  try {
    using database = openDatabase(path);
    const sql = "SELECT 1 FROM runs WHERE lifecycle_stage = 'deleted' LIMIT 1";
    return database.prepare(sql).get() !== undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return false;
  }
}

/**
 * Does something with a database.
 *
 * @param path Absolute path of its file.
 * @param work What to do.
 * @returns What it gives.
 * @throws {StoreError} What SQLite says, as {@linkcode storeErrorOf} tells it.
 */
export function orStoreError<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeErrorOf(error, path) ?? error;
  }
}
