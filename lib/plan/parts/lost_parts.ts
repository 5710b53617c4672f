/**
 * The nouns of what goes of a run that stays: heavy files, and points of a metric. All are JSON values.
 *
 * @module
 */

import type { ExperimentId, RunId } from "../../store/path.ts";

/** What a thinned metric has besides what every action has. */
export interface ThinnedMetric {
  /** Tells the kinds of action apart. */
  readonly kind: "thin-metric";
  /** The run. */
  readonly runId: RunId;
  /** The experiment it lies in. */
  readonly experimentId: ExperimentId;
  /** The metric's key. */
  readonly key: string;
  /** How many points may stay. */
  readonly most: number;
  /** What is cut out of its file, bytes from and to; left out where it has none. */
  readonly cuts?: readonly { readonly from: number; readonly to: number }[];
}

/** Why a metric is thinned. */
export type ThinReason = {
  /** Tells the kinds of reason apart. */
  readonly kind: "long-metric";
  /** How many points it has. */
  readonly points: number;
  /** How many of them stay. */
  readonly stays: number;
  /** Epoch ms: the end of its run. */
  readonly time: number;
  /** Since then, ms. */
  readonly age: number;
  /** What that is longer than, ms. */
  readonly limit: number;
};

/** Why a heavy file goes. */
export type HeavyReason<Standing> = {
  /** Tells the kinds of reason apart. */
  readonly kind: "heavy-files";
  /** Which files count as heavy. */
  readonly glob: string;
  /** Epoch ms: the end of its run. */
  readonly time: number;
  /** Since then, ms. */
  readonly age: number;
  /** What that is longer than, ms. */
  readonly limit: number;
  /** How the run stands under a rule that does not keep it, and lets only artifacts go; left out by any other. */
  readonly standings?: readonly Standing[];
};
