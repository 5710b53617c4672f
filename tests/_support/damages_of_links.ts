/**
 * Damage to what runs take in and give out: inputs, outputs, datasets, logged models.
 *
 * @module
 */

import {
  child,
  type Damage,
  DATASET,
  DELETED,
  input,
  LOGGED_MODEL,
  MAIN,
  model,
  modelMetric,
  NOT_UTF8,
  output,
  POINTER,
  run,
  three,
  traced,
  victims,
} from "./damage.ts";

/** Every damage of that kind. */
export const LINK_DAMAGES: readonly Damage[] = [
  {
    name: "an input's meta.yaml is lost",
    rule: "input-unreadable",
    ...run,
    inflict: (s) => s.remove(`${input}/meta.yaml`),
  },
  {
    name: "an input's meta.yaml is empty",
    rule: "input-unreadable",
    ...run,
    inflict: (s) => s.write(`${input}/meta.yaml`, ""),
  },
  ...["source_type", "source_id", "destination_type", "destination_id", "tags"].map((
    key,
  ): Damage => ({
    name: `an input lacks ${key}`,
    rule: "input-unreadable",
    victims,
    changes: /input_tags/,
    inflict: (s) =>
      s.edit(
        `${input}/meta.yaml`,
        (text) => text.replace(new RegExp(`^${key}:.*\n( .*\n)*`, "m"), ""),
      ),
  })),
  {
    name: "an input's source is of a kind that MLflow does not know",
    rule: "input-unreadable",
    ...run,
    inflict: (s) => s.set(`${input}/meta.yaml`, "source_type", "TABLE"),
  },
  {
    name: "a file among a run's inputs",
    rule: "input-unreadable",
    ...run,
    inflict: (s) => s.write(`${child}/inputs/.DS_Store`, "x"),
  },
  {
    name: "an input's dataset is lost",
    rule: "dataset-missing",
    ...run,
    inflict: (s) => s.move(`${MAIN}/datasets/${DATASET}`, `${MAIN}/datasets/other`),
  },
  {
    name: "an input's dataset has lost its meta.yaml",
    rule: "dataset-unreadable",
    ...run,
    inflict: (s) => s.remove(`${MAIN}/datasets/${DATASET}/meta.yaml`),
  },
  {
    name: "an input's dataset has no digest",
    rule: "dataset-unreadable",
    ...run,
    inflict: (s) => s.drop(`${MAIN}/datasets/${DATASET}/meta.yaml`, "digest"),
  },
  {
    name: "a dataset that no run uses",
    rule: "dataset-unused",
    inflict: (s) => {
      s.copy(`${MAIN}/datasets/${DATASET}`, `${MAIN}/datasets/0000`);
      s.set(`${MAIN}/datasets/0000/meta.yaml`, "digest", "other");
    },
  },
  {
    name: "a dataset that no run uses has lost its meta.yaml",
    rule: "dataset-unused",
    inflict: (s) => s.makeDirectory(`${MAIN}/datasets/0000`),
  },
  {
    name: "a model input, as since MLflow 3.0",
    rule: "input-of-mlflow-3",
    ...three,
    ...run,
    inflict: (s) =>
      s.write(
        `${child}/inputs/0000/meta.yaml`,
        `destination_id: ${LOGGED_MODEL}\ndestination_type: RUN\nsource_id: ${LOGGED_MODEL}\n` +
          "source_type: MODEL\ntags: {}\n",
      ),
  },
  {
    name: "an output's meta.yaml is lost",
    rule: "output-unreadable",
    ...three,
    ...run,
    inflict: (s) => s.remove(`${output}/meta.yaml`),
  },
  {
    name: "an output has no step",
    rule: "output-unreadable",
    ...three,
    ...run,
    inflict: (s) => s.drop(`${output}/meta.yaml`, "step"),
  },
  {
    name: "a file among a run's outputs",
    rule: "output-unreadable",
    ...three,
    ...run,
    inflict: (s) => s.write(`${child}/outputs/.DS_Store`, "x"),
  },
  {
    name: "an output's logged model is lost",
    rule: "logged-model-missing",
    ...three,
    changes: /model_outputs/,
    inflict: (s) =>
      s.edit(`${output}/meta.yaml`, (text) => text.replaceAll(LOGGED_MODEL, "m-0000")),
  },
  {
    name: "a logged model's meta.yaml is lost",
    rule: "logged-model-meta-missing",
    ...three,
    inflict: (s) => s.remove(`${model}/meta.yaml`),
  },
  {
    name: "a logged model's meta.yaml is empty",
    rule: "logged-model-meta-damaged",
    ...three,
    inflict: (s) => s.write(`${model}/meta.yaml`, ""),
  },
  {
    name: "a logged model's meta.yaml is cut off",
    rule: "logged-model-meta-damaged",
    ...three,
    inflict: (s) => s.edit(`${model}/meta.yaml`, (text) => text.slice(0, text.indexOf("model_id"))),
  },
  ...["name", "artifact_location", "creation_timestamp", "last_updated_timestamp"].map((
    key,
  ): Damage => ({
    name: `a logged model lacks ${key}`,
    rule: "logged-model-meta-damaged",
    base: "3.17",
    inflict: (s) => s.drop(`${model}/meta.yaml`, key),
  })),
  ...["creation_timestamp", "last_updated_timestamp"].map((key): Damage => ({
    name: `a logged model's ${key} is null`,
    rule: "value-that-no-database-takes",
    ...three,
    changes: new RegExp(`${key}$`),
    inflict: (s) => s.set(`${model}/meta.yaml`, key, "null"),
  })),
  {
    name: "a logged model's meta.yaml is a pointer of Git LFS",
    rule: "record-of-mlflow-3-in-git-lfs",
    ...three,
    inflict: (s) => s.write(`${model}/meta.yaml`, POINTER),
  },
  {
    name: "a logged model's name is a date, without quotes",
    rule: "logged-model-value-of-wrong-type",
    ...three,
    changes: /name$/,
    inflict: (s) => s.set(`${model}/meta.yaml`, "name", "2024-01-05"),
  },
  ...["4.0", "'4'"].map((step): Damage => ({
    name: `an output's step is ${step}`,
    rule: "output-value-of-wrong-type",
    ...three,
    inflict: (s) => s.set(`${output}/meta.yaml`, "step", step),
  })),
  ...["name", "source"].map((key): Damage => ({
    name: `a dataset's ${key} is null`,
    rule: "value-of-wrong-type",
    inflict: (s) => s.set(`${MAIN}/datasets/${DATASET}/meta.yaml`, key, "null"),
  })),
  ...["[a]", "{a: b}", "99999999999999999999"].map((value): Damage => ({
    name: `a dataset's digest is ${value}`,
    rule: "value-of-wrong-type",
    changes: /digest/,
    inflict: (s) => s.set(`${MAIN}/datasets/${DATASET}/meta.yaml`, "digest", value),
  })),
  {
    name: "a logged model's time is a boolean",
    rule: "time-is-boolean",
    ...three,
    inflict: (s) => s.set(`${model}/meta.yaml`, "creation_timestamp", "true"),
  },
  {
    name: "a logged model's status is 2.0",
    rule: null,
    ...three,
    inflict: (s) => s.set(`${model}/meta.yaml`, "status", "2.0"),
  },
  {
    name: "a logged model's status is unknown",
    rule: "logged-model-meta-damaged",
    ...three,
    inflict: (s) => s.set(`${model}/meta.yaml`, "status", "9"),
  },
  {
    name: "a logged model names another experiment",
    rule: "logged-model-in-wrong-experiment",
    ...three,
    inflict: (s) => s.set(`${model}/meta.yaml`, "experiment_id", "'0'"),
  },
  ...["1.5", "null"].map((id): Damage => ({
    name: `a logged model's experiment_id is ${id}`,
    rule: "logged-model-in-wrong-experiment",
    ...three,
    inflict: (s) => s.set(`${model}/meta.yaml`, "experiment_id", id),
  })),
  ...["1.5", "null"].map((id): Damage => ({
    name: `a logged model's model_id is ${id}`,
    rule: id === "null" ? "logged-model-id-mismatch" : "logged-model-value-of-wrong-type",
    ...three,
    inflict: (s) => s.set(`${model}/meta.yaml`, "model_id", id),
  })),
  {
    name: "a logged model's directory was renamed",
    rule: "logged-model-id-mismatch",
    ...three,
    inflict: (s) => s.set(`${model}/meta.yaml`, "model_id", "m-0000"),
  },
  {
    name: "a logged model's metric is empty",
    rule: "logged-model-value-unreadable",
    ...three,
    changes: /metrics$/,
    inflict: (s) => s.write(modelMetric, ""),
  },
  {
    name: "a logged model's metric names no run",
    rule: "logged-model-value-unreadable",
    ...three,
    inflict: (s) => s.write(modelMetric, "1777593627000 0.91 4\n"),
  },
  {
    name: "a logged model's param is not UTF-8",
    rule: "logged-model-value-unreadable",
    ...three,
    inflict: (s) => s.write(`${model}/params/depth`, NOT_UTF8),
  },
  {
    name: "a logged model's tag has an illegal name",
    rule: "logged-model-value-unreadable",
    ...three,
    inflict: (s) => s.write(`${model}/tags/stage~`, "x"),
  },
  ...[
    ["two lines in one", "logged-model-metric-lines-joined", "1777593626000 0.9 3"],
    ["the beginning of a time before another one", "metric-time-joined", "17775"],
  ].map(([what, rule, head]): Damage => ({
    name: `a logged model's metric has ${what}`,
    rule: rule!,
    ...traced,
    inflict: (s) => s.edit(modelMetric, (text) => `${head}${text}`),
  })),
  {
    name: "a logged model's metric has the same point twice",
    rule: "metric-point-twice",
    ...three,
    inflict: (s) => s.edit(modelMetric, (text) => text + text),
  },
  {
    name: "a logged model names a former place",
    rule: "logged-model-artifacts-moved",
    ...three,
    inflict: (s) =>
      s.edit(`${model}/meta.yaml`, (text) => text.replaceAll(s.root, "/srv/old/mlruns")),
  },
  {
    name: "a logged model's source run is lost",
    rule: "logged-model-left-alone",
    ...three,
    changes: /source_run_id$/,
    inflict: (s) => s.set(`${model}/meta.yaml`, "source_run_id", "f".repeat(32)),
  },
  {
    name: "a deleted logged model in a deleted experiment",
    rule: "deleted-model-in-deleted-experiment",
    ...three,
    inflict: (s) => {
      s.copy(model, `.trash/${DELETED}/models/m-0000`);
      s.edit(
        `.trash/${DELETED}/models/m-0000/meta.yaml`,
        (text) =>
          text.replaceAll(LOGGED_MODEL, "m-0000").replaceAll(MAIN, DELETED) +
          "lifecycle_stage: deleted\n",
      );
    },
  },
];
