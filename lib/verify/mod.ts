/**
 * What is wrong with a store, and what it holds: every rule, and the pure functions that judge and count a
 * snapshot.
 *
 * @example Errors of one snapshot
 * ```ts
 * import { openStore } from "mltidy";
 * import { RULES, verifySnapshot } from "mltidy/verify";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "full" });
 * const errors = verifySnapshot(snapshot, { severity: "error" });
 * console.log(`${errors.length} findings by ${RULES.length} rules`);
 * ```
 *
 * @module
 */

export type { DatabaseUse } from "../judge/find_database_uses.ts";
export type { Explanation, ModelExplanation } from "../answers/explain_model.ts";
export type { HolderExplanation } from "../answers/explain_holder.ts";
export type { Lack, RunExplanation } from "../answers/explain_run.ts";
export { type ExplainResult, explainSubject } from "../answers/explain_subject.ts";
export type { AwaitedExperiment } from "../answers/preflight_report.ts";
export type { Flip } from "../answers/find_flip.ts";
export type { PolicyChange } from "../answers/policy_changes.ts";
export { reportStore, type RunsOfAge, type StoreReport } from "../answers/report_store.ts";
export {
  type ExperimentSummary,
  type MetricStanding,
  type OrphanSummary,
  summarize,
  type SummarizeOptions,
  type Summary,
} from "../answers/summarize.ts";
export { findUnportable } from "./portability/find_unportable.ts";
export {
  type Entry,
  type Host,
  PORTABILITY_RULES,
  type PortabilityRule,
  type Unportable,
} from "./portability/portability_rules.ts";
export {
  type Check,
  MLFLOW_VERSIONS,
  type MlflowVersion,
  type Remedy,
  type Rule,
  type RuleRow,
  SEVERITIES,
  type Severities,
  type Severity,
  type Violation,
} from "./rule.ts";
export { RULES } from "./rules.ts";
export {
  type Finding,
  type Reader,
  verifySnapshot,
  type VerifySnapshotOptions,
} from "./verify_snapshot.ts";
