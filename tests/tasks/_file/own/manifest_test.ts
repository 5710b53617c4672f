import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DamagedBackupError } from "../../../../lib/errors.ts";
import { join } from "@std/path";
import type { CopyManifest } from "../../../../lib/backup/backup.ts";
import { newestFirst } from "../../../../lib/backup/backup_order.ts";
import { asStorePath } from "../../../../lib/store/path.ts";
import {
  discard,
  nextOrder,
  readAnyManifest,
  readCopyManifest,
  readManifest,
  writeManifest,
} from "../../../../tasks/_file/own/manifest.ts";
import { ensureOwnDirectory } from "../../../../tasks/_file/own/own_directory.ts";
import { NOW } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

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

Deno.test("a place beyond all dates is none, and later backups stand behind it", async () => {
  await using store = await tempStore();
  const manifests = [{ ...MANIFEST, order: Number.MAX_SAFE_INTEGER }];
  writeFiles(store.outside, { "one/files": null, "two/files": null, "three/files": null });
  writeManifest(store.outside, manifests[0]!);
  // By the clock, both come before the first.
  for (const id of ["two", "three"]) {
    const createdAt = NOW - manifests.length;
    const order = await nextOrder([store.outside], createdAt);
    manifests.push({ ...MANIFEST, id, createdAt, order });
    writeManifest(store.outside, manifests.at(-1)!);
  }
  assertEquals(
    newestFirst(manifests).map(({ id, order }) => [id, order]),
    [["three", NOW + 2], ["two", NOW + 1], ["one", Number.MAX_SAFE_INTEGER]],
  );
});

Deno.test("readManifest() finds none in a backup that was never finished, or is not there", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, { "one/manifest.json.new": "{" });
  assertEquals([readManifest(store.outside, "one"), readManifest(store.outside, "two")], [
    null,
    null,
  ]);
});

const COPY: CopyManifest = {
  schema: "mltidy/backup/v1",
  kind: "copy",
  id: "two",
  task: "backup",
  store: "/data/mlruns",
  createdAt: NOW,
  scope: { kind: "run", id: "7f" },
  totals: { directories: 1, files: 2, links: 0, bytes: 3, shared: { files: 1, bytes: 2 } },
  entries: { count: 3, sha256: "0".repeat(64) },
  changing: [],
  leftOut: [],
};

Deno.test("readAnyManifest() refuses a damaged manifest, and one of another version", async () => {
  await using store = await tempStore();
  const damages: readonly (readonly [text: string, why: string])[] = [
    ["", "Unexpected end of JSON input"],
    ["null", "Cannot read properties of null"],
    ["[]", 'expected schema "mltidy/backup/v1", found "undefined"'],
    [JSON.stringify({ ...MANIFEST, schema: "mltidy/backup/v9" }), 'found "mltidy/backup/v9"'],
    [JSON.stringify({ ...MANIFEST, kind: "move" }), 'kind "change" or "copy", found "move"'],
    [JSON.stringify({ ...MANIFEST, id: "two" }), "it is the manifest of another backup"],
    [JSON.stringify({ ...MANIFEST, createdAt: 9e15 }), "it does not describe a change of a store"],
    [JSON.stringify({ ...MANIFEST, usage: null }), "it does not describe a change of a store"],
    [JSON.stringify({ ...MANIFEST, steps: {} }), "expected a list in steps"],
    [JSON.stringify({ ...COPY, createdAt: "today" }), "it does not describe a copy of a store"],
    [JSON.stringify({ ...COPY, scope: { kind: "run" } }), "it does not describe a copy of a store"],
    [JSON.stringify({ ...COPY, entries: null }), "it does not describe a copy of a store"],
  ];
  for (const [text, why] of damages) {
    writeFiles(store.outside, { "one/manifest.json": text });
    const { message } = assertThrows(
      () => readAnyManifest(join(store.outside, "one")),
      DamagedBackupError,
    );
    assertStringIncludes(message, `Cannot read ${join(store.outside, "one/manifest.json")}: `);
    assertStringIncludes(message, why);
  }
});

Deno.test("readManifest() and readCopyManifest() each pass over the other kind", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, {
    "one/manifest.json": JSON.stringify(MANIFEST),
    "renamed/manifest.json": JSON.stringify(COPY),
  });
  assertEquals(
    ["one", "renamed"].map((id) => [
      readManifest(store.outside, id),
      readCopyManifest(join(store.outside, id)),
    ]),
    [[MANIFEST, null], [null, COPY]],
  );
});

Deno.test("readManifest() refuses paths that lead out of the store", async () => {
  await using store = await tempStore();
  const escaping = JSON.stringify(MANIFEST).replace('"path":"7"', '"path":"../7"');
  writeFiles(store.outside, { "one/manifest.json": escaping });
  assertThrows(
    () => readManifest(store.outside, "one"),
    DamagedBackupError,
    "as a path in a store",
  );
  assertThrows(() => readManifest(store.outside, "../one"), RangeError, "as a path in a store");
});

Deno.test("discard() takes the backup out of sight, then settles, and tells what is to be freed", async () => {
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
  assertEquals(discard(paths, "one", look), join(paths.staging, "one"));
  assertEquals(seen, [["staging/one"]]);
});

Deno.test("discard() settles what has no backup", async () => {
  await using store = await tempStore();
  let settled = 0;
  discard(ensureOwnDirectory(store.root), "one", () => settled++);
  assertEquals(settled, 1);
});
