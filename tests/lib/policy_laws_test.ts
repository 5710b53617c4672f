/**
 * The laws of retention policies, whatever the store and the policy.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "../_support/fast_check.ts";
import { explainRun } from "../../lib/answers/explain_run.ts";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import type { CleanupPlan, Plan } from "../../lib/plan/plan.ts";
import {
  type Budget,
  type CleanupPolicy,
  isEmptyRule,
  type RetentionRule,
  YOUNG,
} from "../../lib/policy/policy.ts";
import { findReferences } from "../../lib/snapshot/find_references.ts";
import type { Run, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { snapshotArbitrary } from "../_support/arbitraries.ts";
import { NOW } from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";
import { draws, isLong } from "../_support/depth.ts";
import { rulesArbitrary, withExtras } from "../_support/policy_arbitraries.ts";

type Store = StoreSnapshot<"tags">;

const RUNS = draws(150, 500);
/** For laws that prove little on unlucky values. */
const LUCKY_RUNS = draws(isLong ? 500 : 150, 500, 3);
const stores = fc.tuple(
  snapshotArbitrary({ now: NOW }),
  fc.array(fc.nat(), { minLength: 20, maxLength: 60 }),
).map(([store, numbers]) => deepFreeze(withExtras(store, numbers)));
const policies = rulesArbitrary().map(deepFreeze);

const plan = (store: Store, policy: CleanupPolicy): CleanupPlan =>
  deepFreeze(planCleanup(store, policy, { now: NOW }));
const runsOf = ({ experiments, orphans }: Store): readonly Run[] =>
  [...experiments, ...orphans].flatMap(({ runs }) => runs);
const actsOf = ({ actions }: Plan): readonly string[] =>
  actions.map(({ kind, path }) => `${kind} ${path}`);
const pathsOf = ({ actions }: Plan, kind: string): readonly string[] =>
  actions.filter((action) => action.kind === kind).map(({ path }) => path);

Deno.test("protected runs stay: running, young, pinned, registered, used by a trace", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const registered = findReferences(store).runs;
      const traced = new Set(
        store.experiments.filter(({ lifecycleStage }) => lifecycleStage === "active")
          .flatMap(({ traceUses = [] }) => traceUses.map(({ runId }) => runId)),
      );
      const pins = ["mltidy.pin", ...policy.retention.protect.pinnedTags];
      const isProtected = (run: Run) =>
        ["RUNNING", "SCHEDULED"].includes(run.status) || pins.some((pin) => run.tags.has(pin)) ||
        NOW - (run.endTime ?? run.startTime) < YOUNG || registered.has(run.id) ||
        traced.has(run.id);
      const gone = new Set(pathsOf(plan(store, policy), "soft-delete-run"));
      assertEquals(runsOf(store).filter((run) => gone.has(run.path) && isProtected(run)), []);
    }),
    RUNS,
  );
});

Deno.test("an empty rule removes nothing", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const empty = { keepLast: 0, keepWithin: 0, keepDaily: 0, keepWeekly: 0, keepMonthly: 0 };
      const lists = { keepBest: [], keepTags: [], keepStatus: [], keepNamed: [], keepWhere: [] };
      const rules = policy.retention.rules.map((rule) => ({ ...rule, ...empty, ...lists }));
      const retention = { ...policy.retention, rules };
      assertEquals(pathsOf(plan(store, { ...policy, retention }), "soft-delete-run"), []);
    }),
    RUNS,
  );
});

