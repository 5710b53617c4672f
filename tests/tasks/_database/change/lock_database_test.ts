import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import {
  DamagedBackupError,
  RestoreCollisionError,
  StoreAccessError,
  UnsupportedStoreError,
} from "../../../../lib/errors.ts";
import { openChangeLog } from "../../../../tasks/_database/log/change_log.ts";
import { makeChanges } from "../../../../tasks/_database/log/change_rows.ts";
import { openWritable } from "../../../../tasks/_database/scan/open_database.ts";
import { lockDatabase, statePaths } from "../../../../tasks/_database/log/state_directory.ts";
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
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import { SCHEMAS, type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { writeFiles } from "../../../_support/disk_store.ts";

const old = { startTime: NOW - 101 * DAY, endTime: NOW - 100 * DAY };
const STORE: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default", runs: [run({ id: runId(9), ...old })] }),
    experiment({
      id: "1",
      name: "churn",
      runs: [
        ...[1, 2].map((number) =>
          run({ id: runId(number), ...old, tags: { "mlflow.user": "kim" } })
        ),
        run({ id: runId(3), startTime: NOW - DAY, endTime: NOW - DAY }),
        deletedRun({ id: runId(4), deletedTime: NOW - DAY }),
        run({ id: runId(5), ...old }),
      ],
    }),
  ],
  registeredModels: [registeredModel({ versions: [modelVersion({ runId: runId(5) })] })],
};

const open = ({ uri }: TempDatabase, now = NOW) => openStore(uri, { now: () => now });

/** Every row of every table. */
function rowsOf({ path }: TempDatabase): Readonly<Record<string, readonly unknown[]>> {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return Object.fromEntries(tables.map(({ name }) => [
    name,
    database.prepare(`SELECT * FROM "${name}"`).all().map((row) => ({ ...row })),
  ]));
}

/** The same, with some runs as MLflow deletes them. */
function deleting(rows: ReturnType<typeof rowsOf>, ids: readonly string[], time = NOW) {
  const runs = (rows["runs"] as readonly Record<string, unknown>[]).map((row) =>
    ids.includes(String(row["run_uuid"]))
      ? { ...row, lifecycle_stage: "deleted", deleted_time: time }
      : row
  );
  return { ...rows, runs };
}

for (const schema of SCHEMAS) {
  Deno.test(`a database of MLflow ${schema}: old runs are soft-deleted, and undone row by row`, async () => {
    await using database = await tempDatabase(STORE, { schema });
    await using store = await open(database);
    const before = rowsOf(database);
    const { plan, report } = await cleanup(store, { apply: true });
    const ids = [runId(9), runId(1), runId(2)];
    assertEquals(plan.actions.map(({ path }) => path.split("/")[1]), ids);
    assertEquals([report?.complete, report?.totals.applied], [true, 3]);
    assertEquals(rowsOf(database), deleting(before, ids));
    assertEquals((await cleanup(store, { apply: true })).report, null);
    const preview = await restore(store, { dryRun: true });
    assertEquals([preview.changes, preview.collisions], [3, []]);
    assertEquals((await restore(store, { run: runId(1) })).changes, 1);
    assertEquals(rowsOf(database), deleting(before, [runId(9), runId(2)]));
    assertEquals((await restore(store, { experiment: "0" })).changes, 1);
    assertEquals((await restore(store)).changes, 1);
    assertEquals(rowsOf(database), before);
    assertEquals((await listBackups(store)).backups, []);
  });
}

