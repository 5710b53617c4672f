import { assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { isMajority } from "../../../lib/plan/reason_shape.ts";
import { asExperimentId } from "../../../lib/store/path.ts";
import { DAY, deletedRun, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const POLICY = { olderThan: 30 * DAY, purgeAfter: DAY, quarantineOrphans: true, settle: 0 };

/** Runs of which some are old, and deleted ones, of which nobody is told. */
function runs(old: number, young: number) {
  return [
    ...Array.from(
      { length: old },
      (_, index) => run({ id: runId(index), endTime: NOW - 90 * DAY }),
    ),
    ...Array.from({ length: young }, (_, index) => run({ id: runId(1_000 + index) })),
    ...[1, 2, 3].map((index) =>
      deletedRun({ id: runId(2_000 + index), deletedTime: NOW - 90 * DAY })
    ),
  ];
}

Deno.test("a plan names the experiments of which every active run goes, or more than half", () => {
  const store = deepFreeze(snapshot({
    experiments: [
      experiment({ id: "1", name: "half", runs: runs(2, 2) }),
      experiment({ id: "2", name: "most", runs: runs(3, 2) }),
      experiment({ id: "3", name: "one", runs: runs(1, 0) }),
      experiment({ id: "4", name: "all", runs: runs(4, 0) }),
      experiment({ id: "5", name: "none", runs: runs(0, 0) }),
      experiment({ id: "6", name: "gone", lifecycleStage: "deleted", runs: runs(4, 0) }),
    ],
  }));
  const { majorities } = planCleanup(store, POLICY, { now: NOW });
  const named = (id: string, name: string, removes: number, of: number) => ({
    experiment: asExperimentId(id),
    name,
    removes,
    of,
  });
  assertEquals(majorities, [
    named("4", "all", 4, 4),
    named("3", "one", 1, 1),
    named("2", "most", 3, 5),
  ]);
  assertEquals(majorities?.every(isMajority), true);
  assertEquals(isMajority({ ...majorities![0], of: "4" }), false);
});

Deno.test("a plan that takes no more than half of any experiment has no word of it", () => {
  const store = deepFreeze(snapshot({ experiments: [experiment({ runs: runs(2, 2) })] }));
  assertEquals("majorities" in planCleanup(store, POLICY, { now: NOW }), false);
});
