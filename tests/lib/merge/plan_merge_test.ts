import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { pathFault } from "../../../lib/files/action_paths.ts";
import { mayUnfold, operationsOf } from "../../../lib/files/operations.ts";
import { filterPlan } from "../../../lib/cleanup/filter_plan.ts";
import { planMerge } from "../../../lib/merge/plan_merge.ts";
import { parsePlan } from "../../../lib/plan/parse_plan.ts";
import type { MergeEvidence, MergePlan, MergePolicy } from "../../../lib/plan/plan.ts";
import { renderPlan } from "../../../lib/render/plan.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import { adverseSnapshotArbitrary } from "../../_support/adverse_arbitraries.ts";
import {
  damagedRun,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  orphan,
  registeredModel,
  ROOT,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { draws } from "../../_support/depth.ts";
import { mergeEvidence } from "../../_support/merge_evidence.ts";

type Store = StoreSnapshot<"tags">;

const HERE = "/desk/mlruns";

const here = (init: SnapshotInit = {}): Store => deepFreeze(snapshot({ location: HERE, ...init }));
const there = (init: SnapshotInit): Store => deepFreeze(snapshot(init));

function policyOf(
  init: Partial<MergePolicy["only"]> = {},
  more: Partial<MergePolicy> = {},
): MergePolicy {
  const only = { experiments: [], exclude: [], runs: [], ...init };
  return { from: ROOT, only, deleted: false, ...more };
}

function planOf(
  store: Store,
  other: Store,
  more: Partial<MergeEvidence> = {},
  policy: MergePolicy = policyOf(),
): MergePlan {
  return deepFreeze(planMerge(store, other, mergeEvidence(other, more), policy, { now: NOW }));
}

/** As it stands in a saved plan. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const placesIn = ({ actions }: MergePlan) =>
  actions.map(({ what, trees }) => `${what} ${trees.map(({ from, to }) => `${from} > ${to}`)}`);
const keptIn = ({ kept }: MergePlan) => plain(kept.map(({ name, reasons }) => [name, reasons]));

Deno.test("planMerge() copies an experiment that is lacking here, its runs with all that belongs to them, and what names their places", () => {
  const parent = run({ name: "parent" });
  const child = run({ id: runId(2), name: "child", tags: { "mlflow.parentRunId": parent.id } });
  const model = loggedModel({ sourceRunId: parent.id });
  const other = there({
    experiments: [experiment({
      id: "1",
      name: "oak",
      runs: [child, parent],
      loggedModels: [model],
      traceUses: [{ trace: "tr-1", assessment: null, runId: parent.id, modelId: null }],
    })],
    registeredModels: [registeredModel({
      name: "wheat",
      versions: [modelVersion({ source: model.artifactLocation, runId: parent.id })],
    })],
  });
  const uri = `file://${ROOT}/1/traces/tr-1/artifacts`;
  const plan = planOf(here(), other, {
    places: new Map([...mergeEvidence(other).places, [uri, "1/traces/tr-1/artifacts"]]),
    inputs: new Map([[parent.path, ["rice"]]]),
    datasets: new Map([["1/datasets/rice", "name: rice\n"]]),
    traces: new Map([["1/traces/tr-1", {
      keys: ["experiment_id"],
      location: uri,
    }]]),
    tags: { there: new Map([["1", new Map([["team", "a"]])]]), here: new Map() },
  });
  assertEquals(plan.kept, []);
  assertEquals(placesIn(plan), [
    "experiment 1 > 1",
    `run ${parent.path} > ${parent.path},${model.path} > ${model.path},1/traces/tr-1 > 1/traces/tr-1`,
    `run ${child.path} > ${child.path}`,
    "registered-model models/wheat > models/wheat",
  ]);
  const [made, first, second, registered] = plan.actions;
  assertEquals(plain(made), {
    kind: "copy-in",
    what: "experiment",
    path: "1",
    name: "oak",
    reasons: [{ kind: "lacking-here" }],
    usage: { bytes: 0, files: 0 },
    stamp: "absent",
    source: ROOT,
    id: "1",
    experimentId: "1",
    parent: null,
    trees: [{ from: "1", to: "1", stamp: "stamp:1" }],
    records: [{
      path: "1",
      changes: { experiment_id: "1", artifact_location: `file://${HERE}/1` },
    }],
    texts: [
      {
        path: "1/meta.yaml",
        text: `artifact_location: file://${HERE}/1\nexperiment_id: "1"\nname: oak\n`,
      },
      { path: "1/tags/team", text: "a" },
    ],
    datasets: [],
    folders: ["1", "1/tags"],
    copied: { bytes: 24_576, files: 3 },
  });
  assertEquals(plain([first?.reasons, first?.records, first?.texts, first?.datasets]), [
    [{ kind: "copied-into", experiment: "1", name: "oak" }],
    [
      {
        path: parent.path,
        changes: { experiment_id: "1", artifact_uri: `file://${HERE}/1/${parent.id}/artifacts` },
      },
      {
        path: model.path,
        changes: {
          experiment_id: "1",
          artifact_location: `file://${HERE}/1/models/${model.id}/artifacts`,
        },
      },
      { path: "1/traces/tr-1", changes: { experiment_id: "1" } },
    ],
    [{
      path: "1/traces/tr-1/tags/mlflow.artifactLocation",
      text: `file://${HERE}/1/traces/tr-1/artifacts`,
    }],
    [{ path: "1/datasets/rice", text: "name: rice\n" }],
  ]);
  assertEquals(plain(first?.folders), [
    "1/models",
    "1/traces",
    "1/datasets",
    "1/datasets/rice",
  ]);
  assertEquals([first?.parent, second?.parent], [null, parent.id]);
  assertEquals(plain([registered?.records, registered?.folders, registered?.experimentId]), [
    [{
      path: "models/wheat/version-1",
      changes: { source: `file://${HERE}/1/models/${model.id}/artifacts` },
    }],
    ["models"],
    null,
  ]);
  assertEquals(
    renderPlan(plan),
    `2 runs, 1 experiment, 1 logged model, 1 trace and 1 registered model of ${ROOT} are copied into ${HERE} (${ROOT} is not changed).

+ Copy 4 things of another store into this one: that one stays as it is
  + oak     experiment 1                          lacking here
  + parent  run ${parent.id}  copied into oak
  + child   run ${child.id}  copied into oak
  + wheat   registered model wheat                lacking here

Plan: 2 runs, 1 experiment, 1 logged model, 1 trace and 1 registered model to copy, 144.0 KiB; nothing leaves the store.
`,
  );
});

Deno.test("planMerge() joins experiments of one name, gives a new id where one is taken, and says which tags stay", () => {
  const store = here({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({ id: "1", name: "birch" }),
      experiment({ id: "7", name: "shared" }),
    ],
  });
  const other = there({
    experiments: [
      experiment({ id: "0", name: "Default", runs: [run()] }),
      experiment({ id: "1", name: "oak", runs: [run({ id: runId(2) })] }),
      experiment({ id: "9", name: "shared", runs: [run({ id: runId(3) })] }),
    ],
  });
  const tags = {
    there: new Map([["9", new Map([["team", "a"], ["same", "x"], ["more", "y"]])]]),
    here: new Map([["7", new Map([["team", "b"], ["same", "x"]])]]),
  };
  const plan = planOf(store, other, { tags });
  const made = plan.actions[0]?.id ?? "";
  assert(/^\d{18}$/.test(made), made);
  assertEquals(placesIn(plan), [
    `experiment 1 > ${made}`,
    `run 0/${runId(1)} > 0/${runId(1)}`,
    `run 1/${runId(2)} > ${made}/${runId(2)}`,
    `run 9/${runId(3)} > 7/${runId(3)}`,
  ]);
  assertEquals(plain(plan.actions.map(({ records: [first] }) => first?.changes)), [
    { experiment_id: made, artifact_location: `file://${HERE}/${made}` },
    { experiment_id: "0", artifact_uri: `file://${HERE}/0/${runId(1)}/artifacts` },
    { experiment_id: made, artifact_uri: `file://${HERE}/${made}/${runId(2)}/artifacts` },
    { experiment_id: "7", artifact_uri: `file://${HERE}/7/${runId(3)}/artifacts` },
  ]);
  assertEquals(plain(plan.tags), [
    { experiment: "7", key: "team", here: "b", there: "a" },
    { experiment: "7", key: "more", here: null, there: "y" },
  ]);
  assertEquals(plan.already.experiment, 2);
  // Whoever plans again gets the same ids.
  assertEquals(planOf(store, other, { tags }), plan);
  assertEquals(renderPlan(plan).split("\n").slice(0, 3), [
    `3 runs and 1 experiment of ${ROOT} are copied into ${HERE} (${ROOT} is not changed); runs join Default (0), shared (7), which are here.`,
    "Here already: 2 experiments.",
    'Tags of experiments stay as they are here: team of 7 (here "b", there "a"), more of 7 (here none, there "y").',
  ]);
});

Deno.test("planMerge() gives an experiment of a database the next number", () => {
  const backend = { artifactRoot: null, revision: "a" };
  const store = here({ backend, experiments: [experiment({ id: "1", name: "birch" })] });
  const other = there({
    backend,
    experiments: [
      experiment({ id: "1", name: "oak" }),
      experiment({ id: "2", name: "elm" }),
    ],
  });
  const plan = planOf(store, other, { places: new Map(), records: new Map() });
  assertEquals(placesIn(plan), ["experiment 1 > 3", "experiment 2 > 2"]);
  assertEquals(plain(plan.actions[0]?.reasons), [
    { kind: "lacking-here" },
    { kind: "id-taken", id: "1" },
    { kind: "place-stays", uri: `file://${ROOT}/1` },
  ]);
});

Deno.test("planMerge() names what collides, with both sides, and does nothing to it", () => {
  const store = here({
    experiments: [
      experiment({
        id: "1",
        name: "shared",
        runs: [run({ name: "mine" })],
        loggedModels: [loggedModel({ id: "m-1" })],
      }),
      experiment({ id: "2", name: "gone", lifecycleStage: "deleted" }),
    ],
    registeredModels: [registeredModel({ name: "wheat" })],
  });
  const other = there({
    experiments: [
      experiment({
        id: "5",
        name: "shared",
        runs: [
          run({ name: "same id" }),
          run({ id: runId(2), name: "maker" }),
          run({ id: runId(3), name: "tracer" }),
          run({ id: runId(4), name: "fine" }),
        ],
        loggedModels: [loggedModel({ id: "m-1", sourceRunId: runId(2) })],
        traceUses: [{ trace: "tr-1", assessment: null, runId: runId(3), modelId: null }],
      }),
      experiment({ id: "6", name: "gone", runs: [run({ id: runId(5) })] }),
    ],
    registeredModels: [registeredModel({ name: "wheat" }), registeredModel({ name: "rye" })],
  });
  const plan = planOf(store, other, {
    tracesHere: new Map([["tr-1", asStorePath("1/traces/tr-1")]]),
  });
  assertEquals(placesIn(plan), [
    `run 5/${runId(4)} > 1/${runId(4)}`,
    "registered-model models/rye > models/rye",
  ]);
  assertEquals(keptIn(plan), [
    ["gone", [{ kind: "differs-here", path: ".trash/2" }]],
    ["same id", [{ kind: "differs-here", path: `1/${runId(1)}` }]],
    ["maker", [{ kind: "differs-here", path: "1/models/m-1" }]],
    ["tracer", [{ kind: "differs-here", path: "1/traces/tr-1" }]],
    ["wheat", [{ kind: "differs-here", path: "models/wheat" }]],
  ]);
});

Deno.test("planMerge() leaves what runs, is soft-deleted, damaged, linked, twice there, or deleted with its experiment", () => {
  const other = there({
    experiments: [
      experiment({
        id: "1",
        name: "oak",
        runs: [
          run({ name: "done" }),
          run({ id: runId(2), name: "going", status: "RUNNING", endTime: null }),
          deletedRun({ id: runId(3), name: "gone" }),
          run({ id: runId(4), name: "linked", link: true }),
          run({ id: runId(5), name: "unreadable" }),
          run({ id: runId(6), name: "twice" }),
        ],
        damagedRuns: [damagedRun({ id: runId(7) })],
      }),
      experiment({ id: "2", name: "elm", runs: [run({ id: runId(6), name: "again" })] }),
      experiment({ id: "3", name: "old", lifecycleStage: "deleted" }),
    ],
    orphans: [orphan({ id: "9" })],
  });
  const evidence = mergeEvidence(other);
  const measured = new Map([
    ...evidence.measured,
    [`1/${runId(5)}`, { problem: "a file is closed to this account" }] as const,
  ]);
  const plan = planOf(here(), other, { measured });
  assertEquals(plan.actions.map(({ name }) => name), ["oak", "elm", "done"]);
  assertEquals(keptIn(plan), [
    ["old", [{ kind: "in-deleted-experiment", experiment: "3" }]],
    [runId(7), [{ kind: "unreadable", path: `1/${runId(7)}`, message: "meta.yaml is missing" }]],
    ["9", [{ kind: "unreadable", path: "9", message: "meta.yaml is missing" }]],
    ["going", [{ kind: "not-finished", status: "RUNNING" }]],
    ["gone", [{ kind: "soft-deleted" }]],
    ["linked", [{ kind: "symbolic-link" }]],
    ["unreadable", [{
      kind: "unreadable",
      path: `1/${runId(5)}`,
      message: "a file is closed to this account",
    }]],
    ["twice", [{ kind: "twin-of", path: `2/${runId(6)}` }]],
    ["again", [{ kind: "twin-of", path: `1/${runId(6)}` }]],
  ]);
  const all = planOf(here(), other, { measured }, policyOf({}, { deleted: true }));
  assertEquals(all.actions.map(({ name }) => name), ["oak", "elm", "done", "gone"]);
});

Deno.test("planMerge() copies a tree of runs whole, or leaves it whole, and no child whose parent is elsewhere", () => {
  const child = (id: number, parent: string, more = {}) =>
    run({ id: runId(id), name: `${id}`, tags: { "mlflow.parentRunId": parent }, ...more });
  const store = here({
    experiments: [experiment({ id: "1", name: "oak", runs: [run({ id: runId(90) })] })],
  });
  const other = there({
    experiments: [
      experiment({
        id: "1",
        name: "oak",
        runs: [
          run({ name: "1" }),
          child(2, runId(1), { status: "RUNNING", endTime: null }),
          child(3, runId(20)),
          child(4, runId(90)),
          child(5, runId(99)),
        ],
      }),
      experiment({ id: "2", name: "elm", runs: [run({ id: runId(20), name: "20" })] }),
    ],
  });
  const plan = planOf(store, other);
  assertEquals(plan.actions.map(({ name }) => name), ["elm", "5", "20"]);
  assertEquals(keptIn(plan), [
    ["1", [{ kind: "parent-of-kept", child: runId(2) }]],
    ["3", [{ kind: "parent-elsewhere", parent: runId(20), path: `2/${runId(20)}` }]],
    ["4", [{ kind: "parent-elsewhere", parent: runId(90), path: `1/${runId(90)}` }]],
    ["2", [{ kind: "not-finished", status: "RUNNING" }]],
  ]);
});

Deno.test("planMerge() counts what is here already, and copies what has come of it since", () => {
  const parent = run({ name: "parent" });
  const child = run({ id: runId(2), name: "child", tags: { "mlflow.parentRunId": parent.id } });
  const model = loggedModel({ sourceRunId: parent.id });
  const runs = [parent, child];
  const store = here({ experiments: [experiment({ id: "1", name: "oak", runs: [parent] })] });
  const other = there({
    experiments: [experiment({ id: "1", name: "oak", runs, loggedModels: [model] })],
    registeredModels: [registeredModel({
      name: "wheat",
      versions: [modelVersion({ source: `${parent.artifactUri}/model` })],
    })],
  });
  const places = new Map([
    ...mergeEvidence(other).places,
    [`${parent.artifactUri}/model`, `${parent.path}/artifacts/model`] as const,
  ]);
  const same = new Set<string>([parent.path]);
  const plan = planOf(store, other, { same, places });
  assertEquals(placesIn(plan), [
    `run ${child.path} > ${child.path}`,
    `logged-model ${model.path} > ${model.path}`,
    "registered-model models/wheat > models/wheat",
  ]);
  assertEquals([plan.kept, plan.actions[0]?.parent], [[], null]);
  assertEquals(plain(plan.actions[2]?.records), [{
    path: "models/wheat/version-1",
    changes: { source: `file://${HERE}/${parent.path}/artifacts/model` },
  }]);
  assertEquals(plan.already, {
    "experiment": 1,
    "run": 1,
    "logged-model": 0,
    "trace": 0,
    "registered-model": 0,
  });
  const whole = new Set<string>([...runs.map(({ path }) => path), model.path, "models/wheat"]);
  const again = planOf(
    here({
      experiments: [experiment({ id: "1", name: "oak", runs, loggedModels: [model] })],
      registeredModels: other.registeredModels,
    }),
    other,
    { same: whole },
  );
  assertEquals([again.actions, again.kept], [[], []]);
  assertEquals(
    renderPlan(again),
    "Here already: 2 runs, 1 experiment, 1 logged model and 1 registered model.\n\nNothing to do.\n",
  );
});

Deno.test("planMerge() leaves places that lie elsewhere, and says so", () => {
  const other = there({
    experiments: [experiment({
      id: "1",
      name: "oak",
      artifactLocation: "s3://bucket/1",
      runs: [run({ artifactUri: `s3://bucket/1/${runId(1)}/artifacts` })],
    })],
  });
  const plan = planOf(here(), other);
  assertEquals(plain(plan.actions.map(({ records: [first] }) => first?.changes)), [
    { experiment_id: "1" },
    { experiment_id: "1" },
  ]);
  assert(
    renderPlan(plan).includes(
      "2 of them name places elsewhere, such as a bucket: what is there is not copied, and stays there.",
    ),
  );
});

Deno.test("planMerge() takes what is selected of the other store, with the models that have come of that alone", () => {
  const versionOf = (id: string) => modelVersion({ runId: id });
  const other = there({
    experiments: [
      experiment({ id: "1", name: "oak", runs: [run()] }),
      experiment({ id: "2", name: "elm", runs: [run({ id: runId(2) })] }),
    ],
    registeredModels: [
      registeredModel({ name: "a", versions: [versionOf(runId(1))] }),
      registeredModel({
        name: "b",
        versions: [versionOf(runId(1)), { ...versionOf(runId(2)), version: "2" }],
      }),
      registeredModel({ name: "prompt" }),
    ],
  });
  const plan = planOf(here(), other, {}, policyOf({ experiments: ["oak"] }));
  assertEquals(placesIn(plan), [
    "experiment 1 > 1",
    `run 1/${runId(1)} > 1/${runId(1)}`,
    "registered-model models/a > models/a",
  ]);
  assertThrows(
    () => planOf(here(), other, {}, policyOf({ experiments: ["ash"] })),
    InvalidArgumentError,
    "no experiment or orphan of this store has that name or id",
  );
});

Deno.test("planMerge() reads back what it says, and a part of it keeps what is in an experiment that is not made", () => {
  const other = there({
    experiments: [
      experiment({
        id: "1",
        name: "oak",
        runs: [
          run({ name: "parent" }),
          run({ id: runId(2), name: "child", tags: { "mlflow.parentRunId": runId(1) } }),
        ],
      }),
      experiment({ id: "2", name: "elm", runs: [run({ id: runId(3), name: "in elm" })] }),
    ],
  });
  const plan = planOf(here(), other);
  assertEquals(parsePlan(JSON.stringify(plan), "plan.json"), plan);
  const part = filterPlan(plan, ({ name }) => name !== "child" && name !== "elm");
  assertEquals(part.actions.map(({ name }) => name), ["oak"]);
  assertEquals(part.kept.map(({ name }) => name), ["elm", "parent", "in elm", "child"]);
  assertEquals([part.totals.keptRuns, part.totals.copied], [3, { bytes: 24_576, files: 3 }]);
});

// The laws of every plan ---------------------------------------------------------------------------

const RUNS = draws(100, 400);
const stores = fc.oneof(snapshotArbitrary({ now: NOW }), adverseSnapshotArbitrary({ now: NOW }));

Deno.test("a merge obeys the laws: each run of the other store once, nothing over what is here, and each step known", () => {
  let copied = 0;
  fc.assert(
    fc.property(stores, stores, fc.boolean(), (one, other, deleted) => {
      const store = deepFreeze({ ...one, location: HERE });
      deepFreeze(other);
      const plan = planOf(store, other, {}, policyOf({}, { deleted }));
      copied += plan.actions.length;
      const runs = [
        ...plan.actions.filter(({ what }) => what === "run").map(({ trees: [{ from }] }) => from),
        ...plan.kept.filter(({ kind }) => kind === "run").map(({ path }) => path),
      ];
      assertEquals(new Set(runs).size, runs.length);
      const staying = new Set(
        plan.kept.filter(({ kind }) => kind === "experiment")
          .map(({ path }) => path),
      );
      const all = other.experiments.filter(({ path }) => !staying.has(path))
        .flatMap((holder) => holder.runs.map(({ path }) => path));
      assertEquals(runs.toSorted(), all.toSorted());
      const taken = new Set<string>(
        [...store.experiments, ...store.orphans].flatMap((holder) => [
          holder.path,
          ...[...holder.runs, ...holder.damagedRuns, ...holder.loggedModels].map(({ path }) =>
            path
          ),
        ]),
      );
      const places = plan.actions.flatMap(({ trees }) => trees.map(({ to }) => to));
      assertEquals(new Set(places).size, places.length);
      assertEquals(places.filter((place) => taken.has(place)), []);
      for (const action of plan.actions) {
        assertEquals(pathFault(action), null);
        for (const operation of operationsOf(action, { now: NOW })) {
          assert(mayUnfold({ action: action.kind, subject: action.path, operation }));
        }
      }
      assertEquals(parsePlan(JSON.stringify(plan), "plan.json"), plain(plan));
    }),
    RUNS,
  );
  assert(copied > 0);
});
