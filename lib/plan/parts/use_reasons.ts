/**
 * The nouns of use: what names something, and so keeps it.
 *
 * @module
 */

import type { RunUse } from "../../store/extras.ts";
import type { RunId } from "../../store/path.ts";
import type { DatabaseRow } from "../../store/snapshot.ts";

/** Why something stays that something else names. */
export type UseReason =
  | {
    readonly kind: "registered";
    readonly model: string;
    readonly version: string;
    readonly aliases: readonly string[];
    /** Left out where the version is in no stage. */
    readonly stage?: string;
  }
  | {
    /** Its files are those of a row of a database. */
    readonly kind: "database-refers";
    /** Absolute path of the database. */
    readonly database: string;
    readonly row: DatabaseRow["kind"];
    /** The row's id. */
    readonly id: string;
  }
  | { readonly kind: "trace-source"; readonly trace: string }
  | { readonly kind: "assessment-source"; readonly trace: string; readonly assessment: string }
  | { readonly kind: "logged-model-in-use"; readonly model: string; readonly trace: string }
  | { readonly kind: "input-of-kept"; readonly run: RunId; readonly model: string }
  | { readonly kind: "source-of-kept"; readonly model: string }
  | { readonly kind: "used-by-run"; readonly run: RunId; readonly as: RunUse }
  /** A row of a database names it, of a kind that otherwise keeps nothing. */
  | { readonly kind: "row-refers"; readonly table: string; readonly row: string };
