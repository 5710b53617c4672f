import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import {
  DAY,
  experiment,
  modelVersion,
  registeredModel,
  run,
  runId,
} from "../../../_support/builders.ts";
import { runTask, startTask } from "../../../_support/command.ts";
import { diskStore, type TempStore, writeFiles } from "../../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

// The command line has no clock but the present.
const TODAY = Date.now();

/** Ten runs, each a week older than the one before; the oldest is registered. */
const STORE = {
  experiments: [experiment({
    id: "7",
    name: "churn",
    runs: Array.from({ length: 10 }, (_, index) => {
      const endTime = TODAY - (2 + 7 * index) * DAY;
      const times = { startTime: endTime - 1, endTime };
      return run({
        id: runId(index),
        name: `run-${index}`,
        ...times,
        tags: { "mlflow.user": "kim" },
      });
    }),
  })],
  registeredModels: [registeredModel({
    aliases: { champion: "1" },
    versions: [modelVersion({ runId: runId(9) })],
  })],
};

async function withPolicy(policy: string): Promise<TempStore> {
  const store = await diskStore(STORE);
  writeFiles(join(store.root, ".."), { "mltidy.yaml": policy });
  for (const { id } of STORE.experiments[0]!.runs) {
    writeFiles(store.root, {
      [`7/${id}/metrics/f1`]: `${TODAY} 0.${id.at(-1)} 0\n`,
      [`7/${id}/artifacts/checkpoints/a`]: "x".repeat(5000),
    });
  }
  return store;
}

const namesOf = (json: string, kind: string) =>
  JSON.parse(json).actions.filter((action: Record<string, string>) => action["kind"] === kind)
    .map(({ name }: Record<string, string>) => name);

