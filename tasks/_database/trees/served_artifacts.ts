/**
 * Where a server of MLflow's keeps the artifacts that it serves by itself: `mlflow server` without options puts them
 * into `mlartifacts` beside its database, and says `mlflow-artifacts:/EXP/RUN/artifacts` in rows.
 *
 * Nothing in the database tells that it is that directory and no other. But an id of a run is that of one run alone: a
 * directory in which one of them lies where its row says is that of this database.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { servedPlaceOf } from "../../../lib/snapshot/artifact_root.ts";
import type { Database, Tables } from "../scan/tables.ts";

/** The directory beside a database from which a server may serve artifacts. */
export interface ServedArtifacts {
  /** Absolute path. */
  readonly root: string;
  /** Whether artifacts of this database lie in it. */
  readonly isProven: boolean;
}

/**
 * Finds where a server keeps the artifacts of a database. Needs read permission.
 *
 * @param path Absolute real path of the database's file.
 * @param database The database.
 * @returns The directory; `null` where rows say nothing of a server, or there is none.
 */
export function servedArtifactsOf(path: string, database: Database): ServedArtifacts | null {
  const named = database.prepare(
    `SELECT 1 FROM experiments WHERE artifact_location LIKE '${SERVED}' LIMIT 1`,
  ).get();
  const root = join(dirname(path), "mlartifacts");
  if (named === undefined || !isDirectory(root)) return null;
  return { root, isProven: ORDERS.some((order) => isProvenBy(root, database, order)) };
}

/**
 * Lets the rows of a database tell where artifacts lie that a server serves, where that is beyond doubt.
 *
 * @param path Absolute real path of the database's file.
 * @param tables The database.
 * @returns The same.
 */
export function withServed<D extends Database>(path: string, tables: Tables<D>): Tables<D> {
  const found = servedArtifactsOf(path, tables.database);
  return found?.isProven ? { ...tables, served: found.root } : tables;
}

const SERVED = "mlflow-artifacts:/%";

/** The newest runs, then the oldest. */
const ORDERS = ["DESC", "ASC"] as const;

/** How many runs are looked for: many have logged no artifact. */
const MOST = 500;

function isProvenBy(root: string, database: Database, order: (typeof ORDERS)[number]): boolean {
  const runs = database.prepare(
    `SELECT run_uuid AS id, artifact_uri AS location FROM runs
      WHERE artifact_uri LIKE '${SERVED}' ORDER BY rowid ${order} LIMIT ${MOST}`,
  ).all();
  return runs.some(({ id, location }) => {
    const place = servedPlaceOf(`${location}`, root);
    return /^[0-9a-f]{32}$/.test(`${id}`) && place.startsWith(`${root}/`) &&
      place.endsWith(`/${id}/artifacts`) && isDirectory(place);
  });
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
