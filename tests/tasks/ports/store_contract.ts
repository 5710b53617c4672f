/**
 * What every kind of store must do: one suite, which each adapter passes.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { InvalidArgumentError, StoreLockedError } from "../../../lib/errors.ts";
import { simulatePlan } from "../../../lib/plan/simulate_plan.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import type { Experiment, RunStatus } from "../../../lib/store/snapshot.ts";
import { listBackups } from "../../../tasks/backups/list_backups.ts";
import { restore } from "../../../tasks/backups/restore.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { lockStore } from "../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../tasks/ports/store.ts";
import {
  DAY,
  deletedRun,
  experiment,
  HOUR,
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
  type SnapshotInit,
} from "../../_support/builders.ts";

/** A store of one kind, for one test. */
export interface ContractStore extends AsyncDisposable {
  /** Opened with the clock {@linkcode NOW}, chosen `by --store`. */
  readonly store: Store;
  /** Everything that reading must leave as it is. */
  readonly contents: () => Promise<unknown>;
  /** Ends the run {@linkcode runId}(1) as another program does, with the status FAILED. */
  readonly failRun: () => void;
}

/** Makes a store of one kind that holds this. */
export type MakeStore = (init: SnapshotInit) => Promise<ContractStore>;

const statuses: readonly RunStatus[] = ["FINISHED", "RUNNING", "SCHEDULED", "FAILED", "KILLED"];

const STORE: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({
      id: "1",
      name: "이탈 예측",
      runs: [
        ...statuses.map((status, index) =>
          run({
            id: runId(index + 1),
            status,
            name: `run-${index + 1}`,
            startTime: NOW - 100 * DAY - HOUR,
            endTime: index === 1 || index === 2 ? null : NOW - 100 * DAY,
            tags: { "mlflow.user": "kim", ...(status === "KILLED" ? { "mltidy.pin": "yes" } : {}) },
          })
        ),
        deletedRun({ id: runId(6), deletedTime: NOW - 40 * DAY }),
        run({ id: runId(7), startTime: NOW - 91 * DAY, endTime: NOW - 90 * DAY }),
      ],
    }),
    // A database keeps the newest one.
    experiment({ id: "3", name: "next" }),
    experiment({
      id: "2",
      name: "old",
      lifecycleStage: "deleted",
      lastUpdateTime: NOW - 60 * DAY,
      runs: [deletedRun({ id: runId(8), deletedTime: NOW - 60 * DAY })],
    }),
  ],
  registeredModels: [registeredModel({
    name: "churn",
    aliases: { champion: "2" },
    versions: [modelVersion({ version: "1" }), modelVersion({ version: "2", runId: runId(7) })],
  })],
};

/**
 * Registers the tests of what every store must do as far as it can be read.
 *
 * @param kind What the store is called.
 * @param make Makes one.
 */
