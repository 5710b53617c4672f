/**
 * Our directory beside a database: its path with `.mltidy` behind it.
 *
 * ```
 * mlflow.db.mltidy/
 *   README.txt   what this is
 *   lock         locked while a task changes the store
 *   changes.db   which rows each change found, and what it made of them
 *   trees/       artifacts of rows that are gone, see `tree_place.ts`
 *   backups/     copies of the database, see `database_copies.ts`
 *   staging/     copies in the making, and what is being freed
 *   spool/       of a tracking server: what training has logged that the server does not have yet
 * ```
 *
 * Who may write where the database lies may put anything there: nothing in it is used before it was looked
 * at, and no file in it is opened through a link.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { StoreAccessError } from "../../../lib/errors.ts";
import { locationOfFile } from "../../../lib/store/store_uri.ts";
import { keepingTimes, syncDirectory } from "../../_io/durable.ts";
import { makeLikeParent } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { holderOf, type Lock, lockFile, refusalOf } from "../../_file/own/lock.ts";
import {
  foreignError,
  type Layout,
  openOwnFile,
  refuseForeign,
  sayWhoseItIs,
} from "../../_file/own/own_directory.ts";

const README = `This directory belongs to mltidy. MLflow does not know it.

changes.db says what mltidy changed in the database beside it, so that it can be undone, and trees/ may
hold the only copy of artifacts that belong to it:

    deno task restore --last --store sqlite:///<the database>

spool/ may hold what training has logged that a tracking server does not have yet; the next training, or
deno task recover, sends it.

A file beside it whose name is the encoded URI of a database of PostgreSQL stands for that one.

Without them those changes stay as they are. Do not delete them by hand unless you want those runs gone
for good.
`;

/** Where things lie in it; absolute paths. */
export interface StatePaths {
  readonly directory: string;
  readonly lock: string;
  readonly changes: string;
  /** Made when they are needed. */
  readonly trees: string;
  readonly backups: string;
  readonly staging: string;
  readonly spool: string;
}

/**
 * Names the places in our directory beside a database. Touches nothing.
 *
 * @param database Absolute real path of the database's file.
 * @returns Absolute paths.
 */
export function statePaths(database: string): StatePaths {
  const directory = `${database}.mltidy`;
  return {
    directory,
    lock: join(directory, "lock"),
    changes: join(directory, "changes.db"),
    trees: join(directory, "trees"),
    backups: join(directory, "backups"),
    staging: join(directory, "staging"),
    spool: join(directory, "spool"),
  };
}

/**
 * Names the place where artifacts are on their way out that make room on a disk without any: what was to be freed
 * there goes with the next lock. Touches nothing.
 *
 * @param database Absolute real path of the database's file.
 * @returns An absolute path; as MLflow names what it ignores.
 */
export function leavingPlace(database: string): string {
  return `${database}.mltidy-leaving.trash`;
}

const PLACES: Layout = {
  "README.txt": "file",
  "lock": "file",
  "changes.db": "file",
  "changes.db-journal": "file",
  "trees": "directory",
  "backups": "directory",
  "staging": "directory",
  "spool": "directory",
};

/**
 * Refuses our directory when something in it is not ours. Needs read permission.
 *
 * @param database Absolute real path of the database's file.
 * @returns Where things lie in it; it need not be there.
 * @throws {UnsupportedStoreError} When something in it is not ours; the error says what to move away.
 */
export function checkState(database: string): StatePaths {
  const paths = statePaths(database);
  const location = locationOfFile(database);
  refuseForeign(paths.directory, PLACES, location);
  const refuse = (path: string, found: string) => {
    throw foreignError(path, { expected: "a file", found, store: location });
  };
  for (const path of [paths.lock, paths.changes]) {
    if ((infoOf(path)?.nlink ?? 1) !== 1) refuse(path, "another name of a file");
  }
  const maker = infoOf(paths.directory)?.uid ?? null;
  if (maker !== null && isAnybodys(dirname(database))) {
    const owner = Deno.statSync(database).uid;
    if (maker !== 0 && maker !== owner) refuse(paths.directory, `that user ${maker} has made it`);
  }
  return paths;
}

/**
 * Makes the directory of what waits for a tracking server. Takes no lock: each file in it has one of its own. Needs
 * read and write permission for its place.
 *
 * @param standIn Absolute real path of the file that stands for the server.
 * @returns Absolute path.
 * @throws {UnsupportedStoreError} When something in our directory is not ours.
 */
export function makeSpoolDirectory(standIn: string): string {
  const { directory, spool } = checkState(standIn);
  keepingTimes(dirname(standIn), () => makeLikeParent(directory));
  sayWhoseItIs(directory, README);
  makeLikeParent(spool);
  return spool;
}

/** In a directory such as `/tmp` anybody may have made what stands there. */
function isAnybodys(directory: string): boolean {
  return ((Deno.statSync(directory).mode ?? 0) & 0o1000) !== 0;
}

/**
 * Takes the lock of a database, and makes our directory beside it, open to whom its place is open to. Needs
 * read and write permission for that place.
 *
 * @param database Absolute real path of the database's file.
 * @param task Which task takes it, for the message to others.
 * @param now Epoch ms, for the same.
 * @returns The lock.
 * @throws {StoreLockedError} When another process, or another handle of this one, holds it.
 * @throws {StoreAccessError} When nothing can be written there.
 * @throws {UnsupportedStoreError} When something in our directory is not ours.
 */
export function lockDatabase(database: string, task: string, now: number): Lock {
  const location = locationOfFile(database);
  const { directory, lock } = checkState(database);
  let file: Deno.FsFile;
  try {
    let isNew = false;
    keepingTimes(dirname(database), () => isNew = makeLikeParent(directory));
    sayWhoseItIs(directory, README);
    file = openOwnFile(lock);
    if (isNew) syncDirectory(dirname(database));
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) {
      throw refusalOf(error, location) ?? error;
    }
    throw new StoreAccessError(
      `Cannot change store ${location}: this account may not write in ${
        dirname(database)
      }, where mltidy keeps beside a database what it takes away; let it, or type the same as another one; nothing was touched`,
      location,
      { cause: error },
    );
  }
  return lockFile({ lock, file }, { location, task, now });
}

/**
 * Tells who holds the lock of a database just now. Needs read permission for its place.
 *
 * @param database Absolute real path of the database's file.
 * @returns The task, with its process; `null` when nobody does, or that cannot be told.
 */
export function databaseHolder(database: string): string | null {
  return holderOf(statePaths(database).lock);
}
