/**
 * What is broken, and what can be taken back.
 *
 * @module
 */

import type { Severity } from "../../../lib/verify/rule.ts";
import type { Row } from "../../../lib/view/view.ts";

/** The answer of `GET /api/findings?severity=…&from=…&to=…`; without `severity` of all. */
export interface FindingsView {
  readonly total: number;
  readonly findings: readonly FindingView[];
}

/** What is broken. */
export interface FindingView {
  /** Id of the rule, such as `run-without-meta`. */
  readonly rule: string;
  readonly severity: Severity;
  /** Where. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What MLflow makes of it. */
  readonly mlflow: string;
  /** What to do, by commands where there are such; `null`: nothing needs to be done. */
  readonly remedy: string | null;
  /** Where the page does it: `/api/repair` mends it, or the plan takes it once it is old enough; `null`: nowhere. */
  readonly here: "repair" | "plan" | null;
}

/** The answer of `GET /api/repair?from=…&to=…`: the plan of all repairs that are provable. */
export interface RepairView {
  readonly plan: string;
  readonly summary: string;
  readonly total: number;
  /** What would be done, `verb` is `repair`. */
  readonly rows: readonly Row[];
  /** How many broken things stay so. */
  readonly stays: number;
  /** What has to be typed, such as `repair 3`; `null` where there is nothing to do. */
  readonly words: string | null;
  readonly command: string;
}

/** The answer of `GET /api/backups?from=…&to=…`: newest first. */
export interface BackupsView {
  readonly total: number;
  readonly backups: readonly BackupView[];
}

/** One backup. */
export interface BackupView {
  readonly id: string;
  /** `change`: what an apply took away; `copy`: a copy of the store. */
  readonly kind: "change" | "copy" | "damaged";
  /** Such as `cleanup`, or `backup`. */
  readonly task: string;
  readonly createdAt: number | null;
  /** How many changes, or files of a copy. */
  readonly count: number;
  readonly bytes: number;
  /** In words, as `deno task restore` says it. */
  readonly text: string;
}

/** The answer of `GET /api/backups?id=…&from=…&to=…`: what bringing it back would do. */
export interface BackupContentsView {
  readonly id: string;
  /** How many changes would be undone. */
  readonly changes: number;
  /** What is in the way: then nothing is brought back. At most 20. */
  readonly collisions: readonly string[];
  /** Why it is only ever copied to another place; `null`: it can be brought back. */
  readonly apart: string | null;
  /** How many runs it holds something of. */
  readonly total: number;
  readonly runs: readonly { readonly id: string; readonly name: string }[];
  /** At most 200. */
  readonly experiments: readonly { readonly id: string; readonly name: string }[];
  readonly command: string;
}
