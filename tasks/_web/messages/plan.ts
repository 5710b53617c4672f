/**
 * What the page asks of a plan, and is told.
 *
 * @module
 */

import type { ControlValues } from "../../../lib/view/policy_controls.ts";
import type { Control, Count, PlanBranch } from "../../../lib/view/view.ts";

/** The body of `POST /api/plan`. */
export interface PlanRequest {
  /** Values of controls by their keys; what is left out is as in the file. */
  readonly values: ControlValues;
  /** Paths of runs, experiments, orphans and models to leave out of this plan. */
  readonly leftOut: readonly string[];
}

/** The answer of `POST /api/plan`. The page aborts a request whose answer it no longer wants. */
export interface PlanView {
  /** Names the plan to all that follows: rows, explain, apply. */
  readonly plan: string;
  /** The reading of the store it was made from. */
  readonly generation: number;
  /** The sum in one sentence, as the command line says it. */
  readonly summary: string;
  /** How much of what. */
  readonly totals: {
    /** All actions. */
    readonly actions: number;
    readonly softDeleteRuns: number;
    readonly purgeRuns: number;
    readonly purgeExperiments: number;
    readonly purgeModels: number;
    readonly quarantineOrphans: number;
    readonly dropArtifacts: number;
    readonly thinMetrics: number;
    readonly keptRuns: number;
    /** What leaves the store with the plan. */
    readonly bytesNow: number;
    /** What leaves once what is soft-deleted is purged; `null` where that was not measured. */
    readonly bytesLater: number | null;
  };
  /** What goes: by experiment, those of the most actions first; at most 1,000. */
  readonly tree: readonly PlanBranch[];
  /** How many more experiments there are. */
  readonly moreBranches: number;
  /** What stays, by reason, that of the most first. */
  readonly stays: readonly Count[];
  /** Why it must not be applied; then there is nothing to type. */
  readonly stops: readonly string[];
  /** What a reader should know: what the policy asks for in vain, what takes most of an experiment. */
  readonly notes: readonly string[];
  /** How many runs change sides against the policy of the file, nothing left out; `null`: as the file says. */
  readonly turned: {
    /** Go now, and would stay. */
    readonly goes: number;
    /** Stay now, and would go. */
    readonly stays: number;
  } | null;
  /** How many things are left out that would go. */
  readonly leftOut: number;
  /** The numbers of the policy. */
  readonly controls: readonly Control[];
  /** The policy as a `mltidy.yaml`, to copy. */
  readonly yaml: string;
  /** What has to be typed to apply, such as `remove 143`; `null` where there is nothing to apply, or it is stopped. */
  readonly words: string | null;
  /** What to type in a terminal instead, given `plan.json`. */
  readonly command: string;
}
