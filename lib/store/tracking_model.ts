/**
 * The nouns of what training writes: runs, points of metrics, datasets.
 *
 * @module
 */

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
