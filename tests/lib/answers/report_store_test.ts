import { assertEquals } from "@std/assert";
import { reportStore } from "../../../lib/answers/report_store.ts";
import { summarize } from "../../../lib/answers/summarize.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import { DAY, deletedRun, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const ended = (number: number, days: number) => {
  const endTime = NOW - days * DAY;
  return run({ id: runId(number), startTime: endTime - 1, endTime });
};

Deno.test("reportStore() counts runs by age, and those that go, whatever takes them", () => {
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({
        runs: [
          ended(1, -3),
          ended(2, 0.5),
          ended(3, 7),
          ended(4, 40),
          ended(5, 800),
          run({ id: runId(6), status: "RUNNING", startTime: NOW - 100 * DAY, endTime: null }),
          deletedRun({
            id: runId(7),
            endTime: NOW - 100 * DAY,
            deletedTime: NOW - 60 * DAY,
          }),
        ],
      }),
      experiment({
        id: "2",
        lifecycleStage: "deleted",
        lastUpdateTime: NOW - 60 * DAY,
        runs: [ended(8, 200)],
      }),
    ],
  }));
  const plan = planCleanup(store, policyOfAges(), { now: NOW });
  const { ages, summary, ...rest } = reportStore(store, plan);
  assertEquals(rest, { schema: "mltidy/report/v1", store: store.location, plan });
  assertEquals(summary, summarize(store));
  assertEquals(ages.map(({ from, to, runs, goes }) => [from / DAY, to && to / DAY, runs, goes]), [
    [0, 1, 2, 0],
    [1, 7, 0, 0],
    [7, 30, 1, 0],
    [30, 90, 1, 1],
    [90, 180, 2, 1],
    [180, 365, 1, 1],
    [365, 730, 0, 0],
    [730, null, 1, 1],
  ]);
});
