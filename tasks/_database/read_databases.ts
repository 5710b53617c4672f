/**
 * Looking for the databases of MLflow's that may refer to a store of files: those beside it and in it, and
 * those that somebody names.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { Database } from "../../lib/store/snapshot.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { failureText } from "../_io/read.ts";
import { BEGINNING, readBeginning } from "./locate_database.ts";

/** What MLflow calls a database where nobody names one. */
const USUAL_NAME = "mlflow.db";

/** What people call databases of SQLite. */
const NAME = /\.(?:db3?|sqlite3?)$/i;

/**
 * Reads the databases that may refer to a store: every SQLite database of MLflow's in its directory and in
 * the one in which that lies, and those that are named. Needs read permission for these directories, or,
 * where the outer one cannot be listed, for `mlflow.db` in it.
 *
 * @param root Absolute real path of the store's root.
 * @param named Absolute paths of databases elsewhere; one that does not exist refers to nothing.
 * @returns The databases, by path; one that cannot be read with the reason.
 */
export async function readDatabases(
  root: string,
  named: readonly string[] = [],
): Promise<readonly Database[]> {
  const found = await Promise.all([filesIn(root), filesIn(dirname(root))]);
  const paths = new Map<string, string>();
  for (const path of [...found.flat(), ...named]) paths.set(realPath(path), path);
  const databases: Database[] = [];
  for (const path of [...paths.values()].sort()) {
    const database = await readIfAny(path, named.includes(path));
    if (database !== null) databases.push(database);
  }
  return databases;
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  // Who may not list it may still be able to look for what has a name.
  if (listed.kind === "failed") return listed.missing ? [] : [join(directory, USUAL_NAME)];
  return listed.entries
    .filter(({ name, isDirectory }) => !isDirectory && NAME.test(name))
    .map(({ name }) => join(directory, name));
}

/** The same database may be reached by two names. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** `null`: there is no database of MLflow's. */
async function readIfAny(path: string, isNamed: boolean): Promise<Database | null> {
  const isMeant = isNamed || path.endsWith(`/${USUAL_NAME}`);
  let beginning: string | null;
  try {
    beginning = readBeginning(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    const help = error instanceof Deno.errors.NotCapable
      ? `grant ${shellWords([`--allow-read=${path}`])}`
      : "let this account read it";
    return { path, rows: [], problem: `${failureText(error)}; ${help}` };
  }
  if (beginning === null || beginning === "") return null;
  if (beginning !== BEGINNING) {
    return isMeant
      ? { path, rows: [], problem: "it is no database of SQLite; bring it back, or move it away" }
      : null;
  }
  // SQLite is loaded where there is a database alone.
  const { readDatabase } = await import("./read_database.ts");
  return readDatabase(path);
}
