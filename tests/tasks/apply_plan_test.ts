import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import fc from "../_support/fast_check.ts";
import { existsSync } from "node:fs";
import { filterPlan } from "../../lib/cleanup/filter_plan.ts";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { PlanRefusedError, StalePlanError } from "../../lib/errors.ts";
import { parsePlan } from "../../lib/plan/parse_plan.ts";
import type { Action, Plan } from "../../lib/plan/plan.ts";
import { simulatePlan } from "../../lib/plan/simulate_plan.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { readingOf } from "../../lib/policy/policy.ts";
import { asStorePath } from "../../lib/store/path.ts";
import type { Orphan, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { beginChange } from "../../tasks/_file/change/change.ts";
import { acquireLock } from "../../tasks/_file/own/lock.ts";
import { ownPaths } from "../../tasks/_file/own/own_paths.ts";
import { fileStamp, measureTree, metaStamp, newMeasurer } from "../../tasks/_file/scan/measure.ts";
import { scanStore } from "../../tasks/_file/scan/scan.ts";
import { type ApplyOptions, applyPlan } from "../../tasks/apply_plan.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import { repair } from "../../tasks/repair.ts";
import { snapshotArbitrary } from "../_support/arbitraries.ts";
import {
  DAY,
  deletedRun,
  experiment,
  NOW,
  run,
  runId,
  type SnapshotInit,
} from "../_support/builders.ts";
import { draws } from "../_support/depth.ts";
import { type TempStore, tempStore, writeFiles, writeStore } from "../_support/disk_store.ts";
import { lookingAlways } from "../_support/looking_always.ts";
import { planFor, POLICY, ROTTEN, ROTTEN_ACTIONS } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const LATER = NOW + 1_000;

async function apply(root: string, plan: Plan, options?: ApplyOptions) {
  await using store = await openStore(root, { now: () => LATER });
  await using locked = await lockStore(store, { task: plan.task });
  return await applyPlan(locked, plan, options);
}

/** Random stores in which there is something of every kind to do. */
function rottenArbitrary(): fc.Arbitrary<SnapshotInit> {
  return snapshotArbitrary({ now: NOW }).map((
    { experiments, orphans, registeredModels, strays },
  ) => ({
    experiments: [...experiments, ...ROTTEN.experiments ?? []],
    orphans: [...orphans, ...ROTTEN.orphans ?? []],
    registeredModels: [...registeredModels, ...ROTTEN.registeredModels ?? []],
    strays,
  }));
}

/** What a simulation foresees: neither stamps nor what the disk and the clock add. */
function foreseeable(snapshot: StoreSnapshot) {
  // The last change tells of what was deleted before it began, which a clock that was wrong makes of a run.
  const strip = <T extends object>(all: readonly T[]) =>
    all.map((one) => ({ ...one, stamp: "", usage: null, lastChange: null }));
  // Whether a model could go decides what is read of it.
  const stripHolder = <T extends Pick<Orphan, "runs" | "loggedModels">>(one: T) => ({
    ...one,
    runs: strip(one.runs),
    loggedModels: strip(one.loggedModels).map((model) => ({
      ...model,
      tags: new Map(),
      usedBy: [],
    })),
  });
  return {
    ...snapshot,
    fingerprint: "",
    readAt: 0,
    backups: null,
    experiments: strip(snapshot.experiments).map(stripHolder),
    orphans: strip(snapshot.orphans).map(stripHolder),
  };
}

Deno.test("applyPlan() leaves on the disk what simulatePlan() foresees, whatever the prefix", async () => {
  await using place = await tempStore();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(rottenArbitrary(), fc.nat(), async (written, length) => {
      const at = join(place.outside, String(number++));
      Deno.mkdirSync(at);
      writeStore({ root: join(at, "mlruns"), outside: join(at, "outside") }, written);
      await using store = await openStore(join(at, "mlruns"), { now: () => LATER });
      await using locked = await lockStore(store, { task: "cleanup" });
      const before = await locked.read({ depth: "tags" });
      const plan = planCleanup(before, POLICY, { now: NOW });
      const prefix = length % (plan.actions.length + 1);
      const controller = new AbortController();
      const stop = (done: number) => done >= prefix && controller.abort();
      stop(0);
      const report = await applyPlan(locked, plan, {
        since: before,
        signal: controller.signal,
        onProgress: stop,
      });
      assertEquals([report.totals.applied, report.totals.notRun], [
        prefix,
        plan.actions.length - prefix,
      ]);
      const after = await store.read({ depth: "tags" });
      const foreseen = simulatePlan(before, plan, { now: LATER, prefix });
      assertEquals(foreseeable(after), foreseeable(foreseen));
    }),
    draws(8, 40),
  );
});

