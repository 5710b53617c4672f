import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { StoreAccessError, StoreNotFoundError } from "../../../lib/errors.ts";
import { readExperimentMeta, readRunMeta } from "../../../lib/records/meta_record.ts";
import { editMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { setupExperiment } from "../../../tasks/training/experiment.ts";
import { safeRun } from "../../../tasks/training/run.ts";
import { verify } from "../../../tasks/verify.ts";
import { START, type TrainingStore, trainingStore } from "../../_support/training.ts";

function experimentOf({ read }: TrainingStore, ...path: readonly string[]) {
  const result = readExperimentMeta(read(...path, "meta.yaml") ?? "");
  assert(result.ok);
  return result.meta;
}

/** Deletes an experiment as MLflow does. */
function deleteExperiment({ root, read }: TrainingStore, id: string): void {
  for (const { name } of [...Deno.readDirSync(join(root, id))]) {
    const text = read(id, name, "meta.yaml");
    if (text === null) continue;
    const deleted = { lifecycle_stage: "deleted", deleted_time: START };
    Deno.writeTextFileSync(join(root, id, name, "meta.yaml"), editMetaYaml(text, deleted));
  }
  const changes = { lifecycle_stage: "deleted", last_update_time: START };
  const path = join(root, id, "meta.yaml");
  Deno.writeTextFileSync(path, editMetaYaml(Deno.readTextFileSync(path), changes));
  Deno.renameSync(join(root, id), join(root, ".trash", id));
}

async function assertNoFindings({ store }: TrainingStore): Promise<void> {
  const { findings } = await verify(store);
  assertEquals(findings, []);
}

Deno.test("setupExperiment() creates an experiment as MLflow makes them", async () => {
  await using training = await trainingStore();
  const { root, experimentId } = training;
  assertMatch(experimentId, /^[1-9][0-9]{17}$/);
  assertEquals(experimentOf(training, experimentId), {
    experimentId,
    name: "churn",
    artifactLocation: `file://${root}/${experimentId}`,
    lifecycleStage: "active",
    creationTime: START,
    lastUpdateTime: START,
  });
  await assertNoFindings(training);
});

Deno.test("setupExperiment() reuses an active experiment and sets tags on it", async () => {
  await using training = await trainingStore();
  const { store, experimentId, read } = training;
  const tags = { "team/이름": "growth", ready: true };
  const setup = await setupExperiment(store, "churn", { tags });
  assertEquals(setup, { experimentId, outcome: "reused" });
  assertEquals(read(experimentId, "tags", "team", "이름"), "growth");
  assertEquals(read(experimentId, "tags", "ready"), "True");
});

Deno.test("setupExperiment() restores a deleted experiment with all its runs", async () => {
  await using training = await trainingStore();
  const { store, experimentId, tick } = training;
  const runId = await safeRun(store, { experimentId }, (run) => run.id);
  deleteExperiment(training, experimentId);
  tick(1000);
  assertEquals(await setupExperiment(store, "churn"), { experimentId, outcome: "restored" });
  const { lifecycleStage, lastUpdateTime } = experimentOf(training, experimentId);
  assertEquals([lifecycleStage, lastUpdateTime], ["active", START + 1000]);
  const run = readRunMeta(training.read(experimentId, runId, "meta.yaml") ?? "");
  assertEquals(run.ok && [run.meta.lifecycleStage, run.meta.deletedTime], ["active", null]);
  await assertNoFindings(training);
});

Deno.test("setupExperiment() replaces deleted experiments by releasing their name", async () => {
  await using training = await trainingStore();
  const { store, experimentId } = training;
  deleteExperiment(training, experimentId);
  const setup = await setupExperiment(store, "churn", { onDeleted: "replace" });
  assertEquals(setup.outcome, "created");
  assertEquals(
    experimentOf(training, ".trash", experimentId).name,
    `churn (replaced ${experimentId})`,
  );
  assertEquals(experimentOf(training, setup.experimentId).name, "churn");
  const { findings } = await verify(store);
  assertEquals(findings.map(({ rule, path }) => [rule, path]), [
    ["experiment-name-held", `.trash/${experimentId}`],
  ]);
});

Deno.test("setupExperiment() mends a damaged meta.yaml and keeps the damaged text", async () => {
  await using training = await trainingStore();
  const { root, store, experimentId, read } = training;
  const damaged = "\0\0artifact_location: ?\nlifecycle_stage: active\nname: churn\n";
  Deno.writeTextFileSync(join(root, experimentId, "meta.yaml"), damaged);
  assertEquals(await setupExperiment(store, "churn"), { experimentId, outcome: "repaired" });
  assertEquals(
    experimentOf(training, experimentId).artifactLocation,
    `file://${root}/${experimentId}`,
  );
  assertEquals(read(".mltidy.trash", "damaged", `${experimentId}-${START}.yaml`), damaged);
  await assertNoFindings(training);
});

Deno.test("setupExperiment() does not restore over another experiment", async () => {
  await using training = await trainingStore();
  const { root, store, experimentId } = training;
  deleteExperiment(training, experimentId);
  Deno.mkdirSync(join(root, experimentId));
  await assertRejects(
    () => setupExperiment(store, "churn"),
    StoreAccessError,
    `${experimentId} is in the way`,
  );
});

Deno.test("setupExperiment() resolves where artifacts go as MLflow does", async () => {
  await using training = await trainingStore();
  const here = toFileUrl(Deno.cwd()).href;
  const locations = {
    "file:./some%20where": `${here}/some%20where`,
    "file:else?x=1#y": `${here}/else?x=1#y`,
    "some where": `${here}/some%20where`,
    "/data": "file:///data",
    "file:///data/a": "file:///data/a",
    "s3://bucket/x?y=z": "s3://bucket/x?y=z",
  };
  for (const [artifactLocation, expected] of Object.entries(locations)) {
    const setup = await setupExperiment(training.store, artifactLocation, { artifactLocation });
    assertEquals(experimentOf(training, setup.experimentId).artifactLocation, expected);
  }
  const { experimentId } = await setupExperiment(training.store, "own", { artifactLocation: "" });
  assertEquals(
    experimentOf(training, experimentId).artifactLocation,
    `file://${training.root}/${experimentId}`,
  );
});

Deno.test("setupExperiment() refuses what MLflow would, before it writes anything", async () => {
  await using training = await trainingStore();
  const { root, store } = training;
  const before = [...Deno.readDirSync(root)].length;
  const refused = [
    () => setupExperiment(store, ""),
    () => setupExperiment(store, "it's"),
    () => setupExperiment(store, "a".repeat(501)),
    () => setupExperiment(store, "other", { tags: { "a~": "1" } }),
    () => setupExperiment(store, "other", { tags: { a: "1".repeat(5001) } }),
    () => setupExperiment(store, "other", { artifactLocation: "s".repeat(2049) }),
  ];
  for (const refuse of refused) await assertRejects(refuse, RangeError, "Cannot set up experiment");
  assertEquals([...Deno.readDirSync(root)].length, before);
});

Deno.test("setupExperiment() gives all who call it at once the same experiment", async () => {
  await using training = await trainingStore();
  const { root } = training;
  const setups = await Promise.all(Array.from({ length: 12 }, async () => {
    await using store = await openStore(root);
    return await setupExperiment(store, "race");
  }));
  assertEquals(new Set(setups.map(({ experimentId }) => experimentId)).size, 1);
  assertEquals(setups.filter(({ outcome }) => outcome === "created").length, 1);
  await assertNoFindings(training);
});

Deno.test("setupExperiment() removes what was abandoned a day ago, and nothing younger", async () => {
  await using training = await trainingStore();
  const { root, store } = training;
  const writing = join(root, ".mltidy.trash", "writing");
  const [old, young] = [crypto.randomUUID(), crypto.randomUUID()];
  for (const [name, age] of [[old, 25], [young, 23], ["thesis", 25]] as const) {
    Deno.mkdirSync(join(writing, name));
    const time = new Date(START - age * 60 * 60 * 1000);
    Deno.utimeSync(join(writing, name), time, time);
  }
  await setupExperiment(store, "churn");
  assertEquals([...Deno.readDirSync(writing)].map(({ name }) => name).sort(), [
    young,
    "thesis",
  ]);
});

Deno.test("openStore() makes an empty store as MLflow does, and leaves what is there", async () => {
  await using training = await trainingStore();
  const { outside } = training;
  const path = join(outside, "new", "mlruns");
  await using store = await openStore(path, { create: true });
  const snapshot = await store.read({ depth: "meta" });
  assertEquals(snapshot.experiments.map(({ id, name }) => [id as string, name]), [[
    "0",
    "Default",
  ]]);
  assertEquals([snapshot.hasTrash, snapshot.problems], [true, []]);
  Deno.mkdirSync(join(outside, "other", "code"), { recursive: true });
  await assertRejects(() => openStore(join(outside, "other"), { create: true }));
  assertEquals([...Deno.readDirSync(join(outside, "other"))].map(({ name }) => name), ["code"]);
});

Deno.test("openStore() makes no store without a name, nor where a link or a file is in the way", async () => {
  await using training = await trainingStore();
  const link = join(training.outside, "link");
  Deno.symlinkSync("nothing", link);
  const create = (location: string) => openStore(location, { create: true });
  await assertRejects(() => create(""), StoreNotFoundError, "without a name");
  await assertRejects(() => create(link), StoreNotFoundError, `${link}: it is a link to nothing`);
  const below = join(link, "mlruns");
  await assertRejects(() => create(below), StoreAccessError, `Cannot make store ${below}: `);
  assertEquals([...Deno.readDirSync(training.outside)].map(({ name }) => name).sort(), [
    "link",
    "mlruns",
  ]);
});
