import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { summarize } from "../../../lib/answers/summarize.ts";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import { simulatePlan } from "../../../lib/plan/simulate_plan.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { verifySnapshot } from "../../../lib/verify/verify_snapshot.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  EXPERIMENT_USAGE,
  NOW,
  orphan,
  run,
  RUN_USAGE,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const POLICY = {
  olderThan: 30 * DAY,
  purgeAfter: 30 * DAY,
  quarantineOrphans: true,
  settle: DAY / 144,
};

const OLD = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
const LONG_AGO = NOW - 31 * DAY;

const oldRun = run({ id: runId(1), ...OLD });
const goneRun = deletedRun({ id: runId(2), ...OLD, deletedTime: LONG_AGO });
const youngRun = run({ id: runId(3) });
const goneExperiment = experiment({
  id: "2",
  lifecycleStage: "deleted",
  lastUpdateTime: LONG_AGO,
  runs: [deletedRun({ id: runId(4), ...OLD })],
});
const emptyOrphan = orphan({ id: "7", damagedRuns: [damagedRun({ id: runId(5) })] });
const keptOrphan = orphan({ id: "8", runs: [run({ id: runId(6) })] });

const STORE = deepFreeze(snapshot({
  experiments: [experiment({ runs: [oldRun, goneRun, youngRun] }), goneExperiment],
  orphans: [emptyOrphan, keptOrphan],
}));

const plan = (store: StoreSnapshot<"tags">): Plan =>
  deepFreeze(planCleanup(store, POLICY, { now: NOW }));

Deno.test("simulatePlan() shows the store after every kind of action", () => {
  const purged = experiment({
    runs: [run({ ...oldRun, tags: {}, lifecycleStage: "deleted", deletedTime: NOW + 1 }), youngRun],
    usage: {
      bytes: EXPERIMENT_USAGE.bytes + 2 * RUN_USAGE.bytes,
      files: EXPERIMENT_USAGE.files + 2 * RUN_USAGE.files,
    },
  });
  assertEquals(
    plan(STORE).actions.map((action) => action.kind),
    ["soft-delete-run", "purge-run", "purge-experiment", "quarantine-orphan"],
  );
  assertEquals(
    simulatePlan(STORE, plan(STORE), { now: NOW + 1 }),
    snapshot({
      readAt: NOW + 1,
      fingerprint: "simulated:4",
      experiments: [purged],
      orphans: [keptOrphan],
    }),
  );
});

Deno.test("simulatePlan() stops after a prefix", () => {
  const actions = plan(STORE).actions;
  assertEquals(simulatePlan(STORE, plan(STORE), { now: NOW, prefix: 0 }), {
    ...STORE,
    fingerprint: "simulated:0",
  });
  const left = actions.map((_, prefix) => {
    const { experiments, orphans } = simulatePlan(STORE, plan(STORE), { now: NOW, prefix });
    const active = experiments[0]!.runs.filter((each) => each.lifecycleStage === "active").length;
    return [active, experiments[0]!.runs.length, experiments.length, orphans.length];
  });
  assertEquals(left, [[2, 3, 2, 2], [1, 3, 2, 2], [1, 2, 2, 2], [1, 2, 1, 2]]);
});

Deno.test("simulatePlan() refuses a prefix that the plan does not have", () => {
  for (const prefix of [-1, 5, 0.5]) {
    assertThrows(
      () => simulatePlan(STORE, plan(STORE), { now: NOW, prefix }),
      RangeError,
      "expected a whole number up to 4",
    );
  }
});

Deno.test("simulatePlan() passes over an action whose subject is not there", () => {
  const empty = deepFreeze(snapshot());
  assertEquals(simulatePlan(empty, plan(STORE), { now: NOW }), {
    ...empty,
    fingerprint: "simulated:4",
  });
});

Deno.test("simulatePlan() conserves bytes: what is gone is what the actions take", () => {
  fc.assert(fc.property(snapshotArbitrary({ now: NOW }), (store) => {
    const planned = plan(deepFreeze(store));
    const before = summarize(store).usage!;
    const after = summarize(simulatePlan(store, planned, { now: NOW })).usage!;
    assertEquals(
      { bytes: before.bytes - after.bytes, files: before.files - after.files },
      planned.totals.usage,
    );
  }));
});

Deno.test("simulatePlan() never adds an error finding, whatever the prefix", () => {
  const errors = (store: StoreSnapshot) =>
    verifySnapshot(store).filter(({ severity }) => severity === "error")
      .map(({ rule, path }) => `${rule} ${path}`);
  fc.assert(fc.property(snapshotArbitrary({ now: NOW }), fc.nat(), (store, number) => {
    const planned = plan(deepFreeze(store));
    const prefix = number % (planned.actions.length + 1);
    const before = new Set(errors(store));
    const after = errors(simulatePlan(store, planned, { now: NOW, prefix }));
    assertEquals(after.filter((error) => !before.has(error)), []);
  }));
});
