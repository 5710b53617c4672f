import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { RestoreCollisionError } from "../../../../lib/errors.ts";
import { expireBackups } from "../../../../tasks/backups/expire_backups.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { openChangeLog } from "../../../../tasks/_database/log/change_log.ts";
import { infoOf } from "../../../../tasks/_io/read.ts";
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
import { relocateRows, type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { exactRowsOf } from "../../../_support/owned_rows.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const long = { deletedTime: NOW - 90 * DAY };
const MODEL = `m-${runId(1)}`;

const STORE: SnapshotInit = {
  experiments: [
    experiment({
      ...{ id: "1", name: "churn" },
      runs: [
        deletedRun({ id: runId(1), ...long }),
        run({ id: runId(3), startTime: NOW - DAY, endTime: NOW - DAY }),
      ],
      loggedModels: [
        loggedModel({ id: MODEL, lifecycleStage: "deleted", lastUpdatedTime: NOW - 90 * DAY }),
      ],
    }),
    experiment({
      ...{ id: "2", name: "old", lifecycleStage: "deleted", lastUpdateTime: NOW - 90 * DAY },
      runs: [deletedRun({ id: runId(4), ...long })],
    }),
    experiment({ id: "3", name: "next" }),
  ],
};

/** What `mlflow server` without options writes. */
async function served(): Promise<TempDatabase & { readonly root: string }> {
  const database = await tempDatabase(STORE, { artifacts: true });
  const root = join(database.directory, "mlartifacts");
  Deno.renameSync(database.artifacts, root);
  writeFiles(root, { [`1/models/${MODEL}/artifacts/MLmodel`]: "flavors" });
  relocateRows(database.path, database.artifacts, "mlflow-artifacts:");
  return { ...database, root };
}

const open = ({ uri }: TempDatabase, artifactsDestination?: string) =>
  openStore(uri, { now: () => NOW, artifactsDestination });

Deno.test("what a server serves from beside its database is measured, goes with its rows, and comes back", async () => {
  await using database = await served();
  const { root, path } = database;
  writeFiles(root, { [`1/${runId(8)}/artifacts/lost.txt`]: "of no row" });
  for (const file of ["artifacts/lost.txt", "artifacts", ""]) {
    Deno.utimeSync(join(root, "1", runId(8), file), (NOW - DAY) / 1_000, (NOW - DAY) / 1_000);
  }
  const before = { rows: exactRowsOf(path), tree: await readTree(root) };
  await using store = await open(database);
  const { experiments, backend } = await store.read({ depth: "tags", sizes: true });
  assertEquals(backend?.artifactRoot, root);
  const sizes = experiments.flatMap(({ runs }) => runs).map(({ usage }) => usage?.files);
  assertEquals(sizes.every((files) => files! > 0), true);
  const { plan, report } = await cleanup(store, { apply: true });
  assertEquals(plan.actions.map(({ kind }) => kind).toSorted(), [
    ...["purge-experiment", "purge-logged-model", "purge-run", "quarantine-orphan"],
  ]);
  assertEquals(report?.complete, true);
  for (const outcome of report!.outcomes) assertEquals("stays" in outcome, false);
  const left = [...await readTree(root)].filter(([, { kind }]) => kind === "file");
  assertEquals(left.map(([file]) => file), [`1/${runId(3)}/artifacts/report.txt`]);
  // Now nothing proves the directory any more, but that it lies beside the database.
  Deno.renameSync(join(root, "1", runId(3)), join(database.directory, "away"));
  const { id } = report!.backup!;
  {
    using log = openChangeLog(path);
    log.reopen(id);
  }
  assertEquals((await recover(store)).settled.map(({ collisions }) => collisions), [[]]);
  Deno.renameSync(join(database.directory, "away"), join(root, "1", runId(3)));
  assertEquals(exactRowsOf(path), before.rows);
  assertEquals([...(await readTree(root)).keys()], [...before.tree.keys()]);
  await cleanup(store, { apply: true });
  await restore(store);
  assertEquals(exactRowsOf(path), before.rows);
  assertEquals([...(await readTree(root)).keys()], [...before.tree.keys()]);
});

Deno.test("a directory beside a database in which no run of it lies is none of its server's, and stays", async () => {
  await using database = await served();
  const { root, path } = database;
  for (const [experiment, number] of [["1", 1], ["1", 3], ["2", 4]] as const) {
    const other = join(root, experiment, runId(number + 20));
    Deno.renameSync(join(root, experiment, runId(number)), other);
  }
  const tree = await readTree(root);
  await using store = await open(database);
  const { plan, report } = await cleanup(store, { apply: true });
  assertEquals(plan.actions.map(({ kind }) => kind).toSorted(), [
    ...["purge-experiment", "purge-logged-model", "purge-run"],
  ]);
  for (const outcome of report!.outcomes) {
    assert("stays" in outcome);
    assertStringIncludes(outcome.stays!, "its artifacts stay in mlflow-artifacts:/");
  }
  assertSameTree(await readTree(root), tree);
  assertEquals(infoOf(path)?.isFile, true);
});

Deno.test("a directory that a server was told is taken for its own, and found again by who is not told", async () => {
  await using database = await served();
  const { path, directory } = database;
  const root = join(directory, "elsewhere", "served");
  Deno.mkdirSync(join(directory, "elsewhere"));
  Deno.renameSync(database.root, root);
  const before = { rows: exactRowsOf(path), tree: [...(await readTree(root)).keys()] };
  await using untold = await open(database);
  await using store = await open(database, `file://${root}/`);
  assertEquals((await store.read({ depth: "tags" })).backend?.artifactRoot, root);
  assertEquals((await untold.read({ depth: "tags" })).backend?.artifactRoot, null);
  const clean = async () => (await cleanup(store, { apply: true })).report!;
  const { outcomes, complete, backup } = await clean();
  assertEquals([complete, outcomes.some((outcome) => "stays" in outcome)], [true, false]);
  assertEquals(
    [...await readTree(root)].flatMap(([file, { kind }]) => kind === "file" ? [file] : []),
    [`1/${runId(3)}/artifacts/report.txt`],
  );
  // What is found again is not the word of the log, but a run of this database that lies there.
  const away = join(directory, "away");
  Deno.renameSync(join(root, "1", runId(3)), away);
  const { collisions } = await assertRejects(() => restore(untold), RestoreCollisionError);
  assertStringIncludes(collisions.join("\n"), `set MLFLOW_ARTIFACTS_DESTINATION=${root}`);
  Deno.renameSync(away, join(root, "1", runId(3)));
  {
    using log = openChangeLog(path);
    log.reopen(backup!.id);
  }
  assertEquals((await recover(untold)).settled.map(({ collisions }) => collisions), [[]]);
  assertEquals(exactRowsOf(path), before.rows);
  assertEquals([...(await readTree(root)).keys()], before.tree);
});

Deno.test("a log that somebody forged leads to no place in which no run of its database lies", async () => {
  await using database = await served();
  const { path, root, directory } = database;
  await using store = await open(database);
  const { report } = await cleanup(store, { apply: true });
  const other = join(directory, "other");
  writeFiles(other, { [`1/${runId(9)}/artifacts/precious`]: "" });
  {
    using log = new DatabaseSync(`${path}.mltidy/changes.db`);
    log.prepare("UPDATE subjects SET trees = REPLACE(trees, ?, ?)").run(root, other);
  }
  const tree = await readTree(other);
  await assertRejects(() => restore(store), RestoreCollisionError);
  await expireBackups(store, { which: { id: report!.backup!.id } });
  assertSameTree(await readTree(other), tree);
});

Deno.test("what a server serves is followed no further than its directory", async () => {
  await using database = await served();
  const { root } = database;
  const outside = join(database.directory, runId(1), "artifacts");
  writeFiles(outside, { "precious": "" });
  database.execute(
    `UPDATE runs SET artifact_uri = 'mlflow-artifacts:/../${runId(1)}/artifacts'
      WHERE run_uuid = '${runId(1)}'`,
  );
  await using store = await open(database);
  const { report } = await cleanup(store, { apply: true });
  const purged = report!.outcomes.find(({ kind }) => kind === "purge-run");
  assertStringIncludes(
    purged?.outcome === "applied" ? purged.stays ?? "" : "",
    `its artifacts stay in mlflow-artifacts:/../${runId(1)}`,
  );
  assertEquals(infoOf(join(outside, "precious"))?.isFile, true);
  assertEquals(infoOf(join(root, "1", runId(1)))?.isDirectory, true);
});
