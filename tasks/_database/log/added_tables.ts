/**
 * Which rows of MLflow's database a merge puts into another one, and what may name them.
 *
 * @module
 */

import { OWNED_TABLES, type OwnedTable, type Owner } from "../../../lib/snapshot/owned_tables.ts";

/** Of whom rows are that are put in. */
export type AddedOwner = Owner | "registered-model";

/** Tables in which a row belongs to two things: it is put in with the later one of both. */
export const LINK_TABLES: ReadonlySet<string> = new Set([
  ...["inputs", "input_tags", "entity_associations", "logged_model_metrics", "datasets"],
]);

/** What of a queue, or of a dashboard, is not of the thing itself. */
const NOT_ADDED: ReadonlySet<string> = new Set(["review_queue_items"]);

/** The same as {@linkcode OWNED_TABLES}, for what is put in: children first, the table of the owner itself last. */
export const ADDED_TABLES: Readonly<Record<AddedOwner, readonly OwnedTable[]>> = {
  "run": OWNED_TABLES.run,
  "logged-model": OWNED_TABLES["logged-model"],
  "trace": OWNED_TABLES.trace.filter(({ table }) => !NOT_ADDED.has(table)),
  // All else of an experiment is of people and programs that work in one store.
  "experiment": OWNED_TABLES.experiment.filter(({ table }) =>
    ["datasets", "experiment_tags", "experiments"].includes(table)
  ),
  "registered-model": [
    ...["model_version_tags", "registered_model_aliases", "registered_model_tags"],
    ...["model_versions", "registered_models"],
  ].map((table) => ({ table, owner: "name" })),
};

/** Tables of which nothing is put in, whatever is in them: what they tell is made anew, or of no use elsewhere. */
const LEFT: ReadonlySet<string> = new Set([
  ...["alembic_version", "workspaces", "jobs"],
  ...["sql_trace_metric_daily_rollups", "sql_span_cost_daily_rollups"],
  ...["sql_assessment_daily_rollups", "sql_trace_rollup_rebuild_queue"],
]);

/**
 * Finds the tables whose rows would be lost by a merge, since they are not known to it.
 *
 * @param tables The tables that have rows.
 * @returns Their names, in order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(findLostTables(["metrics", "scorers", "jobs"]), ["scorers"]);
 * ```
 */
export function findLostTables(tables: Iterable<string>): readonly string[] {
  const known = new Set(Object.values(ADDED_TABLES).flat().map(({ table }) => table));
  return [...tables].filter((table) =>
    !known.has(table) && !LEFT.has(table) && !/^sqlite_/.test(table)
  )
    .toSorted();
}
