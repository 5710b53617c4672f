/**
 * How MLflow 3 would have left the example store as a database of SQLite, with the artifacts beside it.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { DemoExperiment, DemoOrphan, DemoStore } from "./describe_demo_store.ts";
import { type DemoEntry, directory, file } from "./entry.ts";
import { layOutArtifacts, layOutModelFiles } from "./lay_out_artifacts.ts";
import { type DemoRow, layOutDemoRows } from "./lay_out_demo_rows.ts";
import tables from "./mlflow-3.17.sql" with { type: "text" };

/** Lists what the store is made of; `root` is the absolute path of the directory that gets it. */
export function* layOutDemoDatabase(store: DemoStore, root: string): Generator<DemoEntry> {
  const { experiments, orphans } = store;
  const runs = experiments.flatMap((experiment) => experiment.runs);
  yield directory("mlruns", Math.max(...runs.map((run) => run.lastChange)));
  for (const experiment of experiments) yield* layOutExperiment(experiment);
  for (const orphan of orphans) yield* layOutOrphan(orphan);
  const written = Math.max(...runs.map((run) => run.lastChange));
  yield file("mlflow.db", written, databaseOf(layOutDemoRows(store, `${root}/mlruns`)));
}

/** MLflow makes a directory with the first artifact in it. */
function* layOutExperiment({ id, runs }: DemoExperiment): Generator<DemoEntry> {
  const logged = runs.filter(({ status, model }) => status === "FINISHED" || model);
  yield directory(`mlruns/${id}`, Math.max(...logged.map((run) => run.startTime)));
  for (const run of logged) {
    const path = `mlruns/${id}/${run.id}`;
    yield directory(path, run.lastChange);
    yield* layOutArtifacts(path, run);
  }
}

/** What is left of an experiment once its rows are gone: the artifacts of a run, or of a logged model. */
function* layOutOrphan({ id, number, runId, lastChange }: DemoOrphan): Generator<DemoEntry> {
  const places = runId === null ? ["models", `models/m-${id}`] : [runId];
  const artifacts = `${places.at(-1)}/artifacts`;
  for (const place of ["", ...places.map((one) => `/${one}`), `/${artifacts}`]) {
    yield directory(`mlruns/${number}${place}`, lastChange);
  }
  yield* layOutModelFiles(`mlruns/${number}/${artifacts}`, runId ?? id, lastChange);
}

/** What SQLite of Deno's can do, and its types do not tell yet. */
type Serializable = DatabaseSync & { serialize(): Uint8Array };

/** In memory, so that the disk sees it once, and whole. */
function databaseOf(rows: Iterable<DemoRow>): Uint8Array {
  using database = new DatabaseSync(":memory:") as Serializable;
  database.exec(tables);
  database.exec("BEGIN");
  const inserts = new Map<string, StatementSync>();
  for (const { table, values } of rows) {
    let insert = inserts.get(table);
    if (insert === undefined) {
      const columns = Object.keys(values);
      const places = columns.map(() => "?").join(", ");
      insert = database.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`);
      inserts.set(table, insert);
    }
    insert.run(...Object.values(values));
  }
  database.exec("COMMIT");
  return database.serialize();
}
