import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DamagedBackupError, RestoreCollisionError } from "../../../../lib/errors.ts";
import { OWNED_TABLES } from "../../../../lib/snapshot/owned_tables.ts";
import { statePaths } from "../../../../tasks/_database/log/state_directory.ts";
import { listBackups } from "../../../../tasks/backups/list_backups.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { lockStore } from "../../../../tasks/ports/lock_store.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  NOW,
  run,
  runId,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import { SCHEMAS, type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { depth } from "../../../_support/depth.ts";
import { exactRowsOf, fillOwnedTables, type OwnerOfRows } from "../../../_support/owned_rows.ts";

const long = { deletedTime: NOW - 90 * DAY };
const model = (number: number) => `m-${runId(number)}`;

/** A run, a model and an experiment of each kind: one that goes, one that stays. */
const STORE: SnapshotInit = {
  experiments: [
    experiment({
      id: "1",
      name: "churn",
      runs: [
        deletedRun({ id: runId(1), ...long, tags: { "mlflow.user": "kim" } }),
        deletedRun({ id: runId(2), ...long }),
        run({ id: runId(3), startTime: NOW - DAY, endTime: NOW - DAY }),
      ],
      loggedModels: [
        loggedModel({ id: model(1), lifecycleStage: "deleted", lastUpdatedTime: NOW - 90 * DAY }),
        loggedModel({ id: model(7), sourceRunId: runId(3) }),
      ],
    }),
    experiment({
      id: "2",
      name: "old",
      lifecycleStage: "deleted",
      lastUpdateTime: NOW - 90 * DAY,
      runs: [deletedRun({ id: runId(4), ...long })],
      loggedModels: [loggedModel({ id: model(4), sourceRunId: runId(4) })],
      traces: 2,
    }),
    experiment({ id: "3", name: "next", traces: 1 }),
  ],
};

const THINGS: readonly OwnerOfRows[] = [
  { owner: "run", id: runId(1), experiment: "1" },
  { owner: "run", id: runId(3), experiment: "1" },
  { owner: "run", id: runId(4), experiment: "2" },
  { owner: "logged-model", id: model(1), experiment: "1" },
  { owner: "logged-model", id: model(7), experiment: "1" },
  { owner: "logged-model", id: model(4), experiment: "2" },
  { owner: "trace", id: "tr-2-0", experiment: "2" },
  { owner: "trace", id: "tr-2-1", experiment: "2" },
  { owner: "trace", id: "tr-3-0", experiment: "3" },
  { owner: "experiment", id: "2", experiment: "2" },
  { owner: "experiment", id: "3", experiment: "3" },
];
const GOING = ["purge-run", "purge-run", "purge-experiment", "purge-logged-model"];

const open = ({ uri }: TempDatabase) => openStore(uri, { now: () => NOW });

async function filled(schema: typeof SCHEMAS[number] = "3.17"): Promise<TempDatabase> {
  const database = await tempDatabase(
    schema === "3.17" ? STORE : {
      experiments: STORE.experiments!.map((one) => ({ ...one, loggedModels: [] })),
    },
    { schema },
  );
  const has = new Set(Object.keys(exactRowsOf(database.path)));
  fillOwnedTables(
    database.path,
    THINGS.filter(({ owner }) => owner !== "logged-model" || has.has("logged_models")),
  );
  if (has.has("logged_models")) {
    // What a run takes along had stood for its model.
    database.execute(
      [1, 4].map((number) =>
        `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
          VALUES ('o${number}', 'RUN_OUTPUT', '${runId(number)}', 'MODEL_OUTPUT', '${
          model(number)
        }')`
      ).join(";"),
    );
  }
  return database;
}

/** How many rows each table has that has any. */
function countsOf(rows: ReturnType<typeof exactRowsOf>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(rows).flatMap(([table, all]) => all.length === 0 ? [] : [[table, all.length]]),
  );
}

