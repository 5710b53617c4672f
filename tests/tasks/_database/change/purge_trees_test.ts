import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { DamagedBackupError, RestoreCollisionError } from "../../../../lib/errors.ts";
import { listBackups } from "../../../../tasks/backups/list_backups.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { lockStore } from "../../../../tasks/ports/lock_store.ts";
import { openChangeLog } from "../../../../tasks/_database/log/change_log.ts";
import { statePaths } from "../../../../tasks/_database/log/state_directory.ts";
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
import { memoryDirectory, tempDirectory } from "../../../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const long = { deletedTime: NOW - 90 * DAY };
const MODEL = `m-${runId(1)}`;

const STORE: SnapshotInit = {
  experiments: [
    experiment({
      id: "1",
      name: "churn",
      runs: [
        deletedRun({ id: runId(1), ...long }),
        deletedRun({ id: runId(2), ...long }),
        run({ id: runId(3), startTime: NOW - DAY, endTime: NOW - DAY }),
      ],
      loggedModels: [
        loggedModel({ id: MODEL, lifecycleStage: "deleted", lastUpdatedTime: NOW - 90 * DAY }),
      ],
    }),
    experiment({
      id: "2",
      name: "old",
      lifecycleStage: "deleted",
      lastUpdateTime: NOW - 90 * DAY,
      runs: [deletedRun({ id: runId(4), ...long })],
    }),
    experiment({ id: "3", name: "next" }),
  ],
};

const open = ({ uri }: TempDatabase) => openStore(uri, { now: () => NOW });

async function filled(): Promise<TempDatabase> {
  const database = await tempDatabase(STORE, { artifacts: true });
  writeFiles(database.artifacts, {
    [`1/models/${MODEL}/artifacts/MLmodel`]: "flavors",
    "2/traces/tr-1/artifacts/traces.json": "{}",
  });
  return database;
}