Deno.test("what no longer stands as planned is left, and so is what somebody has pinned or registered", async () => {
  const changes: readonly [sql: string, because: string][] = [
    [
      `UPDATE runs SET status = 'RUNNING', end_time = NULL WHERE run_uuid = '${runId(1)}'`,
      "changed-since-plan",
    ],
    [
      `INSERT INTO tags (key, value, run_uuid) VALUES ('mltidy.pin', 'x', '${runId(1)}')`,
      "changed-since-plan",
    ],
    [
      `INSERT INTO model_versions (name, version, run_id) SELECT name, 7, '${
        runId(1)
      }' FROM registered_models`,
      "changed-since-plan",
    ],
    [
      `DELETE FROM tags WHERE run_uuid = '${runId(1)}'; DELETE FROM runs WHERE run_uuid = '${
        runId(1)
      }'`,
      "gone",
    ],
  ];
  for (const [sql, because] of changes) {
    await using database = await tempDatabase(STORE);
    await using store = await open(database);
    await using locked = await lockStore(store, { task: "cleanup" });
    const { plan } = await cleanup(store);
    await using change = await locked.begin({
      task: "cleanup",
      actions: plan.actions,
      now: NOW,
      keepBackup: true,
    });
    database.execute(sql);
    const before = rowsOf(database);
    const outcomes = await Array.fromAsync(change.performAll());
    assertEquals(
      outcomes.map((one) => one.outcome === "skipped" ? one.because : one.outcome),
      ["applied", because, "applied"],
      sql,
    );
    assertEquals(rowsOf(database), deleting(before, [runId(9), runId(2)]), sql);
    await change.finish();
    await locked[Symbol.asyncDispose]();
    assertEquals((await restore(store)).changes, 2, sql);
    assertEquals(rowsOf(database), before, sql);
  }
});

/** Leaves a change as a process does that is killed: all is logged, and some of it done. */
function cutOff({ path }: TempDatabase, done: readonly string[], logged: readonly string[]): void {
  using _lock = lockDatabase(path, "cleanup", NOW);
  using log = openChangeLog(path);
  using database = openWritable(path);
  const { id } = log.begin("cleanup", NOW, []);
  const rows = log.add(
    id,
    [...done, ...logged].map((run) => ({
      experiment: "1",
      run,
      table: "runs",
      key: { run_uuid: run },
      before: { lifecycle_stage: "active", deleted_time: null },
      after: { lifecycle_stage: "deleted", deleted_time: NOW },
    })),
  );
  makeChanges(database, rows.filter(({ run }) => done.includes(run)));
}

Deno.test("what was cut off is undone by the next task that may write, but for what somebody has changed since", async () => {
  await using database = await tempDatabase(STORE);
  await using store = await open(database);
  const before = rowsOf(database);
  cutOff(database, [runId(1)], [runId(2)]);
  assertEquals(await store.changes!.interrupted(), ["20261101T000000Z-cleanup"]);
  assertEquals((await cleanup(store)).plan.actions.length, 2);
  const id = "20261101T000000Z-cleanup";
  const settled = { id, task: "cleanup", outcome: "reversed" as const };
  assertEquals((await recover(store)).settled, [{ ...settled, collisions: [] }]);
  assertEquals(rowsOf(database), before);
  cutOff(database, [runId(1), runId(2)], []);
  database.execute(`UPDATE runs SET deleted_time = ${NOW + 1} WHERE run_uuid = '${runId(2)}'`);
  assertEquals((await recover(store)).settled, [{
    ...settled,
    collisions: [`run ${runId(2)}: it has been changed since, and stays as it is`],
  }]);
  assertEquals(rowsOf(database), deleting(before, [runId(2)], NOW + 1));
});

Deno.test("what was deleted again or is gone is not undone, and nothing else is then; what was restored is", async () => {
  await using database = await tempDatabase(STORE);
  await using store = await open(database);
  const before = rowsOf(database);
  await cleanup(store, { apply: true });
  const restored = `UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL`;
  database.execute(`${restored} WHERE run_uuid = '${runId(9)}'`);
  database.execute(`UPDATE runs SET deleted_time = 5 WHERE run_uuid = '${runId(1)}'`);
  database.execute(`DELETE FROM tags WHERE run_uuid = '${runId(2)}'`);
  database.execute(`DELETE FROM runs WHERE run_uuid = '${runId(2)}'`);
  const changed = rowsOf(database);
  const { collisions } = await assertRejects(() => restore(store), RestoreCollisionError);
  assertEquals(collisions, [
    `run ${
      runId(1)
    }: expected it deleted on 2026-11-01 00:00 UTC, found that it has been changed since`,
    `run ${runId(2)}: expected it deleted, found that it is in the database no more`,
  ]);
  assertEquals(rowsOf(database), changed);
  assertEquals((await restore(store, { run: runId(9) })).changes, 1);
  assertEquals(rowsOf(database)["experiments"], before["experiments"]);
});

