import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { basename, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { OF_OTHER } from "../../../../lib/backup/backup.ts";
import {
  DamagedBackupError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../../../lib/errors.ts";
import { openChangeLog } from "../../../../tasks/_database/log/change_log.ts";
import { statePaths } from "../../../../tasks/_database/log/state_directory.ts";
import { infoOf } from "../../../../tasks/_io/read.ts";
import { applyPlan } from "../../../../tasks/apply_plan.ts";
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
  NOW,
  run,
  runId,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import {
  type TempDatabase,
  tempDatabase,
  writeDatabaseStore,
} from "../../../_support/database_store.ts";
import { exactRowsOf } from "../../../_support/owned_rows.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const long = { deletedTime: NOW - 90 * DAY };

/** A run and an experiment to purge, and a run to delete, in a database that was made at some moment. */
const madeAt = (creationTime: number): SnapshotInit => ({
  experiments: [
    experiment({
      ...{ id: "1", name: "churn", creationTime },
      runs: [
        deletedRun({ id: runId(1), ...long }),
        run({ id: runId(2), startTime: NOW - 101 * DAY, endTime: NOW - 100 * DAY }),
      ],
    }),
    experiment({
      ...{ id: "2", name: "old", creationTime: creationTime + 1 },
      ...{ lifecycleStage: "deleted", lastUpdateTime: NOW - 90 * DAY },
      runs: [deletedRun({ id: runId(3), ...long })],
    }),
    experiment({ id: "3", name: "next", creationTime: creationTime + 2 }),
  ],
});

const MADE = NOW - 200 * DAY;

const open = (path: string) => openStore(`sqlite:///${path}`, { now: () => NOW });

const stateOf = async ({ path, artifacts }: TempDatabase) => ({
  rows: exactRowsOf(path),
  tree: await readTree(artifacts),
});

/** Puts another database in its place, which has all the same ids and names. */
function replace({ path }: TempDatabase): void {
  Deno.renameSync(path, `${path}.away`);
  writeDatabaseStore(path, madeAt(MADE + DAY));
}

function putBack({ path }: TempDatabase): void {
  Deno.renameSync(`${path}.away`, path);
}

Deno.test("nothing comes back into a database that has taken the place of the one it was taken from", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  const before = await stateOf(database);
  {
    await using store = await open(database.path);
    assertEquals((await cleanup(store, { apply: true })).report?.complete, true);
  }
  replace(database);
  database.execute("DELETE FROM runs; DELETE FROM experiments WHERE experiment_id = 2");
  const other = await stateOf(database);
  {
    await using store = await open(database.path);
    for (const selection of [{}, { run: runId(1) }, { experiment: "2" }]) {
      const { collisions } = await assertRejects(
        () => restore(store, selection),
        RestoreCollisionError,
      );
      assertStringIncludes(collisions[0]!, "expected the one in which this was changed");
    }
    const [change] = (await listBackups(store)).backups;
    assertEquals(change?.kind === "change" && change.undoing, OF_OTHER);
    assertEquals(await stateOf(database), other);
  }
  putBack(database);
  await using store = await open(database.path);
  assertEquals((await restore(store)).changes, 3);
  const after = await stateOf(database);
  assertEquals(after.rows, before.rows);
  assertSameTree(after.tree, before.tree);
});

Deno.test("what was cut off in one database is not undone in another that has taken its place", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  const before = await stateOf(database);
  {
    await using store = await open(database.path);
    const { report } = await cleanup(store, { apply: true });
    using log = openChangeLog(database.path);
    log.reopen(report!.backup!.id);
  }
  replace(database);
  const other = await stateOf(database);
  {
    await using store = await open(database.path);
    for (const task of [recover, restore, () => cleanup(store, { apply: true })]) {
      await assertRejects(() => task(store), UnsupportedStoreError, "put that one back, or move");
    }
    assertEquals(await stateOf(database), other);
  }
  putBack(database);
  await using store = await open(database.path);
  assertEquals((await recover(store)).settled.map(({ collisions }) => collisions), [[]]);
  assertEquals((await stateOf(database)).rows, before.rows);
});

Deno.test("a run does not come back into an experiment that has got the id of its own", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  await using store = await open(database.path);
  await cleanup(store, { apply: true });
  database.execute("UPDATE experiments SET creation_time = 7 WHERE experiment_id = 1");
  const other = await stateOf(database);
  const { collisions } = await assertRejects(
    () => restore(store, { run: runId(1) }),
    RestoreCollisionError,
  );
  assertEquals(collisions, [
    `run ${runId(1)}: expected its experiment 1, found another one that has got its id since`,
  ]);
  assertEquals(await stateOf(database), other);
});

Deno.test("what was taken from a database comes back wherever that is moved with its directory", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  const before = await stateOf(database);
  {
    await using store = await open(database.path);
    await cleanup(store, { apply: true });
  }
  const path = join(database.directory, "elsewhere/tracking.db");
  Deno.mkdirSync(join(path, ".."));
  Deno.renameSync(database.path, path);
  Deno.renameSync(statePaths(database.path).directory, statePaths(path).directory);
  await using store = await open(path);
  assertEquals((await restore(store)).changes, 3);
  assertEquals(exactRowsOf(path), before.rows);
  assertSameTree(await readTree(database.artifacts), before.tree);
});

