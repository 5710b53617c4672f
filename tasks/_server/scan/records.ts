/**
 * What a tracking server answers → checked rows. An answer is data from outside: what is of another kind than MLflow
 * says is refused, so that nothing is planned from what nobody understands; what is only odd is kept as it is.
 *
 * @module
 */

import type {
  AliasRow,
  ExperimentRow,
  LoggedModelRow,
  RunRow,
  VersionRow,
} from "../../../lib/snapshot/assemble_rows.ts";
import { deletionMarks, isDeletionMark, overtakenBy } from "../../../lib/store/tags.ts";
import { isRecord, isText } from "../../../lib/text/json.ts";
import { quoteText } from "../../../lib/text/quote_text.ts";
import type { Answer } from "../client/read_answer.ts";
import { RequestError } from "../client/request_error.ts";

/** A part of a server that keeps several apart is read by itself: its name stands in the store's location. */
const WORKSPACE = "default";

/** A metric of a run, as it was logged last. */
export interface MetricRecord {
  readonly key: string;
  readonly value: number;
  /** Epoch ms. */
  readonly time: number;
}

/** A run with all that a server tells of it at once. */
export interface RunRecord {
  readonly row: RunRow;
  /** Who started it. */
  readonly user: string | null;
  readonly tags: ReadonlyMap<string, string>;
  readonly params: ReadonlyMap<string, string>;
  readonly metrics: readonly MetricRecord[];
  /** Ids of logged models. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A logged model with all that a server tells of it at once. */
export interface ModelRecord {
  readonly row: LoggedModelRow;
  readonly tags: ReadonlyMap<string, string>;
  /** Ids of runs that have logged metrics of it. */
  readonly measuredBy: readonly string[];
}

/** A trace, and what it and its assessments come from. */
export interface TraceRecord {
  readonly id: string;
  readonly experiment: string;
  readonly runId: string | null;
  readonly modelId: string | null;
  readonly assessments: readonly { readonly id: string; readonly runId: string }[];
}

/**
 * Takes a list of records out of an answer.
 *
 * @param answer The answer.
 * @param name The field; what is empty is left out.
 * @returns The records.
 * @throws {RequestError} When it is no list of records.
 */
export function recordsOf(answer: Answer, name: string): readonly Answer[] {
  const list = answer[name] ?? [];
  if (Array.isArray(list) && list.every(isRecord)) return list;
  throw unlike(name, list);
}

/**
 * Takes the token of the next page out of an answer.
 *
 * @param answer The answer.
 * @returns The token; `null` where there is no other page.
 * @throws {RequestError} When it is no text.
 */
export function nextTokenOf(answer: Answer): string | null {
  return textOf(answer, "next_page_token") || null;
}

/** Reads an experiment. */
export function experimentRowOf(record: Answer): ExperimentRow {
  return {
    id: idOf(record, "experiment_id"),
    name: textOf(record, "name") ?? "",
    location: textOf(record, "artifact_location"),
    stage: textOf(record, "lifecycle_stage"),
    created: timeOf(record, "creation_time"),
    updated: timeOf(record, "last_update_time"),
  };
}

/**
 * Reads a run.
 *
 * @param record What `runs/search` and `runs/get` have of it.
 * @returns The run; when others deleted it no server tells: only what we have deleted says so by a tag.
 * @throws {RequestError} When it is none.
 */
export function runRecordOf(record: Answer): RunRecord {
  const [info, data] = [recordOf(record, "info"), recordOf(record, "data")];
  const tags = pairsOf(data, "tags");
  const stage = textOf(info, "lifecycle_stage");
  return {
    row: {
      // A row of a database may have none; what that keeps is judged with all that is not whole.
      id: runIdOf(info),
      experiment: idOf(info, "experiment_id"),
      name: textOf(info, "run_name") || (tags.get("mlflow.runName") ?? null),
      status: textOf(info, "status"),
      stage,
      started: timeOf(info, "start_time"),
      ended: timeOf(info, "end_time") || null,
      deleted: stage === "deleted" ? deletionOf(tags) : null,
      location: textOf(info, "artifact_uri"),
    },
    user: isText(info["user_id"]) ? info["user_id"] : null,
    tags,
    params: pairsOf(data, "params"),
    metrics: recordsOf(data, "metrics").map(metricOf),
    inputs: recordsOf(recordOf(record, "inputs"), "model_inputs").map(modelIdOf),
    outputs: recordsOf(recordOf(record, "outputs"), "model_outputs").map(modelIdOf),
  };
}

/** Reads a value of a metric, be it the latest or one of its history. */
export function metricOf(record: Answer): MetricRecord {
  return {
    key: textOf(record, "key") ?? "",
    value: valueOf(record["value"] ?? 0),
    time: timeOf(record, "timestamp") ?? 0,
  };
}

/** Reads a registered model: itself, and its aliases. */
export function registeredModelOf(
  record: Answer,
): { readonly row: VersionRow; readonly aliases: readonly AliasRow[] } {
  const name = idOf(record, "name");
  const row = {
    ...{ workspace: WORKSPACE, name, version: null, run: null, source: null },
    ...{ stored: null, stage: null },
  };
  const aliases = recordsOf(record, "aliases").map((alias) => ({
    workspace: WORKSPACE,
    name,
    alias: textOf(alias, "alias") ?? "",
    version: numeralOf(alias, "version"),
  }));
  return { row, aliases };
}

/** Reads a version of a registered model. */
export function versionRowOf(record: Answer): VersionRow {
  return {
    workspace: WORKSPACE,
    name: idOf(record, "name"),
    version: numeralOf(record, "version"),
    run: textOf(record, "run_id"),
    source: textOf(record, "source"),
    stored: textOf(record, "storage_location"),
    stage: textOf(record, "current_stage"),
  };
}

/** Reads a logged model. */
export function modelRecordOf(record: Answer): ModelRecord {
  const [info, data] = [recordOf(record, "info"), recordOf(record, "data")];
  const measuredBy = recordsOf(data, "metrics").map((metric) => textOf(metric, "run_id") ?? "");
  return {
    row: {
      id: idOf(info, "model_id"),
      experiment: idOf(info, "experiment_id"),
      name: textOf(info, "name") ?? "",
      run: textOf(info, "source_run_id"),
      // Deleted ones are in no answer.
      stage: "active",
      updated: timeOf(info, "last_updated_timestamp_ms"),
      location: textOf(info, "artifact_uri") ?? "",
    },
    tags: pairsOf(info, "tags"),
    measuredBy: [...new Set(measuredBy)].filter((id) => id !== "").toSorted(),
  };
}

/** Reads a trace, as MLflow 3 or 2 tells of it. */
export function traceRecordOf(record: Answer): TraceRecord {
  const isNew = record["trace_id"] !== undefined;
  const place = isNew ? recordOf(recordOf(record, "trace_location"), "mlflow_experiment") : record;
  const metadata = isNew ? mapOf(record, "trace_metadata") : pairsOf(record, "request_metadata");
  return {
    id: idOf(record, isNew ? "trace_id" : "request_id"),
    experiment: idOf(place, "experiment_id"),
    runId: metadata.get("mlflow.sourceRun") || null,
    modelId: metadata.get("mlflow.modelId") || null,
    assessments: recordsOf(record, "assessments").flatMap((assessment) => {
      const runId = mapOf(assessment, "metadata").get("mlflow.assessment.sourceRunId");
      return runId ? [{ id: textOf(assessment, "assessment_id") ?? "", runId }] : [];
    }),
  };
}

/** When we have deleted a run. */
function deletionOf(tags: ReadonlyMap<string, string>): number | null {
  const overtaken = new Set(
    [...tags].flatMap(([key, value]) => isDeletionMark(key) ? overtakenBy(value) : []),
  );
  const times = [...deletionMarks(tags)].filter(([key]) => !overtaken.has(key))
    .map(([, time]) => time);
  return times.length === 0 ? null : Math.max(...times);
}

function modelIdOf(record: Answer): string {
  return idOf(record, "model_id");
}

function recordOf(record: Answer, name: string): Answer {
  const value = record[name] ?? {};
  if (isRecord(value)) return value;
  throw unlike(name, value);
}

function textOf(record: Answer, name: string): string | null {
  const value = record[name] ?? null;
  if (value === null || isText(value)) return value;
  throw unlike(name, value);
}

function idOf(record: Answer, name: string): string {
  const value = record[name];
  if (isText(value) && value !== "") return value;
  throw unlike(name, value);
}

function runIdOf(info: Answer): string {
  return info["run_id"] === ""
    ? ""
    : idOf(info, info["run_id"] === undefined ? "run_uuid" : "run_id");
}

/** A number that some write as one, and some as text. */
function numeralOf(record: Answer, name: string): string {
  const value = record[name];
  if (isText(value) && value !== "" || Number.isSafeInteger(value)) return `${value}`;
  throw unlike(name, value);
}

function timeOf(record: Answer, name: string): number | null {
  const value = record[name] ?? null;
  if (value === null || typeof value === "number" && Number.isFinite(value)) return value;
  // As JSON of protocol buffers has what may exceed 2^53.
  if (isText(value) && /^-?\d{1,19}$/.test(value)) return Number(value);
  throw unlike(name, value);
}

/** The largest number stands for infinity in a database. */
const INFINITE = 1.7976931348623157e308;

function valueOf(value: unknown): number {
  if (isText(value) && /^(?:NaN|-?Infinity)$/.test(value)) return Number(value);
  if (typeof value !== "number") throw unlike("value", value);
  return Math.abs(value) < INFINITE ? value : value > 0 ? Infinity : -Infinity;
}

/** A list of `{key, value}`. */
function pairsOf(record: Answer, name: string): ReadonlyMap<string, string> {
  return new Map(
    recordsOf(record, name).map((pair) => [textOf(pair, "key") ?? "", textOf(pair, "value") ?? ""]),
  );
}

function mapOf(record: Answer, name: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(recordOf(record, name)).flatMap(([key, value]) =>
      isText(value) ? [[key, value]] : []
    ),
  );
}

const SAMPLE = 40;

function unlike(name: string, value: unknown): RequestError {
  const text = value === undefined ? "missing" : quoteText(JSON.stringify(value).slice(0, SAMPLE));
  return new RequestError(
    "foreign",
    `the server answers what MLflow does not: ${name} is ${text}`,
  );
}
