/**
 * Which columns and rows of MLflow's tables the readers of a database look at: nothing else is brought here.
 *
 * @module
 */

import { type Extras, tagsFor } from "../../../lib/store/extras.ts";
import type { Depth } from "../../../lib/store/snapshot.ts";
import { MOVABLE as MOVABLE_IN_SQLITE } from "../scan/read_models.ts";
import { UNDATED } from "../scan/read_rows.ts";
import { inPostgres } from "./in_postgres.ts";

/** What a column holds, as SQLite keeps it. */
export type Affinity = "TEXT" | "INTEGER" | "REAL";

/** Rows of a table, as SQL of PostgreSQL. */
export interface Part {
  /** Column → what stands for it where it is not itself. @default {{}} */
  readonly instead?: Readonly<Record<string, string>>;
  /** A condition, and what it groups by. */
  readonly where: string;
  /** What the condition asks for by `$1` and so on: each an array in JSON. @default {[]} */
  readonly values?: readonly (readonly string[])[];
  /** The tables without which no row is meant. @default {[]} */
  readonly needs?: readonly string[];
}

/** What of a table is brought. */
export interface Selection {
  readonly table: string;
  readonly columns: Readonly<Record<string, Affinity>>;
  /** By what the readers look for single rows. @default {nothing} */
  readonly key?: readonly string[];
  /** The rows; each stands in one part alone. */
  readonly parts: readonly Part[];
}

const ALL: readonly Part[] = [{ where: "TRUE" }];

/** Logged models that a clean-up could take away. */
const MOVABLE = inPostgres(MOVABLE_IN_SQLITE);

/** How MLflow writes an infinity. */
const INFINITE = "1.7976931348623157e308";

/** Any of the keys that are given. */
const KEYS = "key IN (SELECT json_array_elements_text($1::text::json))";

/** An assessment that names a run. */
const ASSESSED = `assessment_metadata::text LIKE '%sourceRunId%'`;

/** What to read. */
export interface Wanted {
  readonly depth: Depth;
  readonly extras?: Extras | undefined;
}

/**
 * Tells what of the tables is needed.
 *
 * @param wanted What to read.
 * @param columns Table → its columns.
 * @returns What to bring, table by table; of a table that is left out nothing is.
 */
