/**
 * Damage to experiments.
 *
 * @module
 */

import { join } from "@std/path";
import {
  type Damage,
  DELETED,
  EMPTY,
  experiment,
  IN_DELETED,
  MAIN,
  NOT_UTF8,
  POINTER,
  utf16,
} from "./damage.ts";

/** What a migration shows of it: a row fewer, and another stage. */
const MIGRATED_DEFAULT = /^experiments$|^experiment\/0$/;

/** Every damage of that kind. */
export const EXPERIMENT_DAMAGES: readonly Damage[] = [
  {
    name: "the default experiment is gone",
    rule: "default-experiment-missing",
    changes: MIGRATED_DEFAULT,
    inflict: (s) => s.remove("0"),
  },
  {
    name: "the default experiment is gone, and another one has its name",
    rule: "default-experiment-missing",
    changes: MIGRATED_DEFAULT,
    inflict: (s) => {
      s.remove("0");
      s.set(experiment, "name", "Default");
    },
  },
  {
    name: "the default experiment is deleted, as MLflow once allowed",
    rule: "default-experiment-deleted",
    changes: MIGRATED_DEFAULT,
    inflict: (s) => {
      s.set("0/meta.yaml", "lifecycle_stage", "deleted");
      s.move("0", ".trash/0");
    },
  },
  {
    name: "an experiment's meta.yaml is lost",
    rule: "experiment-meta-missing",
    inflict: (s) => s.remove(experiment),
  },
  {
    name: "an experiment's meta.yaml is empty",
    rule: "experiment-meta-empty",
    inflict: (s) => s.write(experiment, ""),
  },
  {
    name: "an experiment's meta.yaml holds a comment alone",
    rule: "experiment-meta-empty",
    inflict: (s) => s.write(experiment, "# nothing\n"),
  },
  {
    name: "an experiment's meta.yaml is cut off within a quoted word",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.edit(experiment, (text) => text.slice(0, text.indexOf("_id: '") + 8)),
  },
  {
    name: "an experiment's meta.yaml is cut off after a line",
    rule: "experiment-meta-incomplete",
    inflict: (s) => s.edit(experiment, (text) => text.slice(0, text.indexOf("experiment_id"))),
  },
  ...["experiment_id", "name", "artifact_location", "lifecycle_stage"].map((key): Damage => ({
    name: `an experiment's meta.yaml lacks ${key}`,
    rule: "experiment-meta-incomplete",
    inflict: (s) => s.drop(experiment, key),
  })),
  {
    name: "an experiment's meta.yaml is filled with zeros",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.edit(experiment, (text) => "\0".repeat(text.length)),
  },
  {
    name: "an experiment's meta.yaml is not UTF-8",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.write(experiment, NOT_UTF8),
  },
  {
    name: "an experiment's meta.yaml is a list",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.write(experiment, "- a\n- b\n"),
  },
  {
    name: "an experiment's meta.yaml is a word",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.write(experiment, "word\n"),
  },
  {
    name: "an experiment's meta.yaml is a directory",
    rule: "experiment-meta-inaccessible",
    inflict: (s) => {
      s.remove(experiment);
      s.makeDirectory(experiment);
    },
  },
  {
    name: "an experiment's meta.yaml has Windows line ends and a byte order mark",
    rule: null,
    inflict: (s) => s.edit(experiment, (text) => "\uFEFF" + text.replaceAll("\n", "\r\n")),
  },
  {
    name: "an experiment's meta.yaml has an unknown key and an unquoted id",
    rule: null,
    inflict: (s) =>
      s.edit(experiment, (text) => text.replace(/(experiment_id: )'(.*)'/, "$1$2") + "zebra: 1\n"),
  },
  {
    name: "an experiment's creation_time is text",
    rule: "experiment-meta-incomplete",
    inflict: (s) => s.set(experiment, "creation_time", "yesterday"),
  },
  {
    name: "an experiment's creation_time is missing",
    rule: null,
    inflict: (s) => s.drop(experiment, "creation_time"),
  },
  {
    name: "a copied experiment",
    rule: "experiment-id-mismatch",
    inflict: (s) => s.copy(EMPTY, "copy"),
  },
  {
    name: "a copied experiment with a number for its id",
    rule: "experiment-id-mismatch",
    inflict: (s) => s.copy(EMPTY, "123"),
  },
  {
    name: "an experiment's directory is renamed to a number",
    rule: "experiment-id-mismatch",
    changes: new RegExp(`experiment/${EMPTY}`),
    inflict: (s) => s.move(EMPTY, "123"),
  },
  {
    name: "an experiment's meta.yaml records another number",
    rule: "experiment-id-mismatch",
    inflict: (s) => s.set(experiment, "experiment_id", "'123'"),
  },
  {
    name: "an experiment's meta.yaml has a tab for a space",
    rule: "metadata-with-tab",
    inflict: (s) => s.edit(experiment, (text) => text.replace("stage: ", "stage:\t")),
  },
  {
    name: "an experiment's meta.yaml has a byte order mark before a key",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.edit(experiment, (text) => text.replace("creation", "\uFEFF$&")),
  },
  {
    name: "two experiments of one name",
    rule: "duplicate-experiment-name",
    changes: /name$/,
    inflict: (s) => s.set(experiment, "name", "Default"),
  },
  {
    name: "an active and a deleted experiment of one name",
    rule: "duplicate-experiment-name",
    changes: /name$/,
    inflict: (s) => s.set(`.trash/${DELETED}/meta.yaml`, "name", "Default"),
  },
  {
    name: "an experiment's name holds an apostrophe",
    rule: "experiment-name-with-quote",
    changes: /name$/,
    inflict: (s) => s.set(experiment, "name", '"it\'s"'),
  },
  {
    name: "an experiment's name is null",
    rule: "experiment-name-missing",
    changes: /name$/,
    inflict: (s) => s.set(experiment, "name", "null"),
  },
  ...["1.5", "true", "2024-01-05", "null", "[a]"].map((id): Damage => ({
    name: `an experiment's id is ${id}`,
    rule: "experiment-id-mismatch",
    inflict: (s) => s.set(experiment, "experiment_id", id),
  })),
  ...["word", "''", "C:/x"].map((location): Damage => ({
    name: `an experiment's location is ${location}`,
    rule: "experiment-location-unplaced",
    changes: /location$/,
    inflict: (s) => s.set(experiment, "artifact_location", location),
  })),
  {
    name: "an experiment's time of creation is a boolean",
    rule: "time-is-boolean",
    inflict: (s) => s.set(experiment, "creation_time", "true"),
  },
  {
    name: "an experiment's last update is no text",
    rule: null,
    inflict: (s) => s.set(experiment, "last_update_time", "''"),
  },
  ...["2024", "2024-01-05", "on", "1.5", "2024-01-05 10:00:00"].map((name): Damage => ({
    name: `an experiment's name is ${name}, without quotes`,
    rule: "value-of-wrong-type",
    changes: /name$/,
    inflict: (s) => s.set(experiment, "name", name),
  })),
  {
    name: "an experiment's meta.yaml is a pointer of Git LFS",
    rule: "record-in-git-lfs",
    inflict: (s) => s.write(experiment, POINTER),
  },
  {
    name: "an experiment's meta.yaml is UTF-16",
    rule: "experiment-meta-unreadable",
    inflict: (s) => s.write(experiment, utf16(Deno.readTextFileSync(join(s.root, experiment)))),
  },
  {
    name: "an experiment's location is null",
    rule: "experiment-location-missing",
    changes: /location$/,
    inflict: (s) => s.set(experiment, "artifact_location", "null"),
  },
  {
    name: "an experiment in the root is marked deleted",
    rule: "stage-disagrees-with-location",
    changes: /^experiment\//,
    inflict: (s) => s.set(experiment, "lifecycle_stage", "deleted"),
  },
  ...["7", "true"].map((stage): Damage => ({
    name: `an experiment's stage is ${stage}`,
    rule: "value-of-wrong-type",
    inflict: (s) => s.set(experiment, "lifecycle_stage", stage),
  })),
  {
    name: "an experiment's stage is no word of MLflow's",
    rule: "experiment-stage-unknown",
    inflict: (s) => s.set(experiment, "lifecycle_stage", "archived"),
  },
  {
    name: "an experiment in .trash/ is marked active",
    rule: "deletion-not-recorded",
    inflict: (s) => s.set(`.trash/${DELETED}/meta.yaml`, "lifecycle_stage", "active"),
  },
  {
    name: "a deletion that stopped before the runs",
    rule: "active-runs-in-deleted-experiment",
    changes: /^run\//,
    inflict: (s) => {
      s.set(`.trash/${DELETED}/${IN_DELETED}/meta.yaml`, "lifecycle_stage", "active");
      s.drop(`.trash/${DELETED}/${IN_DELETED}/meta.yaml`, "deleted_time");
    },
  },
  {
    name: "an experiment whose id is no number",
    rule: "experiment-id-not-numeric",
    changes: new RegExp(EMPTY),
    inflict: (s) => {
      s.move(EMPTY, "abc");
      s.edit("abc/meta.yaml", (text) => text.replaceAll(EMPTY, "abc"));
    },
  },
  {
    name: "an experiment's tag is not UTF-8",
    rule: "experiment-tag-unreadable",
    inflict: (s) => s.write(`${EMPTY}/tags/why`, NOT_UTF8),
  },
  {
    name: "an experiment's tag has an illegal name",
    rule: "experiment-tag-name-illegal",
    inflict: (s) => s.write(`${EMPTY}/tags/why~`, "x"),
  },
  {
    name: "an experiment's tag is filled with zeros",
    rule: "value-of-zeros",
    inflict: (s) => s.write(`${EMPTY}/tags/why`, "\0\0\0\0"),
  },
  {
    name: "an experiment's tags/ is a file",
    rule: "folder-is-no-directory",
    inflict: (s) => {
      s.remove(`${EMPTY}/tags`);
      s.write(`${EMPTY}/tags`, "x");
    },
  },
  {
    name: "an experiment names a former place of the store",
    rule: "experiment-location-moved",
    inflict: (s) => s.set(experiment, "artifact_location", `file:///srv/old/mlruns/${EMPTY}`),
  },
  {
    name: "an experiment names a place that depends on where MLflow is started",
    rule: "location-relative",
    inflict: (s) => s.set(experiment, "artifact_location", `./mlruns/${EMPTY}`),
  },
  {
    name: "an experiment names the place of another one",
    rule: "experiment-location-moved",
    inflict: (s) => s.set(experiment, "artifact_location", `file://${s.root}/${MAIN}`),
  },
  {
    name: "an experiment names its place with a slash too many",
    rule: null,
    changes: /location$/,
    inflict: (s) => s.set(experiment, "artifact_location", `file://${s.root}//${EMPTY}`),
  },
  {
    name: "an experiment keeps its artifacts elsewhere",
    rule: null,
    changes: /location$/,
    inflict: (s) =>
      s.edit(experiment, (text) => text.replace(/artifact_location: .*/, "$&/custom")),
  },
  {
    name: "a directory that is no run in an experiment",
    rule: "directory-in-experiment",
    inflict: (s) => s.write(`${MAIN}/.ipynb_checkpoints/a.ipynb`, "{}"),
  },
  { name: "a file in an experiment", rule: null, inflict: (s) => s.write(`${MAIN}/a.txt`, "x") },
  {
    name: "an experiment within an experiment",
    rule: "run-meta-incomplete",
    inflict: (s) => s.copy(EMPTY, `${MAIN}/${EMPTY}`),
  },
];
