/**
 * What the move of a run into another experiment makes of rows, as it is logged and read again.
 *
 * @module
 */

import type { Value } from "../scan/tables.ts";

type Row = Readonly<Record<string, Value>>;

/** The tables whose rows name an experiment, by the column that tells of what they are. */
export const MOVED_TABLES = {
  runs: "run_uuid",
  logged_models: "model_id",
  logged_model_metrics: "model_id",
  logged_model_params: "model_id",
  logged_model_tags: "model_id",
  trace_info: "request_id",
  spans: "trace_id",
} as const;

/** One of these tables, or one of those that say which datasets a run names. */
export type MovedTable = keyof typeof MOVED_TABLES | "inputs" | "datasets";

/** What is made of rows, and how they are found. */
export interface MovedRows {
  readonly table: MovedTable;
  readonly key: Row;
  readonly before: Row;
  readonly after: Row;
}

/**
 * Makes rows name another experiment: all that a run, a logged model or a trace has in a table.
 *
 * @param table The table.
 * @param id Of what they are.
 * @param experiments Ids: from which, and to which.
 * @returns How they are found, and what they become.
 */
export function movedRows(
  table: keyof typeof MOVED_TABLES,
  id: string,
  experiments: { readonly from: number; readonly to: number },
): MovedRows {
  return {
    table,
    key: { [MOVED_TABLES[table]]: id },
    before: { experiment_id: experiments.from },
    after: { experiment_id: experiments.to },
  };
}

/**
 * Makes the input of a run name the dataset of another experiment.
 *
 * @param input Its id.
 * @param datasets Ids: which it named, and which it is to name.
 * @returns How it is found, and what it becomes.
 */
export function movedInput(
  input: string,
  datasets: { readonly from: string; readonly to: string },
): MovedRows {
  return {
    table: "inputs",
    key: { input_uuid: input },
    before: { source_id: datasets.from },
    after: { source_id: datasets.to },
  };
}

/**
 * Makes a dataset of another one.
 *
 * @param id Its id.
 * @param row All other columns.
 * @returns What there was, and what it is.
 */
export function copiedDataset(id: string, row: Row): MovedRows {
  return { table: "datasets", key: { dataset_uuid: id }, before: { name: null }, after: row };
}

/**
 * Reads what a move made of rows.
 *
 * @param table The table.
 * @param run The run.
 * @param logged What is logged of it; `null` where that is nothing.
 * @returns The same, as this program writes it; `null` where it never does.
 */
export function movedIn(
  table: unknown,
  run: string,
  { key, before, after }: Readonly<Record<"key" | "before" | "after", Row | null | undefined>>,
): MovedRows | null {
  const [id] = Object.values(key ?? {});
  if (typeof id !== "string") return null;
  if (table === "inputs") {
    const [from, to] = [before?.["source_id"], after?.["source_id"]];
    return typeof from === "string" && typeof to === "string" ? movedInput(id, { from, to }) : null;
  }
  if (table === "datasets") {
    const isRow = Object.entries(after ?? {}).every(([column, value]) =>
      DATASET_COLUMNS.includes(column) && (value === null || typeof value === TYPES[column])
    );
    return isRow && typeof after?.["name"] === "string" ? copiedDataset(id, after) : null;
  }
  if (typeof table !== "string" || !Object.hasOwn(MOVED_TABLES, table)) return null;
  const [from, to] = [before?.["experiment_id"], after?.["experiment_id"]];
  const isMove = Number.isSafeInteger(from) && Number.isSafeInteger(to) &&
    (table !== "runs" || id === run);
  return isMove
    ? movedRows(table as keyof typeof MOVED_TABLES, id, { from: Number(from), to: Number(to) })
    : null;
}

const TYPES: Readonly<Record<string, "number" | "string">> = {
  experiment_id: "number",
  name: "string",
  digest: "string",
  dataset_source_type: "string",
  dataset_source: "string",
  dataset_schema: "string",
  dataset_profile: "string",
};

/** The columns of a dataset but its id. */
export const DATASET_COLUMNS: readonly string[] = Object.keys(TYPES);
