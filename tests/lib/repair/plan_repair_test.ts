import { assertEquals, assertThrows } from "@std/assert";
import {
  type Evidence,
  NO_EVIDENCE,
  type RecordEvidence,
  type RepairPolicy,
  type RunEvidence,
} from "../../../lib/plan/repair_action.ts";
import { simulatePlan } from "../../../lib/plan/simulate_plan.ts";
import { planRepair } from "../../../lib/repair/plan_repair.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import {
  damagedRun,
  DAY,
  experiment,
  HOUR,
  NOW,
  orphan,
  problem,
  run,
  runId,
  snapshot,
  stray,
  withDefault,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const POLICY: RepairPolicy = deepFreeze({
  settle: 60_000,
  staleAfter: 7 * DAY,
  finishAs: "FAILED",
  relocate: null,
});
const RECORD: RecordEvidence = {
  file: "meta.yaml",
  stamp: "absent",
  text: null,
  changed: NOW - DAY,
  kept: null,
  hasTags: true,
};
const RUN: RunEvidence = {
  lacks: [],
  blocked: [],
  tags: new Map(),
  points: null,
  oldestFile: NOW - 2 * DAY,
  newestFile: NOW - DAY,
  newestChange: NOW - DAY,
};

const full = (init: Parameters<typeof snapshot>[0]): StoreSnapshot<"full"> =>
  deepFreeze({ ...snapshot(withDefault(init)), depth: "full" });
const plan = (
  store: StoreSnapshot<"full">,
  evidence: Partial<Evidence> = {},
  policy: Partial<RepairPolicy> = {},
) => planRepair(store, { ...NO_EVIDENCE, ...evidence }, { ...POLICY, ...policy }, { now: NOW });

Deno.test("planRepair() plans nothing for a healthy store", () => {
  const { actions, kept } = plan(full({ experiments: [experiment({ runs: [run()] })] }));
  assertEquals([actions, kept], [[], []]);
});

Deno.test("planRepair() refuses a shallow snapshot, a negative duration and no moment", () => {
  const store = full({});
  const shallow = { ...store, depth: "tags" } as unknown as StoreSnapshot<"full">;
  assertThrows(() => plan(shallow), RangeError, 'depth "full"');
  assertThrows(() => plan(store, {}, { settle: -1 }), RangeError, "settle -1");
  assertThrows(() => plan(store, {}, { staleAfter: NaN }), RangeError, "staleAfter NaN");
  assertThrows(
    () => planRepair(store, NO_EVIDENCE, POLICY, { now: NaN }),
    RangeError,
    "moment NaN",
  );
});

Deno.test("planRepair() sets the stage that the place says, a deletion as of now", () => {
  const store = full({
    experiments: [
      experiment({ id: "1", recordedStage: "deleted" }),
      experiment({ id: "2", name: "two", lifecycleStage: "deleted", recordedStage: "active" }),
    ],
  });
  const { actions } = plan(store, { stamps: new Map([["1", "a"], [".trash/2", "b"]]) });
  assertEquals(
    actions.map((action) => [
      action.kind,
      action.path,
      action.stamp,
      "changes" in action && action.changes,
    ]),
    [
      [
        "set-stage",
        asStorePath(".trash/2"),
        "b",
        { lifecycle_stage: "deleted", last_update_time: NOW },
      ],
      ["set-stage", asStorePath("1"), "a", { lifecycle_stage: "active" }],
    ],
  );
});

Deno.test("planRepair() keeps two active experiments of one name, with the choices", () => {
  const store = full({
    experiments: [experiment({ id: "1", name: "twin" }), experiment({ id: "2", name: "twin" })],
  });
  const { actions, kept } = plan(store);
  assertEquals(actions, []);
  assertEquals(kept, [{
    kind: "damage",
    path: asStorePath("1"),
    name: "twin",
    reasons: [{
      kind: "needs-choice",
      message: "2 is active under the same name",
      choices: ["delete all but one in MLflow", "rename all but the one that MLflow takes"],
      by: "renaming",
      from: "2",
      to: "twin (2)",
    }],
  }]);
});

