/**
 * Values of a type that MLflow does not send: what is text to whoever wrote it, and a number, a date or a
 * boolean to YAML, since no quotes are around it; and the other way round a time in quotes.
 *
 * MLflow reads such a record without looking at them. What then goes wrong was asked of 2.22 and 3.17,
 * which are alike; `tests/mlflow/damage_test.ts` asks again about the likely ones.
 *
 * | Record           | Text                                                               | Where one is none |
 * | ---------------- | ------------------------------------------------------------------ | ----------------- |
 * | experiment       | name, artifact_location                                            | the server lists no experiment (500); the client sorts and filters by no name, and starts no run there |
 * | run              | run_name, user_id, artifact_uri                                    | the server searches no run of the experiment (500); the client sorts and filters by no name, and cannot delete the run |
 * | dataset          | name, digest, source, source_type, profile, schema                 | the server searches no run of the experiment whose run uses it (500) |
 * | logged model     | name, model_id, model_type, artifact_location, source_run_id, status_message | the server searches no logged model of the experiment (500) |
 * | registered model | name, description                                                  | the server lists no registered model (500) |
 * | model version    | name, description, current_stage, status_message, user_id          | the server lists no version (500) |
 * | trace            | its ids and times, client_request_id, the previews                 | the server searches no trace of the experiment (500); for trace_id and request_time neither does the client |
 * | assessment       | its ids and times, names, rationale, overrides, those of its error  | the same, in MLflow 3, which alone reads them |
 *
 * A null is nothing to the server but in `name` and `artifact_location` of an experiment. What
 * `source_name`, `entry_point_name`, `source_version` and `run_uuid` of a run are, and `run_id`, `source`
 * and `storage_location` of a version, MLflow does not mind; of the ids and the status it checks itself.
 *
 * @module
 */

import { type RecordProblem, recordProblem } from "../store/record_problem.ts";
import { pythonFloat } from "../text/python_text.ts";
import { quoteText } from "../text/quote_text.ts";
import { valueAt, withValue } from "../yaml/inner_values.ts";
import {
  booleanOf,
  integerOf,
  isAbsent,
  isNothing,
  type MetaDocument,
  type MetaNode,
  pythonInteger,
  type PythonType,
  pythonType,
  scalar,
  textOf,
} from "../yaml/node.ts";
import { floatValue } from "../yaml/tagged_number.ts";

/** What has such values. */
export type TypedRecord = keyof typeof KEYS;

interface TypedKeys {
  readonly text: readonly string[];
  readonly times: readonly string[];
  /** Any number, which a boolean is one of to Python. */
  readonly numbers?: readonly string[];
  /** Anything but a date, which is text. */
  readonly values?: readonly string[];
}

const TIMES = ["creation_timestamp", "last_updated_timestamp"] as const;

/**
 * Times of experiments and runs MLflow checks when it reads them. Of what is within another value the keys
 * that lead to it are named, with `/` between them.
 */
const KEYS = {
  experiment: { text: ["name", "artifact_location"], times: [] },
  run: { text: ["run_name", "user_id", "artifact_uri"], times: [] },
  dataset: { text: ["name", "digest", "source", "source_type", "profile", "schema"], times: [] },
  "logged-model": {
    text: [
      "name",
      "model_type",
      "artifact_location",
      "source_run_id",
      "status_message",
      "model_id",
    ],
    times: TIMES,
  },
  "registered-model": { text: ["name", "description"], times: TIMES },
  "model-version": {
    text: ["name", "description", "current_stage", "status_message", "user_id"],
    times: TIMES,
    // MLflow finds the newest by comparing them, which fails where one is text or nothing.
    numbers: ["version"],
  },
  trace: {
    text: [
      ...["trace_id", "request_time", "request_preview", "response_preview", "client_request_id"],
      ...["trace_location/mlflow_experiment/experiment_id", "request_id", "experiment_id"],
    ],
    times: ["execution_duration_ms", "timestamp_ms", "execution_time_ms"],
  },
  assessment: {
    text: [
      ...["assessment_id", "assessment_name", "trace_id", "span_id", "rationale", "overrides"],
      ...["create_time", "last_update_time", "source/source_id", "issue/issue_name"],
      ...["error_code", "error_message", "stack_trace"].map((key) => `feedback/error/${key}`),
      "expectation/serialized_value/value",
    ],
    times: [],
    values: ["feedback/value", "expectation/value"],
  },
} as const satisfies Readonly<Record<string, TypedKeys>>;

