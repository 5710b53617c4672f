/**
 * Lists of what goes and what stays, and why one of it does.
 *
 * @module
 */

import type { Verb } from "./plan.ts";

/**
 * What `GET /api/rows` takes in its query: `plan`, `list`, `from`, `to`, and if wanted `experiment` (a path),
 * `reason` (a key), `filter` (part of a name, id, tag or reason, in any case), `sort` and `order`.
 */
export interface RowsQuery {
  readonly plan: string;
  /** `turned`: what changes sides against the file; `left-out`: what was left out of this plan. */
  readonly list: "goes" | "stays" | "turned" | "left-out";
  readonly experiment?: string;
  readonly reason?: string;
  readonly filter?: string;
  /** @default {"plan"} */
  readonly sort?: "plan" | "name" | "age" | "bytes" | "metric" | "experiment";
  /** @default {"asc"} */
  readonly order?: "asc" | "desc";
  readonly from: number;
  readonly to: number;
}

/** The answer of `GET /api/rows`. */
export interface RowsView {
  readonly plan: string;
  /** How many rows there are in all, after filtering. */
  readonly total: number;
  readonly from: number;
  readonly rows: readonly Row[];
  /** What `metric` is the value of; `null`: no metric was read. */
  readonly metric: string | null;
}

/** One line of a list. */
export interface Row {
  /** Its path: unique in a list; what `leftOut`, `id=` of explain and pinning take. */
  readonly path: string;
  readonly kind:
    | "run"
    | "damaged-run"
    | "logged-model"
    | "experiment"
    | "orphan"
    | "heavy-file"
    | "damage";
  readonly verb: Verb;
  readonly id: string;
  readonly name: string;
  /** Name of the experiment that it lies in, else of itself. */
  readonly experiment: string;
  readonly experimentPath: string;
  /** Its end, or its start where it has none; `null`: not known. */
  readonly time: number | null;
  /** Ms since then, at the moment of the plan. */
  readonly age: number | null;
  /** What it takes on disk; `null`: not measured. */
  readonly bytes: number | null;
  /** Its value of the policy's metric; `null`: none. */
  readonly metric: number | null;
  /** MLflow's word; `null` of what is no run. */
  readonly status: string | null;
  /** At most 6, `key=value`, without MLflow's own. */
  readonly tags: readonly string[];
  /** Why it goes or stays, in words; at most 5. */
  readonly reasons: readonly string[];
  /** Its address in MLflow's UI; `null` where that is not known. */
  readonly link: string | null;
  /** Whether it was left out of this plan. */
  readonly leftOut: boolean;
  /** Whether it has the tag `mltidy.pin`. */
  readonly pinned: boolean;
  /** Whether it can be left out by itself, and pinned: it is a run. */
  readonly mayPin: boolean;
}

/** The answer of `GET /api/explain?plan=…&id=…`; `id`: an id, 6 or more of its letters, a path, or a name. */
export interface ExplainView {
  /** One for each that is meant, at most 5. */
  readonly explanations: readonly ExplanationView[];
  /** What is meant, where it is too much to explain: ask again with one of these paths. */
  readonly candidates: readonly { readonly path: string; readonly name: string }[];
  /** How many more there are. */
  readonly more: number;
}

/** Why something goes or stays. */
export interface ExplanationView {
  readonly path: string;
  readonly kind: "run" | "logged-model" | "experiment" | "orphan";
  readonly id: string;
  readonly name: string;
  /** `null` where it is one itself, or lies in none. */
  readonly experiment: string | null;
  readonly verdict: "stays" | "soft-delete" | "purge" | "quarantine";
  readonly reasons: readonly string[];
  /** The smallest change that turns the verdict; `null` where none was found. */
  readonly flip: {
    readonly changes: readonly string[];
    /** How many others change sides with it. */
    readonly others: number;
    /** The same for {@linkcode PlanRequest.values}; `null` where no control says it. */
    readonly values: Readonly<Record<string, number | null>> | null;
  } | null;
  /** All of it, as `deno task explain` prints it. */
  readonly text: string;
  readonly link: string | null;
}