Deno.test("a database is known by what has been made in it since, too", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  await using store = await open(database.path);
  await cleanup(store, { apply: true });
  const [purge] = (await listBackups(store)).backups;
  const id = purge!.id;
  database.execute(
    `INSERT INTO experiments SELECT 4, 'later', artifact_location || '/../4', 'active', 7, 7,
    workspace FROM experiments WHERE experiment_id = 3;
    UPDATE experiments SET artifact_location = '${database.artifacts}/4' WHERE experiment_id = 4;
    INSERT INTO runs SELECT '${
      runId(9)
    }', name, source_type, source_name, entry_point_name, user_id, status,
      start_time, end_time, source_version, 'active', artifact_uri, 4, NULL FROM runs LIMIT 1`,
  );
  assertEquals((await cleanup(store, { apply: true })).report?.totals.applied, 1);
  database.execute("DELETE FROM runs; DELETE FROM experiments WHERE experiment_id <> 4");
  assertEquals((await restore(store, { id, experiment: "2" })).changes, 1);
});

Deno.test("a database that is replaced after it was planned, or locked, is not changed", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  await using store = await open(database.path);
  const { plan } = await cleanup(store);
  const before = await stateOf(database);
  {
    await using locked = await lockStore(store, { task: "cleanup" });
    await using change = await locked.begin({
      ...{ task: "cleanup", actions: plan.actions, now: NOW, keepBackup: true },
    });
    replace(database);
    const outcomes = await Array.fromAsync(change.performAll());
    assertEquals(outcomes.length, plan.actions.length);
    for (const one of outcomes) {
      assertStringIncludes(one.outcome === "failed" ? one.message : "", "another file has taken");
    }
    await assertRejects(() => applyPlan(locked, plan), Error, "another file has taken");
  }
  assertEquals(exactRowsOf(`${database.path}.away`), before.rows);
  database.execute("DELETE FROM runs");
  const other = exactRowsOf(database.path);
  await using locked = await lockStore(store, { task: "cleanup" });
  await assertRejects(() => applyPlan(locked, plan), Error, "plan again");
  assertEquals(exactRowsOf(database.path), other);
});

/** Writes into the log, as who may write there. */
function forge({ path }: TempDatabase, sql: string, ...values: readonly string[]): void {
  using log = new DatabaseSync(statePaths(path).changes);
  log.prepare(sql).run(...values);
}

Deno.test("a log that names a directory which no row names moves nothing into it, nor out of it", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  await using outer = await tempDatabase();
  const outside = join(outer.directory, "outside");
  const before = await stateOf(database);
  let id = "";
  {
    await using store = await open(database.path);
    ({ id } = (await cleanup(store, { apply: true })).report!.backup!);
  }
  const leaving = join(outside, `1/.mltidy-${id}-${runId(1)}.trash/file`);
  for (const path of [join(outside, `1/${runId(9)}/artifacts/model`), leaving]) {
    Deno.mkdirSync(join(path, ".."), { recursive: true });
    Deno.writeTextFileSync(path, "not ours");
  }
  const strange = await readTree(outside);
  const taken = await stateOf(database);
  const forged = (root: string) =>
    forge(database, "UPDATE subjects SET trees = REPLACE(trees, ?, ?)", ...[
      ...root === outside ? [database.artifacts, outside] : [outside, root],
    ]);
  forged(outside);
  const expected = `${outside}: expected a directory in which an experiment of this database`;
  await using store = await open(database.path);
  const { collisions } = await assertRejects(() => restore(store), RestoreCollisionError);
  assertStringIncludes(collisions.join("\n"), expected);
  for (const sql of ["subjects SET is_going_back = 1", "changes SET is_done = 0"]) {
    forge(database, `UPDATE ${sql}`);
    const [settled] = (await recover(store)).settled;
    assertStringIncludes(settled!.collisions.join("\n"), expected);
    // The run that was only deleted is restored with the change.
    assertEquals((await stateOf(database)).tree, taken.tree);
    assertSameTree(await readTree(outside), strange);
  }
  forged(database.artifacts);
  await restore(store);
  assertEquals((await stateOf(database)).rows, before.rows);
  assertSameTree((await stateOf(database)).tree, before.tree);
});

Deno.test("a log whose ids of changes lead elsewhere is refused", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  await using store = await open(database.path);
  await cleanup(store, { apply: true });
  const kept = await readTree(database.directory);
  for (const id of ["../..", "..", "", "/etc", `../${basename(database.path)}`]) {
    {
      using log = new DatabaseSync(statePaths(database.path).changes, {
        enableForeignKeyConstraints: false,
      });
      for (const [table, column] of [["changes", "id"], ["subjects", "change"]]) {
        log.prepare(`UPDATE ${table} SET ${column} = ?`).run(id);
      }
      log.prepare("UPDATE changes SET is_done = 2").run();
    }
    await assertRejects(() => recover(store), DamagedBackupError, "expected the ids of changes");
    assertEquals([...(await readTree(database.directory)).keys()], [...kept.keys()]);
  }
});

Deno.test("the artifacts of the last experiment that names their directory stay", async () => {
  await using database = await tempDatabase(madeAt(MADE), { artifacts: true });
  database.execute(
    "UPDATE experiments SET artifact_location = 's3://bucket/' || experiment_id WHERE experiment_id <> 2",
  );
  await using store = await open(database.path);
  const { report } = await cleanup(store, { apply: true });
  const purged = report!.outcomes.find(({ kind }) => kind === "purge-experiment");
  assertStringIncludes(
    purged?.outcome === "applied" ? purged.stays ?? "" : "",
    `no experiment that stays has its artifacts in ${database.artifacts}`,
  );
  assert(infoOf(join(database.artifacts, "2", runId(3)))?.isDirectory);
});
