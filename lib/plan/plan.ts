/**
 * The nouns of change: a plan, its actions with their reasons, and what is kept and why. All are JSON
 * values.
 *
 * @module
 */

import type { Budget, CleanupPolicy } from "../policy/policy.ts";
import type { ExperimentId, RunId, StorePath } from "../store/path.ts";
import type { MetaDamage } from "../store/problem.ts";
import type { NonEmpty, RunStatus } from "../store/snapshot.ts";
import type { DiskUsage } from "../store/usage.ts";
import type {
  CopiedThing,
  CopyIn,
  Merge,
  MergeKeepReason,
  MergeReason,
} from "./moves/merge_action.ts";
import type { MovePolicy, MoveReason, MoveRun } from "./moves/move_action.ts";
import type { HeavyReason, ThinnedMetric, ThinReason } from "./parts/lost_parts.ts";
import type { LinkedPlace, Majority, Misfit, PlanTotals, RemotePlaces, Stop } from "./outlook.ts";
import type { UseReason } from "./parts/use_reasons.ts";
import type { NeedsChoice, RepairAction, RepairPolicy, RepairReason } from "./repair_action.ts";
import type { Standing } from "./standing.ts";

export type { LinkedPlace, PlanTotals, Stop };
export type * from "./moves/merge_action.ts";
export type * from "./moves/move_action.ts";
export type { HeavyReason, ThinnedMetric, ThinReason, UseReason };

/** How far a plan with a budget gets. */
export interface BudgetOutcome {
  /** What is counted. */
  readonly kind: Budget["kind"];
  /** Bytes that would have to go; files of `max-files`; of `at-most` how many may go. */
  readonly wanted: number;
  /** As many as go with the plan, now or once what it soft-deletes is purged. */
  readonly reached: number;
  /** Whether that is enough. */
  readonly met: boolean;
  /** Where it is not: what keeps the most, by the first reason of each run; the largest first. */
  readonly heldBy: readonly {
    readonly reason: KeepReason;
    readonly runs: number;
    readonly usage: DiskUsage;
  }[];
}

/** Why an action is in the plan. */
export type ActionReason =
  | RepairReason
  | MoveReason
  | MergeReason
  | ThinReason
  | {
    readonly kind: "older-than";
    readonly field: "end_time" | "start_time";
    readonly time: number;
    readonly age: number;
    readonly limit: number;
  }
  | {
    readonly kind: "deleted-longer-than";
    readonly time: number;
    readonly age: number;
    readonly limit: number;
  }
  | {
    /** It records no time of its deletion. `time`: its last sign of life, epoch ms. */
    readonly kind: "undated-longer-than";
    readonly time: number;
    readonly age: number;
    readonly limit: number;
  }
  | {
    /** The run that logged the model is not in the store, or leaves it with the same plan. */
    readonly kind: "without-run";
    readonly run: RunId;
    readonly time: number;
    readonly age: number;
    readonly limit: number;
  }
  /** Its parent goes or is soft-deleted, and a policy lets it follow. `time`: its end, epoch ms. */
  | { readonly kind: "child-of-gone"; readonly parent: RunId; readonly time: number }
  | { readonly kind: "orphan"; readonly damage: MetaDamage; readonly message: string }
  | {
    readonly kind: "not-kept";
    /** The name of the rule that judged it. */
    readonly rule: string;
    readonly time: number;
    readonly age: number;
    /** How it stands under what would keep it. */
    readonly standings: readonly Standing[];
  }
  | HeavyReason<Standing>;

