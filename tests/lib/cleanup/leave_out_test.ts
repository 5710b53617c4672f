import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { planCleanupWithout } from "../../../lib/cleanup/leave_out.ts";
import type { CleanupPlan } from "../../../lib/plan/plan.ts";
import { isStop } from "../../../lib/plan/reason_shape.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import { simulatePlan } from "../../../lib/plan/simulate_plan.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { adverseSnapshotArbitrary, policyArbitrary } from "../../_support/adverse_arbitraries.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import {
  DAY,
  deletedRun,
  experiment,
  NOW,
  orphan,
  run,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { draws } from "../../_support/depth.ts";
import { rulesArbitrary, withExtras } from "../../_support/policy_arbitraries.ts";

const LONG_AGO = NOW - 400 * DAY;
const POLICY = policyOfAges();

const subjectsOf = ({ actions }: CleanupPlan) => actions.map(({ kind, path }) => `${kind} ${path}`);
const reasonsOf = ({ kept }: CleanupPlan, path: string) =>
  kept.find((one) => one.path === path)?.reasons.map(({ kind }) => kind);

Deno.test("planCleanupWithout() lets stay what is left out, and says so", () => {
  const store = deepFreeze(snapshot({
    experiments: [experiment({
      runs: [
        run({ endTime: LONG_AGO }),
        run({ id: runId(2), endTime: LONG_AGO }),
        deletedRun({ id: runId(3), deletedTime: LONG_AGO }),
        run({ id: runId(4) }),
      ],
    })],
    orphans: [orphan({ newestChange: LONG_AGO })],
  }));
  const [first, third] = [`1/${runId(1)}`, `1/${runId(3)}`];
  const plan = planCleanupWithout(store, POLICY, { now: NOW }, [first, third, "nothing"]);
  assertEquals(subjectsOf(plan), [
    `soft-delete-run 1/${runId(2)}`,
    `quarantine-orphan ${store.orphans[0]!.path}`,
  ]);
  assertEquals([reasonsOf(plan, first), reasonsOf(plan, third)], [["left-out"], ["left-out"]]);
  const { softDeleteRuns, purgeRuns, quarantineOrphans, keptRuns } = plan.totals;
  assertEquals([softDeleteRuns, purgeRuns, quarantineOrphans, keptRuns], [1, 0, 1, 3]);
  assertEquals(parsePlan(JSON.stringify(plan), "plan.json").actions.length, 2);
  const whole = planCleanupWithout(store, POLICY, { now: NOW }, ["1", store.orphans[0]!.path]);
  assertEquals([whole.actions, whole.experiments], [[], {}]);
  assertEquals(reasonsOf(whole, store.orphans[0]!.path), ["left-out"]);
  assertEquals(reasonsOf(whole, `1/${runId(4)}`), ["younger-than"], "it would stay anyway");
});

Deno.test("planCleanupWithout() lets stay with a nested run its parent, with a run its experiment", () => {
  const child = run({
    id: runId(2),
    endTime: LONG_AGO,
    tags: new Map([["mlflow.parentRunId", runId(1)]]),
  });
  const deleted = { id: "2", lifecycleStage: "deleted", lastUpdateTime: LONG_AGO } as const;
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({ runs: [run({ endTime: LONG_AGO }), child] }),
      experiment({ ...deleted, runs: [run({ id: runId(5), endTime: LONG_AGO })] }),
    ],
  }));
  const inTrash = store.experiments[1]!;
  const without = [child.path, inTrash.runs[0]!.path];
  assertEquals(planCleanupWithout(store, POLICY, { now: NOW }, []).actions.length, 3);
  const plan = planCleanupWithout(store, POLICY, { now: NOW }, without);
  assertEquals(plan.actions, []);
  assertEquals(reasonsOf(plan, `1/${runId(1)}`), ["parent-of-kept"]);
});

const stores = fc.tuple(
  fc.oneof(snapshotArbitrary({ now: NOW }), adverseSnapshotArbitrary({ now: NOW })),
  fc.array(fc.nat(), { minLength: 20, maxLength: 60 }),
  fc.infiniteStream(fc.boolean()),
).map(([store, numbers, chosen]) => ({
  store: deepFreeze(withExtras(store, numbers)),
  chosen,
}));
const policies = fc.oneof(policyArbitrary(), rulesArbitrary()).map(deepFreeze);

Deno.test("whatever is left out: nothing goes that would not go otherwise, all else is judged as before, and each run is told once", () => {
  fc.assert(
    fc.property(stores, policies, ({ store, chosen }, policy) => {
      const plan = planCleanup(store, policy, { now: NOW });
      const leftOut = plan.actions.map(({ path }) => path).filter(() => chosen.next().value);
      const less = deepFreeze(planCleanupWithout(store, policy, { now: NOW }, leftOut));
      const before = new Set(subjectsOf(plan));
      assert(subjectsOf(less).every((subject) => before.has(subject)));
      assert(less.actions.every(({ path }) => !leftOut.includes(path)));
      assertEquals([less.policy, less.basis], [plan.policy, plan.basis]);
      assertEquals(toldOf(less), toldOf(plan));
      assert(less.stops?.every(isStop) ?? true);
      // A second look at what has become of the store finds nothing more of that to do.
      const later = simulatePlan(store, less, { now: NOW }) as StoreSnapshot<"tags">;
      const again = planCleanupWithout(later, policy, { now: NOW }, leftOut);
      if (policy.budget === undefined) {
        assertEquals(again.actions.filter(({ path }) => leftOut.includes(path)), []);
      }
    }),
    draws(60, 500),
  );
});

/** Every run and orphan that a plan speaks of, each as often as it does. */
function toldOf({ actions, kept }: CleanupPlan): readonly string[] {
  return [
    ...actions.flatMap((action) => {
      if (action.kind === "purge-experiment") {
        return action.runIds.map((id) => `${action.path}/${id}`);
      }
      return ["drop-artifact", "thin-metric", "purge-logged-model"].includes(action.kind)
        ? []
        : [action.path];
    }),
    ...kept.flatMap(({ kind, path }) => kind === "run" || kind === "orphan" ? [path] : []),
  ].toSorted();
}
