/**
 * What the page is told of the store, and when.
 *
 * @module
 */

import type { Severity } from "../../../lib/verify/rule.ts";
import type { Bar, ExperimentView } from "../../../lib/view/view.ts";
import type { WorkLine } from "./work.ts";

/**
 * A line of `GET /api/events`, which never ends: first how things stand, then each change of that. The page
 * opens it once, and asks for what it shows as often as it is told that there is something new.
 */
export type EventLine =
  /** The store is being read. `total`: as many as last time, `null` where nobody knows; `rate`: runs a second. */
  | {
    readonly event: "reading";
    readonly runs: number;
    readonly total: number | null;
    readonly rate: number | null;
    /** Ms that it still takes. */
    readonly left: number | null;
  }
  /** It is read: `/api/store` and `/api/plan` answer, and anew each time that `generation` rises. */
  | { readonly event: "ready"; readonly generation: number }
  /** By now `/api/store` tells what everything takes on disk; until then `bytes` is `null`. */
  | { readonly event: "measured"; readonly generation: number }
  /** By now `/api/store` and `/api/findings` tell what is broken. */
  | { readonly event: "verified"; readonly generation: number }
  /** Something is being carried out, by this page or another one: its last line of work; `null`: no more. */
  | { readonly event: "work"; readonly work: WorkLine | null }
  /** One of these failed; the others go on. */
  | {
    readonly event: "failed";
    readonly step: "reading" | "measuring" | "verifying";
    readonly message: string;
  };

/** The answer of `GET /api/store`. */
export interface StoreView {
  /** Rises with each reading. */
  readonly generation: number;
  /** An absolute path, or a URI without credentials. */
  readonly location: string;
  /** What kind of store it is. */
  readonly kind: "files" | "database" | "server";
  /** When it was read. */
  readonly readAt: number;
  /** Whether this page may change the store: it was started as `review:apply`, and the store can be changed. */
  readonly mayApply: boolean;
  /** What it may change besides applying plans; all `false` without {@linkcode mayApply}. */
  readonly may: { readonly pin: boolean; readonly repair: boolean; readonly restore: boolean };
  /** The file of the policy; `null`: there is none. */
  readonly config: string | null;
  /** Sums over the store. */
  readonly totals: {
    /** All of them, deleted ones included. */
    readonly runs: number;
    readonly deletedRuns: number;
    /** By MLflow's words, such as `FINISHED`; those without runs are left out. */
    readonly byStatus: Readonly<Record<string, number>>;
    /** All that MLflow can read, deleted ones included. */
    readonly experiments: number;
    readonly deletedExperiments: number;
    readonly orphans: number;
    /** What it takes on disk; `null` until that is measured. */
    readonly bytes: number | null;
    /** Why that cannot be measured; `null` where it was, or is still to be. */
    readonly unmeasured: string | null;
  };
  /** The experiments of the most runs, at most 1,000. */
  readonly experiments: readonly ExperimentView[];
  /** How many more there are. */
  readonly moreExperiments: number;
  /** How old the runs are, the youngest first. */
  readonly ages: readonly Bar[];
  /** Whether it is measured and verified unasked; else only `/api/findings` has it verified. */
  readonly looksAhead: boolean;
  /** How many findings of each severity; `null` until it is verified. */
  readonly findings: Readonly<Record<Severity, number>> | null;
}

/** The answer of `POST /api/read`, which has an empty object for its body, once the store has been read again. */
export interface ReadAnswer {
  /** The reading that can be asked about now; `null`: it could not be read. */
  readonly generation: number | null;
}
