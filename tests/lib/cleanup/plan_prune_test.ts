import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { planPrune } from "../../../lib/cleanup/plan_prune.ts";
import { adverseSnapshotArbitrary } from "../../_support/adverse_arbitraries.ts";
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

const LONG_AGO = NOW - 400 * DAY;

Deno.test("planPrune() soft-deletes old runs, and speaks of nothing that is deleted or an orphan", () => {
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({
        runs: [run({ endTime: LONG_AGO }), deletedRun({ id: runId(2), deletedTime: LONG_AGO })],
      }),
      experiment({ id: "2", lifecycleStage: "deleted", lastUpdateTime: LONG_AGO }),
    ],
    orphans: [orphan({ newestChange: LONG_AGO })],
  }));
  const { schema, task, policy, actions, kept } = planPrune(store, { olderThan: 30 * DAY }, {
    now: NOW,
  });
  assertEquals({ schema, task, policy }, {
    schema: "mltidy/prune/v1",
    task: "prune",
    policy: { olderThan: 30 * DAY, purgeAfter: null, quarantineOrphans: false, settle: 0 },
  });
  assertEquals(actions.map(({ kind, path }) => `${kind} ${path}`), [
    `soft-delete-run 1/${runId(1)}`,
  ]);
  assertEquals(kept, []);
});

Deno.test("planPrune() without a rule plans nothing, and says so of each run", () => {
  const store = deepFreeze(snapshot({
    experiments: [experiment({ runs: [run({ endTime: LONG_AGO }), run({ id: runId(2) })] })],
  }));
  const { actions, kept } = planPrune(store, { olderThan: null }, { now: NOW });
  assertEquals(actions, []);
  assertEquals(kept.map(({ reasons }) => reasons), [[{ kind: "no-rule" }], [{ kind: "no-rule" }]]);
});

Deno.test("planPrune() refuses a negative duration", () => {
  assertThrows(
    () => planPrune(deepFreeze(snapshot()), { olderThan: -1 }, { now: NOW }),
    RangeError,
    "olderThan -1",
  );
});

Deno.test("planPrune() plans just the soft deletes of a clean-up, whatever the store", () => {
  const limits = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 60 * DAY }));
  fc.assert(
    fc.property(
      adverseSnapshotArbitrary({ now: NOW }).map(deepFreeze),
      limits,
      (store, olderThan) => {
        const policy = { olderThan, purgeAfter: null, quarantineOrphans: true, settle: 0 };
        assertEquals(
          planPrune(store, { olderThan }, { now: NOW }).actions,
          planCleanup(store, policy, { now: NOW }).actions
            .filter(({ kind }) => kind === "soft-delete-run"),
        );
      },
    ),
    { numRuns: 300 },
  );
});
