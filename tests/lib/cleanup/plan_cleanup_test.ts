import { assertEquals, assertThrows } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import type { CleanupPolicy } from "../../../lib/policy/policy.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import {
  damagedRun,
  DAY,
  experiment,
  NOW,
  orphan,
  run,
  RUN_USAGE,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import {
  A,
  B,
  C,
  childOf,
  GONE,
  gone,
  goneExperiment,
  inDeleted,
  inOrphan,
  LONG_AGO,
  OLD,
  old,
  ORPHAN,
  parentOf,
  POLICY,
  registered,
  version,
  YOUNG,
  young,
} from "../../_support/verdicts.ts";

const plan = (init: SnapshotInit, policy: Partial<CleanupPolicy> = {}): Plan =>
  planCleanup(deepFreeze(snapshot(init)), deepFreeze({ ...POLICY, ...policy }), { now: NOW });

/** One line for each action: what, and where. */
const actionsOf = ({ actions }: Plan) => actions.map(({ kind, path }) => `${kind} ${path}`);

/** One line for each thing kept: what, where, and why. */
const keptOf = ({ kept }: Plan) =>
  kept.map(({ kind, path, reasons }) =>
    `${kind} ${path}: ${reasons.map(({ kind }) => kind).join(", ")}`
  );

/** Something of every kind: what goes, and what stays. */
const EVERYTHING: SnapshotInit = {
  experiments: [
    experiment({
      runs: [old(A, { name: "first" }), young(B, { name: "" }), gone(C, { name: "" })],
    }),
    goneExperiment({ name: "finished", runs: [run({ id: runId(2) }), run({ id: runId(1) })] }),
    experiment({ id: "9", lifecycleStage: "deleted", runs: [run({ id: runId(3) })] }),
  ],
  orphans: [
    orphan({ id: "4", damagedRuns: [damagedRun({ id: runId(4) })] }),
    orphan({ id: "5", runs: [run({ id: runId(5) })] }),
  ],
};

Deno.test("planCleanup() says of everything whether it goes or stays, and why", () => {
  const store = deepFreeze(snapshot(EVERYTHING));
  const [first, finished, kept] = store.experiments;
  const [{ stamp: stampOfOrphan, usage: usageOfOrphan, path: pathOfOrphan }, other] = [
    store.orphans[0]!,
    store.orphans[1]!,
  ];
  const [a, b, c] = first!.runs;
  const expected = {
    schema: "mltidy/cleanup/v1",
    task: "cleanup",
    store: "/data/mlruns",
    basis: "test",
    plannedAt: NOW,
    policy: POLICY,
    experiments: { "1": "experiment 1" },
    actions: [
      {
        kind: "soft-delete-run",
        path: a!.path,
        name: "first",
        runId: a!.id,
        experimentId: first!.id,
        reasons: [OLD],
        usage: { bytes: 0, files: 0 },
        stamp: a!.stamp,
        later: RUN_USAGE,
      },
      {
        kind: "purge-run",
        path: c!.path,
        name: "",
        runId: c!.id,
        experimentId: first!.id,
        reasons: [GONE],
        usage: RUN_USAGE,
        stamp: c!.stamp,
      },
      {
        kind: "purge-experiment",
        path: finished!.path,
        name: "finished",
        experimentId: finished!.id,
        runIds: [finished!.runs[1]!.id, finished!.runs[0]!.id],
        reasons: [GONE],
        usage: finished!.usage,
        stamp: finished!.stamp,
      },
      {
        kind: "quarantine-orphan",
        path: pathOfOrphan,
        name: "4",
        reasons: [ORPHAN],
        usage: usageOfOrphan,
        stamp: stampOfOrphan,
      },
    ],
    kept: [
      {
        kind: "run",
        path: kept!.runs[0]!.path,
        name: "sunny-crane-1",
        reasons: [inDeleted("9")],
      },
      { kind: "run", path: b!.path, name: B, reasons: [YOUNG] },
      {
        kind: "run",
        path: other!.runs[0]!.path,
        name: "sunny-crane-1",
        reasons: [inOrphan("5")],
      },
      {
        kind: "experiment",
        path: kept!.path,
        name: "experiment 9",
        reasons: [{ kind: "deleted-recently", age: DAY / 24, limit: 30 * DAY }],
      },
      {
        kind: "orphan",
        path: other!.path,
        name: "5",
        reasons: [{ kind: "holds-readable-runs", runs: 1 }],
      },
    ],
    totals: {
      softDeleteRuns: 1,
      purgeRuns: 1,
      purgeExperiments: 1,
      quarantineOrphans: 1,
      keptRuns: 3,
      usage: {
        bytes: RUN_USAGE.bytes + finished!.usage!.bytes + usageOfOrphan!.bytes,
        files: RUN_USAGE.files + finished!.usage!.files + usageOfOrphan!.files,
      },
      later: RUN_USAGE,
    },
  };
  const planned: unknown = planCleanup(store, POLICY, { now: NOW });
  assertEquals(planned, expected);
});

