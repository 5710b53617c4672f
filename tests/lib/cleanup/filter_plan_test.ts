import { assertEquals, assertThrows } from "@std/assert";
import { filterPlan } from "../../../lib/cleanup/filter_plan.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import { planRepair } from "../../../lib/repair/plan_repair.ts";
import { DEFAULT_REPAIR, NO_EVIDENCE } from "../../../lib/plan/repair_action.ts";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { DAY, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const OLD = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
const POLICY = policyOf(
  readConfig("retention: { keep_within: 30d }\nlimits: { max_runs: 2 }", "mltidy.yaml"),
);
const EXTRAS = {
  ...{ tags: ["mlflow.parentRunId", "mltidy.pin"], metrics: [], params: [] },
  ...{ uses: true, artifacts: null },
};
const runsOf = (experimentId: string, ...numbers: readonly number[]) =>
  numbers.map((number) => run({ id: runId(number), experimentId, ...OLD }));

Deno.test("filterPlan() leaves out what a program does not want, and makes all sums anew", () => {
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({ id: "1", name: "churn", runs: runsOf("1", 1, 2) }),
      experiment({ id: "2", name: "rain", runs: runsOf("2", 3) }),
    ],
    extras: EXTRAS,
  }));
  const plan = deepFreeze(planCleanup(store, POLICY, { now: NOW }));
  assertEquals(plan.stops?.map(({ kind }) => kind), ["max-runs", "max-share", "max-share"]);
  assertEquals(filterPlan(plan, () => true), plan);
  const part = filterPlan(plan, ({ path }) => path === `1/${runId(1)}`);
  assertEquals(part.actions.map(({ path }) => `${path}`), [`1/${runId(1)}`]);
  assertEquals([part.totals.softDeleteRuns, part.totals.keptRuns], [1, 2]);
  assertEquals([part.experiments, part.stops, part.majorities], [
    { "1": "churn" },
    undefined,
    undefined,
  ]);
  assertEquals(
    part.kept.map(({ path, reasons }) => [`${path}`, reasons[0].kind]),
    [[`1/${runId(2)}`, "left-out"], [`2/${runId(3)}`, "left-out"]],
  );
  assertEquals(parsePlan(JSON.stringify(part), "plan.json"), part);
  const whole = filterPlan(plan, ({ path }) => path.startsWith("2/"));
  assertEquals(whole.stops, [
    {
      kind: "max-share",
      experiment: store.experiments[1]!.id,
      name: "rain",
      removes: 1,
      of: 1,
      limit: 0.5,
    },
  ]);
  assertEquals(whole.majorities?.map(({ name, removes }) => [name, removes]), [["rain", 1]]);
});

Deno.test("filterPlan() takes nothing for an answer but true or false, least of all a promise of one", () => {
  const store = deepFreeze(
    snapshot({ experiments: [experiment({ id: "1", runs: runsOf("1", 1) })], extras: EXTRAS }),
  );
  const plan = deepFreeze(planCleanup(store, POLICY, { now: NOW }));
  const answers = [[Promise.resolve(false), "object"], [undefined, "undefined"], [1, "number"]];
  for (const [answer, found] of answers) {
    assertThrows(
      () => filterPlan(plan, () => answer as never),
      InvalidArgumentError,
      `whether soft-delete-run 1/${runId(1)} is wanted: expected true or false, found ${found}`,
    );
  }
  const error = new Error("it cannot tell");
  assertThrows(
    () =>
      filterPlan(plan, () => {
        throw error;
      }),
    Error,
    error.message,
  );
});

Deno.test("filterPlan() counts the repairs that are left", () => {
  const tagged = snapshot({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        runs: [1, 2].map((id) =>
          run({ id: runId(id), status: "RUNNING", startTime: NOW - 90 * DAY, endTime: null })
        ),
      }),
    ],
  });
  const store = deepFreeze({ ...tagged, depth: "full" as const });
  const plan = planRepair(store, NO_EVIDENCE, DEFAULT_REPAIR, { now: NOW });
  const part = filterPlan(plan, () => false);
  assertEquals([part.actions, part.totals.repairs], [[], 0]);
  assertEquals(filterPlan(plan, () => true), plan);
});
