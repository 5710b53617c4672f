/**
 * The nouns of change: a plan, its actions with their reasons, what is kept and why, and what came
 * of applying it. All are JSON values.
 *
 * @module
 */

import type {
  DiskUsage,
  ExperimentId,
  MetaDamage,
  NonEmpty,
  RunId,
  RunStatus,
  StorePath,
} from "./model.ts";

/** What a clean-up may do; a rule that is `null` or `false` is not given. Durations are ms. */
export interface CleanupPolicy {
  /** Soft-delete finished runs that ended longer ago than this. */
  readonly olderThan: number | null;
  /** Purge what has been soft-deleted for longer than this. */
  readonly purgeAfter: number | null;
  /** Quarantine orphans that hold no readable run. */
  readonly quarantineOrphans: boolean;
  /** Leave an orphan alone that changed within this time: it may be in the making. */
  readonly settle: number;
}

/** Why an action is in the plan. */
export type ActionReason =
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
  | { readonly kind: "orphan"; readonly damage: MetaDamage; readonly message: string };

/** Why something stays. */
export type KeepReason =
  | { readonly kind: "no-rule" }
  | { readonly kind: "not-finished"; readonly status: RunStatus }
  | { readonly kind: "younger-than"; readonly age: number; readonly limit: number }
  | { readonly kind: "in-the-future"; readonly time: number }
  | { readonly kind: "deleted-recently"; readonly age: number; readonly limit: number }
  | { readonly kind: "no-deletion-time" }
  | {
    readonly kind: "registered";
    readonly model: string;
    readonly version: string;
    readonly aliases: readonly string[];
  }
  | { readonly kind: "parent-of-kept"; readonly child: RunId }
  | { readonly kind: "holds-registered-model"; readonly model: string; readonly version: string }
  | { readonly kind: "holds-kept-run"; readonly run: RunId }
  | { readonly kind: "in-deleted-experiment"; readonly experiment: ExperimentId }
  | { readonly kind: "in-orphan"; readonly orphan: StorePath }
  | { readonly kind: "default-experiment" }
  | { readonly kind: "unreadable"; readonly path: StorePath; readonly message: string }
  | { readonly kind: "symbolic-link" }
  | { readonly kind: "holds-readable-runs"; readonly runs: number }
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
}

/** Moves a soft-deleted run out of the store. */
export interface PurgeRun extends ActionBase {
  /** Tells the kinds of action apart. */
  readonly kind: "purge-run";
  /** The run. */
  readonly runId: RunId;
  /** The experiment it lies in. */
  readonly experimentId: ExperimentId;
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
export type Action = SoftDeleteRun | PurgeRun | PurgeExperiment | QuarantineOrphan;

/** Something that was judged and stays, with the reasons. */
export interface Kept {
  /** What it is. */
  readonly kind: "run" | "damaged-run" | "experiment" | "orphan";
  /** Where it is. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** Why it stays. */
  readonly reasons: NonEmpty<KeepReason>;
}

/** Sums over a plan. */
export interface PlanTotals {
  /** Runs to soft-delete. */
  readonly softDeleteRuns: number;
  /** Runs to purge, without those of purged experiments. */
  readonly purgeRuns: number;
  /** Experiments to purge. */
  readonly purgeExperiments: number;
  /** Orphans to quarantine. */
  readonly quarantineOrphans: number;
  /** Runs that stay as they are. */
  readonly keptRuns: number;
  /** What leaves the store. */
  readonly usage: DiskUsage;
}

/** Which tasks make plans. */
export type PlanTask = "prune" | "cleanup";

/** What would change, in order, and what is kept. */
export interface Plan {
  /** Names this kind of document and its version. */
  readonly schema: `mltidy/${PlanTask}/v1`;
  /** The task that made it. */
  readonly task: PlanTask;
  /** Absolute real path of the store's root. */
  readonly store: string;
  /** Fingerprint of the snapshot it was computed from. */
  readonly basis: string;
  /** Epoch ms: the moment against which ages were judged. */
  readonly plannedAt: number;
  /** The rules it was made by. */
  readonly policy: CleanupPolicy;
  /** Names, by their paths, of the experiments in which actions lie. */
  readonly experiments: Readonly<Record<string, string>>;
  /** What would be done, in order. */
  readonly actions: readonly Action[];
  /** What was judged and stays. */
  readonly kept: readonly Kept[];
  /** Sums over it. */
  readonly totals: PlanTotals;
}

/** What came of one action. */
export type ActionOutcome =
  & { readonly kind: Action["kind"]; readonly path: StorePath }
  & (
    | { readonly outcome: "applied"; readonly usage: DiskUsage }
    | {
      readonly outcome: "skipped";
      readonly because: "changed-since-plan" | "gone" | "symbolic-link";
    }
    | { readonly outcome: "failed"; readonly message: string }
    | { readonly outcome: "not-run"; readonly because: "interrupted" }
  );

/** What was done, action by action. */
export interface ApplyReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/apply/v1";
  /** The task whose plan it was. */
  readonly task: PlanTask;
  /** Absolute real path of the store's root. */
  readonly store: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms. */
  readonly finishedAt: number;
  /** One for each action, in order. */
  readonly outcomes: readonly ActionOutcome[];
  /** Sums over the outcomes. */
  readonly totals: {
    readonly applied: number;
    readonly skipped: number;
    readonly failed: number;
    readonly notRun: number;
    /** Measured, not expected: what left the store. */
    readonly usage: DiskUsage;
  };
  /** Where what was taken away lies, and its id for `restore`; `null` when nothing was taken or no backup was wanted. */
  readonly backup: { readonly id: string; readonly path: string } | null;
  /** Every action was applied. */
  readonly complete: boolean;
}
