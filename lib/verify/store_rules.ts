/**
 * The rules about the root of a store, and about records whatever they are of: one row each.
 *
 * @module
 */

import { RECORD_SUBJECTS } from "../store/problem.ts";
import { findProblems, unlessWithin } from "./checks.ts";
import { byHand, byTaking, type RuleRow, toBoth, toMlflow3 } from "./rule.ts";
import {
  findExperimentsInTwoPlaces,
  findMissingTrash,
  findRunsInTwoPlaces,
  findStoreBelowArtifacts,
  findStrays,
  findWorkingDirectory,
} from "./store_checks.ts";

const MOVE_AWAY = byTaking("Move it out of the store, or give it a name that ends in `.trash`");
const AS_EXPERIMENT =
  "MLflow takes it for an experiment without metadata and warns of it on every listing";

const PULL = byHand("Run `git lfs pull` in the repository that the store is in");

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
    id: "experiment-directory-renamed",
    in: toBoth("error"),
    describes: "MLflow lists no experiment at all because the name cannot be an experiment's id",
    migration: "skips",
    remedy: byTaking(
      "Rename the directory to the id that its meta.yaml records, or move it out of the store",
    ),
    check: findStrays("renamed-experiment"),
  },
  {
    id: "run-among-experiments",
    in: toBoth("error"),
    describes: "MLflow takes it for an experiment, and lists none where it does",
    migration: "skips",
    remedy: byTaking(
      "Move it into the directory of the experiment that its meta.yaml names, or out of the store",
    ),
    check: findStrays("misplaced-run"),
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
    describes:
      "MLflow raises where it looks into it under the same account, and mltidy leaves it alone",
    migration: "aborts",
    remedy: byHand("Give this account permission to read it"),
    check: unlessWithin(findProblems("directory", "io")),
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

/** Rules about records. */
export const RECORD_RULES: readonly RuleRow[] = [
  {
    id: "value-of-wrong-type",
    in: toBoth("error"),
    describes: "MLflow's server answers no search that has it, and its client cannot sort by it",
    migration: null,
    remedy: byHand("Correct the value in its meta.yaml"),
    repairable: true,
    check: findProblems(["experiment", "run", "dataset", "registry"], "wrong-type"),
  },
  {
    id: "logged-model-value-of-wrong-type",
    in: toMlflow3("error"),
    describes: "MLflow 3's server searches no logged model of the experiment",
    migration: null,
    remedy: byHand("Correct the value in its meta.yaml"),
    repairable: true,
    check: findProblems("logged-model", "wrong-type"),
  },
  {
    id: "time-is-boolean",
    in: toMlflow3("error"),
    describes: "MLflow 3's server answers no search that has it",
    migration: null,
    remedy: byHand("Write the time there, in milliseconds since 1970"),
    check: findProblems(["experiment", "run", "registry", "logged-model"], "boolean-time"),
  },
  {
    id: "output-value-of-wrong-type",
    in: toMlflow3("error"),
    describes: "MLflow 3's server answers no search that has the run",
    migration: null,
    remedy: byHand("Correct the value in its meta.yaml"),
    check: findProblems("output", "wrong-type"),
  },
  {
    id: "record-in-git-lfs",
    in: toBoth("error"),
    describes: "MLflow cannot search what it belongs to, or lists nothing at all",
    migration: "aborts",
    remedy: PULL,
    check: findProblems(
      ["experiment", "run", "metric", "input", "dataset", "registry"],
      "lfs-pointer",
    ),
  },
  {
    id: "record-of-mlflow-3-in-git-lfs",
    in: toMlflow3("error"),
    describes: "MLflow 3 cannot search the experiment's logged models, runs or traces",
    migration: "skips",
    remedy: PULL,
    check: findProblems(["output", "logged-model", "assessment", "trace"], "lfs-pointer"),
  },
  {
    id: "value-with-merge-marks",
    in: toBoth("warning"),
    describes: "MLflow shows git's marks and both sides for the value",
    migration: null,
    remedy: byHand("Take git's marks out of the file, and with them one of the two sides"),
    check: findProblems(
      ["experiment-tag", "param", "tags", "logged-model-value", "registry-value", "trace-value"],
      "merge-marks",
    ),
  },
  {
    id: "value-in-git-lfs",
    in: toBoth("warning"),
    describes: "MLflow shows the pointer for the value",
    migration: null,
    remedy: PULL,
    check: findProblems(
      ["experiment-tag", "param", "tags", "logged-model-value", "registry-value", "trace-value"],
      "lfs-pointer",
    ),
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
    id: "value-that-no-database-takes",
    in: toBoth(null),
    describes: "MLflow minds only when the store is migrated",
    migration: "aborts",
    remedy: byHand("Write the value that is meant, a number without a point and without quotes"),
    check: findProblems(["experiment", "run", "registry", "logged-model"], "unstorable"),
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
];
