/**
 * The nouns of repair: what may be mended, by which evidence, and what mending it changes. All are JSON
 * values, but for {@linkcode Evidence}, which is read anew for each plan.
 *
 * @module
 */

import type { StorePath } from "../store/path.ts";
import type { DanglingRows } from "../store/problem.ts";
import { STALE_AFTER } from "../store/run_status.ts";
import type { NonEmpty, RunStatus } from "../store/snapshot.ts";
import type { DiskUsage } from "../store/usage.ts";
import { minutes } from "../text/units.ts";

/** What a repair may do; durations in ms. */
export interface RepairPolicy {
  /** Leave damage alone that is younger than this: MLflow may be writing just now. */
  readonly settle: number;
  /** A run that has not ended is stale when nothing in it, nor in a child of it, changed for longer. */
  readonly staleAfter: number;
  /** The status that a stale run gets. */
  readonly finishAs: "FAILED" | "KILLED";
  /**
   * Rewrite the places that records name; `null`: leave them. `from`: all those below it, and no others;
   * else only what is provably gone where they say, and is here.
   */
  readonly relocate: { readonly from: string | null } | null;
  /** Take every line that MLflow cannot read out of metrics, into the backup. @default {false} */
  readonly dropLines?: boolean;
}

/** What a repair does unless it is told otherwise. */
export const DEFAULT_REPAIR: RepairPolicy = {
  // MLflow writes a record in milliseconds, on a slow network in seconds.
  settle: minutes(1),
  staleAfter: STALE_AFTER,
  finishAs: "FAILED",
  relocate: null,
};

/** Why something is mended, and what tells how. */
export type RepairReason =
  /** What is wrong. */
  | { readonly kind: "broken"; readonly message: string }
  /** Where a value comes from that is written. */
  | {
    readonly kind: "evidence";
    readonly of: string;
    readonly value: string;
    readonly from: string;
  }
  /** A run that has not ended. `time`: its last sign of life, epoch ms. */
  | {
    readonly kind: "silent";
    readonly status: RunStatus;
    readonly time: number;
    readonly age: number;
    readonly limit: number;
  }
  /** A place that a record names, and where that is now. */
  | { readonly kind: "moved"; readonly from: string; readonly to: string };

/** Why something damaged stays as it is, and what its owner may do. */
export interface NeedsChoice {
  /** Tells the kinds of reason apart. */
  readonly kind: "needs-choice";
  /** What is wrong. */
  readonly message: string;
  /** What may be done about it, each in the imperative. */
  readonly choices: NonEmpty<string>;
  /**
   * What carries out the last of them; left out where only its owner can. `restoration`: MLflow, of the
   * default experiment; `renaming`: MLflow, of an experiment; `undated`: a clean-up that takes the
   * last sign of life for a deletion.
   */
  readonly by?:
    | "cleanup"
    | "repair"
    | "relocation"
    | "restoration"
    | "renaming"
    | "dropping"
    | "undated";
  /** Of a relocation that must be told the store's former root: this one. Of a renaming, the experiment's id. */
  readonly from?: string;
  /** Of a renaming, the new name. */
  readonly to?: string;
}

/** What every repair has. */
export interface RepairBase {
  /** What it acts on. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** Why, with the evidence. */
  readonly reasons: NonEmpty<RepairReason>;
  /** What leaves the store; `{ bytes: 0, files: 0 }` for an action that moves nothing. */
  readonly usage: DiskUsage;
  /** Precondition: the stamp, when it was read, of what `stampedBy` names. */
  readonly stamp: string;
}

/** Writes a record that was lost or is of no use, whole. */
export interface WriteMeta extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "write-meta";
  /** The record's name in the directory that `path` is. */
  readonly file: "meta.yaml" | "trace_info.yaml";
  /** All that it is to hold. */
  readonly text: string;
  /** There is no such file yet. */
  readonly isNew: boolean;
  /** A tag that tells of the repair, and whether the folder for it must be made; `null`: none. */
  readonly tag: { readonly text: string; readonly makesFolder: boolean } | null;
}

/**
 * Sets keys of a `meta.yaml` that can be read; all others stay as they are. `finish-stale-run`: status
 * and end. `set-stage`: the stage that the directory's place says. `release-name`: a deleted experiment
 * gives its name free. `complete-meta`: what some version of MLflow misses. `quote-value`: what was meant as
 * text, or as an integer. `rewrite-location`: where artifacts are, in a store that was moved.
 */
export interface EditMeta extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind:
    | "finish-stale-run"
    | "set-stage"
    | "release-name"
    | "complete-meta"
    | "quote-value"
    | "rewrite-location";
  /** Key → new value. */
  readonly changes: Readonly<Record<string, string | number | null>>;
}

/** Sets where the spans of a trace are, in a store that was moved; `path` is the tag's file. */
export interface RewriteTag extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "rewrite-tag";
  /** The tag's new value. */
  readonly text: string;
}

/** Makes empty directories without which MLflow does not find a run, or its trash. */
export interface CreateDirectories extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "create-dirs";
  /** The directories. */
  readonly directories: NonEmpty<StorePath>;
}

/** Makes the experiment anew to which MLflow logs where none is named; `path` is its directory. */
export interface CreateExperiment extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "create-experiment";
  /** Where its runs are to keep their artifacts. */
  readonly artifactLocation: string;
}

