// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * A database on a disk that has no room for the artifacts of what is purged, which lie on another one.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DiskFullError, errorMessage, firstThrown } from "../../lib/errors.ts";
import { backup } from "../../tasks/backups/backup.ts";
import { expireBackups } from "../../tasks/backups/expire_backups.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { prune } from "../../tasks/prune.ts";
import { DAY, deletedRun, experiment, NOW, run, runId } from "../_support/builders.ts";
import { relocateRows, writeDatabaseStore } from "../_support/database_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

/** Mounts a small disk, which goes when the scope ends; `null` where that cannot be. */
async function smallDisk(): Promise<{ readonly path: string } & AsyncDisposable | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return null;
  const { path, [Symbol.asyncDispose]: dispose } = await tempDirectory();
  const mount = ["-t", "tmpfs", "-o", "size=8m", "mltidy", path];
  const { success } = await new Deno.Command("mount", { args: mount, stderr: "null" }).output();
  if (!success) {
    await dispose();
    return null;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await new Deno.Command("umount", { args: [path] }).output();
      await dispose();
    },
  };
}

Deno.test("artifacts for which the database's disk has no room stay with their rows, and go without a backup", async () => {
  await using disk = await smallDisk();
  if (disk === null) return console.error("Skipping: mounting a small disk takes root on Linux");
  await using elsewhere = await tempDirectory();
  const [path, root] = [join(disk.path, "mlflow.db"), join(elsewhere.path, "mlruns")];
  const long = { deletedTime: NOW - 90 * DAY };
  const runs = [1, 2].map((number) => deletedRun({ id: runId(number), ...long }));
  writeDatabaseStore(path, { experiments: [experiment({ id: "1", runs })] });
  relocateRows(path, disk.path, elsewhere.path);
  for (const [number, size] of [[1, 16 << 20], [2, 4_096]] as const) {
    const artifacts = join(root, "1", runId(number), "artifacts");
    Deno.mkdirSync(artifacts, { recursive: true });
    Deno.writeFileSync(join(artifacts, "model.bin"), new Uint8Array(size).fill(7));
  }
  await using store = await openStore(path, { now: () => NOW });
  const [rows, tree] = [exactRowsOf(path), await readTree(root)];
  const { report } = await cleanup(store, { apply: true });
  assertEquals(
    report?.outcomes.map((one) => one.outcome === "failed" ? one.message : one.outcome),
    [
      `no space is left to keep its artifacts in ${path}.mltidy/trees; make room there, or do without a backup`,
      "applied",
    ],
  );
  assertEquals((await listBackups(store)).backups.map((one) => one.kind), ["change"]);
  await restore(store);
  assertEquals(exactRowsOf(path), rows);
  assertSameTree(await readTree(root), tree);
  assertEquals((await cleanup(store, { apply: true, backup: false })).report?.complete, true);
  assertEquals([...(await readTree(root)).keys()], ["1"]);
});

