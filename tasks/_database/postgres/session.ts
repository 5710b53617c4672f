/**
 * A session with a server of PostgreSQL: how it is opened, and what is said where that fails.
 *
 * @module
 */

import process from "node:process";
import postgres from "postgres";
import {
  StoreAccessError,
  type StoreError,
  StoreLockedError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import type { PostgresAddress, StoreName } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import type { Environment } from "../../_io/process.ts";
import { findLogin, type Login, VARIABLES } from "./find_login.ts";
import { openSocket, socketPath, TlsError, waysTo } from "./open_socket.ts";

/** A database of PostgreSQL, as somebody names it. */
export type PostgresName = Extract<StoreName, { kind: "postgresql" }>;

/** A database, and what else tells how to reach it. */
export interface Reach {
  readonly name: PostgresName;
  readonly environment: Environment;
}

/** Says something to the server. */
export type Sql = postgres.Sql;

/** An open session. */
export interface Session extends AsyncDisposable {
  readonly sql: postgres.Sql;
  /** Whether it has broken off: another one would be opened at the next word, which knows nothing of it. */
  isOver(): boolean;
}

/** What a session is for. */
export type Purpose = "read" | "change";

/** How long a statement may take, ms; one that changes something holds rows that others wait for. */
const LONGEST = { read: 600_000, change: 30_000 } as const;

/** How long to wait for whoever holds rows or tables, and how long a server is to wait for us, ms. */
const [LONGEST_WAIT, LONGEST_SILENCE] = [5_000, 60_000] as const;

/**
 * Opens a session. Needs net permission for the host. One that reads can do nothing else.
 *
 * What it asks for at its start a pooler of connections would hand on to others that use the same one; such a
 * pooler refuses it.
 *
 * @param reach The database, and what tells how to reach it.
 * @param purpose What it is for.
 * @returns The session, to be bound by `await using`.
 * @throws {StoreNotFoundError} When no server answers, or it has no such database.
 * @throws {StoreAccessError} When it does not let us in, not on these terms, or this process may not ask it.
 */
export async function openSession(reach: Reach, purpose: Purpose): Promise<Session> {
  const { name: { address, location }, environment } = reach;
  requireGrant(reach);
  const login = findLogin(address, environment);
  const { ways, rootCertificate } = await orStoreError(
    location,
    () => waysTo(address, environment("PGSSLMODE"), environment("PGSSLROOTCERT")),
  );
  if (login.user === null) {
    throw new StoreAccessError(
      `Cannot open store ${location}: nobody is named; name a user in MLFLOW_TRACKING_URI or in PGUSER`,
      location,
    );
  }
  for (const [at, way] of ways.entries()) {
    let isOver = false;
    const sql = connect({
      onclose: () => isOver = true,
      address,
      login,
      purpose,
      options: address.settings.options ?? environment("PGOPTIONS"),
      socket: () => openSocket(address, way, rootCertificate),
    });
    try {
      await sql.unsafe("SELECT 1");
      return {
        sql,
        isOver: () => isOver,
        [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
      };
    } catch (error) {
      await sql.end({ timeout: 0 });
      const isOnlyWay = at === ways.length - 1 || !isOfWay(error);
      if (isOnlyWay) throw storeErrorOf(error, location) ?? error;
    }
  }
  throw new Error("There is no way to the server");
}

/** Whether the server might take another way. */
function isOfWay(error: unknown): boolean {
  return error instanceof TlsError || codeOf(error) === "28000";
}

/** As the library puts what it takes from whoever calls it and from variables together, at once. */
function connect({ address, login: { user, password }, purpose, options, socket, onclose }: {
  readonly onclose: () => void;
  readonly address: PostgresAddress;
  readonly login: Login;
  readonly purpose: Purpose;
  readonly options: string | undefined;
  readonly socket: () => Promise<unknown>;
}): postgres.Sql {
  const { host, port, database } = address;
  const settings = {
    host,
    port,
    database,
    username: user!,
    password: password ?? "",
    max: 1,
    ssl: false as const,
    connect_timeout: 10,
    idle_timeout: 0,
    max_lifetime: null,
    keep_alive: 60,
    // A pooler knows no statement that was prepared before.
    prepare: false,
    fetch_types: false,
    debug: false,
    types: {},
    onnotice: () => {},
    onclose,
    connection: {
      application_name: "mltidy",
      client_encoding: "UTF8",
      default_transaction_read_only: purpose === "read",
      statement_timeout: LONGEST[purpose],
      lock_timeout: LONGEST_WAIT,
      idle_in_transaction_session_timeout: LONGEST_SILENCE,
      extra_float_digits: 3,
      // Rows that are hidden from somebody may protect what they name: an error instead.
      row_security: "off",
      ...(options === undefined || options === "" ? {} : { options }),
    },
    // Its types do not know it.
    socket,
  };
  // It takes for an option that is left empty what one of some twenty variables says, and asks for them all.
  const { env } = process;
  process.env = {};
  try {
    return postgres(settings as postgres.Options<Record<string, never>>);
  } finally {
    process.env = env;
  }
}

/**
 * Refuses what this process may not reach, since what Deno says of that has nobody grant enough.
 *
 * @param reach The database.
 * @throws {StoreAccessError} When it may not; the error says what to type.
 */
export function requireGrant({ name: { address: { host, port }, location } }: Reach): void {
  const socket = host.startsWith("/") ? socketPath(host, port) : null;
  const net = socket === null
    ? `${host.includes(":") ? `[${host}]` : host}:${port}`
    : `unix:${socket}`;
  const isGranted = (descriptor: Deno.PermissionDescriptor) =>
    Deno.permissions.querySync(descriptor).state === "granted";
  const reaches = isGranted(socket === null ? { name: "net", host: net } : { name: "net" });
  const opens = socket === null || isGranted({ name: "write", path: socket });
  // A socket of this machine is a file, besides.
  if (socket === null ? reaches : opens) return;
  const grant = [
    ...(reaches ? [] : [shellWords([`--allow-net=${net}`]), `--allow-env=${VARIABLES.join(",")}`]),
    ...(opens ? [] : [shellWords([`--allow-write=${socket}`])]),
  ].join(" ");
  throw new StoreAccessError(
    `Cannot open store ${location}: this process may not reach it; ${
      // What the tasks are granted anyway lacks only that.
      reaches
        ? `grant that to the tasks by\n\n  export ${`MLTIDY_GRANT=${
          shellWords([grant])
        }`}\n\nand type the same again`
        : `grant ${grant}`}`,
    location,
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** By code of PostgreSQL, or of the system: what is wrong, and what helps. */
const FAILURES: Readonly<
  Record<string, readonly ["missing" | "access" | "locked", string]>
> = {
  "28P01": [
    "access",
    "the server does not take that user with that password; name them in MLFLOW_TRACKING_URI, in PGUSER and PGPASSWORD, or in ~/.pgpass, which nobody else may read",
  ],
  "28000": ["access", "the server does not let that user in from here"],
  "3D000": ["missing", "the server has no such database"],
  "42501": ["access", "that user may not"],
  "25006": ["access", "the server only lets it be read"],
  "53300": ["locked", "the server has no room for another session; try again"],
  "57P03": ["locked", "the server is starting or stopping; try again"],
  "57014": ["locked", "the server has broken it off since it took too long; try again"],
  "55P03": ["locked", "a program is changing it; try again once it is done"],
  "40001": ["locked", "a program has changed it meanwhile; try again"],
  "40P01": ["locked", "a program is changing it; try again once it is done"],
  ECONNREFUSED: ["missing", "no server listens there"],
  ENOENT: ["missing", "no server listens there"],
  ENOTFOUND: ["missing", "no such host"],
  EAI_AGAIN: ["missing", "nobody can tell where that host is"],
  EHOSTUNREACH: ["missing", "no way leads to that host"],
  ENETUNREACH: ["missing", "no way leads to that host"],
  ETIMEDOUT: ["missing", "the host does not answer"],
  CONNECTION_CLOSED: ["missing", "the server has hung up"],
  CONNECTION_ENDED: ["missing", "the server has hung up"],
  CONNECT_TIMEOUT: ["missing", "the server does not answer"],
  "57P01": ["missing", "the server has hung up"],
  SASL_SIGNATURE_MISMATCH: ["access", "what answers there does not know the password"],
};

/**
 * Makes the error that tells why a store cannot be read or changed.
 *
 * @param error What the server, the network or the library said.
 * @param location The store's location.
 * @returns The error; `null` when it was none of them.
 */
export function storeErrorOf(error: unknown, location: string): StoreError | null {
  const options = { cause: error };
  const why = (text: string) => `Cannot open store ${location}: ${text}`;
  if (error instanceof TlsError) {
    return new StoreAccessError(why(`by TLS, ${error.message}`), location, options);
  }
  if (!(error instanceof Error)) return null;
  const failure = FAILURES[codeOf(error)];
  const isOfServer = error.name === "PostgresError";
  if (failure === undefined) {
    if (/^it (?:hangs up|does not answer)$/.test(error.message)) {
      return new StoreNotFoundError(why(`the server ${error.message.slice(3)}`), location, options);
    }
    if (!isOfServer) return null;
    return new UnsupportedStoreError(why(`the server says: ${error.message}`), location, options);
  }
  const [kind, text] = failure;
  const message = why(isOfServer ? `${text} (the server says: ${error.message})` : text);
  switch (kind) {
    case "missing":
      return new StoreNotFoundError(message, location, options);
    case "access":
      return new StoreAccessError(message, location, options);
    case "locked":
      return new StoreLockedError(message, location, options);
  }
}

/**
 * Does something with a database.
 *
 * @param location The store's location.
 * @param work What to do.
 * @returns What it gives.
 * @throws {StoreError} What the server says, as {@linkcode storeErrorOf} tells it.
 */
export async function orStoreError<T>(location: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeErrorOf(error, location) ?? error;
  }
}
