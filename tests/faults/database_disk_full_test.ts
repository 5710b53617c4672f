// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * A database on a disk that has no room for the artifacts of what is purged, which lie on another one.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DiskFullError } from "../../lib/errors.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { DAY, deletedRun, experiment, NOW, run, runId } from "../_support/builders.ts";
import { relocateRows, writeDatabaseStore } from "../_support/database_store.ts";
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
    try {
      Deno.writeFileSync(full, new Uint8Array(64 << 20));
    } catch {
      // As much as there was room for.
    }
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
  const list =
    `to make room, see which backups could go: \`deno task backup --list --store sqlite:///${path}\``;
  await refused(() => restore(store), list);
  assertEquals((await restore(store)).changes, 2);
});
