/**
 * The nouns of a store: what was read of an MLflow file store at one moment, as plain readonly data.
 *
 * Ids are strings, always: experiment ids exceed 2^53 and a run id may look like a float. Lifecycle
 * stages and statuses are MLflow's own words. Times are epoch milliseconds, sizes are bytes.
 *
 * @module
 */

import type { BucketRoot } from "./artifact_uri.ts";
import type { Extras, ModelUse, RunExtras, TraceUse } from "./extras.ts";
import type { ExperimentId, RunId, StorePath } from "./path.ts";
import type { MetaDamage, Problem, Reference } from "./problem.ts";
import type { DiskUsage, UsageParts } from "./usage.ts";

/** A list with at least one element. */
export type NonEmpty<T> = readonly [T, ...T[]];

/**
 * Tells whether a list has an element.
 *
 * @param list Any list.
 * @returns Whether it has one.
 */
export function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0;
}

/** MLflow's lifecycle stages. */
export type LifecycleStage = "active" | "deleted";

/** MLflow's run statuses. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/**
 * How deep a store was read. `meta`: every `meta.yaml`. `tags`: also each run's tags, the stamps
 * that plans carry as preconditions, and the disk usage of what a clean-up could move. `full`: also
 * every other file that MLflow reads, for what is wrong with it.
 */
export type Depth = "meta" | "tags" | "full";

/** A run whose `meta.yaml` is usable. */
export interface Run {
  /** Name of its directory. */
  readonly id: RunId;
  /** The experiment it lies in. */
  readonly experimentId: ExperimentId;
  /** Its directory. */
  readonly path: StorePath;
  /** As MLflow shows it. */
  readonly name: string;
  /** As recorded. */
  readonly status: RunStatus;
  /** As recorded. */
  readonly lifecycleStage: LifecycleStage;
  /** Epoch ms. */
  readonly startTime: number;
  /** Epoch ms; `null` while the run has not ended. */
  readonly endTime: number | null;
  /** Epoch ms; `null` when the key is absent or null. */
  readonly deletedTime: number | null;
  /** Epoch ms of the newest change anywhere in it; only of a soft-deleted run of which nobody knows when that was. */
  readonly lastChange?: number;
  /** As recorded: data, never a path to delete. */
  readonly artifactUri: string;
  /** The run's directory is a symbolic link; or the record of a soft-deleted one is. */
  readonly link: boolean;
  /** Tag key → value; empty at depth `meta`. */
  readonly tags: ReadonlyMap<string, string>;
  /** Changes when `meta.yaml` or the run's directory does; empty at depth `meta`. */
  readonly stamp: string;
  /** `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
  /** Left out where nothing besides was asked for. */
  readonly extras?: RunExtras;
}

