/**
 * The nouns of what came of applying a plan. All are JSON values.
 *
 * @module
 */

import type { StorePath } from "../store/path.ts";
import type { NonEmpty } from "../store/snapshot.ts";
import type { DiskUsage, Remains } from "../store/usage.ts";
import type { Action, LinkedPlace, PlanTask, Reviewed } from "./plan.ts";

/** Why an action was not carried out; `not-supported`: this kind of store cannot. */
export type SkipReason = "changed-since-plan" | "gone" | "symbolic-link" | "not-supported";

/** What came of one action. */
export type ActionOutcome =
  & { readonly kind: Action["kind"]; readonly path: StorePath }
  & (
    | {
      readonly outcome: "applied";
      readonly usage: DiskUsage;
      /** What of it stays in its place, such as artifacts in a remote store, and why; left out for nothing. */
      readonly stays?: string;
    }
    | {
      readonly outcome: "skipped";
      readonly because: SkipReason;
    }
    | { readonly outcome: "failed"; readonly message: string }
    | { readonly outcome: "not-run"; readonly because: "interrupted" }
  );

/** What was done, action by action. */
export interface ApplyReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/apply/v1";
  /** The task whose plan it was. */
  readonly task: PlanTask;
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms. */
  readonly finishedAt: number;
  /** One for each action, in order. */
  readonly outcomes: readonly ActionOutcome[];
  /** Sums over the outcomes. */
  readonly totals: {
    readonly applied: number;
    readonly skipped: number;
    readonly failed: number;
    readonly notRun: number;
    /** Measured, not expected: what left the store. */
    readonly usage: DiskUsage;
  };
  /** Where what was taken away lies, and its id for `restore`; `null` when nothing was taken or no backup was wanted. */
  readonly backup: {
    readonly id: string;
    readonly path: string;
    /** Why it is not where it was wanted. */
    readonly problem?: string;
  } | null;
  /** What was not to be kept and takes its place all the same, and why. */
  readonly remains?: Remains;
  /** As in the plan: whose modification time no undoing gives back. */
  readonly lostTimes?: NonEmpty<string>;
  /** As in the plan: what symbolic links lead to that were to leave the store. */
  readonly linked?: NonEmpty<LinkedPlace>;
  /** As in the plan: that of which it was what still held. */
  readonly reviewed?: Reviewed;
  /** Every action was applied, those of a reviewed plan included. */
  readonly complete: boolean;
}
