/**
 * From what a user names to the file of a database, or a clear refusal.
 *
 * @module
 */

import { resolve } from "@std/path";
import { StoreAccessError, StoreNotFoundError, UnsupportedStoreError } from "../../lib/errors.ts";
import { sqliteUri } from "../../lib/store/store_uri.ts";
import { NotRegularError, type OpenOptions } from "../_io/open_regular.ts";
import { failureText, readStart } from "../_io/read.ts";
import { isHeldOpen } from "./scan/held_open.ts";

/** How every database of SQLite begins that is not empty. */
const BEGINNING = "SQLite format 3\0";

/** As far as any database of SQLite begins alike: after that, and the size of its pages, comes what it fills of each. */
const FILLS = { at: 21, text: "\x40\x20\x20", end: 24 } as const;

/** Of how many letters of {@linkcode BEGINNING} no other format has as many in their places. */
const ENOUGH = 12;

/**
 * Reads the beginning of a file, as far as it tells a database, and waits for nothing. Needs read permission.
 *
 * @param path Where it is.
 * @param options What is known of it already.
 * @returns Its first 16 letters or more, fewer of a shorter one; `null` when it is no file.
 * @throws {Error} What the operating system says.
 */
export function readBeginning(path: string, options: OpenOptions = {}): string | null {
  if (isHeldOpen(path)) return BEGINNING;
  try {
    return String.fromCharCode(...readStart(path, FILLS.end, options));
  } catch (error) {
    if (error instanceof NotRegularError || error instanceof Deno.errors.IsADirectory) return null;
    throw error;
  }
}

/**
 * Tells whether a path is that of a database of SQLite. Needs read permission.
 *
 * @param path Any path, or a `file:` URI.
 * @param options What is known of it already.
 * @returns Whether it is; not where it cannot be read.
 */
export function isDatabaseFile(path: string, options: OpenOptions = {}): boolean {
  try {
    return isDatabase(readBeginning(path, options));
  } catch {
    return false;
  }
}

/**
 * Tells whether a file is a database of SQLite.
 *
 * @param beginning How it begins, as {@linkcode readBeginning} returns it.
 * @returns Whether it begins as all do.
 */
export function isDatabase(beginning: string | null): boolean {
  return beginning?.startsWith(BEGINNING) ?? false;
}

/**
 * Tells whether a file has most of the beginning of a database of SQLite, as no other has, whatever it is called.
 *
 * @param beginning How it begins, as {@linkcode readBeginning} returns it.
 * @returns Whether at least 12 of the first 16 letters are those of a database.
 */
export function isNearlyDatabase(beginning: string | null): boolean {
  if (beginning === null || beginning.length < BEGINNING.length) return false;
  return [...BEGINNING].filter((letter, at) => letter === beginning[at]).length >= ENOUGH;
}

/**
 * Tells whether a file that is called a database was one of SQLite before its beginning was damaged or cut off.
 *
 * @param beginning How it begins, as {@linkcode readBeginning} returns it.
 * @returns Whether what is left of it says so; not of an empty file.
 */
export function wasDatabase(beginning: string): boolean {
  return isNearlyDatabase(beginning) || beginning.startsWith(FILLS.text, FILLS.at) ||
    beginning !== "" && BEGINNING.startsWith(beginning);
}

/**
 * Finds the file of a database of SQLite. Needs read permission.
 *
 * @param named Its path.
 * @param flag The flag that names another one, for messages. @default {"--store"}
 * @returns The absolute real path.
 * @throws {StoreNotFoundError} When there is nothing at that place.
 * @throws {StoreAccessError} When it cannot be read.
 * @throws {UnsupportedStoreError} When it is no database of SQLite.
 */
export function locateDatabase(named: string, flag = "--store"): string {
  const location = sqliteUri(resolve(named));
  const refuse = (why: string) =>
    new UnsupportedStoreError(`Cannot open store ${location}: ${why}`, location);
  let path: string;
  let beginning: string | null;
  try {
    path = Deno.realPathSync(named);
    beginning = readBeginning(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new StoreNotFoundError(
        `Cannot open store ${location}: no such file; name the store with ${flag}, such as ${
          sqliteUri("mlflow.db")
        }`,
        location,
      );
    }
    throw new StoreAccessError(
      `Cannot read store ${location}: ${failureText(error)}; check the permissions of that file`,
      location,
      { cause: error },
    );
  }
  if (beginning === null) {
    throw refuse(`expected a file, found a directory; for a file store leave out sqlite:///`);
  }
  if (beginning === "") {
    throw refuse("the file is empty: MLflow makes its tables when it first opens it");
  }
  if (!isDatabase(beginning)) throw refuse("the file is no database of SQLite");
  return path;
}