Deno.test("planCleanup() names the experiments in which it does something, and no others", () => {
  const store: SnapshotInit = {
    experiments: [
      experiment({ id: "2", name: "수요 예측", runs: [old(A)] }),
      experiment({ id: "1", name: "churn", runs: [gone(B)] }),
      experiment({ id: "3", name: "quiet", runs: [young(C)] }),
      goneExperiment({ name: "finished" }),
    ],
  };
  assertEquals(plan(store).experiments, { "1": "churn", "2": "수요 예측" });
});

Deno.test("planCleanup() makes a plan that JSON keeps as it is", () => {
  const planned = plan(EVERYTHING);
  assertEquals(JSON.parse(JSON.stringify(planned)), planned);
});

Deno.test("planCleanup() without a rule plans nothing, and says so", () => {
  const planned = plan(EVERYTHING, { olderThan: null, purgeAfter: null, quarantineOrphans: false });
  assertEquals(planned.actions, []);
  assertEquals(keptOf(planned), [
    `run .trash/7/${runId(1)}: in-deleted-experiment`,
    `run .trash/7/${runId(2)}: in-deleted-experiment`,
    `run .trash/9/${runId(3)}: in-deleted-experiment`,
    `run 1/${A}: no-rule`,
    `run 1/${B}: no-rule`,
    `run 1/${C}: no-rule`,
    `run 5/${runId(5)}: in-orphan`,
    `damaged-run 4/${runId(4)}: unreadable`,
    "experiment .trash/7: no-rule",
    "experiment .trash/9: no-rule",
    "orphan 4: no-rule",
    "orphan 5: no-rule",
  ]);
});

Deno.test("planCleanup() applies each rule by itself", () => {
  const none = { olderThan: null, purgeAfter: null, quarantineOrphans: false };
  assertEquals(actionsOf(plan(EVERYTHING, { ...none, olderThan: 30 * DAY })), [
    `soft-delete-run 1/${A}`,
  ]);
  assertEquals(actionsOf(plan(EVERYTHING, { ...none, purgeAfter: 30 * DAY })), [
    `purge-run 1/${C}`,
    "purge-experiment .trash/7",
  ]);
  assertEquals(actionsOf(plan(EVERYTHING, { ...none, quarantineOrphans: true })), [
    "quarantine-orphan 4",
  ]);
});

Deno.test("planCleanup() goes strictly beyond a limit: what is exactly as old stays", () => {
  const at = (time: number): SnapshotInit => ({
    experiments: [
      experiment({ runs: [old(A, { endTime: time }), gone(B, { deletedTime: time })] }),
      goneExperiment({ lastUpdateTime: time }),
    ],
    orphans: [orphan({ id: "8", newestChange: time })],
  });
  const limits = { olderThan: DAY, purgeAfter: DAY, settle: DAY };
  assertEquals(actionsOf(plan(at(NOW - DAY), limits)), []);
  assertEquals(actionsOf(plan(at(NOW - DAY - 1), limits)), [
    `soft-delete-run 1/${A}`,
    `purge-run 1/${B}`,
    "purge-experiment .trash/7",
    "quarantine-orphan 8",
  ]);
});

