/**
 * What changes make of rows: soft deletions, ends, tags, and moves.
 *
 * @module
 */

import { DROPPED_TAG, isDeletionMark } from "../../../lib/store/tags.ts";
import type { Value } from "../scan/tables.ts";
import type { MovedTable } from "./moved_rows.ts";

/** Columns of a row, by their names. */
export type Row = Readonly<Record<string, Value>>;

/** A row as a change found it, and what it made of it. */
export interface RowChange {
  readonly experiment: string;
  readonly run: string;
  readonly table: "tags" | MovedTable;
  /** Tells the row from all others of its table. */
  readonly key: Row;
  /** What of it was changed. */
  readonly before: Row;
  readonly after: Row;
}

/** The same, as it is logged. */
export interface LoggedRow extends RowChange {
  readonly number: number;
}

/**
 * Makes of a run what MLflow's SQL store makes of it: `delete_run` in
 * `mlflow/store/tracking/sqlalchemy_store.py`.
 *
 * @param run Its id.
 * @param time Epoch ms; `null` where the database is of an MLflow that recorded none.
 * @returns How its row is found, and what it becomes.
 */
export function softDeletion(
  run: string,
  time: number | null,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  const [undated, dated] = time === null
    ? [{}, {}]
    : [{ deleted_time: null }, { deleted_time: time }];
  return {
    table: "runs",
    key: { run_uuid: run },
    before: { lifecycle_stage: "active", ...undated },
    after: { lifecycle_stage: "deleted", ...dated },
  };
}

/** The tag of a run that is deleted over a tracking server: it says when that was, and by which change. */
export interface Mark {
  readonly tag: string;
  /** `null`: the run had none of that name. */
  readonly before: string | null;
  readonly after: string;
}

/**
 * Makes of a run what is made of it over a tracking server.
 *
 * @param run Its id.
 * @param mark The tag that it gets.
 * @returns How its row is found, and what it becomes.
 */
export function markedDeletion(
  run: string,
  { tag, before, after }: Mark,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  return {
    table: "runs",
    key: { run_uuid: run },
    before: { lifecycle_stage: "active", [tag]: before },
    after: { lifecycle_stage: "deleted", [tag]: after },
  };
}

/**
 * Finds the tag that a run got when it was deleted over a tracking server.
 *
 * @param row What was made of the run.
 * @returns The tag; `null`: something else was made of it.
 */
export function markOf({ before, after }: Pick<RowChange, "before" | "after">): Mark | null {
  const tag = Object.keys(after).find(isDeletionMark);
  if (tag === undefined) return null;
  const [had = null, has] = [before[tag], after[tag]];
  if (typeof has !== "string" || had !== null && typeof had !== "string") return null;
  return { tag, before: had, after: has };
}

/** What ends a run that is stale, and what it was before. */
export interface Ending {
  readonly from: { readonly status: string; readonly end: number | null };
  readonly to: { readonly status: string; readonly end: number };
}

/**
 * Makes of a run what MLflow's SQL store makes of it: `update_run_info` in
 * `mlflow/store/tracking/sqlalchemy_store.py`.
 *
 * @param run Its id.
 * @param ending How it stands, and how it ends; epoch ms.
 * @returns How its row is found, and what it becomes.
 */
export function endedRun(
  run: string,
  { from, to }: Ending,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  return {
    table: "runs",
    key: { run_uuid: run },
    before: { status: from.status, end_time: from.end },
    after: { status: to.status, end_time: to.end },
  };
}

/**
 * Makes of a run's tags what tells that some of its artifacts were dropped.
 *
 * @param run Its id.
 * @param before The value of the tag; `null` where it has none.
 * @param time Epoch ms.
 * @returns How its row is found, and what it becomes.
 */
export function droppedTag(
  run: string,
  before: string | null,
  time: number,
): Pick<RowChange, "table" | "key" | "before" | "after"> {
  return {
    table: "tags",
    key: { run_uuid: run, key: DROPPED_TAG },
    before: { value: before },
    after: { value: new Date(time).toISOString() },
  };
}
