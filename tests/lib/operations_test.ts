import { assertEquals } from "@std/assert";
import { asExperimentId, asRunId, asStorePath, type NonEmpty } from "../../lib/model.ts";
import { judgesWholeTree, operationsOf } from "../../lib/operations.ts";
import type { Action, ActionReason } from "../../lib/plan.ts";
import { NOW, runId } from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";

const ID = asRunId(runId(1));
const reasons: NonEmpty<ActionReason> = [
  { kind: "deleted-longer-than", time: 0, age: 2, limit: 1 },
];
const base = { name: "a", reasons, usage: { bytes: 1, files: 1 }, stamp: "stamp" };

const ACTIONS: Readonly<{ [K in Action["kind"]]: Action & { readonly kind: K } }> = deepFreeze({
  "soft-delete-run": {
    ...base,
    kind: "soft-delete-run",
    path: asStorePath(`1/${ID}`),
    runId: ID,
    experimentId: asExperimentId("1"),
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
  "quarantine-orphan": { ...base, kind: "quarantine-orphan", path: asStorePath("7") },
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

Deno.test("judgesWholeTree() looks at the whole of what is moved, at meta.yaml of what is rewritten", () => {
  const whole = Object.values(ACTIONS).map((action) => [action.kind, judgesWholeTree(action)]);
  assertEquals(Object.fromEntries(whole), {
    "soft-delete-run": false,
    "purge-run": true,
    "purge-experiment": true,
    "quarantine-orphan": true,
  });
});
