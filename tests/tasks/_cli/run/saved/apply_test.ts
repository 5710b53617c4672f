import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { DAY, deletedRun, experiment, run, runId } from "../../../../_support/builders.ts";
import { runTask } from "../../../../_support/command.ts";
import { tempDatabase } from "../../../../_support/database_store.ts";
import { diskStore, writeFiles, writeStore } from "../../../../_support/disk_store.ts";
import { startMlflowDouble } from "../../../../_support/mlflow_double.ts";
import { rottenAt } from "../../../../_support/rotten_store.ts";
import { memoryDirectory } from "../../../../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../../../../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

const page = await Deno.readTextFile(
  new URL("../../../../../tasks/README.md", import.meta.url),
);

Deno.test("what the page says of saved plans is run as it is written", async () => {
  await using store = await diskStore(rottenAt(Date.now()));
  const [, section = ""] = /^## Saved plans\n(.*?)^## /ms.exec(page) ?? [];
  const commands = [...section.matchAll(/^deno task (\S+) (.*)$/gm)].map(
    ([, task = "", rest = ""]) => {
      const [typed = "", file] = rest.replace(/ +#.*$/, "").split(" > ");
      return { task, file, words: typed.replace("~/project/mlruns", store.root).split(" ") };
    },
  );
  const options = { directory: store.outside, ask: () => Promise.resolve(true) };
  const codes: number[] = [];
  for (const { task, file, words } of commands) {
    const { code, out } = await runTask(task, words, options);
    if (file !== undefined) writeFiles(store.outside, { [file]: out });
    codes.push(code);
    // Training goes on.
    writeFiles(store.root, { [`1/${runId(2)}/tags/mltidy.pin`]: "" });
  }
  assertEquals(commands.map(({ task }) => task), ["cleanup", "show", "apply", "apply"]);
  assertEquals(codes, [0, 0, 13, 4]);
});

/** The command that a message proposes, as it is typed. */
function proposed(text: string, pattern: RegExp): readonly [task: string, words: string[]] {
  const [, typed = ""] = pattern.exec(text) ?? [];
  const [task = "", ...words] = typed.replace("deno task ", "").split(" ");
  return [task, words];
}

Deno.test("a plan reviewed in a pull request is carried out three days later, as far as training has left it, and can be undone", async () => {
  const now = Date.now();
  await using store = await diskStore(rottenAt(now - 3 * DAY));
  const { out } = await runTask("cleanup", ["--json", "--store", store.root]);
  const plan = { ...JSON.parse(out), plannedAt: now - 3 * DAY };
  writeFiles(store.outside, { "plan.json": JSON.stringify(plan) });
  // Training goes on elsewhere, and a colleague finds something worth keeping.
  const at = { startTime: now - 2 * DAY, endTime: now - DAY };
  writeStore({ root: store.root, outside: join(store.outside, "more") }, {
    experiments: [experiment({ id: "9", runs: [run({ id: runId(9), ...at })] })],
  });
  writeFiles(store.root, { [`1/${runId(1)}/tags/mltidy.pin`]: "" });
  const before = await readTree(store.root);
  const options = { directory: store.outside };
  const refused = await runTask("apply", ["plan.json", "--force"], options);
  assertEquals(refused.code, 13);
  const [task, words] = proposed(refused.err, /still holds of it, type `([^`]+)`/);
  assertEquals(
    `${task} ${words.join(" ")}`,
    `apply plan.json --force --what-still-holds --store ${store.root}`,
  );
  assertSameTree(await readTree(store.root, EXCEPT), before);
  const shown = await runTask(task, [...words, "--dry-run"], options);
  assertEquals(shown.code, 0);
  assert(
    /^Of the 5 actions of the plan of \S+ \S+ UTC 4 still hold; no longer:\n {2}first \(1\/0+1\): pinned by tag mltidy.pin\n\n~ Soft-delete 1 run/
      .test(shown.out),
    shown.out,
  );
  assertSameTree(await readTree(store.root, EXCEPT), before);
  const applied = await runTask(task, words, options);
  assertEquals(applied.code, 4, "what was agreed is done in part");
  assertStringIncludes(
    applied.out,
    `No longer holds of the plan that was reviewed: 1\n  1/${runId(1)}  pinned by tag mltidy.pin\n`,
  );
  assertStringIncludes(applied.out, "Done in part: 1 soft-deleted, 2 purged, 1 quarantined; ");
  const undo = proposed(applied.out, /To undo: (.*)$/m);
  assertEquals((await runTask(...undo, options)).code, 0);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("apply --what-still-holds asks first, keeps what mltidy.yaml keeps by now, and does nothing twice", async () => {
  const now = Date.now();
  await using store = await diskStore(rottenAt(now));
  const { out } = await runTask("cleanup", ["--json", "--store", store.root]);
  writeFiles(store.outside, { "plan.json": out });
  writeFiles(dirname(store.root), {
    "mltidy.yaml":
      "retention: { keep_within: 30d, keep_named: [second] }\nlimits: { max_share: 100% }\n",
  });
  const words = [join(store.outside, "plan.json"), "--what-still-holds"];
  const asked: string[] = [];
  const ask = (question: string) => {
    asked.push(question);
    return Promise.resolve(asked.length > 1);
  };
  const before = await readTree(store.root);
  const refused = await runTask("apply", words, { ask });
  assertStringIncludes(refused.err, "is named second");
  assertEquals([refused.code, asked], [0, ["Apply this plan"]]);
  assertSameTree(await readTree(store.root), before);
  const unattended = await runTask("apply", words);
  assertEquals(unattended.code, 2);
  assertStringIncludes(unattended.err, `${words.join(" ")} --force --store ${store.root}\``);
  const applied = await runTask("apply", [...words, "--json"], { ask });
  assertEquals(applied.code, 4, applied.err);
  const { totals, reviewed, complete } = JSON.parse(applied.out);
  assertEquals([totals.applied, reviewed.lapsed.length, complete], [4, 1, false]);
  const again = await runTask("apply", [...words, "--force"]);
  assertEquals(again.code, 4);
  assertStringIncludes(again.out, "Of the 5 actions of the plan of ");
  assertStringIncludes(again.out, "Nothing to do.");
  const own = await runTask("apply", [...words, "--force", "--no-config"]);
  assertStringIncludes(own.out, "Done in part: 1 soft-deleted;", "by the plan's own rules");
});

