/**
 * Reading what a database of MLflow's says of the places of files.
 *
 * @module
 */

import type { Database as Read, DatabaseRow } from "../../../lib/store/snapshot.ts";
import { helpFor, openDatabase } from "./open_database.ts";
import type { Database } from "./tables.ts";

/** One place that a table names. */
interface Source {
  readonly table: string;
  readonly kind: DatabaseRow["kind"];
  /** As SQL, like the others. */
  readonly id: string;
  readonly location: string;
  readonly where?: string;
  /** The columns without which it is not that of MLflow. */
  readonly columns: readonly string[];
  /** Older versions of MLflow do not have it. */
  readonly isOptional?: true;
}

const SOURCES: readonly Source[] = [
  {
    table: "experiments",
    kind: "experiment",
    id: "CAST(experiment_id AS TEXT)",
    location: "artifact_location",
    columns: ["experiment_id", "artifact_location"],
  },
  {
    table: "runs",
    kind: "run",
    id: "run_uuid",
    location: "artifact_uri",
    columns: ["run_uuid", "artifact_uri"],
  },
  {
    table: "logged_models",
    kind: "logged-model",
    id: "model_id",
    location: "artifact_location",
    columns: ["model_id", "artifact_location"],
    isOptional: true,
  },
  {
    table: "model_versions",
    kind: "model-version",
    id: "name || ' v' || version",
    location: "source",
    columns: ["name", "version", "source"],
    isOptional: true,
  },
  {
    table: "model_versions",
    kind: "model-version",
    id: "name || ' v' || version",
    location: "storage_location",
    columns: ["name", "version", "storage_location"],
    isOptional: true,
  },
  {
    table: "trace_tags",
    kind: "trace",
    id: "request_id",
    location: "value",
    where: "key = 'mlflow.artifactLocation'",
    columns: ["request_id", "key", "value"],
    isOptional: true,
  },
];

/**
 * Reads where a database says that files lie. Needs read permission for it; changes nothing in it.
 *
 * @param path Absolute path of a database of SQLite.
 * @param patience How long to wait for whoever writes to it, ms; seconds where it is left out.
 * @returns Its rows, or why it cannot be read; `null` when it is none of MLflow's.
 */
export function readDatabase(path: string, patience?: number): Read | null {
  try {
    using database = openDatabase(path, patience);
    // All tables as they are at one moment.
    database.exec("BEGIN");
    const rows = namedRowsOf(database, (table) =>
      new Set(
        database.prepare("SELECT name FROM pragma_table_info(?)").all(table)
          .map(({ name }) => String(name)),
      ));
    if (rows === null) return null;
    if (typeof rows === "string") return { path, rows: [], problem: rows };
    return { path, rows, problem: null };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { path, rows: [], problem: helpFor(error) };
  }
}

/**
 * Reads what rows say of the places of files.
 *
 * @param database The database.
 * @param columnsOf Tells the columns of a table; none where there is no such table.
 * @returns The rows; a text says what is wrong; `null`: it is not MLflow's.
 */
export function namedRowsOf(
  database: Database,
  columnsOf: (table: string) => ReadonlySet<string>,
): readonly DatabaseRow[] | string | null {
  // Others have experiments or runs as well, but with none of these columns; damage may take one of them.
  const isOther = !columnsOf("runs").has("run_uuid") &&
    !columnsOf("experiments").has("artifact_location");
  if (isOther) return null;
  const rows: DatabaseRow[] = [];
  for (const { table, kind, id, location, where = "TRUE", columns, isOptional } of SOURCES) {
    const present = columnsOf(table);
    const missing = columns.find((column) => !present.has(column));
    if (missing !== undefined) {
      if (isOptional) continue;
      const lack = present.size === 0
        ? `it has no table ${table}`
        : `its table ${table} has no column ${missing}`;
      return `${lack}, which every version of MLflow has that is known; move it away if nothing needs it`;
    }
    const select = database.prepare(
      `SELECT ${id} AS id, ${location} AS location FROM ${table} WHERE ${location} IS NOT NULL AND ${where}`,
    );
    for (const { id, location } of select.all()) {
      rows.push({ kind, id: String(id), location: String(location) });
    }
  }
  return rows;
}
