/**
 * The laws of families that go and stay together, on stores in which most runs have a parent.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "../_support/fast_check.ts";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import type { CleanupPlan } from "../../lib/plan/plan.ts";
import { simulatePlan } from "../../lib/plan/simulate_plan.ts";
import type { CleanupPolicy } from "../../lib/policy/policy.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { adverseSnapshotArbitrary, policyArbitrary } from "../_support/adverse_arbitraries.ts";
import { DAY, NOW } from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";
import { draws } from "../_support/depth.ts";
import { rulesArbitrary, withExtras } from "../_support/policy_arbitraries.ts";

type Store = StoreSnapshot<"tags">;

const numbers = fc.array(fc.nat(), { minLength: 20, maxLength: 60 });
const stores = fc.tuple(adverseSnapshotArbitrary({ now: NOW }), numbers, numbers)
  .map(([store, some, others]) => deepFreeze(withFamilies(withExtras(store, some), others)));
const policies: fc.Arbitrary<CleanupPolicy> = fc.oneof(
  policyArbitrary().map((policy) => ({ ...policy, children: "together" as const })),
  rulesArbitrary().map((policy) => {
    const rules = policy.retention.rules.map((rule) => ({
      ...rule,
      keepWithin: 20 * DAY,
      keepWeekly: 0,
      keepMonthly: 0,
      children: "together" as const,
    }));
    return { ...policy, retention: { ...policy.retention, rules } };
  }),
).map(deepFreeze);

/** Most runs that may be deleted have another one for a parent, and ended some days ago. */
function withFamilies(store: Store, drawn: readonly number[]): Store {
  let next = 0;
  const draw = (below: number) => drawn[next++ % drawn.length]! % below;
  const ids = store.experiments.flatMap(({ runs }) => runs.map(({ id }) => id));
  return {
    ...store,
    experiments: store.experiments.map((experiment) => ({
      ...experiment,
      runs: experiment.runs.map((run) => {
        if (draw(3) === 0) return run;
        const endTime = NOW - (1 + draw(40)) * DAY;
        const tags = new Map([...run.tags, ["mlflow.parentRunId", ids[draw(ids.length)]!]]);
        return { ...run, tags, status: "FINISHED" as const, startTime: endTime, endTime };
      }),
    })),
  };
}

const plan = (store: Store, policy: CleanupPolicy): CleanupPlan =>
  deepFreeze(planCleanup(store, policy, { now: NOW }));
const stepsOf = ({ actions }: CleanupPlan) => actions.map(({ kind, path }) => `${kind} ${path}`);

Deno.test("a plan that takes children with their parents is resumable, and leaves nothing to plan", () => {
  let followed = 0;
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      if (planned.actions.some(({ reasons: [{ kind }] }) => kind === "child-of-gone")) followed++;
      for (let prefix = 0; prefix <= planned.actions.length; prefix++) {
        const left = deepFreeze(simulatePlan(store, planned, { now: NOW, prefix }));
        assertEquals(stepsOf(plan(left, policy)), stepsOf(planned).slice(prefix));
      }
    }),
    draws(150, 500, 1),
  );
  assert(followed > 2, `In ${followed} plans only a child follows its parent`);
});

Deno.test("children that go with their parents are soft-deleted and no more, and a budget takes no others", () => {
  fc.assert(
    fc.property(stores, policies, fc.nat({ max: 80 }), (store, policy, files) => {
      const planned = plan(store, policy);
      const all = new Set(stepsOf(planned));
      const budget = { kind: "max-files", files, first: "oldest" } as const;
      assertEquals(
        stepsOf(plan(store, { ...policy, budget })).filter((step) => !all.has(step)),
        [],
      );
      const { retention } = policy;
      const rules = retention?.rules.map((rule) => ({ ...rule, children: "follow" as const }));
      const apart: CleanupPolicy = retention && rules
        ? { ...policy, retention: { ...retention, rules } }
        : { ...policy, children: "follow" };
      const alone = new Set(stepsOf(plan(store, apart)));
      const besides = planned.actions.filter((one) => !alone.has(`${one.kind} ${one.path}`));
      assertEquals(
        besides.filter(({ kind }) => kind !== "soft-delete-run"),
        [],
      );
    }),
    draws(150, 500, 1),
  );
});
