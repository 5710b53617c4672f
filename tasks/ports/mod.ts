/**
 * What a kind of store must be able to do, by capability: for those who bring another kind.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import type { Changes } from "mltidy/ports";
 *
 * await using store = await openStore("./mlruns");
 * const changes: Changes | null = store.changes;
 * console.log(changes === null ? "can only be read" : [...changes.kinds].join(", "));
 * ```
 *
 * @module
 */

export type { Dataset, MetricPoint, RunRecord } from "../../lib/store/tracking_model.ts";
export type {
  BackupPlaces,
  BackupPreview,
  Backups,
  BackupUse,
  BackupWork,
  BroughtBackReport,
  ContentsOptions,
  LockedBackupPlaces,
  LockedBackups,
  RestoreSelection,
} from "./backups.ts";
export { lockStore } from "./lock_store.ts";
export type {
  Abortable,
  Change,
  Changes,
  FinishWork,
  LockedMending,
  LockedStore,
  LockOptions,
  Looking,
  Mending,
  MergeSource,
  Merging,
  Moving,
  PerformOptions,
  PinnedRun,
  Pinning,
  ReadOptions,
  SettledChange,
  Store,
  StoreDescription,
} from "./store.ts";
export type {
  ArtifactContent,
  Durability,
  ExperimentRequest,
  ExperimentSetup,
  NewRunRequest,
  Placement,
  RecordedRun,
  ResumeRequest,
  TrackedRun,
  Tracking,
} from "./tracking.ts";
