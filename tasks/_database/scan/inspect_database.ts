/**
 * Snapshot of depth `tags` → depth `full`: what is wrong with the file, with rows that name others, and with runs
 * that have not ended.
 *
 * @module
 */

import { findStale } from "../../../lib/records/check_meta.ts";
import {
  addressOf,
  type DatabaseRows,
  versionAddress,
} from "../../../lib/snapshot/assemble_rows.ts";
import { byPath, type StorePath } from "../../../lib/store/path.ts";
import type { Problem, Reference } from "../../../lib/store/problem.ts";
import type { Depth, MetricsWeight, StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { problemAt } from "../../_io/read.ts";
import { countUnkeyed, isOfRuns } from "./dangling_rows.ts";
import { readModelLinks } from "./read_extras.ts";
import { newestPoints, UNFINISHED } from "./read_rows.ts";
import type { Tables } from "./tables.ts";

/**
 * Inspects a database of SQLite: its file, and its rows.
 *
 * @param tables The database, within the transaction in which it was read.
 * @param rows What was read of it.
 * @param snapshot The same, assembled.
 * @returns The snapshot with what is wrong, and what names what.
 */
export function inspectDatabase<D extends Depth>(
  tables: Tables,
  rows: DatabaseRows<D>,
  snapshot: StoreSnapshot<D>,
): StoreSnapshot<D> {
  const damage = findDamage(tables);
  // To look through a damaged file for more would end in an error.
  const problems = damage.length > 0
    ? damage
    : [...findBrokenKeys(tables), ...findBrokenRows(tables, snapshot)];
  return {
    ...withProblems(snapshot, problems),
    backend: {
      ...snapshot.backend!,
      pages: countPages(tables),
      ...(damage.length > 0 ? {} : { metrics: weighMetrics(tables) }),
    },
    references: findReferences(tables, rows, snapshot),
  };
}

/**
 * Inspects the rows of a database alone, whatever they lie in: those that name no run or that are named by it, and
 * runs that have not ended.
 *
 * @param tables What has the rows.
 * @param rows What was read of it.
 * @param snapshot The same, assembled.
 * @returns The snapshot with what is wrong, and what names what.
 */
export function inspectRows<D extends Depth>(
  tables: Tables,
  rows: DatabaseRows<D>,
  snapshot: StoreSnapshot<D>,
): StoreSnapshot<D> {
  return {
    ...withProblems(snapshot, findBrokenRows(tables, snapshot)),
    references: findReferences(tables, rows, snapshot),
  };
}

function withProblems<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  problems: readonly Problem[],
): StoreSnapshot<D> {
  return { ...snapshot, problems: [...snapshot.problems, ...problems].toSorted(byPath) };
}

function findBrokenRows(tables: Tables, snapshot: StoreSnapshot): readonly Problem[] {
  return [...findDanglingRows(tables), ...findStale(snapshot, newestPoints(tables, UNFINISHED))];
}

function findReferences<D extends Depth>(
  tables: Tables,
  rows: DatabaseRows<D>,
  snapshot: StoreSnapshot<D>,
): readonly Reference[] {
  const places = new Map<string, string>(
    snapshot.experiments.flatMap(({ id, runs }) => runs.map((run) => [run.id, id])),
  );
  const links = (["RUN_INPUT", "RUN_OUTPUT"] as const)
    .flatMap((kind) => [...readModelLinks(tables, kind)])
    .flatMap(({ run, model }) => {
      const experiment = places.get(run);
      return experiment === undefined ? [] : [{ experiment, run, model }];
    });
  return referencesOf(rows, links).toSorted(byPath);
}

