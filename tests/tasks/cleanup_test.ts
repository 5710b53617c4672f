import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { type CleanupPolicy, policyOfAges } from "../../lib/policy/policy.ts";
import type { Run } from "../../lib/store/snapshot.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup, type CleanupOptions } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { prune } from "../../tasks/prune.ts";
import { DAY, deletedRun, experiment, NOW, run, runId } from "../_support/builders.ts";
import { setTimes, tempStore } from "../_support/disk_store.ts";
import { ROTTEN, ROTTEN_ACTIONS } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

async function cleanUp(root: string, options?: CleanupOptions) {
  await using store = await openStore(root, { now: () => NOW });
  return await cleanup(store, options);
}

Deno.test("cleanup() plans by its defaults, and touches nothing", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const { plan, report } = await cleanUp(store.root);
  assertEquals(plan.policy, {
    olderThan: 30 * DAY,
    purgeAfter: 30 * DAY,
    quarantineOrphans: true,
    settle: DAY / 144,
  });
  assertEquals(plan.actions.map(({ kind, path }) => [kind, `${path}`]), [...ROTTEN_ACTIONS]);
  assertEquals([plan.schema, plan.plannedAt, report], ["mltidy/cleanup/v1", NOW, null]);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("cleanup() takes its rules from its options", async () => {
  await using store = await tempStore(ROTTEN);
  const { plan } = await cleanUp(store.root, {
    olderThan: "60d",
    purgeAfter: 50 * DAY,
    settle: 70 * DAY,
  });
  assertEquals(plan.actions, []);
  assertEquals(plan.policy, {
    olderThan: 60 * DAY,
    purgeAfter: 50 * DAY,
    quarantineOrphans: true,
    settle: 70 * DAY,
  });
});

Deno.test("cleanup() and prune() keep what a rule in code keeps, and what must stay with it", async () => {
  const old = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
  await using place = await tempStore({
    experiments: [experiment({
      id: "1",
      runs: [
        run({ id: runId(1), name: "sweep", ...old }),
        run({ id: runId(2), name: "trial", ...old, tags: { "mlflow.parentRunId": runId(1) } }),
        run({ id: runId(3), name: "other", ...old }),
      ],
    })],
  });
  await using store = await openStore(place.root, { now: () => NOW });
  const keep = ({ name }: Run) => name === "trial";
  for (const { plan } of [await cleanup(store, { keep }), await prune(store, { keep })]) {
    assertEquals<unknown>(
      [plan.actions.map(({ name }) => name), plan.kept.map(({ name, reasons }) => [name, reasons])],
      [["other"], [
        ["sweep", [{ kind: "parent-of-kept", child: runId(2) }]],
        ["trial", [{ kind: "left-out" }]],
      ]],
      plan.task,
    );
  }
  const { report } = await cleanup(store, { keep, apply: true });
  assertEquals(report?.outcomes.map(({ path }) => `${path}`), [`1/${runId(3)}`]);
  const { plan } = await cleanup(store);
  assertEquals(plan.actions.map(({ name }) => name), ["sweep", "trial"]);
});

Deno.test("cleanup() keeps what is pinned, active or deleted, without any policy", async () => {
  const tags = { "mltidy.pin": "" };
  await using store = await tempStore({
    experiments: [
      experiment({ runs: [run({ tags }), deletedRun({ id: runId(2), tags })] }),
      experiment({ id: "2", lifecycleStage: "deleted", runs: [run({ id: runId(3), tags })] }),
    ],
  });
  const { plan } = await cleanUp(store.root, { olderThan: 0, purgeAfter: 0 });
  assertEquals(plan.actions, []);
  assertEquals(plan.kept.map(({ reasons }) => reasons[0].kind), [
    "in-deleted-experiment",
    "pinned",
    "pinned",
    "holds-kept-run",
  ]);
});

Deno.test("cleanup() leaves nothing for a second one to do", async () => {
  await using store = await tempStore(ROTTEN);
  const first = await cleanUp(store.root, { apply: true });
  assertEquals([first.report?.complete, first.report?.totals.applied], [true, 5]);
  const second = await cleanUp(store.root, { apply: true });
  assertEquals([second.plan.actions, second.report], [[], null]);
});

Deno.test("cleanup() refuses a negative age", async () => {
  await using store = await tempStore(ROTTEN);
  await assertRejects(() => cleanUp(store.root, { olderThan: -1, apply: true }), RangeError);
});

Deno.test("cleanup() purges what was deleted at an unknown time by its last sign of life, if that is asked for", async () => {
  const old = { startTime: NOW - 300 * DAY, endTime: NOW - 299 * DAY };
  await using place = await tempStore({
    experiments: [
      experiment({
        id: "3",
        runs: [
          ...[1, 2].map((id) => deletedRun({ id: runId(id), ...old, deletedTime: null })),
          // What cannot be the time of a deletion: as if nothing were recorded.
          deletedRun({ id: runId(4), ...old, deletedTime: 0 }),
          deletedRun({ id: runId(5), ...old, deletedTime: Math.floor(NOW / 1000) }),
        ],
      }),
      experiment({
        id: "4",
        lifecycleStage: "deleted",
        recordedStage: "active",
        creationTime: NOW - 300 * DAY,
        lastUpdateTime: NOW - 300 * DAY,
        runs: [run({ id: runId(3), ...old })],
      }),
      experiment({
        id: "5",
        lifecycleStage: "deleted",
        creationTime: NOW - 300 * DAY,
        lastUpdateTime: Math.floor(NOW / 1000),
      }),
    ],
  });
  setTimes(place.root, NOW - 200 * DAY);
  setTimes(join(place.root, "3", runId(2)), NOW - DAY);
  await using store = await openStore(place.root, { now: () => NOW });
  const goesOf = async (policy: Partial<CleanupPolicy>) =>
    (await cleanup(store, { policy: { ...policyOfAges(), ...policy } })).plan.actions
      .map((
        { path, reasons: [reason] },
      ) => [path as string, reason.kind, "age" in reason && reason.age]);
  assertEquals(await goesOf({}), []);
  assertEquals(await goesOf({ undated: "last-sign-of-life" }), [
    ...[1, 4, 5].map((id) => [`3/${runId(id)}`, "undated-longer-than", 200 * DAY]),
    [".trash/4", "undated-longer-than", 200 * DAY],
    [".trash/5", "undated-longer-than", 200 * DAY],
  ]);
  const policy = { ...policyOfAges(), undated: "last-sign-of-life" } as const;
  const before = await readTree(place.root, { except: [".mltidy.trash"] });
  const { report } = await cleanup(store, { policy, apply: true });
  assertEquals([report?.totals.applied, report?.complete], [5, true]);
  await restore(store);
  assertSameTree(await readTree(place.root, { except: [".mltidy.trash"] }), before);
});
