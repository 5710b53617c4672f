/**
 * What a user names as a store: a directory, a database or a server, told by how it is spelt.
 *
 * @module
 */

import { withoutCredentials } from "../text/credentials.ts";

/** What somebody names as a store. */
export type StoreName =
  /** A directory, or a file that may be a database; a path or a `file:` URI. */
  | { readonly kind: "path"; readonly path: string }
  /** A database of SQLite; the path of its file, absolute or relative. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** Something that cannot be opened; `shown` holds no credentials, `what` says what it is. */
  | { readonly kind: "unsupported"; readonly shown: string; readonly what: string };

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
 * assertEquals(parseStoreName("postgresql+psycopg2://kim:secret@host/mlflow"), {
 *   kind: "unsupported",
 *   shown: "postgresql+psycopg2://host/mlflow",
 *   what: "a database of PostgreSQL, which this version of mltidy cannot read",
 * });
 * ```
 */
export function parseStoreName(text: string): StoreName {
  if (/^(?:databricks|databricks-uc|uc)$/.test(text)) {
    return { kind: "unsupported", shown: text, what: PLATFORM };
  }
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(text) ?? [];
  if (scheme === undefined || /^file$/i.test(scheme)) return { kind: "path", path: text };
  const [product = ""] = scheme.toLowerCase().split("+");
  if (product === "sqlite") {
    const [, path = ""] = /^[^:]*:\/\/\/([^?]*)/.exec(text) ?? [];
    if (path !== "" && path !== ":memory:") return { kind: "sqlite", path };
    return { kind: "unsupported", shown: withoutCredentials(text), what: IN_MEMORY };
  }
  return { kind: "unsupported", shown: shownUri(text), what: WHAT[product] ?? unknown(scheme) };
}

const PLATFORM = "a store of Databricks, which mltidy cannot read";

const IN_MEMORY =
  "a database in memory; a file is named by three slashes and its path, such as sqlite:///mlflow.db, or four and an absolute one";

const SERVER =
  "a tracking server, which this version of mltidy cannot read; where its database is a file, name that, such as sqlite:////data/mlflow.db";

/** What is meant by a URI, by its scheme without the driver. */
const WHAT: Readonly<Record<string, string>> = {
  http: SERVER,
  https: SERVER,
  postgresql: "a database of PostgreSQL, which this version of mltidy cannot read",
  postgres: "a database of PostgreSQL, which this version of mltidy cannot read",
  mysql: "a database of MySQL, which mltidy cannot read: it has no driver for it",
  mssql: "a database of SQL Server, which mltidy cannot read: it has no driver for it",
  databricks: PLATFORM,
  uc: PLATFORM,
};

function unknown(scheme: string): string {
  return `a URI of the scheme ${scheme}, which mltidy does not know`;
}

/** What stands in a query says nothing of which store it is. */
function shownUri(uri: string): string {
  return withoutCredentials(uri).replace(/[?#].*$/s, "");
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
  return name.kind === "unsupported" ? null : name.path;
}