/** A run directory whose `meta.yaml` MLflow cannot use. */
export interface DamagedRun {
  /** Name of the directory. */
  readonly id: string;
  /** Its directory. */
  readonly path: StorePath;
  /** What is wrong with its `meta.yaml`. */
  readonly damage: MetaDamage;
  /** The same, for people. */
  readonly message: string;
  /** The directory is a symbolic link. */
  readonly link: boolean;
  /** Tag key → value, as far as they can be read; empty at depth `meta`. */
  readonly tags: ReadonlyMap<string, string>;
  /** Ids of the logged models that are its inputs; empty where they were not asked for. */
  readonly inputs: readonly string[];
  /** As far as its record still says: data, never a path to delete. `null` when it does not. */
  readonly artifactUri: string | null;
  /** `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
}

/**
 * A logged model (MLflow 3): `models/m-…` inside an experiment. More than its record is read only of one that
 * a clean-up could move: it is soft-deleted, or the run that logged it is, or is gone.
 */
export interface LoggedModel {
  /** Name of its directory. */
  readonly id: string;
  /** Its directory. */
  readonly path: StorePath;
  /** As MLflow shows it. */
  readonly name: string;
  /** The run that logged it; `null` when it names none. */
  readonly sourceRunId: string | null;
  /** As recorded. */
  readonly lifecycleStage: LifecycleStage;
  /** Epoch ms; `null` when absent. From MLflow 3.7 on, in a soft-deleted model, the time of its deletion. */
  readonly lastUpdatedTime: number | null;
  /** As recorded: data, never a path to delete. */
  readonly artifactLocation: string;
  /** Its directory, or `models/` itself, is a symbolic link; or the record of one that a clean-up could move. */
  readonly link: boolean;
  /** Tag key → value; empty where only its record was read. */
  readonly tags: ReadonlyMap<string, string>;
  /** What names it, besides the run that logged it; empty where only its record was read. */
  readonly usedBy: readonly ModelUse[];
  /** Epoch ms of the newest change anywhere in it; `null` where only its record was read. */
  readonly lastChange: number | null;
  /** Changes when anything in it does; empty where only its record was read. */
  readonly stamp: string;
  /** `null` where only its record was read. */
  readonly usage: DiskUsage | null;
}

/** An experiment whose `meta.yaml` MLflow can use. */
export interface Experiment {
  /** Name of its directory. */
  readonly id: ExperimentId;
  /** Its directory. */
  readonly path: StorePath;
  /** As MLflow shows it. */
  readonly name: string;
  /** The stage by location: in the root `active`, in `.trash/` `deleted` (location beats content). */
  readonly lifecycleStage: LifecycleStage;
  /** The stage that `meta.yaml` records; MLflow before 2.3 never recorded `deleted`. */
  readonly recordedStage: string;
  /** As recorded: data, never a path to delete. */
  readonly artifactLocation: string;
  /** Epoch ms; `null` in stores older than MLflow 1.29. */
  readonly creationTime: number | null;
  /** Epoch ms; in a deleted experiment, the time of its deletion. */
  readonly lastUpdateTime: number | null;
  /** Epoch ms of the newest change anywhere in it; only of a deleted one of which nobody knows when that was. */
  readonly lastChange?: number;
  /** Runs that MLflow can read, deleted ones included. */
  readonly runs: readonly Run[];
  /** Runs that MLflow cannot read. */
  readonly damagedRuns: readonly DamagedRun[];
  /** Its logged models (MLflow 3). */
  readonly loggedModels: readonly LoggedModel[];
  /** Number of trace directories. */
  readonly traces: number;
  /** What traces and assessments come from; left out where it was not asked for. */
  readonly traceUses?: readonly TraceUse[];
  /** Number of logged datasets. */
  readonly datasets: number;
  /** The experiment's directory is a symbolic link; or the record of a deleted one is. */
  readonly link: boolean;
  /** Changes when `meta.yaml` or the directory does; empty at depth `meta`. */
  readonly stamp: string;
  /** `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
  /** What takes it; left out where sizes were not read. */
  readonly parts?: UsageParts;
}

/** A directory that MLflow takes for an experiment, without a `meta.yaml` that MLflow can use. */
export interface Orphan {
  /** Name of the directory. */
  readonly id: string;
  /** The directory. */
  readonly path: StorePath;
  /** The stage by location: in the root `active`, in `.trash/` `deleted`. */
  readonly lifecycleStage: LifecycleStage;
  /** What is wrong with its `meta.yaml`. */
  readonly damage: MetaDamage;
  /** The same, for people. */
  readonly message: string;
  /** Runs in it whose own `meta.yaml` is usable. */
  readonly runs: readonly Run[];
  /** Runs in it that MLflow could not read either. */
  readonly damagedRuns: readonly DamagedRun[];
  /** Logged models in it (MLflow 3). */
  readonly loggedModels: readonly LoggedModel[];
  /** Entries that MLflow does not write into an experiment. */
  readonly foreign: readonly string[];
  /** How many of the damaged runs' directories hold a file, and not only an empty record. */
  readonly lostRuns: number;
  /** How many directories of logged models it has, whether they can be read or not. */
  readonly modelDirectories: number;
  /** How many traces it has. */
  readonly traces: number;
  /** What traces and assessments come from; left out where it was not asked for. */
  readonly traceUses?: readonly TraceUse[];
  /** Epoch ms of the newest change anywhere inside; `null` where not all could be looked at. */
  readonly newestChange: number | null;
  /** The directory is a symbolic link; or, in `.trash/`, its record is. */
  readonly link: boolean;
  /** Changes when `meta.yaml` or the directory does; empty at depth `meta`. */
  readonly stamp: string;
  /** `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
  /** What takes it; left out where sizes were not read. */
  readonly parts?: UsageParts;
}

/**
 * Something in the root, or in `.trash/`, that is no experiment. `file`: ignored by MLflow.
 * `ignored-directory`: its name ends in `.trash`. `backup-directory`: made by an older script; MLflow
 * warns of it or breaks on it. `unlistable-directory`: its name makes MLflow's whole listing raise.
 * `foreign-directory`: nothing of MLflow's, though its name could be an id. `nested-store`: a store of its own;
 * MLflow takes either for an experiment without metadata. `renamed-experiment`: an experiment whose directory has
 * a name that cannot be an id. `misplaced-run`: a run where experiments are.
 * `duplicate-link`: a symbolic link to a directory that is counted elsewhere in this store.
 * `broken-link`: a symbolic link to nothing.
 */
export interface Stray {
  /** Where it is. */
  readonly path: StorePath;
  /** What it is. */
  readonly kind:
    | "file"
    | "ignored-directory"
    | "backup-directory"
    | "unlistable-directory"
    | "foreign-directory"
    | "nested-store"
    | "renamed-experiment"
    | "misplaced-run"
    | "duplicate-link"
    | "broken-link";
  /** The id that the record of a renamed experiment gives. @default {none, or of what is no such} */
  readonly names?: string;
  /** `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
}

/** A version of a registered model; deleted versions (`Deleted_Internal`) stay on disk. */
export interface ModelVersion {
  /** The version's number, as MLflow writes it. */
  readonly version: string;
  /** Its directory. */
  readonly path: StorePath;
  /** `null` when the version names no run. */
  readonly runId: string | null;
  /** As recorded: a path, or a URI of any scheme. */
  readonly source: string;
  /** `null` when absent (MLflow 2). */
  readonly storageLocation: string | null;
  /** As recorded: `None`, `Staging`, `Production`, `Archived`, `Deleted_Internal`. */
  readonly stage: string;
  /** MLflow 3's link to a logged model; `null` when absent. */
  readonly modelId: string | null;
}

/** A registered model: a directory of `models/` in the root. */
export interface RegisteredModel {
  /** As MLflow shows it. */
  readonly name: string;
  /** Its directory. */
  readonly path: StorePath;
  /** Alias → version. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Its versions, deleted ones included. */
  readonly versions: readonly ModelVersion[];
}

/** A row of a database that names the place of files. */
export interface DatabaseRow {
  /** What it is. */
  readonly kind: "experiment" | "run" | "logged-model" | "model-version" | "trace";
  /** Its id; of a model version the model's name and its number, such as `churn v3`. */
  readonly id: string;
  /** As recorded: data, never a path to delete. */
  readonly location: string;
}

/**
 * A database whose rows may name what lies in a store: after `mlflow migrate-filestore`, or where its
 * server keeps artifacts in `mlruns/`.
 */
export interface Database {
  /** Absolute path; `DIRECTORY/*` stands for one that may be any file of a directory with too many. */
  readonly path: string;
  /** Rows of every lifecycle stage, since what is deleted may be restored; none where it cannot be read. */
  readonly rows: readonly DatabaseRow[];
  /** Why it cannot be read, and what helps; `null` when it was. */
  readonly problem: string | null;
}

/** Something in a database that names a thing, or may name it: without that it would name nothing. */
export interface Hold {
  /** What is named. */
  readonly of: "run" | "logged-model" | "experiment";
  /** Its id; `null`: it may be any. */
  readonly id: string | null;
  /** The table that names it. */
  readonly table: string;
  /** The id of the row that does; `null`: the table is not known. */
  readonly row: string | null;
  /** The trace that the row belongs to; left out where there is none. */
  readonly trace?: string;
}

/** What is known of a store that is a database, besides what it holds. */
export interface Backend {
  /** Absolute path of where its artifacts lie, `EXPERIMENT/RUN/artifacts`; `null` where that is not on this machine. */
  readonly artifactRoot: string | null;
  /** Places in buckets in which experiments have theirs; left out where there are none, or nobody looked. */
  readonly buckets?: readonly BucketRoot[];
  /** The state of its schema, as Alembic records it; `null` where it records none. */
  readonly revision: string | null;
  /** Whether the highest id of an experiment is given out again once that is gone. @default {false} */
  readonly reusesIds?: boolean;
  /** What keeps things from being removed for good that nothing else is known of; left out at depth `meta`. */
  readonly holds?: readonly Hold[];
  /** How many pages the file has, and how many of them hold nothing; left out below depth `full`. */
  readonly pages?: { readonly total: number; readonly free: number };
  /** What a tracking server says of itself; left out where it is the database itself that was read. */
  readonly server?: ServerFacts;
  /** What its points of metrics take of it; left out below depth `full`, and where nobody can tell. */
  readonly metrics?: MetricsWeight;
}

/** What a tracking server says of itself, and of whoever asks it. */
export interface ServerFacts {
  /** The version of MLflow; `null` where it does not say. */
  readonly version: string | null;
  /** What keeps its store, such as `SqlStore` or `FileStore`; `null` where it does not say, as before 3.0. */
  readonly type: string | null;
  /** By whose name it was asked; `null` where it has no accounts. */
  readonly account: string | null;
  /** Whether that one may see everything: what it may not see is left out of every answer. */
  readonly seesAll: boolean;
}

/** What the points of metrics take of a database. */
export interface MetricsWeight {
  /** Bytes of the table, with its indexes. */
  readonly bytes: number;
  /** Share of the whole file, 0 to 1. */
  readonly share: number;
  /** The run that has most of them; `null` where there are none. */
  readonly most: { readonly path: StorePath; readonly points: number } | null;
}

/** All that was read of a store at one moment. */
export interface StoreSnapshot<D extends Depth = Depth> {
  /** Where the store is, an absolute path or a URI without credentials; for people and for comparing stores. */
  readonly location: string;
  /** How deep the store was read. */
  readonly depth: D;
  /** Whether `usage` was read for everything, not only for what a clean-up could move. */
  readonly sizes: boolean;
  /** What alone was read besides metadata; left out where all tags were. */
  readonly extras?: Extras;
  /** Epoch ms. */
  readonly readAt: number;
  /** Changes when anything that a plan depends on does; empty at depth `meta`, which no plan is based on. */
  readonly fingerprint: string;
  /** Active ones first, then deleted ones; each ordered by id. */
  readonly experiments: readonly Experiment[];
  /** Directories that MLflow takes for experiments and cannot use. */
  readonly orphans: readonly Orphan[];
  /** What is no experiment. */
  readonly strays: readonly Stray[];
  /** The model registry. */
  readonly registeredModels: readonly RegisteredModel[];
  /** What could not be read, or is wrong. */
  readonly problems: readonly Problem[];
  /** What names runs and logged models, besides runs' tags; left out below depth `full`. */
  readonly references?: readonly Reference[];
  /** The databases that may refer to it; left out where there are none, and at depth `meta`. */
  readonly databases?: readonly Database[];
  /** Whether `.trash/` is there: without it MLflow's searches raise. */
  readonly hasTrash: boolean;
  /** Left out where the store is a directory; what only files have is then empty in everything. */
  readonly backend?: Backend;
  /** Backups of ours: how many, and what they take. */
  readonly backups: { readonly count: number; readonly usage: DiskUsage | null };
}