/** The same, with its artifacts on another file system, where the system has one. */
async function moved(): Promise<TempDatabase & { readonly elsewhere: string }> {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await filled());
  const onDisk = Deno.statSync(database.path).dev === Deno.statSync("/tmp").dev;
  const { path: elsewhere } = stack.use(await (onDisk ? memoryDirectory() : tempDirectory()));
  await new Deno.Command("cp", { args: ["-a", database.artifacts, elsewhere] }).output();
  Deno.removeSync(database.artifacts, { recursive: true });
  relocateRows(database.path, database.directory, elsewhere);
  return {
    ...database,
    artifacts: join(elsewhere, "mlruns"),
    elsewhere,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

for (const [disks, make] of [["one disk", filled], ["two disks", moved]] as const) {
  Deno.test(`artifacts go with what is purged and come back with it, with ${disks}`, async () => {
    await using database = await make();
    await using store = await open(database);
    const [rows, tree] = [exactRowsOf(database.path), await readTree(database.artifacts)];
    const { plan, report } = await cleanup(store, { apply: true });
    assertEquals(report?.complete, true);
    assertEquals(report?.totals.usage, plan.totals.usage);
    assert(report!.totals.usage.files >= 5);
    assertEquals([...(await readTree(database.artifacts)).keys()], [
      "1",
      `1/${runId(3)}`,
      `1/${runId(3)}/artifacts`,
      `1/${runId(3)}/artifacts/report.txt`,
      "1/models",
    ]);
    const [backup] = (await listBackups(store)).backups;
    assert(backup?.kind === "change" && backup.files === report!.totals.usage.files);
    await restore(store, { run: runId(2) });
    assert(infoOf(join(database.artifacts, "1", runId(2), "artifacts/report.txt"))?.isFile);
    await restore(store);
    assertEquals(exactRowsOf(database.path), rows);
    assertSameTree(await readTree(database.artifacts), tree);
    assertEquals([...Deno.readDirSync(statePaths(database.path).trees)], []);
  });

  Deno.test(`artifacts are freed with what is purged without a backup, with ${disks}`, async () => {
    await using database = await make();
    await using store = await open(database);
    const { report } = await cleanup(store, { apply: true, backup: false });
    assertEquals([report?.complete, report?.backup], [true, null]);
    assertEquals(Deno.readDirSync(database.artifacts).toArray().map(({ name }) => name), ["1"]);
    const { trees, staging } = statePaths(database.path);
    const left = [trees, staging].filter((path) => infoOf(path) !== null)
      .flatMap((path) => [...Deno.readDirSync(path)]);
    assertEquals(left, []);
  });

  Deno.test(`a change that is given up brings artifacts back before rows, with ${disks}`, async () => {
    await using database = await make();
    await using store = await open(database);
    const [rows, tree] = [exactRowsOf(database.path), await readTree(database.artifacts)];
    for (const backup of [true, false]) {
      const giveUp = (label: string) => {
        if (label === "Applying") throw new Error("enough");
      };
      const options = { apply: true, backup, onProgress: giveUp };
      await assertRejects(() => cleanup(store, options), Error, "enough");
      assertEquals(exactRowsOf(database.path), rows);
      assertSameTree(await readTree(database.artifacts), tree);
    }
  });
}

Deno.test("artifacts stay that another row names, or that do not lie as MLflow makes them, and that is said", async () => {
  await using database = await filled();
  const place = `${database.artifacts}/1/${runId(1)}`;
  database.execute(`
    UPDATE experiments SET artifact_location = '${place}/nested' WHERE experiment_id = 3;
    UPDATE runs SET artifact_uri = 's3://bucket/1/${runId(2)}/artifacts' WHERE run_uuid = '${
    runId(2)
  }';`);
  await using store = await open(database);
  const { report } = await cleanup(store, { apply: true });
  const stays = report?.outcomes.flatMap((one) =>
    one.outcome === "applied" && one.stays !== undefined ? [one.stays] : []
  );
  assertEquals(stays, [
    `its artifacts stay in ${place}: experiment 3 has files there`,
    `its artifacts stay in s3://bucket/1/${
      runId(2)
    }/artifacts: expected them below ${database.artifacts}, as MLflow makes them`,
  ]);
  assertEquals(report?.complete, true);
  assert(infoOf(`${place}/artifacts/report.txt`)?.isFile);
});

Deno.test("a copy of a database leaves the artifacts of the original that it names", async () => {
  await using original = await filled();
  await using elsewhere = await tempDirectory();
  const tree = await readTree(original.artifacts);
  const clean = async (path: string) => {
    await using store = await openStore(path, { now: () => NOW });
    const { report } = await cleanup(store, { apply: true });
    assertEquals(report?.complete, true);
    assertSameTree(await readTree(original.artifacts), tree);
    return report!.outcomes.flatMap((one) =>
      one.outcome === "applied" && one.path === `1/${runId(1)}` ? [one.stays] : []
    );
  };
  const place = `${original.artifacts}/1/${runId(1)}`;
  const alone = join(elsewhere.path, "alone.db");
  Deno.copyFileSync(original.path, alone);
  assertEquals(await clean(alone), [
    `its artifacts stay in ${place}: run ${runId(1)} of database ${original.path} has files there`,
  ]);
  const whole = join(elsewhere.path, "mlflow.db");
  Deno.copyFileSync(original.path, whole);
  Deno.removeSync(original.path);
  await new Deno.Command("cp", { args: ["-a", original.artifacts, elsewhere.path] }).output();
  const copy = join(elsewhere.path, "mlruns", "1", runId(1));
  assertEquals(await clean(whole), [
    `its artifacts stay in ${place}: ${copy} is there as well, so that this may be the copy of another database`,
  ]);
});

Deno.test("artifacts stay in which another database may have some, or a store of files", async () => {
  for (const kind of ["a link", "a container's path", "a store of files", "not seen"]) {
    await using database = await filled();
    const theirs = join(database.artifacts, "2", runId(9));
    writeFiles(database.artifacts, { [`2/${runId(9)}/artifacts/model.txt`]: "theirs" });
    const other = join(dirname(database.path), "other.db");
    if (kind === "a store of files") {
      Deno.writeTextFileSync(join(theirs, "meta.yaml"), "run_id: theirs\n");
    } else if (kind !== "not seen") {
      const link = join(dirname(database.path), "link");
      if (kind === "a link") Deno.symlinkSync(database.artifacts, link);
      Deno.copyFileSync(database.path, other);
      using rows = new DatabaseSync(other);
      rows.exec("DELETE FROM logged_models");
      rows.exec(`DELETE FROM runs WHERE run_uuid <> '${runId(4)}'`);
      rows.exec("UPDATE experiments SET artifact_location = 's3://bucket/' || experiment_id");
      rows.prepare("UPDATE runs SET run_uuid = ?, artifact_uri = ?").run(
        runId(9),
        `${kind === "a link" ? link : "/not/here"}/2/${runId(9)}/artifacts`,
      );
    }
    const tree = await readTree(join(database.artifacts, "2"));
    await using store = await open(database);
    const { report } = await cleanup(store, { apply: true });
    const stays = report!.outcomes.flatMap((one) =>
      one.outcome === "applied" && one.path === "2" ? [one.stays] : []
    );
    const because = kind === "a store of files"
      ? `${join(theirs, "meta.yaml")} is of a store of files`
      : kind === "not seen"
      ? `no row names ${theirs}, so that it may be of another database`
      : `run ${runId(9)} of database ${other} has files there`;
    const place = join(database.artifacts, "2");
    assertEquals(stays, [`its artifacts stay in ${place}: ${because}`], kind);
    assertSameTree(await readTree(place), tree);
  }
});

Deno.test("nothing is restored whose artifacts would replace others", async () => {
  await using database = await filled();
  await using store = await open(database);
  const { report } = await cleanup(store, { apply: true });
  writeFiles(database.artifacts, { [`1/${runId(1)}/artifacts/late`]: "logged since" });
  const rows = exactRowsOf(database.path);
  const { collisions } = await assertRejects(() => restore(store), RestoreCollisionError);
  const kept = `${statePaths(database.path).trees}/${report!.backup!.id}/1/${runId(1)}`;
  assertEquals(collisions, [
    `${database.artifacts}/1/${runId(1)} exists again, and ${kept} would replace it`,
  ]);
  assertEquals(exactRowsOf(database.path), rows);
});

/** Long ago: what has just changed may be in the making. */
function age(directory: string): void {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    if (isDirectory) age(join(directory, name));
    else Deno.utimeSync(join(directory, name), new Date(NOW - DAY), new Date(NOW - DAY));
  }
  Deno.utimeSync(directory, new Date(NOW - DAY), new Date(NOW - DAY));
}