Deno.test("planRepair() gives the name of a deleted twin free, or says that it cannot", () => {
  const deleted = { lifecycleStage: "deleted", recordedStage: "deleted" } as const;
  const store = full({
    experiments: [
      experiment({ id: "1", name: "twin" }),
      experiment({ id: "2", name: "twin", ...deleted }),
      experiment({ id: "3", name: "twin", ...deleted }),
      experiment({ id: "4", name: "twin (deleted 3)" }),
    ],
  });
  const { actions, kept } = plan(store, {
    stamps: new Map([[".trash/2", "a"], [".trash/3", "b"]]),
  });
  assertEquals(
    actions.map((action) => [action.kind, `${action.path}`, "changes" in action && action.changes]),
    [["release-name", ".trash/2", { name: "twin (deleted 2)" }]],
  );
  assertEquals(kept, [{
    kind: "damage",
    path: asStorePath(".trash/3"),
    name: "twin",
    reasons: [{
      kind: "needs-choice",
      message:
        'experiment 1 is active under the same name, and another one is called "twin (deleted 3)"',
      choices: [
        "rename experiment 1 in MLflow",
        "rename the other one in MLflow, then repair again",
      ],
      by: "repair",
    }],
  }]);
});

Deno.test("planRepair() gives the name Default free for the default experiment that it makes", () => {
  const deleted = { lifecycleStage: "deleted", recordedStage: "deleted" } as const;
  const { experiments } = full({
    experiments: [experiment({ id: "2", name: "Default", ...deleted })],
  });
  const store: StoreSnapshot<"full"> = deepFreeze({
    ...full({}),
    experiments: experiments.filter(({ id }) => id !== "0"),
  });
  const planned = plan(store, { stamps: new Map([[".trash/2", "a"]]) });
  assertEquals(planned.actions.map(({ kind, path }) => `${kind} ${path}`), [
    "release-name .trash/2",
    "create-experiment 0",
  ]);
  const after = deepFreeze(simulatePlan(store, planned, { now: NOW }));
  assertEquals(after.experiments.map(({ path, name }) => `${path} ${name}`), [
    ".trash/2 Default (deleted 2)",
    "0 Default",
  ]);
  assertEquals(plan(after), { ...plan(after), actions: [], kept: [] });
});

Deno.test("planRepair() rebuilds a lost run from its tags and files, and plans nothing after that", () => {
  const id = runId(5);
  const path = asStorePath(`1/${id}`);
  const store = full({
    experiments: [experiment({
      id: "1",
      artifactLocation: "s3://bucket/1",
      damagedRuns: [damagedRun({ id, message: "meta.yaml does not exist", usage: null })],
    })],
    problems: [{
      path,
      subject: "run",
      damage: "missing",
      message: "meta.yaml does not exist",
      line: null,
      column: null,
    }],
  });
  const tags = new Map([["mlflow.runName", "calm-owl-7"], ["mlflow.user", "kim"]]);
  const evidence = {
    records: new Map([[path, RECORD]]),
    runs: new Map([[path, { ...RUN, tags, points: { first: NOW - 3 * DAY, last: NOW - DAY } }]]),
  };
  const planned = plan(store, evidence);
  assertEquals(planned.actions.map((action) => "text" in action && action.text), [
    `artifact_uri: s3://bucket/1/${id}/artifacts
end_time: ${NOW - DAY}
entry_point_name: ""
experiment_id: "1"
lifecycle_stage: active
run_id: "${id}"
run_name: calm-owl-7
run_uuid: "${id}"
source_name: ""
source_type: 4
source_version: ""
start_time: ${NOW - 3 * DAY}
status: 4
tags: []
user_id: kim
`,
  ]);
  const after = deepFreeze(simulatePlan(store, planned, { now: NOW }));
  assertEquals(after.experiments[1]!.runs.map(({ name, status }) => [name, status]), [
    ["calm-owl-7", "FAILED"],
  ]);
  assertEquals(plan(after, evidence).actions, []);
});