Deno.test("cleanup goes by the configuration beside the store, and says so", async () => {
  await using store = await withPolicy(
    "retention: { keep_last: 3, keep_best: { n: 2 } }\nlimits: { max_share: 60% }\n",
  );
  const { code, out, err } = await runTask("cleanup", ["--store", store.root]);
  assertEquals(code, 0, err);
  assertStringIncludes(err, `mltidy.yaml (found beside the store)\n`);
  assertStringIncludes(out, "  churn (7): 5 runs by retention\n");
  assertMatch(out, /run-7 {2}0+7 {2}ended 51 d.*, f1 #3 of 10, newest #8 of 10\n/);
  assertStringIncludes(out, "registered: model model v1 (alias champion)");
  assertStringIncludes(out, "To carry it out: deno task cleanup:apply --store");
});

Deno.test("a configuration that makes no sense stops no task on a store with one of its own", async () => {
  await using store = await withPolicy("retention: { keep_last: 3 }\n");
  writeFiles(store.outside, { "mltidy.yaml": "retention: { keep_last: many }\n" });
  const options = { directory: store.outside };
  assertEquals((await runTask("cleanup", ["--store", store.root], options)).code, 0);
  assertEquals((await runTask("verify", ["--store", store.root], options)).code, 0);
  const { code, err } = await runTask("cleanup", [], options);
  assertEquals(code, 2);
  assertStringIncludes(err, 'mltidy.yaml:1: Cannot use "many" for retention.keep_last');
});

Deno.test("cleanup:apply carries a policy out, heavy files included, and restore undoes it", async () => {
  await using store = await withPolicy(`
retention: { keep_last: 3, keep_best: { n: 2 } }
purge: { after: 10d, artifacts_only: checkpoints }
limits: { max_share: 60% }
`);
  const words = ["--store", store.root];
  const before = await readTree(store.root, { except: [".mltidy.trash"] });
  const planned = await runTask("cleanup", [...words, "--json"]);
  assertEquals(namesOf(planned.out, "soft-delete-run"), [
    "run-3",
    "run-4",
    "run-5",
    "run-6",
    "run-7",
  ]);
  // The oldest is registered, the newest two are too young for it.
  assertEquals(namesOf(planned.out, "drop-artifact"), ["run-2", "run-8"]);

  const applied = await runTask("cleanup:apply", [...words, "--force"]);
  assertEquals(applied.code, 0, applied.err);
  assertStringIncludes(applied.out, "Done: 5 soft-deleted, 2 dropped; ");
  const tag = join(store.root, "7", runId(8), "tags/mltidy.artifacts_dropped");
  assertMatch(Deno.readTextFileSync(tag), /^\d{4}-\d\d-\d\dT/);
  assertEquals(JSON.parse((await runTask("cleanup", [...words, "--json"])).out).actions, []);

  const restored = await runTask("restore", ["--last", ...words]);
  assertEquals(restored.code, 0, restored.err);
  assertSameTree(await readTree(store.root, { except: [".mltidy.trash"] }), before);
});

Deno.test("a plan beyond a limit is shown, not applied, and names the flag that allows it", async () => {
  await using store = await withPolicy("retention: { keep_last: 3 }\n");
  const before = await readTree(store.root, { except: [".mltidy.trash"] });
  const shown = await runTask("cleanup", ["--store", store.root]);
  assertEquals(shown.code, 0);
  const stop = "it removes 6 of 10 runs of experiment churn (7), and max_share is 50%";
  assertStringIncludes(
    shown.out,
    `This plan cannot be applied:\n  ${stop}\nTo allow it: deno task cleanup --store ${store.root} --max-share 60%\n`,
  );
  const refused = await runTask("cleanup:apply", ["--force", "--store", store.root]);
  assertEquals(refused.code, 13);
  assertStringIncludes(
    refused.err,
    `Cannot apply plan: ${stop}; to allow it, type \`deno task cleanup --store ${store.root} --max-share 60%\`\n`,
  );
  assertSameTree(await readTree(store.root, { except: [".mltidy.trash"] }), before);

  const words = ["--json", "--store", store.root];
  writeFiles(store.outside, { "plan.json": (await runTask("cleanup", words)).out });
  const saved = await runTask("apply", ["plan.json", "--force"], { directory: store.outside });
  assertEquals([saved.code, saved.out], [13, ""]);
  const allowed = await runTask("cleanup:apply", [
    "--force",
    "--max-share",
    "60%",
    "--store",
    store.root,
  ]);
  assertEquals(allowed.code, 0, allowed.err);
});

Deno.test("a saved plan of a policy fits only while the metrics that it ranks by are the same", async () => {
  await using store = await withPolicy(
    "retention: { keep_best: { n: 6 } }\nlimits: { max_share: 100% }\n",
  );
  const { out } = await runTask("prune", ["--json", "--store", store.root]);
  writeFiles(store.outside, { "plan.json": out });
  assertEquals(namesOf(out, "soft-delete-run"), ["run-0", "run-1", "run-2", "run-3"]);
  writeFiles(store.root, { [`7/${runId(0)}/metrics/f1`]: `${TODAY} 0.95 0\n` });
  const words = ["plan.json", "--force"];
  const stale = await runTask("apply", words, { directory: store.outside });
  assertEquals(stale.code, 13);
  assertStringIncludes(stale.err, "has changed since");
});

Deno.test("an empty policy removes nothing, and says so", async () => {
  await using store = await withPolicy("retention: {}\n");
  const { out } = await runTask("prune", ["--store", store.root]);
  assertEquals(
    out.split("\n").slice(-3).join("\n"),
    "Nothing to do.\nThe policy says of no run that it is worth keeping, so it lets no run go.\n",
  );
});

Deno.test("--days-old stands for keep_within where there are rules", async () => {
  await using store = await withPolicy("retention: { keep_last: 1 }\nlimits: { max_share: 100% }");
  const words = ["--days-old", "40", "--json", "--store", store.root];
  const { out, err } = await runTask("prune", words);
  assertEquals(namesOf(out, "soft-delete-run"), ["run-6", "run-7", "run-8"]);
  const says = "By --days-old each rule of mltidy.yaml keeps what ended within 40 d";
  assertStringIncludes(err, says);
  const explained = await runTask("explain", ["run-6", "--days-old", "40", "--store", store.root]);
  assertStringIncludes(explained.err, says);
});

Deno.test("--free takes no more than it needs, and says what holds the most", async () => {
  await using store = await withPolicy("retention: { keep_last: 3 }\nlimits: { max_share: 100% }");
  const words = ["--store", store.root];
  const some = await runTask("prune", ["--free", "40kB", ...words]);
  assertMatch(some.out, /^The target is met: .* of 40\.0 kB wanted\.$/m);
  const json = await runTask("prune", ["--free", "40kB", "--json", ...words]);
  assertEquals(namesOf(json.out, "soft-delete-run").at(-1), "run-8");
  const all = await runTask("prune", ["--max-size", "1kB", ...words]);
  assertStringIncludes(all.out, "The target cannot be met without breaking the policy: ");
  assertMatch(all.out, /^Most is held by 3 runs of the newest 3: /m);
});

Deno.test("--compare shows which runs change sides, with bytes", async () => {
  await using store = await withPolicy("retention: { keep_last: 3 }\n");
  writeFiles(store.outside, { "other.yaml": "retention: { keep_last: 5 }\n" });
  const words = ["--compare", "other.yaml", "--store", store.root];
  const { code, out } = await runTask("prune", words, { directory: store.outside });
  assertEquals(code, 0);
  assertMatch(
    out,
    /^Only other\.yaml keeps 2 runs, [\d.]+ KiB:\n {2}run-3 .*newest: #4 of 10, n is 5/,
  );
  const json = await runTask("prune", [...words, "--json"], { directory: store.outside });
  const { schema, kept, removed } = JSON.parse(json.out);
  assertEquals([schema, kept.length, removed], ["mltidy/compare/v1", 2, []]);
});

Deno.test("--format markdown is fit for a comment", async () => {
  await using store = await withPolicy("retention: { keep_last: 3 }\nlimits: { max_share: 100% }");
  const { out } = await runTask("prune", ["--format", "markdown", "--store", store.root]);
  assertMatch(out, /^\*\*Plan: 6 to soft-delete, /);
  assertStringIncludes(out, "| Experiment | Goes | Leaves the store |\n| --- | --- | --- |\n");
  assertStringIncludes(out, "| churn (7) | 6 to be soft-deleted | 0 B |\n");
  assertStringIncludes(out, "| 3 runs | of the newest 3 |\n");
});

Deno.test("a configuration that makes no sense stops everything, with its line", async () => {
  await using store = await withPolicy("retention:\n  kep_last: 3\n");
  const { code, out, err } = await runTask("cleanup:apply", ["--force", "--store", store.root]);
  assertEquals([code, out], [2, ""]);
  assertMatch(
    err,
    /mltidy\.yaml:2: Unknown key "kep_last" in retention: did you mean keep_last\?\n$/,
  );
});

Deno.test("a policy that a process may not look for stops it: no plan is made without what it keeps", async () => {
  await using store = await withPolicy("retention: { keep_last: 1 }\n");
  const beside = join(dirname(store.root), "mltidy.yaml");
  const narrowed = (task: string, readable: string, ...words: readonly string[]) =>
    startTask(task, ["--json", "--store", store.root, ...words], {
      permissions: [
        "--no-prompt",
        `--allow-read=.,${store.root}${readable}`,
        "-E=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
      ],
    });
  for (const task of ["prune", "cleanup", "summary"]) {
    const { code, out, err } = await narrowed(task, "");
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(
      err,
      `Cannot look for configuration ${beside}: this process may not read it; grant --allow-read=${beside}, or go without a configuration with --no-config: \`deno task ${task} --no-config --json --store ${store.root}\`\n`,
    );
  }
  const policyOf = ({ out }: { readonly out: string }) => Object.keys(JSON.parse(out).policy);
  assert(policyOf(await narrowed("prune", `,${beside}`)).includes("retention"));
  assert(!policyOf(await narrowed("prune", "", "--no-config")).includes("retention"));
});

Deno.test("--no-config goes by no configuration, and stands beside no --config", async () => {
  await using store = await withPolicy("retention: { keep_last: 1 }\nstore: elsewhere\n");
  const options = { directory: dirname(store.root) };
  const { code, out, err } = await runTask("cleanup", ["--json", "--no-config"], options);
  assertEquals(code, 0, err);
  assert(!("retention" in JSON.parse(out).policy));
  assert(!err.includes("Configuration"));
  const both = await runTask("cleanup", ["--no-config", "--config", "mltidy.yaml"], options);
  assertEquals([both.code, both.err], [
    2,
    "Cannot use --no-config with --config: type one of them\n",
  ]);
});

Deno.test("the configuration of the directory names the store, unless a flag or MLflow does", async () => {
  await using store = await withPolicy("");
  writeFiles(store.outside, { "mltidy.yaml": "store: ../mlruns\nretention: { keep_last: 9 }\n" });
  const { err } = await runTask("prune", [], { directory: store.outside });
  assertStringIncludes(err, `Store ${store.root} (chosen by mltidy.yaml)\n`);
});

Deno.test("without a backup more than a yes is asked for: how much goes", async () => {
  await using store = await withPolicy("retention: { keep_last: 7 }\n");
  const before = await readTree(store.root, { except: [".mltidy.trash"] });
  const asked: (readonly [string, string | undefined])[] = [];
  const answer = (isYes: boolean) => (question: string, wanted?: string) => {
    asked.push([question, wanted]);
    return Promise.resolve(isYes);
  };
  const at = ["--store", store.root];
  writeFiles(store.outside, { "plan.json": (await runTask("prune", ["--json", ...at])).out });
  const plan = join(store.outside, "plan.json");
  const lines = [["prune:apply"], ["cleanup:apply"], ["apply", plan]] as const;
  for (const [task, ...words] of lines) {
    const typed = [...words, "--no-backup", ...at];
    const { err } = await runTask(task, typed, { ask: answer(false) });
    assertMatch(
      err,
      /\nThis cannot be undone: with --no-backup no copy is kept [^]*\nNothing was changed\.\n$/,
    );
    assertEquals(asked.pop(), ["To apply this plan all the same, type how much goes: 2", "2"]);
    assertSameTree(await readTree(store.root, { except: [".mltidy.trash"] }), before);
  }
  const kept = await runTask("prune:apply", at, { ask: answer(false) });
  assertEquals(kept.err.includes("cannot be undone"), false);
  assertEquals(asked.pop(), ["Apply this plan", undefined]);
  const done = await runTask("prune:apply", ["--no-backup", ...at], { ask: answer(true) });
  assertStringIncludes(done.out, "There is no backup: mltidy cannot undo this.");
  assertEquals(asked.length, 1);
});

Deno.test("a plan that takes most of an experiment says so first, in the question and in its JSON", async () => {
  await using store = await withPolicy("");
  Deno.removeSync(join(dirname(store.root), "mltidy.yaml"));
  const at = ["--days-old", "0.5", "--store", store.root];
  const asked: string[] = [];
  const ask = (question: string) => {
    asked.push(question);
    return Promise.resolve(false);
  };
  const takes = "takes 9 of 10 runs of churn (7)";
  const planned = await runTask("cleanup", at);
  assert(planned.out.startsWith(`This plan ${takes}.\n`), planned.out);
  await runTask("cleanup:apply", at, { ask });
  await runTask("cleanup:apply", ["--no-backup", ...at], { ask });
  const { out } = await runTask("cleanup", ["--json", ...at]);
  writeFiles(store.outside, { "plan.json": out });
  await runTask("apply", [join(store.outside, "plan.json"), "--store", store.root], { ask });
  assertEquals(asked, [
    `Apply this plan, which ${takes}`,
    `To apply this plan, which ${takes}, all the same, type how much goes: 9`,
    `Apply this plan, which ${takes}`,
  ]);
  assertEquals(JSON.parse(out).majorities, [
    { experiment: "7", name: "churn", removes: 9, of: 10 },
  ]);
});

Deno.test("--dry-run changes nothing in any task, and shows what would be done", async () => {
  await using store = await withPolicy("retention: { keep_last: 7 }\n");
  const at = ["--store", store.root];
  await runTask("backup", at);
  writeFiles(store.outside, { "plan.json": (await runTask("prune", ["--json", ...at])).out });
  const before = await readTree(join(store.root, ".."));
  const lines: readonly (readonly [says: RegExp, task: string, ...words: string[]])[] = [
    [/^~ Soft-delete 2 runs/, "prune:apply"],
    [
      /^~ Soft-delete 2 runs[^]* deno task cleanup:apply --force --store /,
      "cleanup:apply",
      "--force",
    ],
    [/^~ Soft-delete 2 runs/, "cleanup"],
    [/^~ Soft-delete 2 runs/, "apply", join(store.outside, "plan.json"), "--force"],
    [/./, "repair:apply", "--force"],
    [/Ready/, "preflight", "new"],
    [/^Would copy run x into /, "backup", "--run", "x"],
    [/^Keeping/, "backup", "--expire", "0d"],
    [/^Nothing to restore/, "restore", "--last"],
    [/^Nothing to recover/, "recover"],
    [/^1 experiment/m, "summary"],
    [/./, "verify"],
  ];
  for (const [says, task, ...words] of lines) {
    for (const flag of ["-n", "--dry-run"]) {
      const { code, out, err } = await runTask(task, [...words, flag, ...at]);
      assertEquals(code, 0, `${task}: ${err}`);
      assertMatch(out, says);
    }
  }
  for (const [task, ...words] of [["config", "--init"], ["demo:store", "new"], ["demo"]] as const) {
    const { code, out } = await runTask(task, [...words, "-n"], { directory: store.outside });
    assertEquals(code, 0);
    assertMatch(out, /^Would write .*; nothing was written\.\n$/);
  }
  assertSameTree(await readTree(join(store.root, "..")), before);
});
