/**
 * Tracking servers of real MLflow for the live suite.
 *
 * @module
 */

import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { schemaPath } from "../../_support/database_store.ts";
import { freePort } from "../../_support/free_port.ts";
import { canImport, type MlflowVersion, settings } from "../python.ts";

/** What a server is started on. */
export interface ServerOptions {
  /** What keeps its store, as MLflow names it. */
  readonly backend: string;
  /** A directory of its own, for its artifacts and what it says. */
  readonly directory: string;
  /** Whether it has accounts: {@linkcode ADMINISTRATOR}'s, and whatever is made. @default {false} */
  readonly accounts?: boolean;
  /** How many requests it answers at once. @default {1} */
  readonly workers?: number;
  /** An app of MLflow's by its name, and what the environment has for it. @default {MLflow's own} */
  readonly app?: { readonly name: string; readonly settings: Readonly<Record<string, string>> };
}

/** A server. It ends with the scope. */
export interface TrackingServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`. */
  readonly uri: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** Who may see and do everything where there are accounts. */
export const ADMINISTRATOR = { user: "admin", password: "Long-enough/12345" } as const;

/** What a server needs to have accounts, which MLflow does not bring along. */
export const ACCOUNTS = "flask-wtf==1.3.0";

/**
 * Tells whether servers can have accounts.
 *
 * @param version The version of MLflow.
 * @returns Whether its environment has what that takes.
 */
export function hasAccounts(version: MlflowVersion): Promise<boolean> {
  return canImport(version, "flask_wtf");
}

/** What a server takes to load MLflow, on a machine with much else to do, ms. */
const PATIENCE = 240_000;

/**
 * Starts a server, and waits until it answers.
 *
 * @param version Of which MLflow.
 * @param options On what.
 * @returns The server, to be bound by `await using`.
 */
export async function startTrackingServer(
  { python }: MlflowVersion,
  { backend, directory, accounts = false, workers = 1, app }: ServerOptions,
): Promise<TrackingServer> {
  const port = freePort();
  const log = join(directory, "server.log");
  Deno.mkdirSync(join(directory, "artifacts"), { recursive: true });
  const words = [
    ...["server", "--host", "127.0.0.1", "--port", `${port}`, "--workers", `${workers}`],
    ...["--backend-store-uri", backend, "--artifacts-destination", join(directory, "artifacts")],
    ...accounts ? ["--app-name", "basic-auth"] : [],
    ...app === undefined ? [] : ["--app-name", app.name],
  ];
  const child = new Deno.Command("/bin/sh", {
    // What it says would fill a pipe that nobody reads.
    args: [
      "-c",
      'log=$1; shift; exec "$@" >"$log" 2>&1',
      "sh",
      log,
      python,
      "-m",
      "mlflow",
      ...words,
    ],
    cwd: directory,
    env: {
      ...settings,
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
      ...accounts ? accountSettings(directory) : {},
      ...app?.settings,
    },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  const uri = `http://127.0.0.1:${port}`;
  const end = async (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended.
    }
    await child.status;
  };
  const server = {
    uri,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
  let ended = false;
  void child.status.then(() => ended = true);
  for (const deadline = Date.now() + PATIENCE; !await answers(uri);) {
    if (!ended && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    await end("SIGKILL");
    throw new Error(`MLflow's server does not answer: ${Deno.readTextFileSync(log)}`);
  }
  return server;
}

async function answers(uri: string): Promise<boolean> {
  try {
    const response = await fetch(`${uri}/health`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function accountSettings(directory: string): Readonly<Record<string, string>> {
  const path = join(directory, "accounts.ini");
  Deno.writeTextFileSync(
    path,
    [
      "[mlflow]",
      "default_permission = NO_PERMISSIONS",
      `database_uri = sqlite:///${join(directory, "accounts.db")}`,
      `admin_username = ${ADMINISTRATOR.user}`,
      `admin_password = ${ADMINISTRATOR.password}`,
      "authorization_function = mlflow.server.auth:authenticate_request_basic_auth",
      "",
    ].join("\n"),
  );
  return { MLFLOW_AUTH_CONFIG_PATH: path, MLFLOW_FLASK_SERVER_SECRET_KEY: "of no use elsewhere" };
}

/**
 * Makes an empty database with the tables of a version, which need not be migrated any more.
 *
 * @param version The version of MLflow.
 * @param directory Where.
 * @returns Absolute path of its file.
 */
export function emptyDatabase({ name }: MlflowVersion, directory: string): string {
  const path = join(directory, "mlflow.db");
  using database = new DatabaseSync(path);
  database.exec(Deno.readTextFileSync(schemaPath(name.startsWith("2.") ? "2.22" : "3.17")));
  return path;
}
