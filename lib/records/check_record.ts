/**
 * The small YAML files of a store: inputs, outputs, datasets, traces, assessments, logged models and
 * the registry's, each with the keys without which MLflow raises.
 *
 * Which they are was read in MLflow 2.22 and 3.17 and tried with both.
 *
 * @module
 */

import type { TextFact } from "../store/facts.ts";
import {
  NOT_FETCHED,
  type RecordProblem,
  recordProblem,
  SOUND,
  unreadProblem,
} from "../store/record_problem.ts";
import type { StorePath } from "../store/path.ts";
import { type Problem, type RecordKind, recordKindOf } from "../store/problem.ts";
import { quoteText } from "../text/quote_text.ts";
import { MetaYamlError, parseMetaYaml } from "../yaml/meta_yaml.ts";
import {
  equalInteger,
  integerOf,
  isAbsent,
  type MetaDocument,
  type MetaNode,
  pythonType,
  textOf,
} from "../yaml/node.ts";
import { checkMigration, migrates } from "./check_meta.ts";
import { isLfsPointer, MERGE_MARKS, readMergeConflict } from "../text/git_marks.ts";
import { readExperimentMeta, readRunMeta } from "./meta_record.ts";
import { checkFlags, checkTypes, isStorable, isTypedRecord } from "./value_types.ts";

/** A record that was read, and what is wrong with it. */
export interface CheckedRecord {
  /** Empty where it could not be read. */
  readonly document: MetaDocument;
  /** What is wrong with it. */
  readonly problems: readonly RecordProblem[];
}

/**
 * Checks a record.
 *
 * @param fact What reading its file gave.
 * @param kind What it is a record of.
 * @returns The record; at most one problem, the first that MLflow would meet, and whether the record is of
 *   a kind that others do not read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { problems } = checkRecord({ kind: "text", text: "name: data\n" }, "dataset");
 * assertEquals(problems[0]?.message, "key digest is missing");
 * ```
 */
export function checkRecord(fact: TextFact, kind: RecordKind): CheckedRecord {
  const name = kind === "trace" ? "trace_info.yaml" : "meta.yaml";
  const unread = unreadProblem(fact, name);
  if (unread !== null || fact.kind !== "text") {
    return { document: NOTHING, problems: unread === null ? SOUND : [unread] };
  }
  if (isLfsPointer(fact.text)) return { document: NOTHING, problems: [NOT_FETCHED] };
  try {
    const document = parseMetaYaml(fact.text);
    if (document.size === 0) {
      return { document, problems: [recordProblem("empty", "no key in the file")] };
    }
    const fault = CHECKS[kind](document);
    const isReadable = fault === null || READABLE.includes(fault.damage);
    const typed = isReadable && isTypedRecord(kind) ? checkTypes(document, kind) : null;
    const flagged = isReadable ? checkFlags(document, kind) : null;
    const found = [typed, flagged, fault].filter((one) => one !== null);
    const [refused] = checkMigration(fact.text);
    if (refused === undefined) return { document, problems: found };
    return {
      document,
      problems: found.length === 0
        ? [refused]
        : found.map((one) => ({ ...one, migration: "skips" })),
    };
  } catch (error) {
    if (!(error instanceof MetaYamlError)) throw error;
    const merge = readMergeConflict(fact.text);
    const { message, line, column } = merge === null
      ? error
      : { message: MERGE_MARKS, line: merge.line, column: null };
    const unreadable: RecordProblem = { damage: "unreadable", message, line, column };
    const problems = [migrates(fact.text) ? { ...unreadable, migration: null } : unreadable];
    return { document: NOTHING, problems };
  }
}

const NOTHING: MetaDocument = new Map();

/** What some reader does not know, and another reads. */
const READABLE: readonly RecordProblem["damage"][] = [
  "newer-format",
  "unmigrated",
  "unstorable",
  "no-update-time",
];

type RecordCheck = (document: MetaDocument) => RecordProblem | null;

/** MLflow raises; a migration goes on without what is missing. */
function incomplete(message: string, migration: RecordProblem["migration"] = null): RecordProblem {
  return recordProblem("incomplete", message, migration);
}

function lacks(document: MetaDocument, ...keys: readonly string[]): RecordProblem | null {
  const missing = keys.find((key) => !document.has(key));
  return missing === undefined ? null : incomplete(`key ${missing} is missing`);
}

function isNull(
  document: MetaDocument,
  keys: readonly string[],
  migration: RecordProblem["migration"] = null,
): RecordProblem | null {
  const found = keys.find((key) => document.has(key) && isAbsent(document.get(key)));
  return found === undefined ? null : incomplete(`key ${found} is null`, migration);
}

function isNot(
  document: MetaDocument,
  key: string,
  words: readonly string[],
  migration: RecordProblem["migration"] = null,
): RecordProblem | null {
  const text = textOf(document.get(key));
  if (text !== null && words.includes(text)) return null;
  const found = text === null ? "null" : quoteText(text);
  return incomplete(`key ${key}: expected ${words.join(" or ")}, found ${found}`, migration);
}

