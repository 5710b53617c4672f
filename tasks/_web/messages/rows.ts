/**
 * Lists of what goes and what stays, and why one of it does.
 *
 * @module
 */

import type { Explanation } from "../../../lib/answers/explain_model.ts";
import type { RowsWanted } from "../../../lib/view/plan_rows.ts";
import type { ControlValues } from "../../../lib/view/policy_controls.ts";
import type { Row } from "../../../lib/view/view.ts";

/**
 * What `GET /api/rows` takes in its query: `plan`, `list`, `from`, `to`, and if wanted `experiment` (a path),
 * `reason` (a key), `filter` (part of a name, id, tag or reason, in any case), `sort` and `order`.
 */
export interface RowsQuery extends Omit<RowsWanted, "descending"> {
  readonly plan: string;
  /** @default {"asc"} */
  readonly order?: "asc" | "desc";
  readonly from: number;
  readonly to: number;
}

/** The answer of `GET /api/rows`. */
export interface RowsView {
  /** How many rows there are in all, after filtering. */
  readonly total: number;
  readonly rows: readonly Row[];
  /** What `metric` is the value of; `null`: no metric was read. */
  readonly metric: string | null;
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
  readonly kind: Explanation["subject"];
  readonly id: string;
  readonly name: string;
  /** `null` where it is one itself, or lies in none. */
  readonly experiment: string | null;
  readonly verdict: Explanation["verdict"];
  readonly reasons: readonly string[];
  /** The smallest change that turns the verdict; `null` where none was found. */
  readonly flip: {
    readonly changes: readonly string[];
    /** How many others change sides with it. */
    readonly others: number;
    /** The same for {@linkcode PlanRequest.values}; `null` where no control says it. */
    readonly values: ControlValues | null;
  } | null;
  /** All of it, as `deno task explain` prints it. */
  readonly text: string;
  readonly link: string | null;
}
