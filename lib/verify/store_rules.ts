/**
 * The rules about the root of a store and about experiments: one row each.
 *
 * @module
 */

import { DEFAULT_EXPERIMENT } from "../store/names.ts";
import { RECORD_SUBJECTS } from "../store/problem.ts";
import { findProblems, perExperiment } from "./checks.ts";
import {
  findActiveRunsInTrash,
  findDeletedDefault,
  findDeletedLinks,
  findDuplicateNames,
  findExperimentsInTwoPlaces,
  findMissingDefault,
  findMissingTrash,
  findQuotedNames,
  findRunsInTwoPlaces,
  findStagesInRoot,
  findStagesInTrash,
  findStoreBelowArtifacts,
  findUnknownStages,
  findUnnumbered,
} from "./experiment_checks.ts";
import { findStrays, findWorkingDirectory } from "./stray_checks.ts";
import { byHand, byTaking, RELOCATE, type RuleRow, toBoth, toMlflow3 } from "./rule.ts";

const META = byTaking(
  "Restore its meta.yaml from a backup, or move the directory out of the store",
);
const ACCESS = byHand("Give this account permission to read it, or restore the file from a backup");
const MOVE_AWAY = byTaking("Move it out of the store, or give it a name that ends in `.trash`");

const AS_EXPERIMENT =
  "MLflow takes it for an experiment without metadata and warns of it on every listing";
const NO_DEFAULT = "`mlflow.start_run()` raises where no experiment is named";

/** Rules about the root. */
export const STORE_RULES: readonly RuleRow[] = [
  {
    id: "store-below-artifacts",
    in: toMlflow3("error"),
    describes: "MLflow 3.8 and newer open no run of the store",
    migration: null,
    remedy: byHand("Move the store to a path without a directory called artifacts"),
    check: findStoreBelowArtifacts,
  },
  {
    id: "missing-trash-directory",
    in: toBoth("info"),
    describes:
      "MLflow makes it when it opens the store; a server that runs by then fails until it is " +
      "started again",
    migration: null,
    remedy: byHand("Create it, empty, or open the store once with MLflow"),
    repairable: true,
    check: findMissingTrash,
  },
  {
    id: "unlistable-directory",
    in: toBoth("error"),
    describes: "MLflow lists no experiment at all because the name cannot be an experiment's id",
    migration: null,
    remedy: MOVE_AWAY,
    check: findStrays("unlistable-directory"),
  },
  {
    id: "backup-directory",
    in: toBoth("warning"),
    describes: "MLflow takes it for an experiment and warns of it on every listing",
    migration: null,
    remedy: MOVE_AWAY,
    repairable: true,
    check: findStrays("backup-directory"),
  },
  {
    id: "foreign-directory",
    in: toBoth("warning"),
    describes: AS_EXPERIMENT,
    migration: null,
    remedy: byTaking("Move it out of the store"),
    check: findStrays("foreign-directory"),
  },
  {
    id: "nested-store",
    in: toBoth("warning"),
    describes: AS_EXPERIMENT,
    migration: null,
    remedy: byTaking("Move it out of the store, and open it as one of its own"),
    check: findStrays("nested-store"),
  },
  {
    id: "store-in-working-directory",
    in: toBoth("info"),
    describes: "MLflow takes every directory in it for an experiment",
    migration: null,
    remedy: byHand("Give MLflow a directory of its own"),
    check: findWorkingDirectory,
  },
  {
    id: "duplicate-link",
    in: toBoth("warning"),
    describes: "MLflow counts it twice, or warns of it on every listing",
    migration: null,
    remedy: byHand("Remove the link"),
    check: findStrays("duplicate-link"),
  },
  {
    id: "broken-link",
    in: toBoth("info"),
    describes: "MLflow ignores it",
    migration: null,
    remedy: null,
    check: findStrays("broken-link"),
  },
  {
    id: "metadata-with-tab",
    in: toBoth(null),
    describes: "MLflow minds only when the store is migrated",
    migration: "skips",
    remedy: byHand("Replace the tabs in it by spaces, or restore the file from a backup"),
    check: findProblems(RECORD_SUBJECTS, "unmigrated"),
  },
  {
    id: "metadata-cut-off",
    in: toBoth("info"),
    describes: "MLflow reads it as it is, and mltidy lets nothing go by what it says",
    migration: null,
    remedy: byHand(
      "Complete its last line, with a line feed at its end, or restore the file from a backup",
    ),
    repairable: true,
    check: findProblems(RECORD_SUBJECTS, "cut-off"),
  },
  {
    id: "directory-blocked",
    in: toBoth("error"),
    describes: "MLflow needs a directory there: it opens no registry, or lists nothing deleted",
    migration: "aborts",
    remedy: byHand("Mount what the link leads to, or move away what is there"),
    check: findProblems("directory", "not-a-directory"),
  },
  {
    id: "directory-unreadable",
    in: toBoth("error"),
    describes: "MLflow cannot list it under the same account, and mltidy leaves it alone",
    migration: "aborts",
    remedy: byHand("Give this account permission to read it"),
    check: findProblems("directory", "io"),
  },
  {
    id: "run-in-two-places",
    in: toBoth("error"),
    describes: "MLflow opens whichever it finds first and refuses a healthy run for its copy",
    migration: "aborts",
    remedy: byTaking("Move the copy out of the store"),
    check: findRunsInTwoPlaces,
  },
  {
    id: "experiment-in-two-places",
    in: toBoth("warning"),
    describes: "MLflow lists the active one twice, hides the deleted one and cannot restore it",
    migration: "aborts",
    remedy: byTaking("Move one of the two out of the store"),
    check: findExperimentsInTwoPlaces,
  },
];

