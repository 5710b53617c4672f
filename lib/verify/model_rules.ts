/**
 * The rules about logged models, traces and the model registry: one row each.
 *
 * @module
 */

import { findProblems, perExperiment } from "./checks.ts";
import { findDeletedModelsInTrash } from "./experiment_checks.ts";
import {
  findLeftModels,
  findLostLoggedModels,
  findLostSourceRuns,
  findLostVersions,
  findModelNamesWith,
  findRenamedModels,
  findRenamedVersions,
} from "./reference_checks.ts";
import {
  byHand,
  byTaking,
  DROP_LINES,
  RELOCATE,
  RESTORE_META,
  type RuleRow,
  toBoth,
  toMlflow2,
  toMlflow3,
} from "./rule.ts";

const NO_MODELS = "MLflow 3 cannot search the experiment's logged models";
const NO_TRACES = "MLflow cannot search the experiment's traces";
const NO_REGISTRY = "MLflow lists no registered model at all";
/** MLflow still opens some of these: taking them out would take them from its sight. */
const COMPLETE_VALUE = byHand("Correct the value in the file, or restore the file from a backup");
const FIX_VALUE = byHand("Correct the file, or move it out of the store");

/** Rules about logged models, which only MLflow 3 has. */
export const LOGGED_MODEL_RULES: readonly RuleRow[] = [
  {
    id: "logged-model-meta-missing",
    in: toMlflow3("warning"),
    describes: "MLflow 3 hides the logged model",
    migration: "skips",
    remedy: RESTORE_META,
    check: findProblems("logged-model", "missing"),
  },
  {
    id: "logged-model-meta-damaged",
    in: toMlflow3("error"),
    describes: NO_MODELS,
    migration: "skips",
    remedy: RESTORE_META,
    check: findProblems("logged-model", "empty", "unreadable", "incomplete", "io"),
  },
  {
    id: "logged-model-in-wrong-experiment",
    in: toMlflow3("warning"),
    describes: "MLflow 3 ignores the logged model and warns of it on every search",
    migration: null,
    remedy: byTaking("Move it to the experiment that its meta.yaml names, or out of the store"),
    check: findProblems("logged-model", "wrong-experiment"),
  },
  {
    id: "logged-model-id-mismatch",
    in: toMlflow3("warning"),
    describes: "MLflow 3 shows the logged model by an id that it cannot open",
    migration: null,
    remedy: byTaking("Rename the directory to the id that its meta.yaml records"),
    check: findProblems("logged-model", "id-mismatch"),
  },
  {
    id: "logged-model-value-unreadable",
    in: toMlflow3("error"),
    describes: NO_MODELS,
    migration: "aborts",
    remedy: FIX_VALUE,
    check: findProblems(
      "logged-model-value",
      "unreadable",
      "io",
      "empty",
      "malformed-line",
      "illegal-name",
    ),
  },
  {
    id: "logged-model-metric-lines-joined",
    in: toMlflow3("warning"),
    describes: "MLflow 3 shows one point for the two",
    migration: null,
    remedy: DROP_LINES,
    repairable: true,
    check: findProblems("logged-model-value", "joined-lines"),
  },
  {
    id: "logged-model-artifacts-moved",
    in: toMlflow3("warning"),
    describes: "MLflow 3 cannot load the logged model, whose files are here",
    migration: null,
    remedy: RELOCATE,
    check: findProblems("logged-model", "moved"),
  },
  {
    id: "logged-model-missing",
    in: toMlflow3("info"),
    describes: "MLflow 3 shows a link that leads nowhere",
    migration: null,
    stores: "any",
    remedy: null,
    check: findLostLoggedModels,
  },
  {
    id: "deleted-model-in-deleted-experiment",
    in: toMlflow3("warning"),
    describes: "`mlflow gc` stops there, after it has removed what is soft-deleted elsewhere",
    migration: null,
    remedy: { kind: "cleanup", does: "purge", or: "restore it in MLflow" },
    check: findDeletedModelsInTrash,
  },
  {
    id: "logged-model-left-alone",
    in: toMlflow3("info"),
    describes: "MLflow 3 shows the logged model with a link that leads nowhere",
    migration: null,
    remedy: null,
    check: findLeftModels,
  },
  {
    id: "source-run-missing",
    in: toBoth("info"),
    describes: "MLflow shows a link that leads nowhere",
    migration: null,
    stores: "any",
    remedy: null,
    check: findLostSourceRuns,
  },
];

