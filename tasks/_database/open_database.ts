/**
 * Opening a database of SQLite so that nothing of it, nor beside it, is changed.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import {
  StoreAccessError,
  type StoreError,
  StoreLockedError,
  UnsupportedStoreError,
} from "../../lib/errors.ts";
import { sqliteUri } from "../../lib/store/store_uri.ts";
import { isGone } from "../_io/read.ts";

/** How long to wait for whoever writes to it, ms: MLflow's changes take a fraction of that. */
const PATIENCE = 5_000;

/** Bytes up to which a database is read into memory where opening it would leave files behind. */
const MOST_IN_MEMORY = 256 << 20;

/** Where the header says which versions of the format write and read: 2 stands for a write-ahead log. */
const VERSIONS = [18, 19] as const;

/**
 * Opens a database for reading. Needs read permission for it and for what lies beside it.
 *
 * Whoever opens a database in WAL mode makes a `-wal` and a `-shm` beside it, and only who may write can remove
 * them again. So one that nobody has open is read as a whole, up to 256 MiB.
 *
 * @param path Absolute path of its file.
 * @param patience How long to wait for whoever writes to it, ms.
 * @returns The database, to be bound by `using`.
 * @throws {Error} What SQLite says, see {@linkcode storeErrorOf} and {@linkcode helpFor}.
 */
export function openDatabase(path: string, patience: number = PATIENCE): DatabaseSync {
  const bytes = readWhole(path);
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

/** `null`: it is in another mode, somebody has it open, or it is too large. */
function readWhole(path: string): Uint8Array | null {
  using file = Deno.openSync(path);
  const before = file.statSync();
  const header = new Uint8Array(100);
  if (file.readSync(header) !== header.length) return null;
  if (header[VERSIONS[1]] !== 2 || before.size > MOST_IN_MEMORY || !isGone(`${path}-wal`)) {
    return null;
  }
  file.seekSync(0, Deno.SeekMode.Start);
  const bytes = new Uint8Array(before.size);
  for (let at = 0; at < bytes.length;) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) return null;
    at += read;
  }
  // Whoever began to write meanwhile has a log, or has put it into the file.
  const after = Deno.statSync(path);
  const isSame = after.size === before.size && after.mtime?.getTime() === before.mtime?.getTime();
  if (!isSame || !isGone(`${path}-wal`)) return null;
  for (const at of VERSIONS) bytes[at] = 1;
  return bytes;
}

/** By the lower byte of SQLite's code: what is wrong, and what helps. */
const FAILURES: Readonly<
  Record<number, readonly ["locked" | "access" | "damaged", wrong: string, help: string]>
> = {
  5: ["locked", "a program is writing to it", "try again once it is done"],
  6: ["locked", "a program is writing to it", "try again once it is done"],
  8: ["access", "a change of it was cut off", "open it once with MLflow, which settles that"],
  10: ["access", "the disk does not give all of it", "check the disk, or bring it back"],
  11: ["damaged", "it is damaged", "bring it back from a backup"],
  14: [
    "access",
    "it does not open",
    "let this account read it, and write in the directory in which it lies",
  ],
  26: ["damaged", "it is damaged", "bring it back from a backup"],
};

function failureOf(error: Error): (typeof FAILURES)[number] | undefined {
  const code = "errcode" in error && typeof error.errcode === "number" ? error.errcode : 0;
  return FAILURES[code & 0xff];
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
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  const location = sqliteUri(path);
  const [kind, wrong, help] = failureOf(error) ?? ["damaged", error.message, "mend that"];
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