/** As RFC 3339 writes a time. */
function isNoTime(document: MetaDocument, key: string): RecordProblem | null {
  const text = textOf(document.get(key)) ?? "";
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? null
    : incomplete(`key ${key}: expected a time, found ${quoteText(text)}`);
}

/** What Python sends as a boolean. */
function isNoFlag(document: MetaDocument, key: string): RecordProblem | null {
  const node = document.get(key);
  const isFlag = isAbsent(node) ||
    node?.kind === "scalar" && ["bool", "int"].includes(pythonType(node));
  return isFlag ? null : incomplete(`key ${key}: expected true or false`, "aborts");
}

const VERTICES = ["RUN", "DATASET", "MODEL"];
const ENDS = ["RUN_OUTPUT", "MODEL_OUTPUT"];

const checkInput: RecordCheck = (document) => {
  if (!document.has("source_id")) return incomplete("key source_id is missing", "skips");
  const fault = lacks(document, "source_type", "destination_type", "destination_id", "tags") ??
    isNot(document, "source_type", VERTICES, "skips") ??
    isNot(document, "destination_type", VERTICES);
  if (fault !== null) return fault;
  const isModel = textOf(document.get("source_type")) === "MODEL";
  if (document.get("tags")?.kind !== "mapping") {
    // What has no tags at all stops a migration, which walks through them.
    return isModel ? null : incomplete("key tags: expected a mapping", "aborts");
  }
  return isModel
    ? recordProblem("newer-format", "a logged model as input, as MLflow writes it since 3.0", null)
    : null;
};

const checkOutput: RecordCheck = (document) =>
  lacks(
    document,
    "source_type",
    "source_id",
    "destination_type",
    "destination_id",
    "tags",
    "step",
  ) ??
    isNot(document, "source_type", ENDS) ?? isNot(document, "destination_type", ENDS) ??
    unsent(isNoInteger(document, "step"));

function isNoInteger(document: MetaDocument, key: string): RecordProblem | null {
  const node = document.get(key);
  if (isAbsent(node) || integerOf(node) !== null) return null;
  return incomplete(`key ${key}: expected an integer`);
}

const STATES = ["OK", "ERROR", "IN_PROGRESS"];
const TRACE_KEYS = [
  ...["trace_id", "trace_location", "request_time", "state", "request_preview"],
  ...["response_preview", "client_request_id", "execution_duration_ms", "execution_duration"],
  ...["trace_metadata", "tags", "assessments"],
];
const LEGACY_TRACE_KEYS = [
  ...["request_id", "experiment_id", "timestamp_ms", "execution_time_ms", "status"],
  ...["request_metadata", "tags", "assessments"],
];

const checkTrace: RecordCheck = (document) => {
  const isLegacy = document.has("request_id");
  const known = isLegacy ? LEGACY_TRACE_KEYS : TRACE_KEYS;
  const unknown = [...document.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) return incomplete(`key ${quoteText(unknown)} is unknown to MLflow`);
  if (isLegacy) {
    return lacks(document, "experiment_id", "timestamp_ms", "execution_time_ms", "status") ??
      isNull(document, ["request_id", "timestamp_ms"]) ??
      isNot(document, "status", [...STATES, "TRACE_STATUS_UNSPECIFIED"]);
  }
  const fault = lacks(document, "trace_id", "trace_location", "request_time", "state") ??
    isNull(document, ["trace_id"]) ??
    isNot(document, "state", [...STATES, "STATE_UNSPECIFIED"]) ??
    isNoTime(document, "request_time");
  if (fault !== null) return fault;
  const location = document.get("trace_location");
  if (location?.kind !== "mapping" || !location.entries.has("type")) {
    return incomplete("key trace_location: expected a mapping with a type");
  }
  return recordProblem("newer-format", "the trace is written as MLflow writes it since 3.2", null);
};

const SOURCES = ["SOURCE_TYPE_UNSPECIFIED", "LLM_JUDGE", "AI_JUDGE", "HUMAN", "CODE"];

/** What an assessment of each kind needs to have one of. */
const ASSESSMENTS = [
  ["expectation", ["value", "serialized_value"]],
  ["feedback", ["value"]],
  ["issue", ["issue_name"]],
] as const;