/** Why something stays. */
export type KeepReason =
  | Standing
  | NeedsChoice
  | MergeKeepReason
  | UseReason
  | { readonly kind: "no-rule" }
  /** No rule keeps it, and the one of this name lets only its artifacts go. */
  | { readonly kind: "artifacts-only"; readonly rule: string }
  /** It is no part of what was selected. */
  | { readonly kind: "not-selected" }
  /** Whoever reviewed the plan has left it out. */
  | { readonly kind: "left-out" }
  /** It is soft-deleted, and only what is active was asked for. */
  | { readonly kind: "soft-deleted" }
  /** It would be moved to where something is already. */
  | { readonly kind: "in-the-way"; readonly path: StorePath }
  /** It would go, but this kind of store cannot let it go yet. */
  | { readonly kind: "not-supported" }
  | { readonly kind: "not-finished"; readonly status: RunStatus }
  | { readonly kind: "younger-than"; readonly age: number; readonly limit: number }
  | { readonly kind: "in-the-future"; readonly time: number }
  /** So long ago that its times must be seconds, not ms. */
  | { readonly kind: "implausible-time"; readonly time: number }
  | { readonly kind: "deleted-recently"; readonly age: number; readonly limit: number }
  | { readonly kind: "no-deletion-time" }
  /** It records no time of its deletion; `age`: since its last sign of life. */
  | { readonly kind: "undated-recently"; readonly age: number; readonly limit: number }
  | { readonly kind: "ended-recently"; readonly age: number; readonly limit: number }
  | { readonly kind: "pinned"; readonly tag: string }
  | { readonly kind: "run-stays"; readonly run: RunId }
  | { readonly kind: "no-source-run" }
  | {
    readonly kind: "left-recently";
    readonly run: RunId;
    readonly age: number;
    readonly limit: number;
  }
  | { readonly kind: "child-of-kept"; readonly parent: RunId }
  | { readonly kind: "not-needed" }
  /** It may go, but no more than so many at a time. */
  | { readonly kind: "another-time"; readonly limit: number }
  | { readonly kind: "parent-of-kept"; readonly child: RunId }
  | { readonly kind: "hides-copy"; readonly copy: StorePath }
  | { readonly kind: "holds-registered-model"; readonly model: string; readonly version: string }
  | { readonly kind: "holds-kept-run"; readonly run: RunId }
  | { readonly kind: "holds-kept-model"; readonly model: string }
  | { readonly kind: "in-deleted-experiment"; readonly experiment: ExperimentId }
  | { readonly kind: "in-orphan"; readonly orphan: StorePath }
  | { readonly kind: "default-experiment" }
  /** The database would give its id to the next experiment. */
  | { readonly kind: "newest-experiment" }
  | { readonly kind: "artifacts-unreadable"; readonly root: string; readonly message: string }
  /** A table of the database is not known, and may refer to it. */
  | { readonly kind: "newer-database"; readonly table: string }
  | { readonly kind: "unreadable"; readonly path: StorePath; readonly message: string }
  | { readonly kind: "symbolic-link" }
  | { readonly kind: "holds-readable-runs"; readonly runs: number }
  | {
    /** What a repair may still bring back. */
    readonly kind: "holds-lost-data";
    readonly runs: number;
    readonly loggedModels: number;
    readonly traces: number;
  }
  | { readonly kind: "changed-recently"; readonly age: number; readonly limit: number }
  | { readonly kind: "holds-foreign-files"; readonly entries: readonly string[] }
  | { readonly kind: "names-another-experiment"; readonly message: string };

/** What every action has. */
export interface ActionBase {
  /** What it acts on. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** Why. */
  readonly reasons: NonEmpty<ActionReason>;
  /** What leaves the store; `{ bytes: 0, files: 0 }` for an action that moves nothing. */
  readonly usage: DiskUsage;
  /** Precondition: the subject's stamp when it was read. */
  readonly stamp: string;
}

/** MLflow's own delete: `lifecycle_stage: deleted` and `deleted_time`; MLflow can restore it. */
export interface SoftDeleteRun extends ActionBase {
  /** Tells the kinds of action apart. */
  readonly kind: "soft-delete-run";
  /** The run. */
  readonly runId: RunId;
  /** The experiment it lies in. */
  readonly experimentId: ExperimentId;
  /** What is freed once it is purged, with its models; left out where that was not asked for or measured. */
  readonly later?: DiskUsage;
}

/** Moves a heavy file, or directory, of a run that stays out of the store; a tag on the run says so. */
export interface DropArtifact extends ActionBase {
  /** Tells the kinds of action apart. */
  readonly kind: "drop-artifact";
  /** The run in whose `artifacts/` it lies, or in whose `checkpoints/` beside that. */
  readonly runId: RunId;
  /** The experiment it lies in. */
  readonly experimentId: ExperimentId;
  /** The run has the tag already, from an earlier plan. */
  readonly tagged: boolean;
}

/** Takes points out of a metric of a run that stays: the first, last, least and greatest stay, and every so many. */
export type ThinMetric = ActionBase & ThinnedMetric;

/** Moves a soft-deleted run out of the store. */
export interface PurgeRun extends ActionBase {
  /** Tells the kinds of action apart. */
  readonly kind: "purge-run";
  /** The run. */
  readonly runId: RunId;
  /** The experiment it lies in. */
  readonly experimentId: ExperimentId;
}

/** Moves a logged model out of the store: soft-deleted, or left without its run. */
export interface PurgeLoggedModel extends ActionBase {
  /** Tells the kinds of action apart. */
  readonly kind: "purge-logged-model";
  /** The model. */
  readonly modelId: string;
  /** The experiment it lies in. */
  readonly experimentId: ExperimentId;
  /** The run that must have left the store before; `null` for a soft-deleted model. */
  readonly withoutRun: RunId | null;
}

/** Moves a deleted experiment, with all its runs, out of the store. */
export interface PurgeExperiment extends ActionBase {
  /** Tells the kinds of action apart. */
  readonly kind: "purge-experiment";
  /** The experiment. */
  readonly experimentId: ExperimentId;
  /** The runs that go with it. */
  readonly runIds: readonly RunId[];
}

