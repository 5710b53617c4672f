import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  keepingTimes,
  linkNew,
  syncDirectoriesThere,
  syncDirectoryThere,
  writeDurably,
} from "../../../tasks/_io/durable.ts";
import { makeLikeParent } from "../../../tasks/_io/permissions.ts";
import { NOW } from "../../_support/builders.ts";
import { setTimes, tempStore, writeFiles } from "../../_support/disk_store.ts";

const namesIn = (...path: readonly string[]) =>
  [...Deno.readDirSync(join(...path))].map(({ name }) => name).sort();

Deno.test("keepingTimes() puts a directory's modification time back to the millisecond", async () => {
  await using store = await tempStore();
  setTimes(store.outside, NOW + 123);
  keepingTimes(store.outside, () => makeLikeParent(join(store.outside, "new")));
  assertEquals(Deno.statSync(store.outside).mtime?.getTime(), NOW + 123);
});

Deno.test("keepingTimes() leaves the time that another process puts back which made the same", async () => {
  await using store = await tempStore();
  const made = join(store.outside, "new");
  Deno.mkdirSync(made);
  setTimes(store.outside, NOW + 123);
  keepingTimes(store.outside, () => {
    setTimes(store.outside, NOW);
    return makeLikeParent(made);
  });
  assertEquals(Deno.statSync(store.outside).mtime?.getTime(), NOW);
});

Deno.test("syncDirectoriesThere() passes over what another program has taken away or put there", async () => {
  await using store = await tempStore();
  const there = join(store.outside, "there");
  Deno.mkdirSync(there);
  writeFiles(store.outside, { file: "" });
  const places = [there, join(store.outside, "gone"), join(store.outside, "file/in-a-file")];
  const pipe = join(store.outside, "pipe");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  await syncDirectoriesThere([...places, pipe]);
  for (const place of [...places, pipe]) syncDirectoryThere(place);
  assertEquals(namesIn(store.outside), ["file", "pipe", "there"]);
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

Deno.test("linkNew() renames what cannot be linked, and only to where nothing is", async () => {
  await using store = await tempStore();
  // No system links a directory: it refuses as one does that has no links at all.
  writeFiles(store.outside, { "aside/new": "new", "taken/old": "old" });
  const at = (name: string) => join(store.outside, name);
  assertThrows(() => linkNew(at("aside"), at("taken")), Deno.errors.AlreadyExists);
  assertEquals([namesIn(at("aside")), namesIn(at("taken"))], [["new"], ["old"]]);
  linkNew(at("aside"), at("free"));
  assertEquals([namesIn(store.outside), namesIn(at("free"))], [["free", "taken"], ["new"]]);
});
