import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { mayUnfold, operationsOf, stampedBy } from "../../../lib/files/operations.ts";
import type { Action, ActionReason } from "../../../lib/plan/plan.ts";
import type { RepairReason } from "../../../lib/plan/repair_action.ts";
import { asExperimentId, asRunId, asStorePath } from "../../../lib/store/path.ts";
import type { NonEmpty } from "../../../lib/store/snapshot.ts";
import { NOW, runId } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const ID = asRunId(runId(1));
const reasons: NonEmpty<ActionReason> = [
  { kind: "deleted-longer-than", time: 0, age: 2, limit: 1 },
];
const mended: NonEmpty<RepairReason> = [{ kind: "broken", message: "damaged" }];
const base = { name: "a", reasons, usage: { bytes: 1, files: 1 }, stamp: "stamp" };

const ACTIONS: Readonly<{ [K in Action["kind"]]: Action & { readonly kind: K } }> = deepFreeze({
  "soft-delete-run": {
    ...base,
    kind: "soft-delete-run",
    path: asStorePath(`1/${ID}`),
    runId: ID,
    experimentId: asExperimentId("1"),
  },
  "drop-artifact": {
    ...base,
    kind: "drop-artifact",
    path: asStorePath(`1/${ID}/artifacts/checkpoints`),
    runId: ID,
    experimentId: asExperimentId("1"),
    tagged: false,
  },
  "thin-metric": {
    ...base,
    kind: "thin-metric",
    path: asStorePath(`1/${ID}/metrics/curve`),
    runId: ID,
    experimentId: asExperimentId("1"),
    key: "curve",
    most: 10,
    cuts: [{ from: 9, to: 23 }],
  },
  "purge-run": {
    ...base,
    kind: "purge-run",
    path: asStorePath(`1/${ID}`),
    runId: ID,
    experimentId: asExperimentId("1"),
  },
  "purge-experiment": {
    ...base,
    kind: "purge-experiment",
    path: asStorePath(".trash/1"),
    experimentId: asExperimentId("1"),
    runIds: [ID],
  },
  "purge-logged-model": {
    ...base,
    kind: "purge-logged-model",
    path: asStorePath("1/models/m-1"),
    modelId: "m-1",
    experimentId: asExperimentId("1"),
    withoutRun: ID,
  },
  "move-run": {
    ...base,
    reasons: [{ kind: "wanted-in", experiment: asExperimentId("2"), name: "b" }],
    kind: "move-run",
    path: asStorePath(`1/${ID}`),
    runId: ID,
    experimentId: asExperimentId("1"),
    to: asExperimentId("2"),
    parent: null,
    records: [
      { path: asStorePath(`1/${ID}`), changes: { experiment_id: "2" } },
      { path: asStorePath("1/models/m-1"), changes: { experiment_id: "2" } },
      { path: asStorePath("1/traces/tr-1"), changes: { experiment_id: "2" } },
      { path: asStorePath("models/wheat/version-1"), changes: { source: "/new/2" } },
    ],
    texts: [{
      path: asStorePath("1/traces/tr-1/tags/mlflow.artifactLocation"),
      text: "/new/2/traces/tr-1",
    }],
    trees: [
      { from: asStorePath(`1/${ID}`), to: asStorePath(`2/${ID}`) },
      { from: asStorePath("1/models/m-1"), to: asStorePath("2/models/m-1") },
      { from: asStorePath("1/traces/tr-1"), to: asStorePath("2/traces/tr-1") },
    ],
    datasets: [{ path: asStorePath("2/datasets/rice"), text: "name: rice\n" }],
    folders: ["2/models", "2/traces", "2/datasets", "2/datasets/rice"].map(asStorePath),
  },
  "copy-in": {
    ...base,
    reasons: [{ kind: "copied-into", experiment: asExperimentId("2"), name: "b" }],
    kind: "copy-in",
    what: "run",
    path: asStorePath(`2/${ID}`),
    source: "/laptop/mlruns",
    id: ID,
    experimentId: asExperimentId("2"),
    parent: null,
    records: [
      { path: asStorePath(`2/${ID}`), changes: { experiment_id: "2" } },
      { path: asStorePath("2/models/m-1"), changes: { experiment_id: "2" } },
      { path: asStorePath("2/traces/tr-1"), changes: { experiment_id: "2" } },
    ],
    texts: [{
      path: asStorePath("2/traces/tr-1/tags/mlflow.artifactLocation"),
      text: "/new/2/traces/tr-1",
    }],
    trees: [
      { from: asStorePath(`1/${ID}`), to: asStorePath(`2/${ID}`), stamp: "a" },
      { from: asStorePath("1/models/m-1"), to: asStorePath("2/models/m-1"), stamp: "b" },
      { from: asStorePath("1/traces/tr-1"), to: asStorePath("2/traces/tr-1"), stamp: "c" },
    ],
    datasets: [{ path: asStorePath("2/datasets/rice"), text: "name: rice\n" }],
    folders: ["2/models", "2/traces", "2/datasets", "2/datasets/rice"].map(asStorePath),
    copied: { bytes: 1, files: 1 },
  },
  "quarantine-orphan": { ...base, kind: "quarantine-orphan", path: asStorePath("7") },
  "quarantine-stray": {
    ...base,
    reasons: mended,
    kind: "quarantine-stray",
    path: asStorePath(`1/${ID}/tags/a~`),
  },
  "write-meta": {
    ...base,
    reasons: mended,
    kind: "write-meta",
    path: asStorePath("7"),
    file: "meta.yaml",
    text: "name: a\n",
    isNew: true,
    tag: null,
  },
  "create-experiment": {
    ...base,
    reasons: mended,
    kind: "create-experiment",
    path: asStorePath("0"),
    artifactLocation: "s3://bucket/0",
    stamp: "absent",
  },
  "finish-stale-run": {
    ...base,
    reasons: mended,
    kind: "finish-stale-run",
    path: asStorePath(`1/${ID}`),
    changes: { status: 4, end_time: 5 },
  },
  "set-stage": {
    ...base,
    reasons: mended,
    kind: "set-stage",
    path: asStorePath("1"),
    changes: { lifecycle_stage: "active" },
  },
  "release-name": {
    ...base,
    reasons: mended,
    kind: "release-name",
    path: asStorePath(".trash/2"),
    changes: { name: "a (deleted 2)" },
  },
  "complete-meta": {
    ...base,
    reasons: mended,
    kind: "complete-meta",
    path: asStorePath(`1/${ID}`),
    changes: { run_id: ID },
  },
  "quote-value": {
    ...base,
    reasons: mended,
    kind: "quote-value",
    path: asStorePath("1"),
    changes: { name: "2024-01-05" },
  },
  "rewrite-location": {
    ...base,
    reasons: mended,
    kind: "rewrite-location",
    path: asStorePath("1"),
    changes: { artifact_location: "file:///new/1" },
  },
  "rewrite-tag": {
    ...base,
    reasons: mended,
    kind: "rewrite-tag",
    path: asStorePath("1/traces/tr-1/tags/mlflow.artifactLocation"),
    text: "file:///new",
  },
  "create-dirs": {
    ...base,
    reasons: mended,
    kind: "create-dirs",
    path: asStorePath(`1/${ID}`),
    directories: [asStorePath(`1/${ID}/params`), asStorePath(`1/${ID}/artifacts`)],
  },
  "trim-metric-file": {
    ...base,
    reasons: mended,
    kind: "trim-metric-file",
    path: asStorePath(`1/${ID}/metrics/loss`),
    bytes: 12,
  },
  "cut-metric-file": {
    ...base,
    reasons: mended,
    kind: "cut-metric-file",
    path: asStorePath(`1/${ID}/metrics/loss`),
    cuts: [{ from: 9, to: 23 }],
  },
  "purge-dangling-rows": {
    ...base,
    reasons: mended,
    kind: "purge-dangling-rows",
    path: asStorePath("inputs"),
    rows: 2,
  },
});

