import { assertEquals } from "@std/assert";
import { createDefault } from "../../../lib/repair/create_default.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { experiment, problem, ROOT, snapshot, type SnapshotInit } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const create = (init: SnapshotInit) =>
  createDefault({ snapshot: deepFreeze({ ...snapshot(init), depth: "full" }) });

const placeOf = (init: SnapshotInit) =>
  create(init).actions.map((action) =>
    action.kind === "create-experiment" && action.artifactLocation
  );

const at = (location: string, id = "7") =>
  experiment({ id, name: `name ${id}`, artifactLocation: `${location}/${id}` });

Deno.test("createDefault() makes the experiment that MLflow makes with a new store only", () => {
  assertEquals(create({ experiments: [experiment({ id: "7" })] }), {
    actions: [{
      kind: "create-experiment",
      path: asStorePath("0"),
      name: "Default",
      artifactLocation: `file://${ROOT}/0`,
      reasons: [
        { kind: "broken", message: "There is no experiment 0" },
        { kind: "evidence", of: "name", value: "Default", from: "MLflow" },
        {
          kind: "evidence",
          of: "artifact_location",
          value: `file://${ROOT}/0`,
          from: "the other experiments",
        },
      ],
      usage: { bytes: 0, files: 0 },
      stamp: "absent",
    }],
    kept: [],
  });
});

Deno.test("createDefault() keeps artifacts where the others do, but not where a store has moved away from", () => {
  assertEquals(placeOf({ experiments: [at("s3://bucket"), at("s3://bucket", "8")] }), [
    "s3://bucket/0",
  ]);
  assertEquals(placeOf({ experiments: [at("s3://one"), at("s3://two", "8")] }), [
    `file://${ROOT}/0`,
  ]);
  assertEquals(placeOf({ experiments: [at("file:///mnt/artifacts")] }), [
    "file:///mnt/artifacts/0",
  ]);
  assertEquals(
    placeOf({
      experiments: [at("file:///old/mlruns")],
      problems: [problem({ path: "7", subject: "experiment", damage: "moved" })],
    }),
    [`file://${ROOT}/0`],
  );
});

Deno.test("createDefault() leaves a name that is taken, and an experiment that is deleted, to their owner", () => {
  const taken = experiment({ id: "7", name: "Default" });
  assertEquals(create({ experiments: [taken] }), {
    actions: [],
    kept: [{
      kind: "damage",
      path: asStorePath("0"),
      name: "Default",
      reasons: [{
        kind: "needs-choice",
        message: "There is no experiment 0, and experiment 7 has its name Default",
        choices: [
          "name an experiment wherever runs are started",
          "rename that experiment in MLflow, then repair again",
        ],
        by: "repair",
      }],
    }],
  });
  const deleted = { lifecycleStage: "deleted", recordedStage: "deleted" } as const;
  // That one can give its name free.
  assertEquals(placeOf({ experiments: [experiment({ id: "7", name: "Default", ...deleted })] }), [
    `file://${ROOT}/0`,
  ]);
  assertEquals(create({ experiments: [experiment({ id: "0", name: "Default", ...deleted })] }), {
    actions: [],
    kept: [{
      kind: "damage",
      path: asStorePath(".trash/0"),
      name: "Default",
      reasons: [{
        kind: "needs-choice",
        message: "Experiment 0 is deleted",
        choices: ["name an experiment wherever runs are started", "restore it"],
        by: "restoration",
      }],
    }],
  });
});
