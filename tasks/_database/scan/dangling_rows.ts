/**
 * Rows that name nothing: those of runs that are gone, which `mlflow gc` leaves, or whoever deletes runs by hand, and
 * others of which no foreign key says that they name anything. And rows of which an id, or the kind of thing that it
 * is of, is not whole.
 *
 * @module
 */

import { OWNED_TABLES, type OwnedTable } from "../../../lib/snapshot/owned_tables.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { cutRows, type DanglingRows, type Problem } from "../../../lib/store/problem.ts";
import type { Tables } from "./tables.ts";

/** Tables in which rows belong to runs alone; what names a row of another one comes before that one. */
const TABLES_OF_RUNS = [
  ...["metrics", "latest_metrics", "params", "tags"],
  ...["input_tags", "inputs", "entity_associations"],
] as const;

/** A foreign key says so of these, and SQLite holds nobody to it who does not ask for that. */
const KEYED: readonly string[] = TABLES_OF_RUNS.slice(0, 4);

/**
 * Tells whether a foreign key finds rows that belong to runs which are gone.
 *
 * @param table Their table.
 * @param names What they name; a table.
 * @returns Whether they do.
 */
export function isOfRuns(table: string, names: string): boolean {
  return names === "runs" && KEYED.includes(table);
}

/**
 * Counts rows that belong to runs which are gone.
 *
 * @param tables The database.
 * @returns Those tables that have some, in the order in which they may go.
 */
export function countOfRuns(tables: Tables): readonly DanglingRows[] {
  // PostgreSQL holds everybody to its foreign keys, and MLflow's largest table has one.
  const held = new Set(
    tables.rules?.keys.flatMap(({ table, to }) => to === "runs" ? [table] : []),
  );
  return TABLES_OF_RUNS.filter((table) => !held.has(table))
    .flatMap((table) => countRows(tables, table, conditionOfRuns(table)) ?? []);
}

/**
 * Counts rows that name nothing, by what no foreign key says.
 *
 * @param tables The database.
 * @returns Those tables that have some, what they name, and whether that is a run.
 */
export function countUnkeyed(tables: Tables): readonly Unkeyed[] {
  const ofRuns = TABLES_OF_RUNS.filter((table) => !KEYED.includes(table))
    .map((table) => ({ table, names: "runs", condition: conditionOfRuns(table) }));
  return [...ofRuns, ...OTHERS].flatMap(({ table, names, condition }): readonly Unkeyed[] => {
    const counted = tables.columns.has(names) ? countRows(tables, table, condition) : null;
    return counted === null ? [] : [{ ...counted, names, isOfRun: names === "runs" }];
  });
}

/** Rows that name nothing. */
export interface Unkeyed extends DanglingRows {
  /** A table. */
  readonly names: string;
  /** Whether they belong to runs that are gone. */
  readonly isOfRun: boolean;
}

/** What else may name nothing, and belongs to something that is there. */
const OTHERS = [
  {
    table: "inputs",
    names: "datasets",
    condition: "source_type = 'DATASET' AND source_id NOT IN (SELECT dataset_uuid FROM datasets)",
  },
  {
    table: "input_tags",
    names: "inputs",
    condition: "input_uuid NOT IN (SELECT input_uuid FROM inputs)",
  },
  {
    table: "entity_associations",
    names: "trace_info",
    condition: "source_type = 'trace' AND source_id NOT IN (SELECT request_id FROM trace_info)",
  },
].map(({ table, names, condition }) => ({
  table,
  names,
  condition: `${condition} AND NOT (${conditionOfRuns(table)})`,
}));

/**
 * Lists the runs that are gone, and of which a table has rows.
 *
 * @param tables The database.
 * @param table The table; one of {@linkcode TABLES_OF_RUNS}.
 * @returns Their ids.
 */
export function goneRuns({ database }: Tables, table: string): readonly string[] {
  const lists = ownedIn(table).map((one) => {
    const { owner, through } = one;
    return through === undefined
      ? `SELECT "${owner}" AS id FROM "${table}" WHERE ${goneIn(one)}`
      : `SELECT b."${owner}" AS id FROM "${through.table}" AS b JOIN "${table}" AS t
          ON t."${through.by}" = b."${through.by}" WHERE ${goneIn(one)}`;
  });
  return database.prepare(
    `SELECT DISTINCT CAST(id AS TEXT) AS id FROM (${
      lists.join(" UNION ALL ")
    }) AS gone ORDER BY id`,
  ).all().map(({ id }) => String(id));
}

function conditionOfRuns(table: string): string {
  return ownedIn(table).map((one) => {
    const { through } = one;
    return through === undefined
      ? `(${goneIn(one)})`
      : `"${through.by}" IN (SELECT "${through.by}" FROM "${through.table}" WHERE ${goneIn(one)})`;
  }).join(" OR ");
}

function ownedIn(table: string): readonly OwnedTable[] {
  return OWNED_TABLES.run.filter((one) => one.table === table);
}

function goneIn({ owner, where }: OwnedTable): string {
  const also = where === undefined ? "" : ` AND ${where}`;
  return `"${owner}" NOT IN (SELECT run_uuid FROM runs)${also}`;
}

function countRows(
  { database, columns }: Tables,
  table: string,
  condition: string,
): DanglingRows | null {
  const isThere = columns.has(table) &&
    ownedIn(table).every(({ through }) => through === undefined || columns.has(through.table));
  if (!isThere) return null;
  const found = database.prepare(
    `SELECT COUNT(*) AS count, TOTAL(rowid) AS sum, MAX(rowid) AS last FROM "${table}"
      WHERE ${condition}`,
  ).get();
  const rows = Number(found?.["count"]);
  if (rows === 0) return null;
  return { table: asStorePath(table), rows, stamp: `${rows}:${found?.["sum"]}:${found?.["last"]}` };
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
