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

export * from "./lib/errors.ts";
export * from "./lib/find_references.ts";
export * from "./lib/model.ts";
export * from "./lib/operations.ts";
export * from "./lib/parse_plan.ts";
export * from "./lib/plan.ts";
export * from "./lib/plan_cleanup.ts";
export * from "./lib/plan_prune.ts";
export * from "./lib/render_findings.ts";
export * from "./lib/render_plan.ts";
export * from "./lib/render_report.ts";
export * from "./lib/render_restore.ts";
export * from "./lib/render_style.ts";
export * from "./lib/render_summary.ts";
export * from "./lib/simulate_plan.ts";
export * from "./lib/summarize.ts";
export * from "./lib/units.ts";
export * from "./lib/verify_checks.ts";
export * from "./lib/verify_rules.ts";
export * from "./lib/verify_snapshot.ts";
export * from "./tasks/apply_plan.ts";
export * from "./tasks/cleanup.ts";
export * from "./tasks/demo.ts";
export * from "./tasks/plan_and_apply.ts";
export * from "./tasks/prune.ts";
export * from "./tasks/recover.ts";
export * from "./tasks/restore.ts";
export * from "./tasks/store.ts";
export * from "./tasks/summary.ts";
export * from "./tasks/verify.ts";
