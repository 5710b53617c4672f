import { assertEquals } from "@std/assert";
import { findReferences, namesAlong } from "../../../lib/snapshot/find_references.ts";
import {
  damagedRun,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  type ModelVersionInit,
  orphan,
  problem,
  registeredModel,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const RUN = runId(1);
const OTHER = runId(2);
const MODEL = `m-${runId(3)}`;

/** Ids of the runs and logged models that the registry of a store refers to, with the versions. */
function referred(init: SnapshotInit): Readonly<Record<string, readonly string[]>> {
  const { runs, loggedModels } = findReferences(deepFreeze(snapshot(init)));
  return Object.fromEntries(
    [...runs, ...loggedModels].map(([id, versions]) => [
      id,
      versions.map(({ model, version, aliases }) => [`${model}/${version}`, ...aliases].join("@")),
    ]),
  );
}

/** What one version refers to, in a store with two runs and a logged model of the first. */
function referredBy(init: ModelVersionInit): readonly string[] {
  return Object.keys(referred({
    experiments: [
      experiment({
        runs: [run({ id: RUN }), run({ id: OTHER })],
        loggedModels: [loggedModel({ id: MODEL, sourceRunId: RUN })],
      }),
    ],
    registeredModels: [registeredModel({ versions: [modelVersion(init)] })],
  }));
}

Deno.test("findReferences() finds a run by its id, wherever a version names it", () => {
  const versions: Readonly<Record<string, ModelVersionInit>> = {
    "run_id": { runId: RUN },
    "source in the store": { source: `file:///data/mlruns/1/${RUN}/artifacts/model` },
    "source as a bare path": { source: `/data/mlruns/1/${RUN}/artifacts/model` },
    "source of a store that was moved": { source: `./mlruns/1/${RUN}/artifacts/model` },
    "source in a bucket": { source: `s3://bucket/1/${RUN}/artifacts/model?versionId=7` },
    "source behind a server": { source: `mlflow-artifacts:/1/${RUN}/artifacts/model` },
    "source on Windows": { source: `file:///C:\\mlruns\\1\\${RUN}\\artifacts` },
    "source behind a # in a path": { source: `/data/take#2/mlruns/1/${RUN}/artifacts` },
    "percent-encoded source": { source: `file:///my%20data/1/%30${RUN.slice(1)}/artifacts` },
    "runs:/ URI": { source: `runs:/${RUN}/model` },
    "storage_location": { source: "models:/gone/1", storageLocation: `s3://b/${RUN}/artifacts` },
  };
  assertEquals(
    Object.entries(versions).map(([name, version]) => [name, referredBy(version)]),
    Object.keys(versions).map((name) => [name, [RUN]]),
  );
});

Deno.test("findReferences() finds a logged model, and through it the run that logged it", () => {
  const versions: Readonly<Record<string, ModelVersionInit>> = {
    "models:/m-… URI": { source: `models:/${MODEL}` },
    "a path below it": { source: `models:/${MODEL}/data` },
    "model_id": { modelId: MODEL },
    "storage_location": { storageLocation: `file:///data/mlruns/1/models/${MODEL}/artifacts` },
  };
  assertEquals(
    Object.entries(versions).map(([name, version]) => [name, referredBy(version)]),
    Object.keys(versions).map((name) => [name, [RUN, MODEL]]),
  );
});

Deno.test("findReferences() finds nothing where no run of the store is named", () => {
  const versions: readonly ModelVersionInit[] = [
    {},
    { source: "" },
    { source: `s3://bucket/${RUN.slice(1)}/model` },
    { source: `s3://bucket/x${RUN}/model` },
    { source: "models:/unknown/1" },
    { source: "models:/model@unknown" },
  ];
  assertEquals(versions.map(referredBy), versions.map(() => []));
});

Deno.test("findReferences() reports what a version names though the store has no such thing", () => {
  assertEquals(referredBy({ runId: runId(9) }), [runId(9)]);
  assertEquals(referredBy({ source: "models:/m-9" }), ["m-9"]);
});

Deno.test("findReferences() lets a deleted version refer to nothing", () => {
  assertEquals(referredBy({ runId: RUN, modelId: MODEL, stage: "Deleted_Internal" }), []);
  const alive = ["None", "Staging", "Production", "Archived"];
  assertEquals(alive.map((stage) => referredBy({ runId: RUN, stage })), alive.map(() => [RUN]));
});

Deno.test("findReferences() follows a copied version to its origin, deleted or not", () => {
  const origin = (stage: string) =>
    registeredModel({
      name: "수요 예측",
      aliases: { best: "4" },
      versions: [modelVersion({ version: "4", runId: RUN, stage })],
    });
  const copyOf = (source: string) =>
    registeredModel({ name: "copy", versions: [modelVersion({ source })] });
  const name = encodeURIComponent("수요 예측");
  for (const source of [`models:/${name}/4`, `models:/${name}@best`, "models:/수요 예측/4"]) {
    assertEquals(referred({ registeredModels: [origin("None"), copyOf(source)] }), {
      [RUN]: ["수요 예측/4@best", "copy/1"],
    });
    assertEquals(referred({ registeredModels: [origin("Deleted_Internal"), copyOf(source)] }), {
      [RUN]: ["copy/1"],
    });
  }
});

Deno.test("findReferences() does not go round in circles", () => {
  const models = ["a", "b"].map((name) =>
    registeredModel({
      name,
      versions: [
        modelVersion({
          source: `models:/${name === "a" ? "b" : "a"}/1`,
          runId: runId(name === "a" ? 1 : 2),
        }),
      ],
    })
  );
  assertEquals(referred({ registeredModels: models }), {
    [RUN]: ["a/1", "b/1"],
    [OTHER]: ["a/1", "b/1"],
  });
});

Deno.test("findReferences() names every version, once each, with its aliases", () => {
  const model = registeredModel({
    name: "churn",
    aliases: { best: "2", champion: "2", old: "1" },
    versions: [
      modelVersion({ version: "1", runId: RUN, source: `runs:/${RUN}/model` }),
      modelVersion({ version: "2", runId: RUN }),
      modelVersion({ version: "3", runId: OTHER }),
    ],
  });
  assertEquals(referred({ registeredModels: [model] }), {
    [RUN]: ["churn/1@old", "churn/2@best@champion"],
    [OTHER]: ["churn/3"],
  });
});

Deno.test("findReferences() finds deleted runs, those of deleted experiments and of orphans", () => {
  const versions = [1, 2, 3].map((number) =>
    modelVersion({ version: String(number), source: `runs:/${runId(number)}/model` })
  );
  assertEquals(
    referred({
      experiments: [
        experiment({ runs: [deletedRun({ id: runId(1) })] }),
        experiment({ id: "2", lifecycleStage: "deleted", runs: [run({ id: runId(2) })] }),
      ],
      orphans: [orphan({ runs: [run({ id: runId(3) })] })],
      registeredModels: [registeredModel({ name: "churn", versions })],
    }),
    { [runId(1)]: ["churn/1"], [runId(2)]: ["churn/2"], [runId(3)]: ["churn/3"] },
  );
});

Deno.test("findReferences() finds runs and logged models that are damaged", () => {
  const versions = [
    modelVersion({ source: `file:///data/mlruns/7/${RUN}/artifacts/model` }),
    modelVersion({
      version: "2",
      storageLocation: `file:///data/mlruns/7/models/${MODEL}/artifacts`,
    }),
  ];
  assertEquals(
    referred({
      orphans: [orphan({ id: "7", damagedRuns: [damagedRun({ id: RUN })] })],
      registeredModels: [registeredModel({ name: "churn", versions })],
      problems: [
        problem({ path: `7/models/${MODEL}`, subject: "logged-model", damage: "missing" }),
      ],
    }),
    { [RUN]: ["churn/1"], [MODEL]: ["churn/2"] },
  );
});

Deno.test("findReferences() finds a run by where its artifacts are, when no name there is its id", () => {
  const store = (artifactUri: string, source: string): SnapshotInit => ({
    experiments: [experiment({ runs: [run({ id: RUN, artifactUri })] })],
    registeredModels: [registeredModel({ name: "churn", versions: [modelVersion({ source })] })],
  });
  const found = { [RUN]: ["churn/1"] };
  const cases = [
    [found, "s3://bucket/best", "s3://bucket/best/model"],
    [found, "s3://bucket/best", "s3://bucket/best"],
    [found, "s3://bucket/best?version=2", "s3://bucket/best/model?version=2"],
    [found, "file:///my%20data/best", "/my data/best/model"],
    [found, `s3://bucket/run-${RUN}-best`, `s3://bucket/run-${RUN}-best/model`],
    [{}, "s3://bucket/best", "s3://bucket/best-of-all/model"],
    [{}, "", "s3://bucket/best/model"],
    [{}, "file:///", "s3://bucket/best/model"],
  ] as const;
  assertEquals(
    cases.map((
      [, artifactUri, source],
    ) => [artifactUri, source, referred(store(artifactUri, source))]),
    cases.map(([expected, artifactUri, source]) => [artifactUri, source, expected]),
  );
});

Deno.test("findReferences() finds the run in whose directory another's artifacts lie", () => {
  const inside = `file:///data/mlruns/1/${OTHER}/artifacts/resumed`;
  assertEquals(
    referred({
      experiments: [
        experiment({ runs: [run({ id: RUN, artifactUri: inside }), run({ id: OTHER })] }),
      ],
      registeredModels: [
        registeredModel({
          name: "churn",
          versions: [modelVersion({ source: `runs:/${RUN}/model` })],
        }),
      ],
    }),
    { [RUN]: ["churn/1"], [OTHER]: ["churn/1"] },
  );
});

Deno.test("findReferences() finds the run in whose directory a logged model's artifacts lie", () => {
  const artifactLocation = `file:///data/mlruns/1/${OTHER}/artifacts/model`;
  assertEquals(
    referred({
      experiments: [
        experiment({
          runs: [run({ id: OTHER })],
          loggedModels: [loggedModel({ id: MODEL, artifactLocation })],
        }),
      ],
      registeredModels: [
        registeredModel({ name: "churn", versions: [modelVersion({ modelId: MODEL })] }),
      ],
    }),
    { [MODEL]: ["churn/1"], [OTHER]: ["churn/1"] },
  );
});

Deno.test("namesAlong() takes what follows ? and # for names, too", () => {
  assertEquals(namesAlong("/data/take#2/a?b/c%20d"), ["data", "take", "2", "a", "b", "c d"]);
});

Deno.test("findReferences() takes a URI that was cut off for that of all whose files begin so", () => {
  const at = `file:///data/mlruns/1/${RUN}/artifacts`;
  const cut = (source: string) => [...referredBy({ source })].sort();
  const own = [RUN, MODEL].sort();
  assertEquals(cut(`file:///data/mlruns/1/${RUN.slice(0, -1)}`), [RUN, OTHER].sort());
  assertEquals(cut("file:///data/mlr"), [RUN, OTHER, MODEL].sort());
  assertEquals(cut(`file:///data/mlruns/1/models/${MODEL.slice(0, 20)}`), own);
  assertEquals(cut(at), [RUN]);
  for (const left of [RUN.slice(0, 5), RUN.slice(0, -1), ""]) {
    const all = left === "" ? [RUN, OTHER, MODEL] : [RUN, OTHER];
    assertEquals(cut(`file:///data/mlruns/1/${left}/artifacts/model`), all.sort(), left);
  }
  for (
    const elsewhere of [
      `file:///data/mlruns/1/${runId(99)}`,
      "s3://bucket/model",
      "s3://bucket/1/model",
      "file:///srv/models/best",
      "",
    ]
  ) {
    assertEquals(cut(elsewhere), [], elsewhere);
  }
});
