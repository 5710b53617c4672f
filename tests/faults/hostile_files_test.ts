import { assertEquals } from "@std/assert";
import { casesOf, runCases } from "./hostile_files.ts";

Deno.test({
  name:
    "no task hangs, crashes or ends with an unknown code, whatever stands where it reads a file",
  ignore: Deno.build.os === "windows",
  async fn() {
    assertEquals(await runCases(casesOf(24)), []);
  },
});
