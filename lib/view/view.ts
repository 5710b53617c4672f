/**
 * The nouns of what a page shows of a store and of a plan: small JSON values, names in them cut and harmless.
 *
 * Times are epoch ms, ages ms, sizes bytes.
 *
 * @module
 */

/** One experiment, or orphan, in numbers. */
export interface ExperimentView {
  /** Its id. */
  readonly id: string;
  /** Its path in the store, as it is. */
  readonly path: string;
  /** Its name; an orphan's is its id. */
  readonly name: string;
  /** What it is. */
  readonly stage: "active" | "deleted" | "orphan";
  /** Readable runs. */
  readonly runs: number;
  /** What it takes on disk; `null` until that is measured. */
  readonly bytes: number | null;
  /** Start of its newest run; `null` when there is none. */
  readonly newest: number | null;
  /** Its address in MLflow's UI; `null` where that is not known. */
  readonly link: string | null;
}

/** One bar of a histogram. */
export interface Bar {
  /** Such as `7–30 d`. */
  readonly label: string;
  /** How many active runs. */
  readonly active: number;
  /** How many soft-deleted runs. */
  readonly deleted: number;
}

/** What is done with something. */
export type Verb =
  | "soft-delete"
  | "purge"
  | "quarantine"
  | "drop"
  | "thin"
  | "move"
  | "copy"
  | "repair"
  | "stays";

/** How many there are of something. */
export interface Count {
  /** What. */
  readonly label: string;
  /** How many. */
  readonly count: number;
  /** Names it among its like. */
  readonly key: string;
}

/** How many go for one reason. */
export interface ReasonCount extends Count {
  /** What is done with them. */
  readonly verb: Verb;
  /** Bytes that leave the store. */
  readonly bytes: number;
}

/** One experiment of a plan, with all that goes of it. */
export interface PlanBranch {
  /** Its path in the store, as it is. */
  readonly path: string;
  /** Its name. */
  readonly name: string;
  /** How many actions. */
  readonly count: number;
  /** Bytes that leave the store. */
  readonly bytes: number;
  /** The same by what is done and why, the most first. */
  readonly reasons: readonly ReasonCount[];
}

/** A number of the policy. */
export interface Control {
  /** Names it, such as `retention.keep_last`. */
  readonly key: string;
  /** For people, such as `keep_last`, or `keep_best n of f1`. */
  readonly label: string;
  /** What it does. */
  readonly describes: string;
  /** For which rule; `null`: for all runs. */
  readonly rule: string | null;
  /** What it counts. `days` may be fractions, `percent` is 0 to 100. */
  readonly unit: "days" | "runs" | "percent";
  /** Its value; `null`: no limit, only where {@linkcode mayBeNone}. */
  readonly value: number | null;
  /** Its value by the file, or by default. */
  readonly fileValue: number | null;
  /** The least that it takes. */
  readonly min: number;
  /** The most that a slider offers; a larger number may be typed. */
  readonly max: number;
  /** Whether it may be `null`. */
  readonly mayBeNone: boolean;
}

/** One line of a list: something that goes, or stays. */
export interface Row {
  /** Its path in the store, as it is: unique in a list. */
  readonly path: string;
  /** What it is. */
  readonly kind:
    | "run"
    | "damaged-run"
    | "logged-model"
    | "experiment"
    | "trace"
    | "registered-model"
    | "orphan"
    | "heavy-file"
    | "metric"
    | "damage";
  /** What is done with it. */
  readonly verb: Verb;
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** Name of the experiment that it lies in, else of itself. */
  readonly experiment: string;
  /** Its end, or its start where it has none; `null`: not known. */
  readonly time: number | null;
  /** Ms since then, at the moment of the plan. */
  readonly age: number | null;
  /** What it takes on disk; `null`: not measured. */
  readonly bytes: number | null;
  /** Its value of the metric that rows show; `null`: none. */
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
  /** Whether it can be pinned: it is an active run. */
  readonly mayPin: boolean;
}