Deno.test("what stands in our place beside a database and is not ours is refused, and left", async () => {
  const secret = ({ directory }: TempDatabase) => join(directory, "secret.txt");
  const own = ({ path }: TempDatabase, name: string) => join(statePaths(path).directory, name);
  const foreign: readonly [what: string, make: (database: TempDatabase) => void][] = [
    [
      "found a symbolic link",
      ({ path, directory }) => Deno.symlinkSync(directory, statePaths(path).directory),
    ],
    [
      "notes.txt and no README.txt",
      ({ directory }) => writeFiles(directory, { "mlflow.db.mltidy/notes.txt": "mine" }),
    ],
    ["found another database", (database) => {
      Deno.mkdirSync(statePaths(database.path).directory);
      using other = new DatabaseSync(own(database, "changes.db"));
      other.exec("CREATE TABLE mine (a)");
    }],
    ["found another name of a file", (database) => {
      Deno.mkdirSync(statePaths(database.path).directory);
      Deno.linkSync(secret(database), own(database, "changes.db"));
    }],
    // SQLite would remove the file that such a journal names.
    ["found one that has another file removed", (database) => {
      Deno.mkdirSync(statePaths(database.path).directory);
      Deno.writeFileSync(own(database, "changes.db-journal"), naming(secret(database)));
    }],
    ["found one that has another file removed", (database) => {
      Deno.writeFileSync(`${database.path}-journal`, naming(secret(database)));
    }],
    ["expected a file of SQLite's", ({ path }) => Deno.mkdirSync(`${path}-wal`)],
  ];
  for (const [what, make] of foreign) {
    await using database = await tempDatabase(STORE);
    writeFiles(database.directory, { "secret.txt": "" });
    const before = rowsOf(database);
    const access = (path: string) => {
      const { uid, mode, size } = Deno.statSync(path);
      return [uid, mode, size];
    };
    Deno.chmodSync(secret(database), 0o600);
    const closed = access(secret(database));
    make(database);
    const message = await refusal(database);
    assertStringIncludes(message, what);
    assertEquals(access(secret(database)), closed, what);
    for (const end of ["-journal", "-wal"]) {
      await Deno.remove(`${database.path}${end}`).catch(() => {});
    }
    assertEquals(rowsOf(database), before, what);
  }
});

async function refusal(database: TempDatabase): Promise<string> {
  const { message } = await assertRejects(async () => {
    await using store = await open(database);
    await cleanup(store, { apply: true });
  }, UnsupportedStoreError);
  return message;
}

/** A journal as SQLite writes it where several databases change at once. */
function naming(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  const journal = new Uint8Array(512 + name.length + 20);
  const view = new DataView(journal.buffer);
  journal.set(Uint8Array.fromHex(MAGIC));
  view.setUint32(20, 512);
  view.setUint32(24, 4096);
  journal.set(name, 516);
  view.setUint32(516 + name.length, name.length);
  view.setUint32(520 + name.length, name.reduce((sum, byte) => sum + byte, 0));
  journal.set(Uint8Array.fromHex(MAGIC), 524 + name.length);
  return journal;
}

const MAGIC = "d9d505f920a163d7";

Deno.test("a database of an MLflow that recorded no time of a deletion is changed as that did it", async () => {
  await using database = await tempDatabase(STORE);
  database.execute("ALTER TABLE runs DROP COLUMN deleted_time");
  await using store = await open(database);
  const before = rowsOf(database);
  const { report } = await cleanup(store, { apply: true });
  assertEquals([report?.complete, report?.totals.applied], [true, 3]);
  assertEquals((await restore(store)).changes, 3);
  assertEquals(rowsOf(database), before);
});

