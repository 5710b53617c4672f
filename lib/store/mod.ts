/**
 * What a store holds: the nouns of a snapshot, of its problems and of its backups, all of them plain
 * readonly data.
 *
 * @example Runs that MLflow takes for running
 * ```ts
 * import { openStore } from "mltidy";
 * import type { Run } from "mltidy/store";
 *
 * await using store = await openStore("./mlruns");
 * const { experiments } = await store.read({ depth: "meta" });
 * const running = ({ status }: Run) => status === "RUNNING";
 * console.log(experiments.flatMap(({ runs }) => runs).filter(running).length);
 * ```
 *
 * @module
 */

export type { Holder } from "./holders.ts";
export type {
  BackupCheck,
  BackupEntry,
  BackupFault,
  BackupListing,
  BackupProgress,
  CopyManifest,
  CopyScope,
  CopyTotals,
  LeftOut,
  MetadataHistory,
  Rescue,
  Undoing,
} from "../backup/backup.ts";
export type {
  BackupContents,
  HeldExperiment,
  HeldRun,
  TypedSelection,
} from "../backup/resolve_selection.ts";
export type { RestoredItem } from "../backup/report.ts";
export type { Named } from "../text/find_named.ts";
export type {
  Expired,
  ExpiryPlan,
  ExpiryPolicy,
  ExpiryReason,
  OnlyCopies,
  Staying,
  StayReason,
} from "../backup/plan_expiry.ts";
export {
  findReferences,
  type ModelReference,
  type References,
} from "../snapshot/find_references.ts";
export type {
  Extras,
  HeavyFile,
  LongMetric,
  MetricSummary,
  ModelUse,
  RunExtras,
  RunUse,
  TraceUse,
} from "./extras.ts";
export {
  asExperimentId,
  asRunId,
  asStorePath,
  type ExperimentId,
  type RunId,
  type StorePath,
} from "./path.ts";
export type { Damage, DanglingRows, MetaDamage, Migration, Problem, Reference } from "./problem.ts";
export type { BucketKeeps, BucketRoot } from "./artifact_uri.ts";
export { STALE_AFTER } from "./run_status.ts";
export {
  type Backend,
  type DamagedRun,
  type Database,
  type DatabaseRow,
  type Depth,
  type Experiment,
  type Hold,
  isNonEmpty,
  type LifecycleStage,
  type LoggedModel,
  type MetricsWeight,
  type ModelVersion,
  type NonEmpty,
  type Orphan,
  type RegisteredModel,
  type Run,
  type RunStatus,
  type ServerFacts,
  type StoreSnapshot,
  type Stray,
} from "./snapshot.ts";
export { DROPPED_TAG, PARENT_TAG, PIN_TAG, RECOVERED_TAG } from "./tags.ts";
export { addUsage, type DiskUsage, NO_USAGE, type Remains, type UsageParts } from "./usage.ts";
