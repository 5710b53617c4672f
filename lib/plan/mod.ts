/**
 * Plans, without a disk: what would change and why, and what comes of it. A plan is a
 * JSON value.
 *
 * @example What a store would look like afterwards
 * ```ts
 * import { openStore } from "mltidy";
 * import { planCleanup, simulatePlan } from "mltidy/plan";
 * import { policyOfAges } from "mltidy/policy";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planCleanup(snapshot, policyOfAges({ olderThan: "90d" }), { now: store.now() });
 * console.log(simulatePlan(snapshot, plan, { now: store.now() }).orphans.length);
 * ```
 *
 * @module
 */

export { type ChangedSide, comparePlans, type PlanComparison } from "../answers/compare_plans.ts";
export { expiryCandidates, planExpiry, planNamedExpiry } from "../backup/plan_expiry.ts";
export { planCleanup, type PlanOptions } from "../cleanup/plan_cleanup.ts";
export { planCleanupWithout, planWithout } from "../cleanup/leave_out.ts";
export { filterPlan } from "../cleanup/filter_plan.ts";
export { whatStillHolds } from "../cleanup/what_still_holds.ts";
export { withoutActions } from "../cleanup/without_actions.ts";
export { planPrune, type PrunePolicy } from "../cleanup/plan_prune.ts";
export type { Majority, Misfit, RemotePlaces } from "./outlook.ts";
export { ACTION_KINDS, type ActionKind } from "./action_kind.ts";
export { parsePlan } from "./parse_plan.ts";
export type {
  Action,
  ActionBase,
  ActionReason,
  AlreadyHere,
  BudgetOutcome,
  CleanupPlan,
  CopiedThing,
  CopiedTree,
  CopyIn,
  DifferingTag,
  DropArtifact,
  HeavyReason,
  KeepReason,
  Kept,
  KeptKind,
  Lapsed,
  LinkedPlace,
  Measured,
  Merge,
  MergeEvidence,
  MergeKeepReason,
  MergePlan,
  MergePolicy,
  MergeReason,
  MovedRecord,
  MovedText,
  MovedTree,
  MoveEvidence,
  MovePlan,
  MovePolicy,
  MoveReason,
  MoveRun,
  Plan,
  PlanBase,
  PlanTask,
  PlanTotals,
  PrunePlan,
  PurgeExperiment,
  PurgeLoggedModel,
  PurgeRun,
  QuarantineOrphan,
  RemovalPlan,
  RepairPlan,
  Reviewed,
  SoftDeleteRun,
  Stop,
  ThinMetric,
  ThinnedMetric,
  ThinReason,
  TraceRecord,
  UseReason,
} from "./plan.ts";
export { planMerge, type PlanMergeOptions } from "../merge/plan_merge.ts";
export { planMove, type PlanMoveOptions } from "../move/plan_move.ts";
export type { Period, Standing } from "./standing.ts";
export type { ActionOutcome, ApplyReport, SkipReason } from "./report.ts";
export {
  type CreateDirectories,
  type CreateExperiment,
  type CutMetricFile,
  DEFAULT_REPAIR,
  type EditMeta,
  type EntryEvidence,
  type Evidence,
  type KeptText,
  type NeedsChoice,
  NO_EVIDENCE,
  type PurgeDanglingRows,
  type QuarantineStray,
  type RecordEvidence,
  type RepairAction,
  type RepairBase,
  type RepairPolicy,
  type RepairReason,
  type RewriteTag,
  type RunEvidence,
  type TraceLocation,
  type TrimMetricFile,
  type WriteMeta,
} from "./repair_action.ts";
export { type SimulateOptions, simulatePlan } from "./simulate_plan.ts";
export { planRepair, type PlanRepairOptions } from "../repair/plan_repair.ts";