export function testReading(kind: string, make: MakeStore): void {
  const test = (what: string, body: (made: ContractStore) => Promise<void>) =>
    Deno.test(`${kind}: ${what}`, async () => {
      await using made = await make(STORE);
      await body(made);
    });

  test("it says which it is, how it was chosen, and what time it is", async ({ store }) => {
    const { location, chosenBy } = store.describe();
    const { location: read, readAt } = await store.read({ depth: "meta" });
    assertEquals([chosenBy, store.now(), readAt, read], ["by --store", NOW, NOW, location]);
  });

  test("it gives experiments and runs as they are recorded", async ({ store }) => {
    for (const depth of ["meta", "tags", "full"] as const) {
      const snapshot = await store.read({ depth });
      assertEquals(snapshot.depth, depth);
      assertEquals(snapshot.experiments.map(inShort), STORE.experiments!.map(inShort));
      assertEquals(snapshot.orphans, []);
    }
  });

  test("it reads no tags at depth meta, and those that are asked for at depth tags", async ({ store }) => {
    const tagsOf = async (options: Parameters<Store["read"]>[0]) => {
      const { experiments } = await store.read(options);
      return experiments[1]!.runs.find(({ id }) => id === runId(5))!.tags;
    };
    assertEquals(await tagsOf({ depth: "meta" }), new Map());
    const all = new Map([["mlflow.user", "kim"], ["mltidy.pin", "yes"]]);
    assertEquals(await tagsOf({ depth: "tags" }), all);
    const extras = { tags: ["mltidy.pin"], metrics: [], params: [], uses: false, artifacts: null };
    assertEquals(await tagsOf({ depth: "tags", extras }), new Map([["mltidy.pin", "yes"]]));
  });

  test("it gives the registry", async ({ store }) => {
    const { registeredModels: [model, ...others] } = await store.read({ depth: "meta" });
    assertEquals([model?.name, model?.path, others], ["churn", "models/churn", []]);
    assertEquals(model?.aliases, new Map([["champion", "2"]]));
    assertEquals(
      model?.versions.map(({ version, runId, path }) => [version, runId, path])
        .toSorted(([left], [right]) => Number(left) - Number(right)),
      [["1", null, "models/churn/version-1"], ["2", runId(7), "models/churn/version-2"]],
    );
  });

  test("two readings have one fingerprint, until a run changes", async ({ store, failRun }) => {
    const read = async () => (await store.read({ depth: "tags" })).fingerprint;
    const before = await read();
    assertEquals(await read(), before);
    assertNotEquals(before, "");
    failRun();
    assertNotEquals(await read(), before);
    assertEquals((await store.read({ depth: "meta" })).fingerprint, "");
  });

  test("a plan takes what is old and nothing that is protected", async ({ store }) => {
    const snapshot = await store.read({ depth: "tags" });
    const plan = planCleanup(snapshot, policyOfAges(), { now: NOW });
    assertEquals(plan.actions.map(({ kind, path }) => `${kind} ${path.replace(".trash/", "")}`), [
      `soft-delete-run 1/${runId(1)}`,
      `soft-delete-run 1/${runId(4)}`,
      `purge-run 1/${runId(6)}`,
      "purge-experiment 2",
    ]);
    assertEquals(
      plan.kept.filter(({ kind }) => kind === "run").map(({ reasons: [{ kind }] }) => kind),
      ["not-finished", "not-finished", "pinned", "registered"],
    );
  });

  test("it tells how many runs it has read, and stops when it is told to", async ({ store }) => {
    const counts: number[] = [];
    await store.read({ depth: "meta", onProgress: (runs) => void counts.push(runs) });
    assert(counts.length > 0);
    const signal = AbortSignal.abort();
    const { name } = await assertRejects(() => store.read({ depth: "meta", signal }), DOMException);
    assertEquals(name, "AbortError");
  });

  test("reading changes nothing", async ({ store, contents }) => {
    const before = await contents();
    for (const depth of ["meta", "tags", "full"] as const) await store.read({ depth, sizes: true });
    assertEquals(await contents(), before);
  });
}

/**
 * Registers the tests of what every store must do that can be changed.
 *
 * @param kind What the store is called.
 * @param make Makes one.
 */