/** With a tree of a run and one of an experiment that no row names. */
async function withOrphans(): Promise<TempDatabase> {
  const database = await filled();
  writeFiles(database.artifacts, {
    [`1/${runId(8)}/artifacts/model.bin`]: "weights",
    [`7/${runId(9)}/artifacts/model.bin`]: "weights",
  });
  age(database.artifacts);
  return database;
}

Deno.test("artifacts that no row names are set aside, and come back by themselves or with all", async () => {
  await using database = await withOrphans();
  await using store = await open(database);
  const tree = await readTree(database.artifacts);
  const { plan, report } = await cleanup(store, { apply: true });
  const orphans = report!.outcomes.filter(({ kind }) => kind === "quarantine-orphan");
  assertEquals(orphans.map(({ path, outcome }) => [path, outcome]), [
    [`1/${runId(8)}`, "applied"],
    ["7", "applied"],
  ]);
  assertEquals(report!.totals.usage, plan.totals.usage);
  assertEquals((await cleanup(store)).plan.actions, []);
  await restore(store, { experiment: "7" });
  assert(infoOf(join(database.artifacts, "7", runId(9), "artifacts/model.bin"))?.isFile);
  await restore(store);
  assertSameTree(await readTree(database.artifacts), tree);
});

Deno.test("artifacts stay that a row names by now, or that have changed since they were looked at", async () => {
  await using database = await withOrphans();
  await using store = await open(database);
  const { plan: { actions } } = await cleanup(store);
  const orphans = actions.filter(({ kind }) => kind === "quarantine-orphan");
  database.execute(
    `UPDATE experiments SET artifact_location = '${database.artifacts}/7/x' WHERE experiment_id = 3`,
  );
  writeFiles(database.artifacts, { [`1/${runId(8)}/artifacts/late`]: "more" });
  const tree = await readTree(database.artifacts);
  await using locked = await lockStore(store, { task: "cleanup" });
  await using change = await locked.begin({
    ...{ task: "cleanup", actions: orphans, now: NOW, keepBackup: true },
  });
  const outcomes = await Array.fromAsync(change.performAll());
  assertEquals(
    outcomes.map((one) => one.outcome === "skipped" ? one.because : one.outcome),
    ["changed-since-plan", "changed-since-plan"],
  );
  assertEquals(await change.finish(), null);
  assertSameTree(await readTree(database.artifacts), tree);
});

