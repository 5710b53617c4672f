import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { summarize } from "../../../lib/answers/summarize.ts";
import { asRunId } from "../../../lib/store/path.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import {
  damagedRun,
  DAY,
  deletedRun,
  experiment,
  EXPERIMENT_USAGE,
  modelVersion,
  NOW,
  orphan,
  registeredModel,
  run,
  RUN_USAGE,
  runId,
  snapshot,
  stray,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const NONE = { RUNNING: 0, SCHEDULED: 0, FINISHED: 0, FAILED: 0, KILLED: 0 };

const PARTS = {
  artifacts: { bytes: 500_000, files: 3 },
  loggedModels: { bytes: 300_000, files: 2 },
  traces: { bytes: 100_000, files: 1 },
  foreign: { bytes: 50_000, files: 1 },
};

const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "1",
      name: "실험",
      runs: [
        run({ id: runId(1), startTime: NOW - 3 * DAY, status: "FAILED" }),
        run({ id: runId(2), startTime: NOW - 2 * DAY, endTime: null, status: "RUNNING" }),
        deletedRun({ id: runId(3), startTime: NOW - 9 * DAY }),
      ],
      damagedRuns: [damagedRun({ id: runId(4) })],
    }),
    experiment({ id: "2", lifecycleStage: "deleted", runs: [run({ id: runId(5) })] }),
    experiment({ id: "3", usage: { bytes: 1_000_000, files: 7 }, parts: PARTS }),
  ],
  orphans: [orphan({ id: "7", runs: [run({ id: runId(6) })] })],
  strays: [stray(), stray({ path: "nowhere", kind: "broken-link", usage: null })],
  registeredModels: [
    registeredModel({
      versions: [modelVersion(), modelVersion({ version: "2", stage: "Deleted_Internal" })],
    }),
  ],
  backups: { count: 1, usage: { bytes: 4_096, files: 2 } },
}));

Deno.test("summarize() counts what a store holds", () => {
  const { experiments, orphans } = STORE;
  assertEquals(summarize(STORE), {
    schema: "mltidy/summary/v1",
    store: STORE.location,
    experiments: { active: 2, deleted: 1, orphaned: 1 },
    depth: STORE.depth,
    runs: {
      total: 4,
      active: 2,
      deleted: 2,
      byStatus: { ...NONE, RUNNING: 1, FINISHED: 2, FAILED: 1 },
    },
    findings: { error: 0, warning: 3, info: 3 },
    usage: {
      bytes: 3 * EXPERIMENT_USAGE.bytes + 6 * RUN_USAGE.bytes + 1_000_000 + 4_096,
      files: 3 * EXPERIMENT_USAGE.files + 6 * RUN_USAGE.files + 7 + 1,
    },
    usageParts: {
      ...PARTS,
      deleted: {
        bytes: EXPERIMENT_USAGE.bytes + 2 * RUN_USAGE.bytes,
        files: EXPERIMENT_USAGE.files + 2 * RUN_USAGE.files,
      },
    },
    perExperiment: [
      {
        id: experiments[0]!.id,
        name: "실험",
        stage: "active",
        path: experiments[0]!.path,
        runs: 3,
        activeRuns: 2,
        deletedRuns: 1,
        byStatus: { ...NONE, RUNNING: 1, FINISHED: 1, FAILED: 1 },
        newestRun: NOW - 2 * DAY,
        damagedRuns: 1,
        usage: {
          bytes: EXPERIMENT_USAGE.bytes + 4 * RUN_USAGE.bytes,
          files: EXPERIMENT_USAGE.files + 4 * RUN_USAGE.files,
        },
      },
      {
        id: experiments[2]!.id,
        name: "experiment 2",
        stage: "deleted",
        path: experiments[2]!.path,
        runs: 1,
        activeRuns: 0,
        deletedRuns: 1,
        byStatus: { ...NONE, FINISHED: 1 },
        newestRun: experiments[2]!.runs[0]!.startTime,
        damagedRuns: 0,
        usage: {
          bytes: EXPERIMENT_USAGE.bytes + RUN_USAGE.bytes,
          files: EXPERIMENT_USAGE.files + RUN_USAGE.files,
        },
      },
      {
        id: experiments[1]!.id,
        name: "experiment 3",
        stage: "active",
        path: experiments[1]!.path,
        runs: 0,
        activeRuns: 0,
        deletedRuns: 0,
        byStatus: NONE,
        newestRun: null,
        damagedRuns: 0,
        usage: { bytes: 1_000_000, files: 7 },
      },
    ],
    orphans: [{
      path: orphans[0]!.path,
      damage: "missing",
      readableRuns: 1,
      message: "meta.yaml is missing",
      task: "repair",
    }],
    registeredModels: { models: 1, versions: 1 },
    backups: { count: 1, usage: { bytes: 4_096, files: 2 } },
  });
});

