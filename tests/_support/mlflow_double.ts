/**
 * A tracking server in this process, on the tables of real MLflow: it answers what a clean-up asks, as MLflow's own
 * server does by what was measured of it. `tests/mlflow/servers/` compares the two, request by request.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { type DatabaseOptions, tempDatabase } from "./database_store.ts";
import type { SnapshotInit } from "./builders.ts";
import {
  type All,
  type Json,
  listed,
  type Row,
  tellExperiment,
  tellModel,
  tellRun,
  tellTraces,
} from "./mlflow_double_records.ts";
import { trainingRequests } from "./mlflow_double_training.ts";

/** A tracking server, which ends with the scope. */
export interface MlflowDouble extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`. */
  readonly uri: string;
  /** The database behind it, for whoever changes something as another client does. */
  readonly database: DatabaseSync;
  /** Absolute path of its file. */
  readonly path: string;
  /** What was asked so far, such as `POST runs/delete`, oldest first. */
  readonly asked: readonly string[];
  /** Runs that were deleted though they were so already, which renews the time of that. */
  readonly renewed: readonly string[];
  /** Artifacts that were put, by their paths, with their text. */
  readonly artifacts: ReadonlyMap<string, string>;
  /** Answers one request without the network. */
  readonly answer: (request: Request) => Promise<Response>;
}

/** How to start one. */
export interface MlflowDoubleOptions extends Pick<DatabaseOptions, "schema"> {
  /** The server's clock, epoch ms. @default {the real time} */
  readonly now?: () => number;
  /** Who asks where the server has accounts. @default {there are none} */
  readonly account?: { readonly name: string; readonly isAdmin: boolean };
}

/** MLflow's refusals. */
class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/**
 * Starts a server on rows of its own.
 *
 * @param init What it holds.
 * @param options Of which version, by which clock, for whom.
 * @returns The server, to be bound by `await using`.
 */
export async function startMlflowDouble(
  init: SnapshotInit = {},
  options: MlflowDoubleOptions = {},
): Promise<MlflowDouble> {
  const { path, [Symbol.asyncDispose]: remove } = await tempDatabase(init, options);
  const double = serveDatabase(path, options);
  double.database.exec("UPDATE runs SET user_id = 'kim'");
  return {
    ...double,
    async [Symbol.asyncDispose]() {
      await double[Symbol.asyncDispose]();
      await remove();
    },
  };
}

/**
 * Starts a server on a database that is there.
 *
 * @param path Absolute path of its file, which is changed.
 * @param options Of which version, by which clock, for whom.
 * @returns The server, to be bound by `await using`.
 */
export function serveDatabase(path: string, options: MlflowDoubleOptions = {}): MlflowDouble {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA synchronous = OFF");
  const asked: string[] = [];
  const artifacts = new Map<string, string>();
  const renewed: string[] = [];
  const isNew = (options.schema ?? "3.17") === "3.17";
  const known = requests(database, options, (run) => void renewed.push(run));
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const name = pathname.replace(/^\/(?:api|ajax-api)\/[23]\.0\/mlflow\//, "");
    const key = `${request.method} ${name}`;
    asked.push(key);
    if (request.method === "PUT") {
      const [, place = ""] = /^\/api\/2\.0\/mlflow-artifacts\/artifacts\/(.*)$/.exec(pathname) ??
        [];
      artifacts.set(decodeURIComponent(place), await request.text());
      return isNew ? new Response("") : Response.json({});
    }
    const ask = known[key];
    if (ask === undefined) return new Response(NOT_FOUND, { status: 404, headers: PAGE });
    const body = request.method === "GET" ? {} : JSON.parse(await request.text() || "{}");
    try {
      const given = ask({ ...Object.fromEntries(searchParams), ...body });
      return typeof given === "string"
        ? new Response(given)
        : Response.json(given, { status: 200 });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code: error_code, message, status } = error;
      return Response.json({ error_code, message }, { status });
    }
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  return {
    uri: `http://127.0.0.1:${server.addr.port}`,
    database,
    path,
    asked,
    artifacts,
    renewed,
    answer,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      database.close();
    },
  };
}

const NOT_FOUND = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n";
const PAGE = { "Content-Type": "text/html; charset=utf-8" };

