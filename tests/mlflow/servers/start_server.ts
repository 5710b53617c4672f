/**
 * Tracking servers of real MLflow for the live suite.
 *
 * @module
 */

import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { canImport, type MlflowVersion, settings, tablesOf } from "../python.ts";

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
  /** Where it keeps artifacts, and what its environment has for that. @default {in its directory} */
  readonly artifacts?: {
    readonly destination: string;
    readonly settings: Readonly<Record<string, string>>;
  };
  /** An app of MLflow's by its name, and what the environment has for it. @default {MLflow's own} */
  readonly app?: { readonly name: string; readonly settings: Readonly<Record<string, string>> };
}

/** A server. It ends with the scope. */
export interface TrackingServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`. */
  readonly uri: string;
  /** Its process, which starts those that answer. */
  readonly pid: number;
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

/** How a server says where it listens. */
const LISTENING = /(?:Uvicorn running on|Listening at:) (http:\/\/127\.0\.0\.1:\d+)/;

/**
 * Starts a server, and waits until it answers or ends. To load MLflow takes minutes where there is much else to do: so
 * it is given no time for that, and finds a port only then, which another could take meanwhile.
 *
 * @param version Of which MLflow.
 * @param options On what.
 * @returns The server, to be bound by `await using`.
 */
export async function startTrackingServer(
  { python }: MlflowVersion,
  { backend, directory, accounts = false, workers = 1, artifacts, app }: ServerOptions,
): Promise<TrackingServer> {
  const { destination, settings: reach = {} } = artifacts ??
    { destination: join(directory, "artifacts") };
  const log = join(directory, "server.log");
  Deno.writeTextFileSync(log, "");
  Deno.mkdirSync(join(directory, "artifacts"), { recursive: true });
  const words = [
    ...["server", "--host", "127.0.0.1", "--port", "0", "--workers", `${workers}`],
    ...["--backend-store-uri", backend, "--artifacts-destination", destination],
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
      // MLflow 2 is ended by it in the midst of what takes longer, as anything may where there is much else to do.
      GUNICORN_CMD_ARGS: "--timeout 0",
      ...accounts ? accountSettings(directory) : {},
      ...reach,
      ...app?.settings,
    },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
    // Its workers are of its group, and some outlive it.
    detached: true,
  }).spawn();
  const end = async (signal: Deno.Signal) => {
    signalGroup(child.pid, signal);
    await child.status;
    signalGroup(child.pid, "SIGKILL");
  };
  let hasEnded = false;
  void child.status.then(() => hasEnded = true);
  while (!hasEnded) {
    const [, uri] = LISTENING.exec(Deno.readTextFileSync(log)) ?? [];
    if (uri !== undefined && await answers(uri)) {
      return {
        uri,
        pid: child.pid,
        kill: () => end("SIGKILL"),
        [Symbol.asyncDispose]: () => end("SIGTERM"),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`MLflow's server has ended: ${Deno.readTextFileSync(log)}`);
}

function signalGroup(leader: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-leader, signal);
  } catch {
    // All of it has ended.
  }
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
      // To hash a password takes a tenth of a second of a processor, and each request has one.
      "auth_cache_ttl_seconds = 3600",
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
export function emptyDatabase(version: MlflowVersion, directory: string): string {
  const path = join(directory, "mlflow.db");
  // A page of a store beside it may be looking at it.
  using database = new DatabaseSync(path, { timeout: 20_000 });
  database.exec(Deno.readTextFileSync(tablesOf(version)));
  return path;
}
