import { assertEquals } from "@std/assert";
import { renderRestore } from "../../../lib/render/restore.ts";

Deno.test("renderRestore() names the directories that could not get their modification time back", () => {
  const text = renderRestore({
    ...{ schema: "mltidy/restore/v1", store: "/data/mlruns", dryRun: false, changes: 2, to: null },
    ...{ items: [], collisions: [], rescue: null, faults: [], settled: [], remains: [] },
    backup: {
      ...{ id: "b-1", path: "/data/b-1", kind: "change", task: "cleanup", createdAt: 0 },
      ...{ changes: 2, bytes: 0, files: 0 },
    },
    lostTimes: ["1/a\x1b", ""],
  });
  assertEquals(
    text,
    `Undone: 2 changes of cleanup of 1970-01-01 00:00 UTC (b-1).
Without the modification time that it had, which its owner, or root, may set alone:
  1/a\\x1b
  the store itself
`,
  );
});