/** Cuts what cannot be read off the end of a metric; `path` is its file. */
export interface TrimMetricFile extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "trim-metric-file";
  /** How many bytes stay. */
  readonly bytes: number;
}

/** Cuts what is no point out of a metric; `path` is its file. */
export interface CutMetricFile extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "cut-metric-file";
  /** What goes, in order: bytes from the first, up to and without the second. */
  readonly cuts: NonEmpty<{ readonly from: number; readonly to: number }>;
}

/** Moves out of the store what MLflow stumbles over and what holds nothing of MLflow's. */
export interface QuarantineStray extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "quarantine-stray";
}

/**
 * Takes rows out of a database that belong to a run which is gone; `path` is their table. Its stamp tells which rows
 * these are.
 */
export interface PurgeDanglingRows extends RepairBase {
  /** Tells the kinds of action apart. */
  readonly kind: "purge-dangling-rows";
  /** How many rows. */
  readonly rows: number;
}

/** One repair. */
export type RepairAction =
  | WriteMeta
  | EditMeta
  | RewriteTag
  | CreateDirectories
  | CreateExperiment
  | TrimMetricFile
  | CutMetricFile
  | PurgeDanglingRows
  | QuarantineStray;

/** What repair must know of a store besides its snapshot; keys are paths below the root. */
export interface Evidence {
  /** Damaged records, by the directory they lie in. */
  readonly records: ReadonlyMap<string, RecordEvidence>;
  /** Runs that are damaged, lack a folder, or have not ended. */
  readonly runs: ReadonlyMap<string, RunEvidence>;
  /** Files and directories that something is wrong with, and strays. */
  readonly entries: ReadonlyMap<string, EntryEvidence>;
  /** Stamps of the `meta.yaml` of what may be edited, by its directory. */
  readonly stamps: ReadonlyMap<string, string>;
  /** Traces' tags that name a place; only for relocation. */
  readonly traceLocations: readonly TraceLocation[];
  /** Of the places that records may name in this store, those that are there; only for relocation. */
  readonly places: ReadonlySet<string>;
  /** Those of them that hold something; only for relocation. */
  readonly filled: ReadonlySet<string>;
  /** Of the places on this machine that records name, those where there is certainly nothing. */
  readonly gone: ReadonlySet<string>;
  /** Rows of a database that belong to runs which are gone. */
  readonly dangling: readonly DanglingRows[];
}

/** What is known of a store that has no files to look at. */
export const NO_EVIDENCE: Evidence = {
  records: new Map(),
  runs: new Map(),
  entries: new Map(),
  stamps: new Map(),
  traceLocations: [],
  places: new Set(),
  filled: new Set(),
  gone: new Set(),
  dangling: [],
};

/** A record that MLflow cannot use, as it is. */
export interface RecordEvidence {
  /** Its name in its directory. */
  readonly file: "meta.yaml" | "trace_info.yaml";
  /** `absent` where there is no such file. */
  readonly stamp: string;
  /** What it holds, as far as that is text; `null` when there is nothing to read. */
  readonly text: string | null;
  /** Epoch ms of the last change of the file, or of its directory where there is no file. */
  readonly changed: number;
  /** The newest copy of it that was kept; `null` when there is none. */
  readonly kept: KeptText | null;
  /** Whether `tags/` is there. */
  readonly hasTags: boolean;
}

/** A copy of a record, made when it was sound. */
export interface KeptText {
  /** What it holds. */
  readonly text: string;
  /** Which backup it lies in, for people. */
  readonly source: string;
  /** Epoch ms. */
  readonly keptAt: number;
}

/** What the files of a run tell of it. */
export interface RunEvidence {
  /** Folders that MLflow needs and that are not there. */
  readonly lacks: readonly string[];
  /** Folders that MLflow needs, and in whose place a file stands. */
  readonly blocked: readonly string[];
  /** Tag key → value. */
  readonly tags: ReadonlyMap<string, string>;
  /** Times of its first and last metric point, epoch ms; `null` when it has none that can be read. */
  readonly points: { readonly first: number; readonly last: number } | null;
  /** Epoch ms of the oldest file of its tags, params and metrics; `null` when it has none. */
  readonly oldestFile: number | null;
  /** Epoch ms of the newest file of its tags, params, metrics and artifacts; `null` when it has none. */
  readonly newestFile: number | null;
  /** Epoch ms of the newest change anywhere in it. */
  readonly newestChange: number;
}

/** A file, or a directory, as it is. */
export interface EntryEvidence {
  /** The stamp of the file; of a directory, that of the whole tree. */
  readonly stamp: string;
  /** The stamp of all of it: what a move goes by; empty where nothing would move it. */
  readonly treeStamp: string;
  /** What leaves the store when it is moved; nothing where nothing would. */
  readonly usage: DiskUsage;
  /** Epoch ms. */
  readonly changed: number;
  /** What it holds, for a metric; `null` for anything else. */
  readonly text: string | null;
  /** What it is. */
  readonly kind: "file" | "directory" | "link";
}

/** Where the spans of a trace are, by its tag. */
export interface TraceLocation {
  /** The tag's file. */
  readonly path: StorePath;
  /** Its value. */
  readonly uri: string;
  /** The stamp of the file. */
  readonly stamp: string;
}
