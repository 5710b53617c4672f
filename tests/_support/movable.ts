/**
 * Runs with all that goes with them into another experiment, laid out as MLflow 3 does.
 *
 * @module
 */

import { join } from "@std/path";
import { experiment, NOW, run, runId } from "./builders.ts";
import { experimentMeta, type Files, runMeta, setTimes, writeFiles } from "./disk_store.ts";

/** The experiment that runs leave. */
export const LEFT = "901";
/** The one into which. */
export const ENTERED = "902";
/** A run with a model, a trace and a registered version. */
export const PARENT: string = runId(0x901);
/** A run that is nested in it. */
export const CHILD: string = runId(0x902);
/** A run that stays, and names the same dataset. */
export const OTHER: string = runId(0x903);
/** The model. */
export const MODEL: string = `m-${runId(0x904)}`;
/** The trace. */
export const TRACE: string = `tr-${runId(0x905)}`;
/** The dataset. */
export const DATASET: string = runId(0x906);

/**
 * Writes two experiments into a store, of which one has runs.
 *
 * @param root Absolute real path of the store's root.
 * @param init The status of the run that stays.
 */
export function writeMovable(
  root: string,
  init: { readonly status?: "FINISHED" | "RUNNING" } = {},
): void {
  const uri = (path: string) => `file://${root}/${path}`;
  const files: Record<string, Files[string]> = {
    [`${ENTERED}/meta.yaml`]: experimentMeta(
      experiment({ id: ENTERED, name: "keepers", artifactLocation: uri(ENTERED) }),
    ),
    [`${LEFT}/meta.yaml`]: experimentMeta(
      experiment({ id: LEFT, name: "scratch", artifactLocation: uri(LEFT) }),
    ),
    [`${LEFT}/datasets/${DATASET}/meta.yaml`]:
      "digest: 1f\nname: rice\nprofile: null\nschema: null\nsource: '{}'\nsource_type: code\n",
    [`${LEFT}/models/${MODEL}/meta.yaml`]: `artifact_location: ${
      uri(`${LEFT}/models/${MODEL}/artifacts`)
    }\ncreation_timestamp: ${NOW}\nexperiment_id: '${LEFT}'\nlast_updated_timestamp: ${NOW}\nlifecycle_stage: active\nmodel_id: ${MODEL}\nmodel_type: ''\nname: model\nsource_run_id: '${PARENT}'\nstatus: 2\nstatus_message: null\n`,
    [`${LEFT}/models/${MODEL}/artifacts/MLmodel`]: "flavors: {}\n",
    [`${LEFT}/traces/${TRACE}/trace_info.yaml`]:
      `request_time: '2026-10-01T00:00:00Z'\nstate: OK\ntrace_id: ${TRACE}\ntrace_location:\n  mlflow_experiment:\n    experiment_id: '${LEFT}'\n  type: MLFLOW_EXPERIMENT\n`,
    [`${LEFT}/traces/${TRACE}/request_metadata/mlflow.sourceRun`]: PARENT,
    [`${LEFT}/traces/${TRACE}/tags/mlflow.artifactLocation`]: uri(
      `${LEFT}/traces/${TRACE}/artifacts`,
    ),
    [`${LEFT}/traces/${TRACE}/artifacts/traces.json`]: '{"spans": []}',
    "models/wheat/meta.yaml":
      `creation_timestamp: ${NOW}\ndescription: null\nlast_updated_timestamp: ${NOW}\nname: wheat\n`,
    "models/wheat/version-1/meta.yaml":
      `creation_timestamp: ${NOW}\ncurrent_stage: None\ndescription: null\nlast_updated_timestamp: ${NOW}\nname: wheat\nrun_id: ${PARENT}\nrun_link: null\nsource: models:/${MODEL}\nstatus: READY\nstatus_message: null\nstorage_location: ${
        uri(`${LEFT}/models/${MODEL}/artifacts`)
      }\nuser_id: null\nversion: 1\n`,
  };
  const runs = [
    { id: PARENT, name: "parent", tags: {} },
    { id: CHILD, name: "child", tags: { "mlflow.parentRunId": PARENT } },
    { id: OTHER, name: "other", tags: {}, status: init.status ?? "FINISHED" },
  ] as const;
  for (const one of runs) {
    const artifactUri = uri(`${LEFT}/${one.id}/artifacts`);
    const at = `${LEFT}/${one.id}`;
    const { tags } = one;
    files[`${at}/meta.yaml`] = runMeta(
      run({ ...one, experimentId: LEFT, artifactUri, tags }),
    );
    files[`${at}/artifacts/notes/report.txt`] = `${one.name}\n`;
    files[`${at}/metrics/loss`] = `${NOW} 0.5 0\n`;
    files[`${at}/params`] = null;
    files[`${at}/inputs/${one.id}/meta.yaml`] =
      `destination_id: ${one.id}\ndestination_type: RUN\nsource_id: ${DATASET}\nsource_type: DATASET\ntags: {}\n`;
    for (const [key, value] of Object.entries(tags)) files[`${at}/tags/${key}`] = value;
  }
  files[`${LEFT}/${PARENT}/outputs/${MODEL}/meta.yaml`] =
    `destination_id: ${MODEL}\ndestination_type: MODEL_OUTPUT\nsource_id: ${PARENT}\nsource_type: RUN_OUTPUT\nstep: 0\ntags: {}\n`;
  writeFiles(root, files);
  for (const path of [LEFT, ENTERED, "models/wheat"]) setTimes(join(root, path), NOW - 1e9);
}

/**
 * Soft-deletes an experiment as MLflow does: one rename, and another stage in the record.
 *
 * @param root Absolute real path of the store's root.
 * @param id The experiment's id.
 */
export function deleteExperiment(root: string, id: string): void {
  const deleted = join(root, ".trash", id);
  Deno.renameSync(join(root, id), deleted);
  const meta = join(deleted, "meta.yaml");
  const text = Deno.readTextFileSync(meta);
  Deno.writeTextFileSync(meta, text.replace("stage: active", "stage: deleted"));
}
