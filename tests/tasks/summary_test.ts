import { assert, assertEquals, assertRejects } from "@std/assert";
import { openStore } from "../../tasks/store.ts";
import { summary, type SummaryOptions } from "../../tasks/summary.ts";
import {
  experiment,
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
} from "../_support/builders.ts";
import { tempStore, writeFiles } from "../_support/disk_store.ts";
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
