/**
 * The nouns of `meta.yaml` files: what each kind of them says.
 *
 * @module
 */

import type { LifecycleStage, RunStatus } from "../store/snapshot.ts";

/** What the `meta.yaml` of an experiment says. */
export interface ExperimentMeta {
  /** Must be the directory's name. */
  readonly experimentId: string;
  /** Unique, in new versions among deleted experiments too. */
  readonly name: string;
  /** Data, never a path to delete. */
  readonly artifactLocation: string;
  /** As recorded; MLflow does not check it. */
  readonly lifecycleStage: string;
  /** Epoch ms; `null` in stores older than MLflow 1.29. */
  readonly creationTime: number | null;
  /** Epoch ms; `null` in stores older than MLflow 1.29. */
  readonly lastUpdateTime: number | null;
}

/** What the `meta.yaml` of a run says. */
export interface RunMeta {
  /** Must be the directory's name. */
  readonly runId: string;
  /** Must be the name of the directory around the run's. */
  readonly experimentId: string;
  /** Empty before MLflow 1.30, which kept it in the tag `mlflow.runName` only. */
  readonly name: string;
  /** `RUNNING` where nothing is recorded. */
  readonly status: RunStatus;
  /** `active` where nothing is recorded. */
  readonly lifecycleStage: LifecycleStage;
  /** Epoch ms. */
  readonly startTime: number;
  /** Epoch ms; `null` while the run has not ended. */
  readonly endTime: number | null;
  /** Epoch ms; `null` when the key is absent or null. */
  readonly deletedTime: number | null;
  /** Data, never a path to delete; empty when absent. */
  readonly artifactUri: string;
  /** Who started the run. */
  readonly userId: string;
}

/** What the `meta.yaml` of a model version says. */
export interface ModelVersionMeta {
  /** 1, 2, 3, … */
  readonly version: string;
  /** `null` when the version names no run. */
  readonly runId: string | null;
  /** Where the model came from: a URI or a path; empty when absent. */
  readonly source: string;
  /** `null` when absent (MLflow 2). */
  readonly storageLocation: string | null;
  /** `None`, `Staging`, `Production`, `Archived` or `Deleted_Internal`. */
  readonly stage: string;
  /** `null` when absent (MLflow 2). */
  readonly modelId: string | null;
}

/** What the `meta.yaml` of a registered model says. */
export interface RegisteredModelMeta {
  /** The directory's name. */
  readonly name: string;
}

/** What the `meta.yaml` of a logged model (MLflow 3) says. */
export interface LoggedModelMeta {
  /** `m-` and 32 hexadecimal digits. */
  readonly modelId: string;
  /** For people; not unique. */
  readonly name: string;
  /** The experiment that holds the model. */
  readonly experimentId: string;
  /** `null` when no run logged it. */
  readonly sourceRunId: string | null;
  /** `active` where nothing is recorded. */
  readonly lifecycleStage: LifecycleStage;
  /** Epoch ms; `null` where it is no time. */
  readonly lastUpdatedTime: number | null;
  /** Data, never a path to delete. */
  readonly artifactLocation: string;
}
