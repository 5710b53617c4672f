/**
 * What a plan says of itself besides what it does: what nobody should miss, and what it is asked for in vain.
 *
 * @module
 */

import type { BucketRoot } from "../store/artifact_uri.ts";
import type { ExperimentId, StorePath } from "../store/path.ts";
import type { DiskUsage } from "../store/usage.ts";

/** An experiment of which a plan takes every active run, or more than half. */
export interface Majority {
  /** Its id. */
  readonly experiment: ExperimentId;
  /** Name for people. */
  readonly name: string;
  /** How many of its active runs go. */
  readonly removes: number;
  /** How many it has. */
  readonly of: number;
}

/** A metric, parameter, tag or glob of a policy that fits nothing, or not everywhere. */
export interface Misfit {
  /** The key that asks for it, such as `keep_best` or `experiments of rule 1`. */
  readonly key: string;
  /** What is asked for. */
  readonly wanted: string;
  /** Among what it was looked for. */
  readonly among: "experiment" | "run";
  /** How many of them it does not fit. */
  readonly without: number;
  /** How many there are. */
  readonly of: number;
}

/** Why a plan must not be applied. */
export type Stop =
  | {
    readonly kind: "max-share";
    readonly experiment: ExperimentId;
    readonly name: string;
    readonly removes: number;
    readonly of: number;
    readonly limit: number;
  }
  | { readonly kind: "max-runs"; readonly removes: number; readonly limit: number }
  | {
    readonly kind: "empties-protected";
    readonly experiment: ExperimentId;
    readonly name: string;
    /** The value of `group_by`; `null` where there is none. */
    readonly group: string | null;
    readonly removes: number;
  }
  /** A database that may refer to what would go. */
  | { readonly kind: "database-unreadable"; readonly database: string; readonly message: string }
  /** A tracking server shows only a part to whoever asks, so that what protects something may be hidden. */
  | {
    readonly kind: "partial-view";
    /** The server's location. */
    readonly server: string;
    /** By whose name it was asked; `null` where it does not say. */
    readonly account: string | null;
  };

/** Where artifacts lie of what a plan takes away, if not on this machine. */
export interface RemotePlaces {
  /** Places in buckets, below which they are kept as well when they are set aside. */
  readonly buckets: readonly BucketRoot[];
  /** How many runs and logged models go whose artifacts stay, since mltidy cannot look there, by scheme, such as `gs`. */
  readonly elsewhere: Readonly<Record<string, number>>;
}

/** A symbolic link, and what it leads to. */
export interface LinkedPlace {
  /** The link. */
  readonly path: StorePath;
  /** Absolute real path of what is there. */
  readonly target: string;
}

/** Sums over a plan. */
export interface PlanTotals {
  /** Runs to soft-delete. */
  readonly softDeleteRuns: number;
  /** Runs to purge, without those of purged experiments. */
  readonly purgeRuns: number;
  /** Experiments to purge. */
  readonly purgeExperiments: number;
  /** Logged models to purge, without those of purged experiments; left out where there are none. */
  readonly purgeLoggedModels?: number;
  /** Orphans to quarantine. */
  readonly quarantineOrphans: number;
  /** Runs that stay as they are. */
  readonly keptRuns: number;
  /** What leaves the store. */
  readonly usage: DiskUsage;
  /** Heavy files, or directories, of runs that stay; left out where there are none. */
  readonly dropArtifacts?: number;
  /** Runs to move into another experiment; left out where there are none. */
  readonly moveRuns?: number;
  /** What is copied of another store; left out where nothing is. */
  readonly copied?: DiskUsage;
  /** Metrics of runs that stay which lose points; left out where there are none. */
  readonly thinMetrics?: number;
  /** What will leave once what is soft-deleted is purged; left out where it was not measured. */
  readonly later?: DiskUsage;
}
