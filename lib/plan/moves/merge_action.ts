/**
 * The nouns of merging: what of another store is copied into this one. All are JSON values, but for
 * {@linkcode MergeEvidence}, which is read anew for each plan.
 *
 * Paths are addresses, as everywhere: `from` of a tree is one in the other store, all else is in this one.
 *
 * @module
 */

import type { Selection } from "../../policy/policy.ts";
import type { ExperimentId, RunId, StorePath } from "../../store/path.ts";
import type { NonEmpty } from "../../store/snapshot.ts";
import type { DiskUsage } from "../../store/usage.ts";
import type { MovedRecord, MovedText, TraceRecord } from "./move_action.ts";

/** What of which other store to copy. */
export interface MergePolicy {
  /** The other store's location: an absolute path, or a URI without credentials. */
  readonly from: string;
  /** What of it: everything where nothing is named. */
  readonly only: Selection;
  /** Soft-deleted runs and models as well. */
  readonly deleted: boolean;
}

/** Why something is copied, and what is unusual about that. */
export type MergeReason =
  | { readonly kind: "lacking-here" }
  /** The experiment here that has the name of its own. */
  | { readonly kind: "copied-into"; readonly experiment: ExperimentId; readonly name: string }
  /** An experiment whose own id is taken here. */
  | { readonly kind: "id-taken"; readonly id: ExperimentId }
  /** A place that its record names is not copied: it names it still. */
  | { readonly kind: "place-stays"; readonly uri: string };

/** Why something of the other store is not copied, besides what keeps a run from moving. */
export type MergeKeepReason =
  /** Something here has that name or id, and is not the same. */
  | { readonly kind: "differs-here"; readonly path: StorePath }
  /** Something else of the same store has that name or id. */
  | { readonly kind: "twin-of"; readonly path: StorePath }
  /** It is nested in a run that would not be in its experiment here. `path`: where that is. */
  | { readonly kind: "parent-elsewhere"; readonly parent: RunId; readonly path: StorePath };

/** What something copied is. */
export type CopiedThing = "experiment" | "run" | "logged-model" | "trace" | "registered-model";

/** Something that is copied as a whole. */
export interface CopiedTree {
  /** Where it is in the other store. */
  readonly from: StorePath;
  /** Where it will be here; nothing is there. */
  readonly to: StorePath;
  /** Precondition: its stamp there when it was read. */
  readonly stamp: string;
}

/** Copies something of another store into this one, with what belongs to it. The other store stays as it is. */
export interface CopyIn {
  /** Tells the kinds of action apart. */
  readonly kind: "copy-in";
  /** What it is. */
  readonly what: CopiedThing;
  /** Where it will be. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** Why. */
  readonly reasons: NonEmpty<MergeReason>;
  /** Nothing leaves the store. */
  readonly usage: DiskUsage;
  /** Precondition: nothing is at its place. */
  readonly stamp: string;
  /** The location of the other store. */
  readonly source: string;
  /** Its id here; of a registered model its name. */
  readonly id: string;
  /** The experiment into which, or that it will be; `null` for a registered model. */
  readonly experimentId: ExperimentId | null;
  /** The run without which it is not copied: one that it is nested in, and is copied before; `null` where none is. */
  readonly parent: RunId | null;
  /** What is copied: it first, then the models and traces of a run. */
  readonly trees: NonEmpty<CopiedTree>;
  /** What is set in records, once they are copied: keys are those of MLflow's files. */
  readonly records: readonly MovedRecord[];
  /** What is written of its traces, once they are copied; of an experiment of files all of it, in new files. */
  readonly texts: readonly MovedText[];
  /** Records of datasets that its inputs name and this store lacks. */
  readonly datasets: readonly MovedText[];
  /** Directories that are made for all that, outermost first. */
  readonly folders: readonly StorePath[];
  /** What is copied. */
  readonly copied: DiskUsage;
}

/** How many things of the other store are here already, and the same. */
export type AlreadyHere = Readonly<Record<CopiedThing, number>>;

/** A tag of an experiment that both stores have, and the other one has otherwise: it stays as it is here. */
export interface DifferingTag {
  /** The experiment here. */
  readonly experiment: ExperimentId;
  /** The tag's key. */
  readonly key: string;
  /** Its value here; `null` where it has none. */
  readonly here: string | null;
  /** Its value in the other store. */
  readonly there: string;
}

/** What a plan of `merge` has besides what every plan has. */
export interface Merge {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/merge/v1";
  /** The task that made it. */
  readonly task: "merge";
  /** What was asked for. */
  readonly policy: MergePolicy;
  /** What would be copied, in order. */
  readonly actions: readonly CopyIn[];
  /** What is here already. */
  readonly already: AlreadyHere;
  /** Tags of experiments that stay as they are here; left out where there are none. */
  readonly tags?: NonEmpty<DifferingTag>;
}

/** What was found where something of the other store lies. */
export type Measured =
  | { readonly usage: DiskUsage; readonly stamp: string }
  /** Why it cannot be copied. */
  | { readonly problem: string };

/** What merging must know of two stores besides their snapshots. */
export interface MergeEvidence {
  /** Artifact URI → place below the other store's root where its files lie; only of those that lie there. */
  readonly places: ReadonlyMap<string, string>;
  /** Path of a run there → ids of the datasets that its inputs name. */
  readonly inputs: ReadonlyMap<string, readonly string[]>;
  /** Path of a dataset there → the text of its record. */
  readonly datasets: ReadonlyMap<string, string>;
  /** Path of every trace of what is chosen there → what is in it. */
  readonly traces: ReadonlyMap<string, TraceRecord>;
  /** Id of a trace that is here → its path here; only of those that are chosen there. */
  readonly tracesHere: ReadonlyMap<string, StorePath>;
  /** Paths there of what is here under the same id, or name, and is the same but for experiment and place. */
  readonly same: ReadonlySet<string>;
  /** Path there of an experiment that is not here → the text of its record; empty where that is no file. */
  readonly records: ReadonlyMap<string, string>;
  /** Path there of what is not here → what would be copied. An experiment: its record and tags. */
  readonly measured: ReadonlyMap<string, Measured>;
  /** Path of an experiment there, and of the one here of its name → its tags. */
  readonly tags: {
    readonly there: ReadonlyMap<string, ReadonlyMap<string, string>>;
    readonly here: ReadonlyMap<string, ReadonlyMap<string, string>>;
  };
  /** Of the folders and datasets that may be made here, which are there. */
  readonly there: ReadonlySet<string>;
}
