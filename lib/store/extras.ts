/**
 * The nouns of what is read of a store besides metadata and tags, because a policy asks for it.
 *
 * @module
 */

import type { StorePath } from "./path.ts";
import { PARENT_TAG } from "./tags.ts";
import type { DiskUsage } from "./usage.ts";

/** What a run logged of one metric. */
export interface MetricSummary {
  /** The value of the greatest step, then time, then value, as MLflow shows it; may be NaN. */
  readonly latest: number;
  /** The least finite value of the history; `null` when there is none, or it was not asked for. */
  readonly least: number | null;
  /** The greatest finite value of the history; `null` when there is none, or it was not asked for. */
  readonly greatest: number | null;
}

/**
 * Tells whether a value is one that was measured. A database of MLflow's keeps ±1.7976931348623157e308
 * instead of infinity, which comes back from there as a number.
 *
 * @param value The value of a metric.
 * @returns Whether it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([0.5, Infinity, 1.7976931348623157e308, NaN].map(isMeasured), [true, false, false, false]);
 * ```
 */
export function isMeasured(value: number): boolean {
  return Math.abs(value) < STAND_IN;
}

/** However many of its digits were written. */
const STAND_IN = 1.797e308;

/** A file, or a whole directory, below a run's `artifacts/` that a glob named. */
export interface HeavyFile {
  /** Where it is. */
  readonly path: StorePath;
  /** What it takes. */
  readonly usage: DiskUsage;
  /** Changes when it does. */
  readonly stamp: string;
}

/** A metric of a run that has more points than a policy leaves it. */
export interface LongMetric {
  /** Its key. */
  readonly key: string;
  /** Its address: of a store of files its file. */
  readonly path: StorePath;
  /** How many points it has. */
  readonly points: number;
  /** How many of them would stay. */
  readonly stays: number;
  /** What would be cut out of its file, bytes from and to; left out where it has none. */
  readonly cuts?: readonly { readonly from: number; readonly to: number }[];
  /** Changes when it does. */
  readonly stamp: string;
}

/** What was read of a run besides, since a policy asked for it. */
export interface RunExtras {
  /** Key → value, of the metrics that were asked for. */
  readonly metrics: ReadonlyMap<string, MetricSummary>;
  /** Key → value, of the parameters that were asked for. */
  readonly params: ReadonlyMap<string, string>;
  /** Ids of the logged models that are its inputs (MLflow 3). */
  readonly inputs: readonly string[];
  /** Empty when there are none, or they were not asked for; none lies inside another. */
  readonly heavy: readonly HeavyFile[];
  /** Left out where there are none, or they were not asked for. */
  readonly long?: readonly LongMetric[];
}

/** What is known of a run that has none of what was asked for; an empty map for each of very many takes much. */
export const NO_EXTRAS: RunExtras = {
  metrics: new Map(),
  params: new Map(),
  inputs: [],
  heavy: [],
};

/** A trace, or an assessment of one, that names what it comes from. */
export interface TraceUse {
  /** Name of the trace's directory. */
  readonly trace: string;
  /** `null` when it is the trace itself. */
  readonly assessment: string | null;
  /** The run that made it; `null` when it names none. */
  readonly runId: string | null;
  /** The logged model that made it; `null` when it names none. */
  readonly modelId: string | null;
}

/** What a logged model is to a run: an input or output, or something that it logged metrics of. */
export type RunUse = "input" | "output" | "metric";

/** Something that names a logged model, besides the run that logged it. */
export type ModelUse =
  | {
    readonly kind: RunUse;
    /** Id of the run, which may be none of this store's. */
    readonly run: string;
  }
  /** A trace of an active experiment was made by it. */
  | { readonly kind: "trace"; readonly trace: string }
  /** Something cannot be read that may name it, or pin it. */
  | { readonly kind: "unreadable"; readonly path: StorePath; readonly message: string };

/** What to read, or was read, of a store besides metadata: only the files that a policy names. */
export interface Extras {
  /** Keys of tags. */
  readonly tags: readonly string[];
  /** Keys of metrics. */
  readonly metrics: readonly string[];
  /** Keys of parameters. */
  readonly params: readonly string[];
  /** Whether what runs, traces and assessments refer to. */
  readonly uses: boolean;
  /** Glob of heavy files below `artifacts/`; `null`: none. */
  readonly artifacts: string | null;
  /** Keys of metrics of which not only the latest value counts; left out where there are none. */
  readonly histories?: readonly string[];
  /** Metrics with more points than this; left out: none. */
  readonly points?: number;
}

/**
 * Tells which tags of runs are read: all of them where nothing was said, of a whole verification those that name
 * another run.
 *
 * @param depth How deep.
 * @param extras What alone to read besides.
 * @returns Their keys; `null` for all.
 */
export function tagsFor(
  depth: "meta" | "tags" | "full",
  extras: Extras | undefined,
): readonly string[] | null {
  if (extras !== undefined) return extras.tags;
  return depth === "tags" ? null : depth === "full" ? [PARENT_TAG] : [];
}
