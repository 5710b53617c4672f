import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { makeDirectories } from "../../../../tasks/_file/own/make_new.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

Deno.test("makeDirectories() makes none below a directory that is gone, and none through a file", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, { "file": "" });
  const made: string[] = [];
  const newPath = () => join(store.outside, "new");
  makeDirectories(store.outside, ["a", "b"], newPath, (parent) => made.push(parent));
  makeDirectories(store.outside, ["a", "b"], newPath, (parent) => made.push(parent));
  assertEquals(made, [store.outside, join(store.outside, "a")]);
  assertThrows(
    () => makeDirectories(join(store.outside, "gone"), ["a"], newPath),
    Deno.errors.NotFound,
  );
  for (const names of [["file"], ["file", "a"]]) {
    assertThrows(() => makeDirectories(store.outside, names, newPath), Deno.errors.NotADirectory);
  }
});
