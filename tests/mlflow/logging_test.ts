/**
 * What our runs are to real MLflow, and its runs to us: each reads all that the other wrote, finds the
 * other's experiments, and goes on with the other's runs.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { type ActiveRun, safeRun } from "../../tasks/training/run.ts";
import { verify } from "../../tasks/verify.ts";
import { testEachVersion } from "./each_version.ts";
import { type Answer, askMlflow } from "./live_store.ts";
import { type MlflowVersion, runPython } from "./python.ts";

/** All that MLflow says of a run here. */
interface WholeRun {
  readonly info: Readonly<Record<string, unknown>>;
  readonly data: {
    readonly metrics: Readonly<Record<string, unknown>>;
    readonly params: Readonly<Record<string, string>>;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly history: Readonly<Record<string, readonly Point[]>>;
  readonly artifacts: readonly string[];
  readonly inputs: { readonly dataset_inputs: readonly DatasetInput[] };
}

interface Point {
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

interface DatasetInput {
  readonly dataset: Readonly<Record<string, string | null>>;
  readonly tags: unknown;
}

interface NewStore extends AsyncDisposable {
  readonly root: string;
  readonly store: Store;
}

async function newStore(): Promise<NewStore> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "mltidy-" }));
  const store = await openStore(join(directory, "mlruns"), { create: true });
  return {
    root: store.describe().location,
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

function runIn(
  answer: Answer,
  { experimentId, id }: { experimentId: string; id: string },
): WholeRun {
  const run = answer.runs[experimentId]?.[id];
  assert(run !== undefined, `MLflow does not find run ${id}`);
  return run as unknown as WholeRun;
}

const pointsOf = (run: WholeRun, key: string) =>
  run.history[key]?.map(({ value, timestamp, step }) => [value, timestamp, step]);

/** Logs one of everything. */
async function logAll(run: ActiveRun): Promise<void> {
  const outcomes = [
    ...await run.logParams({
      lr: 1e-7,
      depth: 3,
      설명: "여러 줄\n값 ",
      empty: "",
      on: true,
      no: null,
    }),
    await run.logParam("long", "긴".repeat(7000)),
    await run.logParam("nested/deep.key: x", [1, "a"]),
    await run.logMetric("val/loss", 0.1 + 0.2, { step: -1, timestamp: 17 }),
    ...await run.logMetrics([
      { key: "val/loss", value: 1e-7, step: 1, timestamp: 18 },
      { key: "val/loss", value: 1e22, step: 2, timestamp: 19 },
      { key: "val/loss", value: -0, step: 2, timestamp: 19 },
      { key: "odd", value: NaN, step: 0, timestamp: 20 },
      { key: "odd", value: Infinity, step: 1, timestamp: 21 },
      { key: "odd", value: -Infinity, step: 2, timestamp: 22 },
    ]),
    ...await run.setTags({ "team/이름": "데이터 팀\n둘째 줄 ", ready: false, emoji: "😀" }),
    await run.logText("accuracy: 0.9\n", "reports/요약.txt"),
    await run.logDict({ weights: [1, 2] }, "reports/weights.json"),
    await run.logBytes(new Uint8Array([0, 255]), "model.bin"),
    await run.logInput({
      name: "고객 표",
      digest: "0123",
      sourceType: "local",
      source: '{"uri": "customers.csv"}',
      schema: '{"mlflow_colspec": []}',
      profile: null,
    }, { context: "train", tags: { fold: "1" } }),
  ];
  assertEquals(
    outcomes.filter(({ outcome, problem }) =>
      outcome !== "logged" && problem?.kind !== "truncated"
    ),
    [],
  );
}

testEachVersion("MLflow reads everything that our API writes", async (version) => {
  await using at = await newStore();
  const { store, root } = at;
  const tags = { "mlflow.note.content": "노트: 하나\n둘" };
  const { experimentId } = await setupExperiment(store, "1e5: 고객 # 이탈", { tags });
  const quiet = { warn: () => {} };
  let child: ActiveRun | undefined;
  const parent = await safeRun(
    store,
    { experimentId, runName: "부모: 1", user: "kim", ...quiet },
    async (run) => {
      child = await safeRun(
        store,
        { experimentId, parentRunId: run.id, ...quiet },
        async (child) => {
          await logAll(child);
          return child;
        },
      );
      return run;
    },
  );
  const failed = Promise.withResolvers<ActiveRun>();
  await safeRun(store, { experimentId }, (run) => {
    failed.resolve(run);
    throw new RangeError("NaN loss");
  }).catch(() => {});
  const controller = new AbortController();
  const killed = Promise.withResolvers<ActiveRun>();
  await safeRun(store, { experimentId, signal: controller.signal }, (run) => {
    killed.resolve(run);
    controller.abort();
    return new Promise(() => {});
  }).catch(() => {});
  assert(child !== undefined);

  const answer = await askMlflow(version, root);
  assertEquals(answer.complaints, []);
  const experiment = answer.experiments.active[experimentId] as { name: string; tags: unknown };
  assertEquals([experiment.name, experiment.tags], ["1e5: 고객 # 이탈", tags]);
  assertEquals(
    await Promise.all([failed.promise, killed.promise]).then((runs) =>
      runs.map((run) => runIn(answer, run).info["status"])
    ),
    ["FAILED", "KILLED"],
  );
  assertEquals(
    runIn(answer, await failed.promise).data.tags["mltidy.error"],
    "RangeError: NaN loss",
  );
  const { info } = runIn(answer, parent);
  assertEquals(
    [
      info["run_name"],
      info["user_id"],
      info["status"],
      info["lifecycle_stage"],
      info["start_time"],
    ],
    ["부모: 1", "kim", "FINISHED", "active", parent.startTime],
  );
  assert(Number(info["end_time"]) >= parent.startTime);
  assertEquals(info["artifact_uri"], parent.artifactUri);

  const read = runIn(answer, child);
  assertEquals(read.data.params, {
    lr: "1e-07",
    depth: "3",
    설명: "여러 줄\n값 ",
    empty: "",
    on: "True",
    no: "None",
    long: "긴".repeat(6000),
    "nested/deep.key: x": '[1,"a"]',
  });
  const { tags: own } = read.data;
  assertEquals(
    [
      own["team/이름"],
      own["ready"],
      own["emoji"],
      own["mlflow.parentRunId"],
      own["mlflow.runName"],
    ],
    ["데이터 팀\n둘째 줄 ", "False", "😀", parent.id, child.name],
  );
  assertEquals(pointsOf(read, "val/loss"), [
    [0.1 + 0.2, 17, -1],
    [1e-7, 18, 1],
    [1e22, 19, 2],
    [-0, 19, 2],
  ]);
  assertEquals(pointsOf(read, "odd"), [["nan", 20, 0], ["inf", 21, 1], ["-inf", 22, 2]]);
  assertEquals([...read.artifacts].sort(), [
    "model.bin",
    "reports/weights.json",
    "reports/요약.txt",
  ]);
  assertEquals(read.inputs.dataset_inputs.map(({ dataset }) => dataset), [{
    name: "고객 표",
    digest: "0123",
    source_type: "local",
    source: '{"uri": "customers.csv"}',
    schema: '{"mlflow_colspec": []}',
    profile: null,
  }]);
  assertEquals((await verify(store)).findings, []);
});

testEachVersion(
  "MLflow goes on with our run, in our experiment, and we after it",
  async (version) => {
    await using at = await newStore();
    const { store, root } = at;
    const { experimentId } = await setupExperiment(store, "shared");
    const ours = await safeRun(store, { experimentId, runName: "ours" }, async (run) => {
      await run.logParam("depth", 3);
      await run.logMetric("loss", 0.5, { step: 6 });
      return run;
    });
    const made = await train(version, root, "shared", ours.id);
    assertEquals(made, { experiment: experimentId, run: ours.id });
    await safeRun(store, { runId: ours.id, warn: () => {} }, async (run) => {
      assertEquals((await run.logParam("epochs", "3")).outcome, "unchanged");
      assertEquals((await run.logParam("epochs", 4)).problem?.kind, "param-conflict");
      await run.logMetric("loss", 0.125, { step: 9 });
      await run.logText("ours\n", "notes/ours.txt");
    });
    const answer = await askMlflow(version, root);
    assertEquals(answer.complaints, []);
    const read = runIn(answer, ours);
    assertEquals([read.info["run_name"], read.info["status"]], ["ours", "FINISHED"]);
    assertEquals(read.data.params, { depth: "3", epochs: "3" });
    assertEquals(read.history["loss"]?.map(({ value, step }) => [value, step]), [
      [0.5, 6],
      [0.25, 7],
      [1e-7, 8],
      [0.125, 9],
    ]);
    assertEquals([...read.artifacts].sort(), ["notes/mlflow.txt", "notes/ours.txt"]);
    assertEquals(read.data.tags["mltidy.param_conflict.epochs"], "4");
    assertEquals((await verify(store)).findings, []);
  },
);

testEachVersion(
  "we go on with MLflow's run, in its experiment, and it after us",
  async (version) => {
    await using at = await newStore();
    const { store, root } = at;
    const made = await train(version, root, "theirs");
    assertEquals(await setupExperiment(store, "theirs"), {
      experimentId: made.experiment,
      outcome: "reused",
    });
    const { id } = await safeRun(store, { runId: made.run }, async (run) => {
      assertEquals([run.name, run.experimentId], ["by MLflow", made.experiment]);
      await run.logMetric("loss", 0.125, { step: 9 });
      const dataset = { name: "표", digest: "00ff", sourceType: "local", source: "{}" };
      assertEquals((await run.logInput(dataset, { context: "test" })).outcome, "unchanged");
      return run;
    });
    assertEquals(await train(version, root, "theirs", id), made);
    const answer = await askMlflow(version, root);
    assertEquals(answer.complaints, []);
    const read = runIn(answer, { experimentId: made.experiment, id });
    assertEquals(read.info["status"], "FINISHED");
    assertEquals(read.history["loss"]?.map(({ step }) => step), [7, 8, 9, 7, 8]);
    assertEquals(read.inputs.dataset_inputs.length, 1);
  },
);

testEachVersion("we restore what MLflow deleted, and MLflow finds it", async (version) => {
  await using at = await newStore();
  const { store, root } = at;
  const { experimentId } = await setupExperiment(store, "gone");
  const { id } = await safeRun(store, { experimentId }, (run) => run);
  await askMlflow(version, root, ["--delete-experiment", experimentId]);
  assertEquals(await setupExperiment(store, "gone"), { experimentId, outcome: "restored" });
  const answer = await askMlflow(version, root);
  assertEquals(answer.complaints, []);
  assertEquals(Object.keys(answer.experiments.deleted), []);
  assertEquals(runIn(answer, { experimentId, id }).info["lifecycle_stage"], "active");

  await askMlflow(version, root, ["--delete-experiment", experimentId]);
  const replaced = await setupExperiment(store, "gone", { onDeleted: "replace" });
  assertEquals(replaced.outcome, "created");
  assertEquals((await train(version, root, "gone")).experiment, replaced.experimentId);
});

testEachVersion("the UI server answers for our runs without an error", async (version) => {
  await using at = await newStore();
  const { store, root } = at;
  const { experimentId } = await setupExperiment(store, "shown");
  const run = await safeRun(store, { experimentId, warn: () => {} }, async (run) => {
    await logAll(run);
    return run;
  });
  const answers = await runPython(version, "ask_rest.py", [root, experimentId, run.id]) as Readonly<
    Record<string, { readonly status: number; readonly body: unknown }>
  >;
  assertEquals(
    Object.entries(answers).filter(([, { status }]) => status !== 200),
    [],
  );
  const names = ["history of val/loss", "history of odd", "file model.bin"];
  assertEquals(names.filter((name) => !(name in answers)), []);
  const { run: shown } = answers["run"]?.body as { run: { info: Record<string, unknown> } };
  assertEquals([shown.info["run_id"], shown.info["status"]], [run.id, "FINISHED"]);
});

async function train(
  version: MlflowVersion,
  root: string,
  name: string,
  run?: string,
): Promise<{ readonly experiment: string; readonly run: string }> {
  const flags = run === undefined ? [] : ["--run", run];
  return await runPython(version, "train.py", [root, name, ...flags]) as Awaited<
    ReturnType<typeof train>
  >;
}