for (const schema of SCHEMAS) {
  Deno.test(`a database of MLflow ${schema}: what was deleted long ago goes with all its rows, and comes back exactly`, async () => {
    await using database = await filled(schema);
    await using store = await open(database);
    const before = exactRowsOf(database.path);
    const tables = new Set(Object.values(OWNED_TABLES).flat().map(({ table }) => table));
    for (const table of tables) {
      if (table in before) assert(before[table]!.length > 0, `${table} is to have rows`);
    }
    const { plan, report } = await cleanup(store, { apply: true });
    const expected = GOING.slice(0, schema === "3.17" ? 4 : 3);
    assertEquals(plan.actions.map(({ kind }) => kind), expected);
    assertEquals(report?.outcomes.map(({ outcome }) => outcome), expected.map(() => "applied"));
    const after = exactRowsOf(database.path);
    for (const gone of [runId(1), runId(2), runId(4), model(1), model(4), "tr-2-0", "tr-2-1"]) {
      const hex = new TextEncoder().encode(gone).toHex().toUpperCase();
      for (const [table, rows] of Object.entries(after)) {
        assertEquals(rows.filter((row) => row.includes(hex)), [], `${gone} in ${table}`);
      }
    }
    for (const table of tables) {
      if (table in before) assert(after[table]!.length > 0, `${table} is to keep rows`);
    }
    const { changes } = await restore(store, { dryRun: true });
    assertEquals(changes, expected.length);
    assertEquals((await restore(store, { run: runId(2) })).changes, 1);
    assertEquals((await restore(store)).changes, expected.length - 1);
    assertEquals(exactRowsOf(database.path), before);
    assertEquals((await listBackups(store)).backups, []);
  });
}

/** What the plan says of each thing that stays, by its path. */
async function keptIn(
  database: TempDatabase,
): Promise<Readonly<Record<string, readonly string[]>>> {
  await using store = await open(database);
  const { plan: { kept } } = await cleanup(store);
  return Object.fromEntries(
    kept.map(({ path, reasons }) => [path, [...new Set(reasons.map(({ kind }) => kind))]]),
  );
}

Deno.test("what another row needs stays, and so does the experiment whose id would be given out again", async () => {
  const changes: readonly (readonly [sql: string, path: string, reason: string])[] = [
    ["DELETE FROM experiments WHERE experiment_id = 3", "2", "newest-experiment"],
    ["UPDATE endpoints SET experiment_id = 2", "2", "row-refers"],
    [`UPDATE issues SET source_run_id = '${runId(1)}'`, `1/${runId(1)}`, "row-refers"],
    [
      `UPDATE assessments SET assessment_metadata = '{"mlflow.assessment.sourceRunId": "${
        runId(2)
      }"}', trace_id = 'tr-1';
        INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('tr-1', 1, 0, 'OK')`,
      `1/${runId(2)}`,
      "assessment-source",
    ],
    ["CREATE TABLE notes (run_id TEXT, note TEXT)", `1/${runId(1)}`, "newer-database"],
    ["CREATE TABLE notes (model_id TEXT)", `1/models/${model(1)}`, "newer-database"],
    [
      "CREATE TRIGGER more AFTER DELETE ON spans BEGIN DELETE FROM experiments; END",
      "2",
      "newer-database",
    ],
    ["CREATE TABLE notes (a REFERENCES runs (run_uuid))", "2", "newer-database"],
  ];
  for (const [sql, path, reason] of changes) {
    await using changed = await filled();
    changed.execute(
      "INSERT INTO endpoints (endpoint_id, created_at, last_updated_at) VALUES ('e', 0, 0)",
    );
    changed.execute(sql);
    assertEquals((await keptIn(changed))[path], [reason], sql);
  }
});