Deno.test("planCleanup() orders actions: soft deletes, purges of runs, of experiments, quarantines", () => {
  const store: SnapshotInit = {
    experiments: [
      experiment({ id: "2", runs: [gone(A), old(C), old(B)] }),
      experiment({ id: "1", runs: [old(runId(2)), gone(runId(1))] }),
      goneExperiment({ id: "8" }),
      goneExperiment({ id: "7" }),
    ],
    orphans: [
      orphan({ id: "6" }),
      orphan({ id: "5" }),
      orphan({ id: "9", lifecycleStage: "deleted" }),
    ],
  };
  assertEquals(actionsOf(plan(store)), [
    `soft-delete-run 1/${runId(2)}`,
    `soft-delete-run 2/${B}`,
    `soft-delete-run 2/${C}`,
    `purge-run 1/${runId(1)}`,
    `purge-run 2/${A}`,
    "purge-experiment .trash/7",
    "purge-experiment .trash/8",
    "quarantine-orphan .trash/9",
    "quarantine-orphan 5",
    "quarantine-orphan 6",
  ]);
});

Deno.test("planCleanup() never plans anything for what must stay, whatever its age", () => {
  const planned = plan({
    experiments: [
      experiment({
        id: "0",
        runs: [
          old(runId(1), { status: "RUNNING", endTime: null, startTime: LONG_AGO }),
          old(runId(2), { status: "SCHEDULED" }),
          gone(runId(3), { status: "RUNNING" }),
          old(runId(4)),
          gone(runId(5)),
          young(runId(6), childOf(runId(7))),
          old(runId(7)),
          old(runId(8), { link: true }),
          gone(runId(9), { deletedTime: null }),
        ],
        damagedRuns: [damagedRun({ id: A })],
      }),
      goneExperiment({ id: "0" }),
      goneExperiment({ id: "3", recordedStage: "active" }),
      goneExperiment({ id: "4", link: true }),
      goneExperiment({ id: "5", damagedRuns: [damagedRun({ id: B })] }),
    ],
    orphans: [
      orphan({ id: "6", newestChange: NOW }),
      orphan({ id: "7", damage: "id-mismatch" }),
      orphan({ id: "8", foreign: ["thesis.pdf"] }),
      orphan({ id: "9", link: true }),
    ],
    registeredModels: [
      version({ runId: runId(4) }),
      version({ source: `runs:/${runId(5)}/m` }, "b"),
    ],
  });
  assertEquals(planned.actions, []);
  assertEquals(keptOf(planned), [
    `run 0/${runId(1)}: not-finished`,
    `run 0/${runId(2)}: not-finished`,
    `run 0/${runId(3)}: not-finished`,
    `run 0/${runId(4)}: registered`,
    `run 0/${runId(5)}: registered`,
    `run 0/${runId(6)}: younger-than`,
    `run 0/${runId(7)}: parent-of-kept`,
    `run 0/${runId(8)}: symbolic-link`,
    `run 0/${runId(9)}: no-deletion-time`,
    `damaged-run .trash/5/${B}: unreadable`,
    `damaged-run 0/${A}: unreadable`,
    "experiment .trash/0: default-experiment",
    "experiment .trash/3: no-deletion-time",
    "experiment .trash/4: symbolic-link",
    "experiment .trash/5: unreadable",
    "orphan 6: changed-recently",
    "orphan 7: names-another-experiment",
    "orphan 8: holds-foreign-files",
    "orphan 9: symbolic-link",
  ]);
});

Deno.test("planCleanup() names the model, the version and the child for which a run stays", () => {
  const { kept } = plan({
    experiments: [experiment({ runs: [old(A), old(B, childOf(A))] })],
    registeredModels: [version({ runId: B })],
  });
  assertEquals(kept.map(({ reasons }) => reasons), [[parentOf(B)], [registered()]]);
});

