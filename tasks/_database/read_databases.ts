/**
 * Looking for the databases of MLflow's that may refer to a store of files: those beside it and in it, and
 * those that somebody names.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { Database } from "../../lib/store/snapshot.ts";
import { isLocalRoot } from "../../lib/snapshot/artifact_root.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { formatCount } from "../../lib/text/units.ts";
import { listDirectory } from "../_io/list_directory.ts";
import type { OpenOptions } from "../_io/open_regular.ts";
import { failureText, infoOf, realPathOrNull } from "../_io/read.ts";
import { isDatabase, isNearlyDatabase, readBeginning, wasDatabase } from "./locate_database.ts";

/** What MLflow calls a database where nobody names one. */
const USUAL_NAME = "mlflow.db";

/** What people call databases of SQLite. */
const NAME = /\.(?:db3?|sqlite3?)$/i;

/** How to look for databases. */
export interface DatabasesOptions {
  /** Absolute paths of databases elsewhere; one that does not exist refers to nothing. @default {[]} */
  readonly named?: readonly string[] | undefined;
  /** How long to wait for whoever writes to one, ms. @default {5000} */
  readonly patience?: number;
  /**
   * How many files of a directory are looked into: each takes a fortieth of a millisecond, and as long as
   * an answer on a network.
   *
   * @default {100000}
   */
  readonly mostFiles?: number;
}

/**
 * Reads the databases that may refer to a store: every SQLite database of MLflow's in its directory and in
 * the one in which that lies, whatever it is called, and those that are named. Needs read permission for
 * these directories, or, where the outer one cannot be listed, for `mlflow.db` in it.
 *
 * @param root Absolute real path of the store's root.
 * @param options Which others to read, and how far to go.
 * @returns The databases, by path; one that cannot be read, and a directory with too many files to look into
 *   each, with the reason.
 */
export async function readDatabases(
  root: string,
  { named = [], patience, mostFiles = 100_000 }: DatabasesOptions = {},
): Promise<readonly Database[]> {
  const listed = await Promise.all(
    [root, dirname(root)].map((directory) => lookInto(directory, mostFiles)),
  );
  const paths = new Map<string, string>();
  const found = listed.flatMap((one) => one.paths);
  // Of two names of one file the last counts, and by its usual name more is known to be a database.
  for (const path of [...found, ...found.filter(isUsual), ...named]) {
    // The same database may be reached by two names.
    paths.set(realPathOrNull(path) ?? path, path);
  }
  const databases = listed.flatMap((one) => one.unreadable);
  for (const path of paths.values()) {
    const database = await readIfAny(path, named.includes(path), patience);
    if (database !== null) databases.push(database);
  }
  return databases.toSorted((left, right) => left.path < right.path ? -1 : 1);
}

/**
 * Reads the databases that may refer to artifacts. Needs read permission for their root, and for the directory in
 * which it lies, where they are on this machine.
 *
 * @param root The artifact root.
 * @returns The databases, by path; none in a bucket, where nothing lies beside anything.
 */
export async function readDatabasesAround(root: string): Promise<readonly Database[]> {
  return isLocalRoot(root) ? await readDatabases(root) : [];
}

/** The files of a directory that are databases, or are called so; none beyond doubt where there are too many. */
async function lookInto(
  directory: string,
  mostFiles: number,
): Promise<{ readonly paths: readonly string[]; readonly unreadable: readonly Database[] }> {
  const listed = await listDirectory(directory);
  if (listed.kind === "failed") {
    // Who may not list it may still be able to look for what has a name.
    return { paths: listed.missing ? [] : [join(directory, USUAL_NAME)], unreadable: [] };
  }
  const files = listed.entries.filter(({ isDirectory }) => !isDirectory);
  const isCrowded = files.length > mostFiles;
  const lost = withoutName(directory, files);
  const paths = files
    .map(({ name, isFile }) => ({ name, isFile, path: join(directory, name) }))
    .filter(({ name, isFile, path }) =>
      !lost.has(path) && (NAME.test(name) || !isCrowded && begins(path, { isFile }))
    )
    .map(({ path }) => path);
  const unreadable = [...lost].map((path) => ({ path, rows: [], problem: NO_NAME }));
  if (!isCrowded) return { paths, unreadable };
  const problem = `it may be any of ${formatCount(files.length)} files, and no more than ${
    formatCount(mostFiles)
  } are looked into; move those that are not MLflow's into a directory of their own`;
  return { paths, unreadable: [{ path: join(directory, "*"), rows: [], problem }, ...unreadable] };
}

