import { assertEquals, assertThrows } from "@std/assert";
import { parseExitCode } from "../../../../tasks/_cli/table/machine_tasks.ts";

Deno.test("parseExitCode() reads codes, and the signals by which systemd says that one ended a program", () => {
  assertEquals(["0", "13", "255", "TERM", "KILL", "SIGINT"].map(parseExitCode), [
    ...[0, 13, 255, 143, 137, 130],
  ]);
  for (const text of ["256", "-1", "1.5", "", "term", "EXITED", "1 2"]) {
    assertThrows(() => parseExitCode(text), RangeError, "expected an exit code from 0 to 255");
  }
});
