/**
 * Stores in a database, with the tables that real MLflow makes, from the same nouns that the builders make:
 *
 * ```ts
 * await using store = await tempDatabase({ experiments: [experiment({ runs: [run()] })] });
 * ```
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import type { Experiment, RegisteredModel, Run } from "../../lib/store/snapshot.ts";
import { ROOT, snapshot, type SnapshotInit } from "./builders.ts";
import { writeFiles } from "./disk_store.ts";
import { memoryDirectory, tempDirectory } from "./temp_directory.ts";

/** The versions of MLflow whose tables there are. */
export const SCHEMAS = ["2.22", "3.17"] as const;

/** How to write a database. */
export interface DatabaseOptions {
  /** Whose tables. @default {"3.17"} */
  readonly schema?: typeof SCHEMAS[number];
  /** Whether every run has a file among its artifacts. @default {false} */
  readonly artifacts?: boolean;
  /** Whether it is for tasks in processes of their own, see `diskStore()`. @default {false} */
  readonly onDisk?: boolean;
}

/** A database in a directory of its own, which goes when the scope ends. */
export interface TempDatabase extends AsyncDisposable {
  /** Absolute real path of its directory. */
  readonly directory: string;
  /** Absolute real path of its file. */
  readonly path: string;
  /** As MLflow names it. */
  readonly uri: string;
  /** Where artifacts lie. */
  readonly artifacts: string;
  /** Changes rows, as anybody may. */
  readonly execute: (sql: string) => void;
}

/**
 * Writes a database into a new directory.
 *
 * @param init What it holds.
 * @param options How.
 * @returns The database, to be bound by `await using`.
 */
