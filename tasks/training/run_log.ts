/**
 * What can be logged to a run.
 *
 * @module
 */

import type { Dataset } from "../../lib/store/tracking_model.ts";
import type { CountedProblem, LogOutcome } from "../../lib/tracking/log_outcome.ts";

/**
 * A value of a parameter or a tag. It is stored as Python's `str()` spells it, so that runs of Python
 * programs compare equal: `true` as `True`, `null` as `None`, `1e-7` as `1e-07`; lists and objects as JSON.
 */
export type LogValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly unknown[]
  | { readonly [key: string]: unknown };

/** When a metric was measured. */
export interface MetricOptions {
  /** The step, a whole number. @default {0} */
  readonly step?: number;
  /** Epoch ms. @default {the store's clock} */
  readonly timestamp?: number;
}

/** One point of a metric, for a batch. */
export interface MetricEntry extends MetricOptions {
  /** The metric's key. */
  readonly key: string;
  /** The value; NaN and infinities as well. */
  readonly value: number;
}

/** What a dataset was to a run. */
export interface InputOptions {
  /** What the run did with it, such as `train` or `test`: the tag `mlflow.data.context`. */
  readonly context?: string;
  /** More tags of the input. @default {{}} */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * What can be logged to a run. No method throws for what logging can do wrong, unless the run is `strict`:
 * each resolves to an outcome, and what was not as it should be is kept in `problems`.
 *
 * Keys of metrics, parameters and tags are MLflow's: letters and digits of any script, `_ - . : /` and
 * spaces, at most 250 characters, no empty part between slashes.
 */
export interface RunLog {
  /** What went wrong so far: one for each kind and key, with its count. */
  readonly problems: readonly CountedProblem[];

  /**
   * Logs a parameter. The first value stays: the same again is `unchanged`, another is not logged, becomes
   * a `param-conflict` and the tag `mltidy.param_conflict.<key>`. More than 6000 characters are cut.
   */
  logParam(key: string, value: LogValue): Promise<LogOutcome>;
  /** Logs parameters, each as `logParam` does; one outcome for each, in order. */
  logParams(params: Readonly<Record<string, LogValue>>): Promise<readonly LogOutcome[]>;

  /**
   * Logs a point of a metric by one append. NaN and infinities are stored as Python spells them, a fraction
   * in step or timestamp is cut off; what is no number is not logged.
   */
  logMetric(key: string, value: number, options?: MetricOptions): Promise<LogOutcome>;
  /**
   * Logs many points: one of each metric, or any list. All points of one metric are appended in one write.
   * One outcome for each, in order.
   */
  logMetrics(
    metrics: Readonly<Record<string, number>> | readonly MetricEntry[],
    options?: MetricOptions,
  ): Promise<readonly LogOutcome[]>;

  /**
   * Sets a tag; the last value stays. More than 8000 characters are cut. The tag `mlflow.runName` renames
   * the run.
   */
  setTag(key: string, value: LogValue): Promise<LogOutcome>;
  /** Sets tags, each as `setTag` does; one outcome for each, in order. */
  setTags(tags: Readonly<Record<string, LogValue>>): Promise<readonly LogOutcome[]>;

  /**
   * Copies a file, or a directory with all that is in it, among the run's artifacts, under its own name.
   *
   * @param path The file or directory; needs read permission for it.
   * @param directory The artifact directory that it goes into; by default the topmost.
   */
  logArtifact(path: string, directory?: string): Promise<LogOutcome>;
  /** Writes text as an artifact, such as `reports/summary.txt`. */
  logText(text: string, path: string): Promise<LogOutcome>;
  /** Writes a value as JSON, which is YAML too, as an artifact such as `config.json`. */
  logDict(value: unknown, path: string): Promise<LogOutcome>;
  /** Writes bytes as an artifact: a figure such as `roc.png`, a model, anything. */
  logBytes(bytes: Uint8Array, path: string): Promise<LogOutcome>;

  /** Records that the run used a dataset; MLflow shows it among the run's inputs. */
  logInput(dataset: Dataset, options?: InputOptions): Promise<LogOutcome>;
}
