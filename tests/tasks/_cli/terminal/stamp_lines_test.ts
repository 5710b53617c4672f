import { assertEquals } from "@std/assert";
import { stampLines } from "../../../../tasks/_cli/terminal/stamp_lines.ts";

Deno.test("stampLines() puts the time before each line that says something", () => {
  assertEquals(
    stampLines("Done: 1 purged.\n\n  but a/b stays\n", Date.UTC(2026, 4, 1, 3, 0, 7, 89)),
    "2026-05-01T03:00:07Z Done: 1 purged.\n\n2026-05-01T03:00:07Z   but a/b stays\n",
  );
});
