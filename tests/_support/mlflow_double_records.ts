/**
 * What the server in this process tells of each row, see `mlflow_double.ts`.
 *
 * @module
 */

/** What is asked, and answered. */
export type Json = Readonly<Record<string, unknown>>;
/** A row of MLflow's tables. */
export type Row = Readonly<Record<string, string | number | bigint | null | Uint8Array>>;

/** Selects rows. */
export type All = (sql: string, ...values: (string | number | null)[]) => readonly Row[];

/** Empty lists are left out. */
export function listed(name: string, all: readonly unknown[]): Json {
  return all.length === 0 ? {} : { [name]: all };
}

/** Tells of an experiment. */
export function tellExperiment(row: Row, all: All, isNew: boolean): Json {
  const tags = all(
    "SELECT key, value FROM experiment_tags WHERE experiment_id = ?",
    Number(row["experiment_id"]),
  );
  return {
    experiment_id: `${row["experiment_id"]}`,
    name: row["name"],
    artifact_location: row["artifact_location"],
    lifecycle_stage: row["lifecycle_stage"],
    ...(row["last_update_time"] === null ? {} : { last_update_time: row["last_update_time"] }),
    ...(row["creation_time"] === null ? {} : { creation_time: row["creation_time"] }),
    ...listed("tags", tags),
    ...(isNew ? { workspace: "default" } : {}),
  };
}

/** Tells of a run, with what the version knows of it. */
export function tellRun(row: Row, all: All, isNew: boolean): Json {
  const id = `${row["run_uuid"]}`;
  const rows = (table: string) =>
    all(`SELECT key, value FROM ${table} WHERE run_uuid = ?`, id).map(({ key, value }) => ({
      key,
      value,
    }));
  const metrics = all("SELECT * FROM latest_metrics WHERE run_uuid = ?", id)
    .map(({ key, value, timestamp, step, is_nan }) => ({
      key,
      value: is_nan ? "NaN" : value,
      timestamp,
      step,
    }));
  const models = (kind: string) =>
    all(
      "SELECT destination_id FROM inputs WHERE source_id = ? AND source_type = ?",
      ...[id, kind] as const,
    ).map(({ destination_id }) => ({ model_id: destination_id }));
  return {
    info: {
      run_uuid: id,
      experiment_id: `${row["experiment_id"]}`,
      run_name: row["name"],
      user_id: row["user_id"],
      status: row["status"],
      start_time: row["start_time"],
      // 0 is none.
      ...(row["end_time"] ? { end_time: row["end_time"] } : {}),
      artifact_uri: row["artifact_uri"],
      lifecycle_stage: row["lifecycle_stage"],
      run_id: id,
    },
    data: {
      ...listed("metrics", metrics),
      ...listed("params", rows("params")),
      ...listed("tags", rows("tags")),
    },
    inputs: isNew ? listed("model_inputs", models("RUN_INPUT")) : {},
    ...(isNew
      ? {
        outputs: listed(
          "model_outputs",
          models("RUN_OUTPUT").map((one) => ({ ...one, step: "0" })),
        ),
      }
      : {}),
  };
}

/** Tells of a logged model. */
export function tellModel(row: Row): Json {
  return {
    info: {
      model_id: row["model_id"],
      experiment_id: `${row["experiment_id"]}`,
      name: row["name"],
      creation_timestamp_ms: row["creation_timestamp_ms"],
      last_updated_timestamp_ms: row["last_updated_timestamp_ms"],
      artifact_uri: row["artifact_location"],
      status: "LOGGED_MODEL_READY",
      ...(row["source_run_id"] === null ? {} : { source_run_id: row["source_run_id"] }),
    },
    data: {},
  };
}

/** Tells of all traces of an experiment. */
export function tellTraces(experiment: string, all: All): readonly Json[] {
  return all("SELECT * FROM trace_info WHERE experiment_id = ?", Number(experiment)).map((row) => {
    const id = `${row["request_id"]}`;
    const metadata = all(
      "SELECT key, value FROM trace_request_metadata WHERE request_id = ?",
      id,
    ).map(({ key, value }) => [key, value]);
    return {
      trace_id: id,
      trace_location: {
        type: "MLFLOW_EXPERIMENT",
        mlflow_experiment: { experiment_id: experiment },
      },
      request_time: new Date(Number(row["timestamp_ms"])).toISOString(),
      state: "OK",
      trace_metadata: Object.fromEntries(metadata),
      ...listed("assessments", assessmentsOf(id, all)),
    };
  });
}

function assessmentsOf(trace: string, all: All): readonly Json[] {
  return all("SELECT * FROM assessments WHERE trace_id = ?", trace).map((row) => ({
    assessment_id: row["assessment_id"],
    assessment_name: row["name"],
    trace_id: trace,
    source: { source_type: row["source_type"] },
    feedback: { value: JSON.parse(`${row["value"]}`) },
    metadata: JSON.parse(`${row["assessment_metadata"] ?? "{}"}`),
    valid: Boolean(row["valid"]),
  }));
}