Deno.test("restore() after applyPlan() gives back the very tree, whatever the store", async () => {
  await using place = await tempStore();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(rottenArbitrary(), async (written) => {
      const at = join(place.outside, String(number++));
      const root = join(at, "mlruns");
      Deno.mkdirSync(at);
      writeStore({ root, outside: join(at, "outside") }, written);
      const before = await readTree(at);
      const { mtime } = Deno.statSync(root);
      await using store = await openStore(root, { now: () => LATER });
      const plan = planCleanup(await store.read({ depth: "tags" }), POLICY, { now: NOW });
      const report = await apply(root, plan);
      assertEquals([report.complete, report.backup !== null], [true, true]);
      const { changes } = await restore(store);
      assertEquals(changes, plan.actions.length);
      assertSameTree(await readTree(at, { except: ["mlruns/.mltidy.trash"] }), before);
      assertEquals(Deno.statSync(root).mtime, mtime);
    }),
    draws(8, 40),
  );
});

Deno.test("applyPlan() reports one outcome per action, measured, and where the backup is", async () => {
  await using store = await tempStore(ROTTEN);
  const plan = await planFor(store.root);
  const seen: number[] = [];
  const report = await apply(store.root, plan, { onProgress: (done) => seen.push(done) });
  const id = "20261101T000001Z-cleanup";
  assertEquals(report, {
    schema: "mltidy/apply/v1",
    task: "cleanup",
    store: store.root,
    startedAt: LATER,
    finishedAt: LATER,
    outcomes: plan.actions.map(({ kind, path, usage }) => ({
      kind,
      path,
      outcome: "applied" as const,
      usage,
    })),
    totals: { applied: 5, skipped: 0, failed: 0, notRun: 0, usage: plan.totals.usage },
    backup: { id, path: join(store.root, ".mltidy.trash/backups", id) },
    complete: true,
  });
  assertEquals(seen, [1, 2, 3, 4, 5]);
});