Deno.test("summarize() sends an orphan to the task that acts on it", () => {
  const taskOf = (init: Parameters<typeof orphan>[0]) =>
    summarize(snapshot({ orphans: [orphan({ newestChange: NOW - DAY, ...init })] })).orphans[0]
      ?.task;
  assertEquals(taskOf({ id: "7" }), "cleanup");
  assertEquals(taskOf({ id: "7", runs: [run()] }), "repair");
  for (const damage of ["missing", "empty", "unreadable", "incomplete"] as const) {
    assertEquals(taskOf({ id: "0", damage }), "repair", damage);
  }
  assertEquals(taskOf({ id: "7", damage: "unreadable", foreign: ["x"] }), "repair");
  assertEquals(taskOf({ id: "7", foreign: ["x"] }), "verify");
  for (const damage of ["io", "lfs-pointer"] as const) {
    assertEquals(taskOf({ id: "0", damage, runs: [run()] }), "verify", damage);
  }
});

Deno.test("summarize() gives no sizes that were not read for everything", () => {
  const { usage, usageParts, perExperiment } = summarize({ ...STORE, sizes: false });
  assertEquals(usageParts, undefined);
  assertEquals([usage, ...perExperiment.map((each) => each.usage)], [null, null, null, null]);
});

Deno.test("summarize() gives the top experiments by runs or by size, and counts all", () => {
  const ids = (options: Parameters<typeof summarize>[1]) =>
    summarize(STORE, options).perExperiment.map((each) => `${each.id}`);
  assertEquals(ids({ top: 2 }), ["1", "2"]);
  assertEquals(ids({ top: 2, by: "size" }), ["3", "1"]);
  assertEquals(ids({ top: 0 }), []);
  assertEquals(ids({ top: 99 }), ["1", "2", "3"]);
  assertEquals(summarize(STORE, { top: 1 }).runs, summarize(STORE).runs);
});

const F1 = { name: "f1", mode: "max" } as const;

function scored(id: number, latest: number | null, changes: Parameters<typeof run>[0] = {}) {
  const metrics = new Map(latest === null ? [] : [["f1", { latest, least: 0, greatest: 1 }]]);
  const extras = { metrics, params: new Map(), inputs: [], heavy: [] };
  return run({ id: runId(id), name: `run ${id}`, extras, ...changes });
}

Deno.test("summarize() names the best active run of each experiment, of equals the newest", () => {
  const store = deepFreeze({
    ...snapshot({
      experiments: [
        experiment({
          id: "1",
          runs: [
            scored(1, 0.9, { startTime: NOW - 9 * DAY, endTime: NOW - 9 * DAY }),
            scored(2, 0.9, { startTime: NOW - 2 * DAY, endTime: NOW - 2 * DAY }),
            scored(3, 1, { lifecycleStage: "deleted", deletedTime: NOW }),
            scored(4, null),
            scored(5, NaN),
            scored(6, Infinity),
          ],
        }),
        experiment({ id: "2", runs: [scored(7, null)] }),
        experiment({ id: "3" }),
      ],
    }),
    extras: { tags: [], metrics: ["f1"], params: [], uses: false, artifacts: null },
  });
  const { primaryMetric, perExperiment } = summarize(store, { metric: F1 });
  assertEquals(primaryMetric, F1);
  assertEquals(perExperiment.map(({ byMetric }) => byMetric), [
    { best: { runId: asRunId(runId(2)), name: "run 2", value: 0.9 }, runsWithout: 3 },
    { best: null, runsWithout: 1 },
    { best: null, runsWithout: 0 },
  ]);
});

Deno.test("summarize() refuses to compare by a metric that was not read", () => {
  assertThrows(
    () => summarize(STORE, { metric: F1 }),
    RangeError,
    "Cannot compare runs by f1: read the store with this metric",
  );
});

Deno.test("summarize() refuses an order by sizes that were not read, and half an experiment", () => {
  assertThrows(
    () => summarize({ ...STORE, sizes: false }, { by: "size" }),
    RangeError,
    "read the store with sizes",
  );
  for (const top of [-1, 1.5, NaN]) {
    assertThrows(() => summarize(STORE, { top }), RangeError, "expected a whole number");
  }
});

Deno.test("summarize() adds up", () => {
  const sum = (numbers: readonly number[]) => numbers.reduce((left, right) => left + right, 0);
  fc.assert(fc.property(snapshotArbitrary({ now: NOW }), (store) => {
    const { runs, experiments, perExperiment } = summarize(deepFreeze(store));
    assertEquals(sum(Object.values(runs.byStatus)), runs.total);
    assertEquals(sum(perExperiment.map((each) => each.runs)), runs.total);
    assertEquals(sum(perExperiment.map((each) => each.activeRuns)), runs.active);
    assertEquals(sum(perExperiment.map((each) => each.deletedRuns)), runs.deleted);
    assertEquals(perExperiment.length, experiments.active + experiments.deleted);
  }));
});
