/**
 * Two databases with their artifacts, of which one can be merged into the other.
 *
 * @module
 */

import { join } from "@std/path";
import { experiment, loggedModel, NOW, run, runId } from "./builders.ts";
import { type SCHEMAS, type TempDatabase, tempDatabase } from "./database_store.ts";
import { writeFiles } from "./disk_store.ts";

/** The run of the store into which. */
export const HERE: string = runId(1);
/** A run with a model, a trace and a registered version. */
export const PARENT: string = runId(2);
/** A run that is nested in it. */
export const CHILD: string = runId(3);
/** A run of another experiment. */
export const OTHER: string = runId(4);
/** The model. */
export const MODEL: string = `m-${runId(5)}`;
/** The trace. */
export const TRACE: string = `tr-${runId(6)}`;

type Schema = typeof SCHEMAS[number];

/**
 * Writes a store with one run.
 *
 * @param schema Whose tables.
 * @returns The store, to be bound by `await using`.
 */
export function writeDesk(schema: Schema): Promise<TempDatabase> {
  return tempDatabase({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({ id: "1", name: "rice", runs: [run({ id: HERE, name: "here" })] }),
    ],
  }, { schema, artifacts: true });
}

/**
 * Writes another one: an experiment of the same name, another one, and all that belongs to runs.
 *
 * @param schema Whose tables.
 * @returns The store, to be bound by `await using`.
 */
export async function writeLaptop(schema: Schema): Promise<TempDatabase> {
  const isThree = schema === "3.17";
  const inRice = { experimentId: "2" };
  const database = await tempDatabase({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        name: "wheat",
        runs: [run({ id: OTHER, name: "other", tags: { note: "é\n" } })],
      }),
      experiment({
        id: "2",
        name: "rice",
        runs: [
          run({ id: PARENT, name: "parent", ...inRice }),
          run({ id: CHILD, name: "child", ...inRice, tags: { "mlflow.parentRunId": PARENT } }),
        ],
        loggedModels: isThree
          ? [loggedModel({ id: MODEL, experimentId: "2", sourceRunId: PARENT })]
          : [],
      }),
    ],
  }, { schema, artifacts: true });
  const place = join(database.artifacts, "2");
  database.execute(`
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
      SELECT 'loss', value / 3.0, value, '${PARENT}', value, 0
      FROM json_each('[${Array.from({ length: 7 }, (_, at) => at)}]');
    INSERT INTO params (key, value, run_uuid) VALUES ('lr', '0.1', '${PARENT}');
    INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
      VALUES ('d1', 2, 'grains', '4b8f', 'code', '{}');
    INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) VALUES
      ('i1', 'DATASET', 'd1', 'RUN', '${PARENT}'), ('i2', 'DATASET', 'd1', 'RUN', '${CHILD}');
    INSERT INTO input_tags (input_uuid, name, value) VALUES ('i1', 'mlflow.data.context', 'train');
    INSERT INTO experiment_tags (key, value, experiment_id) VALUES ('owner', 'kim', 1);
    INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status)
      VALUES ('${TRACE}', 2, ${NOW}, 'OK');
    INSERT INTO trace_request_metadata (key, value, request_id)
      VALUES ('mlflow.sourceRun', '${PARENT}', '${TRACE}');
    INSERT INTO trace_tags (key, value, request_id)
      VALUES ('mlflow.artifactLocation', '${place}/traces/${TRACE}/artifacts', '${TRACE}');
    INSERT INTO registered_models (name, creation_time) VALUES ('bread', 7);
    INSERT INTO model_versions (name, version, source, run_id, current_stage, storage_location)
      VALUES ('bread', 1, '${place}/${PARENT}/artifacts/model', '${PARENT}', 'None',
        'file://${place}/${PARENT}/artifacts/model');
    INSERT INTO registered_model_aliases (name, alias, version) VALUES ('bread', 'best', 1)`);
  writeFiles(place, { [`${PARENT}/artifacts/model/MLmodel`]: "flavors: {}\n" });
  writeFiles(place, { [`traces/${TRACE}/artifacts/traces.json`]: "{}" });
  if (isThree) {
    writeFiles(place, { [`models/${MODEL}/artifacts/MLmodel`]: "flavors: {}\n" });
    database.execute(`
      INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value)
        VALUES ('${MODEL}', 2, 'depth', '2');
      INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step,
        metric_value, experiment_id, run_id, dataset_uuid)
        VALUES ('${MODEL}', 'loss', 1, 0, 0.5, 2, '${CHILD}', 'd1');
      INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
        VALUES ('i3', 'RUN_OUTPUT', '${PARENT}', 'MODEL_OUTPUT', '${MODEL}');
      INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value,
        created_timestamp, last_updated_timestamp, source_type, valid, is_numeric_value, experiment_id)
        VALUES ('a-1', '${TRACE}', 'right', 'feedback', 'true', 1, 1, 'HUMAN', 1, 0, 2);
      INSERT INTO spans (trace_id, experiment_id, span_id, status, start_time_unix_nano, content)
        VALUES ('${TRACE}', 2, 's1', 'OK', 1, '{"name": "double"}')`);
  }
  return database;
}