Deno.test("copies that were made before rows were to go are freed by the next task, and so is what was leaving", async () => {
  await using database = await filled();
  await using store = await open(database);
  const { trees } = statePaths(database.path);
  const { report } = await cleanup(store, { apply: true });
  const left = report!.backup!.id;
  let cut = "";
  {
    using log = openChangeLog(database.path);
    cut = log.begin("cleanup", NOW, []).id;
    log.leave(left);
  }
  writeFiles(trees, { [`${cut}/1/${runId(3)}/artifacts/report.txt`]: "a copy" });
  const tree = await readTree(database.artifacts);
  assertEquals(await store.changes!.interrupted(), [cut]);
  assertEquals((await recover(store)).settled.map(({ id }) => id), [cut]);
  assertEquals([...Deno.readDirSync(trees)], []);
  assertEquals((await listBackups(store)).backups, []);
  assertSameTree(await readTree(database.artifacts), tree);
});

Deno.test("a log that names other trees than MLflow makes moves nothing", async () => {
  await using database = await filled();
  await using store = await open(database);
  await cleanup(store, { apply: true });
  const tree = await readTree(database.directory, { except: ["mlflow.db.mltidy"] });
  const [root, own] = [database.artifacts, `1/${runId(1)}`];
  const forged = [
    { root, path: `1/${runId(2)}` },
    { root, path: "1/artifacts" },
    { root, path: `1/../${runId(1)}` },
    { root: `${root}/../mlruns`, path: own },
    { root: "mlruns", path: own },
    { root },
    own,
  ];
  const { changes } = statePaths(database.path);
  for (const one of forged) {
    {
      using log = new DatabaseSync(changes);
      log.prepare("UPDATE subjects SET trees = ? WHERE id = ?")
        .run(JSON.stringify([one]), runId(1));
    }
    await assertRejects(() => restore(store), DamagedBackupError, "expected a run");
    assertSameTree(await readTree(database.directory, { except: ["mlflow.db.mltidy"] }), tree);
  }
});

Deno.test("a run whose name is no text is purged, and comes back as it was", async () => {
  await using database = await filled();
  {
    using rows = new DatabaseSync(database.path);
    rows.exec(`UPDATE runs SET name = x'ff01' WHERE run_uuid = '${runId(1)}'`);
  }
  const before = exactRowsOf(database.path);
  await using store = await open(database);
  const { report } = await cleanup(store, { apply: true });
  assertEquals(report?.complete, true);
  await restore(store);
  assertEquals(exactRowsOf(database.path), before);
});
