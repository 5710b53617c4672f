/**
 * A database of PostgreSQL that real MLflow keeps: what is said and planned of it is what is said and planned of the
 * same rows in SQLite, and what cannot be reached says why.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import postgres from "postgres";
import {
  cleanup,
  InvalidArgumentError,
  listBackups,
  openStore,
  restore,
  RestoreCollisionError,
  StoreLockedError,
  summary,
  UnsupportedStoreError,
} from "mltidy";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { writeDatabaseStore } from "../_support/database_store.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { versionsThatRun } from "./each_version.ts";
import { digestsOf, hasDriver, obstacle, type Server, startServer } from "./postgres.ts";
import { breakOff, refuseAll } from "./postgres_refusals.ts";
import { moveInCopy } from "./postgres_move.ts";
import { killEach } from "./postgres_kills.ts";
import { mendCopy } from "./postgres_repair.ts";
import { type MlflowVersion, runPython } from "./python.ts";

const NOW = Date.UTC(2040, 0, 1);
const now = () => NOW;

Deno.test({
  name: "a database of PostgreSQL is read as one of SQLite with the same rows is",
  ignore: obstacle !== null,
  async fn(context) {
    await using server = await startServer();
    for (const version of versionsThatRun()) {
      await context.step(`that of MLflow ${version.name}`, async () => {
        assert(await hasDriver(version), "psycopg2 is not installed: run deno task test:mlflow");
        const database = `mlflow_${version.name.replaceAll(".", "_")}`;
        await server.ask("postgres", `CREATE DATABASE ${database}`);
        await using directory = await tempDirectory();
        await runPython(version, "write_store.py", [
          server.uri(database, "+psycopg2"),
          "--directory",
          directory.path,
        ]);
        await readAlike(server, database, version);
        const root = join(directory.path, "mlruns");
        await changeAndUndo(server, database, root, version);
        await moveInCopy(server, database);
        if (version.name.startsWith("3.")) {
          await mendCopy(server, database, root);
          await killEach(server, database, root);
        }
      });
    }
    const [newest] = versionsThatRun().map(({ name }) => `mlflow_${name.replaceAll(".", "_")}`)
      .toReversed();
    await context.step(
      "what is cut off, or may not be done, changes nothing, and says why",
      () => breakOff(server, newest!),
    );
    await context.step("what cannot be reached says why", () => refuseAll(server, newest!));
  },
});

/** Reads both, in every way that there is. */
async function readAlike(server: Server, database: string, version: MlflowVersion): Promise<void> {
  await using directory = await tempDirectory();
  const path = join(directory.path, "mlflow.db");
  const deleted = "FROM runs WHERE lifecycle_stage = 'deleted'";
  const times = await server.ask<{ id: string; time: string }>(
    database,
    `SELECT run_uuid AS id, deleted_time AS time ${deleted}`,
  );
  // One of which nobody recorded when it was deleted, and what is said to have been before it began.
  await server.ask(
    database,
    `UPDATE runs SET deleted_time = CASE WHEN run_uuid = (SELECT MIN(run_uuid) ${deleted})
      THEN NULL ELSE 1 END WHERE lifecycle_stage = 'deleted'`,
  );
  await copyRows(server, database, path, version);
  await using store = await openStore(server.uri(database), { now });
  await using twin = await openStore(path, { now });
  const extras = {
    tags: ["mlflow.parentRunId", "team/이름"],
    params: ["lr", "설명"],
    metrics: ["val/loss", "acc"],
    histories: ["acc"],
    uses: true,
    artifacts: null,
  };
  const ways = [
    { depth: "meta" },
    { depth: "tags" },
    { depth: "full" },
    { depth: "tags", extras },
    { depth: "tags", extras: { ...extras, uses: false, metrics: [], histories: [] } },
  ] as const;
  for (const way of ways) {
    const found = await store.read(way);
    const undated = found.experiments.flatMap(({ runs }) =>
      runs.filter(({ lastChange }) => lastChange !== undefined)
    );
    assertEquals(undated.length > 0, way.depth !== "meta");
    assert(found.experiments.some(({ runs }) => runs.length > 0));
    assertEquals(withoutPlace(found), withoutPlace(await twin.read(way)));
  }
  const [count] = await server.ask<{ runs: string }>(database, "SELECT COUNT(*) AS runs FROM runs");
  assertEquals((await summary(store)).runs.total, Number(count?.runs));
  for (const { id, time } of times) {
    await server.ask(database, `UPDATE runs SET deleted_time = ${time} WHERE run_uuid = '${id}'`);
  }
}

/** Without what is of a file alone. */
function withoutPlace({ location: _location, backend, ...rest }: StoreSnapshot) {
  const { artifactRoot, revision, holds } = backend!;
  return { ...rest, backend: { artifactRoot, revision, holds } };
}

