/**
 * Reading a snapshot of a database of PostgreSQL.
 *
 * @module
 */

import { addressOf, assembleRows } from "../../lib/snapshot/assemble_rows.ts";
import type { Backend, Depth, MetricsWeight, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { isGone } from "../_io/read.ts";
import type { ReadOptions } from "../ports/store.ts";
import { lookAtArtifacts, looksAtArtifacts } from "./look_at_artifacts.ts";
import { bringTables, countByExperiment, readColumns, readRules } from "./postgres/copy_tables.ts";
import { selectionsFor } from "./postgres/selections.ts";
import { openSession, type Sql } from "./postgres/session.ts";
import type { ServedReach } from "./read_postgres_named.ts";
import { readHolds } from "./scan/read_holds.ts";
import { readRows } from "./scan/read_rows.ts";
import { requireMlflow, type Tables } from "./scan/tables.ts";
import { withServed } from "./trees/served_artifacts.ts";

/** How to read it. */
export type ReadPostgresOptions<D extends Depth> = ReadOptions<D> & {
  readonly location: string;
  /** Epoch ms. */
  readonly now: number;
};

/**
 * Reads a snapshot, as the database is at one moment. Needs net permission for its host, and read permission for its
 * artifacts where they are on this machine.
 *
 * @param served The database.
 * @param options How deep, and of what.
 * @returns The snapshot.
 * @throws {StoreError} What the server says.
 */
export async function readPostgres<D extends Depth>(
  served: ServedReach,
  options: ReadPostgresOptions<D>,
): Promise<StoreSnapshot<D>> {
  options.signal?.throwIfAborted();
  const { reach, serving } = served;
  const withTables = async <T>(use: (tables: Tables) => T): Promise<T> => {
    const { withPostgresTables } = await import("./read_postgres_named.ts");
    return withPostgresTables(served, use);
  };
  if (looksAtArtifacts(options)) await serving.look(withTables);
  const snapshot = await readAllRows(served, options);
  return await lookAtArtifacts(snapshot, options, {
    environment: reach.environment,
    tellsMissing: ({ backend }) => (backend?.artifactRoot ?? null) !== null,
    withTables,
    async allNamed(root) {
      const [{ namesOf }, { readSharedNamed }] = await Promise.all([
        import("./read_naming_rows.ts"),
        import("./read_postgres_named.ts"),
      ]);
      return namesOf(await readSharedNamed(reach, root));
    },
  });
}

async function readAllRows<D extends Depth>(
  { reach, serving }: ServedReach,
  { depth, extras, location, now, signal, onProgress }: ReadPostgresOptions<D>,
): Promise<StoreSnapshot<D>> {
  const inspect = depth === "full"
    ? (await import("./scan/inspect_database.ts")).inspectRows
    : null;
  await using session = await openSession(reach, "read");
  const { sql } = session;
  // It ends with the session. `sql.begin()` ends this process where the server hangs up in between.
  await sql.unsafe("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const columns = await readColumns(sql);
  requireMlflow({ columns }, location);
  const selections = selectionsFor({ depth, extras }, columns);
  const made = await bringTables(sql, columns, selections, { signal, onProgress });
  using _database = made.database;
  const counts = await countByExperiment(sql, columns);
  const weight = depth === "full" ? await weighMetrics(sql) : null;
  const tables = withServed(serving, { ...made, counts, rules: await readRules(sql) });
  const { backend, ...read } = readRows(tables, { depth, extras, location, now, signal });
  const holds = depth === "tags" ? { holds: readHolds(tables) } : {};
  const metrics = weight === null ? {} : { metrics: weight };
  const artifactRoot = hereOrNull(backend);
  const rows = { ...read, backend: { ...backend, artifactRoot, ...holds, ...metrics } };
  const assembled = assembleRows(rows);
  return inspect === null ? assembled : inspect(tables, rows, assembled);
}

/** What another machine has cannot be looked at, nor set aside. */
function hereOrNull({ artifactRoot }: Backend): string | null {
  return artifactRoot === null || isGone(artifactRoot) ? null : artifactRoot;
}

/** Which run has most of them is asked where they take most of the database alone. */
const MOST = 0.5;

async function weighMetrics(sql: Sql): Promise<MetricsWeight> {
  const [size] = await sql.unsafe<{ bytes: string; whole: string }[]>(
    `SELECT SUM(pg_total_relation_size(oid)) FILTER (WHERE relname = 'metrics')::text AS bytes,
      SUM(pg_total_relation_size(oid))::text AS whole FROM pg_catalog.pg_class
      WHERE relkind IN ('r', 'p', 'm') AND pg_catalog.pg_table_is_visible(oid)
      AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`,
  );
  const bytes = Number(size?.bytes ?? 0);
  const share = bytes / Number(size?.whole);
  if (!(share >= MOST)) return { bytes, share: share || 0, most: null };
  const [most] = await sql.unsafe<{ run: string; experiment: string; points: string }[]>(
    `SELECT m.run_uuid AS run, r.experiment_id::text AS experiment, m.points::text AS points FROM (
      SELECT run_uuid, COUNT(*) AS points FROM metrics GROUP BY run_uuid
      ORDER BY points DESC, run_uuid LIMIT 1) AS m JOIN runs AS r ON r.run_uuid = m.run_uuid`,
  );
  if (most === undefined) return { bytes, share, most: null };
  const { run, experiment, points } = most;
  return { bytes, share, most: { path: addressOf(experiment, run), points: Number(points) } };
}
