import { assertEquals } from "@std/assert";
import { errorMessage } from "../../lib/errors.ts";

Deno.test("errorMessage() says why a part of the program could not be loaded, and not where that lies", () => {
  const said = "Cannot load a part of mltidy: Too many open files (os error 24); " +
    "start it again once that is mended";
  for (
    const message of [
      "Import 'file:///home/kim/mltidy/tasks/a.ts' failed.\n    0: Too many open files (os error 24)",
      "Import 'file:///home/kim/mltidy/tasks/a.ts' failed.\n    0: Too many open files (os error 24)\n    1: more at file:///home/kim/x.ts:1:1",
      "Import 'file:///home/kim/mltidy/tasks/a.ts' failed.\n    0: Too many open files (os error 24) at file:///home/kim/mltidy/b.ts:3:1",
    ]
  ) {
    assertEquals(errorMessage(new TypeError(message)), said);
  }
  assertEquals(errorMessage(new RangeError("too large")), "too large");
});
