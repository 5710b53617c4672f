/**
 * A tracking server in this process with what stands between it and a client, all of which can be put back to how it
 * was: for whoever tries many mishaps on the same history.
 *
 * @module
 */

import { join } from "@std/path";
import { DELETED_AT_TAG, isDeletionMark } from "../../lib/store/tags.ts";
import { DAY, deletedRun, experiment, run, runId } from "../_support/builders.ts";
import { type FaultProxy, startFaultProxy } from "../_support/fault_proxy.ts";
import { type MlflowDouble, startMlflowDouble } from "../_support/mlflow_double.ts";

/** What time it is. */
export const NOW = Date.now();

const old = { startTime: NOW - 101 * DAY, endTime: NOW - 100 * DAY };

/** Runs that a prune of what is older than 30 days deletes. */
export const GOING: readonly string[] = [1, 2, 3, 4, 5].map(runId);

/** More than are asked for at once, one that has a tag of ours from before, and what stays. */
const INIT = {
  experiments: [experiment({
    id: "1",
    runs: [
      ...GOING.map((id, index) =>
        run({ id, ...old, tags: index === 2 ? { [DELETED_AT_TAG]: "5" } : {} })
      ),
      run({ id: runId(6), ...old, tags: { "mltidy.pin": "" } }),
      deletedRun({ id: runId(7), ...old, deletedTime: NOW - 50 * DAY }),
    ],
  })],
};

/** All of it: what the server has, and what we keep of it. */
export interface Saved {
  readonly tables: ReadonlyMap<string, readonly Row[]>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

type Row = Readonly<Record<string, string | number | null>>;

/** A server with its history; it ends with the scope. */
export interface Served extends AsyncDisposable {
  readonly server: MlflowDouble;
  readonly proxy: FaultProxy;
  /** Absolute path of the directory in which clients keep what they change. */
  readonly state: string;
  /** Keeps how all is. */
  save(): Saved;
  /** Puts all back. */
  load(saved: Saved): void;
  /** By its id, all that the server has of each run. */
  runsNow(): ReadonlyMap<string, string>;
  /** Whether a run has a tag of a deletion that began now or later. */
  isMarked(id: string): boolean;
  /** The stage of a run. */
  stageOf(id: string): string | number | null | undefined;
}

/**
 * Starts a server with a history.
 *
 * @param directory Absolute path of a directory of its own.
 * @returns The server, to be bound by `await using`.
 */
export async function serveHistory(directory: string): Promise<Served> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startMlflowDouble(INIT, { now: () => NOW + 1 }));
  const proxy = stack.use(startFaultProxy(server.answer));
  const { database } = server;
  database.exec("PRAGMA foreign_keys = OFF");
  const state = join(directory, "state");
  const rowsOf = (table: string) => database.prepare(`SELECT * FROM ${table}`).all() as Row[];
  return {
    server,
    proxy,
    state,
    save: () => ({
      tables: new Map(["runs", "tags"].map((table) => [table, rowsOf(table)])),
      files: new Map(filesIn(state)),
    }),
    load({ tables, files }) {
      for (const [table, rows] of tables) {
        database.exec(`DELETE FROM ${table}`);
        for (const row of rows) {
          const columns = Object.keys(row);
          database.prepare(
            `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`,
          ).run(...Object.values(row));
        }
      }
      removeIfThere(state);
      for (const [path, content] of files) {
        Deno.mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
        Deno.writeFileSync(path, content, { mode: 0o600 });
      }
    },
    runsNow() {
      const tags = Map.groupBy(rowsOf("tags"), ({ run_uuid }) => `${run_uuid}`);
      return new Map(
        rowsOf("runs").map((row) => {
          const id = `${row["run_uuid"]}`;
          const own = (tags.get(id) ?? []).map(({ key, value }) => `${key}=${value}`).toSorted();
          return [id, JSON.stringify([row, own])];
        }),
      );
    },
    isMarked: (id) =>
      rowsOf("tags").some(({ run_uuid, key, value }) =>
        run_uuid === id && isDeletionMark(`${key}`) && Number.parseInt(`${value}`) >= NOW
      ),
    stageOf: (id) => rowsOf("runs").find(({ run_uuid }) => run_uuid === id)?.["lifecycle_stage"],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function* filesIn(path: string): Generator<readonly [string, Uint8Array]> {
  if (!isThere(path)) return;
  for (const { name, isDirectory } of Deno.readDirSync(path)) {
    const inner = join(path, name);
    if (isDirectory) yield* filesIn(inner);
    else yield [inner, Deno.readFileSync(inner)];
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path) !== null;
  } catch {
    return false;
  }
}

function removeIfThere(path: string): void {
  if (isThere(path)) Deno.removeSync(path, { recursive: true });
}
