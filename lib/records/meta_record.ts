/**
 * Documents of `meta.yaml` files → records, one function for each kind of file. What MLflow cannot
 * use is a {@linkcode MetaProblem}: a value, never an exception.
 *
 * Which keys MLflow needs, and of which type, was learnt by running 2.13, 3.8 and 3.11: a key is
 * needed where its absence makes a listing raise.
 *
 * @module
 */

import { NOT_FETCHED, type RecordProblem, UTF_16 } from "../store/record_problem.ts";
import { statusOf } from "../store/run_status.ts";
import type { LifecycleStage, RunStatus } from "../store/snapshot.ts";
import { quoteText } from "../text/quote_text.ts";
import { MetaYamlError, parseMetaYaml } from "../yaml/meta_yaml.ts";
import {
  booleanOf,
  equalInteger,
  integerOf,
  isAbsent,
  isBare,
  isNothing,
  pythonInteger,
  pythonType,
} from "../yaml/node.ts";
import type { MetaDocument, MetaNode } from "../yaml/node.ts";
import { pythonStr } from "./value_types.ts";
import { isLfsPointer, MERGE_MARKS, readMergeConflict } from "../text/git_marks.ts";
import type {
  ExperimentMeta,
  LoggedModelMeta,
  ModelVersionMeta,
  RegisteredModelMeta,
  RunMeta,
} from "./meta.ts";
import { readUsualRunMeta } from "./usual_run_meta.ts";

/**
 * Why MLflow cannot use the text of a `meta.yaml`. `empty`: no key in it. `unreadable`: not a YAML
 * mapping, with the place. `incomplete`: a key is missing, or has a value of the wrong kind.
 */
export type MetaProblem = RecordProblem<"empty" | "unreadable" | "incomplete" | "lfs-pointer">;

/** A record, or why there is none. */
export type MetaResult<T> =
  | { readonly ok: true; readonly meta: T }
  | { readonly ok: false; readonly problem: MetaProblem };

/**
 * Reads the `meta.yaml` of an experiment.
 *
 * @param text The decoded text.
 * @returns The record, or why MLflow cannot use the text.
 *
 * @example An unquoted id is an integer to Python, and MLflow turns it into text
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const result = readExperimentMeta(
 *   "artifact_location: s3://b/7\nexperiment_id: 7\nlifecycle_stage: active\nname: first\n",
 * );
 * assertEquals(result.ok && result.meta.experimentId, "7");
 * ```
 */
export function readExperimentMeta(text: string): MetaResult<ExperimentMeta> {
  return readMeta(text, (document) => ({
    experimentId: spelledId(document, "experiment_id"),
    name: needText(document, "name") ?? "",
    artifactLocation: needText(document, "artifact_location") ?? "",
    lifecycleStage: needText(document, "lifecycle_stage") ?? "",
    creationTime: optionalTime(document, "creation_time"),
    lastUpdateTime: timeIfAny(document, "last_update_time"),
  }));
}

/**
 * Reads the `meta.yaml` of a run, as any MLflow since 0.8 wrote it.
 *
 * @param text The decoded text.
 * @returns The record, or why MLflow cannot use the text.
 */
export function readRunMeta(text: string): MetaResult<RunMeta> {
  const usual = readUsualRunMeta(text);
  if (usual !== null) return { ok: true, meta: usual };
  return readMeta(text, (document) => {
    need(document, "end_time", TIME);
    // MLflow before 1.0 wrote `run_uuid` alone, 3.0 and later write `run_id` alone.
    const legacy = document.has("run_uuid") && !document.has("run_id");
    return {
      runId: needString(document, legacy ? "run_uuid" : "run_id"),
      experimentId: isAbsent(document.get("experiment_id"))
        ? needId(document, "experiment_id")
        : spelledId(document, "experiment_id"),
      name: optionalText(document, "run_name") ?? "",
      status: runStatus(document),
      lifecycleStage: lifecycleStage(document),
      startTime: needTime(document, "start_time"),
      endTime: timeIfAny(document, "end_time"),
      // MLflow reads it where it purges, and nowhere else.
      deletedTime: integerOf(document.get("deleted_time")),
      artifactUri: optionalText(document, "artifact_uri") ?? "",
      userId: needText(document, "user_id") ?? refuse("user_id", "a string", "null"),
    };
  });
}

/**
 * Reads the `meta.yaml` of a model version.
 *
 * @param text The decoded text.
 * @returns The record, or why MLflow cannot use the text.
 */
export function readModelVersionMeta(text: string): MetaResult<ModelVersionMeta> {
  return readMeta(text, (document) => ({
    version: spelledId(document, "version"),
    runId: optionalName(document, "run_id"),
    source: optionalText(document, "source") ?? "",
    storageLocation: optionalText(document, "storage_location") || null,
    stage: optionalText(document, "current_stage") ?? "None",
    modelId: optionalName(document, "model_id"),
  }));
}

/**
 * Reads the `meta.yaml` of a registered model.
 *
 * @param text The decoded text.
 * @returns The record, or why MLflow cannot use the text.
 */
export function readRegisteredModelMeta(text: string): MetaResult<RegisteredModelMeta> {
  return readMeta(text, (document) => ({ name: spelledId(document, "name") }));
}

/**
 * Reads the `meta.yaml` of a logged model.
 *
 * @param text The decoded text.
 * @returns The record, or why MLflow cannot use the text.
 */
