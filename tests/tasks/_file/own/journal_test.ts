import { assertEquals, assertThrows } from "@std/assert";
import { DamagedBackupError } from "../../../../lib/errors.ts";
import { join } from "@std/path";
import { fingerprintOf } from "../../../../lib/snapshot/fingerprint.ts";
import { asStorePath } from "../../../../lib/store/path.ts";
import { type Begin, openJournal, readBegin } from "../../../../tasks/_file/own/journal.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { tempStore } from "../../../_support/disk_store.ts";

const BEGIN: Begin = {
  type: "begin",
  schema: "mltidy/journal/v1",
  id: "20261101T000000Z-cleanup",
  direction: "apply",
  task: "cleanup",
  startedAt: NOW,
  steps: [{
    action: "purge-run",
    subject: `1/${runId(1)}`,
    operation: { kind: "move-tree", path: asStorePath(`1/${runId(1)}`) },
  }],
  directories: [{ path: "", before: NOW - 1 }, { path: `1/${runId(1)}`, before: NOW - 2 }],
};

function lineOf(record: unknown): string {
  const json = JSON.stringify(record);
  return `${fingerprintOf([json])} ${json}\n`;
}

Deno.test("openJournal() has written the whole intent before anything is marked", async () => {
  await using store = await tempStore();
  using _ = openJournal(store.outside, BEGIN);
  const path = join(store.outside, "20261101T000000Z-cleanup.jsonl");
  assertEquals(Deno.readTextFileSync(path), lineOf(BEGIN));
  assertEquals(readBegin(path), BEGIN);
});

Deno.test("openJournal() appends marks, each with its checksum", async () => {
  await using store = await tempStore();
  using journal = openJournal(store.outside, BEGIN);
  journal.mark("start", 0);
  journal.mark("done", 0);
  const path = join(store.outside, "20261101T000000Z-cleanup.jsonl");
  assertEquals(
    Deno.readTextFileSync(path),
    [BEGIN, { type: "start", step: 0 }, { type: "done", step: 0 }].map(lineOf).join(""),
  );
  assertEquals(readBegin(path), BEGIN);
});

Deno.test("openJournal() leaves nothing behind once the change is settled", async () => {
  await using store = await tempStore();
  using journal = openJournal(store.outside, BEGIN);
  journal.settle();
  assertEquals([...Deno.readDirSync(store.outside)], []);
});

Deno.test("readBegin() knows that nothing had begun when the first line is torn", async () => {
  await using store = await tempStore();
  const path = join(store.outside, "torn.jsonl");
  const line = lineOf(BEGIN);
  for (const length of [0, 1, 17, 100, line.length - 1]) {
    Deno.writeTextFileSync(path, line.slice(0, length));
    assertEquals(readBegin(path), null);
  }
});

Deno.test("readBegin() never guesses at a first line that does not match its checksum", async () => {
  await using store = await tempStore();
  const path = join(store.outside, "foreign.jsonl");
  for (const text of [lineOf(BEGIN).replace("apply", "restore"), "{}\n", "\n", "hello\n"]) {
    Deno.writeTextFileSync(path, text);
    assertThrows(() => readBegin(path), DamagedBackupError, "line 1 does not match its checksum");
  }
});

Deno.test("readBegin() refuses a journal of another version", async () => {
  await using store = await tempStore();
  const path = join(store.outside, "newer.jsonl");
  Deno.writeTextFileSync(path, lineOf({ ...BEGIN, schema: "mltidy/journal/v9" }));
  const newer = assertThrows(() => readBegin(path), DamagedBackupError);
  assertEquals(
    newer.message,
    `Cannot read journal ${path}: expected schema "mltidy/journal/v1", found "mltidy/journal/v9": a newer version of mltidy wrote it; nothing was touched: settle it with that version, by its recover`,
  );
  Deno.writeTextFileSync(path, lineOf({ ...BEGIN, schema: "journal/v9" }));
  assertThrows(() => readBegin(path), DamagedBackupError, "set it aside: mv ");
});

Deno.test("readBegin() refuses paths that lead out of the store", async () => {
  await using store = await tempStore();
  const path = join(store.outside, `${BEGIN.id}.jsonl`);
  const operation = { kind: "move-tree", path: "../elsewhere" };
  const escaping = [
    { ...BEGIN, steps: [{ ...BEGIN.steps[0], operation }] },
    { ...BEGIN, directories: [{ path: "/etc", before: NOW }] },
  ];
  for (const begin of escaping) {
    Deno.writeTextFileSync(path, lineOf(begin));
    assertThrows(() => readBegin(path), DamagedBackupError, "as a path in a store");
  }
});