Deno.test("monotone: a rule that keeps more never removes more", () => {
  const more = fc.record({
    keepLast: fc.nat({ max: 3 }),
    keepWithin: fc.constantFrom(0, YOUNG, 40 * YOUNG),
    keepDaily: fc.nat({ max: 2 }),
    keepWeekly: fc.nat({ max: 2 }),
    keepMonthly: fc.nat({ max: 2 }),
    best: fc.nat({ max: 2 }),
    status: fc.boolean(),
    named: fc.boolean(),
    where: fc.boolean(),
    follow: fc.boolean(),
  });
  fc.assert(
    fc.property(stores, policies, more, (store, policy, extra) => {
      // What keeps nothing removes nothing, so there giving a rule is no more generous.
      const raise = (rule: RetentionRule): RetentionRule =>
        isEmptyRule(rule) ? rule : {
          ...rule,
          keepLast: rule.keepLast + extra.keepLast,
          keepWithin: rule.keepWithin + extra.keepWithin,
          keepDaily: rule.keepDaily + extra.keepDaily,
          keepWeekly: rule.keepWeekly + extra.keepWeekly,
          keepMonthly: rule.keepMonthly + extra.keepMonthly,
          keepBest: rule.keepBest.map((best) => ({ ...best, n: best.n + extra.best })),
          keepStatus: extra.status ? [...rule.keepStatus, "KILLED"] : rule.keepStatus,
          keepNamed: extra.named ? [...rule.keepNamed, "*"] : rule.keepNamed,
          keepWhere: extra.where ? [...rule.keepWhere ?? [], "loss <= 0.7"] : rule.keepWhere ?? [],
          children: extra.follow ? "follow" : rule.children,
        };
      const retention = { ...policy.retention, rules: policy.retention.rules.map(raise) };
      const strict = new Set(actsOf(plan(store, policy)));
      const removed = actsOf(plan(store, { ...policy, retention }))
        .filter((act) => !/^(?:drop-artifact|thin-metric) /.test(act));
      assertEquals(removed.filter((act) => !strict.has(act)), []);
    }),
    RUNS,
  );
});

Deno.test("heavy files and points of metrics go only of runs that stay, and never of protected ones", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      const reasons = new Map(planned.kept.map(({ path, reasons }) => [`${path}`, reasons]));
      const registered = findReferences(store).runs;
      for (const action of planned.actions) {
        if (action.kind !== "drop-artifact" && action.kind !== "thin-metric") continue;
        assert(reasons.has(`${action.experimentId}/${action.runId}`));
        assert(!registered.has(action.runId));
      }
    }),
    RUNS,
  );
});

Deno.test("a switched-off protection lets more be soft-deleted, and nothing more be removed", () => {
  fc.assert(
    fc.property(stores, rulesArbitrary({ unsafe: true }).map(deepFreeze), (store, policy) => {
      const protect = { ...policy.retention.protect, unsafe: [] };
      const safe = plan(store, { ...policy, retention: { ...policy.retention, protect } });
      const unsafe = plan(store, policy);
      for (const kind of ["purge-run", "purge-experiment", "quarantine-orphan"]) {
        assertEquals(pathsOf(unsafe, kind), pathsOf(safe, kind));
      }
      const gone = new Set(pathsOf(unsafe, "soft-delete-run"));
      assertEquals(pathsOf(safe, "soft-delete-run").filter((path) => !gone.has(path)), []);
      for (const kind of ["drop-artifact", "thin-metric"]) {
        const lost = new Set(pathsOf(safe, kind));
        assertEquals(pathsOf(unsafe, kind).filter((path) => !lost.has(path)), []);
      }
    }),
    RUNS,
  );
});

/** Paths of the runs that go, by themselves or with their experiment. */
function removedRuns({ actions }: Plan): ReadonlySet<string> {
  return new Set(actions.flatMap((action): readonly string[] => {
    if (action.kind === "purge-experiment") {
      return action.runIds.map((id) => `${action.path}/${id}`);
    }
    return action.kind === "soft-delete-run" || action.kind === "purge-run" ? [action.path] : [];
  }));
}

Deno.test("explainRun() says what the plan does, and its flip turns the verdict", () => {
  let found = 0;
  let goes = 0;
  let tried = 0;
  fc.assert(
    fc.property(stores, policies, fc.nat(), (store, policy, number) => {
      const all = runsOf(store);
      const gone = new Set(pathsOf(plan(store, policy), "soft-delete-run"));
      const going = all.filter(({ path }) => gone.has(path));
      const runs = number % 2 === 1 && going.length > 0 ? going : all;
      if (runs.length === 0) return;
      const { path } = runs[number % runs.length]!;
      const { verdict, flip } = explainRun(store, policy, { path, now: NOW });
      const removes = (planned: Plan) =>
        planned.actions.some((one) => path === one.path || path.startsWith(`${one.path}/`));
      assertEquals(removes(plan(store, policy)), verdict !== "stays");
      tried++;
      if (verdict === "soft-delete") {
        goes++;
        assert(flip !== null, "Whatever a rule lets go, some change keeps");
      }
      if (flip === null) return;
      found++;
      const moved = removedRuns(plan(store, policy))
        .symmetricDifference(removedRuns(plan(store, flip.policy)));
      assertEquals([moved.has(path), moved.size - 1], [true, flip.others]);
    }),
    LUCKY_RUNS,
  );
  assert(goes > 3 && found - goes > 8, `${found} flips, ${goes} of them keep, of ${tried}`);
});