Deno.test("applyPlan() stops between actions when it is told to, and what is done can be undone", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const controller = new AbortController();
  const plan = await planFor(store.root);
  const report = await apply(store.root, plan, {
    signal: controller.signal,
    onProgress: (done) => done === 2 && controller.abort(),
  });
  assertEquals(report.outcomes.map(({ outcome }) => outcome), [
    "applied",
    "applied",
    "not-run",
    "not-run",
    "not-run",
  ]);
  assertEquals(report.outcomes[2], {
    kind: "purge-run",
    path: plan.actions[2]!.path,
    outcome: "not-run",
    because: "interrupted",
  });
  assertEquals([report.complete, report.totals.notRun], [false, 3]);
  await using opened = await openStore(store.root);
  assertEquals((await restore(opened)).changes, 2);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("applyPlan() skips what changes while it is at work, and does the rest", async () => {
  await using store = await tempStore(ROTTEN);
  const meddle = () => {
    writeFiles(store.root, { [`1/${runId(5)}/artifacts/new`]: "" });
    Deno.removeSync(join(store.root, ".trash/2"), { recursive: true });
  };
  const { outcomes, totals, complete } = await apply(store.root, await planFor(store.root), {
    onProgress: (done) => done === 1 && meddle(),
  });
  assertEquals(
    outcomes.map((one) => one.outcome === "skipped" ? one.because : one.outcome),
    ["applied", "applied", "changed-since-plan", "gone", "applied"],
  );
  assertEquals([totals.applied, totals.skipped, complete], [3, 2, false]);
});

Deno.test("applyPlan() does not take what is pinned, registered or a parent before it is its turn", async () => {
  const parent = `1/${runId(30)}/tags/mlflow.parentRunId`;
  const cases: readonly (readonly [path: string, text: string, skipped: string])[] = [
    [`1/${runId(2)}/tags/mltidy.pin`, "", `1/${runId(2)}`],
    ["models/late/version-1/meta.yaml", runId(2), `1/${runId(2)}`],
    ["models/late/version-1/meta.yaml", runId(5), `1/${runId(5)}`],
    [parent, runId(2), `1/${runId(2)}`],
    [parent, runId(5), `1/${runId(5)}`],
    [`.trash/2/${runId(6)}/tags/mltidy.pin`, "", ".trash/2"],
  ];
  for (const [path, text, skipped] of cases) {
    await using place = await tempStore(ROTTEN);
    const { root } = place;
    const version = Deno.readTextFileSync(join(root, "models/model/version-1/meta.yaml"));
    const running = Deno.readTextFileSync(join(root, `1/${runId(3)}/meta.yaml`));
    const isVersion = path.startsWith("models/");
    const meddle = () =>
      writeFiles(root, {
        [path]: isVersion ? version.replaceAll(runId(4), text) : text,
        ...(path === parent
          ? { [`1/${runId(30)}/meta.yaml`]: running.replaceAll(runId(3), runId(30)) }
          : {}),
      });
    await using store = await openStore(root, { now: () => LATER });
    await using locked = lookingAlways(await lockStore(store, { task: "cleanup" }));
    const since = await locked.read({ depth: "tags" });
    const { outcomes } = await applyPlan(locked, planCleanup(since, POLICY, { now: NOW }), {
      since,
      onProgress: (done) => done === 1 && meddle(),
    });
    assertEquals(
      outcomes.filter(({ outcome }) => outcome !== "applied"),
      outcomes.filter((one) => one.path === skipped).map(({ kind, path }) => ({
        kind,
        path,
        outcome: "skipped" as const,
        because: "changed-since-plan" as const,
      })),
      path,
    );
    assertEquals(outcomes.some((one) => one.path === skipped), true);
  }
});

/** Three runs that are old, of which the second is nested in the first. */
const FAMILY: SnapshotInit = {
  experiments: [
    experiment({
      id: "1",
      runs: [1, 2, 3].map((id) =>
        run({
          id: runId(id),
          ...{ startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY },
          ...(id === 2 ? { tags: { "mlflow.parentRunId": runId(1) } } : {}),
        })
      ),
    }),
  ],
};

Deno.test("applyPlan() refuses a part of a plan that takes a parent without its child", async () => {
  await using place = await tempStore(FAMILY);
  const plan = await planFor(place.root);
  const before = await readTree(place.root);
  const without = (id: number) => filterPlan(plan, ({ path }) => path !== `1/${runId(id)}`);
  await assertRejects(
    () => apply(place.root, without(2)),
    StalePlanError,
    `soft-delete-run 1/${runId(1)} does not come of its policy`,
  );
  assertSameTree(await readTree(place.root, EXCEPT), before);
  assertEquals((await apply(place.root, without(1))).totals.applied, 2);
});

Deno.test("applyPlan() goes on after an action that failed, whose subject stays as it was", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(join(store.root, ".trash/2"));
  const block = () => {
    const backups = join(store.root, ".mltidy.trash/backups");
    const [backup] = [...Deno.readDirSync(backups)];
    writeFiles(join(backups, backup!.name, "files"), { ".trash": "in the way" });
  };
  const { outcomes, totals } = await apply(store.root, await planFor(store.root), {
    onProgress: (done) => done === 1 && block(),
  });
  assertEquals(outcomes.map(({ outcome }) => outcome), [
    "applied",
    "applied",
    "applied",
    "failed",
    "applied",
  ]);
  assertEquals([totals.applied, totals.failed], [4, 1]);
  assertSameTree(await readTree(join(store.root, ".trash/2")), before);
});

Deno.test("applyPlan() keeps nothing when no backup is wanted", async () => {
  await using store = await tempStore(ROTTEN);
  const report = await apply(store.root, await planFor(store.root), { backup: false });
  assertEquals([report.complete, report.backup], [true, null]);
  assertEquals([...Deno.readDirSync(join(store.root, ".mltidy.trash/backups"))], []);
});

Deno.test("applyPlan() begins nothing for an empty plan", async () => {
  await using store = await tempStore();
  const report = await apply(store.root, await planFor(store.root));
  assertEquals([report.outcomes, report.backup, report.complete], [[], null, true]);
});

Deno.test("applyPlan() refuses a plan of another store", async () => {
  await using one = await tempStore(ROTTEN);
  await using other = await tempStore(ROTTEN);
  const before = await readTree(other.root);
  await assertRejects(
    async () => apply(other.root, await planFor(one.root)),
    StalePlanError,
    `it was made for store ${one.root}, and this is ${other.root}`,
  );
  assertSameTree(await readTree(other.root, EXCEPT), before);
});

