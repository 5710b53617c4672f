/**
 * From what a user names to the file of a database, or a clear refusal.
 *
 * @module
 */

import { resolve } from "@std/path";
import { StoreAccessError, StoreNotFoundError, UnsupportedStoreError } from "../../lib/errors.ts";
import { sqliteUri } from "../../lib/store/store_uri.ts";
import { failureText } from "../_io/read.ts";

/** How every database of SQLite begins that is not empty. */
export const BEGINNING = "SQLite format 3\0";

/**
 * Reads the beginning of a file, as far as it tells a database. Needs read permission.
 *
 * @param path Where it is.
 * @returns Its first letters, none of an empty one; `null` when it is no file.
 * @throws {Error} What the operating system says.
 */
export function readBeginning(path: string): string | null {
  if (!Deno.statSync(path).isFile) return null;
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(BEGINNING.length);
  const length = file.readSync(bytes) ?? 0;
  return new TextDecoder("latin1").decode(bytes.subarray(0, length));
}

/**
 * Tells whether a path is that of a database of SQLite. Needs read permission.
 *
 * @param path Any path, or a `file:` URI.
 * @returns Whether it is; not where it cannot be read.
 */
export function isDatabaseFile(path: string): boolean {
  try {
    return readBeginning(path) === BEGINNING;
  } catch {
    return false;
  }
}

/**
 * Finds the file of a database of SQLite. Needs read permission.
 *
 * @param named Its path.
 * @returns The absolute real path.
 * @throws {StoreNotFoundError} When there is nothing at that place.
 * @throws {StoreAccessError} When it cannot be read.
 * @throws {UnsupportedStoreError} When it is no database of SQLite.
 */
export function locateDatabase(named: string): string {
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
        `Cannot open store ${location}: no such file; name the store with --store, such as ${
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
  if (beginning !== BEGINNING) throw refuse("the file is no database of SQLite");
  return path;
}
