import { assertEquals, assertThrows } from "@std/assert";
import { asStorePath } from "../../lib/model.ts";

Deno.test("asStorePath() takes what lies below the root, whatever it is called", () => {
  for (const path of ["1", "1/a", "1/.hidden", "1/..a/a..", "a/...", ".trash/1", "a b/\n"]) {
    assertEquals<string>(asStorePath(path), path);
  }
});

Deno.test("asStorePath() refuses a path that leads out of the store, or nowhere", () => {
  for (
    const path of ["", ".", "..", "/", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a/..", "a\0b"]
  ) {
    assertThrows(() => asStorePath(path), RangeError, JSON.stringify(path));
  }
});