Deno.test("applyPlan() refuses a plan of a store that has changed, anywhere", async () => {
  await using store = await tempStore(ROTTEN);
  const plan = await planFor(store.root);
  writeFiles(store.root, { [`1/${runId(3)}/tags/mlflow.parentRunId`]: runId(1) });
  const before = await readTree(store.root);
  await assertRejects(
    () => apply(store.root, plan),
    StalePlanError,
    `store ${store.root} has changed since 2026-11-01T00:00:00.000Z`,
  );
  assertSameTree(await readTree(store.root, EXCEPT), before);
  assertNotEquals((await planFor(store.root)).actions.length, ROTTEN_ACTIONS.length);
});

Deno.test("applyPlan() refuses to apply a plan twice", async () => {
  await using store = await tempStore(ROTTEN);
  const plan = await planFor(store.root);
  await apply(store.root, plan);
  await assertRejects(() => apply(store.root, plan), StalePlanError, "has changed since");
});

/** The stamp of a tree, as whoever writes a plan by hand can find it out. */
async function treeStamp(root: string, path: string): Promise<string> {
  return (await measureTree(join(root, path), newMeasurer()))!.stamp;
}

Deno.test("applyPlan() refuses what a saved plan adds to what its policy gives, and touches nothing", async () => {
  const [running, pinned, live] = [21, 22, 23].map(runId) as [string, string, string];
  const old = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
  const gone = { deletedTime: NOW - 31 * DAY };
  await using place = await tempStore({
    ...ROTTEN,
    experiments: [
      experiment({ id: "0", name: "Default" }),
      ...ROTTEN.experiments!,
      experiment({
        id: "3",
        lifecycleStage: "deleted",
        lastUpdateTime: NOW - 31 * DAY,
        runs: [run({ id: live, status: "RUNNING", startTime: NOW - DAY, endTime: null })],
      }),
      experiment({
        id: "4",
        runs: [
          run({ id: running, status: "RUNNING", startTime: NOW - 50 * DAY, endTime: null }),
          deletedRun({ id: pinned, ...old, ...gone, tags: { "mltidy.pin": "" } }),
        ],
      }),
    ],
  });
  const { root } = place;
  const plan = await planFor(root);
  const [softDelete, , purge, purgeExperiment, quarantine] = plan.actions;
  const at = async (path: string) => ({
    path: asStorePath(path),
    stamp: await treeStamp(root, path),
  });
  const ofRun = async (action: Action | undefined, experimentId: string, runId: string) =>
    ({ ...action, ...await at(`${experimentId}/${runId}`), experimentId, runId }) as Action;
  const record = "artifact_location: /\nexperiment_id: '9'\nlifecycle_stage: active\nname: n\n";
  const write = { kind: "write-meta", file: "meta.yaml", text: record, isNew: false, tag: null };
  const foreign: readonly Action[] = await Promise.all([
    { ...await ofRun(softDelete, "4", running), stamp: metaStamp(join(root, "4", running)) },
    ofRun(purge, "4", running),
    ofRun(purge, "4", pinned),
    ofRun(purge, "1", runId(4)),
    ofRun(purge, "1", runId(1)),
    { ...purgeExperiment, ...await at(".trash/3"), experimentId: "3" } as Action,
    ...["0", "1", "8"].map(async (path) => ({ ...quarantine, ...await at(path) }) as Action),
    ...["0", "1", `4/${pinned}`, ".trash/3"].map(async (path) =>
      ({ ...quarantine, ...await at(path), kind: "quarantine-stray" }) as Action
    ),
    {
      ...quarantine,
      ...await at("1"),
      ...write,
      stamp: fileStamp(join(root, "1/meta.yaml")),
    } as Action,
  ]);
  const before = await readTree(root);
  for (const action of foreign) {
    // In front, where it would be carried out first.
    const written = { ...plan, actions: [action, ...plan.actions] };
    await assertRejects(
      () => apply(root, parsePlan(JSON.stringify(written), "plan.json")),
      StalePlanError,
      `Cannot apply plan: ${action.kind} ${action.path} does not come of its policy`,
    );
    assertSameTree(await readTree(root, EXCEPT), before);
  }
  assertEquals((await apply(root, plan)).complete, true);
});

