import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { RestoreCollisionError } from "../../../../lib/errors.ts";
import { openChangeLog } from "../../../../tasks/_database/log/change_log.ts";
import { partsWith } from "../../../../tasks/_database/log/part_subject.ts";
import { statePaths } from "../../../../tasks/_database/log/state_directory.ts";
import { listBackups } from "../../../../tasks/backups/list_backups.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  NOW,
  runId,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import { type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { exactRowsOf, fillOwnedTables } from "../../../_support/owned_rows.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const long = { deletedTime: NOW - 90 * DAY };
const [OF_FIRST, OF_NONE] = [`m-${runId(11)}`, `m-${runId(12)}`];

const STORE: SnapshotInit = {
  experiments: [
    experiment({
      ...{ id: "2", name: "old", lifecycleStage: "deleted", lastUpdateTime: NOW - 90 * DAY },
      runs: [1, 2, 3].map((number) => deletedRun({ id: runId(number), ...long })),
      loggedModels: [
        loggedModel({ id: OF_FIRST, experimentId: "2", sourceRunId: runId(1) }),
        loggedModel({ id: OF_NONE, experimentId: "2", sourceRunId: null }),
      ],
    }),
    experiment({ id: "3", name: "next" }),
  ],
};

/** With everything that belongs to an experiment and what is in it. */
async function filled(): Promise<TempDatabase> {
  const database = await tempDatabase(STORE, { artifacts: true });
  fillOwnedTables(database.path, [
    ...[1, 2, 3].map((number) => ({ owner: "run", id: runId(number), experiment: "2" }) as const),
    ...[OF_FIRST, OF_NONE].map((id) => ({ owner: "logged-model", id, experiment: "2" }) as const),
    { owner: "trace", id: `tr-${runId(9)}`, experiment: "2" },
    { owner: "experiment", id: "2", experiment: "2" },
  ]);
  writeFiles(database.artifacts, {
    [`2/models/${OF_FIRST}/artifacts/MLmodel`]: "flavors",
    [`2/models/${OF_NONE}/artifacts/MLmodel`]: "flavors",
    [`2/traces/tr-${runId(9)}/artifacts/traces.json`]: "{}",
  });
  return database;
}

const open = ({ uri }: TempDatabase) => openStore(uri, { now: () => NOW });

const stateOf = async ({ path, artifacts }: TempDatabase) => ({
  rows: exactRowsOf(path),
  tree: await readTree(artifacts),
});

/** The ids of rows in the tables of what has artifacts. */
const idsIn = (rows: Readonly<Record<string, readonly string[]>>) =>
  ["experiments", "runs", "logged_models", "trace_info"].map((table) => rows[table]!.length);

Deno.test("a run comes back alone out of an experiment that was purged as a whole, with its models, and the rest later", async () => {
  await using database = await filled();
  await using store = await open(database);
  const before = await stateOf(database);
  assertEquals(idsIn(before.rows), [2, 3, 2, 1]);
  const { plan } = await cleanup(store, { apply: true });
  assertEquals(plan.actions.map(({ kind }) => kind), ["purge-experiment"]);
  const preview = await restore(store, { run: runId(1), dryRun: true });
  assertEquals([preview.changes, preview.collisions], [3, []]);
  assertEquals((await restore(store, { run: runId(1) })).changes, 3);
  const first = await stateOf(database);
  assertEquals(idsIn(first.rows), [2, 1, 1, 0]);
  assertEquals(first.rows["experiment_tags"], before.rows["experiment_tags"]);
  const files = [...first.tree].filter(([, { kind }]) => kind === "file").map(([path]) => path);
  assertEquals(files, [
    `2/${runId(1)}/artifacts/report.txt`,
    `2/models/${OF_FIRST}/artifacts/MLmodel`,
  ]);
  assertEquals((await restore(store, { run: runId(2) })).changes, 1);
  assertEquals(idsIn(exactRowsOf(database.path)), [2, 2, 1, 0]);
  assertEquals((await listBackups(store)).backups.length, 1);
  assertEquals((await restore(store)).changes, 1);
  const after = await stateOf(database);
  assertEquals(after.rows, before.rows);
  assertSameTree(after.tree, before.tree);
  assertEquals((await listBackups(store)).backups, []);
  assertEquals([...Deno.readDirSync(statePaths(database.path).trees)], []);
});

Deno.test("a run that was purged before its experiment comes back with that", async () => {
  await using database = await filled();
  await using store = await open(database);
  const before = await stateOf(database);
  const { report } = await cleanup(store, { apply: true });
  const { id } = report!.backup!;
  {
    // As if it had been a thing of its own.
    using log = openChangeLog(database.path);
    log.takeOut(id, partsWith(log, log.subjectsOf(id), runId(1)).slice(0, 1));
  }
  assertEquals((await restore(store, { run: runId(1) })).changes, 2);
  assertEquals(idsIn(exactRowsOf(database.path)), [2, 1, 0, 0]);
  await restore(store);
  const after = await stateOf(database);
  assertEquals(after.rows, before.rows);
  assertSameTree(after.tree, before.tree);
});

Deno.test("what was cut off while a run was taken out of an experiment is settled, or comes back with all", async () => {
  for (const isMarked of [false, true]) {
    await using database = await filled();
    await using store = await open(database);
    const before = await stateOf(database);
    const { report } = await cleanup(store, { apply: true });
    const { id } = report!.backup!;
    {
      using log = openChangeLog(database.path);
      const made = log.takeOut(id, partsWith(log, log.subjectsOf(id), runId(1)));
      assertEquals(made.map(({ kind }) => kind), ["run", "logged-model", "experiment"]);
      if (isMarked) log.markGoingBack(made);
    }
    assertEquals((await recover(store)).settled.map(({ collisions }) => collisions), [
      ...isMarked ? [[]] : [],
    ]);
    assertEquals(idsIn(exactRowsOf(database.path)), isMarked ? [2, 1, 1, 0] : [1, 0, 0, 0]);
    await restore(store);
    const after = await stateOf(database);
    assertEquals(after.rows, before.rows);
    assertSameTree(after.tree, before.tree);
  }
});

Deno.test("a run does not come back alone where its experiment is another one, or its artifacts would replace others", async () => {
  await using database = await filled();
  await using store = await open(database);
  await cleanup(store, { apply: true });
  writeFiles(join(database.artifacts, "2", runId(1)), { "artifacts/other": "mine" });
  const refused = async (run: string, expected: string) => {
    const found = await stateOf(database);
    const { collisions } = await assertRejects(
      () => restore(store, { run }),
      RestoreCollisionError,
    );
    assertStringIncludes(collisions.join("\n"), expected);
    assertEquals(await stateOf(database), found);
  };
  await refused(runId(1), `2/${runId(1)} exists again`);
  await restore(store, { run: runId(2) });
  database.execute("DELETE FROM experiment_tags; DELETE FROM experiments WHERE experiment_id = 2");
  await refused(runId(3), "experiment 2: expected it, since it had come back before, found none");
  database.execute(
    "INSERT INTO experiments (experiment_id, name, lifecycle_stage, creation_time) VALUES (2, 'x', 'active', 7)",
  );
  await refused(runId(3), "experiment 2: expected none, found another experiment with that id");
});
