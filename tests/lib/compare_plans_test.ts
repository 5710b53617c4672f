import { assertEquals } from "@std/assert";
import { comparePlans } from "../../lib/compare_plans.ts";
import { policyOf, readConfig } from "../../lib/config.ts";
import { planCleanup } from "../../lib/plan_cleanup.ts";
import { NOW } from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";
import { longHistory } from "../_support/long_history.ts";

const STORE = deepFreeze(longHistory(null));
const planOf = (yaml: string) =>
  planCleanup(STORE, policyOf(readConfig(yaml, "mltidy.yaml")), { now: NOW });

Deno.test("comparePlans() names the runs that change sides, with what they take", () => {
  const { removed, kept, usage } = comparePlans(
    STORE,
    planOf("retention: { keep_within: 30d }"),
    planOf("retention: { keep_within: 10d, keep_best: { n: 4 } }"),
  );
  assertEquals(removed.map(({ name }) => name), ["crash", "cnn-4", "cnn-3"]);
  assertEquals(kept.map(({ name }) => name), ["cnn-2", "sweep", "trial-1", "trial-2", "trial-3"]);
  assertEquals(kept.map(({ reasons: [{ kind }] }) => kind), [
    "keep-best",
    "parent-of-kept",
    "child-of-kept",
    "keep-best",
    "child-of-kept",
  ]);
  assertEquals(usage, {
    removed: { bytes: 1_020_000, files: 9 },
    kept: { bytes: 1_040_000, files: 15 },
  });
});

Deno.test("comparePlans() finds nothing between a policy and itself", () => {
  const plan = planOf("retention: { keep_last: 3 }");
  const { removed, kept } = comparePlans(STORE, plan, plan);
  assertEquals([removed, kept], [[], []]);
});

Deno.test("comparePlans() counts a purge as a removal", () => {
  const { kept } = comparePlans(STORE, planOf(""), planOf("purge: { after: 50d }"));
  assertEquals(kept.map(({ name }) => name), ["binned"]);
});