Deno.test("of what could not be deleted nothing is left to undo", async () => {
  await using database = await tempDatabase(STORE);
  database.execute(
    `CREATE TRIGGER refuse BEFORE UPDATE ON runs WHEN OLD.run_uuid = '${runId(2)}'
      BEGIN SELECT RAISE(ABORT, 'no'); END`,
  );
  await using store = await open(database);
  const before = rowsOf(database);
  const { report } = await cleanup(store, { apply: true });
  assertEquals(report?.totals, { ...report!.totals, applied: 0, failed: 3 });
  assertEquals([report?.backup, (await listBackups(store)).backups], [null, []]);
  assertEquals(rowsOf(database), before);
});

Deno.test({
  name: "a database to which this account may not write is refused before anything is made",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: async () => {
    await using database = await tempDatabase(STORE);
    Deno.chmodSync(database.path, 0o400);
    await using store = await open(database);
    await assertRejects(
      () => cleanup(store, { apply: true }),
      StoreAccessError,
      "nothing was touched",
    );
    assertEquals([...Deno.readDirSync(database.directory)].map(({ name }) => name), ["mlflow.db"]);
  },
});

Deno.test("a log of changes that is damaged, newer or forged changes nothing", async () => {
  const forged = "expected the soft deletion, or the end, of a run";
  const damages: readonly [sql: string, message: string][] = [
    ["PRAGMA user_version = 6", "expected version 5, found 6"],
    ["UPDATE rows SET table_name = 'experiments'", forged],
    [`UPDATE rows SET after = '{"status":"RUNNING"}'`, forged],
    ["UPDATE rows SET key = '{}'", forged],
    ["UPDATE rows SET before = after, after = before", forged],
    [`UPDATE rows SET after = '{"lifecycle_stage":"deleted","deleted_time":"rubbish"}'`, forged],
    ["UPDATE rows SET after = 'null'", forged],
    ["DROP TABLE rows; CREATE VIEW rows AS SELECT 1", "expected other tables"],
    ["CREATE TRIGGER more AFTER DELETE ON rows BEGIN SELECT 1; END", "expected other tables"],
    ["UPDATE changes SET place = 9223372036854775807", "too large"],
  ];
  for (const [sql, expected] of damages) {
    await using database = await tempDatabase(STORE);
    await using store = await open(database);
    await cleanup(store, { apply: true });
    {
      using log = new DatabaseSync(statePaths(database.path).changes);
      log.exec(sql);
    }
    const before = rowsOf(database);
    const { message } = await assertRejects(() => restore(store), DamagedBackupError);
    assertStringIncludes(message, expected);
    assertEquals(rowsOf(database), before);
  }
});

Deno.test("what a writer left that was killed is settled by a task that may write, and told by others", async () => {
  await using writing = await tempDatabase(STORE);
  await using database = await tempDatabase(STORE);
  const before = rowsOf(writing);
  {
    using writer = new DatabaseSync(writing.path);
    writer.exec("PRAGMA cache_size = 1; BEGIN IMMEDIATE");
    const insert = writer.prepare(
      "INSERT INTO experiments (name, lifecycle_stage) VALUES (?, 'active')",
    );
    for (let id = 0; id < 100; id++) insert.run(`${id}${"x".repeat(200)}`);
    // What nobody has open any more is what is left of a process that was killed.
    for (const end of ["", "-journal"]) {
      Deno.copyFileSync(`${writing.path}${end}`, `${database.path}${end}`);
    }
    writer.exec("ROLLBACK");
  }
  await using store = await open(database);
  assertEquals(await store.changes!.interrupted(), ["mlflow.db"]);
  await assertRejects(
    () => cleanup(store),
    StoreAccessError,
    `a change of it was cut off; \`deno task recover --store ${database.uri}\` settles that`,
  );
  assertEquals((await recover(store)).settled, []);
  assertEquals(rowsOf(database), before);
});

Deno.test("a copy to another place is refused, and nothing undone, also where a change was cut off", async () => {
  await using database = await tempDatabase(STORE);
  await using store = await open(database);
  await cleanup(store, { apply: true });
  const [{ id } = { id: "" }] = (await listBackups(store)).backups;
  const before = rowsOf(database);
  cutOff(database, [], [runId(3)]);
  const to = join(database.directory, "copy");
  await assertRejects(() => restore(store, { id, to }), UnsupportedStoreError, "Cannot copy to");
  assertEquals(rowsOf(database), before);
});
