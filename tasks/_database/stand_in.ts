/**
 * The file that stands on this machine for a database of PostgreSQL, or for a tracking server: beside it lies what was
 * changed in that, as it does beside a file of SQLite.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { StoreAccessError, UnsupportedStoreError } from "../../lib/errors.ts";
import {
  differInHost,
  locationOfFile,
  type RemoteName,
  standInFor,
} from "../../lib/store/store_uri.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { placeOf } from "../_file/backups/backup_place.ts";
import { foreignError } from "../_file/own/own_directory.ts";
import { isDiskFull } from "../_io/disk_full.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { kindOf, readEntry } from "../_io/open_entry.ts";
import { failureText, infoOf } from "../_io/read.ts";
import type { LockedBackupPlaces } from "../ports/backups.ts";
import type { Environment } from "../_io/process.ts";
import { fullErrorOf } from "./scan/open_database.ts";

/** The file that stands for a database or a server that was opened, and what goes by it. */
export interface StandIn {
  /** Absolute path; `null` where nobody says where to keep such things. */
  readonly path: string | null;
  /** Refuses a directory for backups in which it does not lie; `null` names none. */
  refuseOther(named: string | null): void;
  /** Names locations that differ in the host alone, of which something is kept beside it. Needs read permission. */
  namesakes(): Promise<readonly string[]>;
  /** Makes backups that are locked in no such directory. */
  guard(places: LockedBackupPlaces): LockedBackupPlaces;
}

/**
 * Chooses the file that stands for a database or a server, as it is opened. Needs read permission for a directory that
 * is named.
 *
 * @param name The database, or the server.
 * @param backups Where what is changed is kept; `null`: where the user's programs keep such things.
 * @param environment Says where that is.
 * @returns What goes by it; nothing is made yet.
 * @throws {InvalidArgumentError} When what is named is no directory.
 */
export function chooseStandIn(
  name: RemoteName,
  backups: string | null,
  environment: Environment,
): StandIn {
  const path = backups === null ? standInPath(name, environment) : standInWithin(name, backups);
  const refuseOther = (named: string | null) => {
    if (named === null || standInWithin(name, named) === path) return;
    const { location } = name;
    throw new UnsupportedStoreError(
      `Cannot use ${named} for backups of store ${location}: what is changed in it is kept in ${
        backups ?? "the user's state directory"
      }, as it was opened; name the same directory as \`backups\` where it is opened`,
      location,
    );
  };
  return {
    path,
    refuseOther,
    async namesakes() {
      if (path === null) return [];
      const listed = await listDirectory(dirname(path));
      if (listed.kind === "failed") return [];
      return listed.entries.filter(({ isFile }) => isFile)
        .map((entry) => locationOfFile(join(dirname(path), entry.name)))
        .filter((one) => one !== name.location && differInHost(one, name.location)).toSorted();
    },
    guard: (places) => ({
      ...places,
      async lock(directory) {
        refuseOther(directory);
        return await places.lock(null);
      },
    }),
  };
}

/**
 * Tells whether something is kept of a database or a server by its location. Needs read permission for where that lies.
 *
 * @param name The database, or the server.
 * @param backups Where what is changed is kept; `null`: where the user's programs keep such things.
 * @param environment Says where that is.
 * @returns Whether there is; not where this process may not look.
 * @throws {InvalidArgumentError} When what is named is no directory.
 */
export function isStandInThere(
  name: RemoteName,
  backups: string | null,
  environment: Environment,
): boolean {
  const { path } = chooseStandIn(name, backups, environment);
  try {
    return path !== null && infoOf(path)?.isFile === true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

/** Among what the user's programs keep. */
function standInPath(name: RemoteName, environment: Environment): string | null {
  const home = environment("HOME");
  const state = environment("XDG_STATE_HOME") || (home ? join(home, ".local", "state") : "");
  return state === "" ? null : join(state, "mltidy", standInFor(name));
}

/**
 * Names the file that stands for a database or a server in a directory of the user's. Needs read permission for that.
 *
 * @param name The database, or the server.
 * @param directory The directory, which need not be there yet.
 * @returns Absolute path, without links.
 * @throws {InvalidArgumentError} When it is none, or lies in another store.
 */
export function standInWithin(name: RemoteName, directory: string): string {
  const { backups } = placeOf(NOWHERE, { backups: "", staging: "" }, directory);
  return join(backups, standInFor(name));
}

/** No path of a directory has it. */
const NOWHERE = "\0";

/**
 * Makes the file that stands for a database or a server on this machine, for this account alone. Needs write
 * permission for it.
 *
 * @param path Absolute path; `null` where nobody says where to keep such things.
 * @param location The store's location.
 * @returns Absolute path.
 * @throws {StoreAccessError} When it cannot be made.
 * @throws {DiskFullError} When its disk has no room.
 * @throws {UnsupportedStoreError} When something that is not ours stands in its place.
 */
export function makeStandIn(path: string | null, location: string): string {
  if (path === null) {
    throw new StoreAccessError(
      `Cannot change store ${location}: nobody says where to keep what is changed; set XDG_STATE_HOME or HOME, and grant ${
        shellWords(["--allow-env=XDG_STATE_HOME,HOME"])
      }; or name a directory, by --backups where you type a task, or as \`backups\` of openStore() in a program`,
      location,
    );
  }
  const text = `${locationOfFile(path)}\n${MARK}`;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return refuseForeign(path, text, location);
    if (isDiskFull(error)) throw fullErrorOf(path, error);
    throw new StoreAccessError(
      `Cannot change store ${location}: ${path} cannot be made (${failureText(error)})`,
      location,
      { cause: error },
    );
  }
  return path;
}

/** By that it is known to be ours. */
const MARK = "What mltidy changed in it lies beside this file.\n";

function refuseForeign(path: string, text: string, location: string): string {
  const refuse = (found: string) => {
    throw foreignError(path, { expected: "a file", found, store: location });
  };
  const info = infoOf(path);
  if (!info?.isFile) return refuse(info === null ? "nothing" : kindOf(info));
  if ((info.nlink ?? 1) !== 1) return refuse("another name of a file");
  const found = readEntry(path);
  // Whoever made it may have been killed before it was whole.
  return found.endsWith(MARK) || text.startsWith(found) ? path : refuse("another text");
}
