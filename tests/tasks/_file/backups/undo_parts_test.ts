import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { RestoreCollisionError } from "../../../../lib/errors.ts";
import { backup } from "../../../../tasks/backups/backup.ts";
import { expireBackups } from "../../../../tasks/backups/expire_backups.ts";
import { listBackups } from "../../../../tasks/backups/list_backups.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { verifyBackups } from "../../../../tasks/backups/verify_backups.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import type { Store } from "../../../../tasks/ports/store.ts";
import { prune } from "../../../../tasks/prune.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";
import { ROTTEN } from "../../../_support/rotten_store.ts";
import { memoryDirectory, tempDirectory } from "../../../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const RUN = runId(5);

function open(root: string): Promise<Store> {
  let now = NOW;
  return openStore(root, { now: () => now += 1_000 });
}

async function idsOf(store: Store, backups: string): Promise<readonly string[]> {
  return (await listBackups(store, { backups })).backups.map(({ id }) => id);
}

/** Backups may lie on the store's file system, from which all comes by renames, or on another one. */
const PLACES = [
  ["on the store's disk", memoryDirectory],
  ["on another disk", tempDirectory],
] as const;

for (const [label, makePlace] of PLACES) {
  Deno.test(`restore() brings back one run from elsewhere, ${label}, and the rest stays there`, async () => {
    await using place = await tempStore(ROTTEN);
    await using elsewhere = await makePlace();
    await using store = await open(place.root);
    const backups = elsewhere.path;
    const trees = [await readTree(place.root)];
    await prune(store, { apply: true, backups });
    trees.push(await readTree(place.root, EXCEPT));
    await cleanup(store, { apply: true, backups });
    const [newest = "", older = ""] = await idsOf(store, backups);
    assertEquals((await restore(store, { run: RUN, backups })).changes, 1);
    assertEquals(await idsOf(store, backups), [newest, older]);
    assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash/backups"))], []);
    const rest = await restore(store, { backups });
    assertEquals([rest.backup?.id, rest.changes], [newest, 2]);
    assertSameTree(await readTree(place.root, EXCEPT), trees.pop()!);
    assertEquals(await idsOf(store, backups), [older]);
    assertEquals((await restore(store, { backups })).backup?.id, older);
    assertSameTree(await readTree(place.root, EXCEPT), trees.pop()!);
    assertEquals([await idsOf(store, backups), (await restore(store, { backups })).backup], [
      [],
      null,
    ]);
  });

  Deno.test(`restore() moves nothing of a backup ${label} while anything is in the way`, async () => {
    await using place = await tempStore(ROTTEN);
    await using elsewhere = await makePlace();
    await using store = await open(place.root);
    const backups = elsewhere.path;
    const before = await readTree(place.root);
    await cleanup(store, { apply: true, backups });
    writeFiles(place.root, { "7/meta.yaml": "" });
    const between = await readTree(place.root, EXCEPT);
    const kept = await readTree(backups);
    await assertRejects(() => restore(store, { backups }), RestoreCollisionError);
    assertSameTree(await readTree(place.root, EXCEPT), between);
    assertSameTree(await readTree(backups), kept);
    Deno.removeSync(join(place.root, "7"), { recursive: true });
    assertEquals((await restore(store, { backups })).changes, 5);
    assertSameTree(await readTree(place.root, EXCEPT), before);
  });

  Deno.test(`restore() takes what a killed one had brought of a backup ${label} from where it is`, async () => {
    await using place = await tempStore(ROTTEN);
    await using elsewhere = await makePlace();
    await using store = await open(place.root);
    const backups = elsewhere.path;
    const before = await readTree(place.root);
    const { report } = await cleanup(store, { apply: true, backups });
    const { id } = report!.backup!;
    // As a move of the whole backup leaves it that was cut off behind its last step.
    const own = join(place.root, ".mltidy.trash/backups", id);
    await copy(join(backups, id), own);
    assertEquals(await idsOf(store, backups), [id]);
    Deno.removeSync(join(backups, id), { recursive: true });
    assertEquals(await idsOf(store, backups), [id]);
    assertEquals((await restore(store, { backups })).changes, 5);
    assertSameTree(await readTree(place.root, EXCEPT), before);
    assertEquals(await idsOf(store, backups), []);
  });
}

Deno.test("recover() gives up what a cut off move has left in the store's own directory, too", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const backups = elsewhere.path;
  const before = await readTree(place.root);
  const { report } = await cleanup(store, { apply: true, backups });
  const { id } = report!.backup!;
  const own = join(place.root, ".mltidy.trash/backups", id);
  await copy(join(backups, id), own);
  // What is different may be somebody's only copy.
  Deno.writeTextFileSync(join(own, "files/7/other.txt"), "other");
  const kept = await readTree(backups);
  await recover(store, { backups });
  assertSameTree(await readTree(backups), kept);
  const left = JSON.parse(Deno.readTextFileSync(join(own, "manifest.json")));
  assertEquals(left.steps.map(({ subject }: { subject: string }) => subject), ["7"]);
  await assertRejects(() => restore(store, { backups }), RestoreCollisionError);
  Deno.removeSync(join(own, "files/7/other.txt"));
  await recover(store, { backups });
  assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash/backups"))], []);
  await restore(store, { backups });
  assertSameTree(await readTree(place.root, EXCEPT), before);
});

