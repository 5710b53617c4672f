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

export * from "./lib/backup.ts";
export * from "./lib/compare_plans.ts";
export * from "./lib/config.ts";
export type {
  BackupsConfig,
  BestConfig,
  Config,
  LimitsConfig,
  ProtectConfig,
  PurgeConfig,
  RetentionConfig,
  RuleConfig,
} from "./lib/config_rows.ts";
export type { JsonSchema } from "./lib/config_value.ts";
export * from "./lib/errors.ts";
export * from "./lib/explain_run.ts";
export * from "./lib/extras.ts";
export type { Flip, PolicyChange } from "./lib/find_flip.ts";
export * from "./lib/find_references.ts";
export * from "./lib/log_outcome.ts";
export * from "./lib/model.ts";
export * from "./lib/operations.ts";
export * from "./lib/parse_plan.ts";
export * from "./lib/plan.ts";
export * from "./lib/plan_cleanup.ts";
export * from "./lib/plan_expiry.ts";
export * from "./lib/plan_prune.ts";
export * from "./lib/plan_repair.ts";
export * from "./lib/policy.ts";
export * from "./lib/primary_metric.ts";
export * from "./lib/render_backups.ts";
export * from "./lib/render_comparison.ts";
export * from "./lib/render_explanation.ts";
export * from "./lib/render_findings.ts";
export * from "./lib/render_markdown.ts";
export * from "./lib/render_plan.ts";
export * from "./lib/render_preflight.ts";
export * from "./lib/render_repair.ts";
export * from "./lib/render_report.ts";
export * from "./lib/render_restore.ts";
export * from "./lib/render_rules.ts";
export * from "./lib/render_style.ts";
export * from "./lib/render_summary.ts";
export * from "./lib/repair.ts";
export { STALE_AFTER } from "./lib/run_status.ts";
export * from "./lib/simulate_plan.ts";
export * from "./lib/summarize.ts";
export * from "./lib/tags.ts";
export * from "./lib/tracking_model.ts";
export * from "./lib/units.ts";
export * from "./lib/verify_rules.ts";
export * from "./lib/verify_snapshot.ts";
export * from "./tasks/apply_plan.ts";
export * from "./tasks/backup.ts";
export * from "./tasks/backups.ts";
export * from "./tasks/cleanup.ts";
export * from "./tasks/compare.ts";
export * from "./tasks/config.ts";
export * from "./tasks/demo.ts";
export * from "./tasks/experiment.ts";
export * from "./tasks/expire_backups.ts";
export * from "./tasks/explain.ts";
export * from "./tasks/list_backups.ts";
export * from "./tasks/open_store.ts";
export * from "./tasks/plan_and_apply.ts";
export * from "./tasks/preflight.ts";
export * from "./tasks/prune.ts";
export * from "./tasks/recover.ts";
export * from "./tasks/repair.ts";
export * from "./tasks/restore.ts";
export * from "./tasks/run.ts";
export * from "./tasks/run_log.ts";
export * from "./tasks/safe_log.ts";
export * from "./tasks/store.ts";
export * from "./tasks/summary.ts";
export * from "./tasks/tracking.ts";
export * from "./tasks/verify.ts";
export * from "./tasks/verify_backups.ts";
