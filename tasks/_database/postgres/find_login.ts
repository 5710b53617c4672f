/**
 * By whose name a database of PostgreSQL is opened, found as libpq finds it.
 *
 * @module
 */

import { join } from "@std/path";
import { parseStoreName, type PostgresAddress } from "../../../lib/store/store_uri.ts";
import type { Environment } from "../../_io/process.ts";
import { MOST, readTextFile } from "../../_io/read.ts";

/** The variables that tell how to reach a database, and where to keep what is known of it. */
export const VARIABLES = [
  ...["PGUSER", "PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT", "PGOPTIONS"],
  ...["HOME", "USER", "XDG_STATE_HOME"],
] as const;

/** By whose name; `null` where nobody is named, or no password is known. */
export interface Login {
  readonly user: string | null;
  readonly password: string | null;
}

/**
 * Finds by whose name to open a database: that of its URI, else that of `MLFLOW_TRACKING_URI` where that names the
 * same database, else of `PGUSER` and `PGPASSWORD`, else of this account. A password that none of them says is
 * looked for in `PGPASSFILE`, or `~/.pgpass`. Needs read permission for that file, if it is to count.
 *
 * @param address The database.
 * @param environment Says what variables are set to.
 * @returns By whose name.
 */
export function findLogin(address: PostgresAddress, environment: Environment): Login {
  const tracked = parseStoreName(environment("MLFLOW_TRACKING_URI") ?? "");
  const isTracked = tracked.kind === "postgresql" && placeOf(tracked.address) === placeOf(address);
  const { user: trackedUser, password: trackedPassword } = isTracked ? tracked.address : NOBODY;
  const user = address.user ?? trackedUser ?? set(environment("PGUSER")) ??
    set(environment("USER"));
  const isOther = address.user !== null && address.user !== trackedUser;
  const password = address.password ?? (isOther ? null : trackedPassword) ??
    set(environment("PGPASSWORD"));
  return { user, password: password ?? savedPassword({ ...address, user }, environment) };
}

const NOBODY: Login = { user: null, password: null };

function set(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : value;
}

function placeOf({ host, port, database }: PostgresAddress): string {
  return [host.toLowerCase(), port, database].join("\n");
}

function savedPassword(
  { host, port, database, user }: PostgresAddress,
  environment: Environment,
): string | null {
  const home = set(environment("HOME"));
  const path = set(environment("PGPASSFILE")) ?? (home === null ? null : join(home, ".pgpass"));
  if (path === null || user === null) return null;
  const wanted = [host.startsWith("/") ? "localhost" : host, `${port}`, database, user];
  for (const line of readPrivate(path).split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = fieldsOf(line);
    const isMeant = wanted.every((value, at) => fields[at] === "*" || fields[at] === value);
    if (isMeant && fields[4] !== undefined) return fields[4];
  }
  return null;
}

/** A colon or a backslash that is meant as such has a backslash before it. */
function fieldsOf(line: string): readonly string[] {
  return [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)]
    .map(([, field = ""]) => field.replaceAll(/\\(.)/g, "$1"));
}

/** Nothing where there is none, and, as libpq has it, where others may read it. */
function readPrivate(path: string): string {
  try {
    const { mode } = Deno.statSync(path);
    return mode !== null && (mode & 0o077) !== 0 ? "" : readTextFile(path, { most: MOST.config });
  } catch {
    return "";
  }
}
