/**
 * The `meta.yaml` of experiments and runs, beyond what their records need: what only one version of
 * MLflow minds, and what a migration makes of them.
 *
 * @module
 */

import { type RecordProblem, recordProblem, SOUND } from "../store/record_problem.ts";
import type { Migration, Problem } from "../store/problem.ts";
import { isUnfinished, RUN_STATUSES, STALE_AFTER } from "../store/run_status.ts";
import type { Run, StoreSnapshot } from "../store/snapshot.ts";
import { quoteText } from "../text/quote_text.ts";
import { days, plural } from "../text/units.ts";
import { MetaYamlError, NoMappingError, parseMetaYaml } from "../yaml/meta_yaml.ts";
import {
  integerOf,
  isAbsent,
  type MetaDocument,
  type MetaNode,
  pythonType,
  textOf,
} from "../yaml/node.ts";
import { hasLooseTab, parseMigratedYaml } from "./check_migrated_yaml.ts";
import { checkFlags, checkTypes, isCountable, isStorable } from "./value_types.ts";
import { readUsualRunMeta } from "./usual_run_meta.ts";

/**
 * Checks the `meta.yaml` of a run that its record was read from.
 *
 * MLflow 3 needs `run_id`, where MLflow 2 is content with `run_uuid`; MLflow 3 lists no artifacts
 * of a run that names no place for them; `mlflow gc` ends at a soft-deleted run whose `deleted_time` is
 * null.
 *
 * @param text The decoded text.
 * @returns What is wrong.
 */
export function checkRunMeta(text: string): readonly RecordProblem[] {
  // As nearly every run is: it has all of its keys, and none that only a deleted one has.
  if (readUsualRunMeta(text)?.lifecycleStage === "active") return SOUND;
  const document = readDocument(text);
  if (document === null) return [];
  const problems: RecordProblem[] = [];
  if (!document.has("run_id")) problems.push(recordProblem("no-run-id", "key run_id is missing"));
  if (isAbsent(document.get("artifact_uri"))) {
    problems.push(recordProblem("no-artifact-uri", "key artifact_uri is missing"));
  }
  const isDeleted = textOf(document.get("lifecycle_stage")) === "deleted";
  const deletedTime = document.get("deleted_time");
  if (isDeleted && deletedTime !== undefined && integerOf(deletedTime) === null) {
    const found = isAbsent(deletedTime) ? "null" : "no time";
    problems.push(
      recordProblem("no-deleted-time", `it is soft-deleted, and deleted_time is ${found}`),
    );
  }
  const typed = [checkTypes(document, "run"), checkFlags(document, "run")];
  problems.push(...typed.filter((one) => one !== null));
  const unstorable = UNSTORABLE.find(([key, isTaken]) => !isTaken(document.get(key)))?.[0];
  if (unstorable !== undefined) {
    const text = textOf(document.get(unstorable));
    const found = text === null ? "a list" : quoteText(text);
    const no = isStorable(document.get(unstorable)) ? "no integer" : "none of 64 bits";
    problems.push(recordProblem("unstorable", `${unstorable} is ${found}, and ${no}`));
  }
  return [...problems, ...checkMigration(text)];
}

/** What a migration writes as it is, and its database checks. */
const UNSTORABLE: readonly (readonly [string, (node: MetaNode | undefined) => boolean])[] = [
  ["status", (node) => node?.kind !== "scalar" || pythonType(node) !== "float"],
  ["source_type", (node) => node?.kind !== "scalar" || pythonType(node) !== "str"],
  ["end_time", isStorable],
  ["deleted_time", isStorable],
];

/**
 * Checks the `meta.yaml` of an experiment that its record was read from.
 *
 * @param text The decoded text.
 * @returns What is wrong.
 */
export function checkExperimentMeta(text: string): readonly RecordProblem[] {
  const document = readDocument(text);
  if (document === null) return [];
  const problems: RecordProblem[] = [];
  if (isAbsent(document.get("name"))) problems.push(recordProblem("no-name", "its name is null"));
  if (isAbsent(document.get("artifact_location"))) {
    problems.push(recordProblem("no-artifact-uri", "its artifact_location is null"));
  }
  const typed = [checkTypes(document, "experiment"), checkFlags(document, "experiment")];
  problems.push(...typed.filter((one) => one !== null));
  if (!isStorable(document.get("last_update_time"))) {
    problems.push(recordProblem("unstorable", "last_update_time is a list, and no integer"));
  }
  const stage = document.get("lifecycle_stage");
  if (stage?.kind === "scalar" && pythonType(stage) !== "str") {
    problems.push(recordProblem("wrong-type", "lifecycle_stage is no text"));
  }
  return [...problems, ...checkMigration(text)];
}

/**
 * Checks a record that MLflow reads for what a migration cannot.
 *
 * @param text The decoded text.
 * @returns What is wrong; at most one problem.
 */
export function checkMigration(text: string): readonly RecordProblem[] {
  return hasLooseTab(text)
    ? [recordProblem("unmigrated", "its metadata has a tab outside of quotes", "skips")]
    : SOUND;
}

