import { assertEquals } from "@std/assert";
import { openStore } from "../../tasks/open_store.ts";
import { prune, type PruneOptions } from "../../tasks/prune.ts";
import { NOW, runId } from "../_support/builders.ts";
import { tempStore } from "../_support/disk_store.ts";
import { ROTTEN } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

async function run(root: string, options?: PruneOptions) {
  await using store = await openStore(root, { now: () => NOW });
  return await prune(store, options);
}

Deno.test("prune() plans the soft deletion of old runs and nothing else", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const { plan, report } = await run(store.root);
  assertEquals(plan.actions.map(({ kind, path }) => [kind, path]), [
    ["soft-delete-run", `1/${runId(1)}`],
    ["soft-delete-run", `1/${runId(2)}`],
  ]);
  assertEquals([plan.schema, plan.task, report], ["mltidy/prune/v1", "prune", null]);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("prune() counts days from the end of a run", async () => {
  await using store = await tempStore(ROTTEN);
  const counts = [];
  for (const olderThan of [0, "39.9d", "40d", "41d"]) {
    counts.push((await run(store.root, { olderThan })).plan.actions.length);
  }
  assertEquals(counts, [3, 2, 0, 0]);
});

Deno.test("prune() leaves a store whose runs MLflow can restore", async () => {
  await using store = await tempStore(ROTTEN);
  const { report } = await run(store.root, { apply: true });
  assertEquals([report?.complete, report?.backup?.id], [true, "20261101T000000Z-prune"]);
  await using opened = await openStore(store.root);
  const { experiments, problems } = await opened.read({ depth: "meta" });
  const deleted = experiments[0]!.runs.filter((each) => each.lifecycleStage === "deleted");
  assertEquals(
    deleted.map(({ id, deletedTime }) => [`${id}`, deletedTime]).toSorted(),
    [[runId(1), NOW], [runId(2), NOW], [runId(5), NOW - 31 * 86_400_000]],
  );
  assertEquals(problems.filter(({ subject }) => subject === "run").map(({ path }) => `${path}`), [
    `7/${runId(7)}`,
  ]);
});
