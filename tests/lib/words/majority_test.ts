import { assertEquals } from "@std/assert";
import type { Majority } from "../../../lib/plan/outlook.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import { asExperimentId } from "../../../lib/store/path.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { majorityClause, majorityLines, majorityText } from "../../../lib/words/majority.ts";
import { NOW, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const majority = (name: string, removes: number, of: number): Majority => ({
  experiment: asExperimentId("7"),
  name,
  removes,
  of,
});

const POLICY = { olderThan: null, purgeAfter: null, quarantineOrphans: false, settle: 0 };
const EMPTY = planCleanup(deepFreeze(snapshot()), POLICY, { now: NOW });

const planOf = (first: Majority, ...others: readonly Majority[]): Plan => ({
  ...EMPTY,
  majorities: [first, ...others],
});

const RAIN = majority("rain", 20, 20);
const SNOW = majority("snow", 94_827, 100_000);

Deno.test("majorityText() says how much of an experiment goes", () => {
  assertEquals(majorityText(RAIN), "all 20 runs of rain (7)");
  assertEquals(majorityText(SNOW), "94,827 of 100,000 runs of snow (7)");
  assertEquals(majorityText(majority("hail", 1, 1)), "the only run of hail (7)");
});

function more(count: number): readonly string[] {
  return count > 0 ? [`and ${count} more`] : [];
}

Deno.test("majorityLines() names each experiment, but no more than are wanted", () => {
  assertEquals(majorityLines(EMPTY, 3, more), []);
  assertEquals(majorityLines(planOf(RAIN), 3, more), ["This plan takes all 20 runs of rain (7)."]);
  assertEquals(majorityLines(planOf(RAIN, SNOW, SNOW, SNOW), 2, more), [
    "This plan takes every run, or more than half, of 4 experiments:",
    "  all 20 runs of rain (7)",
    "  94,827 of 100,000 runs of snow (7)",
    "  and 2 more",
  ]);
});

Deno.test("majorityClause() says the first in full, and how many others there are", () => {
  assertEquals(majorityClause(EMPTY), "");
  assertEquals(majorityClause(planOf(RAIN)), ", which takes all 20 runs of rain (7)");
  assertEquals(
    majorityClause(planOf(RAIN, SNOW, SNOW)),
    ", which takes all 20 runs of rain (7) and most runs of 2 other experiments",
  );
  assertEquals(
    majorityClause(planOf(RAIN, RAIN, RAIN)),
    ", which takes all 20 runs of rain (7) and all runs of 2 other experiments",
  );
  assertEquals(
    majorityClause(planOf(RAIN, RAIN, SNOW)),
    ", which takes all 20 runs of rain (7) and all or most runs of 2 other experiments",
  );
});
