import { assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import { summarizePlan } from "../../../lib/report/task_report.ts";
import { DAY, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

Deno.test("summarizePlan() leaves out what a plan says of single runs", () => {
  const old = run({ id: runId(1), startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY });
  const store = deepFreeze(snapshot({ experiments: [experiment({ id: "1", runs: [old] })] }));
  const plan = planCleanup(store, policyOfAges({ olderThan: "30d" }), { now: NOW });
  assertEquals(summarizePlan(plan), {
    actions: 1,
    totals: plan.totals,
    majorities: [{ experiment: store.experiments[0]!.id, name: "experiment 1", removes: 1, of: 1 }],
  });
});