/** Keys whose value is text in whichever `meta.yaml` has them. */
export const TEXT_KEYS: ReadonlySet<string> = new Set(
  Object.entries(KEYS).flatMap(([kind, { text }]): readonly string[] =>
    kind === "trace" || kind === "assessment" ? [] : text
  ),
);

/** Keys of which the type alone may be wrong. */
export const TYPED_KEYS: ReadonlySet<string> = new Set(
  Object.values(KEYS).flatMap(({ text, times, numbers = [], values = [] }: TypedKeys) => [
    ...text,
    ...times,
    ...numbers,
    ...values,
  ]),
);

/** What Python makes of text without quotes, in words. */
const TYPES: Readonly<Partial<Record<PythonType, string>>> = {
  int: "an integer",
  float: "a number",
  bool: "a boolean",
  date: "a date",
};

/**
 * Tells whether a record has values whose type MLflow minds, and does not check.
 *
 * @param kind What it is of.
 * @returns Whether it has.
 */
export function isTypedRecord(kind: string): kind is TypedRecord {
  return Object.hasOwn(KEYS, kind);
}

/**
 * Finds the values of a wrong type.
 *
 * @param document The record.
 * @param kind What it is of.
 * @returns Key, see {@linkcode valueAt} → the value as it was meant; `null` where nothing proves that.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseMetaYaml } from "../yaml/meta_yaml.ts";
 *
 * const document = parseMetaYaml("name: 2024-01-05\nartifact_location: s3://b/1\n");
 * assertEquals(meantValues(document, "experiment"), { name: "2024-01-05" });
 * ```
 */
export function meantValues(
  document: MetaDocument,
  kind: TypedRecord,
): Readonly<Record<string, string | number | null>> {
  const { text, times, numbers = [], values = [] }: TypedKeys = KEYS[kind];
  return Object.fromEntries([
    ...text.map((key) => [key, valueAt(document, key)] as const)
      .filter(([key, node]) => isMistaken(key, node))
      .map(([key, node]) => [key, textOf(node)]),
    ...values.map((key) => [key, valueAt(document, key)] as const)
      .filter(([, node]) => typeOf(node) === TYPES.date)
      .map(([key, node]) => [key, textOf(node)]),
    ...times.map((key) => [key, valueAt(document, key)] as const)
      .filter(([key, node]) => isNoTime(kind, key, node))
      .map(([key, node]) => [key, provenInteger(node)]),
    ...numbers.map((key) => [key, valueAt(document, key)] as const)
      .filter(([, node]) => isNoNumber(node))
      .map(([key, node]) => [key, provenInteger(node)]),
  ]);
}

/** What YAML takes text for; `null`: it is text, or nothing. */
function typeOf(node: MetaNode | undefined): string | null {
  if (node === undefined) return null;
  if (node.kind !== "scalar") return node.kind === "sequence" ? "a list" : "a mapping";
  return TYPES[pythonType(node)] ?? null;
}

/** MLflow sends what may be nothing only where it is something. */
function isMistaken(key: string, node: MetaNode | undefined): boolean {
  return typeOf(node) !== null && !(MAY_BE_NOTHING.has(key) && isNothing(node));
}

const MAY_BE_NOTHING: ReadonlySet<string> = new Set(["profile", "schema"]);

/** Of booleans {@linkcode checkFlags} tells. A model may have been updated never; versions are sorted by that time. */
function isNoTime(kind: TypedRecord, key: string, node: MetaNode | undefined): boolean {
  const isLast = kind === "registered-model" && key === "last_updated_timestamp";
  return !(isLast ? isNothing(node) : isAbsent(node)) && booleanOf(node) === null &&
    integerOf(node) === null;
}

function isNoNumber(node: MetaNode | undefined): boolean {
  return node !== undefined &&
    !(node.kind === "scalar" && ["int", "float", "bool"].includes(pythonType(node)));
}

/**
 * Gives the integer that a value proves, were it written as Python's MLflow does not take it.
 *
 * @param node A value of a document.
 * @returns The integer, also of `1700000000000.0` and of `'1700000000000'`; `null` for anything else.
 */
export function provenInteger(node: MetaNode | undefined): number | null {
  const written = /^(\d{1,15})(?:\.0*)?$/.exec(textOf(node) ?? "");
  return integerOf(node) ?? (written === null ? null : Number(written[1]));
}

/**
 * Tells whether Python's `int()` takes a value.
 *
 * @param node A value of a document.
 * @returns Whether it does: numbers, booleans, and text that is an integer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scalar, unquoted } from "../yaml/node.ts";
 *
 * assertEquals([scalar("1"), unquoted("1.5"), scalar("1.5")].map(isCountable), [true, true, false]);
 * ```
 */