/** Moves an orphan out of MLflow's sight. */
export interface QuarantineOrphan extends ActionBase {
  /** Tells the kinds of action apart. */
  readonly kind: "quarantine-orphan";
}

/** One change of a store. A new kind of rubbish is a new member here, or it is not touched. */
export type Action =
  | SoftDeleteRun
  | DropArtifact
  | ThinMetric
  | PurgeRun
  | PurgeExperiment
  | PurgeLoggedModel
  | QuarantineOrphan
  | MoveRun
  | CopyIn
  | RepairAction;

/** What something that stays is. */
export type KeptKind = CopiedThing | "damaged-run" | "orphan" | "damage";

/** Something that was judged and stays, with the reasons. */
export interface Kept {
  /** What it is. */
  readonly kind: KeptKind;
  /** Where it is. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** Why it stays. */
  readonly reasons: NonEmpty<KeepReason>;
}

/** What a reviewed plan would do, and its store as it is by now does not let it. */
export interface Lapsed {
  /** What it would do. */
  readonly kind: Action["kind"];
  /** What it would act on. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** `kept`: by what is said in `reasons`. */
  readonly because: "kept" | "changed-since-plan" | "gone";
  /** Why it stays; empty where it is not kept. */
  readonly reasons: readonly KeepReason[];
}

/** The plan that somebody has reviewed, in another one that is what still holds of it. */
export interface Reviewed {
  /** Epoch ms: when it was made. */
  readonly plannedAt: number;
  /** What of it no longer holds. */
  readonly lapsed: readonly Lapsed[];
}

/** What would change, in order, and what is kept; the task that made it tells the kinds of plan apart. */
export type Plan = CleanupPlan | PrunePlan | MovePlan | MergePlan | RepairPlan;

/** Which tasks make plans. */
export type PlanTask = Plan["task"];

/** What every plan has. */
export interface PlanBase {
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Fingerprint of the snapshot it was computed from. */
  readonly basis: string;
  /** Epoch ms: the moment against which ages were judged. */
  readonly plannedAt: number;
  /** Names, by their paths, of the experiments in which actions lie. */
  readonly experiments: Readonly<Record<string, string>>;
  /** What would be done, in order. */
  readonly actions: readonly Action[];
  /** What was judged and stays. */
  readonly kept: readonly Kept[];
  /** Sums over it. */
  readonly totals: PlanTotals;
  /** Why it must not be applied; left out where nothing is against it. */
  readonly stops?: NonEmpty<Stop>;
  /**
   * Paths of directories, the root's empty, whose modification time no undoing gives back, since no date can say
   * it; left out where there are none.
   */
  readonly lostTimes?: NonEmpty<string>;
  /** What symbolic links lead to that leave the store: it stays where it is; left out where there are none. */
  readonly linked?: NonEmpty<LinkedPlace>;
  /** The plan of which it is what still holds; left out where it is a plan of its own. */
  readonly reviewed?: Reviewed;
}

/** What a plan has that takes away what is no longer wanted. */
export interface RemovalPlan extends PlanBase {
  /** The rules it was made by. */
  readonly policy: CleanupPolicy;
  /** How far its budget is met; left out where there is none. */
  readonly budget?: BudgetOutcome;
  /** The experiments of which it takes every active run, or more than half; left out where there are none. */
  readonly majorities?: NonEmpty<Majority>;
  /** What its policy asks for in vain; left out where there is nothing. */
  readonly notes?: NonEmpty<Misfit>;
  /** Where artifacts of it lie, if not on this machine; left out where all are. */
  readonly remote?: RemotePlaces;
}

/** A plan of `cleanup`. */
export interface CleanupPlan extends RemovalPlan {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/cleanup/v1";
  /** The task that made it. */
  readonly task: "cleanup";
}

/** A plan of `prune`, which soft-deletes old runs and does nothing else. */
export interface PrunePlan extends RemovalPlan {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/prune/v1";
  /** The task that made it. */
  readonly task: "prune";
}

/** A plan of `move`. */
export interface MovePlan extends PlanBase {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/move/v1";
  /** The task that made it. */
  readonly task: "move";
  /** What was asked for. */
  readonly policy: MovePolicy;
  /** The experiment into which runs move. */
  readonly target: { readonly id: ExperimentId; readonly name: string };
  /** What would be moved, in order. */
  readonly actions: readonly MoveRun[];
}

/** A plan of `merge`. */
export interface MergePlan extends PlanBase, Merge {
  /** What would be copied, in order. */
  readonly actions: Merge["actions"];
}

/** A plan of `repair`. */
export interface RepairPlan extends PlanBase {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/repair/v1";
  /** The task that made it. */
  readonly task: "repair";
  /** What it may do. */
  readonly policy: RepairPolicy;
  /** What would be mended, in order. */
  readonly actions: readonly RepairAction[];
  /** Sums over it, with the number of repairs. */
  readonly totals: PlanTotals & { readonly repairs: number };
}
