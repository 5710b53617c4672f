/**
 * The nouns of ranking: how a run stands under what a policy keeps.
 *
 * @module
 */

import type { RunStatus } from "../store/snapshot.ts";

/** How a run stands under one of the rules that keep runs. */
export type Standing =
  | {
    readonly kind: "keep-last";
    readonly rank: number;
    readonly of: number;
    readonly n: number;
  }
  | { readonly kind: "keep-within"; readonly age: number; readonly limit: number }
  | {
    readonly kind: "keep-best";
    readonly metric: string;
    readonly mode: "max" | "min";
    readonly over: "latest" | "history";
    /** The parameter or tag, and the run's value of it; `null` where the rule names none. */
    readonly per: { readonly key: string; readonly value: string } | null;
    /** `null` when the run has no finite value. */
    readonly rank: number | null;
    readonly of: number;
    readonly n: number;
  }
  | {
    readonly kind: "keep-period";
    readonly period: Period;
    /** Epoch ms. */
    readonly start: number;
    /** Whether the run is the newest of its period. */
    readonly newest: boolean;
    /** The period's place among those that have runs, from the latest. */
    readonly rank: number;
    readonly n: number;
  }
  | { readonly kind: "keep-tag"; readonly tag: string }
  | { readonly kind: "keep-status"; readonly status: RunStatus }
  | { readonly kind: "keep-named"; readonly glob: string }
  | {
    readonly kind: "keep-where";
    /** The threshold, as it was typed. */
    readonly where: string;
    /** The latest value; `null` when the run has no finite one. */
    readonly value: number | null;
    readonly passes: boolean;
  };

/** A stretch of the calendar, in UTC; weeks begin on Mondays. */
export type Period = "day" | "week" | "month";
