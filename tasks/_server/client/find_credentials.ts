/**
 * By whose name a tracking server is asked, found as MLflow finds it.
 *
 * @module
 */

import { join } from "@std/path";
import { parseStoreName, type ServerName } from "../../../lib/store/store_uri.ts";
import { headerFault } from "../../../lib/text/credentials.ts";
import type { Environment } from "../../_io/process.ts";
import { MOST, readTextFile } from "../../_io/read.ts";
import { normalServer } from "./normal_server.ts";
import { RequestError } from "./request_error.ts";

/**
 * Finds what goes into the header `Authorization`: user and password of the URI, else of `MLFLOW_TRACKING_URI` where
 * that names the same server, else of `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, each of which may
 * come from `~/.mlflow/credentials` instead; else `MLFLOW_TRACKING_TOKEN`. Needs read permission for that file, if it
 * is to count.
 *
 * @param server The server.
 * @param environment Says what variables are set to.
 * @returns The value of the header; `null` where nobody is named.
 * @throws {RequestError} When the token is none that a header can hold.
 */
export function findCredentials(server: ServerName, environment: Environment): string | null {
  const login = findLogin(server, environment);
  if (login !== null) return basic(login.user, login.password);
  const token = environment("MLFLOW_TRACKING_TOKEN");
  if (!token) return null;
  const fault = headerFault(token);
  if (fault === null) return `Bearer ${token}`;
  // As MLflow refuses it, too: it takes nothing from its end.
  throw new RequestError(
    "denied",
    `MLFLOW_TRACKING_TOKEN has ${fault} in it, which no request can hold; set it again without`,
  );
}

/**
 * Finds by whose name a server is asked.
 *
 * @param server The server.
 * @param environment Says what variables are set to.
 * @returns The user; `null` where nobody is named, but perhaps a token.
 */
export function findUser(server: ServerName, environment: Environment): string | null {
  return findLogin(server, environment)?.user ?? null;
}

/**
 * Says to a program how to reach a server as we do: what of that stands in no variable of its own.
 *
 * @param server The server.
 * @param environment Says what variables are set to.
 * @returns Variables that MLflow knows.
 */
export function variablesFor(
  server: ServerName,
  environment: Environment,
): Readonly<Record<string, string>> {
  const { user, password } = namedFor(server, environment);
  const { base, workspace } = server;
  return {
    MLFLOW_TRACKING_URI: base,
    ...(workspace === null ? {} : { MLFLOW_WORKSPACE: workspace }),
    ...(user === null
      ? {}
      : { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password ?? "" }),
  };
}

function findLogin(
  server: ServerName,
  environment: Environment,
): { readonly user: string; readonly password: string } | null {
  const { user: named, password: given } = namedFor(server, environment);
  if (named !== null) return { user: named, password: given ?? "" };
  const saved = savedCredentials(environment);
  const user = environment("MLFLOW_TRACKING_USERNAME") || saved.mlflow_tracking_username;
  const password = environment("MLFLOW_TRACKING_PASSWORD") || saved.mlflow_tracking_password;
  return user && password ? { user, password } : null;
}

function namedFor(server: ServerName, environment: Environment): ServerName {
  if (server.user !== null) return server;
  const tracked = parseStoreName(environment("MLFLOW_TRACKING_URI") ?? "");
  const isSame = tracked.kind === "server" &&
    normalServer(tracked).base === normalServer(server).base;
  return isSame ? tracked : server;
}

function basic(user: string, password: string): string {
  return `Basic ${new TextEncoder().encode(`${user}:${password}`).toBase64()}`;
}

type Saved = Readonly<
  Partial<Record<"mlflow_tracking_username" | "mlflow_tracking_password", string>>
>;

/** As Python's configparser reads it, for values of one line. */
function savedCredentials(environment: Environment): Saved {
  const home = environment("HOME");
  if (!home) return {};
  let section = "";
  const values: Record<string, string> = {};
  for (const line of readIfThere(join(home, ".mlflow", "credentials")).split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    const [, name] = /^\s*\[(.*)\]\s*$/.exec(line) ?? [];
    if (name !== undefined) section = name;
    const [, key = "", value = ""] = /^\s*([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (section === "mlflow") values[key.toLowerCase()] = value.replaceAll("%%", "%");
  }
  return values;
}

/** Nothing where there is none, or this process may not look. */
function readIfThere(path: string): string {
  try {
    return readTextFile(path, { most: MOST.config });
  } catch {
    return "";
  }
}
