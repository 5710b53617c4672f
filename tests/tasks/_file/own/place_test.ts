import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  openWriting,
  placeFile,
  placeNewDirectory,
  placeNewFile,
} from "../../../../tasks/_file/own/place.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

const namesIn = (...path: readonly string[]) =>
  [...Deno.readDirSync(join(...path))].map(({ name }) => name).sort();

const writingIn = (root: string) => namesIn(root, ".mltidy.trash", "writing");

Deno.test("placeNewFile() puts a file where none is, and lets another stay", async () => {
  await using store = await tempStore();
  const writing = openWriting(store.root);
  const target = join(store.outside, "a");
  Deno.mkdirSync(store.outside, { recursive: true });
  for (const durable of [false, true]) {
    assertEquals(placeNewFile(writing, `${target} ${durable}`, "first", durable), true);
    assertEquals(placeNewFile(writing, `${target} ${durable}`, "second", durable), false);
    assertEquals(Deno.readTextFileSync(`${target} ${durable}`), "first");
  }
  assertThrows(() => placeNewFile(writing, join(target, "b"), "", false), Deno.errors.NotFound);
  assertEquals(writingIn(store.root), []);
});

Deno.test("placeFile() replaces a file whole, and leaves nothing when it cannot", async () => {
  await using store = await tempStore();
  const writing = openWriting(store.root);
  writeFiles(store.outside, { "a": "old", "folder/b": "" });
  placeFile(writing, join(store.outside, "a"), new Uint8Array([110, 101, 119]), false);
  assertEquals(Deno.readTextFileSync(join(store.outside, "a")), "new");
  assertThrows(
    () => placeFile(writing, join(store.outside, "folder"), "", true),
    Deno.errors.IsADirectory,
  );
  assertEquals(writingIn(store.root), []);
});

Deno.test("placeNewDirectory() puts a directory where nothing or an empty one is", async () => {
  await using store = await tempStore();
  const writing = openWriting(store.root);
  writeFiles(store.outside, { "empty": null, "full/mine": "" });
  const place = (name: string) =>
    placeNewDirectory(writing, join(store.outside, name), { files: [["new", ""]] }, false);
  assertEquals([place("none"), place("empty"), place("full")], [true, true, false]);
  assertEquals(
    ["none", "empty", "full"].map((name) => namesIn(store.outside, name)),
    [["new"], ["new"], ["mine"]],
  );
  assertThrows(
    () =>
      placeNewDirectory(
        writing,
        join(store.outside, "never"),
        { files: [["gone/new", ""]] },
        false,
      ),
    Deno.errors.NotFound,
  );
  assertEquals(namesIn(store.outside), ["empty", "full", "none"]);
  assertEquals(writingIn(store.root), []);
});

Deno.test("openWriting() makes our directory, whoever else makes it at the same moment", async () => {
  await using store = await tempStore();
  openWriting(store.root);
  openWriting(store.root);
  assertEquals(namesIn(store.root, ".mltidy.trash"), [
    "README.txt",
    "backups",
    "journal",
    "staging",
    "writing",
  ]);
});

Deno.test("openWriting() goes on when our directory is tidied away meanwhile", async () => {
  await using store = await tempStore();
  const writing = openWriting(store.root);
  Deno.mkdirSync(store.outside, { recursive: true });
  const own = join(store.root, ".mltidy.trash");
  Deno.removeSync(own, { recursive: true });
  assertEquals(placeNewFile(writing, join(store.outside, "file"), "new", false), true);
  Deno.removeSync(own, { recursive: true });
  assertEquals(
    placeNewDirectory(writing, join(store.outside, "directory"), { files: [] }, true),
    true,
  );
});