/** What can be asked, by method and path. */
function requests(
  database: DatabaseSync,
  { schema = "3.17", now = Date.now, account }: MlflowDoubleOptions,
  onRenewal: (run: string) => void,
): Readonly<Record<string, (parameters: Json) => Json | string>> {
  const isNew = schema === "3.17";
  const all: All = (sql, ...values) => database.prepare(sql).all(...values) as Row[];
  const exec = (sql: string, ...values: (string | number | null)[]) =>
    void database.prepare(sql).run(...values);
  const runOf = ({ run_id: id }: Json): Row => {
    const [row] = all("SELECT * FROM runs WHERE run_uuid = ?", `${id}`);
    if (row !== undefined) return row;
    throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST", `Run with id=${id} not found`);
  };
  const activeRun = (parameters: Json): Row => {
    const row = runOf(parameters);
    if (row["lifecycle_stage"] === "active") return row;
    throw new Refusal(
      400,
      "INVALID_PARAMETER_VALUE",
      `The run ${row["run_uuid"]} must be in the 'active' state. Current state is deleted.`,
    );
  };
  const experimentOf = ({ experiment_id: id }: Json): Row => {
    const [row] = all("SELECT * FROM experiments WHERE experiment_id = ?", Number(id));
    if (row !== undefined) return row;
    throw new Refusal(
      404,
      "RESOURCE_DOES_NOT_EXIST",
      `No Experiment with id=${id} exists`,
    );
  };
  const stageOf = (type: unknown) =>
    ({ ALL: "", DELETED_ONLY: "AND lifecycle_stage = 'deleted'" })[`${type}`] ??
      "AND lifecycle_stage = 'active'";
  const tell = (row: Row) => tellRun(row, all, isNew);
  const reading = {
    "GET /version": () => isNew ? "3.17.2" : "2.22.5",
    ...(account === undefined ? {} : {
      "GET users/current": () => ({
        is_basic_auth: true,
        user: { id: 1, username: account.name, is_admin: account.isAdmin },
      }),
    }),
    "POST experiments/search": ({ view_type, max_results, page_token }: Json) =>
      page(
        "experiments",
        all(`SELECT * FROM experiments WHERE 1 ${stageOf(view_type)} ORDER BY experiment_id`)
          .map((row) => tellExperiment(row, all, isNew)),
        { max_results, page_token },
      ),
    "GET experiments/get": (parameters: Json) => ({
      experiment: tellExperiment(experimentOf(parameters), all, isNew),
    }),
    "POST runs/search": (
      { experiment_ids, run_view_type, filter, max_results, page_token }: Json,
    ) =>
      page(
        "runs",
        all(
          `SELECT * FROM runs WHERE experiment_id IN (SELECT value FROM json_each(?))
            ${stageOf(run_view_type)} ORDER BY start_time, run_uuid`,
          JSON.stringify((experiment_ids as string[] ?? []).map(Number)),
        ).filter((row) => isWanted(row, filter, isNew, all)).map(tell),
        { max_results: max_results ?? 1000, page_token },
      ),
    "GET metrics/get-history": ({ run_id, metric_key, max_results, page_token }: Json) =>
      page(
        "metrics",
        all("SELECT * FROM metrics WHERE run_uuid = ? AND key = ?", `${run_id}`, `${metric_key}`)
          .map(({ key, value, timestamp, step, is_nan }) => ({
            ...{ key, timestamp, step },
            value: is_nan ? "NaN" : value,
          })),
        { max_results, page_token },
      ),
    "GET runs/get": (parameters: Json) => ({ run: tell(runOf(parameters)) }),
    "GET registered-models/search": ({ max_results = 100, page_token }: Json) =>
      page(
        "registered_models",
        all("SELECT * FROM registered_models ORDER BY name").map(({ name }) => ({
          name,
          ...listed(
            "aliases",
            all("SELECT alias, version FROM registered_model_aliases WHERE name = ?", `${name}`)
              .map(({ alias, version }) => ({ alias, version: `${version}` })),
          ),
        })),
        { max_results, page_token },
      ),
    "GET model-versions/search": ({ max_results = 10_000, page_token }: Json) =>
      page(
        "model_versions",
        all("SELECT * FROM model_versions WHERE current_stage <> 'Deleted_Internal'").map((
          row,
        ) => ({
          name: row["name"],
          version: `${row["version"]}`,
          current_stage: row["current_stage"],
          source: row["source"],
          ...(row["run_id"] === null ? {} : { run_id: row["run_id"] }),
        })),
        { max_results, page_token },
      ),
    ...(isNew
      ? {
        "GET server-info": () => ({ store_type: "SqlStore", workspaces_enabled: false }),
        "POST logged-models/search": ({ experiment_ids, max_results, page_token }: Json) =>
          page(
            "models",
            all(
              `SELECT * FROM logged_models WHERE lifecycle_stage = 'active'
                AND experiment_id IN (SELECT value FROM json_each(?))`,
              JSON.stringify((experiment_ids as string[]).map(Number)),
            ).map(tellModel),
            { max_results, page_token },
          ),
        "POST traces/search": ({ locations, max_results, page_token }: Json) =>
          page(
            "traces",
            (locations as { mlflow_experiment: { experiment_id: string } }[])
              .flatMap(({ mlflow_experiment: { experiment_id } }) =>
                tellTraces(experiment_id, all)
              ),
            { max_results, page_token },
          ),
      }
      : {
        "GET traces": ({ experiment_ids, max_results, page_token }: Json) =>
          page(
            "traces",
            [experiment_ids].flat().flatMap((id) => tellTraces(`${id}`, all)),
            { max_results, page_token },
          ),
      }),
  };
  const changing = {
    "POST runs/delete": (parameters: Json) => {
      const { run_uuid: id, lifecycle_stage } = runOf(parameters);
      if (lifecycle_stage === "deleted") onRenewal(`${id}`);
      exec(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE run_uuid = ?",
        now(),
        `${id}`,
      );
      if (isNew) {
        exec(
          `DELETE FROM assessments
            WHERE json_extract(assessment_metadata, '$."mlflow.assessment.sourceRunId"') = ?`,
          `${id}`,
        );
      }
      return {};
    },
    "POST runs/restore": (parameters: Json) => {
      const { run_uuid: id } = runOf(parameters);
      exec(
        "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = ?",
        `${id}`,
      );
      return {};
    },
    "POST runs/update": (parameters: Json) => {
      const { run_uuid: id, status, name } = activeRun(parameters);
      exec(
        "UPDATE runs SET status = ?, end_time = ?, name = ? WHERE run_uuid = ?",
        `${parameters["status"] ?? status}`,
        // What is not given is none, which is 0.
        Number(parameters["end_time"] ?? 0),
        `${parameters["run_name"] ?? name}`,
        `${id}`,
      );
      return { run_info: tell(runOf(parameters)).info };
    },
    "POST runs/set-tag": (parameters: Json) => {
      const { run_uuid: id } = activeRun(parameters);
      const { key, value } = parameters;
      exec("INSERT OR REPLACE INTO tags (run_uuid, key, value) VALUES (?, ?, ?)", ...[
        ...[`${id}`, `${key}`, `${value}`],
      ]);
      return {};
    },
    "POST runs/delete-tag": (parameters: Json) => {
      const { run_uuid: id } = activeRun(parameters);
      const { key } = parameters;
      if (
        all("SELECT 1 FROM tags WHERE run_uuid = ? AND key = ?", `${id}`, `${key}`).length === 0
      ) {
        const message = `No tag with name: ${key} in run with id ${id}`;
        throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST", message);
      }
      exec("DELETE FROM tags WHERE run_uuid = ? AND key = ?", `${id}`, `${key}`);
      return {};
    },
    "POST experiments/delete": (parameters: Json) => {
      const { experiment_id: id } = experimentOf(parameters);
      exec(
        "UPDATE experiments SET lifecycle_stage = 'deleted', last_update_time = ? WHERE experiment_id = ?",
        now(),
        Number(id),
      );
      exec(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? WHERE experiment_id = ?",
        now(),
        Number(id),
      );
      return {};
    },
  };
  const training = trainingRequests({
    ...{ database, now, activeRun },
    tellRun: tell,
    tellExperiment: (row) => tellExperiment(row, all, isNew),
    refuse: (status, code, message) => {
      throw new Refusal(status, code, message);
    },
  });
  return { ...reading, ...changing, ...training };
}