Deno.test("what goes for good goes on a disk without a free byte, artifacts first, be it the first change or not", async () => {
  await using disk = await smallDisk();
  if (disk === null) return console.error("Skipping: mounting a small disk takes root on Linux");
  const levels = [0, 1, 5, 20, 60, 200].map((left) => ["one change", left] as const);
  for (const [past, left] of [["none", 0], ...levels] as const) {
    const directory = join(disk.path, past);
    Deno.mkdirSync(directory);
    const path = join(directory, "mlflow.db");
    const long = { deletedTime: NOW - 90 * DAY };
    const runs = [1, 2, 3].map((number) => deletedRun({ id: runId(number), ...long }));
    const old = run({ id: runId(4), endTime: NOW - 90 * DAY });
    writeDatabaseStore(path, { experiments: [experiment({ id: "1", runs: [...runs, old] })] });
    const root = join(directory, "mlruns");
    for (const [number, size] of [[1, 300_000], [2, 1 << 20], [4, 4_096]] as const) {
      const artifacts = join(root, "1", runId(number), "artifacts");
      Deno.mkdirSync(artifacts, { recursive: true });
      Deno.writeFileSync(join(artifacts, "model.bin"), new Uint8Array(size).fill(7));
    }
    await using store = await openStore(path, { now: () => NOW });
    if (past !== "none") await prune(store, { apply: true });
    fill(join(disk.path, "full"), left);
    const { report } = await cleanup(store, { apply: true, backup: false, daysOld: 365 });
    assertEquals(
      report?.outcomes.map((one) => [
        one.outcome,
        one.outcome === "applied" ? one.usage.bytes >= 4_096 : null,
      ]),
      [["applied", true], ["applied", true], ["applied", false]],
    );
    assertEquals([...(await readTree(root)).keys()].filter((one) => one.includes("/")), [
      `1/${runId(4)}`,
      `1/${runId(4)}/artifacts`,
      `1/${runId(4)}/artifacts/model.bin`,
    ]);
    assertEquals((await cleanup(store, { daysOld: 365 })).plan.actions, []);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).toSorted(), [
      "mlflow.db",
      "mlflow.db.mltidy",
      "mlruns",
    ]);
    Deno.removeSync(join(disk.path, "full"));
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("a backup goes on a disk without a free byte where it holds artifacts, and so does a copy", async () => {
  await using disk = await smallDisk();
  if (disk === null) return console.error("Skipping: mounting a small disk takes root on Linux");
  const path = join(disk.path, "mlflow.db");
  const gone = deletedRun({ id: runId(1), deletedTime: NOW - 90 * DAY });
  const old = run({ id: runId(2), endTime: NOW - 90 * DAY });
  writeDatabaseStore(path, { experiments: [experiment({ id: "1", runs: [gone, old] })] }, {
    artifacts: true,
  });
  const model = join(disk.path, "mlruns", "1", runId(1), "artifacts/model.bin");
  Deno.writeFileSync(model, new Uint8Array(300_000).fill(7));
  await using store = await openStore(path, { now: () => NOW });
  const copy = await backup(store);
  const deletion = (await prune(store, { apply: true })).report!.backup!;
  const purge = (await cleanup(store, { apply: true })).report!.backup!;
  const full = join(disk.path, "full");
  fill(full);
  await assertRejects(
    () => expireBackups(store, { which: { id: deletion.id } }),
    DiskFullError,
    "no space is left on its disk, and nothing was lost; to make room, see which ",
  );
  for (const { id } of [purge, copy]) {
    assertEquals((await expireBackups(store, { which: { id } })).removed, [id]);
    Deno.removeSync(full);
    fill(full);
  }
  Deno.removeSync(full);
  assertEquals((await listBackups(store)).backups.map(({ id }) => id), [deletion.id]);
  assertEquals((await restore(store)).changes, 1);
});

/** Fills the disk up to some pages. */
function fill(path: string, left = 0): void {
  try {
    Deno.writeFileSync(path, new Uint8Array(64 << 20));
  } catch {
    // As much as there was room for.
  }
  Deno.truncateSync(path, Math.max(0, Deno.statSync(path).size - left * 4_096));
}

Deno.test("a disk without a free byte changes nothing of a database, and what makes room is named", async () => {
  await using disk = await smallDisk();
  if (disk === null) return console.error("Skipping: mounting a small disk takes root on Linux");
  const path = join(disk.path, "mlflow.db");
  const runs = [1, 2].map((number) => run({ id: runId(number), endTime: NOW - 90 * DAY }));
  writeDatabaseStore(path, { experiments: [experiment({ id: "1", runs })] });
  await using store = await openStore(path, { now: () => NOW });
  const refused = async (work: () => Promise<unknown>, help: string) => {
    const rows = exactRowsOf(path);
    const full = join(disk.path, "full");
    fill(full);
    const { message } = await assertRejects(work, DiskFullError);
    assertEquals(
      message,
      `Cannot change store sqlite:///${path}: no space is left on its disk, and nothing was lost; ${help}, and try again`,
    );
    Deno.removeSync(full);
    assertEquals(exactRowsOf(path), rows);
  };
  const clean = () => cleanup(store, { apply: true });
  await refused(clean, "make room there");
  assertEquals((await clean()).report?.complete, true);
  const typed = (words: string) => `\`deno task ${words} --store sqlite:///${path}\``;
  const list = `to make room, see which deleted runs could go for good: ${
    typed("cleanup --purge-after 0d --no-backup")
  }, or see which backups could go: ${typed("backup --list")}`;
  await refused(() => restore(store), list);
  const full = join(disk.path, "full");
  fill(full);
  const rows = exactRowsOf(path);
  await using later = await openStore(path, { now: () => NOW + DAY });
  const { message } = await assertRejects(
    () => cleanup(later, { apply: true, purgeAfter: 0, backup: false }),
    DiskFullError,
  );
  assertEquals(
    message,
    `Cannot change store sqlite:///${path}: no space is left on its disk; nothing that is to go has artifacts there, and rows alone make no room; to make room, see which backups could go: ${
      typed("backup --list")
    }, and try again`,
  );
  assertEquals(exactRowsOf(path), rows);
  Deno.removeSync(full);
  assertEquals((await restore(store)).changes, 2);
});

Deno.test("where what is changed over a server is kept, a disk that fills up loses nothing, and the error names it", async () => {
  await using disk = await smallDisk();
  if (disk === null) return console.error("Skipping: mounting a small disk takes root on Linux");
  const runs = Array.from(
    { length: 300 },
    (_, index) => run({ id: runId(index + 1), endTime: NOW - 90 * DAY }),
  );
  let failures = 0;
  for (const left of [0, 2, 8, 24, 48]) {
    await using server = await startMlflowDouble({ experiments: [experiment({ id: "1", runs })] }, {
      now: () => NOW,
    });
    const deleted = () => {
      const sql = "SELECT COUNT(*) AS count FROM runs WHERE lifecycle_stage = 'deleted'";
      return server.database.prepare(sql).get()!["count"];
    };
    const state = join(disk.path, `${left}`);
    Deno.mkdirSync(state);
    await using store = await openStore(server.uri, {
      now: () => NOW,
      environment: (variable) => ({ XDG_STATE_HOME: state })[variable],
    });
    const full = join(disk.path, "full");
    fill(full, left);
    const error = await prune(store, { apply: true }).then(() => null, (error) => error);
    Deno.removeSync(full);
    if (error === null) assertEquals(deleted(), 300);
    else {
      failures++;
      assert(firstThrown(error) instanceof DiskFullError, `${left}: ${error}`);
      assertStringIncludes(
        errorMessage(error),
        `Cannot change store ${server.uri}: no space is left on the disk of ${state}/mltidy, where mltidy keeps what it changes of it, and nothing was lost; `,
      );
      await recover(store);
      assertEquals(deleted(), 0, `${left}`);
      assertEquals((await prune(store, { apply: true })).report?.complete, true);
    }
    await restore(store);
    assertEquals(deleted(), 0);
    Deno.removeSync(state, { recursive: true });
  }
  assert(failures > 1, `${failures}`);
});
