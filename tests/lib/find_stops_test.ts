import { assertEquals } from "@std/assert";
import { stopText } from "../../lib/find_stops.ts";
import { asExperimentId } from "../../lib/model.ts";

Deno.test("stopText() names the limit and the flag that allows it", () => {
  const experiment = asExperimentId("7");
  assertEquals(
    stopText({ kind: "max-share", experiment, name: "churn", removes: 37, of: 40, limit: 0.5 }),
    "it removes 37 of 40 runs of experiment churn (7), and max_share is 50%; --max-share 93% allows it",
  );
  assertEquals(
    stopText({ kind: "max-runs", removes: 1_200, limit: 1_000 }),
    "it removes 1,200 runs, and max_runs is 1,000; --max-runs 1200 allows it",
  );
  assertEquals(
    stopText({ kind: "empties-protected", experiment, name: "churn", group: "cnn", removes: 2 }),
    "it removes all 2 runs of group cnn of experiment churn (7), which protect.experiments names; let the policy keep one of them",
  );
});
