/**
 * The `meta.yaml` texts of what is new in a store, in a form that MLflow 1.30 to 3.17 all read.
 *
 * @module
 */

import { codeOf } from "../store/run_status.ts";
import type { RunStatus } from "../store/snapshot.ts";
import type { Dataset, RunRecord } from "../store/tracking_model.ts";
import { type MetaDocument, scalar, stringifyMetaYaml } from "../yaml/meta_yaml.ts";

/** MLflow's code for a run that came from a local program; it writes no other. */
const SOURCE_TYPE_LOCAL = 4;

/**
 * Writes the `meta.yaml` of a new experiment.
 *
 * @param experiment Its id, name, artifact location and time of creation, epoch ms.
 * @returns The text, with the keys of MLflow 3.10 and newer; older ones ignore what they do not know.
 */
export function newExperimentMeta(experiment: {
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly createdAt: number;
}): string {
  return text({
    artifact_location: experiment.artifactLocation,
    creation_time: experiment.createdAt,
    experiment_id: experiment.experimentId,
    last_update_time: experiment.createdAt,
    lifecycle_stage: "active",
    name: experiment.name,
    trace_location: null,
    workspace: "default",
  });
}

/**
 * Writes the `meta.yaml` of a run. MLflow 3 needs `run_id` and MLflow 2 needs `run_uuid`
 * (mlflow#15401), so it has both.
 *
 * @param run The run.
 * @param status Its status.
 * @param endTime Epoch ms; `null` while it runs.
 * @returns The text.
 */
export function runMetaText(run: RunRecord, status: RunStatus, endTime: number | null): string {
  return text({
    artifact_uri: run.artifactUri,
    end_time: endTime,
    entry_point_name: "",
    experiment_id: run.experimentId,
    lifecycle_stage: "active",
    run_id: run.runId,
    run_name: run.runName,
    run_uuid: run.runId,
    source_name: "",
    source_type: SOURCE_TYPE_LOCAL,
    source_version: "",
    start_time: run.startTime,
    status: codeOf(status),
    user_id: run.user,
  }, new Map([["tags", { kind: "sequence", items: [] }]]));
}

/**
 * Writes the `meta.yaml` of a dataset.
 *
 * @param dataset The dataset.
 * @returns The text.
 */
export function datasetMeta(dataset: Dataset): string {
  return text({
    digest: dataset.digest,
    name: dataset.name,
    profile: dataset.profile ?? null,
    schema: dataset.schema ?? null,
    source: dataset.source,
    source_type: dataset.sourceType,
  });
}

/**
 * Writes the `meta.yaml` of an input: that a run used a dataset. As destination it names the dataset,
 * not the run, for so MLflow does (2.4 to 3.17).
 *
 * @param datasetId The dataset's directory.
 * @param tags What the dataset was to the run.
 * @returns The text.
 */
export function inputMeta(datasetId: string, tags: ReadonlyMap<string, string>): string {
  const entries: MetaDocument = new Map([...tags].map(([key, value]) => [key, scalar(value)]));
  return text({
    destination_id: datasetId,
    destination_type: "RUN",
    source_id: datasetId,
    source_type: "DATASET",
  }, new Map([["tags", { kind: "mapping", entries }]]));
}

function text(
  values: Readonly<Record<string, string | number | null>>,
  others: MetaDocument = new Map(),
): string {
  const scalars = Object.entries(values).map(([key, value]) => [key, scalar(value)] as const);
  return stringifyMetaYaml(new Map([...scalars, ...others]));
}
