/**
 * What training asks of the server in this process, see `mlflow_double.ts`.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { Json, Row } from "./mlflow_double_records.ts";

/** What the server has already. */
export interface DoubleTools {
  readonly database: DatabaseSync;
  /** The server's clock, epoch ms. */
  readonly now: () => number;
  readonly activeRun: (parameters: Json) => Row;
  readonly tellRun: (row: Row) => Json;
  readonly tellExperiment: (row: Row) => Json;
  readonly refuse: (status: number, code: string, message: string) => never;
}

/** MLflow's limits of one request. */
const MOST = { metrics: 1000, params: 100, tags: 100, all: 1000 } as const;

/**
 * Makes the requests of training.
 *
 * @param tools What the server has already.
 * @returns What answers them, by method and path.
 */
export function trainingRequests(
  { database, now, activeRun, tellRun, tellExperiment, refuse }: DoubleTools,
): Readonly<Record<string, (parameters: Json) => Json>> {
  const get = (sql: string, ...values: (string | number | null)[]) =>
    database.prepare(sql).get(...values) as Row | undefined;
  const exec = (sql: string, ...values: (string | number | null)[]) =>
    void database.prepare(sql).run(...values);
  const list = (parameters: Json, name: string) => (parameters[name] ?? []) as readonly Json[];
  const setTag = (run: string, { key, value }: Json) => {
    exec("INSERT OR REPLACE INTO tags (run_uuid, key, value) VALUES (?, ?, ?)", ...[
      ...[run, `${key}`, `${value}`],
    ]);
    if (key === "mlflow.runName") {
      exec("UPDATE runs SET name = ? WHERE run_uuid = ?", `${value}`, run);
    }
  };
  const setExperimentTag = (id: number, { key, value }: Json) =>
    exec(
      "INSERT OR REPLACE INTO experiment_tags (experiment_id, key, value) VALUES (?, ?, ?)",
      ...[id, `${key}`, `${value}`],
    );
  const byName = (name: unknown) => get("SELECT * FROM experiments WHERE name = ?", `${name}`);
  return {
    "GET experiments/get-by-name": ({ experiment_name: name }) => {
      const row = byName(name);
      if (row !== undefined) return { experiment: tellExperiment(row) };
      return refuse(
        404,
        "RESOURCE_DOES_NOT_EXIST",
        `Could not find experiment with name '${name}'`,
      );
    },
    "POST experiments/create": (parameters) => {
      const { name, artifact_location } = parameters;
      if (byName(name) !== undefined) {
        refuse(400, "RESOURCE_ALREADY_EXISTS", `Experiment(name=${name}) already exists.`);
      }
      const { id } = get("SELECT ifnull(max(experiment_id), 0) + 1 AS id FROM experiments")!;
      exec(
        `INSERT INTO experiments
          (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
          VALUES (?, ?, ?, 'active', ?, ?)`,
        ...[Number(id), `${name}`, `${artifact_location ?? `mlflow-artifacts:/${id}`}`],
        ...[now(), now()],
      );
      for (const tag of list(parameters, "tags")) setExperimentTag(Number(id), tag);
      return { experiment_id: `${id}` };
    },
    "POST experiments/restore": ({ experiment_id: id }) => {
      exec(
        "UPDATE experiments SET lifecycle_stage = 'active' WHERE experiment_id = ?",
        Number(id),
      );
      exec(
        `UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE experiment_id = ?`,
        Number(id),
      );
      return {};
    },
    "POST experiments/set-experiment-tag": (parameters) => {
      setExperimentTag(Number(parameters["experiment_id"]), parameters);
      return {};
    },
    "POST runs/create": (parameters) => {
      const { experiment_id, user_id, run_name, start_time } = parameters;
      const found = get("SELECT * FROM experiments WHERE experiment_id = ?", Number(experiment_id));
      if (found === undefined) {
        return refuse(
          404,
          "RESOURCE_DOES_NOT_EXIST",
          `No Experiment with id=${experiment_id} exists`,
        );
      }
      if (found["lifecycle_stage"] !== "active") {
        refuse(
          400,
          "INVALID_PARAMETER_VALUE",
          `The experiment ${experiment_id} must be in the 'active' state. Current state is deleted.`,
        );
      }
      const id = crypto.randomUUID().replaceAll("-", "");
      exec(
        `INSERT INTO runs (run_uuid, name, user_id, status, start_time, lifecycle_stage,
          artifact_uri, experiment_id, source_type, source_name, source_version, entry_point_name)
          VALUES (?, ?, ?, 'RUNNING', ?, 'active', ?, ?, 'UNKNOWN', '', '', '')`,
        ...[id, `${run_name}`, `${user_id}`, Number(start_time)],
        ...[`${found["artifact_location"]}/${id}/artifacts`, Number(experiment_id)],
      );
      for (const tag of list(parameters, "tags")) setTag(id, tag);
      return { run: tellRun(get("SELECT * FROM runs WHERE run_uuid = ?", id)!) };
    },
    "POST runs/log-batch": (parameters) => {
      const run = `${activeRun(parameters)["run_uuid"]}`;
      const [metrics, params, tags] = ["metrics", "params", "tags"].map((name) =>
        list(parameters, name)
      ) as [readonly Json[], readonly Json[], readonly Json[]];
      const isOver = metrics.length > MOST.metrics || params.length > MOST.params ||
        tags.length > MOST.tags || metrics.length + params.length + tags.length > MOST.all ||
        JSON.stringify(parameters).length > 1_000_000;
      if (isOver) refuse(400, "INVALID_PARAMETER_VALUE", "A batch logging request is too large");
      const keys = params.map(({ key }) => key);
      if (new Set(keys).size < keys.length) {
        refuse(400, "INVALID_PARAMETER_VALUE", "Duplicate parameter keys have been submitted");
      }
      for (const { key, value } of params) {
        const existing = get(
          "SELECT value FROM params WHERE run_uuid = ? AND key = ?",
          run,
          `${key}`,
        );
        if (existing !== undefined && existing["value"] !== value) {
          refuse(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed.");
        }
      }
      if (metrics.some(({ key }) => `${key}`.includes("refused"))) {
        refuse(400, "INVALID_PARAMETER_VALUE", "Invalid value for parameter 'metrics'");
      }
      for (const { key, value } of params) {
        exec(
          "INSERT OR IGNORE INTO params (run_uuid, key, value) VALUES (?, ?, ?)",
          ...[run, `${key}`, `${value}`],
        );
      }
      for (const { key, value, timestamp, step } of metrics) {
        const isNan = value === "NaN" ? 1 : 0;
        const stored = isNan ? 0 : Math.max(-MAX, Math.min(MAX, Number(value)));
        const values = [`${key}`, stored, Number(timestamp), run, Number(step), isNan] as const;
        exec(
          `INSERT OR IGNORE INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
            VALUES (?, ?, ?, ?, ?, ?)`,
          ...values,
        );
        exec(
          `INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
            value = excluded.value, timestamp = excluded.timestamp, step = excluded.step,
            is_nan = excluded.is_nan WHERE excluded.step >= latest_metrics.step`,
          ...values,
        );
      }
      for (const tag of tags) setTag(run, tag);
      return {};
    },
    "POST runs/log-inputs": (parameters) => {
      const run = activeRun(parameters);
      for (const { dataset } of list(parameters, "datasets")) {
        const { name, digest, source_type, source } = dataset as Json;
        const id = `${name}${digest}`;
        exec(
          `INSERT OR IGNORE INTO datasets
            (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
            VALUES (?, ?, ?, ?, ?, ?)`,
          ...[id, Number(run["experiment_id"])],
          ...[name, digest, source_type, source].map(String),
        );
        exec(
          `INSERT OR IGNORE INTO inputs
            (input_uuid, source_type, source_id, destination_type, destination_id)
            VALUES (?, 'DATASET', ?, 'RUN', ?)`,
          ...[id + run["run_uuid"], id, `${run["run_uuid"]}`],
        );
      }
      return {};
    },
  };
}

/** What stands for infinity in a database. */
const MAX = 1.7976931348623157e308;
