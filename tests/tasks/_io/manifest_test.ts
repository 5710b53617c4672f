import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { asStorePath } from "../../../lib/model.ts";
import {
  discard,
  listManifests,
  readManifest,
  writeManifest,
} from "../../../tasks/_io/manifest.ts";
import { ensureOwnDirectory } from "../../../tasks/_io/own_directory.ts";
import { NOW } from "../../_support/builders.ts";
import { tempStore, writeFiles } from "../../_support/disk_store.ts";

const MANIFEST: Parameters<typeof writeManifest>[1] = {
  schema: "mltidy/backup/v1",
  kind: "change",
  id: "one",
  task: "cleanup",
  store: "/data/mlruns",
  createdAt: NOW,
  steps: [{
    action: "quarantine-orphan",
    subject: "7",
    operation: { kind: "move-tree", path: asStorePath("7") },
  }],
  directories: [{ path: "", before: NOW - 2, after: NOW - 1 }],
  usage: { bytes: 4_096, files: 1 },
};

Deno.test("readManifest() reads back what writeManifest() wrote", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, { "one/files": null });
  writeManifest(store.outside, MANIFEST);
  assertEquals(readManifest(store.outside, "one"), MANIFEST);
  assertEquals([...Deno.readDirSync(join(store.outside, "one"))].map(({ name }) => name).sort(), [
    "files",
    "manifest.json",
  ]);
});

Deno.test("readManifest() finds none in a backup that was never finished, or is not there", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, { "one/manifest.json.new": "{" });
  assertEquals([readManifest(store.outside, "one"), readManifest(store.outside, "two")], [
    null,
    null,
  ]);
});

Deno.test("readManifest() refuses a damaged manifest, and one of another version", async () => {
  await using store = await tempStore();
  const texts = ["", "{", "null", JSON.stringify({ ...MANIFEST, schema: "mltidy/backup/v9" })];
  for (const text of texts) {
    writeFiles(store.outside, { "one/manifest.json": text });
    assertThrows(() => readManifest(store.outside, "one"), SyntaxError, "Cannot read");
  }
});

Deno.test("readManifest() passes over a backup that is no change's", async () => {
  await using store = await tempStore();
  const copy = JSON.stringify({ ...MANIFEST, kind: "copy" });
  writeFiles(store.outside, { "one/manifest.json": copy });
  assertEquals([readManifest(store.outside, "one"), listManifests(store.outside)], [null, []]);
});

Deno.test("readManifest() refuses paths that lead out of the store", async () => {
  await using store = await tempStore();
  const escaping = JSON.stringify(MANIFEST).replace('"path":"7"', '"path":"../7"');
  writeFiles(store.outside, { "one/manifest.json": escaping });
  assertThrows(() => readManifest(store.outside, "one"), SyntaxError, "as a path in a store");
  assertThrows(() => readManifest(store.outside, "../one"), RangeError, "as a path in a store");
});

Deno.test("listManifests() lists finished backups, newest first", async () => {
  await using store = await tempStore();
  const manifests = [
    MANIFEST,
    { ...MANIFEST, id: "two", createdAt: NOW + 1 },
    { ...MANIFEST, id: "one-2" },
  ];
  writeFiles(store.outside, { "unfinished/files": null, "notes.txt": "" });
  for (const manifest of manifests) {
    writeFiles(store.outside, { [manifest.id]: null });
    writeManifest(store.outside, manifest);
  }
  assertEquals(listManifests(store.outside).map(({ id }) => id), ["two", "one-2", "one"]);
  assertEquals(listManifests(join(store.outside, "nowhere")), []);
});

Deno.test("discard() takes the backup out of sight, settles, and then frees it", async () => {
  await using store = await tempStore();
  const paths = ensureOwnDirectory(store.root);
  writeFiles(paths.backups, { "one/files/7/tags/owner": "kim" });
  const seen: string[][] = [];
  const look = () =>
    seen.push(
      [paths.backups, paths.staging].flatMap((path) =>
        [...Deno.readDirSync(path)].map(({ name }) => `${path.slice(paths.own.length + 1)}/${name}`)
      ),
    );
  discard(paths, "one", look);
  look();
  assertEquals(seen, [["staging/one"], []]);
});

Deno.test("discard() settles what has no backup", async () => {
  await using store = await tempStore();
  let settled = 0;
  discard(ensureOwnDirectory(store.root), "one", () => settled++);
  assertEquals(settled, 1);
});
