import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { listJournals } from "../../../../tasks/_file/own/list_journals.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

Deno.test("listJournals() lists journals alone, oldest first", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, {
    "20261102T000000Z-prune.jsonl": "",
    "20261101T000000Z-cleanup.jsonl": "",
    "notes.txt": "",
    "directory.jsonl": null,
  });
  assertEquals(await listJournals(store.outside), [
    join(store.outside, "20261101T000000Z-cleanup.jsonl"),
    join(store.outside, "20261102T000000Z-prune.jsonl"),
  ]);
});

Deno.test("listJournals() finds none where there is no directory", async () => {
  await using store = await tempStore();
  assertEquals(await listJournals(join(store.root, ".mltidy.trash/journal")), []);
});

Deno.test("listJournals() finds none where a file stands in place of our directory", async () => {
  await using store = await tempStore();
  writeFiles(store.root, { ".mltidy.trash": "" });
  assertEquals(await listJournals(join(store.root, ".mltidy.trash/journal")), []);
});