/** One page: the token is an offset, as MLflow's SQL store has it, and says nothing of what it counts from. */
function page(
  name: string,
  all: readonly Json[],
  { max_results, page_token }: { readonly max_results?: unknown; readonly page_token?: unknown },
): Json {
  const most = Number(max_results ?? 0);
  if (most < 1) {
    throw new Refusal(
      400,
      "INVALID_PARAMETER_VALUE",
      `Invalid value ${most} for parameter 'max_results' supplied.`,
    );
  }
  const from = page_token ? Number(JSON.parse(atob(`${page_token}`)).offset) : 0;
  const some = all.slice(from, from + most);
  const next = from + most < all.length
    ? { next_page_token: btoa(`{"offset": ${from + most}}`) }
    : {};
  return { ...listed(name, some), ...next };
}

/** MLflow 2.22 takes an ID that is all digits for a number, which no run has. */
function isWanted(
  { run_uuid, start_time }: Row,
  filter: unknown,
  isNew: boolean,
  all: All,
): boolean {
  if (!filter) return true;
  const [, key, value] = /^tags\.`([^`]+)` = '([^']*)'$/.exec(`${filter}`) ?? [];
  if (key !== undefined) {
    const sql = "SELECT 1 FROM tags WHERE run_uuid = ? AND key = ? AND value = ?";
    return all(sql, `${run_uuid}`, key, value!).length > 0;
  }
  const [, least] = /^attributes\.start_time >= (\d+)$/.exec(`${filter}`) ?? [];
  if (least !== undefined) return start_time !== null && Number(start_time) >= Number(least);
  const id = `${run_uuid}`;
  const [, list] = /^attributes\.run_id IN \((.*)\)$/.exec(`${filter}`) ?? [];
  if (list === undefined) throw new Refusal(400, "INVALID_PARAMETER_VALUE", `No filter: ${filter}`);
  const ids = list.split(",").map((one) => one.trim().replaceAll("'", ""));
  return ids.includes(id) && (isNew || !/^\d+$/.test(id));
}