const checkAssessment: RecordCheck = (document) => {
  const found = ASSESSMENTS.find(([kind]) => isTrue(document.get(kind)));
  if (found === undefined) {
    return incomplete("it has neither feedback nor expectation nor issue", "skips");
  }
  const [kind, keys] = found;
  const value = document.get(kind);
  if (value?.kind !== "mapping") return incomplete(`key ${kind}: expected a mapping`, "aborts");
  if (!keys.some((key) => value.entries.has(key))) {
    return incomplete(`key ${kind}: expected a mapping with ${keys.join(" or ")}`);
  }
  const source = document.get("source");
  const type = source?.kind === "mapping" ? textOf(source.entries.get("source_type")) : null;
  const fault = lacks(document, "assessment_name", "source", "create_time", "last_update_time") ??
    isNull(document, ["assessment_name"], "aborts") ??
    (kind === "feedback" ? null : isNull(value.entries, keys)) ??
    isNoFlag(document, "valid") ?? isNoTime(document, "create_time") ??
    isNoTime(document, "last_update_time");
  if (fault !== null) return fault;
  if (!SOURCES.includes(type?.toUpperCase() ?? "")) {
    return incomplete(`key source: expected a mapping with a source_type of ${SOURCES.join(", ")}`);
  }
  const other = unknownIn(source, SOURCE_KEYS) ??
    (kind === "feedback" ? unknownIn(value.entries.get("error"), ERROR_KEYS) : null);
  if (other !== null) return incomplete(`key ${quoteText(other)} is unknown to MLflow`);
  return kind === "issue" ? recordProblem("unmigrated", "it names an issue", "skips") : null;
};

const SOURCE_KEYS = ["source_type", "source_id"];
const ERROR_KEYS = ["error_code", "error_message", "stack_trace"];

/** A key that MLflow makes an argument of, and that it takes for none. */
function unknownIn(node: MetaNode | undefined, known: readonly string[]): string | null {
  const keys = node?.kind === "mapping" ? [...node.entries.keys()] : [];
  return keys.find((key) => !known.includes(key)) ?? null;
}

/** Whether Python takes a value for true. */
function isTrue(node: MetaNode | undefined): boolean {
  if (node === undefined) return false;
  if (node.kind === "sequence") return node.items.length > 0;
  if (node.kind === "mapping") return node.entries.size > 0;
  const type = pythonType(node);
  return type !== "null" && !(type === "str" && node.text === "");
}

/** What the columns of a database do not leave out. */
const MODEL_COLUMNS = [
  "name",
  "artifact_location",
  "creation_timestamp",
  "last_updated_timestamp",
] as const;

const checkLoggedModel: RecordCheck = (document) => {
  const fault = lacks(document, "model_id", "experiment_id", ...MODEL_COLUMNS);
  if (fault !== null) return fault;
  const node = document.get("status");
  const status = node === undefined ? 0 : equalInteger(node);
  if (status === null || status < 0 || status > 3) {
    return incomplete("key status: expected an integer from 0 to 3");
  }
  const empty = ["model_id", ...MODEL_COLUMNS].find((key) => isAbsent(document.get(key)));
  return empty === undefined ? null : recordProblem("unstorable", `${empty} is null`);
};

const VERSION_STATUSES = ["READY", "PENDING_REGISTRATION", "FAILED_REGISTRATION"];

function checkModelVersion(document: MetaDocument): RecordProblem | null {
  if (!document.has("version")) return incomplete("key version is missing", "aborts");
  const keys = ["name", "creation_timestamp"] as const;
  const fault = lacks(document, ...keys) ?? unsent(isNull(document, keys));
  if (fault !== null) return fault;
  const unknown = isAbsent(document.get("status"))
    ? null
    : isNot(document, "status", VERSION_STATUSES);
  if (unknown !== null) return unsent(unknown);
  const updated = "last_updated_timestamp";
  if (!isAbsent(document.get(updated))) return null;
  const found = document.has(updated) ? "null" : "missing";
  return recordProblem("no-update-time", `key ${updated} is ${found}`, null);
}

function checkDataset(document: MetaDocument): RecordProblem | null {
  const keys = ["name", "digest", "source_type", "source"] as const;
  return lacks(document, ...keys) ?? unsent(isNull(document, keys, "aborts"));
}

/** What MLflow reads, and its server cannot send; nothing tells what it was. */
function unsent(problem: RecordProblem | null): RecordProblem | null {
  return problem === null ? null : { ...problem, damage: "wrong-type", mendable: false };
}

const CHECKS: Readonly<Record<RecordKind, RecordCheck>> = {
  input: checkInput,
  output: checkOutput,
  dataset: checkDataset,
  trace: checkTrace,
  assessment: checkAssessment,
  "logged-model": checkLoggedModel,
  "registered-model": (document) =>
    lacks(document, "name") ?? unsent(isNull(document, ["name"], "aborts")) ??
      (isStorable(document.get("last_updated_timestamp"))
        ? null
        : recordProblem("unstorable", "last_updated_timestamp is none of 64 bits")),
  "model-version": checkModelVersion,
};

/**
 * Tells whether a text is a record that MLflow can use.
 *
 * @param text The text.
 * @param path The directory in which it would lie.
 * @param subject What it would be of.
 * @returns Whether it is.
 */
export function isSoundRecord(text: string, path: StorePath, subject: Problem["subject"]): boolean {
  if (subject === "experiment") return readExperimentMeta(text).ok;
  if (subject === "run") return readRunMeta(text).ok;
  const kind = recordKindOf(path, subject);
  if (kind === null) return false;
  return checkRecord({ kind: "text", text }, kind).problems
    .every(({ damage }) => damage === "newer-format");
}