Deno.test("planRepair() ends a run at the last sign of life of its family", () => {
  const parent = run({ id: runId(1), status: "RUNNING", endTime: null, startTime: NOW - 90 * DAY });
  const child = run({
    id: runId(2),
    status: "RUNNING",
    endTime: null,
    startTime: NOW - 90 * DAY,
    tags: { "mlflow.parentRunId": runId(1) },
  });
  const store = full({ experiments: [experiment({ id: "1", runs: [parent, child] })] });
  const silentFor = (own: number, childs: number) => ({
    runs: new Map([
      [`${parent.path}`, { ...RUN, newestChange: NOW - own }],
      [`${child.path}`, { ...RUN, newestChange: NOW - childs }],
    ]),
    stamps: new Map([[`${parent.path}`, "p"], [`${child.path}`, "c"]]),
  });
  assertEquals(plan(store, silentFor(30 * DAY, HOUR)).actions, []);
  const { actions } = plan(store, silentFor(30 * DAY, 8 * DAY), { finishAs: "KILLED" });
  assertEquals(
    actions.map((action) => "changes" in action && action.changes),
    [{ end_time: NOW - 8 * DAY, status: 5 }, { end_time: NOW - 8 * DAY, status: 5 }],
  );
});

Deno.test("planRepair() touches nothing in an orphan that stays: it would look alive", () => {
  const problem = (path: string, subject: "experiment" | "dataset"): Problem => ({
    path: asStorePath(path),
    subject,
    damage: "empty",
    message: "No key in the file",
    line: null,
    column: null,
  });
  const dataset = "name: iris\ndigest: a1\nsource_type: local\nsource: here\n";
  const kept = { text: dataset, source: "backup a", keptAt: NOW };
  const evidence = { records: new Map([["7/datasets/a", { ...RECORD, kept }], ["7", RECORD]]) };
  const problems = [problem("7", "experiment"), problem("7/datasets/a", "dataset")];
  const store = full({ orphans: [orphan({ id: "7", damage: "empty" })], problems });
  const { actions, kept: left } = plan(store, evidence);
  assertEquals([actions, left.map(({ path }) => `${path}`)], [[], ["7"]]);

  const known = full({ experiments: [experiment({ id: "7" })], problems: problems.slice(1) });
  assertEquals(plan(known, evidence).actions.map(({ path }) => `${path}`), ["7/datasets/a"]);
});

Deno.test("planRepair() proposes a clean-up only of an orphan that it would quarantine", () => {
  const choicesOf = (init: Parameters<typeof orphan>[0], policy: Partial<RepairPolicy> = {}) => {
    const one = orphan({ id: "7", newestChange: NOW - DAY, ...init });
    const problems: readonly Problem[] = [{
      path: one.path,
      subject: "experiment",
      damage: "missing",
      message: "meta.yaml does not exist",
      line: null,
      column: null,
    }];
    return plan(full({ orphans: [one], problems }), {}, policy).kept.map(({ reasons }) =>
      reasons.map((reason) => reason.kind === "needs-choice" ? reason.choices[1] : reason.kind)
    );
  };
  assertEquals(choicesOf({}), [["move it out of MLflow's sight"]]);
  assertEquals(choicesOf({ foreign: [".DS_Store"] }), choicesOf({}));
  assertEquals(choicesOf({ foreign: ["notes.txt"] }), [
    ["move the directory out of the store", "holds-foreign-files"],
  ]);
  assertEquals(choicesOf({ newestChange: NOW - HOUR / 60 }), [["changed-recently"]]);
  // Whoever lets it settle for no time has it judged at once.
  assertEquals(choicesOf({ newestChange: NOW - HOUR / 60 }, { settle: 0 }), choicesOf({}));
});

