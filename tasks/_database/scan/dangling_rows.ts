/**
 * Rows of which no foreign key says that they name others, and rows of runs that are gone: what `mlflow gc` leaves, and
 * what is left by whoever deletes runs by hand. And rows of which an id, or the kind of thing that it is of, is not
 * whole.
 *
 * @module
 */

import { asStorePath } from "../../../lib/store/path.ts";
import { cutRows } from "../../../lib/snapshot/assemble_rows.ts";
import type { DanglingRows, Problem } from "../../../lib/store/problem.ts";
import type { Tables } from "./tables.ts";

/** Rows that may dangle. */
interface Link {
  readonly table: string;
  /** What they name; a table. */
  readonly names: string;
  /** Which of them name nothing there, as SQL. */
  readonly condition: string;
  /** They belong to a run that is gone, so that nothing can miss them. */
  readonly isOfRun: boolean;
}

const NO_RUN = "NOT IN (SELECT run_uuid FROM runs)";

/** Inputs and outputs of runs, and what runs are linked to otherwise. */
const INPUTS = `destination_type = 'RUN' AND destination_id ${NO_RUN}
  OR source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id ${NO_RUN}`;

/** What no foreign key says. */
const UNKEYED: readonly Link[] = [
  { table: "inputs", names: "runs", condition: INPUTS, isOfRun: true },
  {
    table: "inputs",
    names: "datasets",
    condition:
      `NOT (${INPUTS}) AND source_type = 'DATASET' AND source_id NOT IN (SELECT dataset_uuid FROM datasets)`,
    isOfRun: false,
  },
  {
    table: "input_tags",
    names: "inputs",
    // With those that go.
    condition: `input_uuid NOT IN (SELECT input_uuid FROM inputs WHERE NOT (${INPUTS}))`,
    isOfRun: true,
  },
  {
    table: "entity_associations",
    names: "runs",
    condition: `destination_type = 'run' AND destination_id ${NO_RUN}`,
    isOfRun: true,
  },
  {
    table: "entity_associations",
    names: "trace_info",
    condition:
      `source_type = 'trace' AND NOT (destination_type = 'run' AND destination_id ${NO_RUN})
      AND source_id NOT IN (SELECT request_id FROM trace_info)`,
    isOfRun: false,
  },
];

/** What a foreign key says, which SQLite holds nobody to who does not ask for it. */
const KEYED: readonly Link[] = ["metrics", "latest_metrics", "params", "tags"].map((table) => ({
  table,
  names: "runs",
  condition: `run_uuid ${NO_RUN}`,
  isOfRun: true,
}));

/**
 * Tells whether a repair takes rows away that a foreign key finds.
 *
 * @param table Their table.
 * @param names What they name; a table.
 * @returns Whether they belong to runs that are gone.
 */
export function isOfRuns(table: string, names: string): boolean {
  return KEYED.some((link) => link.table === table && link.names === names);
}

/** Rows that dangle, and whether they belong to a run that is gone. */
export interface Dangling extends DanglingRows {
  readonly isOfRun: boolean;
}

/**
 * Counts rows that name nothing, by what no foreign key says.
 *
 * @param tables The database.
 * @returns Those tables that have some.
 */
export function countUnkeyed(tables: Tables): readonly Dangling[] {
  return countRows(tables, UNKEYED);
}

/**
 * Counts rows that belong to runs which are gone.
 *
 * @param tables The database.
 * @returns Those tables that have some, each once; what names a row that goes comes after it.
 */
export function countOfRuns(tables: Tables): readonly Dangling[] {
  return countRows(tables, [...KEYED, ...UNKEYED].filter(({ isOfRun }) => isOfRun));
}

/**
 * Tells which rows of a table belong to runs that are gone.
 *
 * @param table The table.
 * @returns The condition, as SQL; `null` where no repair takes rows of that table away.
 */
export function conditionOfRuns(table: string): string | null {
  const link = [...KEYED, ...UNKEYED].find((one) => one.table === table && one.isOfRun);
  return link?.condition ?? null;
}

function countRows(
  { database, columns }: Tables,
  links: readonly Link[],
): readonly Dangling[] {
  return links.flatMap(({ table, names, condition, isOfRun }): readonly Dangling[] => {
    if (!columns.has(table) || !columns.has(names)) return [];
    const found = database.prepare(
      `SELECT COUNT(*) AS count, TOTAL(rowid) AS sum, MAX(rowid) AS last FROM ${table} WHERE ${condition}`,
    ).get();
    const rows = Number(found?.["count"]);
    if (rows === 0) return [];
    const stamp = `${rows}:${found?.["sum"]}:${found?.["last"]}`;
    return [{ table: asStorePath(table), names, rows, stamp, isOfRun }];
  });
}

/** Which rows of a table are not whole. */
interface Condition {
  readonly table: string;
  /** The columns that it is about; an older version of MLflow may not have them. */
  readonly columns: readonly string[];
  /** As SQL. */
  readonly where: string;
  /** About traces, which nobody reads who needs not. */
  readonly isOfTraces?: true;
}