/** Rules about experiments. */
export const EXPERIMENT_RULES: readonly RuleRow[] = [
  {
    id: "default-experiment-missing",
    in: toBoth("warning"),
    describes: `${NO_DEFAULT}, and MLflow makes it with a new store only`,
    migration: null,
    remedy: byHand("Rename that experiment in MLflow, or name one wherever runs are started"),
    repairable: true,
    check: findMissingDefault,
  },
  {
    id: "default-experiment-deleted",
    in: toBoth("warning"),
    describes: NO_DEFAULT,
    migration: null,
    remedy: {
      kind: "restore",
      experimentId: DEFAULT_EXPERIMENT,
      or: "log to another one",
    },
    check: findDeletedDefault,
  },
  {
    id: "experiment-meta-missing",
    in: toBoth("warning"),
    describes: "MLflow hides the experiment and warns of it on every listing",
    migration: "skips",
    remedy: META,
    repairable: true,
    check: findProblems("experiment", "missing"),
  },
  {
    id: "experiment-meta-empty",
    in: { "2.22": "error", "3.17": "warning" },
    describes: "MLflow before 3.2 lists no experiment at all, later ones warn on every listing",
    migration: "skips",
    remedy: META,
    repairable: true,
    check: findProblems("experiment", "empty"),
  },
  {
    id: "experiment-meta-unreadable",
    in: toBoth("error"),
    describes: "MLflow lists no experiment at all",
    migration: "skips",
    remedy: META,
    repairable: true,
    check: findProblems("experiment", "unreadable"),
  },
  {
    id: "experiment-meta-incomplete",
    in: toBoth("error"),
    describes: "MLflow lists no experiment at all",
    migration: null,
    remedy: META,
    repairable: true,
    check: findProblems("experiment", "incomplete"),
  },
  {
    id: "experiment-meta-inaccessible",
    in: toBoth("error"),
    describes: "MLflow lists no experiment at all under the same account",
    migration: "skips",
    remedy: ACCESS,
    check: findProblems("experiment", "io"),
  },
  {
    id: "experiment-id-mismatch",
    in: toBoth("warning"),
    describes: "MLflow ignores the experiment and warns of it on every listing",
    migration: "aborts",
    remedy: byTaking(
      "Rename the directory to the id that its meta.yaml records, or move it out of the store",
    ),
    check: findProblems("experiment", "id-mismatch"),
  },
  {
    id: "experiment-id-not-numeric",
    in: toBoth(null),
    describes: "MLflow minds only when the store is migrated",
    migration: "skips",
    remedy: byHand(
      "Rename the directory to a number, and the ids in its meta.yaml and its runs' likewise",
    ),
    check: findUnnumbered,
  },
  {
    id: "duplicate-experiment-name",
    in: toBoth("warning"),
    describes: "MLflow may log to another experiment than the one meant",
    migration: "aborts",
    remedy: byHand("Rename all but one in MLflow; restore or purge a deleted one first"),
    check: findDuplicateNames,
  },
  {
    id: "experiment-name-with-quote",
    in: toBoth("warning"),
    describes: "MLflow cannot find the experiment by its name: `set_experiment` raises",
    migration: null,
    remedy: byHand("Rename it in MLflow by its id, without the apostrophe"),
    check: findQuotedNames,
  },
  {
    id: "experiment-name-missing",
    in: toBoth("info"),
    describes: "MLflow lists the experiment without a name",
    migration: "aborts",
    remedy: byHand("Rename it in MLflow by its id"),
    check: findProblems("experiment", "no-name"),
  },
  {
    id: "stage-disagrees-with-location",
    in: toBoth("warning"),
    describes: "MLflow lists the experiment, refuses to log to it and cannot restore it",
    migration: null,
    remedy: byTaking(
      "Set lifecycle_stage to active in its meta.yaml, or move the directory into .trash/",
    ),
    repairable: true,
    check: findStagesInRoot,
  },
  {
    id: "experiment-stage-unknown",
    in: toBoth("warning"),
    describes: "MLflow lists the experiment and refuses to log to it",
    migration: "aborts",
    remedy: byHand("Set lifecycle_stage to active or deleted in its meta.yaml"),
    repairable: true,
    check: findUnknownStages,
  },
  {
    id: "deletion-not-recorded",
    in: toBoth("info"),
    describes: "MLflow goes by the directory, and before 2.3 recorded no more than that",
    migration: "alters",
    remedy: null,
    repairable: true,
    check: findStagesInTrash,
  },
  {
    id: "active-runs-in-deleted-experiment",
    in: toBoth("info"),
    describes: "MLflow still shows them as active, which is what an interrupted deletion leaves",
    migration: null,
    remedy: byHand("Restore the experiment in MLflow, and delete it again if it is to go"),
    check: findActiveRunsInTrash,
  },
  {
    id: "deleted-link",
    in: toBoth("warning"),
    describes: "`mlflow gc` stops there: it cannot remove a link",
    migration: null,
    remedy: byHand("Move what the link leads to into its place, or remove the link"),
    check: findDeletedLinks,
  },
  {
    id: "experiment-location-moved",
    in: toBoth("warning"),
    describes: "MLflow writes elsewhere than here, or fails to",
    migration: null,
    remedy: RELOCATE,
    check: findProblems("experiment", "moved"),
  },
  {
    id: "location-relative",
    in: toBoth("warning"),
    describes: "MLflow finds nothing there unless it is started where that leads here",
    migration: null,
    remedy: RELOCATE,
    check: perExperiment(
      "records",
      findProblems(["experiment", "run", "logged-model", "trace", "model-version"], "relative"),
    ),
  },
  {
    id: "experiment-tag-unreadable",
    in: toBoth("error"),
    describes: "MLflow lists no experiment at all",
    migration: "aborts",
    remedy: byHand("Rewrite the file as UTF-8 text, or remove it"),
    check: findProblems("experiment-tag", "unreadable", "io"),
  },
  {
    id: "experiment-tag-name-illegal",
    in: toBoth("error"),
    describes: "MLflow lists no experiment at all",
    migration: null,
    remedy: byHand("Rename the file, or move it out of the store"),
    check: findProblems("experiment-tag", "illegal-name"),
  },
  {
    id: "directory-in-experiment",
    in: toBoth("info"),
    describes: "MLflow takes it for a run without metadata and passes over it",
    migration: null,
    remedy: byTaking("Move it out of the store"),
    check: findProblems("run", "foreign"),
  },
  {
    id: "dataset-unreadable",
    in: toBoth("error"),
    describes: "MLflow cannot search the experiment's runs, since one uses the dataset",
    migration: "skips",
    remedy: META,
    check: findProblems("dataset", "missing", "empty", "unreadable", "incomplete", "io"),
  },
  {
    id: "dataset-unused",
    in: toBoth("info"),
    describes: "MLflow never removes it",
    migration: null,
    remedy: null,
    check: findProblems("dataset", "unused"),
  },
];