export function isCountable(node: MetaNode | undefined): boolean {
  if (node?.kind !== "scalar") return false;
  return pythonType(node) === "str"
    ? /^\s*[-+]?\d(?:_?\d)*\s*$/.test(node.text)
    : !isNoNumber(node) && !/\.(?:inf|nan)$/i.test(node.text);
}

/**
 * Checks the types of a record's values.
 *
 * @param document The record.
 * @param kind What it is of.
 * @returns What is wrong; `null` where each is of the type that MLflow needs.
 */
export function checkTypes(document: MetaDocument, kind: TypedRecord): RecordProblem | null {
  const values = Object.entries(meantValues(document, kind));
  if (values.length === 0) return null;
  const { times, numbers = [], values: dated = [] }: TypedKeys = KEYS[kind];
  const words = values.map(([key]) => {
    const node = valueAt(document, key);
    const type = typeOf(node);
    const text = quoteText(textOf(node) ?? "");
    const name = key.replaceAll("/", ".");
    if (numbers.includes(key)) return `${name} is no number`;
    if (type === null || times.includes(key)) return `${name} is no integer`;
    return node?.kind !== "scalar"
      ? `${name} is ${type}, and no text`
      : `YAML takes ${name} ${text} for ${type}, without quotes around it`;
  });
  // A date as the value of an assessment a migration cannot write, nor what no column takes.
  const isTaken = (key: string) => numbers.includes(key) ? isCountable : isStorable;
  const aborts = values.some(([key]) =>
    dated.includes(key) || !isTaken(key)(valueAt(document, key))
  );
  const problem = recordProblem(
    "wrong-type",
    words.join(", and "),
    ...(aborts ? ["aborts"] as const : []),
  );
  return values.some(([, value]) => value === null) ? { ...problem, mendable: false } : problem;
}

/** Times that the server of MLflow 3 sends as integers, of records whose own check knows no boolean. */
const FLAGS: Readonly<Partial<Record<string, readonly string[]>>> = {
  experiment: ["creation_time", "last_update_time"],
  run: ["start_time", "end_time"],
  "logged-model": TIMES,
  "registered-model": TIMES,
  "model-version": TIMES,
};

/**
 * Checks that no time of a record is a boolean, which Python takes for an integer.
 *
 * @param document The record.
 * @param kind What it is of.
 * @returns What is wrong; `null` where no time is one.
 */
export function checkFlags(document: MetaDocument, kind: string): RecordProblem | null {
  const key = FLAGS[kind]?.find((key) => booleanOf(document.get(key)) !== null);
  if (key === undefined) return null;
  const found = textOf(document.get(key)) ?? "";
  return recordProblem("boolean-time", `${key} is the boolean ${found}, and no time`);
}

const MOST = 2n ** 63n;

/**
 * Tells whether a column of a database takes a value: no list, no mapping, no integer beyond 64 bits.
 *
 * @param node A value of a document.
 * @returns Whether it does.
 */
export function isStorable(node: MetaNode | undefined): boolean {
  if (node === undefined) return true;
  if (node.kind !== "scalar") return false;
  const integer = pythonType(node) === "int" ? pythonInteger(node) : 0n;
  return integer !== null && integer < MOST && integer >= -MOST;
}

/**
 * Makes of a record's values what they were meant to be.
 *
 * @param document The record.
 * @param kind What it is of.
 * @returns The record, the same where nothing is to change, or nothing proves to what.
 */
export function withMeantValues(document: MetaDocument, kind: TypedRecord): MetaDocument {
  return Object.entries(meantValues(document, kind)).reduce<MetaDocument>(
    (meant, [key, value]) => value === null ? meant : withValue(meant, key, scalar(value)),
    document,
  );
}

/**
 * Writes a value as Python's `str()` does.
 *
 * @param node A value of a document.
 * @returns The text; a date as it is written, and of a list or a mapping only which of them it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unquoted } from "../yaml/node.ts";
 *
 * assertEquals(["1.50", "on", "~", "0x10", "1e5"].map((text) => pythonStr(unquoted(text))), [
 *   "1.5",
 *   "True",
 *   "None",
 *   "16",
 *   "1e5",
 * ]);
 * ```
 */
export function pythonStr(node: MetaNode): string {
  if (node.kind !== "scalar") return `a ${node.kind}`;
  switch (pythonType(node)) {
    case "null":
      return "None";
    case "bool":
      return booleanOf(node) ? "True" : "False";
    case "int":
      return pythonInteger(node)?.toString() ?? node.text;
    case "float":
      return pythonFloat(floatValue(node.text) ?? NaN);
    default:
      return node.text;
  }
}
