import { assert, assertEquals } from "@std/assert";
import { dirname } from "@std/path";
import { experiment, run, runId } from "../../../../_support/builders.ts";
import { runTask } from "../../../../_support/command.ts";
import { tempStore } from "../../../../_support/disk_store.ts";

Deno.test("completions gives the ids of a store, those of the newest runs first, and no name that a shell would obey", async () => {
  await using store = await tempStore({
    experiments: [
      experiment({
        id: "1",
        name: "churn",
        runs: [
          run({ id: runId(1), name: "old", startTime: 1_000 }),
          run({ id: runId(0xab), name: "\x1b[31m$(rm)", startTime: 2_000 }),
        ],
      }),
      experiment({ id: "2", name: "$(rm -rf ~)" }),
    ],
  });
  const values = async (...words: readonly string[]) => {
    const ran = await runTask("completions", ["--values", ...words], {
      directory: dirname(store.root),
    });
    assertEquals([ran.code, ran.err], [0, ""]);
    return ran.out.trimEnd().split("\n");
  };
  const experiments = ["churn experiment 1", "1 experiment churn", "2 experiment $(rm -rf ~)"];
  assertEquals(await values("experiments"), experiments);
  const runs = [
    `${runId(0xab)} \\x1b[31m$(rm) of churn`,
    `${runId(1)} old of churn`,
  ];
  assertEquals(await values("runs"), runs);
  assertEquals(await values("subjects"), [...experiments, ...runs]);
  assertEquals(await values("experiments", "--prefix", "ch"), experiments.slice(0, 1));
  assertEquals(await values("backups"), [""]);
  assertEquals(await values("runs", "--store", "/nowhere"), [""]);
});

Deno.test("completions says which shells it knows", async () => {
  const missing = await runTask("completions");
  assertEquals([missing.code, missing.err], [
    2,
    "Missing argument of completions: expected deno task completions bash, zsh or fish\n",
  ]);
  const unknown = await runTask("completions", ["tcsh"]);
  assertEquals([unknown.code, unknown.err], [
    2,
    'Unknown shell "tcsh": expected bash, zsh or fish\n',
  ]);
  const { out } = await runTask("completions", ["bash"]);
  assert(out.startsWith("# bash completion of mltidy"));
});
