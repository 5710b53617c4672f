/**
 * What the page asks of a plan, and is told.
 *
 * @module
 */

/** The body of `POST /api/plan`. */
export interface PlanRequest {
  /** Values of controls by their keys; what is left out is as in the file. */
  readonly values: Readonly<Record<string, number | null>>;
  /** Paths of runs, experiments, orphans and models to leave out of this plan. */
  readonly leftOut: readonly string[];
}

/** The answer of `POST /api/plan`. The page aborts a request whose answer it no longer wants. */
export interface PlanView {
  /** Names the plan to all that follows: rows, explain, apply. */
  readonly plan: string;
  /** The reading of the store it was made from. */
  readonly generation: number;
  /** Fingerprint of the store as it was read. */
  readonly basis: string;
  /** The moment against which ages were judged. */
  readonly plannedAt: number;
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

/** One experiment of a plan, with all that goes of it. */
export interface PlanBranch {
  /** Its path: what `experiment=` of `/api/rows` takes, and `leftOut`. */
  readonly path: string;
  /** Its name. */
  readonly name: string;
  /** How many actions. */
  readonly count: number;
  /** Bytes that leave the store. */
  readonly bytes: number;
  /** The same by what is done and why. */
  readonly reasons: readonly (Count & {
    /** What `reason=` of `/api/rows` takes. */
    readonly key: string;
    readonly verb: Verb;
    readonly bytes: number;
  })[];
}

/** How many there are of something. */
export interface Count {
  /** What. */
  readonly label: string;
  /** How many. */
  readonly count: number;
  /** What `reason=` of `/api/rows` takes. */
  readonly key: string;
}

/** What is done with something. */
export type Verb = "soft-delete" | "purge" | "quarantine" | "drop" | "repair" | "stays";

/** A number of the policy. */
export interface Control {
  /** Names it in {@linkcode PlanRequest.values}, such as `retention.keep_last`. */
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
  /** The least that a slider offers. */
  readonly min: number;
  /** The most that a slider offers; a larger number may be typed. */
  readonly max: number;
  /** Step of the slider. */
  readonly step: number;
  /** Whether it may be `null`. */
  readonly mayBeNone: boolean;
}