Deno.test("applyPlan() takes no plan's word for the day, nor for what its policy stops", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  const before = await readTree(root);
  const plan = await planFor(root);
  const read = await scanStore(root, { depth: "tags", sizes: false, now: NOW });
  const ahead = planCleanup(read, POLICY, { now: NOW + 100 * DAY });
  assertEquals(ahead.actions.some(({ path }) => path.endsWith(runId(3))), true);
  await assertRejects(() => apply(root, ahead), StalePlanError, runId(3));
  const limits = policyOf(
    readConfig("retention: { keep_within: 30d }\nlimits: { max_runs: 1 }", "test"),
  );
  await using store = await openStore(root, { now: () => NOW });
  const stopped = planCleanup(
    await store.read({ depth: "tags", ...readingOf(limits) }),
    limits,
    { now: NOW },
  );
  const { stops: _, ...unstopped } = stopped;
  assertEquals(stopped.stops !== undefined, true);
  await assertRejects(() => apply(root, unstopped), PlanRefusedError);
  assertSameTree(await readTree(root, EXCEPT), before);
  assertEquals((await apply(root, plan)).complete, true);
});

Deno.test("applyPlan() carries out a saved repair, and refuses one that writes what no evidence says", async () => {
  await using place = await tempStore({
    experiments: [
      experiment({ id: "1", runs: [run({ id: runId(1), startTime: NOW - 50 * DAY })] }),
    ],
  });
  const { root } = place;
  const lost = ["create-experiment", "create-dirs"];
  for (const folder of ["metrics", "params"]) {
    const path = join(root, "1", runId(1), folder);
    if (existsSync(path)) Deno.removeSync(path, { recursive: true });
  }
  await using store = await openStore(root, { now: () => LATER });
  const { plan } = await repair(store, { settle: 0 });
  assertEquals(plan.actions.map(({ kind }) => kind), lost);
  const text = Deno.readTextFileSync(join(root, "1/meta.yaml"));
  const added = {
    ...plan.actions[0]!,
    kind: "write-meta",
    path: asStorePath("1"),
    file: "meta.yaml",
    text: text.replace("lifecycle_stage: active", "lifecycle_stage: deleted"),
    isNew: false,
    tag: null,
    stamp: fileStamp(join(root, "1/meta.yaml")),
  } as Action;
  const before = await readTree(root);
  await assertRejects(
    () => apply(root, { ...plan, actions: [...plan.actions, added] } as Plan),
    StalePlanError,
    "write-meta 1 does not come of its policy",
  );
  assertSameTree(await readTree(root, EXCEPT), before);
  const saved = parsePlan(JSON.stringify(plan), "plan.json");
  assertEquals((await apply(root, saved)).complete, true);
});

const HEAVY = policyOf(
  readConfig("retention: { keep_last: 9 }\npurge: { artifacts_only: checkpoints/* }", "test"),
);
const DROPPED_TAG = "tags/mltidy.artifacts_dropped";

/** Two runs that a rule keeps, each with five heavy files; the second one had some dropped before. */
async function withHeavyFiles(): Promise<TempStore> {
  const old = {
    startTime: NOW - 50 * DAY,
    endTime: NOW - 40 * DAY,
    tags: { "mlflow.user": "kim" },
  };
  const runs = [1, 2].map((number) => run({ id: runId(number), ...old }));
  const store = await tempStore({ experiments: [experiment({ id: "1", runs })] });
  writeFiles(store.root, { [`1/${runId(2)}/${DROPPED_TAG}`]: "2026-10-01T00:00:00.000Z" });
  for (const { id } of runs) {
    for (const name of "abcde") {
      writeFiles(store.root, { [`1/${id}/artifacts/checkpoints/${name}`]: `weights ${name}` });
    }
  }
  return store;
}

async function planHeavy(root: string): Promise<Plan> {
  await using store = await openStore(root, { now: () => NOW });
  const snapshot = await store.read({ depth: "tags", ...readingOf(HEAVY) });
  return planCleanup(snapshot, HEAVY, { now: NOW });
}

