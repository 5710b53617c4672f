import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "@std/path";
import { asRunId } from "../../lib/store/path.ts";
import { openStore } from "../../tasks/open_store.ts";
import { summary, type SummaryOptions } from "../../tasks/summary.ts";
import { verify } from "../../tasks/verify.ts";
import {
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
} from "../_support/builders.ts";
import { runTask } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { runMeta, tempStore, writeFiles } from "../_support/disk_store.ts";
import { ROTTEN } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

async function summarizeStore(root: string, options?: SummaryOptions) {
  await using store = await openStore(root, { now: () => NOW });
  return await summary(store, options);
}

Deno.test("summary() counts what a store holds, and touches nothing", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const found = await summarizeStore(store.root);
  assertEquals(found.experiments, { active: 1, deleted: 1, orphaned: 2 });
  assertEquals(found.runs, {
    total: 6,
    active: 4,
    deleted: 2,
    byStatus: { RUNNING: 0, SCHEDULED: 0, FINISHED: 6, FAILED: 0, KILLED: 0 },
  });
  assertEquals(found.perExperiment.map(({ id, stage, runs }) => [`${id}`, stage, runs]), [
    ["1", "active", 5],
    ["2", "deleted", 1],
  ]);
  assertEquals(
    found.orphans.map(({ path, readableRuns }) => [`${path}`, readableRuns]),
    [["7", 0], ["8", 1]],
  );
  assertEquals([found.usage, found.backups], [null, { count: 0, usage: null }]);
  assertSameTree(await readTree(store.root), before);
});

const TWO_EXPERIMENTS = {
  experiments: [
    experiment({ id: "1", name: "churn", runs: [1, 2, 3].map(namedRun) }),
    experiment({ id: "2", name: "other", runs: [namedRun(4)] }),
  ],
};

function namedRun(id: number) {
  return run({ id: runId(id), name: `run ${id}` });
}

Deno.test("summary() finds the best run by a metric, whatever the files of others hold", async () => {
  await using store = await tempStore(TWO_EXPERIMENTS);
  writeFiles(store.root, {
    [`1/${runId(1)}/metrics/f1`]: "1 0.9 0\n2 0.5 1\n",
    [`1/${runId(2)}/metrics/f1`]: "1 0.7 0\n",
    [`1/${runId(3)}/metrics/f1`]: "torn",
  });
  const { perExperiment } = await summarizeStore(store.root, {
    metric: { name: "f1", mode: "max" },
  });
  assertEquals(perExperiment.map(({ byMetric }) => byMetric), [
    { best: { runId: asRunId(runId(2)), name: "run 2", value: 0.7 }, runsWithout: 1 },
    { best: null, runsWithout: 1 },
  ]);
});

Deno.test("deno task summary compares runs where a metric is named or configured, else only counts", async () => {
  await using store = await tempStore(TWO_EXPERIMENTS);
  writeFiles(store.root, { [`1/${runId(2)}/metrics/val/f1`]: "1 0.75 0\n" });
  const best = async (...words: readonly string[]) => {
    const { code, out, err } = await runTask("summary", ["--store", store.root, ...words]);
    assertEquals(code, 0, err);
    return out.split("\n").slice(0, 3).map((line) => line.split(/ {2,}/)[6]);
  };
  const compared = ["Best val/f1", "0.75 run 2 (2 runs without)", "no val/f1 logged"];
  assertEquals(await best(), [undefined, undefined, undefined]);
  assertEquals(await best("--metric", "val/f1"), compared);
  const config = join(dirname(store.root), "mltidy.yaml");
  Deno.writeTextFileSync(config, "primary_metric: { name: val/f1, mode: max }\n");
  assertEquals(await best(), compared);
  assertEquals(await best("--metric", "loss:min"), ["Best loss", "0.5 run 1", "0.5 run 4"]);
  const { out } = await runTask("summary", ["--store", store.root, "--json", "--quiet"]);
  const { primaryMetric, perExperiment } = JSON.parse(out);
  assertEquals(primaryMetric, { name: "val/f1", mode: "max" });
  assertEquals(perExperiment[0].byMetric, {
    best: { runId: runId(2), name: "run 2", value: 0.75 },
    runsWithout: 2,
  });
});

Deno.test("summary() hides versions of registered models that MLflow hides", async () => {
  const versions = [
    modelVersion({ version: "1", stage: "Deleted_Internal" }),
    modelVersion({ version: "2" }),
  ];
  await using store = await tempStore({ registeredModels: [registeredModel({ versions })] });
  const { registeredModels } = await summarizeStore(store.root);
  assertEquals(registeredModels, { models: 1, versions: 1 });
});

Deno.test("summary() by size measures, and gives the largest experiments first", async () => {
  await using store = await tempStore({
    experiments: [
      experiment({ id: "1", runs: [run({ id: runId(1) }), run({ id: runId(2) })] }),
      experiment({ id: "2", runs: [run({ id: runId(3) })] }),
      experiment({ id: "3" }),
    ],
  });
  writeFiles(store.root, { [`2/${runId(3)}/artifacts/model`]: "x".repeat(200_000) });
  const order = async (options: SummaryOptions) =>
    (await summarizeStore(store.root, options)).perExperiment.map(({ id }) => `${id}`);
  assertEquals(await order({ by: "runs" }), ["1", "2", "3"]);
  assertEquals(await order({ by: "size", top: 2 }), ["2", "1"]);
  const { usage, perExperiment } = await summarizeStore(store.root, { by: "size" });
  assert(perExperiment[0]!.usage!.bytes >= 200_000, "the first one takes what it holds");
  assertEquals(usage!.files, perExperiment.reduce((sum, one) => sum + one.usage!.files, 0));
});