Deno.test("apply --what-still-holds works on a database", async () => {
  const now = Date.now();
  const old = { startTime: now - 50 * DAY, endTime: now - 40 * DAY };
  await using store = await tempDatabase({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        runs: [
          ...[1, 2].map((id) => run({ id: runId(id), experimentId: "1", ...old })),
          deletedRun({ id: runId(5), experimentId: "1", ...old, deletedTime: now - 31 * DAY }),
        ],
      }),
    ],
  });
  const at = ["--store", store.path];
  const { out } = await runTask("cleanup", ["--json", ...at]);
  const directory = dirname(store.path);
  writeFiles(directory, { "plan.json": out });
  const rows = () => {
    using database = new DatabaseSync(store.path, { readOnly: true });
    return database.prepare("SELECT run_uuid, lifecycle_stage, status FROM runs ORDER BY 1").all()
      .map((row) => Object.values(row));
  };
  using database = new DatabaseSync(store.path);
  database.exec(
    `UPDATE runs SET status = 'RUNNING', end_time = NULL WHERE run_uuid = '${runId(1)}'`,
  );
  const before = rows();
  const refused = await runTask("apply", ["plan.json", "--force"], { directory });
  assertEquals(refused.code, 13);
  const command = proposed(refused.err, /still holds of it, type `([^`]+)`/);
  const applied = await runTask(...command, { directory });
  assertEquals(applied.code, 4, applied.err);
  assertStringIncludes(applied.out, `1/${runId(1)}  still running`);
  assertEquals(rows(), [[runId(1), "active", "RUNNING"], [runId(2), "deleted", "FINISHED"]]);
  const undo = proposed(applied.out, /To undo: (.*)$/m);
  assertEquals((await runTask(...undo, { directory })).code, 0);
  assertEquals(rows(), before);
});

Deno.test("apply --what-still-holds works on a server", async () => {
  const now = Date.now();
  const old = { startTime: now - 50 * DAY, endTime: now - 40 * DAY };
  await using server = await startMlflowDouble({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        runs: [1, 2].map((id) => run({ id: runId(id), experimentId: "1", ...old })),
      }),
    ],
  });
  await using place = await memoryDirectory();
  const { path: directory } = place;
  const options = { directory, environment: { XDG_STATE_HOME: directory } };
  const { out } = await runTask("cleanup", ["--json", "--store", server.uri], options);
  writeFiles(directory, { "plan.json": out });
  assertEquals((await runTask("pin", [runId(1), "--store", server.uri], options)).code, 0);
  const refused = await runTask("apply", ["plan.json", "--force"], options);
  assertEquals(refused.code, 13);
  const applied = await runTask(
    ...proposed(refused.err, /still holds of it, type `([^`]+)`/),
    options,
  );
  assertEquals(applied.code, 4, applied.err);
  assertStringIncludes(applied.out, `1/${runId(1)}  pinned by tag mltidy.pin`);
  assertStringIncludes(applied.out, "Done in part: 1 soft-deleted;");
  assertEquals((await runTask(...proposed(applied.out, /To undo: (.*)$/m), options)).code, 0);
  const again = await runTask("apply", ["plan.json", "--what-still-holds", "--dry-run"], options);
  assertStringIncludes(again.out, "Of the 2 actions of the plan of ");
});
