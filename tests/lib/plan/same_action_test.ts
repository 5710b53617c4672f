import { assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import { foreignActions, sameActions } from "../../../lib/plan/same_action.ts";
import { DAY, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({ runs: [1, 2].map((id) => run({ id: runId(id), endTime: NOW - 40 * DAY })) }),
  ],
}));
const POLICY = { olderThan: 30 * DAY, purgeAfter: null, quarantineOrphans: false, settle: 0 };
const PLAN: Plan = deepFreeze(planCleanup(STORE, POLICY, { now: NOW }));
const LATER: Plan = deepFreeze(planCleanup(STORE, POLICY, { now: NOW + DAY }));

function withActions(...actions: readonly unknown[]): Plan {
  return { ...PLAN, actions } as Plan;
}

Deno.test("sameActions() minds neither the day nor the reasons, but order and number", () => {
  const [first, second] = PLAN.actions;
  assertEquals(sameActions(PLAN, LATER), true);
  const { kind, ...others } = first!;
  assertEquals(sameActions(PLAN, withActions({ ...others, kind }, second)), true);
  assertEquals(sameActions(PLAN, withActions(second, first)), false);
  assertEquals(sameActions(PLAN, withActions(first)), false);
});

Deno.test("foreignActions() finds what another plan does not do, whichever part differs", () => {
  const [first, second] = PLAN.actions;
  assertEquals(foreignActions(PLAN, LATER), []);
  assertEquals(foreignActions(withActions(second), LATER), []);
  const differing = [
    { ...first, kind: "purge-run" },
    { ...first, stamp: "another" },
    { ...first, path: `1/${runId(3)}` },
    { ...first, runId: runId(3) },
    { ...first, text: "more" },
  ];
  for (const action of differing) {
    const plan = withActions(second, action);
    assertEquals(foreignActions(plan, LATER), [plan.actions[1]!]);
  }
});
