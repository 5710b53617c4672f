import { assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import type { Budget } from "../../../lib/policy/policy.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import {
  DAY,
  deletedRun,
  experiment,
  NOW,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const OLD = NOW - 400 * DAY;
const sized = (
  number: number,
  bytes: number,
  files: number,
  init: Parameters<typeof run>[0] = {},
) => run({ id: runId(number), startTime: OLD, endTime: OLD, usage: { bytes, files }, ...init });

/** Two experiments that two rules judge, and one whose deletion is long ago. */
const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "1",
      name: "churn",
      runs: [1, 2].map((number) => sized(number, 1_000, 50, { experimentId: "1" })),
    }),
    experiment({
      id: "2",
      name: "vision",
      runs: [3, 4].map((number) => sized(number, 5_000, 2, { experimentId: "2" })),
    }),
    experiment({
      id: "9",
      lifecycleStage: "deleted",
      recordedStage: "deleted",
      lastUpdateTime: OLD,
      runs: [sized(5, 900_000, 900, { experimentId: "9" })],
      usage: { bytes: 900_000, files: 900 },
    }),
  ],
  extras: {
    tags: ["mlflow.parentRunId", "mltidy.pin"],
    metrics: [],
    params: [],
    uses: true,
    artifacts: null,
  },
}));
const RULES = `
retention: { keep_last: 5 }
rules: [{ experiments: churn, keep_last: 7 }]
`;
const plan = (budget: Budget) =>
  planCleanup(STORE, { ...policyOf(readConfig(RULES, "mltidy.yaml")), budget }, { now: NOW });

Deno.test("a target names what holds the most: nothing that goes, and each rule by itself", () => {
  const { budget } = plan({ kind: "free", bytes: 10_000_000, first: "oldest" });
  assertEquals(
    budget?.heldBy.map(({ reason, ...rest }) => ({
      ...rest,
      n: reason.kind === "keep-last" ? reason.n : reason.kind,
    })),
    [
      { runs: 2, usage: { bytes: 10_000, files: 4 }, n: 5 },
      { runs: 2, usage: { bytes: 2_000, files: 100 }, n: 7 },
    ],
  );
});

Deno.test("a target of files names what holds the most files", () => {
  const made = plan({ kind: "max-files", files: 1, first: "oldest" });
  assertEquals(made.budget?.heldBy.map(({ usage }) => usage.files), [100, 4]);
  assertEquals(
    renderPlan(made).split("\n").find((line) => line.startsWith("Most")),
    "Most is held by 2 runs of the newest 7: 100 files.",
  );
});

Deno.test("a target is shown in the units in which it was given", () => {
  const line = (bytes: number) =>
    renderPlan(plan({ kind: "free", bytes, first: "oldest" })).split("\n")
      .find((each) => each.includes("wanted"))?.replace(/.*of /, "");
  assertEquals(
    [1_000_000, 20_000_000_000, 1_048_576, 20 * 1024 ** 3, 1_500_000].map(line),
    ["1.0 MB wanted.", "20.0 GB wanted.", "1.0 MiB wanted.", "20.0 GiB wanted.", "1.5 MB wanted."],
  );
});

const atMost = (count: number, init: SnapshotInit) => {
  const budget = { kind: "at-most", count, first: "oldest" } as const;
  const made = planCleanup(
    deepFreeze(snapshot({ ...init, sizes: false })),
    { olderThan: 30 * DAY, purgeAfter: 30 * DAY, quarantineOrphans: false, settle: 0, budget },
    { now: NOW },
  );
  return { made, taken: made.actions.map(({ path }) => path.slice(-2)) };
};
const ended = (number: number, daysAgo: number, tags: Readonly<Record<string, string>> = {}) =>
  run({ id: runId(number), endTime: NOW - daysAgo * DAY, startTime: NOW - daysAgo * DAY, tags });

Deno.test("at most so many are the oldest, soft-deleted or purged, and need no sizes", () => {
  const init = {
    experiments: [
      experiment({
        runs: [
          ended(1, 50),
          ended(2, 90),
          deletedRun({ id: runId(3), endTime: NOW - 70 * DAY, deletedTime: NOW - 60 * DAY }),
          ended(4, 60),
          ended(5, 3),
        ],
      }),
    ],
  };
  const { made, taken } = atMost(2, init);
  assertEquals(taken, ["02", "03"]);
  assertEquals(
    renderPlan(made).split("\n").find((line) => line.includes("another time.")),
    "2 of 4 that may go are taken; 2 may go another time.",
  );
  assertEquals(
    made.kept.map(({ path, reasons: [reason] }) => [path.slice(-2), reason]).slice(0, 1),
    [["01", { kind: "another-time", limit: 2 }]],
  );
});

Deno.test("at most so many starve no family: a child goes before its parent, however old that is", () => {
  const parent = (id: number) => ({ "mlflow.parentRunId": runId(id) });
  const init = {
    experiments: [
      experiment({
        runs: [ended(1, 90), ended(2, 80, parent(1)), ended(3, 70, parent(2)), ended(4, 60)],
      }),
    ],
  };
  assertEquals([1, 2, 3].map((count) => atMost(count, init).taken), [
    ["03"],
    ["03", "04"],
    ["01", "02", "03"],
  ]);
});