/** Rules about traces and their assessments. */
export const TRACE_RULES: readonly RuleRow[] = [
  {
    id: "trace-info-missing",
    in: toBoth("warning"),
    describes: "MLflow hides the trace",
    migration: "skips",
    remedy: byTaking(
      "Restore its trace_info.yaml from a backup, or move the directory out of the store",
    ),
    check: findProblems("trace", "missing"),
  },
  {
    id: "trace-info-damaged",
    in: toBoth("error"),
    describes: NO_TRACES,
    migration: "skips",
    remedy: byTaking(
      "Restore its trace_info.yaml from a backup, or move the directory out of the store",
    ),
    check: findProblems("trace", "empty", "unreadable", "io"),
  },
  {
    id: "trace-info-incomplete",
    in: toBoth("error"),
    describes: NO_TRACES,
    migration: "skips",
    remedy: COMPLETE_VALUE,
    check: findProblems("trace", "incomplete"),
  },
  {
    id: "trace-id-mismatch",
    in: { "2.22": "warning", "3.17": "error" },
    describes: "MLflow 3 cannot search the experiment's traces, MLflow 2 cannot open this one",
    migration: null,
    remedy: byTaking("Rename the directory to the id that its trace_info.yaml records"),
    check: findProblems("trace", "id-mismatch"),
  },
  {
    id: "trace-of-mlflow-3",
    in: toMlflow2("error"),
    describes: "MLflow 2 cannot search the experiment's traces",
    migration: null,
    remedy: byHand("Move the experiment's traces/ out of the store"),
    whenAsked: true,
    check: perExperiment("traces", findProblems("trace", "newer-format")),
  },
  {
    id: "trace-value-of-wrong-type",
    in: toBoth("error"),
    describes: "MLflow's server searches no trace of the experiment",
    migration: null,
    remedy: byHand("Correct the value in its trace_info.yaml"),
    repairable: true,
    check: findProblems("trace", "wrong-type"),
  },
  {
    id: "trace-value-unreadable",
    in: toBoth("error"),
    describes: NO_TRACES,
    migration: "aborts",
    remedy: FIX_VALUE,
    check: findProblems("trace-value", "unreadable", "io", "illegal-name"),
  },
  {
    id: "trace-spans-missing",
    in: toBoth("warning"),
    describes: "MLflow warns and hides the trace",
    migration: null,
    remedy: byHand("Restore the file from a backup, or move the trace out of the store"),
    check: findProblems("trace", "dangling"),
  },
  {
    id: "trace-artifacts-moved",
    in: toBoth("warning"),
    describes: "MLflow warns and hides the trace, whose spans are here",
    migration: null,
    remedy: RELOCATE,
    check: perExperiment("traces", findProblems("trace", "moved")),
  },
  {
    id: "trace-spans-remote",
    in: toBoth("error"),
    describes: "MLflow cannot search the experiment's traces where it cannot reach that place",
    migration: null,
    remedy: byHand(
      "Read the store through the server that wrote it, or move the trace out of the store",
    ),
    check: perExperiment("traces", findProblems("trace", "remote")),
  },
  {
    id: "assessment-unreadable",
    in: toMlflow3("error"),
    describes: "MLflow 3 cannot search the experiment's traces",
    migration: "skips",
    remedy: FIX_VALUE,
    check: findProblems(
      "assessment",
      "missing",
      "empty",
      "unreadable",
      "io",
      "foreign",
    ),
  },
  {
    id: "assessment-incomplete",
    in: toMlflow3("error"),
    describes: "MLflow 3 cannot search the experiment's traces",
    migration: "skips",
    remedy: COMPLETE_VALUE,
    check: findProblems("assessment", "incomplete"),
  },
  {
    id: "assessment-value-of-wrong-type",
    in: toMlflow3("error"),
    describes: "MLflow 3's server searches no trace of the experiment",
    migration: null,
    remedy: byHand("Correct the value in the file"),
    repairable: true,
    check: findProblems("assessment", "wrong-type"),
  },
  {
    id: "assessment-of-issue",
    in: toBoth(null),
    describes: "MLflow minds only when the store is migrated",
    migration: "skips",
    remedy: null,
    check: findProblems("assessment", "unmigrated"),
  },
];

/** Rules about the model registry. */
export const REGISTRY_RULES: readonly RuleRow[] = [
  {
    id: "registry-unreadable",
    in: toBoth("error"),
    describes: NO_REGISTRY,
    migration: "skips",
    remedy: RESTORE_META,
    check: findProblems(
      "registry",
      "missing",
      "empty",
      "unreadable",
      "incomplete",
      "io",
      "not-a-directory",
    ),
  },
  {
    id: "registry-value-unreadable",
    in: toBoth("error"),
    describes: NO_REGISTRY,
    migration: "aborts",
    remedy: FIX_VALUE,
    check: findProblems("registry-value", "unreadable", "io", "illegal-name"),
  },
  {
    id: "registered-model-name-illegal",
    in: toBoth("error"),
    describes: NO_REGISTRY,
    migration: null,
    remedy: byHand("Rename the directory, and the model in its meta.yaml and its versions'"),
    check: findModelNamesWith("%"),
  },
  {
    id: "registered-model-name-with-colon",
    in: toMlflow3("error"),
    describes: "MLflow 3.11 and newer list no registered model at all",
    migration: null,
    remedy: byHand("Rename the model in an older MLflow"),
    check: findModelNamesWith(":"),
  },
  {
    id: "registered-model-renamed",
    in: toBoth("warning"),
    describes: "MLflow lists the model by a name that it cannot open",
    migration: null,
    remedy: byHand("Rename the directory to the name that its meta.yaml records"),
    check: findRenamedModels,
  },
  {
    id: "model-version-renamed",
    in: toBoth("warning"),
    describes: "MLflow lists the version by a number that it cannot open",
    migration: null,
    remedy: byHand("Rename the directory to the number that its meta.yaml records"),
    check: findRenamedVersions,
  },
  {
    id: "model-version-of-other-name",
    in: toBoth("warning"),
    describes: "MLflow lists the version by a name by which it cannot open it",
    migration: null,
    remedy: byHand("Write the name of the model in which it lies into its meta.yaml"),
    check: findProblems("model-version", "id-mismatch"),
  },
  {
    id: "alias-dangling",
    in: toBoth("warning"),
    describes: "MLflow raises when the model is asked for by the alias",
    migration: null,
    stores: "any",
    remedy: byHand("Point the alias to another version in MLflow, or delete it"),
    check: findLostVersions,
  },
  {
    id: "model-source-missing",
    in: toBoth("warning"),
    describes: "MLflow cannot load the version",
    migration: null,
    stores: "any",
    remedy: byHand("Bring back what it was made from, or delete the version in MLflow"),
    check: findProblems("model-version", "dangling"),
  },
  {
    id: "model-source-moved",
    in: toBoth("warning"),
    describes: "MLflow cannot load the version, whose files are here",
    migration: null,
    remedy: RELOCATE,
    check: findProblems("model-version", "moved"),
  },
];
