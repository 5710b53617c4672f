/**
 * Moving runs: what the page shows is typed as it stands there.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { experiment, run, runId, type SnapshotInit } from "../_support/builders.ts";
import { PROJECT, runTask } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { diskStore } from "../_support/disk_store.ts";

const CHOSEN = `3a7bb8${"0".repeat(26)}`;
const STORE: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({
      id: "1",
      name: "scratch",
      runs: [
        run({ id: CHOSEN, name: "good" }),
        run({ id: runId(2), name: "child", tags: { "mlflow.parentRunId": CHOSEN } }),
        run({ id: runId(3), name: "late" }),
      ],
    }),
    experiment({ id: "2", name: "keepers", runs: [run({ id: runId(4), experimentId: "2" })] }),
  ],
};

/** The commands of the page, each by its words. */
function commandsOfPage(): readonly (readonly string[])[] {
  const [, section = ""] = Deno.readTextFileSync(`${PROJECT}/tasks/README.md`)
    .split("## Move runs\n");
  const [, block = ""] = /^```sh\n(.*?)^```$/ms.exec(section) ?? [];
  return block.trimEnd().split("\n").map((line) => line.replace(/ +#.*$/, "").split(" ").slice(2));
}

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
  Deno.test(`what the page says of moving runs, typed on ${kind}, moves so much and no more, and back`, async () => {
    await using store = await open();
    const type = async ([task = "", ...words]: readonly string[]) => {
      const { code, out, err } = await runTask(task, [
        ...[...words, "--store", store.where, "--json"],
        ...(task.endsWith(":apply") ? ["--force"] : []),
      ]);
      assertEquals([code, err], [0, `Store ${store.where} (chosen by --store)\n`], task);
      return JSON.parse(out);
    };
    const pathsOf = (all: readonly { readonly path: string }[]) => all.map(({ path }) => path);
    const runsOf = async (id: string) => {
      const { perExperiment } = await type(["summary"]);
      return perExperiment.find((one: { readonly id: string }) => one.id === id).runs;
    };
    const [one, apply, all, restore, ...more] = commandsOfPage();
    assertEquals(more, []);
    const tree = [`1/${runId(2)}`, `1/${CHOSEN}`];
    assertEquals(pathsOf((await type(one!)).actions), tree);
    assertEquals(pathsOf((await type(apply!)).outcomes), tree);
    assertEquals(await runsOf("2"), 3);
    assertEquals(pathsOf((await type(all!)).actions), [`1/${runId(3)}`]);
    await type(restore!);
    assertEquals([await runsOf("1"), await runsOf("2")], [3, 1]);
  });
}

Deno.test("move says in its first line what moves where, and what is missing before it looks at anything", async () => {
  await using store = await diskStore(STORE);
  const where = ["--store", store.root, "--no-config"];
  const { out } = await runTask("move", ["--run", CHOSEN, "--to", "keepers", ...where]);
  assertEquals(
    out.split("\n")[0],
    "This plan moves 2 runs of scratch (1) into keepers (2).",
  );
  assertStringIncludes(out, "To carry it out: deno task move:apply");
  const there = await runTask("move", ["--experiment", "keepers", "--to", "keepers", ...where]);
  assertEquals(
    there.out,
    "All runs that are asked for are in keepers (2) already.\n\nNothing to do.\n",
  );
  const refusal = async (...words: readonly string[]) => {
    const { code, err } = await runTask("move", [...words, ...where]);
    return [code, err.split("\n").find((line) => line.startsWith("Cannot"))];
  };
  assertEquals(await refusal("--run", CHOSEN), [
    2,
    "Cannot move runs: say where to, such as --to churn",
  ]);
  assertEquals(await refusal("--to", "keepers"), [
    2,
    "Cannot move runs: say which, such as --run 3a7bb8, or --experiment scratch for all of one",
  ]);
  assertEquals(await refusal("--run", CHOSEN, "--to", "keeper"), [
    2,
    "Cannot move runs into keeper: no active experiment of this store has that name or id; did you mean keepers?",
  ]);
});
