import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { renderCopy } from "../../../../lib/render/backups.ts";
import { renderRestore } from "../../../../lib/render/restore.ts";
import { InvalidArgumentError, UnsupportedStoreError } from "../../../../lib/errors.ts";
import { adviseRestore } from "../../../../tasks/backups/advise_restore.ts";
import { backup } from "../../../../tasks/backups/backup.ts";
import { expireBackups } from "../../../../tasks/backups/expire_backups.ts";
import { listBackups } from "../../../../tasks/backups/list_backups.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { verifyBackups } from "../../../../tasks/backups/verify_backups.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import type { Store } from "../../../../tasks/ports/store.ts";
import { DAY, experiment, NOW, run, runId, type SnapshotInit } from "../../../_support/builders.ts";
import { type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const old = { startTime: NOW - 101 * DAY, endTime: NOW - 100 * DAY };
const STORE: SnapshotInit = {
  experiments: [experiment({
    id: "1",
    runs: [run({ id: runId(1), ...old }), run({ id: runId(2), ...old })],
  })],
};

/** Each copy is of a later moment. */
async function make(): Promise<TempDatabase & { readonly store: Store }> {
  const database = await tempDatabase(STORE, { artifacts: true });
  for (const id of [runId(1), runId(2)]) {
    const time = new Date(old.endTime);
    Deno.utimeSync(join(database.artifacts, "1", id, "artifacts/report.txt"), time, time);
  }
  let now = NOW;
  return { ...database, store: await openStore(database.uri, { now: () => now += 60_000 }) };
}

/** What the database's own directory holds: what is copied of it. */
async function contents(directory: string): ReturnType<typeof readTree> {
  return await readTree(directory, { except: ["mlflow.db.mltidy"] });
}

Deno.test("backup() of a database copies it with its artifacts, and restore() gives both elsewhere", async () => {
  await using place = await make();
  const { store, directory, path, artifacts } = place;
  // Anybody's directory may be an artifact root.
  writeFiles(artifacts, { "notes.txt": "mine", "venv/bin/python": "" });
  const before = await contents(directory);
  const made = await backup(store);
  assertEquals([made.complete, made.totals.files, made.database], [true, 3, {
    file: "mlflow.db" as typeof made.changing[number],
    // An experiment, two runs, and the revision of the schema.
    rows: 4,
    artifacts,
    elsewhere: 0,
  }]);
  assertSameTree(await contents(directory), before);
  assertEquals((await verifyBackups(store)).sound, true);

  place.execute("DELETE FROM runs");
  Deno.removeSync(artifacts, { recursive: true });
  const isOfExperiment = (name: string) => /^mlruns\/\d/.test(name);
  const target = join(directory, "mlflow.db.old");
  const report = await restore(store, { id: made.id, to: target });
  assertEquals(report.faults, []);
  assertStringIncludes(renderRestore(report), `cp -a ${target}/mlflow.db ${path}\n`);
  await using copied = await openStore(join(target, "mlflow.db"));
  const { experiments } = await copied.read({ depth: "tags" });
  assertEquals(experiments.map(({ runs }) => runs.length), [2]);
  const there = await contents(target);
  assertEquals(
    [...there].filter(([name]) => name.startsWith("mlruns/")),
    [...before].filter(([name]) => isOfExperiment(name)),
  );
});

Deno.test("backup() of a database tells of how many runs it copies no artifacts", async () => {
  await using place = await make();
  const { store, artifacts } = place;
  place.execute(`UPDATE runs SET artifact_uri = 's3://bucket/1/${runId(1)}/artifacts'
    WHERE run_uuid = '${runId(1)}'`);
  place.execute(`UPDATE runs SET artifact_uri = '${artifacts}/mine/${runId(2)}/artifacts'
    WHERE run_uuid = '${runId(2)}'`);
  const { database, ...made } = await backup(store);
  assertEquals(database?.elsewhere, 2);
  const [, , , missing] = renderCopy({ ...made, database: database! }).split("\n");
  assertEquals(
    missing,
    "Not in it: the artifacts of 2 runs and logged models, which lie elsewhere.",
  );
  const { database: alone } = await backup(store, { scope: { kind: "metadata" } });
  assertEquals(alone?.artifacts, null);
});

Deno.test("restore() never brings the copy of a database back over what was written since", async () => {
  await using place = await make();
  const { store, directory } = place;
  const { id } = await backup(store);
  place.execute("UPDATE runs SET name = 'new'");
  const before = await contents(directory);
  for (const dryRun of [true, false]) {
    await assertRejects(
      () => restore(store, { id, dryRun }),
      UnsupportedStoreError,
      `\`deno task restore ${id} --to DIR --store ${place.uri}\` copies it to another place`,
    );
  }
  const listed = await listBackups(store);
  const { whole, apart, isPartly } = await adviseRestore(store, listed.backups);
  assertEquals([whole, apart, isPartly], [null, id, false]);
  // The newest change is another thing: there is none.
  assertEquals((await restore(store)).backup, null);
  assertSameTree(await contents(directory), before);
});

Deno.test("what cannot be copied of a database is refused, and nothing is made", async () => {
  await using place = await make();
  const { store, directory, artifacts } = place;
  const before = await readTree(directory);
  await assertRejects(
    () => backup(store, { scope: { kind: "run", id: runId(1) } }),
    UnsupportedStoreError,
    "is copied as a whole; leave out --run",
  );
  await assertRejects(
    () => backup(store, { backups: join(artifacts, "copies") }),
    InvalidArgumentError,
    `it lies in ${artifacts}, which belongs to store ${place.uri}`,
  );
  await assertRejects(
    () => cleanup(store, { apply: true, backups: join(directory, "elsewhere") }),
    UnsupportedStoreError,
    "what is changed in a database is kept beside it",
  );
  assertSameTree(await readTree(directory), before);
});

Deno.test("a copy of a database that was cut off is none, and the next one frees it", async () => {
  await using place = await make();
  const { store, path } = place;
  await backup(store);
  const half = join(`${path}.mltidy`, "staging/20261101T000000Z-backup");
  writeFiles(half, { "files/mlflow.db": "half", "entries.jsonl": "" });
  assertEquals((await listBackups(store)).backups.length, 1);
  await backup(store);
  assertEquals((await listBackups(store)).backups.map(({ kind }) => kind), ["copy", "copy"]);
  assertEquals([...Deno.readDirSync(join(`${path}.mltidy`, "staging"))], []);
});

Deno.test("copies of a database elsewhere share artifacts, are checked, and expire but for an only copy", async () => {
  await using place = await make();
  const { store, directory, artifacts } = place;
  const backups = join(directory, "elsewhere");
  const first = await backup(store, { backups });
  await cleanup(store, { apply: true });
  const second = await backup(store, { backups });
  assertEquals(second.totals.shared.files, 2);
  assertEquals((await listBackups(store)).backups.map(({ kind }) => kind), ["change"]);
  const listed = await listBackups(store, { backups });
  assertEquals(listed.backups.map(({ kind }) => kind), ["copy", "change", "copy"]);

  const copy = join(second.path, "files/mlflow.db");
  const bytes = Deno.readFileSync(copy);
  bytes[5_000]! ^= 1;
  Deno.writeFileSync(copy, bytes);
  const { checks } = await verifyBackups(store, { backups });
  assertEquals(checks.map(({ id, faults }) => [id, faults.map(({ path }) => path)]), [
    [second.id, ["mlflow.db"]],
    [first.id, []],
  ]);

  Deno.removeSync(join(artifacts, "1", runId(1)), { recursive: true });
  const third = await backup(store, { backups });
  const which = { olderThan: "0s", keepLast: 1 };
  const expired = await expireBackups(store, { which, backups });
  assertEquals(expired.removed, [first.id]);
  const why = expired.kept.map(({ id, reasons: [reason] }) => [id, reason.kind]);
  assert(why.some(([id, kind]) => id === third.id && kind === "among-the-newest"));
  assertEquals(why.find(([id]) => id === second.id), [second.id, "only-copy"]);
  await expireBackups(store, { which: { id: second.id }, backups });
  assertEquals((await verifyBackups(store, { backups })).checks.length, 1);
});
