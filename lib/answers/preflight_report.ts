/**
 * The nouns of a preflight: whether a store is ready, and what was done for it. All are JSON values.
 *
 * @module
 */

import type { SettledChange } from "../backup/report.ts";
import type { Kept, Plan } from "../plan/plan.ts";
import type { ApplyReport } from "../plan/report.ts";
import type { ExperimentSetup } from "../store/tracking_model.ts";
import type { Remains } from "../store/usage.ts";
import type { Severity } from "../verify/rules.ts";
import type { Finding } from "../verify/verify_snapshot.ts";
import type { Summary } from "./summarize.ts";

/** An experiment whose name was lost. */
export interface UnnamedExperiment {
  /** Its id. */
  readonly experimentId: string;
  /** The name that a repair gave it. */
  readonly name: string;
  /** The name that was asked for, which no experiment has. */
  readonly wanted: string;
}

/** What would be done with the experiment that was asked for. */
export interface AwaitedExperiment {
  /** Its name. */
  readonly name: string;
  /** Its id; `null` where there is none of that name. */
  readonly experimentId: string | null;
  /** `replace`: the deleted one stays so under another name, and a new one is created. */
  readonly would: "reuse" | "create" | "restore" | "replace";
  /** With `replace`, all deleted ones of that name, which stay so under other names. */
  readonly replaced: readonly string[];
  /** How many runs it has. */
  readonly runs: number;
  /** Whether a new one could be put in its place, were it deleted. */
  readonly replaceable: boolean;
}

/** Whether a store is ready, and what was done for it. */
export interface PreflightReport {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/preflight/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** MLflow lists and searches everything: no finding is an error. */
  readonly ready: boolean;
  /** The store was only looked at: what could be mended is in `pending`. */
  readonly checked: boolean;
  /** What was looked at: a store of a kind that cannot be mended is not looked at for that. */
  readonly looked: {
    /** By how many rules: all that are about its kind. */
    readonly rules: number;
    /** Whether for what could be mended, and for orphans that hold nothing to miss. */
    readonly mending: boolean;
  };
  /** What the store holds. */
  readonly summary: Pick<Summary, "experiments" | "runs">;
  /** What repair, and the quarantine of orphans that hold nothing to miss, did; `null`: there was nothing to do. */
  readonly done: { readonly repair: ApplyReport | null; readonly quarantine: ApplyReport | null };
  /** How much repair, and the quarantine, would do; 0 unless the store was only looked at. */
  readonly pending: { readonly repairs: number; readonly quarantines: number };
  /** What is damaged and left to its owner, with the choices. */
  readonly left: readonly Kept[];
  /** What MLflow raises on in the end. */
  readonly errors: readonly Finding[];
  /** Number of findings in the end, by severity. */
  readonly findings: Readonly<Record<Severity, number>>;
  /** The experiment that was asked for. */
  readonly experiment: ExperimentSetup | null;
  /** What would be done with it, where the store was only looked at. */
  readonly awaited: AwaitedExperiment | null;
  /** What was to be done with it, as it stood before it was set up. */
  readonly stood: AwaitedExperiment | null;
  /**
   * Experiments whose name was lost, while none has the name that was asked for: each may be the one,
   * and making another would split its history.
   */
  readonly unnamed: readonly UnnamedExperiment[];
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
  /** What earlier changes were not to keep, and could still not be freed. */
  readonly remains: readonly Remains[];
  /** What keeps from being done what is pending; left out where nothing does. */
  readonly stops?: NonNullable<Plan["stops"]>;
}
