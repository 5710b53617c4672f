/**
 * A part of a store, on a directory and on a database: what the page shows is typed as it stands there.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  DAY,
  deletedRun,
  experiment,
  run,
  runId,
  type SnapshotInit,
} from "../_support/builders.ts";
import { PROJECT, runTask } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { diskStore } from "../_support/disk_store.ts";

const now = Date.now();
const old = { startTime: now - 101 * DAY, endTime: now - 100 * DAY };
const deletedTime = now - 5 * DAY;
const CHOSEN = `3a7bb8${"0".repeat(26)}`;
const STORE: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default", runs: [run({ id: runId(1), ...old })] }),
    experiment({
      id: "1",
      name: "churn-prediction",
      runs: [
        run({ id: CHOSEN, ...old }),
        run({ id: runId(2), ...old }),
        deletedRun({ id: runId(3), deletedTime }),
      ],
    }),
    experiment({ id: "2", name: "churn-base", runs: [run({ id: runId(4), ...old })] }),
    experiment({
      id: "3",
      name: "gone",
      lifecycleStage: "deleted",
      lastUpdateTime: deletedTime,
      runs: [deletedRun({ id: runId(5), deletedTime })],
    }),
    experiment({
      id: "4",
      name: "gone too",
      lifecycleStage: "deleted",
      lastUpdateTime: deletedTime,
    }),
    // A database would give the id of its newest to the next one.
    experiment({ id: "5", name: "newest" }),
  ],
};

/** The commands of the page, each by its words. */
function commandsOfPage(): readonly (readonly string[])[] {
  const [, section = ""] = Deno.readTextFileSync(`${PROJECT}/tasks/README.md`)
    .split("## A part of a store\n");
  const [, block = ""] = /^```sh\n(.*?)^```$/ms.exec(section) ?? [];
  return block.trimEnd().split("\n")
    .map((line) => line.replace(/ +#.*$/, "").replaceAll("'", "").split(" ").slice(2));
}

/** A database has no trash. */
const named = (all: readonly { kind: string; path: string }[]) =>
  all.map(({ kind, path }) => `${kind} ${path.replace(".trash/", "")}`);
const actionsOf = (text: string) => named(JSON.parse(text).actions);

for (
  const [kind, open] of [
    ["a directory", async () => {
      const store = await diskStore(STORE);
      return { where: store.root, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    }],
    ["a database", async () => {
      const store = await tempDatabase(STORE, { artifacts: true });
      return { where: store.uri, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
    }],
  ] as const
) {
  Deno.test(`what the page says of a part of a store, typed on ${kind}, does so much and no more`, async () => {
    await using store = await open();
    const type = async ([task = "", ...words]: readonly string[]) => {
      const { code, out, err } = await runTask(task, [
        ...[...words, "--store", store.where, "--json", "--no-config"],
        ...(task.endsWith(":apply") ? ["--force"] : []),
      ]);
      assertEquals([code, err], [0, `Store ${store.where} (chosen by --store)\n`], task);
      return out;
    };
    const [summary, one, without, prune, purge, ...more] = commandsOfPage();
    assertEquals(more, []);
    const { perExperiment, runs, only } = JSON.parse(await type(summary!));
    assertEquals(
      perExperiment.map(({ name, runs }: { name: string; runs: number }) => [name, runs]),
      [["churn-prediction", 3], ["churn-base", 1]],
    );
    assertEquals([runs.total, only.experiments], [4, ["churn-*"]]);
    assertEquals(actionsOf(await type(one!)), [
      `soft-delete-run 1/${runId(2)}`,
      `soft-delete-run 1/${CHOSEN}`,
    ]);
    assertEquals(actionsOf(await type(without!)), [
      `soft-delete-run 1/${runId(2)}`,
      `soft-delete-run 1/${CHOSEN}`,
      `soft-delete-run 2/${runId(4)}`,
    ]);
    const applied = async (words: readonly string[]) =>
      named(JSON.parse(await type(words)).outcomes);
    assertEquals(await applied(prune!), [`soft-delete-run 1/${CHOSEN}`]);
    assertEquals(await applied(purge!), [`purge-run 1/${CHOSEN}`]);
    const gone = ["cleanup:apply", "--experiment", "gone", "--purge-after", "0d"];
    assertEquals(await applied(gone), ["purge-experiment 3"]);
    const left = await type(["cleanup", "--purge-after", "0d"]);
    assertEquals(actionsOf(left).filter((one) => one.startsWith("purge")), [
      `purge-run 1/${runId(3)}`,
      "purge-experiment 4",
    ]);
  });
}

Deno.test("a plan of a part of a store says so first, and a name that fits nothing plans nothing", async () => {
  await using store = await diskStore(STORE);
  const where = ["--store", store.root, "--no-config"];
  const { out } = await runTask("cleanup", ["--experiment", "churn-*", "--exclude", "2", ...where]);
  assertEquals(
    out.split("\n")[0],
    "This plan is about experiment churn-* without 2 alone; all else stays as it is.",
  );
  assertStringIncludes(out, "not selected");
  const unknown = await runTask("cleanup:apply", ["--experiment", "chrun", "--force", ...where]);
  assertEquals([unknown.code, unknown.out], [2, ""]);
  assertStringIncludes(unknown.err, "Cannot select experiment chrun: no experiment or orphan");
  const several = await runTask("summary", ["--run", "0", ...where]);
  assertEquals(several.code, 2);
  const empty = await runTask("prune", ["--run", "3a7b,,4", ...where]);
  assert(empty.err.includes("expected names or ids with commas between them"), empty.err);
});
