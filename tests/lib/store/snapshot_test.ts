import { assertEquals, assertThrows } from "@std/assert";
import { asStorePath } from "../../../lib/store/path.ts";
import { isNonEmpty } from "../../../lib/store/snapshot.ts";
import { addUsage, NO_USAGE } from "../../../lib/store/usage.ts";

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

Deno.test("addUsage() sums bytes and files; of nothing it is none", () => {
  const usages = [{ bytes: 4096, files: 1 }, NO_USAGE, { bytes: 512, files: 2 }];
  assertEquals(addUsage(usages), { bytes: 4608, files: 3 });
  assertEquals(addUsage([]), NO_USAGE);
});

Deno.test("isNonEmpty() tells whether a list has an element, whatever that is", () => {
  assertEquals([[], [undefined], [1, 2]].map((list) => isNonEmpty<unknown>(list)), [
    false,
    true,
    true,
  ]);
});