/** What refers to runs and logged models, besides runs' tags. */
function referencesOf(
  rows: DatabaseRows<Depth>,
  links: readonly { readonly experiment: string; readonly run: string; readonly model: string }[],
): readonly Reference[] {
  const to = (path: StorePath, kind: Reference["to"], id: string | null): readonly Reference[] =>
    id === null || id === "" ? [] : [{ path, to: kind, id }];
  return [
    // MLflow strikes out what a deleted version was of.
    ...rows.versions.filter(({ stage }) => stage !== "Deleted_Internal")
      .flatMap((row) => to(versionAddress(row), "run", row.run)),
    ...(rows.traceUses ?? []).flatMap(({ experiment, trace, runId, modelId }) => {
      const path = addressOf(experiment, "traces", trace);
      return [...to(path, "run", runId), ...to(path, "logged-model", modelId)];
    }),
    ...links.flatMap(({ experiment, run, model }) =>
      to(addressOf(experiment, run), "logged-model", model)
    ),
  ];
}

function ask(
  { database }: Tables,
  sql: string,
): readonly Readonly<Record<string, string | number | null>>[] {
  return database.prepare(sql).all() as Record<string, string | number | null>[];
}

function countPages(tables: Tables): { readonly total: number; readonly free: number } {
  const [pages] = ask(
    tables,
    "SELECT page_count AS total, freelist_count AS free FROM pragma_page_count, pragma_freelist_count",
  );
  return { total: Number(pages?.["total"]), free: Number(pages?.["free"]) };
}

/** Which run has most of them is asked where they take most of the file alone. */
const MOST = 0.5;

function weighMetrics(tables: Tables): MetricsWeight {
  const [size] = ask(
    tables,
    `SELECT SUM(pgsize) AS whole, SUM(pgsize) FILTER (WHERE name IN
      (SELECT name FROM sqlite_master WHERE tbl_name = 'metrics')) AS metrics
      FROM dbstat WHERE aggregate = TRUE`,
  );
  const bytes = Number(size?.["metrics"]);
  const share = bytes / Number(size?.["whole"]);
  if (!(share >= MOST)) return { bytes, share, most: null };
  const [most] = ask(
    tables,
    `SELECT m.run_uuid AS run, CAST(r.experiment_id AS TEXT) AS experiment, COUNT(*) AS points
      FROM metrics AS m JOIN runs AS r ON r.run_uuid = m.run_uuid GROUP BY m.run_uuid
      ORDER BY points DESC, m.run_uuid LIMIT 1`,
  );
  if (most === undefined) return { bytes, share, most: null };
  const { run, experiment, points } = most;
  return {
    bytes,
    share,
    most: { path: addressOf(`${experiment}`, `${run}`), points: Number(points) },
  };
}

/** SQLite says the same of many pages. */
const MOST_DAMAGES = 10;

function findDamage({ database }: Tables): readonly Problem[] {
  return saidOf(database).filter((said) => said !== "ok")
    .map((said) => problemAt("database", FILE, "unreadable", said.replaceAll(/\s+/g, " ")));
}

function saidOf(database: Tables["database"]): readonly string[] {
  try {
    return database.prepare(`PRAGMA quick_check(${MOST_DAMAGES})`).all()
      .map((row) => String(Object.values(row)[0]));
  } catch (error) {
    // Some damage ends the check itself.
    if (error instanceof Error && "errcode" in error && error.errcode === CORRUPT) {
      return [error.message];
    }
    throw error;
  }
}

/** SQLite's code for what is damaged. */
const CORRUPT = 11;

/** The address of the file itself, beside those of tables. */
const FILE = "database";

function findBrokenKeys(tables: Tables): readonly Problem[] {
  const rows = ask(
    tables,
    `SELECT "table", parent, COUNT(*) AS count FROM pragma_foreign_key_check GROUP BY "table", parent`,
  );
  return [...rows].map(({ table, parent, count }): Problem => ({
    ...problemAt("database", `${table}`, "dangling", `${count} of its rows name none of ${parent}`),
    ...(isOfRuns(`${table}`, `${parent}`) ? {} : { mendable: false }),
  }));
}

function findDanglingRows(tables: Tables): readonly Problem[] {
  return countUnkeyed(tables).map(({ table, names, rows, isOfRun }): Problem => ({
    ...problemAt("database", table, "unused", `${rows} of its rows name none of ${names}`),
    ...(isOfRun ? {} : { mendable: false }),
  }));
}
