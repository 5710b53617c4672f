// deno-lint-ignore-file no-console -- why a test was skipped is worth a line.
/**
 * Directories that cannot be listed: what looks empty then is not.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { DAY, experiment, run, runId } from "../_support/builders.ts";
import { type TempStore, tempStore, writeFiles } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { bundleProgram, type Ran } from "./program.ts";
import { type ReadFault, runWithFault } from "./read_faults.ts";
import { hasStrace } from "./strace.ts";

const RUN = `1/${runId(1)}`;
const FILES = ["a", "b", "c"].map((name) => `${RUN}/artifacts/${name}`);

/** A store with one run that is old enough to go and has artifacts. */
function oldStore(): Promise<TempStore> {
  const old = Date.now() - 90 * DAY;
  const runs = [run({ id: runId(1), startTime: old, endTime: old })];
  return tempStore({ experiments: [experiment({ runs })] }).then((store) => {
    writeFiles(store.root, Object.fromEntries(FILES.map((path) => [path, path])));
    return store;
  });
}

async function runWhile(
  store: TempStore,
  failing: string,
  words: readonly string[],
  fault: Partial<ReadFault> = {},
): Promise<Ran> {
  const program = (await bundleProgram(store.outside))(...words, "--store", store.root);
  const read = { name: "getdents64", path: failing, error: "EIO", lasts: true } as const;
  const ending = await runWithFault(program, join(store.outside, "trace"), { ...read, ...fault });
  assert(ending.isHit, ending.stderr);
  return ending;
}

async function test(name: string, check: (store: TempStore) => Promise<void>): Promise<void> {
  const ignore = !await hasStrace();
  if (ignore) console.log(`Skipped, as there is no strace that may trace: ${name}`);
  Deno.test({
    name,
    ignore,
    fn: async () => {
      await using store = await oldStore();
      await check(store);
    },
  });
}

await test("cleanup plans nothing for a run whose tags cannot be listed", async (store) => {
  writeFiles(store.root, { [`${RUN}/tags/mltidy.pin`]: "" });
  const { stdout } = await runWhile(store, join(store.root, RUN, "tags"), ["cleanup", "--json"]);
  assertEquals(JSON.parse(stdout).actions, []);
});

await test("backup names a directory that it cannot list as left out", async (store) => {
  const { code, stdout, stderr } = await runWhile(
    store,
    join(store.root, RUN, "artifacts"),
    ["backup"],
  );
  assertEquals(code, 4);
  assertStringIncludes(stdout + stderr, `${RUN}/artifacts: Input/output error`);
});

await test("verify finds a directory that it cannot list", async (store) => {
  writeFiles(store.root, { [`${RUN}/tags/team`]: "a", [`${RUN}/metrics/loss`]: "1 0.5 0\n" });
  for (const folder of ["metrics", "params", "tags"]) {
    const { code, stdout } = await runWhile(store, join(store.root, RUN, folder), ["verify"]);
    assert(code === 3 && stdout.includes(`${RUN}/${folder}`), stdout);
  }
});

await test("backup --verify calls no copy sound that it cannot list", async (store) => {
  await using opened = await openStore(store.root);
  const { id } = await backup(opened);
  const files = join(store.root, ".mltidy.trash/backups", id, "files", RUN, "artifacts");
  const { code } = await runWhile(store, files, ["backup", "--verify"]);
  assertEquals(code, 3);
});

await test("restore gives up no backup that it cannot list", async (store) => {
  const { root } = store;
  await using opened = await openStore(root);
  await cleanup(opened, { apply: true, olderThan: "30d" });
  Deno.mkdirSync(join(root, "1/empty"));
  const before = await readTree(root, { except: [".mltidy.trash/journal"] });
  const backups = join(root, ".mltidy.trash/backups");
  const ran = await runWhile(store, backups, ["restore", "--last"]);
  assertStringIncludes(ran.stderr, "Input/output error");
  assertSameTree(await readTree(root, { except: [".mltidy.trash/journal"] }), before);
});
