/**
 * mltidy keeps MLflow stores tidy: it reads a store into an immutable snapshot, computes a plan from it,
 * shows the plan, and only then applies it, crash-safe and undoable.
 *
 * @example Look, plan, apply
 * ```ts
 * import { cleanup, openStore, renderPlan } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { plan } = await cleanup(store, { daysOld: 30 });
 * console.log(renderPlan(plan));
 * await cleanup(store, { daysOld: 30, apply: true });
 * ```
 *
 * @module
 */

export * from "./lib/answers/compare_plans.ts";
export * from "./lib/answers/explain_run.ts";
export type { Flip, PolicyChange } from "./lib/answers/find_flip.ts";
export * from "./lib/answers/summarize.ts";
export * from "./lib/backup/backup.ts";
export * from "./lib/backup/plan_expiry.ts";
export * from "./lib/cleanup/plan_cleanup.ts";
export * from "./lib/cleanup/plan_prune.ts";
export * from "./lib/errors.ts";
export { ACTION_KINDS, type ActionKind } from "./lib/plan/action_kind.ts";
export * from "./lib/plan/parse_plan.ts";
export * from "./lib/plan/plan.ts";
export * from "./lib/plan/repair_action.ts";
export * from "./lib/plan/simulate_plan.ts";
export * from "./lib/policy/config.ts";
export type {
  BackupsConfig,
  BestConfig,
  Config,
  LimitsConfig,
  ProtectConfig,
  PurgeConfig,
  RetentionConfig,
  RuleConfig,
} from "./lib/policy/config_rows.ts";
export type { JsonSchema } from "./lib/policy/config_value.ts";
export * from "./lib/policy/policy.ts";
export * from "./lib/policy/primary_metric.ts";
export * from "./lib/render/backups.ts";
export * from "./lib/render/comparison.ts";
export * from "./lib/render/explanation.ts";
export * from "./lib/render/findings.ts";
export * from "./lib/render/markdown.ts";
export * from "./lib/render/plan.ts";
export * from "./lib/render/preflight.ts";
export * from "./lib/render/report.ts";
export * from "./lib/render/restore.ts";
export * from "./lib/render/rules.ts";
export * from "./lib/render/summary.ts";
export * from "./lib/repair/plan_repair.ts";
export * from "./lib/snapshot/find_references.ts";
export * from "./lib/store/extras.ts";
export * from "./lib/store/path.ts";
export * from "./lib/store/problem.ts";
export { STALE_AFTER } from "./lib/store/run_status.ts";
export * from "./lib/store/snapshot.ts";
export * from "./lib/store/tags.ts";
export * from "./lib/store/tracking_model.ts";
export * from "./lib/store/usage.ts";
export * from "./lib/text/style.ts";
export * from "./lib/text/units.ts";
export * from "./lib/tracking/log_outcome.ts";
export * from "./lib/verify/rules.ts";
export * from "./lib/verify/verify_snapshot.ts";
export * from "./lib/words/repair.ts";
export * from "./tasks/apply_plan.ts";
export * from "./tasks/backups/backup.ts";
export * from "./tasks/backups/expire_backups.ts";
export * from "./tasks/backups/list_backups.ts";
export * from "./tasks/backups/recover.ts";
export * from "./tasks/backups/restore.ts";
export * from "./tasks/backups/verify_backups.ts";
export * from "./tasks/cleanup.ts";
export * from "./tasks/compare.ts";
export * from "./tasks/config.ts";
export * from "./tasks/demo.ts";
export * from "./tasks/explain.ts";
export * from "./tasks/open_store.ts";
export * from "./tasks/plan_and_apply.ts";
export * from "./tasks/ports/backups.ts";
export { lockStore } from "./tasks/ports/lock_store.ts";
export * from "./tasks/ports/store.ts";
export * from "./tasks/ports/tracking.ts";
export * from "./tasks/preflight.ts";
export * from "./tasks/prune.ts";
export * from "./tasks/repair.ts";
export * from "./tasks/summary.ts";
export * from "./tasks/training/experiment.ts";
export * from "./tasks/training/run.ts";
export * from "./tasks/training/run_log.ts";
export * from "./tasks/training/safe_log.ts";
export * from "./tasks/verify.ts";
