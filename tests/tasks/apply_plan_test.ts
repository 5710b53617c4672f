import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import fc from "fast-check";
import { StalePlanError } from "../../lib/errors.ts";
import type { StoreSnapshot } from "../../lib/model.ts";
import type { Plan } from "../../lib/plan.ts";
import { planCleanup } from "../../lib/plan_cleanup.ts";
import { simulatePlan } from "../../lib/simulate_plan.ts";
import { type ApplyOptions, applyPlan } from "../../tasks/apply_plan.ts";
import { restore } from "../../tasks/restore.ts";
import { openStore } from "../../tasks/store.ts";
import { snapshotArbitrary } from "../_support/arbitraries.ts";
import { NOW, runId, type SnapshotInit } from "../_support/builders.ts";
import { tempStore, writeFiles, writeStore } from "../_support/disk_store.ts";
import { planFor, POLICY, ROTTEN, ROTTEN_ACTIONS } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const LATER = NOW + 1_000;

async function apply(root: string, plan: Plan, options?: ApplyOptions) {
  await using store = await openStore(root, { now: () => LATER });
  await using locked = await store.lock({ task: plan.task });
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
  const strip = <T extends object>(all: readonly T[]) =>
    all.map((one) => ({ ...one, stamp: "", usage: null }));
  return {
    ...snapshot,
    fingerprint: "",
    readAt: 0,
    backups: null,
    experiments: strip(snapshot.experiments).map((one) => ({ ...one, runs: strip(one.runs) })),
    orphans: strip(snapshot.orphans).map((one) => ({ ...one, runs: strip(one.runs) })),
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
      await using locked = await store.lock({ task: "cleanup" });
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
    { numRuns: 20 },
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
    { numRuns: 20 },
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