Deno.test("planRepair() makes no record of an experiment of which not everything could be read", () => {
  const problem = (path: string, damage: Problem["damage"]): Problem => ({
    path: asStorePath(path),
    subject: path === "7" ? "experiment" : "directory",
    damage,
    message: "what is wrong",
    line: null,
    column: null,
  });
  const store = (...problems: readonly Problem[]) =>
    full({
      orphans: [orphan({ id: "7", newestChange: NOW - DAY, runs: [run()] })],
      problems: [problem("7", "missing"), ...problems],
    });
  const written = (one: StoreSnapshot<"full">, record: Partial<RecordEvidence> = {}) =>
    plan(one, { records: new Map([["7", { ...RECORD, ...record }]]) }).actions
      .map(({ kind, path }) => `${kind} ${path}`);
  const unread = problem(`7/${runId(2)}`, "io");
  assertEquals(written(store()), ["write-meta 7"]);
  assertEquals(written(store(unread)), []);
  // It is told whole by a copy, whatever else cannot be read.
  const text = 'artifact_location: file:///7\ncreation_time: 1\nexperiment_id: "7"\n' +
    "last_update_time: 1\nlifecycle_stage: active\nname: churn\n";
  const kept = { text, source: "backup a", keptAt: NOW };
  assertEquals(written(store(unread), { kept }), ["write-meta 7"]);
  assertEquals(written(store(problem(`70/${runId(2)}`, "io"))), ["write-meta 7"]);
});

Deno.test("planRepair() moves nothing of a working directory's, and says to whom it belongs", () => {
  const strays = [
    stray({ path: ".ipynb_checkpoints", kind: "unlistable-directory" }),
    stray({ path: "backups", kind: "backup-directory" }),
    stray({ path: "data", kind: "foreign-directory" }),
  ];
  const entry = {
    stamp: "a",
    treeStamp: "b",
    usage: { bytes: 1, files: 1 },
    changed: NOW - DAY,
    text: null,
    kind: "directory",
  } as const;
  const entries = new Map(strays.map(({ path }) => [`${path}`, entry]));
  const planned = (more: readonly ReturnType<typeof stray>[]) => {
    const { actions, kept } = plan(full({ strays: [...strays, ...more] }), { entries });
    return [actions, kept].map((list) => list.map(({ path }) => `${path}`));
  };
  assertEquals(planned([]), [[".ipynb_checkpoints", "backups"], ["data"]]);
  assertEquals(planned([stray({ path: "train.py" })]), [
    [],
    [".ipynb_checkpoints", "backups", "data"],
  ]);
});

Deno.test("planRepair() puts quotes around what YAML takes for something else than text", () => {
  const one = run({ id: runId(1) });
  const store = full({
    experiments: [experiment({ id: "1", name: "2024-01-05", runs: [one] })],
    problems: [
      problem({ path: "1", subject: "experiment", damage: "wrong-type" }),
      problem({ path: one.path, subject: "run", damage: "wrong-type" }),
    ],
  });
  const { actions, kept } = plan(store, {
    stamps: new Map([["1", "a"], [one.path, "b"]]),
    records: new Map([
      ["1", { ...RECORD, text: "name: 2024-01-05\n" }],
      [one.path, { ...RECORD, text: "run_name: 7\nuser_id: 1000\n" }],
    ]),
  });
  assertEquals(kept, []);
  assertEquals(actions.map((action) => [action.kind, "changes" in action && action.changes]), [
    ["quote-value", { name: "2024-01-05" }],
    ["quote-value", { run_name: "7", user_id: "1000" }],
  ]);
});

Deno.test("planRepair() gives an experiment a name and a place that has none", () => {
  const store = full({
    experiments: [experiment({ id: "7", name: "", artifactLocation: "" })],
    problems: [
      problem({ path: "7", subject: "experiment", damage: "no-name" }),
      problem({ path: "7", subject: "experiment", damage: "no-artifact-uri" }),
    ],
  });
  const { actions } = plan(store, { stamps: new Map([["7", "a"]]) });
  assertEquals(actions.map((action) => [action.kind, "changes" in action && action.changes]), [
    ["complete-meta", { name: "recovered-7", artifact_location: `file://${store.location}/7` }],
  ]);
});
