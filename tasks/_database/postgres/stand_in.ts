/**
 * The file that stands for a database of PostgreSQL on this machine: beside it lies what was changed in that, as it
 * does beside a file of SQLite.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { StoreAccessError } from "../../../lib/errors.ts";
import { standInFor } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { failureText } from "../../_io/read.ts";
import type { Environment } from "./find_login.ts";
import type { PostgresName, Reach } from "./session.ts";

/**
 * Names the file that stands for a database on this machine, beside which it is kept what was changed in it.
 *
 * @param name The database.
 * @param environment Says where the user's programs keep such things.
 * @returns Absolute path; `null` where nobody says so.
 */
export function standInPath(name: PostgresName, environment: Environment): string | null {
  const home = environment("HOME");
  const state = environment("XDG_STATE_HOME") || (home ? join(home, ".local", "state") : "");
  return state === "" ? null : join(state, "mltidy", standInFor(name));
}

/**
 * Makes the file that stands for a database on this machine, for this account alone. Needs write permission for it.
 *
 * @param reach The database.
 * @returns Absolute path.
 * @throws {StoreAccessError} When it cannot be made.
 */
export function makeStandIn({ name, environment }: Reach): string {
  const { location } = name;
  const path = standInPath(name, environment);
  if (path === null) {
    throw new StoreAccessError(
      `Cannot change store ${location}: nobody says where to keep what is changed; set XDG_STATE_HOME or HOME, and grant ${
        shellWords(["--allow-env=XDG_STATE_HOME,HOME"])
      }`,
      location,
    );
  }
  try {
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const text = `${location}\nWhat mltidy changed in it lies beside this file.\n`;
    Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return path;
    throw new StoreAccessError(
      `Cannot change store ${location}: ${path} cannot be made (${failureText(error)})`,
      location,
      { cause: error },
    );
  }
  return path;
}