Deno.test("operationsOf() soft-deletes as MLflow does: the stage, and the moment of acting", () => {
  assertEquals(operationsOf(ACTIONS["soft-delete-run"], { now: NOW }), [{
    kind: "replace-file",
    path: asStorePath(`1/${ID}/meta.yaml`),
    content: {
      kind: "changes",
      changes: { lifecycle_stage: "deleted", deleted_time: NOW },
    },
  }]);
});

Deno.test("operationsOf() moves a run, an experiment and an orphan away whole", () => {
  const moves = (["purge-run", "purge-experiment", "quarantine-orphan"] as const)
    .map((kind) => operationsOf(ACTIONS[kind], { now: NOW }));
  assertEquals(moves, [
    [{ kind: "move-tree", path: asStorePath(`1/${ID}`) }],
    [{ kind: "move-tree", path: asStorePath(".trash/1") }],
    [{ kind: "move-tree", path: asStorePath("7") }],
  ]);
});

Deno.test("operationsOf() sets records where they lie, then moves a run with its models and traces", () => {
  const operations = operationsOf(ACTIONS["move-run"], { now: NOW });
  assertEquals(operations.map(({ kind, path }) => `${kind} ${path.replace(ID, "RUN")}`), [
    "create-dir 2/models",
    "create-dir 2/traces",
    "create-dir 2/datasets",
    "create-dir 2/datasets/rice",
    "replace-file 2/datasets/rice/meta.yaml",
    "replace-file 1/RUN/meta.yaml",
    "replace-file 1/models/m-1/meta.yaml",
    "replace-file 1/traces/tr-1/trace_info.yaml",
    "replace-file models/wheat/version-1/meta.yaml",
    "replace-file 1/traces/tr-1/tags/mlflow.artifactLocation",
    "rename-tree 1/models/m-1",
    "rename-tree 1/traces/tr-1",
    "rename-tree 1/RUN",
  ]);
});

