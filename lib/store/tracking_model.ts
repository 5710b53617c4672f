/**
 * The nouns of what training writes: experiments, runs, points of metrics, datasets.
 *
 * @module
 */

/** An experiment that is ready for runs. */
export interface ExperimentSetup {
  /** Its id: decimal digits, 18 in a store of files, unless it is older; of one that is set up later, one of our own. */
  readonly experimentId: string;
  /**
   * `reused`: it was there. `created`: it is new. `restored`: it had been deleted. `repaired`: its
   * `meta.yaml` was damaged and has been mended from what was left of it. `later`: a tracking server does not answer,
   * and is asked for it before the first run that is logged to it.
   */
  readonly outcome: "reused" | "created" | "restored" | "repaired" | "later";
}

/** What the `meta.yaml` of a run is made of. */
export interface RunRecord {
  /** 32 hexadecimal digits. */
  readonly runId: string;
  /** The experiment that it belongs to. */
  readonly experimentId: string;
  /** As MLflow shows it. */
  readonly runName: string;
  /** Where its artifacts are. */
  readonly artifactUri: string;
  /** Who started it. */
  readonly user: string;
  /** Epoch ms. */
  readonly startTime: number;
}

/** One point of a metric. */
export interface MetricPoint {
  /** A number; NaN and infinities as well. */
  readonly value: number;
  /** Epoch ms, a whole number. */
  readonly timestamp: number;
  /** A whole number, also a negative one. */
  readonly step: number;
}

/** A dataset that a run used. */
export interface Dataset {
  /** Its name, at most 500 characters. */
  readonly name: string;
  /** What tells its versions apart, such as a hash; at most 36 characters. */
  readonly digest: string;
  /** The kind of its source, such as `local` or `s3`. */
  readonly sourceType: string;
  /** Where it came from, in the words of its source type: JSON mostly. */
  readonly source: string;
  /** Its columns, as JSON. @default {null} */
  readonly schema?: string | null;
  /** Numbers about it, as JSON. @default {null} */
  readonly profile?: string | null;
}
