/**
 * Damage to runs.
 *
 * @module
 */

import { join } from "@std/path";
import {
  CHILD,
  child,
  type Damage,
  DELETED,
  EMPTY,
  MAIN,
  meta,
  PARENT,
  POINTER,
  REMOVED,
  run,
  RUNNING,
  utf16,
  victims,
} from "./damage.ts";

/** Every damage of that kind. */
export const RUN_DAMAGES: readonly Damage[] = [
  {
    name: "a run's meta.yaml is lost",
    rule: "run-meta-missing",
    ...run,
    inflict: (s) => s.remove(meta),
  },
  {
    name: "a run's meta.yaml is empty",
    rule: "run-meta-empty",
    ...run,
    inflict: (s) => s.write(meta, ""),
  },
  {
    name: "a run's meta.yaml is cut off within a quoted word",
    rule: "run-meta-unreadable",
    ...run,
    inflict: (s) => s.edit(meta, (text) => text.slice(0, text.indexOf("point_name: '") + 13)),
  },
  {
    name: "a run's meta.yaml is cut off after a line",
    rule: "run-meta-incomplete",
    ...run,
    inflict: (s) => s.edit(meta, (text) => text.slice(0, text.indexOf("run_name"))),
  },
  ...[
    ["a tab before a key", (text: string) => text.replace("\nstatus:", "\n\tstatus:")],
    ["a tab before a comment", (text: string) => text.replace("\nstatus:", "\n\t# note\nstatus:")],
    ["a tab in a blank line", (text: string) => text.replace("\nstatus:", "\n\t\nstatus:")],
    ["text behind a closing quote", (text: string) => text.replace(/(?<='\d+')\nlife/, "fe")],
    ["a line separator in a value", (text: string) => text.replace("_id: ", "_id: x\u2028y")],
    ["a line separator in a key", (text: string) => text.replace("\nstatus", "\nsta\u2028tus")],
    ["an operator for a name", (text: string) => text.replace(/(?<=\nrun_name:).*/, " =")],
    ["a merge for a source", (text: string) => text.replace(/(?<=\nsource_name:).*/, " <<")],
    ["a key for a name", (text: string) => text.replace(/(?<=\nrun_name:).*/, " ? alpha")],
    ["a list for a key", (text: string) => text.replace("\ntags:", "\n? tags:")],
    ["a date that is none", (text: string) => text.replace(/(?<=\nrun_name:).*/, " 2026-02-30")],
  ].map(([what, change]): Damage => ({
    name: `a run's meta.yaml has ${what}`,
    rule: "run-meta-unreadable",
    victims,
    inflict: (s) => s.edit(meta, change as (text: string) => string),
  })),
  ...[
    ["a tagged integer", (text: string) => text.replace("source_type: 4", "source_type: !!int 4")],
    ["a line separator before a key", (text: string) => text.replace("\nst", "\n\u2028st")],
  ].map(([what, change]): Damage => ({
    name: `a run's meta.yaml has ${what}`,
    rule: null,
    inflict: (s) => s.edit(meta, change as (text: string) => string),
  })),
  ...["experiment_id", "user_id", "start_time", "end_time"].map((key): Damage => ({
    name: `a run's meta.yaml lacks ${key}`,
    rule: "run-meta-incomplete",
    victims,
    inflict: (s) => s.drop(meta, key),
  })),
  ...["user_id", "start_time"].map((key): Damage => ({
    name: `a run's ${key} is null`,
    rule: "run-meta-incomplete",
    victims,
    inflict: (s) => s.set(meta, key, "null"),
  })),
  {
    name: "a run's meta.yaml lacks all that is optional",
    rule: null,
    changes: new RegExp(`${PARENT}/info`),
    inflict: (s) => {
      for (const key of ["status", "lifecycle_stage", "run_name", "tags"]) {
        s.drop(`${MAIN}/${PARENT}/meta.yaml`, key);
      }
    },
  },
  ...["1.5", "true", "2024-01-05", "[a]"].map((id): Damage => ({
    name: `a run's experiment is ${id}`,
    rule: "run-in-wrong-experiment",
    ...run,
    inflict: (s) => s.set(meta, "experiment_id", id),
  })),
  {
    name: "a run's start is a boolean",
    rule: "time-is-boolean",
    ...run,
    changes: /start_time$/,
    inflict: (s) => s.set(meta, "start_time", "true"),
  },
  {
    name: "a run's end is no text",
    rule: null,
    changes: /end_time$/,
    inflict: (s) => s.set(meta, "end_time", "''"),
  },
  ...[["run_name", "7"], ["run_name", "2024-01-05"], ["user_id", "1000"], ["user_id", "no"]].map((
    [key, value],
  ): Damage => ({
    name: `a run's ${key} is ${value}, without quotes`,
    rule: "value-of-wrong-type",
    ...run,
    changes: new RegExp(`${CHILD}/(info|data/tags/mlflow.user)`),
    inflict: (s) => s.set(meta, key!, value!),
  })),
  {
    name: "a run's meta.yaml is UTF-16",
    rule: "run-meta-unreadable",
    ...run,
    inflict: (s) => s.write(meta, utf16(Deno.readTextFileSync(join(s.root, meta)))),
  },
  {
    name: "a run's meta.yaml is a pointer of Git LFS",
    rule: "record-in-git-lfs",
    ...run,
    inflict: (s) => s.write(meta, POINTER),
  },
  {
    name: "a run's id is a number, without quotes",
    rule: "run-meta-incomplete",
    ...run,
    inflict: (s) => s.set(meta, "run_id", "12345678901234567890123456789012"),
  },
  {
    name: "a merge of git left both of its sides in a run's meta.yaml",
    rule: "run-meta-unreadable",
    ...run,
    inflict: (s) =>
      s.edit(
        meta,
        (text) =>
          text.replace(/^status: .*\n/m, (line) =>
            `<<<<<<< HEAD\n${line}=======\nstatus: DONE\n>>>>>>> other\n`),
      ),
  },
  {
    name: "a run does not say where its artifacts are",
    rule: "run-artifact-uri-missing",
    ...run,
    changes: /artifact_uri$/,
    inflict: (s) => s.drop(meta, "artifact_uri"),
  },
  {
    name: "a run has no run_id, as before MLflow 1.0",
    rule: "run-id-missing",
    ...run,
    inflict: (s) => s.drop(meta, "run_id"),
  },
  {
    name: "a run has no run_uuid, as since MLflow 3.0",
    rule: null,
    ...run,
    inflict: (s) => s.drop(meta, "run_uuid"),
  },
  {
    name: "a run has neither run_id nor run_uuid",
    rule: "run-meta-incomplete",
    ...run,
    inflict: (s) => {
      s.drop(meta, "run_id");
      s.drop(meta, "run_uuid");
    },
  },
  ...[["status", "3.0"], ["source_type", "'4'"]].map(([key, value]): Damage => ({
    name: `a run's ${key} is ${value}`,
    rule: "value-that-no-database-takes",
    ...run,
    inflict: (s) => s.set(meta, key!, value!),
  })),
  ...["FINISHED", "3.5", "9", "null"].map((status): Damage => ({
    name: `a run's status is ${status}`,
    rule: "run-meta-incomplete",
    victims,
    inflict: (s) => s.set(meta, "status", status),
  })),
  {
    name: "a run's stage is no word of MLflow's",
    rule: "run-meta-incomplete",
    ...run,
    inflict: (s) => s.set(meta, "lifecycle_stage", "archived"),
  },
  {
    name: "a run's meta.yaml is filled with zeros",
    rule: "run-meta-unreadable",
    ...run,
    inflict: (s) => s.write(meta, "\0".repeat(400)),
  },
  {
    name: "a run's meta.yaml is a directory",
    rule: "run-meta-inaccessible",
    ...run,
    inflict: (s) => {
      s.remove(meta);
      s.makeDirectory(meta);
    },
  },
  {
    name: "a run was moved to another experiment",
    rule: "run-in-wrong-experiment",
    ...run,
    inflict: (s) => s.move(child, `${EMPTY}/${CHILD}`),
  },
  {
    name: "a run was copied into a deleted experiment",
    rule: "run-in-wrong-experiment",
    inflict: (s) => s.copy(child, `.trash/${DELETED}/${CHILD}`),
  },
  {
    name: "a run's meta.yaml names another experiment",
    rule: "run-in-wrong-experiment",
    ...run,
    inflict: (s) => s.set(meta, "experiment_id", `'${EMPTY}'`),
  },
  {
    name: "a run's meta.yaml has a tab for a space",
    rule: "metadata-with-tab",
    changes: new RegExp(CHILD),
    inflict: (s) => s.edit(meta, (text) => text.replace("status: ", "status:\t")),
  },
  {
    name: "a run's meta.yaml has no line feed at its end",
    rule: "metadata-cut-off",
    inflict: (s) => s.edit(meta, (text) => text.replace(/\n$/, "")),
  },
  {
    name: "a run's meta.yaml has a tab in quotes, and one in a comment",
    rule: null,
    changes: /run_name$|tags\/mlflow.runName$/,
    inflict: (s) => s.edit(meta, (text) => text.replace(/(?<=\nrun_name:).*/, ' "a\tb" #\tnote')),
  },
  {
    name: "a run's meta.yaml has a byte order mark before a key",
    rule: "run-meta-unreadable",
    ...run,
    inflict: (s) => s.edit(meta, (text) => text.replace("\nstatus:", "\n\uFEFFstatus:")),
  },
  {
    name: "a run's directory was renamed",
    rule: "run-id-mismatch",
    ...run,
    inflict: (s) => s.move(child, `${child}-old`),
  },
  {
    name: "a run was copied within its experiment",
    rule: "run-copied",
    ...run,
    inflict: (s) => s.copy(child, `${child}.bak`),
  },
  ...["metrics", "params", "artifacts"].map((folder): Damage => ({
    name: `a run's empty ${folder}/ is lost`,
    rule: "run-folder-missing",
    victims: [PARENT],
    inflict: (s) => s.remove(`${MAIN}/${PARENT}/${folder}`),
  })),
  {
    name: "a deleted run's artifacts/ is lost",
    rule: "run-folder-missing",
    victims: [REMOVED],
    inflict: (s) => s.remove(`${MAIN}/${REMOVED}/artifacts`),
  },
  {
    name: "a run's metrics/ is a file",
    rule: "run-folder-missing",
    victims: [PARENT],
    inflict: (s) => {
      s.remove(`${MAIN}/${PARENT}/metrics`);
      s.write(`${MAIN}/${PARENT}/metrics`, "x");
    },
  },
  {
    name: "a run's tags/ is a file",
    rule: "folder-is-no-directory",
    ...run,
    inflict: (s) => {
      s.remove(`${child}/tags`);
      s.write(`${child}/tags`, "x");
    },
  },
  {
    name: "a run's tags/ is lost",
    rule: null,
    changes: /tags/,
    inflict: (s) => s.remove(`${MAIN}/${REMOVED}/tags`),
  },
  {
    name: "a deleted run's deleted_time is null",
    rule: "deleted-time-null",
    inflict: (s) => s.set(`${MAIN}/${REMOVED}/meta.yaml`, "deleted_time", "null"),
  },
  {
    name: "a deleted run has no deleted_time",
    rule: null,
    inflict: (s) => s.drop(`${MAIN}/${REMOVED}/meta.yaml`, "deleted_time"),
  },
  {
    name: "a deleted run is a link",
    rule: "deleted-link",
    inflict: (s) => {
      s.move(`${MAIN}/${REMOVED}`, "../outside");
      s.link(`${MAIN}/${REMOVED}`, "../../outside");
    },
  },
  {
    name: "a run that has been RUNNING for months",
    rule: "stale-run",
    inflict: (s) => s.age(`${MAIN}/${RUNNING}`, Date.UTC(2026, 4, 1)),
  },
  {
    name: "a run's artifacts are sought in a former place",
    rule: "run-artifacts-moved",
    ...run,
    inflict: (s) =>
      s.set(meta, "artifact_uri", `file:///srv/old/mlruns/${MAIN}/${CHILD}/artifacts`),
  },
  ...[
    { where: "on Windows", uri: `file:///C:/old/mlruns/${MAIN}/${CHILD}/artifacts` },
    { where: "on Windows, by a path", uri: `'C:\\old\\${MAIN}\\${CHILD}\\artifacts'` },
    { where: "below the root", uri: `file://ROOT/old/${MAIN}/${CHILD}/artifacts` },
  ].map(({ where, uri }): Damage => ({
    name: `a run's artifacts are sought in a former place ${where}`,
    rule: "run-artifacts-moved",
    victims,
    inflict: (s) => s.set(meta, "artifact_uri", uri.replace("ROOT", s.root)),
  })),
  ...[`./mlruns/${MAIN}/${CHILD}/artifacts`, `~/mlruns/${MAIN}/${CHILD}/artifacts`].map((
    uri,
  ): Damage => ({
    name: `a run's artifacts are sought at ${uri.slice(0, 8)}`,
    rule: "location-relative",
    victims,
    inflict: (s) => s.set(meta, "artifact_uri", uri),
  })),
  {
    name: "a run's artifacts are sought in another experiment, and lie in the run",
    rule: "run-artifacts-moved",
    ...run,
    inflict: (s) => s.set(meta, "artifact_uri", `file://${s.root}/${EMPTY}/${CHILD}/artifacts`),
  },
  {
    name: "a run's artifacts lie in another experiment, where it says",
    rule: "artifacts-of-another-run",
    changes: /artifact_uri$/,
    inflict: (s) => {
      s.move(`${child}/artifacts`, `${EMPTY}/${CHILD}/artifacts`);
      s.makeDirectory(`${child}/artifacts`);
      s.set(meta, "artifact_uri", `file://${s.root}/${EMPTY}/${CHILD}/artifacts`);
    },
  },
  {
    name: "a run without artifacts names a former place",
    rule: null,
    changes: /artifact_uri$/,
    inflict: (s) =>
      s.set(
        `${MAIN}/${PARENT}/meta.yaml`,
        "artifact_uri",
        `file:///srv/old/mlruns/${MAIN}/${PARENT}/artifacts`,
      ),
  },
  {
    name: "a run's parent is lost",
    rule: "parent-run-missing",
    ...run,
    changes: /./,
    inflict: (s) => s.remove(`${MAIN}/${PARENT}`),
  },
];
