import { assertEquals } from "@std/assert";
import type { Lapsed, Plan } from "../../../lib/plan/plan.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { reviewedLines } from "../../../lib/words/reviewed.ts";

const lapsed = (name: string, because: Lapsed["because"]): Lapsed => ({
  kind: "soft-delete-run",
  path: asStorePath(`1/${name || "abc"}`),
  name: name === "same" ? name : name && `${name}!`,
  because,
  reasons: because === "kept" ? [{ kind: "pinned", tag: "thesis" }] : [],
});
const linesOf = (done: number, all: readonly Lapsed[], most = 10) =>
  reviewedLines(
    {
      actions: new Array(done) as unknown as Plan["actions"],
      reviewed: { plannedAt: 0, lapsed: all },
    },
    most,
    (count) => count > 0 ? [`… and ${count} more`] : [],
  );

Deno.test("reviewedLines() says how much of which plan still holds, and why the rest does not", () => {
  assertEquals(reviewedLines({ actions: [] }, 10, () => []), []);
  assertEquals(linesOf(3, []), ["All 3 actions of the plan of 1970-01-01 00:00 UTC still hold."]);
  assertEquals(
    linesOf(1, [
      lapsed("a", "kept"),
      lapsed("same", "gone"),
      lapsed("", "changed-since-plan"),
      lapsed("d", "gone"),
    ], 3),
    [
      "Of the 5 actions of the plan of 1970-01-01 00:00 UTC 1 still holds; no longer:",
      "  a! (1/a): pinned by tag thesis",
      "  1/same: no longer there",
      "  (no name) (1/abc): changed since the plan was made",
      "  … and 1 more",
    ],
  );
});