/**
 * Tells what a migration makes of the `meta.yaml` of an experiment that MLflow cannot use. It reads
 * with defaults for most keys (MLflow 3.10 to 3.17).
 *
 * @param text The decoded text.
 * @returns `null`: it migrates.
 */
export function migrateExperimentMeta(text: string): Migration | null {
  const document = readForMigration(text);
  if (typeof document === "string") return document;
  const isTaken = isStage(document) && !(document.has("name") && isAbsent(document.get("name")));
  return isTaken && EXPERIMENT_COLUMNS.every((key) => isStorable(document.get(key)))
    ? null
    : "aborts";
}

/**
 * Tells what a migration makes of the `meta.yaml` of a run that MLflow cannot use.
 *
 * @param text The decoded text.
 * @returns `null`: it migrates.
 */
export function migrateRunMeta(text: string): Migration | null {
  const document = readForMigration(text);
  if (typeof document === "string") return document;
  const hasId = ["run_uuid", "run_id"].some((key) => textOf(document.get(key)));
  if (!hasId) return "skips";
  const isTaken = isStatus(document) && isStage(document);
  return isTaken && RUN_COLUMNS.every((key) => isStorable(document.get(key))) ? null : "aborts";
}

/** Whose values a migration writes as they are. */
const EXPERIMENT_COLUMNS = ["name", "artifact_location", "creation_time", "last_update_time"];
const RUN_COLUMNS = ["run_name", "user_id", "artifact_uri", "start_time", "end_time"];

/**
 * Tells what a migration makes of the `meta.yaml` of a model version that MLflow cannot use. It needs
 * nothing of it but a version that Python's `int()` takes (MLflow 3.10 to 3.17).
 *
 * @param text The decoded text.
 * @returns `null`: it migrates.
 */
export function migrateModelVersionMeta(text: string): Migration | null {
  const document = readForMigration(text);
  if (typeof document === "string") return document;
  return isCountable(document.get("version")) ? null : "aborts";
}

/**
 * Tells whether a run that has not ended shows no sign of life any more.
 *
 * @param run The run.
 * @param newestChange Epoch ms of the newest change anywhere in its directory.
 * @param now Epoch ms.
 * @returns What is wrong.
 */
export function checkLife(run: Run, newestChange: number, now: number): readonly RecordProblem[] {
  const silence = now - Math.max(newestChange, run.startTime);
  if (silence < STALE_AFTER) return [];
  const since = Math.floor(silence / days(1));
  const span = plural(since, "day");
  return [recordProblem("stale", `it is ${run.status}, and has written nothing for ${span}`)];
}

/**
 * Finds the active runs of a store of rows that have not ended, and show no sign of life.
 *
 * @param snapshot The store.
 * @param signs When runs last logged a metric, epoch ms, by run; 0 for one that is left out.
 * @returns What is wrong with them.
 */
export function findStale(
  { experiments, readAt }: Pick<StoreSnapshot, "experiments" | "readAt">,
  signs: ReadonlyMap<string, number>,
): readonly Problem[] {
  return experiments.flatMap(({ runs }) => runs)
    .filter(({ status, lifecycleStage }) => isUnfinished(status) && lifecycleStage === "active")
    .flatMap((run) =>
      checkLife(run, signs.get(run.id) ?? 0, readAt).map((problem): Problem => ({
        path: run.path,
        subject: "run",
        ...problem,
      }))
    );
}

function readDocument(text: string): MetaDocument | null {
  try {
    return parseMetaYaml(text);
  } catch (error) {
    if (error instanceof MetaYamlError) return null;
    throw error;
  }
}

function readForMigration(text: string): MetaDocument | Migration {
  if (hasLooseTab(text)) return "skips";
  try {
    const document = parseMigratedYaml(text);
    return document.size === 0 ? "skips" : document;
  } catch (error) {
    if (!(error instanceof MetaYamlError)) throw error;
    // What is YAML, but no mapping, the migration takes for one.
    return error instanceof NoMappingError ? "aborts" : "skips";
  }
}

/**
 * Tells whether a migration looks into an experiment's directory: one whose name Python's `int()` takes.
 *
 * @param name The directory's name.
 * @returns Whether it does.
 */
export function isMigratedDirectory(name: string): boolean {
  return /^\p{Nd}+(?:_\p{Nd}+)*$/u.test(name);
}

/**
 * Tells whether a migration can read a text, be it a byte order mark at which MLflow cannot.
 *
 * @param text The decoded text.
 * @returns Whether it can.
 */
export function migrates(text: string): boolean {
  return typeof readForMigration(text) !== "string";
}

/** The database takes no other stage; none at all, or null, it takes. */
function isStage(document: MetaDocument): boolean {
  const stage = textOf(document.get("lifecycle_stage"));
  return stage === null || stage === "active" || stage === "deleted";
}

function isStatus(document: MetaDocument): boolean {
  const node = document.get("status");
  if (node === undefined) return true;
  const code = integerOf(node);
  return code === null
    ? RUN_STATUSES.some((status) => status === textOf(node))
    : code >= 1 && code <= 5;
}
