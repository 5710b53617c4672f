/**
 * mltidy keeps MLflow stores tidy: it reads a store into an immutable snapshot, computes a plan from it,
 * shows the plan, and only then applies it, crash-safe and undoable.
 *
 * Here is all that the command line does, as functions. What they are made of has entries of its own:
 * `mltidy/store` (what a snapshot and a backup hold), `mltidy/plan` (pure planners), `mltidy/policy` (what is
 * worth keeping), `mltidy/verify` (rules and counts), `mltidy/render` (text), `mltidy/train` (runs that
 * logging cannot stop), `mltidy/ports` (what a kind of store must be able to do).
 *
 * @example Look, plan, apply
 * ```ts
 * import { cleanup, openStore, renderPlan } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan } = await cleanup(store, { olderThan: "30d" });
 * console.log(renderPlan(plan));
 * await cleanup(store, { olderThan: "30d", apply: true });
 * ```
 *
 * @module
 */

export type { ExpiryReport, RestoreReport } from "./lib/backup/report.ts";
export type { PlanComparison } from "./lib/answers/compare_plans.ts";
export type { Summary } from "./lib/answers/summarize.ts";
export type { CollisionAdvice } from "./lib/errors.ts";
export {
  ConfigError,
  DamagedBackupError,
  DiskFullError,
  InvalidArgumentError,
  MltidyError,
  PlanError,
  PlanFormatError,
  PlanRefusedError,
  RestoreCollisionError,
  StalePlanError,
  StoreAccessError,
  StoreError,
  StoreLockedError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "./lib/errors.ts";
export { filterPlan } from "./lib/cleanup/filter_plan.ts";
export { parsePlan } from "./lib/plan/parse_plan.ts";
export type { Plan } from "./lib/plan/plan.ts";
export type { ApplyReport } from "./lib/plan/report.ts";
export { policyOf, readConfig } from "./lib/policy/config.ts";
export { CONFIG_FILE } from "./lib/policy/config_file.ts";
export type { Config } from "./lib/policy/config_rows.ts";
export { renderPlan, type RenderPlanOptions } from "./lib/render/plan.ts";
export { renderReport, type RenderReportOptions } from "./lib/render/report.ts";
export type { RenderOptions } from "./lib/text/style.ts";
export { type ApplyOptions, applyPlan } from "./tasks/apply_plan.ts";
export { applyWhatStillHolds, type WhatStillHoldsOptions } from "./tasks/apply_what_still_holds.ts";
export { backup, type BackupOptions, type BackupReport } from "./tasks/backups/backup.ts";
export { expireBackups, type ExpireBackupsOptions } from "./tasks/backups/expire_backups.ts";
export {
  type BackupList,
  listBackups,
  type ListBackupsOptions,
} from "./tasks/backups/list_backups.ts";
export { recover, type RecoverOptions, type RecoverReport } from "./tasks/backups/recover.ts";
export { restore, type RestoreOptions } from "./tasks/backups/restore.ts";
export {
  type BackupVerification,
  verifyBackups,
  type VerifyBackupsOptions,
} from "./tasks/backups/verify_backups.ts";
export {
  showBackup,
  type ShowBackupOptions,
  type ShownBackup,
} from "./tasks/backups/show_backup.ts";
export { cleanup, type CleanupOptions } from "./tasks/cleanup.ts";
export { type CompareOptions, comparePolicies } from "./tasks/compare.ts";
export { initConfig } from "./tasks/config.ts";
export { merge, type MergeOptions } from "./tasks/moves/merge.ts";
export { move, type MoveOptions } from "./tasks/moves/move.ts";
export { pin, type PinOptions, type PinReport } from "./tasks/pin.ts";
export { type DemoStoreOptions, type DemoStoreSummary, writeDemoStore } from "./tasks/demo.ts";
export { explain, type ExplainOptions, type ExplainResult } from "./tasks/explain.ts";
export { type OpenOptions, openStore } from "./tasks/open_store.ts";
export type { PlanAndApplyOptions, PlanAndApplyResult } from "./tasks/plan_and_apply.ts";
export type { BackupWork, RestoreSelection } from "./tasks/ports/backups.ts";
export { lockStore } from "./tasks/ports/lock_store.ts";
export type {
  Abortable,
  LockedStore,
  LockOptions,
  ReadOptions,
  SettledChange,
  Store,
  StoreDescription,
} from "./tasks/ports/store.ts";
export {
  preflight,
  type PreflightOptions,
  type PreflightReport,
  type UnnamedExperiment,
} from "./tasks/preflight.ts";
export { prune, type PruneOptions } from "./tasks/prune.ts";
export { repair, type RepairOptions, type RepairRules } from "./tasks/repair.ts";
export { runProgram, type RunProgramOptions } from "./tasks/run.ts";
export { summary, type SummaryOptions } from "./tasks/summary.ts";
export {
  type Verification,
  verify,
  type VerifyOptions,
  type VerifyReader,
} from "./tasks/verify.ts";
