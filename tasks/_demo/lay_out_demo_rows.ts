/**
 * The rows that MLflow 3.17 would have written for the example store into a database.
 *
 * @module
 */

import type {
  DemoExperiment,
  DemoModel,
  DemoRun,
  DemoStore,
  DemoVersion,
} from "./describe_demo_store.ts";

/** A row to insert. A row stands behind those that it refers to. */
export interface DemoRow {
  readonly table: string;
  /** By column; those of a table are the same in each of its rows, in the same order. */
  readonly values: Readonly<Record<string, string | number | bigint | null>>;
}

/** Lists the rows; `root` is the absolute path of the directory that holds the artifacts. */
export function* layOutDemoRows(store: DemoStore, root: string): Generator<DemoRow> {
  yield row("workspaces", {
    name: WORKSPACE,
    description: "Default workspace for legacy resources",
  });
  for (const experiment of store.experiments) yield* layOutExperiment(experiment, root);
  for (const model of store.models) yield* layOutModel(model, root);
}

/** The only one, unless a server is told to have several. */
const WORKSPACE = "default";

function* layOutExperiment(experiment: DemoExperiment, root: string): Generator<DemoRow> {
  const { id, name, creationTime, runs } = experiment;
  yield row("experiments", {
    experiment_id: BigInt(id),
    name,
    artifact_location: `${root}/${id}`,
    lifecycle_stage: "active",
    creation_time: creationTime,
    last_update_time: creationTime,
    workspace: WORKSPACE,
  });
  for (const run of runs) yield* layOutRun(id, run, root);
}

function* layOutRun(experimentId: string, run: DemoRun, root: string): Generator<DemoRow> {
  const { id: run_uuid, name, user, status, startTime, endTime } = run;
  yield row("runs", {
    run_uuid,
    name,
    source_type: "UNKNOWN",
    source_name: "",
    entry_point_name: "",
    user_id: user,
    status,
    start_time: startTime,
    end_time: endTime,
    source_version: "",
    lifecycle_stage: "active",
    artifact_uri: `${root}/${experimentId}/${run_uuid}/artifacts`,
    experiment_id: BigInt(experimentId),
  });
  for (const table of ["params", "tags"] as const) {
    for (const [key, value] of Object.entries(run[table])) {
      yield row(table, { key, value, run_uuid });
    }
  }
  for (const [key, points] of Object.entries(run.metrics)) {
    const rows = points.map(({ time: timestamp, value, step }) => ({
      key,
      value,
      timestamp,
      step,
      is_nan: 0,
      run_uuid,
    }));
    for (const values of rows) yield row("metrics", values);
    const latest = rows.at(-1);
    if (latest !== undefined) yield row("latest_metrics", latest);
  }
}

function* layOutModel(model: DemoModel, root: string): Generator<DemoRow> {
  const { name, description, versions, aliases } = model;
  const times = versions.map((version) => version.creationTime);
  yield row("registered_models", {
    name,
    creation_time: Math.min(...times),
    last_updated_time: Math.max(...times),
    description,
    workspace: WORKSPACE,
  });
  for (const version of versions) yield layOutVersion(name, version, root);
  for (const [alias, version] of Object.entries(aliases)) {
    yield row("registered_model_aliases", { alias, version, name, workspace: WORKSPACE });
  }
}

function layOutVersion(name: string, version: DemoVersion, root: string): DemoRow {
  const { experimentId, runId, refersBy, stage, user, creationTime } = version;
  const stored = refersBy === "runs:/"
    ? `runs:/${runId}/model`
    : `${root}/${experimentId}/${runId}/artifacts/model`;
  // Of a version that was deleted MLflow keeps the row, and blacks out whence it came.
  const isDeleted = stage === "Deleted_Internal";
  return row("model_versions", {
    name,
    version: version.version,
    creation_time: creationTime,
    last_updated_time: creationTime,
    user_id: user,
    current_stage: stage,
    source: isDeleted ? "REDACTED-SOURCE-PATH" : stored,
    run_id: isDeleted ? "REDACTED-RUN-ID" : refersBy === "run_id" ? runId : null,
    status: "READY",
    run_link: isDeleted ? "REDACTED-RUN-LINK" : null,
    storage_location: stored,
    workspace: WORKSPACE,
  });
}

function row(table: string, values: DemoRow["values"]): DemoRow {
  return { table, values };
}