const NO_NAME =
  "its name is not valid UTF-8, so it cannot be opened; rename it, or move it away if nothing needs it";

/**
 * The paths of what cannot be opened since Deno puts U+FFFD for bytes of a name that are no UTF-8: nothing is
 * there, or what has another such name, or is really called so.
 */
function withoutName(
  directory: string,
  files: readonly Deno.DirEntry[],
): ReadonlySet<string> {
  const doubtful = files.filter(({ name, isFile, isSymlink }) =>
    name.includes("\uFFFD") && (isFile || isSymlink)
  );
  const byPath = Map.groupBy(doubtful, ({ name }) => join(directory, name));
  return new Set(
    [...byPath].filter(([path, shown]) => shown.length > 1 || !isThere(path))
      .map(([path]) => path),
  );
}

/** A name may be too long as well, once U+FFFD stands in it. */
function isThere(path: string): boolean {
  try {
    return infoOf(path) !== null;
  } catch {
    return false;
  }
}

/** Whether a file begins as a database does, or nearly so; where it cannot be read, whether it is as long as one. */
function begins(path: string, options: OpenOptions): boolean {
  try {
    return isNearlyDatabase(readBeginning(path, options));
  } catch (error) {
    return !(error instanceof Deno.errors.NotCapable) && isAsLong(path);
  }
}

/** A database of SQLite is made of pages, the smallest of this many bytes. */
const PAGE = 512;

/** MLflow's oldest tables, with their indexes, take as many pages of the usual size as make this, in bytes. */
const LEAST = 65_536;

function isAsLong(path: string): boolean {
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile && size >= LEAST && size % PAGE === 0;
  } catch {
    return false;
  }
}

function isUsual(path: string): boolean {
  return basename(path) === USUAL_NAME;
}

/** `null`: there is no database of MLflow's. */
async function readIfAny(
  path: string,
  isNamed: boolean,
  patience: number | undefined,
): Promise<Database | null> {
  const isMeant = isNamed || isUsual(path);
  const unreadable = (problem: string) => ({ path, rows: [], problem });
  let beginning: string | null;
  try {
    beginning = readBeginning(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return infoOf(path)?.isSymlink ? unreadable(LEADS_NOWHERE) : null;
    }
    const help = error instanceof Deno.errors.NotCapable
      ? `grant ${shellWords([`--allow-read=${path}`])}`
      : "let this account read it";
    if (isMeant || NAME.test(path)) return unreadable(`${failureText(error)}; ${help}`);
    return unreadable(
      `${
        failureText(error)
      }, and by its length it may be one; ${help}, or move it away if it is none`,
    );
  }
  if (beginning === null) return null;
  if (!isDatabase(beginning)) {
    if (wasDatabase(beginning)) return unreadable(DAMAGED);
    if (!isMeant) return null;
    return unreadable(beginning === "" ? EMPTY : NO_DATABASE);
  }
  // SQLite is loaded where there is a database alone.
  const { readDatabase } = await import("./scan/read_database.ts");
  return readDatabase(path, patience);
}

const LEADS_NOWHERE =
  "it is a symbolic link to a file that is not there; bring that back, or move the link away if nothing needs it";
const DAMAGED = "it is damaged; bring it back from a backup, or move it away if nothing needs it";
const EMPTY = "it is empty; bring it back from a backup, or move it away if nothing needs it";
const NO_DATABASE = "it is no database of SQLite; bring it back, or move it away";
