import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { mayUnfold, operationsOf } from "../../../lib/files/operations.ts";
import { filterPlan } from "../../../lib/cleanup/filter_plan.ts";
import { planMove } from "../../../lib/move/plan_move.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import type { MoveEvidence, MovePlan, MovePolicy } from "../../../lib/plan/plan.ts";
import { simulatePlan } from "../../../lib/plan/simulate_plan.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { verifySnapshot } from "../../../lib/verify/verify_snapshot.ts";
import { adverseSnapshotArbitrary } from "../../_support/adverse_arbitraries.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import {
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  registeredModel,
  ROOT,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { draws } from "../../_support/depth.ts";
import { moveEvidence } from "../../_support/move_evidence.ts";

type Store = StoreSnapshot<"tags">;

function policyOf(init: Partial<MovePolicy["only"]>, more: Partial<MovePolicy> = {}): MovePolicy {
  const only = { experiments: [], exclude: [], runs: [], ...init };
  return { only, to: "2", deleted: false, ...more };
}

function planOf(store: Store, policy: MovePolicy, more?: Partial<MoveEvidence>): MovePlan {
  return deepFreeze(planMove(store, moveEvidence(store, more), policy, { now: NOW }));
}

/** As it stands in a saved plan. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const scratch = (init: Parameters<typeof experiment>[0] = {}) =>
  experiment({ id: "1", name: "scratch", ...init });
const keepers = experiment({ id: "2", name: "keepers" });
const storeOf = (init: SnapshotInit): Store => deepFreeze(snapshot(init));

Deno.test("planMove() moves a run with the models and traces it made, and what names their places", () => {
  const parent = run({ name: "parent" });
  const child = run({ id: runId(2), name: "child", tags: { "mlflow.parentRunId": parent.id } });
  const model = loggedModel({ sourceRunId: parent.id });
  const store = storeOf({
    experiments: [
      scratch({
        runs: [parent, child],
        loggedModels: [model],
        traceUses: [{ trace: "tr-1", assessment: null, runId: parent.id, modelId: null }],
      }),
      keepers,
    ],
    registeredModels: [registeredModel({
      name: "wheat",
      versions: [modelVersion({ source: model.artifactLocation, runId: parent.id })],
    })],
  });
  const plan = planOf(store, policyOf({ runs: [parent.id] }), {
    inputs: new Map([[parent.path, ["rice"]], [child.path, ["rice"]]]),
    datasets: new Map([["1/datasets/rice", "name: rice\n"]]),
    traces: new Map([["1/traces/tr-1", {
      keys: ["experiment_id"],
      location: parent.artifactUri,
    }]]),
  });
  const [first, second] = plan.actions;
  assertEquals(plan.kept, []);
  assertEquals(plain(first), {
    kind: "move-run",
    path: parent.path,
    name: "parent",
    runId: parent.id,
    experimentId: store.experiments[0]!.id,
    to: keepers.id,
    parent: null,
    reasons: [{ kind: "wanted-in", experiment: keepers.id, name: "keepers" }],
    records: [
      {
        path: parent.path,
        changes: {
          experiment_id: "2",
          artifact_uri: `file://${ROOT}/2/${parent.id}/artifacts`,
        },
      },
      {
        path: model.path,
        changes: {
          experiment_id: "2",
          artifact_location: `file://${ROOT}/2/models/${model.id}/artifacts`,
        },
      },
      { path: "1/traces/tr-1", changes: { experiment_id: "2" } },
      {
        path: "models/wheat/version-1",
        changes: { source: `file://${ROOT}/2/models/${model.id}/artifacts` },
      },
    ],
    texts: [{
      path: "1/traces/tr-1/tags/mlflow.artifactLocation",
      text: `file://${ROOT}/2/${parent.id}/artifacts`,
    }],
    trees: [
      { from: parent.path, to: `2/${parent.id}` },
      { from: model.path, to: `2/models/${model.id}` },
      { from: "1/traces/tr-1", to: "2/traces/tr-1" },
    ],
    datasets: [{
      path: "2/datasets/rice",
      text: "name: rice\n",
    }],
    folders: [
      "2/models",
      "2/traces",
      "2/datasets",
      "2/datasets/rice",
    ],
    usage: { bytes: 0, files: 0 },
    stamp: parent.stamp,
  });
  assertEquals(plain(second?.reasons), [{ kind: "parent-moves", parent: parent.id }]);
  assertEquals(
    renderPlan(plan),
    `This plan moves 2 runs of scratch (1) into keepers (2), with 1 logged model, 1 trace, 1 copied dataset; 1 registered version will name the new place.

> Move 2 runs into another experiment: nothing leaves the store
  scratch (1): 2 runs
    > parent  ${parent.id}  wanted in keepers
    > child   ${child.id}  nested in run ${parent.id}, which moves

Plan: 2 runs to move; nothing leaves the store.
`,
  );
});

Deno.test("planMove() keeps what runs, what is soft-deleted, and whose place is taken, and names that", () => {
  const store = storeOf({
    experiments: [
      scratch({
        runs: [
          run({ name: "done" }),
          run({ id: runId(2), name: "going", status: "RUNNING", endTime: null }),
          deletedRun({ id: runId(3), name: "gone" }),
          run({ id: runId(4), name: "twice" }),
          run({ id: runId(5), name: "maker" }),
        ],
        loggedModels: [loggedModel({ id: "m-1", sourceRunId: runId(5) })],
      }),
      experiment({
        id: "2",
        name: "keepers",
        runs: [run({ id: runId(4), experimentId: "2" })],
        loggedModels: [loggedModel({ id: "m-1", experimentId: "2" })],
      }),
    ],
  });
  const plan = planOf(store, policyOf({ experiments: ["scratch"] }));
  assertEquals(plan.actions.map(({ name }) => name), ["done"]);
  assertEquals(plain(plan.kept.map(({ name, reasons }) => [name, reasons])), [
    ["going", [{ kind: "not-finished", status: "RUNNING" }]],
    ["gone", [{ kind: "soft-deleted" }]],
    ["twice", [{ kind: "in-the-way", path: `2/${runId(4)}` }]],
    ["maker", [{ kind: "in-the-way", path: "2/models/m-1" }]],
  ]);
  const all = planOf(store, policyOf({ experiments: ["1"] }, { to: "keepers", deleted: true }));
  assertEquals(all.actions.map(({ name }) => name), ["done", "gone"]);
});

Deno.test("planMove() moves a tree of runs whole, or leaves it whole", () => {
  const [root, middle, leaf] = [1, 2, 3].map(runId) as [string, string, string];
  const store = storeOf({
    experiments: [
      scratch({
        runs: [
          run({ id: root, name: "root" }),
          run({ id: middle, name: "middle", tags: { "mlflow.parentRunId": root } }),
          run({
            id: leaf,
            name: "leaf",
            tags: { "mlflow.parentRunId": middle },
            status: "RUNNING",
            endTime: null,
          }),
          run({ id: runId(4), name: "side", tags: { "mlflow.parentRunId": root } }),
        ],
      }),
      keepers,
    ],
  });
  const plan = planOf(store, policyOf({ runs: [root] }));
  assertEquals(plan.actions, []);
  assertEquals(plan.kept.map(({ name, reasons: [{ kind }] }) => `${name}: ${kind}`), [
    "root: parent-of-kept",
    "middle: parent-of-kept",
    "leaf: not-finished",
    "side: child-of-kept",
  ]);
  const [part] = planOf(store, policyOf({ runs: [runId(4)] })).kept;
  assertEquals(plain(part?.reasons), [
    { kind: "child-of-kept", parent: root },
  ]);
});

Deno.test("planMove() leaves artifacts where they lie elsewhere, and says so where removing the old experiment would take them", () => {
  const store = storeOf({
    experiments: [
      scratch({
        artifactLocation: "s3://bucket/1",
        runs: [
          run({ name: "below", artifactUri: `s3://bucket/1/${runId(1)}/artifacts` }),
          run({ id: runId(2), name: "apart", artifactUri: "s3://other/here" }),
        ],
      }),
      keepers,
    ],
  });
  const plan = planOf(store, policyOf({ experiments: ["1"] }));
  assertEquals(plan.actions.map(({ records: [{ changes }] }) => changes), [
    { experiment_id: "2" },
    { experiment_id: "2" },
  ]);
  assertEquals(plan.actions.map(({ reasons }) => reasons.map(({ kind }) => kind)), [
    ["wanted-in", "artifacts-stay"],
    ["wanted-in"],
  ]);
  assert(
    renderPlan(plan).includes(
      "The artifacts of 1 run stay below the place of the former experiment: whatever removes that place takes them.",
    ),
  );
});

Deno.test("planMove() refuses what is no experiment, several of a name, a deleted one, and everything", () => {
  const store = storeOf({
    experiments: [
      scratch({ runs: [run()] }),
      experiment({ id: "3", name: "twins" }),
      experiment({ id: "4", name: "twins" }),
      experiment({ id: "5", name: "gone", lifecycleStage: "deleted" }),
    ],
  });
  const refusal = (policy: MovePolicy) =>
    assertThrows(() => planOf(store, policy), InvalidArgumentError).message;
  const runs = [runId(1)];
  assertEquals(
    [
      refusal(policyOf({ runs }, { to: "nowhere" })),
      refusal(policyOf({ runs }, { to: "twins" })),
      refusal(policyOf({ runs }, { to: "gone" })),
      refusal(policyOf({}, { to: "3" })),
      refusal(policyOf({ runs: ["f"] }, { to: "3" })),
    ],
    [
      "Cannot move runs into nowhere: no active experiment of this store has that name or id",
      "Cannot move runs into twins: experiments 3 and 4 have that name; expected an id",
      "Cannot move runs into gone: experiment gone (5) is soft-deleted; expected an active one",
      "Cannot move everything: expected runs, or the experiment whose runs are to move",
      "Cannot select run f: no run of this store that can be read has that name, or an id that begins so",
    ],
  );
});

Deno.test("planMove() reads back what it says, and a part of it keeps parents with their children", () => {
  const parent = run({ name: "parent" });
  const store = storeOf({
    experiments: [
      scratch({
        runs: [
          parent,
          run({ id: runId(2), name: "child", tags: { "mlflow.parentRunId": parent.id } }),
          run({ id: runId(3), name: "alone" }),
        ],
      }),
      keepers,
    ],
  });
  const plan = planOf(store, policyOf({ experiments: ["1"] }));
  assertEquals(parsePlan(JSON.stringify(plan), "plan.json"), plan);
  const part = filterPlan(plan, ({ name }) => name !== "child");
  assertEquals(part.actions.map(({ name }) => name), ["alone"]);
  assertEquals(part.kept.map(({ name }) => name), ["parent", "child"]);
  assertEquals(part.totals.moveRuns, 1);
});

// The laws of every plan ---------------------------------------------------------------------------

const RUNS = draws(100, 400);
const stores = fc.oneof(snapshotArbitrary({ now: NOW }), adverseSnapshotArbitrary({ now: NOW }));

/** A store, and the move of all of one experiment into another one. */
const moves = fc.tuple(stores, fc.nat(), fc.nat(), fc.boolean()).map(
  ([store, from, to, deleted]) => {
    const active = store.experiments.filter(({ lifecycleStage }) => lifecycleStage === "active");
    const full = active.filter(({ runs }) => runs.length > 0);
    const [source, target] = [full[from % full.length], active[to % active.length]];
    const policy = source === undefined || target === undefined || source === target
      ? null
      : policyOf({ experiments: [source.id] }, { to: target.id, deleted });
    return { store: deepFreeze(store), policy };
  },
).filter((one): one is { store: Store; policy: MovePolicy } => one.policy !== null);

