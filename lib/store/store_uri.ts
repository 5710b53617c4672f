/**
 * What a user names as a store: a directory, a database or a server, told by how it is spelt.
 *
 * @module
 */

import { percentDecoded } from "./artifact_uri.ts";
import { withoutCredentials } from "../text/credentials.ts";

/** What somebody names as a store. */
export type StoreName =
  /** A directory, or a file that may be a database; a path or a `file:` URI. */
  | { readonly kind: "path"; readonly path: string }
  /** A database of SQLite; the path of its file, absolute or relative. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** A database of PostgreSQL: its URI, how to reach it, and the store's location, which holds no credentials. */
  | {
    readonly kind: "postgresql";
    readonly uri: string;
    readonly address: PostgresAddress;
    readonly location: string;
  }
  /** A tracking server, and by whose name it is asked where its URI says so. */
  | ServerName
  /** Something that cannot be opened; `shown` holds no credentials, `what` says what it is. */
  | { readonly kind: "unsupported"; readonly shown: string; readonly what: string };

/** A tracking server of MLflow's; `null`: its URI names nobody. */
export interface ServerName {
  readonly kind: "server";
  /** Where its paths begin, without credentials, and without a slash at its end. */
  readonly base: string;
  readonly user: string | null;
  readonly password: string | null;
  /** Which part of the server is meant, where it keeps several apart; `null`: the one that it has for all. */
  readonly workspace: string | null;
  /** The store's location, which holds no credentials. */
  readonly location: string;
}

/** What is no file on this machine. */
export type RemoteName = Extract<StoreName, { kind: "postgresql" | "server" }>;

/** Where a database of PostgreSQL is, and what its URI says of how to connect; `null`: nothing. */
export interface PostgresAddress {
  /** A name, an IP address, or the absolute path of the directory of its sockets. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string | null;
  readonly password: string | null;
  /** What of it is asked of TLS, and of a session, by the names that libpq has for it. */
  readonly settings: Readonly<Partial<Record<PostgresSetting, string>>>;
}

/** What a URI may say besides, which says as well which tables are meant, or how safely: it stays in a location. */
export type PostgresSetting = typeof SETTINGS[number];

/**
 * Reads what somebody names as a store: a path, a `file:` URI, or a tracking URI as MLflow takes it.
 *
 * @param text What was typed, or what `MLFLOW_TRACKING_URI` says.
 * @returns What it names; what of it is a password is not kept.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseStoreName("./mlruns"), { kind: "path", path: "./mlruns" });
 * assertEquals(parseStoreName("sqlite:///mlflow.db"), { kind: "sqlite", path: "mlflow.db" });
 * assertEquals(parseStoreName("sqlite:////data/mlflow.db"), {
 *   kind: "sqlite",
 *   path: "/data/mlflow.db",
 * });
 * assertEquals(parseStoreName("mysql+pymysql://kim:secret@host/mlflow"), {
 *   kind: "unsupported",
 *   shown: "mysql+pymysql://host/mlflow",
 *   what:
 *     "a database of MySQL, which mltidy cannot read: it has no driver for it; PostgreSQL and SQLite it can",
 * });
 * ```
 */
export function parseStoreName(text: string): StoreName {
  if (/^(?:databricks|databricks-uc|uc)$/.test(text)) {
    return { kind: "unsupported", shown: text, what: PLATFORM };
  }
  if (ADDRESS.test(text)) {
    const what = `a tracking server, named without its scheme; expected such as http://${text}`;
    return { kind: "unsupported", shown: text, what };
  }
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(text) ?? [];
  if (scheme === undefined || /^file$/i.test(scheme)) return { kind: "path", path: text };
  const [product = ""] = scheme.toLowerCase().split("+");
  if (product === "sqlite") {
    const [, path = ""] = /^[^:]*:\/\/\/([^?]*)/.exec(text) ?? [];
    if (path !== "" && path !== ":memory:") return { kind: "sqlite", path };
    return { kind: "unsupported", shown: withoutCredentials(text), what: IN_MEMORY };
  }
  if (product === "http" || product === "https") return parseServer(text);
  if (product === "postgresql" || product === "postgres") return parsePostgres(text);
  return { kind: "unsupported", shown: shownUri(text), what: WHAT[product] ?? unknown(scheme) };
}

/** A host and its port, which is no path that anybody means. */
const ADDRESS = /^(?=[^:]{2})[\w-]+(?:\.[\w-]+)*:\d{1,5}(?:\/\S*)?$/;

const PLATFORM = "a store of Databricks, which mltidy cannot read";

const IN_MEMORY =
  "a database in memory; a file is named by three slashes and its path, such as sqlite:///mlflow.db, or four and an absolute one";

