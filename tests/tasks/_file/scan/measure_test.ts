import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import {
  measureTree,
  metaStamp,
  newMeasurer,
  stampRecord,
} from "../../../../tasks/_file/scan/measure.ts";
import { scanStore } from "../../../../tasks/_file/scan/scan.ts";
import { deletedRun, experiment, NOW, orphan, run, runId } from "../../../_support/builders.ts";
import { setTimes, tempStore, writeFiles } from "../../../_support/disk_store.ts";

const FILES = {
  "1/a/big": "x".repeat(100_000),
  "1/a/small": "x",
  "1/b/empty": "",
  "2/c": "y".repeat(5_000),
};

/** Writes a file anew, so that only its time tells. */
function rewrite(path: string, text: string): void {
  Deno.writeTextFileSync(path, text);
  Deno.utimeSync(path, new Date(NOW + 1_000), new Date(NOW + 1_000));
}

/** What `du` says a tree takes; `null` where there is no `du`. */
function du(path: string): number | null {
  try {
    const { success, stdout } = new Deno.Command("du", {
      args: ["-s", path],
      // Units of 512 bytes, on every system.
      env: { POSIXLY_CORRECT: "1" },
    }).outputSync();
    return success ? Number.parseInt(new TextDecoder().decode(stdout)) * 512 : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test("measureTree() measures what du does", async () => {
  await using store = await tempStore();
  writeFiles(store.root, FILES);
  Deno.linkSync(join(store.root, "1/a/big"), join(store.root, "1/b/again"));
  Deno.symlinkSync(store.outside, join(store.root, "1/away"));
  const expected = du(store.root);
  const { bytes, files } = (await measureTree(store.root, newMeasurer()))!.usage;
  assert(bytes >= 105_001, `${bytes} bytes hold at least the content`);
  assertEquals([bytes, files], [expected ?? bytes, 6]);
});

Deno.test("measureTree() counts a file with two links once for one measurer", async () => {
  await using store = await tempStore();
  writeFiles(store.root, FILES);
  Deno.linkSync(join(store.root, "1/a/big"), join(store.root, "2/again"));
  const measurer = newMeasurer();
  const measured: number[] = [];
  for (const id of ["1", "2"]) {
    measured.push((await measureTree(join(store.root, id), measurer))!.usage.bytes);
  }
  const alone = (await measureTree(join(store.root, "2"), newMeasurer()))!.usage.bytes;
  assert(alone - measured[1]! >= 100_000, "the second tree does not count the file again");
});

Deno.test("measureTree() takes for freed only what has no link elsewhere", async () => {
  await using store = await tempStore();
  writeFiles(store.root, FILES);
  const tree = join(store.root, "1");
  const before = (await measureTree(tree, newMeasurer()))!;
  assertEquals(before.freed, before.usage);
  Deno.linkSync(join(tree, "a/big"), join(tree, "b/again"));
  const within = (await measureTree(tree, newMeasurer()))!;
  assertEquals(within.freed.bytes, before.usage.bytes, "both links are in the tree");
  Deno.linkSync(join(tree, "a/big"), join(store.outside, "kept"));
  const kept = (await measureTree(tree, newMeasurer()))!;
  assertEquals(kept.usage, within.usage);
  assert(within.freed.bytes - kept.freed.bytes >= 100_000, "a third link is elsewhere");
});

Deno.test("scanStore() with sizes counts everything once", async () => {
  await using store = await tempStore({
    experiments: [experiment({ id: "1", runs: [run()] }), experiment({ id: "2", runs: [run()] })],
    orphans: [orphan()],
  });
  const { root } = store;
  writeFiles(root, { "notes.txt": "n" });
  const big = `${runId(1)}/artifacts/big`;
  writeFiles(join(root, "1"), { [big]: "x".repeat(50_000) });
  Deno.linkSync(join(root, "1", big), join(root, "2", big));
  const { experiments, orphans, strays } = await scanStore(root, {
    depth: "meta",
    sizes: true,
    now: NOW,
  });
  const measured = [...experiments, ...orphans, ...strays]
    .reduce((sum, { usage }) => sum + (usage?.bytes ?? NaN), 0);
  const directories = [root, join(root, ".trash")]
    .reduce((sum, path) => sum + Deno.lstatSync(path).blocks! * 512, 0);
  const expected = (await measureTree(root, newMeasurer()))!.usage.bytes - directories;
  assertEquals(measured, expected);
});

Deno.test("scanStore() measures links as nothing of the store's", async () => {
  const linked = experiment({ link: true, runs: [run()] });
  await using store = await tempStore({ experiments: [linked] });
  const { experiments: [found] } = await scanStore(store.root, {
    depth: "tags",
    sizes: true,
    now: NOW,
  });
  assertEquals([found?.usage, found?.runs[0]?.usage], [null, null]);
});

Deno.test("scanStore() without sizes still measures what a clean-up could move", async () => {
  await using store = await tempStore({
    experiments: [
      experiment({ id: "1", runs: [run({ id: runId(1) }), deletedRun({ id: runId(2) })] }),
      experiment({ id: "2", lifecycleStage: "deleted" }),
    ],
    orphans: [orphan({ id: "3" })],
  });
  const found = await scanStore(store.root, { depth: "tags", sizes: false, now: NOW });
  const usages = [...found.experiments, ...found.experiments[0]!.runs, ...found.orphans]
    .map(({ path, usage }) => [path.replace(/^1\/0+/, "1/"), usage !== null]);
  assertEquals(
    usages.toSorted(),
    [
      ["1", false],
      ["1/1", false],
      ["1/2", true],
      [".trash/2", true],
      ["3", true],
    ].toSorted(),
  );
});

Deno.test("measureTree() finds nothing where nothing is", async () => {
  await using store = await tempStore();
  assertEquals(await measureTree(join(store.root, "1"), newMeasurer()), null);
});

Deno.test("measureTree() gives another stamp after any change inside", async () => {
  await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  const tree = join(store.root, "1");
  const stamp = async () => (await measureTree(tree, newMeasurer()))!.stamp;
  setTimes(tree, NOW);
  const seen = [await stamp()];
  const changes = [
    () => rewrite(join(tree, runId(1), "params/lr"), "0.2"),
    () => writeFiles(tree, { [`${runId(1)}/artifacts/new`]: "new" }),
    () => Deno.removeSync(join(tree, runId(1), "artifacts/new")),
  ];
  for (const change of changes) {
    change();
    seen.push(await stamp());
    assertEquals(await stamp(), seen.at(-1), "a stamp stays as long as nothing changes");
  }
  assertEquals(new Set(seen).size, seen.length);
});

Deno.test("measureTree() gives a tree that takes another's place another stamp", async () => {
  await using store = await tempStore({ orphans: [orphan({ id: "1" }), orphan({ id: "2" })] });
  const [one, two] = [join(store.root, "1"), join(store.root, "2")];
  const before = (await measureTree(one, newMeasurer()))!.stamp;
  Deno.removeSync(one, { recursive: true });
  Deno.renameSync(two, one);
  assertNotEquals((await measureTree(one, newMeasurer()))!.stamp, before);
});

Deno.test("metaStamp() changes when meta.yaml is rewritten or replaced by a twin", async () => {
  await using store = await tempStore({ experiments: [experiment({ runs: [run()] })] });
  const directory = join(store.root, "1", runId(1));
  const meta = join(directory, "meta.yaml");
  const before = metaStamp(directory);
  const { mtime } = Deno.lstatSync(directory);
  rewrite(meta, Deno.readTextFileSync(meta));
  const rewritten = metaStamp(directory);
  assertNotEquals(rewritten, before);
  Deno.copyFileSync(meta, `${meta}.new`);
  Deno.utimeSync(`${meta}.new`, new Date(NOW + 1_000), new Date(NOW + 1_000));
  Deno.renameSync(`${meta}.new`, meta);
  Deno.utimeSync(directory, mtime!, mtime!);
  assertNotEquals(metaStamp(directory), rewritten);
});

Deno.test("stampRecord() tells what it has seen, and whether there are certainly no tags", async () => {
  const runs = [run(), run({ id: runId(2), tags: { team: "a" } })];
  await using store = await tempStore({ experiments: [experiment({ runs })] });
  for (const [index, { id }] of runs.entries()) {
    const directory = join(store.root, "1", id);
    const meta = Deno.lstatSync(join(directory, "meta.yaml"));
    const hasTags = index === 1;
    if (!hasTags) await Deno.remove(join(directory, "tags"), { recursive: true }).catch(() => {});
    const stamp = metaStamp(directory);
    assertEquals(stampRecord(directory), { stamp, meta, lacksTags: !hasTags });
  }
  assertEquals(stampRecord(join(store.root, "2")), { stamp: "", lacksTags: false });
});

Deno.test("metaStamp() is empty without a directory or its meta.yaml", async () => {
  await using store = await tempStore({ orphans: [orphan({ id: "1" })] });
  assertEquals([metaStamp(join(store.root, "1")), metaStamp(join(store.root, "2"))], ["", ""]);
});
