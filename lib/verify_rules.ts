/**
 * The invariants of a store that MLflow is quiet about: one row per rule, in {@linkcode RULES}.
 *
 * Severities follow what MLflow itself does, measured with 2.22 and 3.17; the worse of the two
 * counts. `error`: MLflow fails on healthy things too, or shows what is wrong. `warning`: it warns,
 * or hides or refuses the broken thing alone. `info`: it does not mind.
 *
 * @module
 */

import {
  type Check,
  findActiveRunsInTrash,
  findDuplicateNames,
  findMissingTrash,
  findProblems,
  findRunsInTwoPlaces,
  findStagesInRoot,
  findStagesInTrash,
  findStrays,
} from "./verify_checks.ts";

/** How bad a finding is. */
export type Severity = "error" | "warning" | "info";

/** One invariant. */
export interface Rule {
  /** Stable, in kebab case. */
  readonly id: string;
  /** How bad it is where it is broken. */
  readonly severity: Severity;
  /** What MLflow does where it is broken. */
  readonly describes: string;
  /** Finds the places where it is broken. */
  readonly check: Check;
}

/** Every rule of `verify`. Adding a rule is adding a row. */
export const RULES: readonly Rule[] = [
  {
    id: "experiment-meta-missing",
    severity: "warning",
    describes: "MLflow hides the experiment and warns of it on every listing",
    check: findProblems("experiment", "missing"),
  },
  {
    id: "experiment-meta-empty",
    severity: "error",
    describes: "MLflow before 3.2 lists no experiment at all, later ones warn on every listing",
    check: findProblems("experiment", "empty"),
  },
  {
    id: "experiment-meta-unreadable",
    severity: "error",
    describes: "MLflow lists no experiment at all",
    check: findProblems("experiment", "unreadable"),
  },
  {
    id: "experiment-meta-incomplete",
    severity: "error",
    describes: "MLflow lists no experiment at all",
    check: findProblems("experiment", "incomplete"),
  },
  {
    id: "experiment-meta-inaccessible",
    severity: "error",
    describes: "MLflow lists no experiment at all under the same account",
    check: findProblems("experiment", "io"),
  },
  {
    id: "experiment-id-mismatch",
    severity: "warning",
    describes: "MLflow ignores the experiment and warns of it on every listing",
    check: findProblems("experiment", "id-mismatch"),
  },
  {
    id: "run-in-two-places",
    severity: "error",
    describes: "MLflow opens whichever it finds first and refuses a healthy run for its copy",
    check: findRunsInTwoPlaces,
  },
  {
    id: "run-meta-missing",
    severity: "warning",
    describes: "MLflow hides the run",
    check: findProblems("run", "missing"),
  },
  {
    id: "run-meta-empty",
    severity: "error",
    describes: "MLflow cannot search the experiment's runs",
    check: findProblems("run", "empty"),
  },
  {
    id: "run-meta-unreadable",
    severity: "error",
    describes: "MLflow cannot search the experiment's runs",
    check: findProblems("run", "unreadable"),
  },
  {
    id: "run-meta-incomplete",
    severity: "error",
    describes: "MLflow cannot search the experiment's runs",
    check: findProblems("run", "incomplete"),
  },
  {
    id: "run-meta-inaccessible",
    severity: "error",
    describes: "MLflow cannot search the experiment's runs under the same account",
    check: findProblems("run", "io"),
  },
  {
    id: "run-id-mismatch",
    severity: "error",
    describes: "MLflow lists the run twice, or ignores it and refuses to open it",
    check: findProblems("run", "id-mismatch"),
  },
  {
    id: "tags-unreadable",
    severity: "error",
    describes: "MLflow cannot search the experiment's runs",
    check: findProblems("tags"),
  },
  {
    id: "logged-model-meta-missing",
    severity: "warning",
    describes: "MLflow 3 hides the logged model",
    check: findProblems("logged-model", "missing"),
  },
  {
    id: "logged-model-meta-damaged",
    severity: "error",
    describes: "MLflow 3 cannot search the experiment's logged models",
    check: findProblems("logged-model", "empty", "unreadable", "incomplete", "id-mismatch", "io"),
  },
  {
    id: "registry-unreadable",
    severity: "error",
    describes: "MLflow lists no registered model at all",
    check: findProblems("registry"),
  },
  {
    id: "directory-unreadable",
    severity: "error",
    describes: "MLflow cannot list it under the same account, and mltidy leaves it alone",
    check: findProblems("directory"),
  },
  {
    id: "duplicate-experiment-name",
    severity: "warning",
    describes: "MLflow may log to another experiment than the one meant",
    check: findDuplicateNames,
  },
  {
    id: "stage-disagrees-with-location",
    severity: "warning",
    describes: "MLflow lists the experiment, refuses to log to it and cannot restore it",
    check: findStagesInRoot,
  },
  {
    id: "deletion-not-recorded",
    severity: "info",
    describes: "MLflow goes by the directory, and before 2.3 recorded no more than that",
    check: findStagesInTrash,
  },
  {
    id: "active-runs-in-deleted-experiment",
    severity: "info",
    describes: "MLflow still shows them as active, which is what an interrupted deletion leaves",
    check: findActiveRunsInTrash,
  },
  {
    id: "backup-directory",
    severity: "warning",
    describes: "MLflow takes it for an experiment and warns of it on every listing",
    check: findStrays("backup-directory"),
  },
  {
    id: "unlistable-directory",
    severity: "error",
    describes: "MLflow lists no experiment at all because the name cannot be an experiment's id",
    check: findStrays("unlistable-directory"),
  },
  {
    id: "duplicate-link",
    severity: "warning",
    describes: "MLflow counts it twice, or warns of it on every listing",
    check: findStrays("duplicate-link"),
  },
  {
    id: "broken-link",
    severity: "info",
    describes: "MLflow ignores it",
    check: findStrays("broken-link"),
  },
  {
    id: "missing-trash-directory",
    severity: "warning",
    describes: "MLflow cannot list deleted experiments, nor open a run, until it is started again",
    check: findMissingTrash,
  },
];
