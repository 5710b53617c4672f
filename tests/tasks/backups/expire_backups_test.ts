import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { ExpiryReport } from "../../../lib/backup/report.ts";
import { backup } from "../../../tasks/backups/backup.ts";
import { expireBackups } from "../../../tasks/backups/expire_backups.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { lockStore } from "../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import { DAY, experiment, NOW, orphan, run, runId } from "../../_support/builders.ts";
import { tempStore, writeFiles } from "../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

const STORE = { experiments: [experiment({ id: "7", runs: [run({ id: runId(1) })] })] };
const RUN = `7/${runId(1)}`;
const EXCEPT = { except: [".mltidy.trash"] };

/** A store on a given day. */
function on(root: string, day: number): Promise<Store> {
  return openStore(root, { now: () => NOW + day * DAY });
}

/** Backs up on some days. */
async function backUpOn(root: string, ...days: readonly number[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const day of days) {
    await using store = await on(root, day);
    ids.push((await backup(store)).id);
  }
  return ids;
}

function verdicts({ expired, kept }: ExpiryReport): readonly string[] {
  return [
    ...expired.map(({ id, reasons: [{ kind }] }) => `${id}: ${kind}`),
    ...kept.map(({ id, reasons: [{ kind }] }) => `${id}: ${kind}`),
  ];
}

async function idsIn(root: string): Promise<readonly string[]> {
  await using store = await on(root, 0);
  return (await (await store.backups!.open(null)).list()).map(({ id }) => id);
}

Deno.test("expireBackups() removes what is old, in a dry run only says so", async () => {
  await using place = await tempStore(STORE);
  const [first = "", second = "", third = ""] = await backUpOn(place.root, 1, 2, 3);
  await using store = await on(place.root, 100);
  const which = { olderThan: 90 * DAY, keepLast: 1 };
  const before = await readTree(place.root);
  const planned = await expireBackups(store, { which, dryRun: true });
  const expected = [
    `${second}: older-than`,
    `${first}: older-than`,
    `${third}: among-the-newest`,
  ];
  assertEquals([verdicts(planned), planned.removed], [expected, []]);
  assertSameTree(await readTree(place.root), before);
  const done = await expireBackups(store, { which });
  assertEquals([verdicts(done), done.removed], [expected, [first, second]]);
  assertEquals(await idsIn(place.root), [third]);
  assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash/staging"))], []);
});

Deno.test("expireBackups() keeps the newest backup that holds what the store has lost", async () => {
  await using place = await tempStore(STORE);
  const lost = `${RUN}/artifacts/report.txt`;
  const [first = "", second = ""] = await backUpOn(place.root, 1, 2);
  Deno.removeSync(join(place.root, lost));
  const [third = ""] = await backUpOn(place.root, 3);
  await using store = await on(place.root, 200);
  const report = await expireBackups(store, { which: { olderThan: "90d", keepLast: 1 } });
  assertEquals(verdicts(report), [
    `${first}: older-than`,
    `${third}: among-the-newest`,
    `${second}: only-copy`,
  ]);
  assertEquals(report.kept[1]?.reasons, [
    {
      kind: "only-copy",
      files: 1,
      bytes: Deno.statSync(kept(second, lost)).size,
      example: lost,
      unsound: null,
    },
  ]);
  const named = await expireBackups(store, { which: { id: second } });
  assertEquals([named.removed, await idsIn(place.root)], [[second], [third]]);

  function kept(id: string, path: string): string {
    return join(place.root, ".mltidy.trash/backups", id, "files", path);
  }
});

Deno.test("expireBackups() minds neither older versions of a file nor its move to .trash", async () => {
  await using place = await tempStore(STORE);
  const [first = "", second = ""] = await backUpOn(place.root, 1, 2);
  writeFiles(place.root, { [`${RUN}/metrics/loss`]: "1 2 3\n4 5 6\n" });
  Deno.renameSync(join(place.root, "7"), join(place.root, ".trash/7"));
  await using store = await on(place.root, 200);
  const report = await expireBackups(store, { which: { olderThan: 90 * DAY, keepLast: 1 } });
  assertEquals(verdicts(report), [`${first}: older-than`, `${second}: among-the-newest`]);
});

Deno.test("expireBackups() lets a change's backup go only when it is named", async () => {
  await using place = await tempStore({ orphans: [orphan()] });
  await using store = await on(place.root, 1);
  const { report } = await cleanup(store, { apply: true });
  const { id } = report!.backup!;
  await using later = await on(place.root, 999);
  const byAge = await expireBackups(later, { which: { olderThan: 0, keepLast: 1 } });
  assertEquals(verdicts(byAge), [`${id}: change`]);
  assertEquals((await expireBackups(later, { which: { id } })).removed, [id]);
  assertEquals(await idsIn(place.root), []);
});

Deno.test("expireBackups() refuses a name that is none, and touches nothing", async () => {
  await using place = await tempStore(STORE);
  const [id = ""] = await backUpOn(place.root, 1);
  await using store = await on(place.root, 1);
  await assertRejects(
    () => expireBackups(store, { which: { id: "nothing" } }),
    RangeError,
    `Unknown backup "nothing": expected one of ${id}`,
  );
  assertEquals(await idsIn(place.root), [id]);
});

Deno.test("expireBackups() stops between two backups", async () => {
  await using place = await tempStore(STORE);
  const ids = await backUpOn(place.root, 1, 2, 3);
  await using store = await on(place.root, 200);
  const report = await expireBackups(store, {
    which: { id: ids[0]! },
    signal: AbortSignal.abort(),
  });
  assertEquals([report.expired.length, report.removed, report.complete], [1, [], false]);
  assertEquals((await idsIn(place.root)).length, 3);
});