const budgets: fc.Arbitrary<Budget> = fc.tuple(
  fc.oneof(
    fc.record({ kind: fc.constant("free" as const), bytes: fc.nat({ max: 40_000_000 }) }),
    fc.record({ kind: fc.constant("max-size" as const), bytes: fc.nat({ max: 80_000_000 }) }),
    fc.record({ kind: fc.constant("max-files" as const), files: fc.nat({ max: 80 }) }),
  ),
  fc.constantFrom("oldest" as const, "largest" as const),
).map(([target, first]) => ({ ...target, first }));

Deno.test("a budget never takes what the policy keeps, and never stops early", () => {
  const outcomes = { met: 0, missed: 0, partial: 0 };
  fc.assert(
    fc.property(stores, policies, budgets, (store, policy, budget) => {
      // With a budget no metric loses points.
      const all = actsOf(plan(store, policy)).filter((act) => !act.startsWith("thin-metric "));
      const fitted = plan(store, { ...policy, budget });
      const taken = actsOf(fitted);
      assertEquals(taken.filter((act) => !all.includes(act)), []);
      const { met, wanted, reached } = fitted.budget!;
      assertEquals(met, reached >= wanted);
      if (!met) assertEquals(taken, all);
      outcomes[!met ? "missed" : taken.length < all.length ? "partial" : "met"]++;
    }),
    LUCKY_RUNS,
  );
  assert(Math.min(...Object.values(outcomes)) > 3, JSON.stringify(outcomes));
});

Deno.test("a budget takes no more than it needs: without its last one it would fall short", () => {
  fc.assert(
    fc.property(stores, policies, fc.nat({ max: 9_000_000 }), (store, policy, bytes) => {
      const fit = (wanted: number) =>
        plan(store, { ...policy, budget: { kind: "free", bytes: wanted, first: "oldest" } });
      const { met, reached } = fit(bytes).budget!;
      if (!met || reached === 0) return;
      const taken = actsOf(fit(bytes));
      // Whoever wants as much as was reached gets the same, whoever wants one byte more gets more.
      assertEquals(actsOf(fit(reached)), taken);
      const { actions, budget } = fit(reached + 1);
      assert(!budget!.met || actions.length > taken.length);
    }),
    draws(60, 200),
  );
});

Deno.test("a plan that takes at most so many takes no more, nothing else, and all of what may go in the end", () => {
  fc.assert(
    fc.property(stores, policies, fc.integer({ min: 1, max: 6 }), (store, policy, count) => {
      // With a budget no metric loses points.
      const all = actsOf(plan(store, policy)).filter((act) => !act.startsWith("thin-metric "));
      const fitted = plan(store, {
        ...policy,
        budget: { kind: "at-most", count, first: "oldest" },
      });
      const taken = actsOf(fitted);
      assertEquals(taken.filter((act) => !all.includes(act)), []);
      assert(taken.length <= count);
      const { wanted, reached } = fitted.budget!;
      assertEquals([wanted, reached], [all.length, taken.length]);
      if (count >= all.length) assertEquals(taken, all);
    }),
    RUNS,
  );
});

Deno.test("a limit on the store is met once and for all", () => {
  fc.assert(
    fc.property(stores, policies, fc.nat({ max: 40_000_000 }), (store, policy, bytes) => {
      const limited: CleanupPolicy = {
        ...policy,
        budget: { kind: "max-size", bytes, first: "oldest" },
      };
      const { met, wanted } = plan(store, limited).budget!;
      if (wanted === 0) assertEquals(actsOf(plan(store, limited)), []);
      assert(met || wanted > 0);
    }),
    RUNS,
  );
});
