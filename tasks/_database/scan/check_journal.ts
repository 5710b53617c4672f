/**
 * What must be known of a journal before SQLite is let near it.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { openRegular } from "../../_io/open_regular.ts";
import { infoOf } from "../../_io/read.ts";

/** What a database's companions end in. */
const COMPANIONS = ["-journal", "-wal", "-shm"] as const;

/** How a journal ends that names another one (https://sqlite.org/fileformat2.html#the_rollback_journal). */
const NAMES_ANOTHER = "d9d505f920a163d7";

/**
 * Refuses what SQLite would wait for beside a database, and a journal that names another one: SQLite removes the
 * file of that name once it has played the journal back, and neither MLflow nor mltidy ever writes such a journal.
 * Needs read permission.
 *
 * @param path Absolute path of the database.
 * @param location The store's location, for the error.
 * @throws {UnsupportedStoreError} When there is such a thing; the error says what to move away.
 */
export function checkJournal(path: string, location: string): void {
  const refuse = (companion: string, found: string) => {
    throw new UnsupportedStoreError(
      `Cannot open ${path}: expected a file of SQLite's at ${companion}, found ${found}; move it away`,
      location,
    );
  };
  for (const end of COMPANIONS) {
    const info = infoOf(`${path}${end}`);
    if (info !== null && !info.isFile) refuse(`${path}${end}`, "something else");
  }
  const journal = `${path}-journal`;
  const end = endOf(journal).map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (end === NAMES_ANOTHER) refuse(journal, "one that has another file removed");
}

/**
 * It may be large, and is read from its beginning: there is no other way that waits for nothing. A server at work
 * makes one for each change, and takes it away at any moment: nothing is at the end of that.
 */
function endOf(path: string): readonly number[] {
  using file = openUnlessGone(path);
  if (file === null) return [];
  const buffer = new Uint8Array(1 << 20);
  let end: readonly number[] = [];
  for (let size = file.read(buffer); size > 0; size = file.read(buffer)) {
    end = [...end, ...buffer.subarray(Math.max(0, size - 8), size)].slice(-8);
  }
  return end;
}

function openUnlessGone(path: string): ReturnType<typeof openRegular> | null {
  try {
    return openRegular(path, { links: "refused" });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