Deno.test("planCleanup() counts nothing for what was not measured", () => {
  const { actions, totals } = plan({
    experiments: [
      experiment({ runs: [gone(A, { usage: null })] }),
      goneExperiment({ usage: null }),
    ],
    orphans: [orphan({ usage: null })],
  });
  const nothing = { bytes: 0, files: 0 };
  assertEquals(actions.map(({ usage }) => usage), [nothing, nothing, nothing]);
  assertEquals(totals.usage, nothing);
});

Deno.test("planCleanup() plans nothing for an empty store", () => {
  const { actions, kept, totals } = plan({});
  assertEquals({ actions, kept, totals }, {
    actions: [],
    kept: [],
    totals: {
      softDeleteRuns: 0,
      purgeRuns: 0,
      purgeExperiments: 0,
      quarantineOrphans: 0,
      keptRuns: 0,
      usage: { bytes: 0, files: 0 },
      later: { bytes: 0, files: 0 },
    },
  });
});

Deno.test("planCleanup() says what is soft-deleted will free only where sizes were read", () => {
  const store = deepFreeze({ ...snapshot({ experiments: [experiment({ runs: [old(A)] })] }) });
  assertEquals(planCleanup(store, POLICY, { now: NOW }).totals.later, RUN_USAGE);
  const unmeasured = planCleanup(deepFreeze({ ...store, sizes: false }), POLICY, { now: NOW });
  assertEquals(unmeasured.totals.later, undefined);
  assertEquals(unmeasured.actions.map((action) => "later" in action), [false]);
});

Deno.test("planCleanup() keeps what would take an action that the store cannot carry out, and says so", () => {
  const kinds = new Set(["soft-delete-run"] as const);
  const all = plan(EVERYTHING);
  const some = planCleanup(deepFreeze(snapshot(EVERYTHING)), POLICY, { now: NOW, kinds });
  assertEquals(some.actions, all.actions.filter(({ kind }) => kind === "soft-delete-run"));
  const left = all.actions.filter(({ kind }) => kind !== "soft-delete-run");
  assertEquals(
    keptOf(some).filter((one) => !keptOf(all).includes(one)),
    left.map(({ kind, path }) => `${kind.replace(/^[a-z]+-/, "")} ${path}: not-supported`),
  );
  const { softDeleteRuns, keptRuns } = all.totals;
  const purged = left.filter(({ kind }) => kind === "purge-run").length;
  assertEquals(some.totals.softDeleteRuns, softDeleteRuns);
  assertEquals(some.totals.keptRuns, keptRuns + purged);
  assertEquals([some.totals.purgeRuns, some.totals.usage], [0, { bytes: 0, files: 0 }]);
});

Deno.test("planCleanup() refuses a snapshot that was not read deep enough", () => {
  // The type forbids it; a caller without types is told.
  const shallow: StoreSnapshot = deepFreeze({ ...snapshot(), depth: "meta" });
  assertThrows(
    () => planCleanup(shallow as StoreSnapshot<"tags">, POLICY, { now: NOW }),
    RangeError,
    'Cannot plan from a snapshot of depth "meta": read the store at depth "tags"',
  );
});

Deno.test("planCleanup() refuses durations and moments that nothing can be judged by", () => {
  for (const key of ["olderThan", "purgeAfter", "settle"] as const) {
    for (const value of [-1, NaN, -Infinity]) {
      assertThrows(
        () => plan(EVERYTHING, { [key]: value }),
        RangeError,
        `Cannot plan with ${key} ${value}: expected milliseconds, 0 or more`,
      );
    }
  }
  const store = deepFreeze(snapshot(EVERYTHING));
  for (const now of [NaN, Infinity, -Infinity]) {
    assertThrows(
      () => planCleanup(store, POLICY, { now }),
      RangeError,
      `Cannot plan at the moment ${now}: expected epoch milliseconds`,
    );
  }
});