Deno.test("what has changed since it was looked at stays as a whole, also when some of it had gone", async () => {
  const changes: readonly (readonly [sql: string, stays: string])[] = [
    [`UPDATE runs SET deleted_time = deleted_time + 1 WHERE run_uuid = '${runId(1)}'`, "purge-run"],
    [`INSERT INTO tags VALUES ('mltidy.pin', 'x', '${runId(1)}')`, "purge-run"],
    [`INSERT INTO tags VALUES ('mltidy.pin', 'x', '${runId(4)}')`, "purge-experiment"],
    [
      "UPDATE experiments SET lifecycle_stage = 'active' WHERE experiment_id = 2",
      "purge-experiment",
    ],
    [
      "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('new', 2, 0, 'OK')",
      "none",
    ],
    [`DELETE FROM experiments WHERE experiment_id = 3`, "purge-experiment"],
    [
      `UPDATE logged_models SET lifecycle_stage = 'active' WHERE model_id = '${model(1)}'`,
      "purge-logged-model",
    ],
  ];
  for (const [sql, stays] of changes.slice(0, depth(4, changes.length))) {
    await using database = await filled();
    await using store = await open(database);
    const { plan: { actions } } = await cleanup(store);
    await using locked = await lockStore(store, { task: "cleanup" });
    await using change = await locked.begin({
      task: "cleanup",
      actions,
      now: NOW,
      keepBackup: true,
    });
    database.execute(sql);
    const before = exactRowsOf(database.path);
    const outcomes = await Array.fromAsync(change.performAll());
    assertEquals(
      outcomes.map(({ outcome }) => outcome),
      actions.map(({ kind, path }) =>
        kind === stays && path !== `1/${runId(2)}` ? "skipped" : "applied"
      ),
      sql,
    );
    await change.finish();
    await locked[Symbol.asyncDispose]();
    await restore(store);
    assertEquals(exactRowsOf(database.path), before, sql);
  }
});

Deno.test("a run with very many rows goes in slices, and comes back; a change that is given up leaves all", async () => {
  await using database = await filled();
  database.execute(`
    WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 11000)
    INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
    SELECT 'loss', n / 3.0, n, '${runId(1)}', n, 0 FROM count`);
  await using store = await open(database);
  const before = exactRowsOf(database.path);
  const giveUp = (label: string) => {
    if (label === "Applying") throw new Error("enough");
  };
  await assertRejects(() => cleanup(store, { apply: true, onProgress: giveUp }), Error, "enough");
  assertEquals(exactRowsOf(database.path), before);
  const { report } = await cleanup(store, { apply: true });
  assertEquals(report?.complete, true);
  await restore(store);
  assertEquals(exactRowsOf(database.path), before);
});

Deno.test("what stands in the place of what comes back is named, and nothing comes back then", async () => {
  const taken: readonly (readonly [sql: string, collision: string])[] = [
    [
      `INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('${
        runId(1)
      }', 1, 'active')`,
      `run ${runId(1)}: expected none, found another run with that id`,
    ],
    [
      "INSERT INTO experiments (experiment_id, name) VALUES (2, 'new')",
      "experiment 2: expected none, found another experiment with that id",
    ],
    [
      "INSERT INTO experiments (experiment_id, name) VALUES (9, 'old')",
      "experiment 2: expected its name to be free, found that experiment 9 has it",
    ],
    [
      "CREATE TRIGGER more AFTER INSERT ON runs BEGIN DELETE FROM tags; END",
      "table runs: expected that nothing else happens when a row comes back, found trigger more",
    ],
    [
      "DELETE FROM experiments WHERE experiment_id = 1",
      `run ${runId(1)}: expected its experiment 1, found none with that id`,
    ],
  ];
  for (const [sql, collision] of taken.slice(0, depth(4, taken.length))) {
    await using database = await filled();
    await using store = await open(database);
    await cleanup(store, { apply: true });
    database.execute(sql);
    const before = exactRowsOf(database.path);
    const { collisions } = await assertRejects(() => restore(store), RestoreCollisionError);
    assertEquals(collisions[0], collision);
    assertEquals(exactRowsOf(database.path), before);
  }
});