Deno.test("applyPlan() drops any number of heavy files of a run in one go, and restore() gives them back", async () => {
  await using place = await withHeavyFiles();
  const { root } = place;
  const before = await readTree(root);
  const plan = await planHeavy(root);
  assertEquals(plan.totals.dropArtifacts, 10);
  const { totals, complete, outcomes } = await apply(root, plan);
  assertEquals([totals.applied, complete], [10, true], JSON.stringify(outcomes));
  for (const number of [1, 2]) {
    assertEquals(
      Deno.readTextFileSync(join(root, "1", runId(number), DROPPED_TAG)),
      new Date(LATER).toISOString(),
    );
  }
  await using store = await openStore(root, { now: () => LATER });
  await restore(store, { run: runId(1) });
  await restore(store);
  assertSameTree(await readTree(root, EXCEPT), before);
});

Deno.test("applyPlan() tags a run whichever of its heavy files are dropped", async () => {
  for (const kept of [[0], [0, 5], [1, 2, 6], [0, 1, 2, 3, 5, 6, 7, 8]]) {
    await using place = await withHeavyFiles();
    const { root } = place;
    const before = await readTree(root);
    const plan = await planHeavy(root);
    const actions = plan.actions.filter((_, index) => !kept.includes(index));
    const report = await apply(root, { ...plan, actions } as Plan);
    assertEquals(report.complete, true, JSON.stringify(report.outcomes));
    for (const number of [1, 2]) {
      assertEquals(
        Deno.readTextFileSync(join(root, "1", runId(number), DROPPED_TAG)),
        new Date(LATER).toISOString(),
      );
    }
    await using store = await openStore(root, { now: () => LATER });
    await restore(store);
    assertSameTree(await readTree(root, EXCEPT), before);
  }
});

Deno.test("a change tags a run though the first of its heavy files had changed", async () => {
  await using place = await withHeavyFiles();
  const { root } = place;
  const files = ["a", "c"].map((name) => `1/${runId(1)}/artifacts/checkpoints/${name}`);
  const { task, actions } = await planHeavy(root);
  for (const file of files) Deno.writeTextFileSync(join(root, file), "trained on");
  const before = await readTree(root);
  await using store = await openStore(root, { now: () => LATER });
  {
    await using locked = await lockStore(store, { task });
    await using change = await locked.begin({ task, actions, now: LATER, keepBackup: true });
    for await (const { outcome, path } of change.performAll()) {
      assertEquals(outcome, files.includes(path) ? "skipped" : "applied");
    }
    await change.finish();
  }
  assertEquals(
    Deno.readTextFileSync(join(root, "1", runId(1), DROPPED_TAG)),
    new Date(LATER).toISOString(),
  );
  await restore(store);
  assertSameTree(await readTree(root, EXCEPT), before);
});

Deno.test("heavy files come back whenever dropping them was cut off", async () => {
  await using place = await withHeavyFiles();
  const { root } = place;
  const paths = ownPaths(root);
  const before = await readTree(root);
  const { task, actions } = await planHeavy(root);
  for (const prefix of actions.keys()) {
    {
      using lock = acquireLock(root, task, LATER);
      const options = { root, paths, task, actions, now: LATER, keepBackup: true };
      await using change = await beginChange(lock, options);
      for (const action of actions.slice(0, prefix + 1)) {
        assertEquals((await change.perform(action)).outcome, "applied");
      }
    }
    await using store = await openStore(root, { now: () => LATER });
    const { settled } = await recover(store);
    assertEquals(settled.map(({ outcome, collisions }) => [outcome, collisions]), [
      ["reversed", []],
    ]);
    assertSameTree(await readTree(root, EXCEPT), before);
  }
});

Deno.test("applyPlan() takes everything back before it hands on what a callback throws", async () => {
  await using place = await tempStore(ROTTEN);
  const before = await readTree(place.root);
  const plan = await planFor(place.root);
  await using store = await openStore(place.root, { now: () => LATER });
  await using locked = await lockStore(store, { task: "cleanup" });
  for (const backup of [true, false]) {
    for (const at of plan.actions.keys()) {
      const onProgress = (done: number) => {
        if (done > at) throw new TypeError("of the caller");
      };
      const error = await assertRejects(() => applyPlan(locked, plan, { backup, onProgress }));
      assertEquals([error instanceof TypeError, String(error)], [true, "TypeError: of the caller"]);
      assertSameTree(await readTree(place.root, EXCEPT), before);
      assertEquals(await store.changes!.interrupted(), []);
      assertEquals(await (await store.backups!.open(null)).list(), []);
    }
  }
  assertEquals((await applyPlan(locked, plan)).complete, true, "the lock is still held");
});