/** Scheme, user and password, host, port, path, and what stands behind it. */
const SERVER =
  /^(https?):\/\/(?:([^/?#]*)@)?(\[[0-9a-f:.]+\]|[^/?#@:[\]\s]+)(?::(\d*))?(\/[^?#\s]*)?(?:\?([^#\s]*))?(?:#.*)?$/is;

/** The ports that nobody has to name. */
const SERVER_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

function parseServer(uri: string): StoreName {
  const [, typed = "", login, host = "", port = "", path = "", query = ""] = SERVER.exec(uri) ?? [];
  if (host === "" || Number(port) > 65_535) {
    const what = "a tracking server, named as no URI is; expected such as http://localhost:5000";
    return { kind: "unsupported", shown: shownUri(uri), what };
  }
  const scheme = typed.toLowerCase();
  const place = port === "" || port === SERVER_PORTS[scheme] ? "" : `:${Number(port)}`;
  const base = `${scheme}://${host.toLowerCase()}${place}${path.replace(/\/+$/, "")}`;
  const [user, ...password] = login?.split(":") ?? [];
  const [, named = ""] = /(?:^|&)workspace=([^&]*)/.exec(query) ?? [];
  return serverName(base, {
    user: user === undefined || login === "" ? null : percentDecoded(user),
    password: password.length === 0 ? null : percentDecoded(password.join(":")),
    workspace: named === "" ? null : percentDecoded(named),
  });
}

function serverName(
  base: string,
  { user, password, workspace }: Pick<ServerName, "user" | "password" | "workspace">,
): ServerName {
  const query = workspace === null ? "" : `?workspace=${encodeURIComponent(workspace)}`;
  return { kind: "server", base, user, password, workspace, location: `${base}${query}` };
}

/**
 * Names a part of a tracking server.
 *
 * @param server The server.
 * @param workspace The part.
 * @returns The same server, with another location.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const server = parseStoreName("https://kim:secret@mlflow.example/");
 *
 * if (server.kind === "server") {
 *   assertEquals(server.location, "https://mlflow.example");
 *   assertEquals(inWorkspace(server, "ml").location, "https://mlflow.example?workspace=ml");
 * }
 * ```
 */
export function inWorkspace(server: ServerName, workspace: string): ServerName {
  return serverName(server.base, { ...server, workspace });
}

/** What is meant by a URI, by its scheme without the driver. */
const WHAT: Readonly<Record<string, string>> = {
  mysql:
    "a database of MySQL, which mltidy cannot read: it has no driver for it; PostgreSQL and SQLite it can",
  mssql:
    "a database of SQL Server, which mltidy cannot read: it has no driver for it; PostgreSQL and SQLite it can",
  databricks: PLATFORM,
  uc: PLATFORM,
};

function unknown(scheme: string): string {
  return `a URI of the scheme ${scheme}, which mltidy does not know`;
}

/** In the order in which a location has them. */
const SETTINGS = ["options", "sslmode", "sslrootcert"] as const;

/** What a URI may say of things that make no difference to which rows are read, or how safely. */
const INDIFFERENT =
  /^(?:application_name|fallback_application_name|client_encoding|connect_timeout|gssencmode|keepalives\w*)$/;

/** As SQLAlchemy splits it, which MLflow uses. */
const POSTGRES =
  /^[^:]*:\/\/(?:([^:/]*)(?::([^@]*))?@)?(?:\[([^/?@]+)\]|([^/:?@]*))(?::([^/?]*))?(?:\/([^?]*))?(?:\?(.*))?$/s;

/** The port of a server that nobody has told another one. */
const POSTGRES_PORT = 5432;

function parsePostgres(uri: string): StoreName {
  const refuse = (what: string): StoreName => ({
    kind: "unsupported",
    shown: shownUri(uri),
    what: `a database of PostgreSQL, ${what}`,
  });
  const parts = POSTGRES.exec(uri);
  if (parts === null) {
    return refuse(
      "named as no URI is; expected postgresql://HOST/DATABASE, and a @ in a password as %40",
    );
  }
  const [, user, password, ipv6, name, typedPort, path, query = ""] = parts;
  const values = new Map(
    query.split("&").filter((pair) => pair !== "").map((pair) => {
      const [key = "", ...rest] = pair.split("=");
      return [key, percentDecoded(rest.join("=").replaceAll("+", " "))];
    }),
  );
  const take = (key: string, written: string | undefined): string | null => {
    const value = values.get(key) ?? (written === undefined ? "" : percentDecoded(written));
    values.delete(key);
    return value === "" ? null : value;
  };
  const host = take("host", ipv6 ?? name);
  const port = Number(take("port", typedPort) ?? POSTGRES_PORT);
  const database = take("dbname", path);
  const login = { user: take("user", user), password: take("password", password) };
  const settings = Object.fromEntries(
    SETTINGS.flatMap((key) => {
      const value = take(key, undefined);
      return value === null ? [] : [[key, value]];
    }),
  );
  const [other] = [...values.keys()].filter((key) => !INDIFFERENT.test(key));
  if (other !== undefined) return refuse(`named with ${other}, which mltidy does not know`);
  if (host === null) {
    return refuse("named without its host; expected such as localhost, or /run/postgresql as %2F…");
  }
  if (host.includes(",")) return refuse("named with several hosts; expected one");
  if (database === null) return refuse("named without its name; expected it behind the host");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return refuse("named with a port that is no number from 1 to 65535");
  }
  const address = { host, port, database, ...login, settings };
  return { kind: "postgresql", uri, address, location: postgresUri(address) };
}

/** The same for all that name the same database, on the same terms. */
function postgresUri({ host, port, database, settings }: PostgresAddress): string {
  const place = host.includes(":") ? `[${host}]` : encodeURIComponent(host.toLowerCase());
  const isSocket = host.startsWith("/");
  const query = SETTINGS.flatMap((key) =>
    settings[key] === undefined
      ? []
      : [`${key}=${encodeURIComponent(settings[key]).replaceAll("%2F", "/")}`]
  );
  return [
    `postgresql://${isSocket ? encodeURIComponent(host) : place}`,
    port === POSTGRES_PORT ? "" : `:${port}`,
    `/${encodeURIComponent(database)}`,
    query.length === 0 ? "" : `?${query.join("&")}`,
  ].join("");
}

/**
 * Tells how a store is named again: by whose name a database is asked stays, where no password was typed with it. Of a
 * server it does not, since there it may be a token.
 *
 * @param typed How it was named.
 * @param location Its location.
 * @returns The location, or that with a user.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const location = "postgresql://db/mlflow";
 * assertEquals(namedAgain("postgresql://kim@db/mlflow", location), "postgresql://kim@db/mlflow");
 * assertEquals(namedAgain("postgresql://kim:secret@db/mlflow", location), location);
 * ```
 */
export function namedAgain(typed: string, location: string): string {
  const name = parseStoreName(typed);
  if (name.kind !== "postgresql") return location;
  const { user, password } = name.address;
  return user === null || password !== null
    ? location
    : location.replace("//", () => `//${encodeURIComponent(user)}@`);
}

/** What stands in a query says nothing of which store it is. */
function shownUri(uri: string): string {
  return withoutCredentials(uri).replace(/[?#].*$/s, "");
}

/**
 * Tells whether a store's location is that of a tracking server.
 *
 * @param location The location.
 * @returns Whether it is.
 */
export function isServer(location: string): boolean {
  return /^https?:\/\//.test(location);
}

/**
 * Gives the URI by which MLflow names a database of SQLite.
 *
 * @param path Absolute path of its file.
 * @returns The URI.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(sqliteUri("/data/mlflow.db"), "sqlite:////data/mlflow.db");
 * ```
 */
export function sqliteUri(path: string): string {
  return `sqlite:///${path}`;
}

/**
 * Names the file that stands on this machine for a database of PostgreSQL, or for a tracking server: what is kept of
 * it lies beside that, as it does beside a file of SQLite.
 *
 * @param name The database, or the server.
 * @returns The file's name: a location, encoded. What it says of TLS makes it no other database.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const name = parseStoreName("postgresql://kim:secret@db/mlflow?sslmode=require");
 *
 * if (name.kind === "postgresql") {
 *   assertEquals(standInFor(name), "postgresql%3A%2F%2Fdb%2Fmlflow");
 *   assertEquals(locationOfFile(`/state/${standInFor(name)}`), "postgresql://db/mlflow");
 * }
 * ```
 */
export function standInFor(name: RemoteName): string {
  if (name.kind === "server") return encodeURIComponent(name.location);
  const { address } = name;
  const { options } = address.settings;
  const settings = options === undefined ? {} : { options };
  return encodeURIComponent(postgresUri({ ...address, settings }));
}

/**
 * Tells the location of the store that a file is, or stands for.
 *
 * @param path Absolute path of a database of SQLite, or of a file that {@linkcode standInFor} names.
 * @returns The location.
 */
export function locationOfFile(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return /^(?:postgresql|https?)%3A%2F%2F/.test(name) ? percentDecoded(name) : sqliteUri(path);
}

/**
 * Tells whether the locations of two databases or servers differ in the host alone, so that they may name the same one.
 *
 * @param left A location.
 * @param right Another location.
 * @returns Whether they do.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(differInHost("http://localhost:5000/ml", "http://127.0.0.1:5000/ml"));
 * assert(!differInHost("http://localhost:5000", "http://localhost:5001"));
 * ```
 */
export function differInHost(left: string, right: string): boolean {
  const [one, other] = [HOST.exec(left), HOST.exec(right)];
  if (one === null || other === null) return false;
  return one[1] === other[1] && one[2] !== other[2] && one[3] === other[3];
}

const HOST = /^([a-z]+:\/\/)(\[[^\]]*\]|[^:/?[]+)(.*)$/s;

/**
 * Tells which path on this machine a store's location names.
 *
 * @param location An absolute path, or the URI of a database of SQLite.
 * @returns The path of the directory, or of the database's file; `null` when it is neither.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(placeOf("/data/mlruns"), "/data/mlruns");
 * assertEquals(placeOf("sqlite:////data/mlflow.db"), "/data/mlflow.db");
 * ```
 */
export function placeOf(location: string): string | null {
  const name = parseStoreName(location);
  return "path" in name ? name.path : null;
}
