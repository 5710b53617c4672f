import { assertEquals } from "@std/assert";
import type { EventLine } from "../../../../../tasks/_web/messages.ts";
import { AT_FIRST, follow } from "../../../../../tasks/_web/page/pure/standing.ts";

const reading: EventLine = { event: "reading", runs: 5, total: 10, rate: null, left: null };

Deno.test("a store that is read can be asked about, also while it is read again", () => {
  const lines: EventLine[] = [reading, { event: "ready", generation: 3 }, reading];
  assertEquals(lines.slice(0, 1).reduce(follow, AT_FIRST).generation, null);
  const again = lines.reduce(follow, AT_FIRST);
  assertEquals([again.generation, again.reading], [3, reading]);
});

Deno.test("each thing that is told makes asking again worthwhile, progress does not", () => {
  const lines: EventLine[] = [
    { event: "ready", generation: 1 },
    { event: "measured", generation: 1 },
    { event: "verified", generation: 1 },
  ];
  assertEquals(lines.reduce(follow, AT_FIRST).news, 3);
  assertEquals(follow(AT_FIRST, reading).news, 0);
});

Deno.test("what has failed is said until the store is read again", () => {
  const failed = follow(follow(AT_FIRST, reading), {
    event: "failed",
    step: "reading",
    message: "permission denied",
  });
  assertEquals([failed.reading, failed.failures], [null, { reading: "permission denied" }]);
  assertEquals(follow(failed, reading).failures, {});
});