Deno.test("a restore that was cut off goes on with the next task that may write, and so does freeing", async () => {
  await using database = await filled();
  await using store = await open(database);
  const before = exactRowsOf(database.path);
  const { report } = await cleanup(store, { apply: true });
  {
    using log = new DatabaseSync(statePaths(database.path).changes);
    log.exec("UPDATE subjects SET is_going_back = 1");
  }
  const id = report!.backup!.id;
  assertEquals(await store.changes!.interrupted(), [id]);
  assertEquals((await recover(store)).settled, [
    { id, task: "restore", outcome: "completed", collisions: [] },
  ]);
  assertEquals(exactRowsOf(database.path), before);
  await cleanup(store, { apply: true });
  {
    using log = new DatabaseSync(statePaths(database.path).changes);
    log.exec("UPDATE changes SET is_done = 2");
  }
  assertEquals([await store.changes!.interrupted(), await store.changes!.staged()], [[], [id]]);
  assertEquals((await recover(store)).settled, []);
  assertEquals(await store.changes!.staged(), []);
  assertEquals((await restore(store)).backup, null);
});

Deno.test("without a backup nothing is left of what went, and a soft deletion waits for the purge that came later", async () => {
  await using database = await filled();
  await using store = await open(database);
  const { report } = await cleanup(store, { apply: true, backup: false });
  assertEquals([report?.complete, report?.backup], [true, null]);
  assertEquals((await listBackups(store)).backups, []);
  using log = new DatabaseSync(statePaths(database.path).changes, { readOnly: true });
  assertEquals({ ...log.prepare("SELECT COUNT(*) AS rows FROM removed").get() }, { rows: 0 });
  // What it took is given back to the disk.
  assertEquals({ ...log.prepare("PRAGMA freelist_count").get() }, { freelist_count: 0 });
  assertEquals(countsOf(exactRowsOf(database.path))["runs"], 1);
});

Deno.test("a log that says more than what went is believed in nothing, and one of the first version is taken over", async () => {
  const chunks = (chunk: Readonly<Record<string, unknown>>) =>
    `UPDATE removed SET rows = CAST('${JSON.stringify([chunk])}' AS BLOB)
      WHERE subject = (SELECT number FROM subjects WHERE id = '${runId(1)}')`;
  const row = { owner: "run", id: runId(1), table: "tags", columns: ["run_uuid", "key", "value"] };
  const forged: readonly (readonly [sql: string, message: string])[] = [
    [chunks({ ...row, table: "registered_models", rows: [] }), "expected a table of a run"],
    [chunks({ ...row, table: "experiments", rows: [] }), "expected a table of a run"],
    [chunks({ ...row, id: runId(3), rows: [] }), "found what belongs to run"],
    [chunks({ ...row, rows: [["ttt", runId(3), "a", "b"]] }), "expected run_uuid"],
    [chunks({ ...row, columns: ["run_uuid", "a) --"], rows: [] }), "expected rows"],
    [chunks({ ...row, rows: [["tti", runId(1), "a", "b"]] }), "expected rows"],
    ["UPDATE removed SET rows = x'00'", "expected rows"],
    ["UPDATE subjects SET kind = 'registered-model'", "expected a run, a logged model"],
  ];
  await using database = await filled();
  await using store = await open(database);
  await cleanup(store, { apply: true });
  const { changes } = statePaths(database.path);
  const [before, kept] = [exactRowsOf(database.path), Deno.readFileSync(changes)];
  for (const [sql, message] of forged) {
    {
      using log = new DatabaseSync(changes);
      log.exec(sql);
    }
    const error = await assertRejects(() => restore(store), DamagedBackupError);
    assertStringIncludes(error.message, message);
    assertEquals(exactRowsOf(database.path), before, sql);
    Deno.writeFileSync(changes, kept);
  }
  await restore(store);
  {
    using log = new DatabaseSync(changes);
    log.exec(
      "DROP TABLE served; DROP TABLE added_rows; DROP TABLE added; DROP TABLE witnesses; DROP TABLE removed; DROP TABLE subjects; PRAGMA user_version = 1",
    );
  }
  assertEquals((await listBackups(store)).backups, []);
  assertEquals((await cleanup(store, { apply: true })).report?.complete, true);
  assertEquals((await restore(store)).changes, 4);
});