export function selectionsFor(
  { depth, extras }: Wanted,
  columns: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Selection[] {
  const isFull = depth === "full";
  const usesTraces = isFull || extras?.uses === true;
  return [
    {
      table: "alembic_version",
      columns: { version_num: "TEXT" },
      parts: ALL,
    },
    {
      table: "experiments",
      columns: {
        experiment_id: "INTEGER",
        name: "TEXT",
        artifact_location: "TEXT",
        lifecycle_stage: "TEXT",
        creation_time: "INTEGER",
        last_update_time: "INTEGER",
      },
      key: ["experiment_id"],
      parts: ALL,
    },
    {
      table: "runs",
      columns: {
        run_uuid: "TEXT",
        experiment_id: "INTEGER",
        name: "TEXT",
        status: "TEXT",
        lifecycle_stage: "TEXT",
        start_time: "INTEGER",
        end_time: "INTEGER",
        deleted_time: "INTEGER",
        artifact_uri: "TEXT",
      },
      key: ["run_uuid"],
      parts: ALL,
    },
    {
      table: "tags",
      columns: { run_uuid: "TEXT", key: "TEXT", value: "TEXT" },
      key: ["run_uuid", "key"],
      parts: tagParts(tagsFor(depth, extras), columns.get("runs")?.has("name") ?? false),
    },
    {
      table: "params",
      columns: { run_uuid: "TEXT", key: "TEXT", value: "TEXT" },
      key: ["run_uuid", "key"],
      parts: withKeys(extras?.params),
    },
    ...metrics({ depth, extras }, columns.get("runs")?.has("deleted_time") ?? false),
    {
      table: "registered_models",
      columns: { workspace: "TEXT", name: "TEXT" },
      parts: ALL,
    },
    {
      table: "model_versions",
      columns: {
        workspace: "TEXT",
        name: "TEXT",
        version: "INTEGER",
        run_id: "TEXT",
        source: "TEXT",
        storage_location: "TEXT",
        current_stage: "TEXT",
      },
      parts: ALL,
    },
    {
      table: "registered_model_aliases",
      columns: { workspace: "TEXT", name: "TEXT", alias: "TEXT", version: "INTEGER" },
      parts: ALL,
    },
    ...loggedModels(depth),
    ...holders(depth),
    ...links(depth),
    ...traces({ depth, usesTraces }, columns),
  ];
}

function withKeys(keys: readonly string[] = []): readonly Part[] {
  return keys.length === 0 ? [] : [{ where: KEYS, values: [keys] }];
}

/** A run that has no name of its own has it in a tag. */
function tagParts(keys: readonly string[] | null, hasNames: boolean): readonly Part[] {
  if (keys === null) return ALL;
  const nameless = hasNames
    ? "AND run_uuid IN (SELECT run_uuid FROM runs WHERE name IS NULL OR name = '')"
    : "";
  return [{
    where: `${KEYS} OR key = 'mlflow.runName' ${nameless}`,
    values: [keys],
  }];
}

/** Of a history, which may have millions of rows, the two that count; of the rest the last sign of life of a run. */
function metrics({ depth, extras }: Wanted, hasDeletions: boolean): readonly Selection[] {
  const keys = extras?.metrics ?? [];
  const columns = { run_uuid: "TEXT", key: "TEXT", value: "REAL", is_nan: "INTEGER" } as const;
  const undated = hasDeletions ? UNDATED : "FALSE";
  const signs: Part = {
    instead: { key: "NULL", value: "0", is_nan: "0", timestamp: "MAX(timestamp)" },
    where: `run_uuid IN (SELECT run_uuid FROM runs WHERE ${undated}
      OR status IN ('RUNNING', 'SCHEDULED')) GROUP BY run_uuid`,
  };
  return [
    {
      table: "latest_metrics",
      columns: { ...columns, timestamp: "INTEGER" },
      key: ["run_uuid", "key"],
      parts: [...withKeys(keys), ...(depth === "meta" ? [] : [signs])],
    },
    {
      table: "metrics",
      columns,
      parts: withKeys(extras?.histories).map(({ where, ...part }) => ({
        ...part,
        instead: { value: "unnest(ARRAY[MIN(value), MAX(value)])", is_nan: "0" },
        where: `${where} AND NOT is_nan AND ABS(value) < ${INFINITE} GROUP BY key, run_uuid`,
      })),
    },
  ];
}

function loggedModels(depth: Depth): readonly Selection[] {
  const ofMovable = depth === "meta" ? [] : [{ where: `model_id IN (${MOVABLE})` }];
  return [
    {
      table: "logged_models",
      columns: {
        model_id: "TEXT",
        experiment_id: "INTEGER",
        name: "TEXT",
        source_run_id: "TEXT",
        lifecycle_stage: "TEXT",
        last_updated_timestamp_ms: "INTEGER",
        artifact_location: "TEXT",
      },
      key: ["model_id"],
      parts: ALL,
    },
    {
      table: "logged_model_tags",
      columns: { model_id: "TEXT", tag_key: "TEXT", tag_value: "TEXT" },
      parts: ofMovable,
    },
    {
      table: "logged_model_metrics",
      columns: { model_id: "TEXT", run_id: "TEXT" },
      parts: ofMovable.map(({ where }) => ({ where: `${where} GROUP BY model_id, run_id` })),
    },
  ];
}

/** What keeps things from being removed for good, see `read_holds.ts`. */
function holders(depth: Depth): readonly Selection[] {
  const named = (column: string): readonly Part[] =>
    depth === "meta" ? [] : [{ where: `${column} IS NOT NULL` }];
  return [
    {
      table: "issues",
      columns: { issue_id: "TEXT", source_run_id: "TEXT", experiment_id: "INTEGER" },
      parts: named("source_run_id"),
    },
    {
      table: "endpoints",
      columns: { endpoint_id: "TEXT", experiment_id: "INTEGER" },
      parts: named("experiment_id"),
    },
    {
      table: "guardrails",
      columns: { guardrail_id: "TEXT", scorer_id: "TEXT" },
      parts: named("scorer_id"),
    },
    {
      table: "scorers",
      columns: { scorer_id: "TEXT", experiment_id: "INTEGER" },
      key: ["scorer_id"],
      parts: named("scorer_id"),
    },
  ];
}

/** Rows that name others without a foreign key; of those that verification alone asks for, the broken ones. */
function links(depth: Depth): readonly Selection[] {
  const isFull = depth === "full";
  const ofRuns: Part = { where: "source_type IN ('RUN_INPUT', 'RUN_OUTPUT')" };
  const broken: Part = {
    where: `source_type NOT IN ('RUN_INPUT', 'RUN_OUTPUT') AND (
      destination_type = 'RUN' AND destination_id NOT IN (SELECT run_uuid FROM runs)
      OR source_type = 'DATASET' AND source_id NOT IN (SELECT dataset_uuid FROM datasets))`,
    needs: ["datasets"],
  };
  return [
    {
      table: "inputs",
      columns: {
        input_uuid: "TEXT",
        source_type: "TEXT",
        source_id: "TEXT",
        destination_type: "TEXT",
        destination_id: "TEXT",
      },
      parts: depth === "meta" ? [] : isFull ? [ofRuns, broken] : [ofRuns],
    },
    {
      table: "input_tags",
      columns: { input_uuid: "TEXT" },
      parts: isFull
        ? [{
          where: `input_uuid NOT IN (SELECT input_uuid FROM inputs WHERE NOT (
            destination_type = 'RUN' AND destination_id NOT IN (SELECT run_uuid FROM runs)
            OR source_type IN ('RUN_INPUT', 'RUN_OUTPUT')
              AND source_id NOT IN (SELECT run_uuid FROM runs)))`,
          needs: ["inputs"],
        }]
        : [],
    },
    {
      table: "datasets",
      columns: { dataset_uuid: "TEXT", experiment_id: "INTEGER" },
      key: ["dataset_uuid"],
      parts: isFull ? ALL : [],
    },
  ];
}

/** Traces may be as many as runs many times over: those are brought that are asked for by name. */
function traces(
  { depth, usesTraces }: { readonly depth: Depth; readonly usesTraces: boolean },
  columns: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Selection[] {
  const ofModels = `key = 'mlflow.modelId' AND value IN (${MOVABLE})`;
  const named = usesTraces ? "key IN ('mlflow.sourceRun', 'mlflow.modelId')" : ofModels;
  const linked = depth === "full"
    ? "source_type = 'trace' OR destination_type = 'run'"
    : "source_type = 'trace' AND destination_type = 'run'";
  const metadata: Part = { where: named, ...(usesTraces ? {} : { needs: ["logged_models"] }) };
  // Before MLflow 3 it has no such column.
  const assessed = columns.get("assessments")?.has("run_id")
    ? `${ASSESSED} OR run_id IS NOT NULL`
    : ASSESSED;
  const isNamed: readonly (readonly [table: string, query: string])[] = [
    ["trace_request_metadata", `SELECT request_id FROM trace_request_metadata WHERE ${named}`],
    ["assessments", `SELECT trace_id FROM assessments WHERE ${assessed}`],
    ["entity_associations", `SELECT source_id FROM entity_associations WHERE ${linked}`],
  ];
  return [
    {
      table: "trace_request_metadata",
      columns: { request_id: "TEXT", key: "TEXT", value: "TEXT" },
      parts: depth === "meta" ? [] : [metadata],
    },
    {
      table: "assessments",
      columns: {
        assessment_id: "TEXT",
        trace_id: "TEXT",
        assessment_metadata: "TEXT",
        run_id: "TEXT",
      },
      parts: depth === "meta" ? [] : [{ where: assessed }],
    },
    {
      table: "entity_associations",
      columns: {
        source_type: "TEXT",
        source_id: "TEXT",
        destination_type: "TEXT",
        destination_id: "TEXT",
      },
      parts: usesTraces ? [{ where: linked }] : [],
    },
    {
      table: "trace_info",
      columns: { request_id: "TEXT", experiment_id: "INTEGER" },
      key: ["request_id"],
      parts: depth === "meta" ? [] : [{
        where: isNamed
          .filter(([table]) =>
            columns.has(table) &&
            (usesTraces || table === "assessments" ||
              table === "trace_request_metadata" && columns.has("logged_models"))
          )
          .map(([, query]) => `request_id IN (${query})`)
          .concat("FALSE").join(" OR "),
      }],
    },
  ];
}