/** Puts all rows into tables that MLflow has made in SQLite. */
async function copyRows(
  server: Server,
  from: string,
  to: string,
  version: MlflowVersion,
): Promise<void> {
  writeDatabaseStore(to, {}, { schema: version.name.startsWith("2.") ? "2.22" : "3.17" });
  using database = new DatabaseSync(to, { enableForeignKeyConstraints: false });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  for (const { name } of tables) {
    const rows = await server.ask<Record<string, string | number | boolean | null>>(
      from,
      `SELECT * FROM "${name}"`,
    );
    database.exec(`DELETE FROM "${name}"`);
    const columns = database.prepare(
      "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0",
    ).all(name!).map((column) => String(column["name"]));
    const insert = database.prepare(
      `INSERT INTO "${name}" (${columns.map((column) => `"${column}"`).join(", ")}) VALUES (${
        columns.map(() => "?").join(", ")
      })`,
    );
    for (const row of rows) {
      insert.run(...columns.map((column) => {
        const value = row[column] ?? null;
        return typeof value === "boolean" ? Number(value) : value;
      }));
    }
  }
}

/**
 * Soft-deletes what is old and purges what was deleted long ago, lets others change some of it, and undoes it: every
 * row of every table and every artifact is as it was.
 */
async function changeAndUndo(
  server: Server,
  database: string,
  root: string,
  version: MlflowVersion,
): Promise<void> {
  await using state = await tempDirectory();
  const backups = join(state.path, "kept");
  await using store = await openStore(server.uri(database), { now, backups });
  await assertRejects(
    () => cleanup(store, { apply: true, backups: state.path }),
    UnsupportedStoreError,
    `what is changed in it is kept in ${backups}, as it was opened`,
  );
  await using careless = await openStore(server.uri(database), { backups: join(root, "kept") });
  await assertRejects(
    () => cleanup(careless, { apply: true }),
    InvalidArgumentError,
    `it lies in ${root}`,
  );
  const before = await digestsOf(server, database);
  const artifacts = await readTree(root);
  const { plan, report } = await cleanup(store, { apply: true, backups });
  assertEquals(report?.backup?.path.startsWith(`${backups}/postgresql%3A%2F%2F127.0.0.1`), true);
  assertEquals(plan.actions.map(({ kind }) => kind).filter((kind) => kind !== "soft-delete-run"), [
    "purge-run",
    "purge-experiment",
  ]);
  assertEquals([report?.complete, report?.totals.applied], [true, plan.actions.length]);
  const deleted = await server.ask<{ id: string }>(
    database,
    `SELECT run_uuid AS id FROM runs WHERE deleted_time = ${NOW} ORDER BY 1`,
  );
  const gone = plan.actions.flatMap((one) => one.kind === "soft-delete-run" ? [one.runId] : []);
  assertEquals(deleted.map(({ id }) => id), gone.toSorted());
  assert(gone.length > 3);
  const purged = plan.actions.flatMap((one) => one.kind === "purge-run" ? [one.runId] : []);
  const [left] = await server.ask<{ count: string }>(
    database,
    `SELECT COUNT(*) AS count FROM runs WHERE run_uuid = '${purged[0]}' OR experiment_id = 2`,
  );
  assertEquals(left?.count, "0");
  const uri = server.uri(database, "+psycopg2");
  const said = await runPython(version, "database_runs.py", ["say", uri]) as {
    readonly deleted: readonly (readonly [id: string, ...unknown[]])[];
    readonly experiments: readonly string[];
  };
  assertEquals(said.deleted.map(([id]) => id), gone.toSorted());
  const [kept] = await server.ask<{ count: string }>(
    database,
    "SELECT COUNT(*) AS count FROM experiments",
  );
  assertEquals(said.experiments.length, Number(kept?.count));

  await server.ask(database, `UPDATE runs SET deleted_time = 1 WHERE run_uuid = '${gone[0]}'`);
  const { collisions } = await assertRejects(() => restore(store), RestoreCollisionError);
  assertEquals(collisions.map((words) => words.slice(0, 36)), [`run ${gone[0]}`]);
  await server.ask(
    database,
    `UPDATE runs SET deleted_time = ${NOW} WHERE run_uuid = '${gone[0]}'`,
  );
  assertEquals((await listBackups(store, { backups })).backups.map(({ id }) => id), [
    report!.backup!.id,
  ]);
  assertEquals((await restore(store, { backups })).changes, plan.actions.length);
  assertEquals(await digestsOf(server, database), before);
  assertSameTree(await readTree(root), artifacts);

  const holder = postgres(server.uri(database), { max: 1 });
  await holder`SELECT pg_advisory_lock(1835824233)`;
  await assertRejects(() => cleanup(store, { apply: true }), StoreLockedError, "another machine");
  await holder.end();
  assertEquals(await digestsOf(server, database), before);
}
