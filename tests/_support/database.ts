/**
 * Databases of MLflow's, with the tables and columns that tell where files lie.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** What a database holds: id → location. */
export interface DatabaseInit {
  readonly experiments?: Readonly<Record<string, string | null>>;
  readonly runs?: Readonly<Record<string, string | null>>;
  /** Those that are deleted. */
  readonly deletedRuns?: Readonly<Record<string, string | null>>;
  readonly loggedModels?: Readonly<Record<string, string>>;
  /** Model → source of its version 1, and where it is stored. */
  readonly versions?: Readonly<Record<string, readonly [source: string, stored: string | null]>>;
  readonly traces?: Readonly<Record<string, string>>;
}

/** As MLflow 3.17 makes them, less the columns that nobody looks at. */
const TABLES = `
  CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, artifact_location VARCHAR(256));
  CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200));
  CREATE TABLE logged_models (model_id VARCHAR(36) PRIMARY KEY, artifact_location VARCHAR(1000));
  CREATE TABLE model_versions (name VARCHAR(256), version INTEGER, source VARCHAR(500), storage_location VARCHAR(500));
  CREATE TABLE trace_tags (key VARCHAR(250), value VARCHAR(8000), request_id VARCHAR(50));
`;

/**
 * Writes a database.
 *
 * @param path Where; it must not exist yet.
 * @param init What it holds.
 */
export function writeDatabase(path: string, init: DatabaseInit = {}): void {
  using database = new DatabaseSync(path);
  database.exec(TABLES);
  const insert = (sql: string, rows: readonly (readonly (string | null)[])[]) => {
    const statement = database.prepare(sql);
    for (const row of rows) statement.run(...row);
  };
  const { experiments = {}, runs = {}, deletedRuns = {}, loggedModels = {} } = init;
  const { versions = {}, traces = {} } = init;
  insert("INSERT INTO experiments VALUES (?, ?)", Object.entries(experiments));
  insert("INSERT INTO runs VALUES (?, 'active', ?)", Object.entries(runs));
  insert("INSERT INTO runs VALUES (?, 'deleted', ?)", Object.entries(deletedRuns));
  insert("INSERT INTO logged_models VALUES (?, ?)", Object.entries(loggedModels));
  insert(
    "INSERT INTO model_versions VALUES (?, 1, ?, ?)",
    Object.entries(versions).map(([name, places]) => [name, ...places]),
  );
  insert(
    "INSERT INTO trace_tags VALUES ('mlflow.artifactLocation', ?, ?)",
    Object.entries(traces).map(([id, location]) => [location, id]),
  );
}