Deno.test("expireBackups() tells that it was interrupted while it freed the last backup", async () => {
  await using place = await tempStore(STORE);
  const [id = ""] = await backUpOn(place.root, 1);
  await using store = await on(place.root, 200);
  const stop = new AbortController();
  const work = { signal: stop.signal, onProgress: () => stop.abort() };
  const cutOff = await expireBackups(store, { which: { id }, ...work });
  assertEquals([cutOff.removed, cutOff.complete], [[id], false]);
  const [next = ""] = await backUpOn(place.root, 2);
  assertEquals((await expireBackups(store, { which: { id: next } })).complete, true);
  assertEquals([...Deno.readDirSync(join(place.root, ".mltidy.trash/staging"))], []);
});

Deno.test("expireBackups() leaves whole what a later backup shares", async () => {
  await using place = await tempStore(STORE);
  const [first = "", second = ""] = await backUpOn(place.root, 1, 2);
  await using store = await on(place.root, 3);
  await expireBackups(store, { which: { id: first } });
  const check = await (await store.backups!.open(null)).verify(second);
  assertEquals(check.faults, []);
  assertSameTree(
    await readTree(join(place.root, ".mltidy.trash/backups", second, "files")),
    await readTree(place.root, EXCEPT),
  );
});

Deno.test("expireBackups() lets old copies of records go, too, unless one backup is named", async () => {
  await using place = await tempStore(STORE);
  const keepOn = async (day: number) => {
    await using store = await on(place.root, day);
    await using locked = await lockStore(store, { task: "preflight" });
    await locked.mending!.keepMetadata(await store.read({ depth: "tags" }));
  };
  await keepOn(1);
  const [id = ""] = await backUpOn(place.root, 1);
  const record = join(place.root, RUN, "meta.yaml");
  Deno.writeTextFileSync(record, `${Deno.readTextFileSync(record)}zebra: 1\n`);
  await keepOn(2);
  await using store = await on(place.root, 100);
  const historyOf = async () => (await (await store.backups!.open(null)).history())?.copies;
  const which = { olderThan: 90 * DAY, keepLast: 1 };
  const before = await readTree(place.root);
  assertEquals((await expireBackups(store, { which, dryRun: true })).expiredRecords, 1);
  assertSameTree(await readTree(place.root), before);
  const elsewhere = { which, backups: join(place.outside, "copies") };
  assertEquals((await expireBackups(store, elsewhere)).expiredRecords, 0);
  assertEquals((await expireBackups(store, { which: { id } })).expiredRecords, 0);
  assertEquals(await historyOf(), 3);
  assertEquals((await expireBackups(store, { which })).expiredRecords, 1);
  assertEquals(await historyOf(), 2);
});

const MODEL = `${RUN}/artifacts/model.bin`;

/** What can become of a file without a word. */
const LOSSES: Readonly<Record<string, (path: string) => void>> = {
  "is missing": (path) => Deno.removeSync(path),
  "has rotted": (path) => {
    const { atime, mtime } = Deno.statSync(path);
    Deno.writeTextFileSync(path, "w3ights");
    Deno.utimeSync(path, atime!, mtime!);
  },
  "is empty": (path) => Deno.writeTextFileSync(path, ""),
  "is a link": (path) => {
    Deno.removeSync(path);
    Deno.symlinkSync("/nowhere", path);
  },
};

for (const [label, lose] of Object.entries(LOSSES)) {
  Deno.test(`expireBackups() keeps the only sound copy where in the newer one it ${label}`, async () => {
    await using place = await tempStore(STORE);
    writeFiles(place.root, { [MODEL]: "weights" });
    const [first = ""] = await backUpOn(place.root, 1);
    // Written anew, so that the second copy has a file of its own.
    Deno.utimeSync(join(place.root, MODEL), 1, 1);
    const [second = ""] = await backUpOn(place.root, 2);
    lose(join(place.root, ".mltidy.trash/backups", second, "files", MODEL));
    Deno.removeSync(join(place.root, MODEL));
    await using store = await on(place.root, 200);
    const steps: string[] = [];
    const report = await expireBackups(store, {
      which: { olderThan: 90 * DAY, keepLast: 1 },
      onProgress: ({ step }) => steps.push(step),
    });
    assertEquals([report.removed, await idsIn(place.root)], [[], [second, first]]);
    const [reason] = report.kept.find(({ id }) => id === first)!.reasons;
    assertEquals(reason.kind === "only-copy" && [reason.files, reason.example], [1, MODEL]);
    assertEquals(reason.kind === "only-copy" && reason.unsound?.id, second);
    assertEquals(new Set(steps), new Set(["Comparing"]));
  });

  if (label === "is a link") continue;
  Deno.test(`expireBackups() keeps the only sound copy where in the store it ${label}`, async () => {
    await using place = await tempStore(STORE);
    writeFiles(place.root, { [MODEL]: "weights" });
    const [first = ""] = await backUpOn(place.root, 1);
    await using early = await on(place.root, 2);
    const { id: second } = await backup(early, { scope: { kind: "metadata" } });
    lose(join(place.root, MODEL));
    await using store = await on(place.root, 200);
    const { removed } = await expireBackups(store, { which: { olderThan: 90 * DAY, keepLast: 1 } });
    assertEquals([removed, await idsIn(place.root)], [[], [second, first]]);
  });
}
