import { assertEquals, assertRejects } from "@std/assert";
import { RestoreCollisionError } from "../../../../lib/errors.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { lockStore } from "../../../../tasks/ports/lock_store.ts";
import { repair } from "../../../../tasks/repair.ts";
import { verify } from "../../../../tasks/verify.ts";
import { DAY, experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { SCHEMAS, type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { exactRowsOf } from "../../../_support/owned_rows.ts";

const open = ({ uri }: TempDatabase) => openStore(uri, { now: () => NOW });

/** A run that is silent, one that is not, and rows of runs that are gone. */
async function damaged(
  schema: typeof SCHEMAS[number] = "2.22",
): Promise<TempDatabase> {
  // More than go at once.
  const points = schema === "3.17" ? 5_100 : 10;
  const started = { status: "RUNNING", startTime: NOW - 30 * DAY, endTime: null } as const;
  const database = await tempDatabase({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        runs: [run({ id: runId(1), ...started }), run({ id: runId(2), ...started })],
      }),
    ],
  }, { schema });
  database.execute(`
    INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan) VALUES
      ('${runId(1)}', 'loss', 1, ${NOW - 20 * DAY}, 1, 0),
      ('${runId(2)}', 'loss', 1, ${NOW - DAY}, 1, 0);
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${points})
      SELECT 'loss', 0.5, i, 'gone', i, 0 FROM n;
    INSERT INTO params VALUES ('a', 'b', 'gone'), ('c', 'd', '${runId(1)}');
    INSERT INTO tags VALUES ('a', 'b', 'lost'), ('a', 'b', '${runId(1)}');
    INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) VALUES
      ('i1', 'DATASET', 'd', 'RUN', 'gone'), ('i2', 'RUN_OUTPUT', 'lost', 'MODEL_OUTPUT', 'm');
    INSERT INTO input_tags VALUES ('i1', 'a', 'b')`);
  return database;
}

const MENDED = ["stale-run", "foreign-key-broken", "row-dangling"];

async function rulesOf(database: TempDatabase): Promise<readonly string[]> {
  await using store = await open(database);
  const rules = new Set((await verify(store)).findings.map(({ rule }) => rule));
  return [...rules].filter((rule) => MENDED.includes(rule));
}

for (const schema of SCHEMAS) {
  Deno.test(`a database of MLflow ${schema} is repaired as planned, once, and comes back row by row`, async () => {
    await using database = await damaged(schema);
    const before = exactRowsOf(database.path);
    assertEquals((await rulesOf(database)).toSorted(), MENDED.toSorted());
    await using store = await open(database);
    const { plan, report } = await repair(store, { apply: true });
    assertEquals(plan.actions.map(({ kind, path }) => `${kind} ${path}`), [
      `finish-stale-run 1/${runId(1)}`,
      ...["metrics", "params", "tags", "input_tags", "inputs"]
        .map((table) => `purge-dangling-rows ${table}`),
    ]);
    assertEquals([report?.complete, report?.totals.applied], [true, 6]);
    assertEquals(await rulesOf(database), []);
    const snapshot = await store.read({ depth: "tags" });
    assertEquals(
      snapshot.experiments[1]!.runs.map(({ status, endTime }) => [status, endTime]),
      [["FAILED", NOW - 20 * DAY], ["RUNNING", null]],
    );
    assertEquals((await repair(store)).plan.actions, []);
    assertEquals((await restore(store)).changes, 6);
    assertEquals(exactRowsOf(database.path), before);
  });
}

Deno.test("what has changed since a repair of a database was planned is left", async () => {
  await using database = await damaged();
  await using store = await open(database);
  const { plan } = await repair(store);
  const before = exactRowsOf(database.path);
  await using locked = await lockStore(store, { task: "test" });
  await using change = await locked.begin({
    task: "repair",
    actions: plan.actions,
    now: NOW,
    keepBackup: true,
  });
  database.execute(`
    UPDATE latest_metrics SET timestamp = ${NOW - 19 * DAY} WHERE run_uuid = '${runId(1)}';
    INSERT INTO params VALUES ('e', 'f', 'gone')`);
  const outcomes = await Array.fromAsync(change.performAll());
  assertEquals(
    outcomes.filter(({ outcome }) => outcome !== "applied").map(({ path, outcome }) => [
      `${path}`,
      outcome,
    ]),
    [[`1/${runId(1)}`, "skipped"], ["params", "skipped"]],
  );
  await change[Symbol.asyncDispose]();
  database.execute(`
    UPDATE latest_metrics SET timestamp = ${NOW - 20 * DAY} WHERE run_uuid = '${runId(1)}';
    DELETE FROM params WHERE key = 'e'`);
  assertEquals(exactRowsOf(database.path), before);
});

Deno.test("a repair of a database that was cut off is taken back by the next task", async () => {
  await using database = await damaged();
  const before = exactRowsOf(database.path);
  await using store = await open(database);
  const { plan: { actions } } = await repair(store);
  {
    const locked = await lockStore(store, { task: "test" });
    const change = await locked.begin({ task: "repair", actions, now: NOW, keepBackup: true });
    await Array.fromAsync(change.performAll());
    // Nobody ends the change.
    await locked[Symbol.asyncDispose]();
  }
  assertEquals((await recover(store)).settled.map(({ outcome }) => outcome), ["reversed"]);
  assertEquals(exactRowsOf(database.path), before);
});

Deno.test("a run that has gone on since a repair ended it is not brought back", async () => {
  await using database = await damaged();
  await using store = await open(database);
  await repair(store, { apply: true, finishAs: "KILLED" });
  database.execute(`UPDATE runs SET status = 'FINISHED' WHERE run_uuid = '${runId(1)}'`);
  const { message } = await assertRejects(() => restore(store), RestoreCollisionError);
  assertEquals(message.includes(`run ${runId(1)}: expected it killed on `), true, message);
});