Deno.test("restore() takes what a cut off move has left in two places from both, where one of them is named", async () => {
  for (const isNamed of [true, false]) {
    await using place = await tempStore(ROTTEN);
    await using elsewhere = await tempDirectory();
    await using store = await open(place.root);
    const backups = elsewhere.path;
    const before = await readTree(place.root);
    const { id } = (await cleanup(store, { apply: true, backups })).report!.backup!;
    const own = join(place.root, ".mltidy.trash/backups", id);
    await copy(join(backups, id), own);
    const manifest = JSON.parse(Deno.readTextFileSync(join(own, "manifest.json")));
    writeFiles(own, { "manifest.json": JSON.stringify({ ...manifest, twin: backups }) });
    const { changes } = await restore(store, isNamed ? { backups } : {});
    assertEquals([changes, await idsOf(store, backups)], [5, []]);
    assertSameTree(await readTree(place.root, EXCEPT), before);
  }
});

Deno.test("restore() goes by no word of a backup about its twin where there is none", async () => {
  await using place = await tempStore(ROTTEN);
  await using other = await tempStore();
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const { id } = (await cleanup(store, { apply: true })).report!.backup!;
  const own = join(place.root, ".mltidy.trash/backups", id);
  const manifest = JSON.parse(Deno.readTextFileSync(join(own, "manifest.json")));
  // Of another store, none of ours, and inside the store.
  await copy(own, elsewhere.path);
  writeFiles(join(elsewhere.path, id), {
    "manifest.json": JSON.stringify({ ...manifest, store: other.root }),
  });
  const kept = await readTree(elsewhere.path);
  for (const twin of [elsewhere.path, other.root, join(place.root, "1"), "/dev/null", ""]) {
    writeFiles(own, { "manifest.json": JSON.stringify({ ...manifest, twin }) });
    assertEquals((await restore(store, { run: RUN, dryRun: true })).changes, 1, twin);
  }
  writeFiles(own, { "manifest.json": JSON.stringify({ ...manifest, twin: elsewhere.path }) });
  assertEquals((await restore(store)).changes, 5);
  assertSameTree(await readTree(elsewhere.path), kept);
});

Deno.test("cleanup() sends away what can be copied, names what cannot, and restore() brings both back", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const backups = elsewhere.path;
  await makePipe(join(place.root, `1/${RUN}/artifacts/pipe`));
  const before = await hashesIn(place.root);
  const { report } = await cleanup(store, { apply: true, backups });
  const { id, path, problem } = report!.backup!;
  assertEquals([report?.complete, report?.totals.applied], [false, 5]);
  assertEquals(path, join(backups, id));
  assertMatch(problem ?? "", new RegExp(`1/${RUN}/artifacts/pipe: it is no file`));
  assertEquals(await idsOf(store, backups), [id]);
  const { changes } = await restore(store, { backups });
  assertEquals(changes, 5);
  assertEquals(await hashesIn(place.root), before);
  assertEquals(await idsOf(store, backups), []);
});

Deno.test("prune() gives no id twice, wherever its backups lie", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await openStore(place.root, { now: () => NOW });
  const backups = elsewhere.path;
  const trees = [await readTree(place.root)];
  await prune(store, { apply: true, backups });
  trees.push(await readTree(place.root, EXCEPT));
  await prune(store, { apply: true, olderThan: "12h", backups });
  assertEquals(await idsOf(store, backups), [
    "20261101T000000Z-prune-2",
    "20261101T000000Z-prune",
  ]);
  for (const tree of trees.toReversed()) {
    await restore(store, { backups });
    assertSameTree(await readTree(place.root, EXCEPT), tree);
  }
});

Deno.test("listBackups(), verifyBackups() and expireBackups() look into both places", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const backups = elsewhere.path;
  const { id: here } = await backup(store);
  const { id: there } = await backup(store, { backups });
  assertEquals(await idsOf(store, backups), [there, here]);
  const { checks, sound } = await verifyBackups(store, { backups });
  assertEquals([checks.map(({ id }) => id), sound], [[there, here], true]);
  const named = await expireBackups(store, { which: { id: here }, backups });
  assertEquals([named.removed, await idsOf(store, backups)], [[here], [there]]);
});

Deno.test("restore() says what neither the store nor the backup has, and brings back the rest", async () => {
  await using place = await tempStore(ROTTEN);
  await using elsewhere = await tempDirectory();
  await using store = await open(place.root);
  const backups = elsewhere.path;
  const { report } = await cleanup(store, { apply: true, backups });
  Deno.removeSync(join(report!.backup!.path, "files/7"), { recursive: true });
  const { changes, faults } = await restore(store, { backups });
  assertEquals([changes, faults], [4, [
    { path: "7", kind: "missing", message: "neither the store nor the backup has it" },
  ]]);
});

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assertEquals(success, true);
}

async function hashesIn(directory: string): Promise<string> {
  const script =
    'cd "$1" && find . -path ./.mltidy.trash -prune -o -type f -exec md5sum {} + | sort';
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script, "sh", directory] })
    .output();
  return [...stdout].map((byte) => String.fromCharCode(byte)).join("");
}

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assertEquals(success, true);
}
