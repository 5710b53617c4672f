import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import {
  ensureOwnDirectory,
  infoOf,
  keepingTimes,
  writeDurably,
} from "../../../tasks/_io/own_directory.ts";
import { NOW } from "../../_support/builders.ts";
import { setTimes, tempStore, writeFiles } from "../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";

Deno.test("ensureOwnDirectory() makes a private directory that says what it is", async () => {
  await using store = await tempStore();
  const before = Deno.statSync(store.root).mtime;
  const paths = ensureOwnDirectory(store.root);
  assertEquals(paths.own, join(store.root, ".mltidy.trash"));
  if (Deno.build.os !== "windows") assertEquals(Deno.statSync(paths.own).mode! & 0o777, 0o700);
  assertStringIncludes(
    Deno.readTextFileSync(join(paths.own, "README.txt")),
    "It may hold the only copy of runs",
  );
  assertEquals(Deno.statSync(store.root).mtime, before, "the root's time stays");
  const once = await readTree(paths.own);
  ensureOwnDirectory(store.root);
  assertSameTree(await readTree(paths.own), once, "a second call changes nothing");
});

Deno.test("ensureOwnDirectory() uses nothing that is no directory of ours", async () => {
  await using store = await tempStore();
  const own = join(store.root, ".mltidy.trash");
  Deno.symlinkSync(store.outside, own);
  assertThrows(() => ensureOwnDirectory(store.root), UnsupportedStoreError, "a symbolic link");
  assertEquals([...Deno.readDirSync(store.outside)], []);
  Deno.removeSync(own);
  writeFiles(store.root, { ".mltidy.trash": "" });
  assertThrows(() => ensureOwnDirectory(store.root), UnsupportedStoreError, "a file");
});

Deno.test("keepingTimes() puts a directory's modification time back to the millisecond", async () => {
  await using store = await tempStore();
  setTimes(store.outside, NOW + 123);
  keepingTimes(store.outside, () => writeFiles(store.outside, { new: "" }));
  assertEquals(Deno.statSync(store.outside).mtime?.getTime(), NOW + 123);
});

Deno.test("writeDurably() replaces a file and leaves nothing beside it", async () => {
  await using store = await tempStore();
  const path = join(store.outside, "manifest.json");
  for (const text of ["a longer text", "한국어"]) {
    writeDurably(path, text);
    assertEquals(Deno.readTextFileSync(path), text);
  }
  assertEquals([...Deno.readDirSync(store.outside)].map(({ name }) => name), ["manifest.json"]);
});

Deno.test("infoOf() follows no link and finds nothing below a file", async () => {
  await using store = await tempStore();
  writeFiles(store.root, { file: "" });
  Deno.symlinkSync("nothing", join(store.root, "link"));
  const found = ["file", "link", "nothing", "file/below"]
    .map((path) => infoOf(join(store.root, path)));
  assertEquals(found.map((info) => info && (info.isSymlink ? "link" : "file")), [
    "file",
    "link",
    null,
    null,
  ]);
});