export async function tempDatabase(
  init: SnapshotInit = {},
  options: DatabaseOptions = {},
): Promise<TempDatabase> {
  const { path: parent, [Symbol.asyncDispose]: dispose } =
    await (options.onDisk ? tempDirectory() : memoryDirectory());
  const directory = Deno.realPathSync(parent);
  const path = join(directory, "mlflow.db");
  writeDatabaseStore(path, init, options);
  return {
    directory,
    path,
    uri: `sqlite:///${path}`,
    artifacts: join(directory, "mlruns"),
    execute: (sql) => {
      using database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
      database.exec(sql);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/**
 * Says where the tables of a version of MLflow stand.
 *
 * @param schema The version.
 * @returns Absolute path of a file of SQL, made by `tests/mlflow/make_schemas.ts`.
 */
export function schemaPath(schema: string): string {
  // The example store is a database of the newest.
  const folder = schema === "3.17" ? "../../tasks/_demo" : "../testdata";
  return fromFileUrl(new URL(`${folder}/mlflow-${schema}.sql`, import.meta.url));
}

/**
 * Writes a database.
 *
 * @param path Absolute path of its file, which must not exist yet; artifacts go into `mlruns` beside it.
 * @param init What it holds: experiments, their runs, logged models and datasets, registered models.
 * @param options How.
 */
export function writeDatabaseStore(
  path: string,
  init: SnapshotInit = {},
  { schema = "3.17", artifacts = false }: DatabaseOptions = {},
): void {
  const { experiments, registeredModels } = snapshot(init);
  Deno.writeFileSync(path, emptyDatabase(schema));
  using database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  database.exec("BEGIN");
  const root = join(path, "../mlruns");
  const place = (uri: string) => uri.replace(`file://${ROOT}`, root);
  for (const experiment of experiments) writeExperiment(database, experiment, place);
  for (const model of registeredModels) writeRegisteredModel(database, model, place);
  database.exec("COMMIT");
  if (!artifacts) return;
  for (const run of experiments.flatMap(({ runs }) => runs)) {
    writeFiles(place(run.artifactUri), { "report.txt": `${run.name}\n` });
  }
}

/**
 * Lets rows say that artifacts lie elsewhere.
 *
 * @param path Absolute path of the database's file.
 * @param from What every location begins with, as far as it is to be changed.
 * @param to What it begins with then.
 */
export function relocateRows(path: string, from: string, to: string): void {
  using database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  for (
    const [table, column] of [
      ["experiments", "artifact_location"],
      ["runs", "artifact_uri"],
      ["logged_models", "artifact_location"],
    ]
  ) {
    database.prepare(`UPDATE ${table} SET ${column} = REPLACE(${column}, ?, ?)`).run(from, to);
  }
}

const empty = new Map<string, Uint8Array>();

/** What SQLite of Deno's can do, and its types do not tell yet. */
type Serializable = DatabaseSync & { serialize(): Uint8Array };

/** The tables of a version of MLflow: to make them takes a hundred times as long as to write them. */
function emptyDatabase(schema: string): Uint8Array {
  const known = empty.get(schema);
  if (known !== undefined) return known;
  using database = new DatabaseSync(":memory:") as Serializable;
  database.exec(Deno.readTextFileSync(schemaPath(schema)));
  const bytes = database.serialize();
  empty.set(schema, bytes);
  return bytes;
}

type Row = Readonly<Record<string, string | number | bigint | null>>;

function insert(database: DatabaseSync, table: string, row: Row): void {
  const columns = Object.keys(row);
  database.prepare(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  ).run(...Object.values(row));
}

function writeExperiment(
  database: DatabaseSync,
  experiment: Experiment,
  place: (uri: string) => string,
): void {
  const { id, name, lifecycleStage, artifactLocation, creationTime, lastUpdateTime } = experiment;
  insert(database, "experiments", {
    experiment_id: BigInt(id),
    name,
    artifact_location: place(artifactLocation),
    lifecycle_stage: lifecycleStage,
    creation_time: creationTime,
    last_update_time: lastUpdateTime,
  });
  for (const run of experiment.runs) writeRun(database, run, place);
  for (const model of experiment.loggedModels) {
    insert(database, "logged_models", {
      model_id: model.id,
      experiment_id: BigInt(id),
      name: model.name,
      artifact_location: place(model.artifactLocation),
      creation_timestamp_ms: 0,
      last_updated_timestamp_ms: model.lastUpdatedTime ?? 0,
      status: 2,
      lifecycle_stage: model.lifecycleStage,
      source_run_id: model.sourceRunId,
    });
    for (const [tag_key, tag_value] of model.tags) {
      insert(database, "logged_model_tags", {
        model_id: model.id,
        experiment_id: BigInt(id),
        tag_key,
        tag_value,
      });
    }
    for (const use of model.usedBy) {
      if (use.kind === "metric") {
        insert(database, "logged_model_metrics", {
          model_id: model.id,
          metric_name: "accuracy",
          metric_timestamp_ms: 1,
          metric_step: 0,
          metric_value: 0.5,
          experiment_id: BigInt(id),
          run_id: use.run,
        });
      }
      if (use.kind !== "output") continue;
      insert(database, "inputs", {
        input_uuid: `${use.run}-${model.id}`,
        source_type: "RUN_OUTPUT",
        source_id: use.run,
        destination_type: "MODEL_OUTPUT",
        destination_id: model.id,
      });
    }
  }
  for (let number = 0; number < experiment.datasets; number++) {
    insert(database, "datasets", {
      dataset_uuid: `${id}-${number}`,
      experiment_id: BigInt(id),
      name: "iris",
      digest: `${number}`,
      dataset_source_type: "local",
      dataset_source: "{}",
    });
  }
  const uses = experiment.traceUses ?? [];
  const traces = Array.from({ length: experiment.traces }, (_, number) => `tr-${id}-${number}`);
  for (const trace of new Set([...uses.map(({ trace }) => trace), ...traces])) {
    insert(database, "trace_info", {
      request_id: trace,
      experiment_id: BigInt(id),
      timestamp_ms: 0,
      execution_time_ms: 0,
      status: "OK",
    });
  }
  for (const { trace, assessment, runId, modelId } of uses) {
    if (assessment !== null) {
      const metadata = { "mlflow.assessment.sourceRunId": runId };
      insert(database, "assessments", {
        assessment_id: assessment,
        trace_id: trace,
        name: "right",
        assessment_type: "feedback",
        value: "true",
        created_timestamp: 0,
        last_updated_timestamp: 0,
        source_type: "HUMAN",
        valid: 1,
        // As Python writes it.
        assessment_metadata: JSON.stringify(metadata).replaceAll('":"', '": "'),
      });
      continue;
    }
    for (const [key, value] of [["mlflow.sourceRun", runId], ["mlflow.modelId", modelId]]) {
      if (value) {
        insert(database, "trace_request_metadata", { request_id: trace, key: key!, value });
      }
    }
  }
}

function writeRun(database: DatabaseSync, run: Run, place: (uri: string) => string): void {
  const { id, experimentId, name, status, lifecycleStage, startTime, endTime, deletedTime } = run;
  insert(database, "runs", {
    run_uuid: id,
    experiment_id: BigInt(experimentId),
    name,
    source_type: "LOCAL",
    status,
    lifecycle_stage: lifecycleStage,
    start_time: startTime,
    end_time: endTime,
    deleted_time: deletedTime,
    artifact_uri: place(run.artifactUri),
  });
  for (const [key, value] of run.tags) insert(database, "tags", { run_uuid: id, key, value });
  const { metrics, params, inputs } = run.extras ?? {};
  for (const [key, value] of params ?? []) insert(database, "params", { run_uuid: id, key, value });
  for (const [key, { latest, least, greatest }] of metrics ?? []) {
    insert(database, "latest_metrics", metricRow(id, key, latest, 2));
    for (const [step, value] of [least, greatest, latest].entries()) {
      if (value !== null) insert(database, "metrics", metricRow(id, key, value, step));
    }
  }
  for (const model of inputs ?? []) {
    insert(database, "inputs", {
      input_uuid: `${id}-${model}`,
      source_type: "RUN_INPUT",
      source_id: id,
      destination_type: "MODEL_INPUT",
      destination_id: model,
    });
  }
}

/** As MLflow writes what is no finite number. */
function metricRow(run: string, key: string, value: number, step: number): Row {
  const most = 1.7976931348623157e308;
  const written = Number.isNaN(value) ? 0 : Math.max(-most, Math.min(most, value));
  const isNan = Number(Number.isNaN(value));
  return { run_uuid: run, key, value: written, step, timestamp: step, is_nan: isNan };
}

function writeRegisteredModel(
  database: DatabaseSync,
  { name, aliases, versions }: RegisteredModel,
  place: (uri: string) => string,
): void {
  insert(database, "registered_models", { name });
  for (const { version, runId, source, storageLocation, stage } of versions) {
    insert(database, "model_versions", {
      name,
      version: Number(version),
      run_id: runId,
      source: place(source),
      storage_location: storageLocation === null ? null : place(storageLocation),
      current_stage: stage,
    });
  }
  for (const [alias, version] of aliases) {
    insert(database, "registered_model_aliases", { name, alias, version: Number(version) });
  }
}
