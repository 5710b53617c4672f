import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { BackupProgress } from "../../../../lib/backup/backup.ts";
import { freeTree } from "../../../../tasks/_io/tree/free_tree.ts";
import { infoOf } from "../../../../tasks/_io/read.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

/** More files than are freed at once. */
const FILES = Object.fromEntries(
  Array.from({ length: 600 }, (_, index) => [`backup/${index % 7}/deep/${index}`, "text"]),
);

Deno.test("freeTree() removes a tree with all that is in it, and follows no link", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, { ...FILES, "backup/empty/inner": null, "elsewhere/file": "kept" });
  Deno.symlinkSync(join(store.outside, "elsewhere"), join(store.outside, "backup/link"));
  const told: BackupProgress[] = [];
  await freeTree(join(store.outside, "backup"), { onProgress: (progress) => told.push(progress) });
  assertEquals(infoOf(join(store.outside, "backup")), null);
  assertEquals(Deno.readTextFileSync(join(store.outside, "elsewhere/file")), "kept");
  assertEquals(told.map(({ step, files }) => [step, files]), [
    ["Freeing", 256],
    ["Freeing", 512],
    ["Freeing", 601],
  ]);
  assertEquals(told.at(-1)?.total?.files, 601);
});

Deno.test("freeTree() stops when it is told to, and frees the rest another time", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, FILES);
  const place = join(store.outside, "backup");
  const stop = new AbortController();
  const work = { signal: stop.signal, onProgress: () => stop.abort() };
  assertEquals(await freeTree(place, work), false);
  const left = [...Deno.readDirSync(place)].flatMap(({ name }) => [
    ...Deno.readDirSync(join(place, name, "deep")),
  ]);
  assertEquals(left.length, 600 - 256);
  assertEquals(await freeTree(place), true);
  assertEquals(infoOf(place), null);
});
