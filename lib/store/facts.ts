/**
 * The nouns between disk and snapshot: what a scan found, before anything is judged.
 *
 * @module
 */

import type { RunExtras, TraceUse } from "./extras.ts";
import type { StorePath } from "./path.ts";
import type { DiskUsage, UsageParts } from "./usage.ts";

/** A text file as it was found. */
export type TextFact =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  /** The operating system refused, or the bytes are no UTF-8. */
  | { readonly kind: "failed"; readonly damage: "io" | "unreadable"; readonly message: string };

/** A file below a directory that could not be read. */
export interface FailureFact {
  readonly path: StorePath;
  readonly damage: "io" | "unreadable";
  readonly message: string;
}

/** A directory that MLflow takes for a run. */
export interface RunFacts {
  /** Name of the directory. */
  readonly directory: string;
  readonly path: StorePath;
  readonly link: boolean;
  readonly meta: TextFact;
  /** Tag key → value; empty at depth `meta`. */
  readonly tags: ReadonlyMap<string, string>;
  readonly tagFailures: readonly FailureFact[];
  /** Left out where nothing besides was asked for. */
  readonly extras?: RunExtras;
}

/** What an experiment's directory and a run's directory are measured by. */
export interface MeasureFacts {
  /** Changes when the subject does; empty at depth `meta`. */
  readonly stamp: string;
  /** `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
}

/** A directory below an experiment's `models/`. */
export interface LoggedModelFacts {
  readonly directory: string;
  readonly path: StorePath;
  readonly link: boolean;
  readonly meta: TextFact;
}

/** A directory that MLflow takes for an experiment, runs apart. */
export interface ExperimentFacts extends MeasureFacts {
  /** Name of the directory. */
  readonly directory: string;
  readonly path: StorePath;
  /** Lies in `.trash/`. */
  readonly inTrash: boolean;
  readonly link: boolean;
  readonly meta: TextFact;
  readonly loggedModels: readonly LoggedModelFacts[];
  readonly traces: number;
  /** Left out where it was not asked for. */
  readonly traceUses?: readonly TraceUse[];
  readonly datasets: number;
  /** Entries that MLflow does not write into an experiment; empty at depth `meta`. */
  readonly foreign: readonly string[];
  /** How many directories of damaged runs hold a file, and not only an empty record; 0 at depth `meta`. */
  readonly lostRuns: number;
  /** Epoch ms of the newest change anywhere inside; `null` where the tree was not walked. */
  readonly newestChange: number | null;
  /** What takes its place; left out where sizes were not read. */
  readonly parts?: UsageParts;
}

/** A directory of a registered model's version. */
export interface ModelVersionFacts {
  readonly path: StorePath;
  readonly meta: TextFact;
}

/** A directory of the registry `models/`. */
export interface RegisteredModelFacts {
  readonly directory: string;
  readonly path: StorePath;
  readonly meta: TextFact;
  readonly aliases: ReadonlyMap<string, string>;
  readonly versions: readonly ModelVersionFacts[];
}

/** The stamp of what is not there. */
export const ABSENT = "absent";