Deno.test("operationsOf() makes what copies lie in, and copies a run behind its models and traces", () => {
  const operations = operationsOf(ACTIONS["copy-in"], { now: NOW });
  assertEquals(operations.map(({ kind, path }) => `${kind} ${path.replace(ID, "RUN")}`), [
    "create-dir 2/models",
    "create-dir 2/traces",
    "create-dir 2/datasets",
    "create-dir 2/datasets/rice",
    "replace-file 2/datasets/rice/meta.yaml",
    "copy-tree 2/models/m-1",
    "copy-tree 2/traces/tr-1",
    "copy-tree 2/RUN",
  ]);
  assertEquals(operations[6], {
    kind: "copy-tree",
    path: asStorePath("2/traces/tr-1"),
    store: "/laptop/mlruns",
    from: asStorePath("1/traces/tr-1"),
    stamp: "c",
    records: [{ path: asStorePath("2/traces/tr-1"), changes: { experiment_id: "2" } }],
    texts: [{
      path: asStorePath("2/traces/tr-1/tags/mlflow.artifactLocation"),
      text: "/new/2/traces/tr-1",
    }],
  });
});

Deno.test("operationsOf() makes an experiment of another store, its record last", () => {
  const operations = operationsOf({
    ...ACTIONS["copy-in"],
    what: "experiment",
    path: asStorePath("2"),
    trees: [{ from: asStorePath("1"), to: asStorePath("2"), stamp: "a" }],
    texts: [
      { path: asStorePath("2/meta.yaml"), text: "name: a\n" },
      { path: asStorePath("2/tags/team/a"), text: "b" },
    ],
    datasets: [],
    folders: ["2", "2/tags", "2/tags/team"].map(asStorePath),
  }, { now: NOW });
  assertEquals(operations.map(({ kind, path }) => `${kind} ${path}`), [
    "create-dir 2",
    "create-dir 2/tags",
    "create-dir 2/tags/team",
    "replace-file 2/tags/team/a",
    "replace-file 2/meta.yaml",
  ]);
});

Deno.test("operationsOf() moves a heavy file away and tags its run with the moment", () => {
  const action = ACTIONS["drop-artifact"];
  const tag = asStorePath(`1/${ID}/tags/mltidy.artifacts_dropped`);
  const text = new Date(NOW).toISOString();
  assertEquals(operationsOf(action, { now: NOW }), [
    { kind: "move-tree", path: action.path },
    { kind: "replace-file", path: tag, content: { kind: "new-text", text } },
  ]);
  assertEquals(operationsOf({ ...action, tagged: true }, { now: NOW })[1], {
    kind: "replace-file",
    path: tag,
    content: { kind: "text", text },
  });
});

Deno.test("operationsOf() writes a new record, or one in place of another", () => {
  const action = ACTIONS["write-meta"];
  const path = asStorePath("7/meta.yaml");
  const text = "name: a\n";
  assertEquals(operationsOf(action, { now: NOW }), [
    { kind: "replace-file", path, content: { kind: "new-text", text } },
  ]);
  assertEquals(operationsOf({ ...action, isNew: false }, { now: NOW }), [
    { kind: "replace-file", path, content: { kind: "text", text } },
  ]);
});

Deno.test("operationsOf() tells of a lost name by a tag, in a folder that it makes if need be", () => {
  const action = { ...ACTIONS["write-meta"], tag: { text: "lost", makesFolder: true } };
  const tag = asStorePath("7/tags/mltidy.recovered");
  const tell = {
    kind: "replace-file",
    path: tag,
    content: { kind: "new-text", text: "lost" },
  } as const;
  const [folder, ...others] = operationsOf(action, { now: NOW });
  assertEquals(folder, { kind: "create-dir", path: asStorePath("7/tags") });
  assertEquals(others[0], tell);
  const within = { ...action, tag: { text: "lost", makesFolder: false } };
  assertEquals(operationsOf(within, { now: NOW })[0], tell);
});

Deno.test("operationsOf() makes an experiment as MLflow does: its directory, then its record of that moment", () => {
  const [made, written, ...others] = operationsOf(ACTIONS["create-experiment"], { now: NOW });
  assertEquals([made, others], [{ kind: "create-dir", path: asStorePath("0") }, []]);
  assert(written?.kind === "replace-file" && written.content.kind === "new-text");
  assertEquals(`${written.path}`, "0/meta.yaml");
  assertEquals(
    written.content.text,
    `artifact_location: s3://bucket/0
creation_time: ${NOW}
experiment_id: "0"
last_update_time: ${NOW}
lifecycle_stage: active
name: Default
trace_location: null
workspace: default
`,
  );
});

