/**
 * Rows of which no foreign key says that they name others, and rows of runs that are gone: what `mlflow gc` leaves, and
 * what is left by whoever deletes runs by hand.
 *
 * @module
 */

import { asStorePath } from "../../../lib/store/path.ts";
import type { DanglingRows } from "../../../lib/store/problem.ts";
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