Deno.test("summary() with sizes tells what models, traces, artifacts and what is deleted take", async () => {
  const [alive, removed] = [runId(1), runId(2)];
  await using store = await tempStore({
    experiments: [experiment({
      id: "1",
      traces: 1,
      runs: [run({ id: alive }), deletedRun({ id: removed })],
      loggedModels: [
        loggedModel({ id: "m-1", sourceRunId: alive }),
        loggedModel({ id: "m-2", sourceRunId: alive, lifecycleStage: "deleted" }),
      ],
    })],
  });
  writeFiles(store.root, {
    [`1/${alive}/artifacts/model`]: "x".repeat(200_000),
    "1/models/m-2/artifacts/model": "x".repeat(300_000),
    "1/traces/tr-0/artifacts/traces.json": "x".repeat(100_000),
    [`1/${alive}/checkpoints/last.ckpt`]: "x".repeat(400_000),
    [`1/${alive}/log/metrics/artifacts`]: "x".repeat(40_000),
    "1/checkpoints/first.ckpt": "x".repeat(50_000),
    "1/config.yaml": "x",
  });
  const { usageParts } = await summarizeStore(store.root, { sizes: true });
  const { artifacts, loggedModels, traces, foreign, deleted } = usageParts!;
  const parts = [artifacts, loggedModels, traces, foreign];
  assertEquals(parts.map(({ files }) => files), [3, 5, 2, 4]);
  assertEquals(deleted.files, 3 + 4, "a run, and a logged model");
  const atLeast = [[artifacts, 200_000], [loggedModels, 300_000], [traces, 100_000], [
    foreign,
    490_001,
  ], [
    deleted,
    300_000,
  ]];
  for (const [part, bytes] of atLeast as [{ bytes: number }, number][]) {
    assert(part.bytes >= bytes && part.bytes < bytes + 100_000, `${part.bytes} of ${bytes}`);
  }
  assertEquals((await summarizeStore(store.root)).usageParts, undefined);
});

Deno.test("summary() means by artifacts the same of a database as of files: not what lies beside them", async () => {
  const alive = runId(1);
  const init = { experiments: [experiment({ id: "1", runs: [run({ id: alive })] })] };
  const beside = {
    [`1/${alive}/artifacts/model`]: "x".repeat(200_000),
    [`1/${alive}/artifacts/eval/artifacts`]: "x",
    [`1/${alive}/checkpoints/last.ckpt`]: "x".repeat(400_000),
    "1/checkpoints/first.ckpt": "x".repeat(50_000),
    "1/config.yaml": "x",
    "1/traces/tr-0/artifacts/traces.json": "x".repeat(100_000),
  };
  await using store = await tempStore(init);
  await using database = await tempDatabase(init, { artifacts: true });
  writeFiles(store.root, beside);
  writeFiles(database.artifacts, beside);
  const partsOf = async (path: string) => {
    const { artifacts, traces, foreign } = (await summarizeStore(path, { sizes: true }))
      .usageParts!;
    return [artifacts.files, traces.files, foreign];
  };
  const [artifacts, traces, foreign] = await partsOf(database.path);
  assertEquals([artifacts, traces, foreign], await partsOf(store.root));
  assertEquals([artifacts, traces, (foreign as { files: number }).files], [3, 1, 3]);
});

Deno.test("summary() cuts the list and not the totals", async () => {
  await using store = await tempStore(ROTTEN);
  const { perExperiment, runs } = await summarizeStore(store.root, { top: 1 });
  assertEquals([perExperiment.length, runs.total], [1, 6]);
  await assertRejects(() => summarizeStore(store.root, { top: 0.5 }), RangeError);
});

Deno.test("summary() stops when it is told to", async () => {
  await using store = await tempStore(ROTTEN);
  const error = await assertRejects(
    () => summarizeStore(store.root, { signal: AbortSignal.abort() }),
    DOMException,
  );
  assertEquals(error.name, "AbortError");
});

Deno.test("summary() counts of metadata what verify() finds of it", async () => {
  const id = "420101650667246494";
  await using store = await tempStore({
    experiments: [experiment({ id: "0", name: "Default" }), experiment({ id, name: "other" })],
  });
  const lost = run({ id: runId(1), experimentId: "7" });
  writeFiles(store.root, {
    [`${id}/${runId(1)}/meta.yaml`]: runMeta(lost),
    [`${id}/${runId(1)}/artifacts`]: null,
    [`${id}/${runId(1)}/metrics`]: null,
    [`${id}/${runId(1)}/params`]: null,
    [`${id}/notes/today.txt`]: "",
    ".trash": null,
  });
  await using opened = await openStore(store.root);
  const { findings } = await summary(opened);
  const { counts } = await verify(opened);
  const moved = (await verify(opened, { rule: "experiment-location-moved" })).counts.warning;
  assertEquals(findings, { ...counts, warning: counts.warning - moved });
});