function isNoRun(column: string): string {
  return `(LENGTH("${column}") <> 32 OR "${column}" GLOB '*[^0-9a-f]*')`;
}

function isNoModel(column: string): string {
  return `(LENGTH("${column}") <> 34 OR SUBSTR("${column}", 1, 2) <> 'm-'
    OR SUBSTR("${column}", 3) GLOB '*[^0-9a-f]*')`;
}

/** MLflow 2 names a trace as a run is named, MLflow 3 by `tr-` and such a name. */
function isNoTrace(column: string): string {
  return `(LENGTH("${column}") NOT IN (32, 35) OR REPLACE("${column}", 'tr-', '') GLOB '*[^0-9a-f]*')`;
}

/** What stands behind it nobody reads. */
function hasNul(column: string): string {
  return `INSTR("${column}", CHAR(0)) > 0`;
}

/** Many a trace has been removed whose rows stay; but where one is not whole, they may be its. */
function isLost(column: string): string {
  return `"${column}" NOT IN (SELECT request_id FROM trace_info) AND (${isNoTrace(column)}
    OR EXISTS (SELECT 1 FROM trace_info WHERE ${isNoTrace("request_id")}))`;
}

/** It was cut off behind any of its letters, or holds what no word does: SQLite counts no further than a NUL. */
function isPartOf(column: string, word: string): string {
  return `("${column}" <> '${word}' AND SUBSTR('${word}', 1, LENGTH("${column}")) = "${column}"
    OR LENGTH("${column}") <> LENGTH(CAST("${column}" AS BLOB)))`;
}

/** MLflow writes these two together alone: one of them tells what the other one was. */
function isHalf(source: string, destination: string): string {
  return `(source_type = '${source}') <> (destination_type = '${destination}')`;
}

const CONDITIONS: readonly Condition[] = [
  {
    table: "logged_models",
    columns: ["source_run_id"],
    where: hasNul("source_run_id"),
  },
  {
    table: "model_versions",
    columns: ["run_id", "source"],
    where: `${hasNul("run_id")} OR ${hasNul("source")}`,
  },
  { table: "model_versions", columns: ["storage_location"], where: hasNul("storage_location") },
  { table: "logged_model_tags", columns: ["model_id"], where: isNoModel("model_id") },
  {
    table: "logged_model_metrics",
    columns: ["model_id", "run_id"],
    where: `${isNoModel("model_id")} OR ${isNoRun("run_id")}`,
  },
  {
    table: "inputs",
    columns: ["source_type", "source_id", "destination_type", "destination_id"],
    where: `${isHalf("RUN_INPUT", "MODEL_INPUT")} OR ${isHalf("RUN_OUTPUT", "MODEL_OUTPUT")}
      OR source_type IN ('RUN_INPUT', 'RUN_OUTPUT')
        AND (${isNoRun("source_id")} OR ${isNoModel("destination_id")})`,
  },
  {
    table: "trace_request_metadata",
    columns: ["request_id", "key", "value"],
    where: `key = 'mlflow.modelId' AND (value IS NULL OR ${isNoModel("value")})
      OR key = 'mlflow.sourceRun' AND (value IS NULL OR ${isNoRun("value")})
      OR key IN ('mlflow.modelId', 'mlflow.sourceRun') AND ${isLost("request_id")}`,
    isOfTraces: true,
  },
  {
    table: "assessments",
    columns: ["trace_id", "assessment_metadata"],
    where: `assessment_metadata IS NOT NULL AND (NOT JSON_VALID(assessment_metadata)
      OR assessment_metadata LIKE '%"mlflow.assessment.sourceRunId"%' AND ${isLost("trace_id")})`,
    isOfTraces: true,
  },
  {
    table: "entity_associations",
    columns: ["source_type", "source_id", "destination_type", "destination_id"],
    where: `${isPartOf("source_type", "trace")} OR ${isPartOf("destination_type", "run")}
      OR source_type = 'trace' AND destination_type = 'run'
        AND (${isNoRun("destination_id")} OR ${isLost("source_id")})`,
    isOfTraces: true,
  },
];

/**
 * Finds the rows that are not whole, of what a clean-up goes by: those of which not each one is read.
 *
 * @param tables The database.
 * @param needsTraces Whether what traces name is asked for.
 * @returns One problem for each condition that some are under.
 */
export function findCutRows(
  { database, columns }: Tables,
  needsTraces: boolean,
): readonly Problem[] {
  return CONDITIONS.flatMap(({ table, columns: needed, where, isOfTraces = false }) => {
    const present = columns.get(table);
    if (isOfTraces && (!needsTraces || !columns.has("trace_info"))) return [];
    if (present === undefined || needed.some((column) => !present.has(column))) return [];
    const row = database.prepare(`SELECT COUNT(*) AS count FROM "${table}" WHERE ${where}`).get();
    const count = Number(row?.["count"]);
    return count === 0 ? [] : [cutRows(table, count)];
  });
}
