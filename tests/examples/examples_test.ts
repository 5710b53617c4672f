/**
 * The examples, run as tasks/training/README.md says and looked at through the store.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { asRunId, type RunId } from "../../lib/store/path.ts";
import type { RunStatus } from "../../lib/store/snapshot.ts";
import { days } from "../../lib/text/units.ts";
import { editMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { safeRun } from "../../tasks/training/run.ts";
import { verify } from "../../tasks/verify.ts";
import { type TrainingStore, trainingStore } from "../_support/training.ts";
import { search } from "./hyperparameter_search.ts";
import { compare } from "./resampling_comparison.ts";

/** A training that was killed: its run says RUNNING, and git kept no empty directory of it. */
async function leaveDeadRun(training: TrainingStore): Promise<RunId> {
  const { root, store, experimentId } = training;
  const id = await safeRun(store, { experimentId }, (run) => Promise.resolve(run.id));
  const path = join(root, experimentId, id, "meta.yaml");
  const text = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, editMetaYaml(text, { status: 1, end_time: null }));
  Deno.removeSync(join(root, experimentId, id, "artifacts"));
  training.tick(days(7));
  return asRunId(id);
}

async function statusOf(store: Store, id: RunId): Promise<RunStatus | undefined> {
  const { experiments } = await store.read({ depth: "meta" });
  return experiments.flatMap(({ runs }) => runs).find((run) => run.id === id)?.status;
}

Deno.test("the hyper-parameter search learns, survives a failing trial, and nests its runs", async () => {
  await using training = await trainingStore();
  const { store } = training;
  const dead = await leaveDeadRun(training);
  const { runId, trials, best } = await search(store);
  assertEquals(await statusOf(store, dead), "FAILED");
  const { experiments } = await store.read({ depth: "tags" });
  const experiment = experiments.find(({ name }) => name === "hyper-parameter search");
  const run = (id: string) => experiment?.runs.find((run) => run.id === id);
  const read = (...path: readonly string[]) => training.read(experiment?.id ?? "", ...path);

  assertEquals(trials.map(({ rate, value }) => [rate, value === null]), [
    [0.001, false],
    [0.03, false],
    [0.3, false],
    [1e4, true],
  ]);
  // Calling all points positive gives 0.57.
  assert((best?.value ?? 0) > 0.75, `f1 ${best?.value}`);
  assertEquals(run(runId)?.status, "FINISHED");
  assertEquals(
    trials.map(({ runId }) => run(runId)?.status),
    ["FINISHED", "FINISHED", "FINISHED", "FAILED"],
  );
  assertEquals(
    new Set(trials.map((trial) => run(trial.runId)?.tags.get("mlflow.parentRunId"))),
    new Set([runId]),
  );
  const [slow, , , failed] = trials;
  assert(slow && failed);
  assertEquals(read(slow.runId, "params", "rate"), "0.001");
  assertEquals(run(slow.runId)?.tags.get("mltidy.param_conflict.rate"), "0.00");
  assertEquals(
    run(failed.runId)?.tags.get("mltidy.error")?.startsWith("RangeError: Loss is"),
    true,
  );
  assertEquals(read(runId, "params", "best rate"), String(best?.rate));
  assertEquals(read(slow.runId, "metrics", "loss")?.split("\n").length, 41);
  assertEquals((await verify(store)).findings, []);
});

Deno.test("the comparison finds more positives with resampling, whatever is logged twice", async () => {
  await using training = await trainingStore();
  const { store } = training;
  const dead = await leaveDeadRun(training);
  const results = await compare(store);
  assertEquals(await statusOf(store, dead), "FAILED");
  const recall = Object.fromEntries(results.map(({ resampling, recall }) => [resampling, recall]));
  assert((recall["over"] ?? 0) > (recall["none"] ?? 1) + 0.2, JSON.stringify(recall));
  assert((recall["under"] ?? 0) > (recall["none"] ?? 1) + 0.2, JSON.stringify(recall));
  const { experiments } = await store.read({ depth: "tags" });
  const runs = experiments.find(({ name }) => name === "resampling comparison")?.runs ?? [];
  assertEquals(
    results.map(({ runId }) => {
      const run = runs.find(({ id }) => id === runId);
      assert(run);
      return [
        run.status,
        training.read(run.experimentId, runId, "params", "resampling_enabled"),
        run.tags.get("mltidy.param_conflict.resampling_enabled") ?? null,
      ];
    }),
    [["FINISHED", "True", "False"], ["FINISHED", "True", null], ["FINISHED", "True", null]],
  );
  assertEquals((await verify(store)).findings, []);
});

for (const example of ["hyperparameter_search", "resampling_comparison"]) {
  Deno.test(`${example}.ts prints what the README of training shows, and makes its store`, async () => {
    await using training = await trainingStore();
    const script = new URL(`./${example}.ts`, import.meta.url).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, "new"],
      cwd: training.outside,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const readme = Deno.readTextFileSync(
      new URL("../../tasks/training/README.md", import.meta.url),
    );
    assertStringIncludes(readme, new TextDecoder().decode(stdout));
    assert(Deno.statSync(join(training.outside, "new", "0", "meta.yaml")).isFile);
  });
}