export function testChanging(kind: string, make: MakeStore): void {
  const test = (what: string, body: (made: ContractStore) => Promise<void>) =>
    Deno.test(`${kind}: ${what}`, async () => {
      await using made = await make(STORE);
      await body(made);
    });
  const told = async (store: Store) =>
    (await store.read({ depth: "tags" })).experiments.map(inShort);

  test("what is planned is done as it was foreseen, once, and taken back", async ({ store }) => {
    const before = await store.read({ depth: "tags" });
    const { plan, report } = await cleanup(store, { apply: true });
    assert(plan.actions.length > 0);
    assertEquals(plan.actions.filter(({ kind }) => !store.changes!.kinds.has(kind)), []);
    assertEquals([report?.complete, report?.totals.applied], [true, plan.actions.length]);
    const foreseen = simulatePlan(before, plan, { now: NOW });
    assertEquals(await told(store), foreseen.experiments.map(inShort));
    assertEquals((await cleanup(store)).plan.actions, []);
    const [change, ...others] = (await listBackups(store)).backups;
    assertEquals([change?.id, others], [report?.backup?.id, []]);
    const { items, changes } = await restore(store, { dryRun: true });
    assertEquals([items.length, changes > 0], [changes, true]);
    const touched = new Set(items.map(({ path }) => idsIn(path)));
    assertEquals(touched, new Set(plan.actions.map(({ path }) => idsIn(path))));
    assertEquals((await restore(store)).changes, changes);
    assertEquals(await told(store), before.experiments.map(inShort));
    assertEquals((await listBackups(store)).backups, []);
  });

  test("what was done in an experiment is undone by the name of that", async ({ store }) => {
    const before = await told(store);
    await cleanup(store, { apply: true });
    const { changes } = await restore(store, { experiment: "이탈 예측" });
    assert(changes > 0);
    const named = (all: typeof before) => all.filter(([, name]) => name === "이탈 예측");
    assertEquals(named(await told(store)), named(before));
  });

  test("what has changed since it was planned is left", async ({ store, failRun }) => {
    await using locked = await lockStore(store, { task: "cleanup" });
    const { plan: { actions } } = await cleanup(store);
    await using change = await locked.begin({
      task: "cleanup",
      actions,
      now: NOW,
      keepBackup: true,
    });
    failRun();
    const outcomes = await Array.fromAsync(change.performAll());
    assertEquals(
      outcomes.map(({ outcome, path }) => [path.includes(runId(1)), outcome]),
      actions.map(({ path }) => path.includes(runId(1)) ? [true, "skipped"] : [false, "applied"]),
    );
    await change.finish();
  });

  test("a change that is given up leaves what there was, and nothing to take back", async ({ store }) => {
    const before = await told(store);
    const onProgress = (label: string) => {
      if (label === "Applying") throw new Error("enough");
    };
    await assertRejects(() => cleanup(store, { apply: true, onProgress }), Error, "enough");
    assertEquals(await told(store), before);
    assertEquals((await restore(store)).backup, null);
    const { report } = await cleanup(store, { apply: true, backup: false });
    assertEquals([report?.complete, report?.backup], [true, null]);
    assertEquals((await restore(store)).backup, null);
  });

  test("a run that is pinned stays, until it is pinned no longer", async ({ store }) => {
    const goes = async () => (await cleanup(store)).plan.actions.map(({ path }) => path);
    const before = await goes();
    const { experiments } = await store.read({ depth: "tags" });
    const run = experiments.flatMap(({ runs }) => runs)
      .find(({ path, lifecycleStage }) => lifecycleStage === "active" && before.includes(path))!;
    const { id: runId, experimentId } = run;
    for (let times = 0; times < 2; times++) {
      await store.pinning!.pin({ experimentId, runId }, true);
      assertEquals(await goes(), before.filter((path) => path !== run.path));
    }
    for (let times = 0; times < 2; times++) {
      await store.pinning!.pin({ experimentId, runId }, false);
      assertEquals(await goes(), before);
    }
    const deleted = experiments.flatMap(({ runs }) => runs)
      .find(({ lifecycleStage }) => lifecycleStage === "deleted");
    for (const wrong of [deleted?.id ?? "f".repeat(32), "f".repeat(32)]) {
      await assertRejects(
        () => store.pinning!.pin({ experimentId, runId: wrong }, true),
        InvalidArgumentError,
      );
    }
  });

  test("one at a time changes it", async ({ store }) => {
    assertEquals(await store.changes!.holder(), null);
    await using locked = await lockStore(store, { task: "cleanup" });
    assertMatch(await store.changes!.holder() ?? "", /^cleanup \(pid \d+/);
    await assertRejects(() => cleanup(store, { apply: true }), StoreLockedError, "holds the lock");
    await assertRejects(() => lockStore(locked, { task: "prune" }), StoreLockedError, "already");
    await locked[Symbol.asyncDispose]();
    await assertRejects(
      () => locked.begin({ task: "prune", actions: [], now: NOW, keepBackup: true }),
      Error,
      "released",
    );
  });
}

/** The ids in the path of a thing, or of a file of it, whether MLflow has deleted that or not. */
function idsIn(path: string): string {
  return path.replace(/^\.trash\//, "").replace(/\/meta\.yaml$/, "");
}

function inShort({ id, name, lifecycleStage, lastUpdateTime, runs }: Experiment) {
  const told = runs.map((run) =>
    [run.id, run.name, run.status, run.lifecycleStage, run.startTime, run.endTime, run.deletedTime]
      .join(" ")
  );
  return [id, name, lifecycleStage, lastUpdateTime, told.toSorted()];
}