const runsIn = (store: Store) =>
  [...store.experiments, ...store.orphans].flatMap(({ runs }) => runs);

Deno.test("a move obeys the laws: each run once among what moves and what stays, nothing lost, nothing twice", () => {
  let moved = 0;
  fc.assert(
    fc.property(moves, fc.nat(), ({ store, policy }, number) => {
      const plan = planOf(store, policy);
      moved += plan.actions.length;
      const judged = [...plan.actions, ...plan.kept].map(({ path }) => path);
      assertEquals(new Set(judged).size, judged.length);
      for (const { runId: id } of plan.actions) {
        const { status } = runsIn(store).find((one) => one.id === id)!;
        assert(status !== "RUNNING" && status !== "SCHEDULED");
      }
      const after = simulatePlan(store, plan, { now: NOW });
      assertEquals(
        runsIn(after).map(({ id }) => id).toSorted(),
        runsIn(store).map(({ id }) => id).toSorted(),
      );
      // At once is as one after the other …
      const one = (before: Store, action: MovePlan["actions"][number]) =>
        simulatePlan(before, { ...plan, actions: [action] }, { now: NOW });
      assertEquals(plan.actions.reduce(one, store).experiments, after.experiments);
      // … nothing is left to do …
      assertEquals(planOf(deepFreeze(after), policy).actions, []);
      // … and what was cut off is finished by the next plan.
      const prefix = number % (plan.actions.length + 1);
      const half = deepFreeze(simulatePlan(store, plan, { now: NOW, prefix }));
      const rest = planOf(half, policy).actions.map(({ path }) => path);
      for (const path of rest) assert(plan.actions.some((action) => action.path === path));
      const errors = (one: Store) =>
        verifySnapshot(one).filter(({ severity }) => severity === "error")
          .map(({ rule, path }) => `${rule} ${path.split("/").at(-1)}`);
      const before = new Set(errors(store));
      assertEquals(errors(half).filter((error) => !before.has(error)), []);
      for (const action of plan.actions) {
        for (const operation of operationsOf(action, { now: NOW })) {
          assert(mayUnfold({ action: action.kind, subject: action.path, operation }));
        }
      }
    }),
    RUNS,
  );
  assert(moved > 0);
});