Deno.test("operationsOf() sets keys of a record, and nothing else of it", () => {
  const kinds = [
    "finish-stale-run",
    "set-stage",
    "release-name",
    "complete-meta",
    "quote-value",
    "rewrite-location",
  ] as const;
  for (const kind of kinds) {
    const action = ACTIONS[kind];
    assertEquals(operationsOf(action, { now: NOW }), [{
      kind: "replace-file",
      path: asStorePath(`${action.path}/meta.yaml`),
      content: { kind: "changes", changes: action.changes },
    }]);
  }
});

Deno.test("operationsOf() makes each missing directory, trims a metric, rewrites a tag", () => {
  const operations =
    (["create-dirs", "trim-metric-file", "cut-metric-file", "rewrite-tag"] as const)
      .map((kind) => operationsOf(ACTIONS[kind], { now: NOW }));
  assertEquals(operations, [
    [
      { kind: "create-dir", path: asStorePath(`1/${ID}/params`) },
      { kind: "create-dir", path: asStorePath(`1/${ID}/artifacts`) },
    ],
    [{
      kind: "replace-file",
      path: asStorePath(`1/${ID}/metrics/loss`),
      content: { kind: "prefix", bytes: 12 },
    }],
    [{
      kind: "replace-file",
      path: asStorePath(`1/${ID}/metrics/loss`),
      content: { kind: "cuts", cuts: [{ from: 9, to: 23 }] },
    }],
    [{
      kind: "replace-file",
      path: asStorePath("1/traces/tr-1/tags/mlflow.artifactLocation"),
      content: { kind: "text", text: "file:///new" },
    }],
  ]);
});

Deno.test("stampedBy() looks at the whole of what is moved, at the file of what is rewritten", () => {
  const stamped = Object.values(ACTIONS).map((action) => {
    const { kind, path } = stampedBy(action);
    return [action.kind, `${kind} ${path}`];
  });
  assertEquals(Object.fromEntries(stamped), {
    "soft-delete-run": `directory 1/${ID}`,
    "drop-artifact": `tree 1/${ID}/artifacts/checkpoints`,
    "thin-metric": `file 1/${ID}/metrics/curve`,
    "purge-run": `tree 1/${ID}`,
    "purge-experiment": "tree .trash/1",
    "purge-logged-model": "tree 1/models/m-1",
    "move-run": `directory 1/${ID}`,
    "copy-in": `file 2/${ID}`,
    "quarantine-orphan": "tree 7",
    "quarantine-stray": `tree 1/${ID}/tags/a~`,
    "write-meta": "file 7/meta.yaml",
    "create-experiment": "file 0",
    "finish-stale-run": `file 1/${ID}/meta.yaml`,
    "set-stage": "file 1/meta.yaml",
    "release-name": "file .trash/2/meta.yaml",
    "complete-meta": `file 1/${ID}/meta.yaml`,
    "quote-value": "file 1/meta.yaml",
    "rewrite-location": "file 1/meta.yaml",
    "rewrite-tag": "file 1/traces/tr-1/tags/mlflow.artifactLocation",
    "create-dirs": `file 1/${ID}/params`,
    "trim-metric-file": `file 1/${ID}/metrics/loss`,
    "cut-metric-file": `file 1/${ID}/metrics/loss`,
    "purge-dangling-rows": "file inputs",
  });
});

Deno.test("mayUnfold() knows the operations of each kind of action, on its subject alone", () => {
  const { "purge-dangling-rows": ofRows, ...ofFiles } = ACTIONS;
  assertThrows(() => operationsOf(ofRows, { now: NOW }), InvalidArgumentError, "has none");
  for (const action of Object.values(ofFiles)) {
    for (const operation of operationsOf(action, { now: NOW })) {
      const origin = { action: action.kind, subject: action.path, operation };
      assertEquals(mayUnfold(origin), true, JSON.stringify(origin));
      // Which datasets a run names is not said by its subject.
      if (operation.path.startsWith("2/datasets")) continue;
      const elsewhere = { ...operation, path: asStorePath(`${operation.path}-2`) };
      assertEquals(mayUnfold({ ...origin, operation: elsewhere }), false, action.kind);
    }
  }
});

Deno.test("mayUnfold() knows which kind of action does what", () => {
  const operation = { kind: "move-tree", path: asStorePath(`1/${ID}`) } as const;
  const kinds = Object.values(ACTIONS).map(({ kind }) => kind);
  assertEquals(
    kinds.filter((action) => mayUnfold({ action, subject: operation.path, operation })),
    ["purge-run", "quarantine-stray"],
  );
});
