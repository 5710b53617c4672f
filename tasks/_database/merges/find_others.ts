/**
 * What else names things that a merge has put in, or has come to belong to them since: they are taken out only as long
 * as nothing does.
 *
 * @module
 */

import { ADDED_TABLES, LINK_TABLES } from "../log/added_tables.ts";
import { OWNED_TABLES, type OwnedTable } from "../../../lib/snapshot/owned_tables.ts";
import { type OwnedRows, statementOf } from "../rows/owned_rows.ts";
import type { AddedChunk, LoggedAdded } from "../log/added_things.ts";
import { addedTablesOf, countOf } from "./things.ts";

/** Something that is to go: its kind, a space and its id; datasets are such as well. */
export type Going = ReadonlySet<string>;

type Named = LoggedAdded["kind"] | "dataset";

/** A column in which a row names something, and the row's own name. */
interface Naming {
  readonly table: string;
  readonly of: string;
  readonly by: string;
  /** What the row is of; left out where nothing of that kind is ever put in. */
  readonly kind?: Named;
  readonly where?: string;
}

const NAMING: Readonly<Record<Named, readonly Naming[]>> = {
  "run": [
    { table: "model_versions", of: "run_id", by: "name", kind: "registered-model" },
    { table: "logged_models", of: "source_run_id", by: "model_id", kind: "logged-model" },
    {
      ...{ table: "tags", of: "value", by: "run_uuid", kind: "run" },
      where: "key = 'mlflow.parentRunId'",
    },
    {
      ...{ table: "trace_request_metadata", of: "value", by: "request_id", kind: "trace" },
      where: "key = 'mlflow.sourceRun'",
    },
    { table: "assessments", of: "run_id", by: "trace_id", kind: "trace" },
    { table: "issues", of: "source_run_id", by: "issue_id" },
  ],
  "logged-model": [
    {
      ...{ table: "model_versions", of: "source", by: "name", kind: "registered-model" },
      where: "source LIKE 'models:/m-%'",
    },
    {
      ...{ table: "trace_request_metadata", of: "value", by: "request_id", kind: "trace" },
      where: "key = 'mlflow.modelId'",
    },
  ],
  "trace": [],
  "experiment": [
    { table: "runs", of: "experiment_id", by: "run_uuid", kind: "run" },
    { table: "logged_models", of: "experiment_id", by: "model_id", kind: "logged-model" },
    { table: "trace_info", of: "experiment_id", by: "request_id", kind: "trace" },
    { table: "datasets", of: "experiment_id", by: "dataset_uuid", kind: "dataset" },
    { table: "endpoints", of: "experiment_id", by: "endpoint_id" },
    ...otherTablesOf("experiment").map(({ table, owner }) => ({ table, of: owner, by: owner })),
  ],
  "registered-model": [],
  "dataset": [
    {
      ...{ table: "inputs", of: "source_id", by: "destination_id", kind: "run" },
      where: "source_type = 'DATASET'",
    },
    { table: "logged_model_metrics", of: "dataset_uuid", by: "model_id", kind: "logged-model" },
  ],
};

/** What else belongs to an experiment than what is put in with it. */
function otherTablesOf(owner: "experiment"): readonly OwnedTable[] {
  const known = new Set(ADDED_TABLES[owner].map(({ table }) => table));
  return OWNED_TABLES[owner].filter(({ table, through, where }) =>
    through === undefined && where === undefined && !known.has(table)
  );
}

/** How many ids are asked for at once. */
const AT_ONCE = 500;

/**
 * Finds what names things and does not go with them. Needs read permission.
 *
 * @param rows The database.
 * @param kind What the things are.
 * @param ids Their ids.
 * @param going All that goes.
 * @returns Id → what names it, of those that something does.
 */
export function findOthers(
  rows: OwnedRows,
  kind: Named,
  ids: readonly string[],
  going: Going,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { table, of, by, kind: named, where } of NAMING[kind]) {
    const columns = rows.columns.get(table) ?? [];
    if (!columns.includes(of) || !columns.includes(by)) continue;
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const some = ids.slice(at, at + AT_ONCE);
      const wanted = kind === "logged-model" && of === "source"
        ? some.map((id) => `models:/${id}`)
        : some;
      const naming = statementOf(
        rows,
        `SELECT CAST("${of}" AS TEXT) AS id, CAST("${by}" AS TEXT) AS name FROM "${table}"
          WHERE "${of}" IN (SELECT value FROM json_each(?))${where ? ` AND ${where}` : ""}`,
      ).all(JSON.stringify(wanted));
      for (const { id, name } of naming) {
        if (named !== undefined && going.has(`${named} ${name}`)) continue;
        const own = `${id}`.replace(/^models:\//, "");
        found.set(own, `${named ?? `a row of table ${table}`} ${name}`);
      }
    }
  }
  return found;
}

/**
 * Finds things that have other rows than they are to have. Needs read permission.
 *
 * @param rows The database.
 * @param kind What the things are.
 * @param expected Of each of them, table → how many rows; none where that is left out.
 * @returns Id → the table, of those that have other ones. Rows with two ends are not counted.
 */
export function findMore(
  rows: OwnedRows,
  kind: LoggedAdded["kind"],
  expected: ReadonlyMap<string, ReadonlyMap<string, number>>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const ids = [...expected.keys()];
  const own = kind === "registered-model" ? [] : OWNED_TABLES[kind];
  const added = addedTablesOf(rows, kind);
  const all = [...added, ...own.filter(({ table }) => !added.some((one) => one.table === table))]
    .filter(({ table, owner, through }) =>
      through === undefined && !LINK_TABLES.has(table) && rows.columns.get(table)?.includes(owner)
    );
  for (const table of all) {
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const some = ids.slice(at, at + AT_ONCE);
      const counts = countOf(rows, table, some);
      for (const id of some) {
        const wanted = expected.get(id)?.get(table.table) ?? 0;
        if ((counts.get(id) ?? 0) !== wanted) found.set(id, table.table);
      }
    }
  }
  return found;
}

/**
 * Finds links of things that do not go with them. Needs read permission.
 *
 * @param rows The database.
 * @param kind What the things are.
 * @param ids Their ids.
 * @param going Links that go: the table, a space and the row.
 * @returns Id → the table.
 */
export function findLinks(
  rows: OwnedRows,
  kind: LoggedAdded["kind"],
  ids: readonly string[],
  going: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const tables = addedTablesOf(rows, kind)
    .filter(({ table }) => LINK_TABLES.has(table) && table !== "datasets");
  for (const table of tables) {
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const { chunks } = rows.words.read(rows, {
        owner: kind,
        table,
        ids: ids.slice(at, at + AT_ONCE),
      });
      for (const chunk of chunks) {
        if (linksIn(chunk).some((link) => !going.has(link))) found.set(chunk.id, chunk.table);
      }
    }
  }
  return found;
}

/**
 * Names the rows of a chunk, as {@linkcode findLinks} takes them.
 *
 * @param chunk The rows.
 * @returns A name for each; none of a table whose rows have one end.
 */
export function linksIn({ table, columns, rows }: AddedChunk): readonly string[] {
  return LINK_TABLES.has(table)
    ? rows.map((row) => `${table} ${JSON.stringify([columns, row])}`)
    : [];
}