export function readLoggedModelMeta(text: string): MetaResult<LoggedModelMeta> {
  return readMeta(text, (document) => ({
    modelId: spelledId(document, "model_id"),
    name: needText(document, "name") ?? "",
    experimentId: spelledId(document, "experiment_id"),
    sourceRunId: optionalName(document, "source_run_id"),
    // MLflow drops the key when it finalizes the model.
    lifecycleStage: lifecycleStage(document),
    // MLflow minds nothing there when it lists.
    lastUpdatedTime: integerOf(document.get("last_updated_timestamp")),
    artifactLocation: needText(document, "artifact_location") ?? "",
  }));
}

/** Thrown by the readers of single keys below, and caught nowhere but in `readMeta`. */
class IncompleteMeta extends Error {}

function readMeta<T>(text: string, toRecord: (document: MetaDocument) => T): MetaResult<T> {
  // A decoder writes U+FFFD for bytes that are no UTF-8, such as the byte order mark of UTF-16.
  if (text.startsWith("\uFFFD")) return failure("unreadable", "Cannot read as UTF-8 text", 1, 1);
  // Without that mark it is UTF-8, with zeros between the letters.
  if (/^(?:[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/.test(text)) return failure("unreadable", UTF_16);
  if (isLfsPointer(text)) return { ok: false, problem: NOT_FETCHED };
  try {
    const document = parseMetaYaml(text);
    if (document.size === 0) return failure("empty", "No key in the file");
    return { ok: true, meta: toRecord(document) };
  } catch (error) {
    if (error instanceof IncompleteMeta) return failure("incomplete", error.message);
    if (error instanceof MetaYamlError) {
      const merge = readMergeConflict(text);
      return merge === null
        ? failure("unreadable", error.message, error.line, error.column)
        : failure("unreadable", MERGE_MARKS, merge.line);
    }
    throw error;
  }
}

function failure(
  damage: MetaProblem["damage"],
  message: string,
  line: number | null = null,
  column: number | null = null,
): { readonly ok: false; readonly problem: MetaProblem } {
  return { ok: false, problem: { damage, message, line, column } };
}

function refuse(key: string, expected: string, found: string): never {
  throw new IncompleteMeta(`Key ${key}: expected ${expected}, found ${found}`);
}

function need(document: MetaDocument, key: string, expected: string): MetaNode {
  return document.get(key) ?? refuse(key, expected, "no such key");
}

/** A string; other scalars as they are written, for MLflow minds none of them here. */
function needText(document: MetaDocument, key: string): string | null {
  const node = need(document, key, "a string");
  if (node.kind !== "scalar") return refuse(key, "a string", describe(node));
  return pythonType(node) === "null" ? null : node.text;
}

function optionalText(document: MetaDocument, key: string): string | null {
  return document.has(key) ? needText(document, key) : null;
}

/** A name, if any; the empty text where it was lost. */
function optionalName(document: MetaDocument, key: string): string | null {
  return isBare(document.get(key)) ? "" : optionalText(document, key) || null;
}

/** A string, and nothing that YAML takes for anything else. */
function needString(document: MetaDocument, key: string): string {
  const node = need(document, key, "a string");
  return node.kind === "scalar" && pythonType(node) === "str"
    ? node.text
    : refuse(key, "a string", describe(node));
}

/** A string, or an integer as MLflow before 1.0 wrote it. */
function needId(document: MetaDocument, key: string): string {
  const node = need(document, key, "a string");
  if (node.kind === "scalar" && pythonType(node) === "str") return node.text;
  const integer = node.kind === "scalar" ? pythonInteger(node) : null;
  return integer?.toString() ?? refuse(key, "a string", describe(node));
}

/** Whatever it is, MLflow takes the text that Python makes of it, and looks no further. */
function spelledId(document: MetaDocument, key: string): string {
  return pythonStr(need(document, key, "a string"));
}

const TIME = "milliseconds since 1970";

/** True and false are 1 and 0 to Python. */
function needTime(document: MetaDocument, key: string): number {
  const node = need(document, key, TIME);
  const flag = booleanOf(node);
  return flag === null ? integerOf(node) ?? refuse(key, TIME, describe(node)) : Number(flag);
}

function optionalTime(document: MetaDocument, key: string): number | null {
  return isAbsent(document.get(key)) ? null : needTime(document, key);
}

/** What is nothing to Python is no time to MLflow, where there need be none. */
function timeIfAny(document: MetaDocument, key: string): number | null {
  return isNothing(document.get(key)) ? null : needTime(document, key);
}

function runStatus(document: MetaDocument): RunStatus {
  const node = document.get("status");
  if (node === undefined) return "RUNNING";
  return statusOf(equalInteger(node) ?? 0) ??
    refuse("status", "an integer from 1 to 5", describe(node));
}

function lifecycleStage(document: MetaDocument): LifecycleStage {
  const node = document.get("lifecycle_stage");
  if (node === undefined) return "active";
  const stage = node.kind === "scalar" ? node.text : null;
  if (stage === "active" || stage === "deleted") return stage;
  return refuse("lifecycle_stage", "active or deleted", describe(node));
}

const TYPE_NAMES = {
  str: "the string",
  int: "the integer",
  float: "the number",
  bool: "the boolean",
  null: "null",
  date: "the date",
  other: "the YAML operator",
} as const;

function describe(node: MetaNode): string {
  if (node.kind !== "scalar") return `a ${node.kind}`;
  const type = pythonType(node);
  if (type === "null") return TYPE_NAMES.null;
  return `${TYPE_NAMES[type]} ${type === "str" ? quoteText(node.text) : node.text}`;
}
