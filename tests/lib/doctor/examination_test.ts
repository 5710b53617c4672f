import { assertEquals } from "@std/assert";
import { renderExamination } from "../../../lib/doctor/examination.ts";

Deno.test("renderExamination() shows sizes, moments, lists and what is none as people read them", () => {
  const text = renderExamination({
    schema: "mltidy/doctor/v1",
    parts: [
      {
        part: "fileSystem",
        facts: { freeBytes: 12_288, newestAt: 0, runs: 1_293, isLocal: false, kind: "ext4" },
        problem: null,
      },
      { part: "schedule", facts: { files: ["/a", "/b"], last: null, none: [] }, problem: null },
      { part: "store", facts: {}, problem: "no such directory \x1b[31m" },
    ],
  });
  assertEquals(
    text,
    `File system
  free      12.0 KiB
  newest    1970-01-01 00:00 UTC
  runs      1,293
  is local  no
  kind      ext4

Schedule
  files  /a
         /b
  last   none
  none   none

Store
  PROBLEM  no such directory \\x1b[31m
`,
  );
});
