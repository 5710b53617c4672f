/**
 * The port of what training writes: experiments set up, runs started, logged to and ended.
 *
 * It stands beside `Store.changes` and takes no lock that a clean-up waits for: what training writes is new
 * or its own, and appears whole.
 *
 * @module
 */

import type { RunStatus } from "../../lib/store/snapshot.ts";
import type {
  Dataset,
  ExperimentSetup,
  MetricPoint,
  RunRecord,
} from "../../lib/store/tracking_model.ts";

export type { ExperimentSetup };

/**
 * When what was written reaches the disk for certain. `end`: all of it before the run's end is recorded.
 * `always`: each thing before the call that logs it returns. `never`: when the operating system likes,
 * as with MLflow. In no case is a file ever half written.
 */
export type Durability = "end" | "always" | "never";

/** Which experiment to set up. */
export interface ExperimentRequest {
  /** Its name. */
  readonly name: string;
  /** Where the artifacts of a new one go; `null` for its own directory. */
  readonly artifactLocation: string | null;
  /** Tags to set. */
  readonly tags: ReadonlyMap<string, string>;
  /** What to do with a deleted one of that name. */
  readonly onDeleted: "restore" | "replace";
}

/** Which run to start. */
export interface NewRunRequest {
  /** The experiment that it belongs to. */
  readonly experimentId: string;
  /** As MLflow shows it; `null` for a name that is made up. */
  readonly runName: string | null;
  /** Tags to set. */
  readonly tags: ReadonlyMap<string, string>;
  /** Who starts it; `null` for the account. */
  readonly user: string | null;
  /** When what it logs reaches the disk. */
  readonly durability: Durability;
}

/** Which run to go on with. */
export interface ResumeRequest {
  /** The run. */
  readonly runId: string;
  /** Its experiment; `null` where only the run is known. */
  readonly experimentId: string | null;
  /** A new name for it; `null` for the one that it has. */
  readonly runName: string | null;
  /** Tags to set. */
  readonly tags: ReadonlyMap<string, string>;
  /** When what it logs reaches the disk. */
  readonly durability: Durability;
}

/**
 * What came of putting something into a run. `differs`: it has another value already. `blocked`: a key
 * that is the beginning of the other is in the way, or the same file under another spelling. `twin` is
 * a key that differs by upper and lower case alone.
 */
export type Placement =
  | { readonly placed: "logged" | "unchanged"; readonly twin: string | null }
  | { readonly placed: "differs"; readonly existing: string; readonly wanted: string }
  | { readonly placed: "blocked"; readonly by: string };

/** What an artifact is made of: a file or directory of this machine, or bytes. */
export type ArtifactContent = { readonly path: string } | { readonly bytes: Uint8Array };

/** How a run stands in the store by now: others may write to it, too. */
export interface RecordedRun {
  /** As MLflow shows it. */
  readonly runName: string;
  /** Its status. */
  readonly status: RunStatus;
  /** Epoch ms; `null` while it has not ended. */
  readonly endTime: number | null;
}

/** A run that is open for writing. Each method rejects with what the operating system or the server says. */
export interface TrackedRun {
  /** What the store says of it. */
  readonly record: RunRecord;
  /**
   * Tells whether the store has the run by now. One that a server did not answer for is made later; until then its id
   * is one that no store knows.
   */
  isStarted(): boolean;
  /** Appends points to a metric, all in one write. */
  logMetric(key: string, points: readonly MetricPoint[]): Promise<Placement>;
  /** Writes a parameter that is not there yet. */
  logParam(key: string, text: string): Promise<Placement>;
  /** Writes a tag. */
  setTag(key: string, text: string): Promise<Placement>;
  /** Puts a file, or all files of a directory, among the artifacts. */
  logArtifact(path: string, content: ArtifactContent): Promise<Placement>;
  /** Records that the run used a dataset. */
  logInput(dataset: Dataset, tags: ReadonlyMap<string, string>): Promise<Placement>;
  /** Renames the run. */
  rename(runName: string): Promise<void>;
  /** Reads what is recorded of it; `null` when that cannot be read. */
  recorded(): Promise<RecordedRun | null>;
  /** Shows that it goes on, though nothing is logged: a repair ends runs that show no sign of life. */
  showLife(now: number): Promise<void>;
  /** Makes durable what has to be, then records the end. */
  end(status: RunStatus, endTime: number): Promise<void>;
}

/** What training writes into a store. */
export interface Tracking {
  /** What MLflow in a program has to find in its environment, besides the store's location, to log there as well. */
  readonly variables: Readonly<Record<string, string>>;
  /** Refuses to put a new experiment in place of a deleted one, where no store of the kind can. @default {it can} */
  readonly refuseReplacing?: (
    found: { readonly id: string; readonly name: string | null },
  ) => never;
  /** Sets an experiment up; of two at once the second waits and finds what the first has made. */
  setupExperiment(request: ExperimentRequest): Promise<ExperimentSetup>;
  /** Starts a run. */
  startRun(request: NewRunRequest): Promise<TrackedRun>;
  /** Goes on with a run. */
  resumeRun(request: ResumeRequest): Promise<TrackedRun>;
}
