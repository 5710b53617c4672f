/**
 * The rules about what is wrong with a record or a value, whatever it is of: one row each.
 *
 * @module
 */

import { RECORD_SUBJECTS } from "../store/problem.ts";
import { findProblems } from "./checks.ts";
import { byHand, type RuleRow, toBoth, toMlflow3 } from "./rule.ts";

const PULL = byHand("Run `git lfs pull` in the repository that the store is in");

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
