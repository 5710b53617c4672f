/**
 * The nouns of moving: which runs go into another experiment, and what goes with them. All are JSON values, but
 * for {@linkcode MoveEvidence}, which is read anew for each plan.
 *
 * @module
 */

import type { Selection } from "../../policy/policy.ts";
import type { ExperimentId, RunId, StorePath } from "../../store/path.ts";
import type { NonEmpty } from "../../store/snapshot.ts";
import type { DiskUsage } from "../../store/usage.ts";

/** Which runs to move, and where to. */
export interface MovePolicy {
  /** The runs: named ones, or those of experiments. */
  readonly only: Selection;
  /** Id or name of the active experiment into which. */
  readonly to: string;
  /** Soft-deleted runs as well. */
  readonly deleted: boolean;
}

/** Why a run is moved, and what is unusual about that. */
export type MoveReason =
  | { readonly kind: "wanted-in"; readonly experiment: ExperimentId; readonly name: string }
  /** MLflow looks for children in the experiment of their parent alone. */
  | { readonly kind: "parent-moves"; readonly parent: RunId }
  /** Its artifacts lie below the place of the experiment that it leaves, and stay there. */
  | { readonly kind: "artifacts-stay"; readonly uri: string };

/** Sets keys of a record, where that lies before anything is moved; all others stay as they are. */
export interface MovedRecord {
  /** What the record is of: a run, logged model, trace or model version. */
  readonly path: StorePath;
  /** Key → new value. */
  readonly changes: Readonly<Record<string, string>>;
}

/** A file of a trace that is written whole, where it lies before anything is moved. */
export interface MovedText {
  /** The file. */
  readonly path: StorePath;
  /** What it is to hold. */
  readonly text: string;
}

/** Something that moves as a whole. */
export interface MovedTree {
  /** Where it is. */
  readonly from: StorePath;
  /** Where it will be; nothing is there. */
  readonly to: StorePath;
}

/** Moves a run into another experiment, with its logged models, its traces and what names their places. */
export interface MoveRun {
  /** Tells the kinds of action apart. */
  readonly kind: "move-run";
  /** What it acts on. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** Why. */
  readonly reasons: NonEmpty<MoveReason>;
  /** Nothing leaves the store. */
  readonly usage: DiskUsage;
  /** Precondition: the run's stamp when it was read. */
  readonly stamp: string;
  /** The run. */
  readonly runId: RunId;
  /** The experiment that it leaves. */
  readonly experimentId: ExperimentId;
  /** The experiment into which. */
  readonly to: ExperimentId;
  /** The run that it is nested in, which moves as well; `null` where none does. */
  readonly parent: RunId | null;
  /** What is set: in the run's record first, in those of its models, its traces, and versions that name their places. */
  readonly records: NonEmpty<MovedRecord>;
  /** What is written of its traces. */
  readonly texts: readonly MovedText[];
  /** What moves: the run first, then its models and traces. */
  readonly trees: NonEmpty<MovedTree>;
  /** Records of datasets that its inputs name and the other experiment lacks: copies. */
  readonly datasets: readonly MovedText[];
  /** Directories that are made for all that, outermost first. */
  readonly folders: readonly StorePath[];
}

/** What moving must know of a store besides its snapshot. */
export interface MoveEvidence {
  /** Artifact URI → place below the root where its files lie; only of those that lie in the store. */
  readonly places: ReadonlyMap<string, string>;
  /** Run's path → ids of the datasets that its inputs name. */
  readonly inputs: ReadonlyMap<string, readonly string[]>;
  /** Path of a dataset → the text of its record. */
  readonly datasets: ReadonlyMap<string, string>;
  /** Path of a trace → what is in it. */
  readonly traces: ReadonlyMap<string, TraceRecord>;
  /** Of what would be made, or moved to, what is there already. */
  readonly there: ReadonlySet<string>;
}

/** What is in a trace of what depends on its experiment. */
export interface TraceRecord {
  /** The keys of its record that name its experiment. */
  readonly keys: readonly string[];
  /** Where its spans are; `null` where it does not say. */
  readonly location: string | null;
}
