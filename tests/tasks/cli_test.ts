import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, join, toFileUrl } from "@std/path";
import { DAY, experiment, orphan, run as runWith, runId } from "../_support/builders.ts";
import { commandOf, PROJECT, runForJson, runTask, start, startTask } from "../_support/command.ts";
import { diskStore, writeFiles } from "../_support/disk_store.ts";
import { beginCleanup, ROTTEN_ACTIONS, rottenAt } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

// The command line has no clock but the present.
const TODAY = Date.now();
const ROTTEN = rottenAt(TODAY);
const EXCEPT = { except: [".mltidy.trash"] };

Deno.test("planning tasks leave every byte and every time as it was", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const { mtime } = Deno.statSync(store.root);
  for (const task of ["summary", "verify", "prune", "cleanup"]) {
    for (const [start, ...words] of [[startTask], [runTask, "--json"]] as const) {
      const { code, out } = await start(task, [...words, "--store", store.root]);
      assertEquals([code, out !== ""], [0, true], task);
    }
  }
  assertSameTree(await readTree(store.root), before);
  assertEquals(Deno.statSync(store.root).mtime, mtime);
});

Deno.test("summary prints the data to stdout, and to stderr which store it is", async () => {
  await using store = await diskStore(ROTTEN);
  const { out, err } = await startTask("summary", ["--store", store.root]);
  assertEquals(err, `Store ${store.root} (chosen by --store)\n`);
  assertStringIncludes(out, "experiment 1");
  assertStringIncludes(out, `deno task repair --store ${store.root}`);
  assertEquals(out.includes("chosen by"), false);
});

Deno.test("summary --quiet says nothing but the data", async () => {
  await using store = await diskStore(ROTTEN);
  const { out, err } = await runTask("summary", ["--quiet", "--json", "--store", store.root]);
  assertEquals(err, "");
  assertEquals(JSON.parse(out).store, store.root);
});

Deno.test("--json prints one document with the fields that are promised", async () => {
  await using store = await diskStore(ROTTEN);
  const json = async (task: string, ...words: readonly string[]) => {
    const { out } = await runTask(task, [...words, "--json", "--store", store.root]);
    assertEquals(
      [out.startsWith('{\n  "schema": '), out.endsWith("\n}\n")],
      [true, true],
      "in lines",
    );
    return JSON.parse(out);
  };
  const summary = await json("summary");
  assertEquals([summary.schema, summary.store], ["mltidy/summary/v1", store.root]);
  assertEquals(summary.experiments, { active: 1, deleted: 1, orphaned: 2 });
  assertEquals(Object.keys(summary.runs), ["total", "active", "deleted", "byStatus"]);
  assertEquals(Object.keys(summary.findings).sort(), ["error", "info", "warning"]);
  const [{ id, name, stage, runs }] = summary.perExperiment;
  assertEquals([id, name, stage, runs], ["1", "experiment 1", "active", 5]);

  const verify = await json("verify");
  assertEquals([verify.schema, verify.store], ["mltidy/verify/v1", store.root]);
  assertEquals(verify.counts, { error: 0, warning: 7, info: 1 });
  const [finding] = verify.findings;
  for (const key of ["rule", "severity", "path", "message"]) {
    assertEquals(typeof finding[key], "string", key);
  }

  const plan = await json("cleanup");
  assertEquals([plan.schema, plan.store, plan.task], [
    "mltidy/cleanup/v1",
    store.root,
    "cleanup",
  ]);
  assertEquals(
    plan.actions.map(({ kind, path }: Record<string, string>) => [kind, path]),
    [...ROTTEN_ACTIONS],
  );
  assertEquals([typeof plan.basis, typeof plan.plannedAt], ["string", "number"]);
  assertEquals((await json("prune")).schema, "mltidy/prune/v1");

  const report = await json("cleanup:apply", "--force");
  assertEquals([report.schema, report.store, report.complete], [
    "mltidy/apply/v1",
    store.root,
    true,
  ]);
  assertEquals(report.outcomes.length, 5);
  assertEquals([report.totals.applied, typeof report.backup.id], [5, "string"]);

  const restored = await json("restore", "--last");
  assertEquals([restored.schema, restored.backup.id, restored.changes], [
    "mltidy/restore/v1",
    report.backup.id,
    5,
  ]);
});

Deno.test("cleanup:apply says what was done and how to undo it, and restore undoes it", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const applied = await startTask("cleanup:apply", ["--force", "--store", store.root]);
  assertEquals(applied.code, 0, applied.err);
  assertStringIncludes(applied.out, "Done: 2 soft-deleted, 2 purged, 1 quarantined; ");
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (?=[A-Z])/;
  const log = `${applied.err}${applied.out}`.trimEnd().split("\n");
  assertEquals(log.filter((line) => !time.test(line)), [], "each line of a log has its time");
  const [, ...undo] = /To undo: deno task (restore) (\S+) (--store) (\S+)$/m
    .exec(applied.out) ?? [];
  assertEquals(undo.length, 4, applied.out);
  const { code, out } = await startTask(undo[0]!, undo.slice(1));
  assertEquals(code, 0);
  assertStringIncludes(out, "5 changes");
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("apply works on the store of the plan, and names it to undo", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const { out } = await startTask("cleanup", ["--json", "--store", store.root]);
  writeFiles(store.outside, { "plan.json": out });
  const options = { directory: store.outside };
  const applied = await startTask("apply", ["plan.json", "--force"], options);
  assertStringIncludes(applied.err, `Z Store ${store.root} (chosen by the plan)\n`);
  const [, ...undo] = /To undo: deno task (restore) (\S+) (--store) (\S+)$/m
    .exec(applied.out) ?? [];
  assertEquals((await startTask(undo[0]!, undo.slice(1), options)).code, 0);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("apply carries out a saved plan", async () => {
  await using store = await diskStore(ROTTEN);
  const words = ["--days-old", "45", "--json", "--store", store.root];
  const { out } = await runTask("cleanup", words);
  writeFiles(store.outside, { "plan.json": out });
  const options = { directory: store.outside };
  const applied = await runTask("apply", ["plan.json", "--force", "--json"], options);
  assertEquals(applied.code, 0, applied.err);
  const { outcomes, complete } = JSON.parse(applied.out);
  assertEquals(outcomes.map(({ path }: { path: string }) => path), [
    `1/${runId(5)}`,
    ".trash/2",
    "7",
  ]);
  assertEquals(complete, true);
  assertEquals((await runTask("apply", ["plan.json", "--force"], options)).code, 13);
});

Deno.test("cleanup:apply --no-backup leaves no backup, and says that it cannot be undone", async () => {
  await using store = await diskStore(ROTTEN);
  const { code, out } = await runTask("cleanup:apply", [
    "--force",
    "--no-backup",
    "--store",
    store.root,
  ]);
  assertEquals(code, 0);
  assertStringIncludes(out, "There is no backup: mltidy cannot undo this.");
  assertEquals([...Deno.readDirSync(join(store.root, ".mltidy.trash/backups"))], []);
  const restored = await runTask("restore", ["--last", "--store", store.root]);
  assertEquals([restored.code, restored.out], [0, "Nothing to restore.\n"]);
});

Deno.test("cleanup --detailed-exitcode ends with 3 while changes are pending, then with 0", async () => {
  await using store = await diskStore(ROTTEN);
  const words = ["--detailed-exitcode", "--store", store.root];
  assertEquals((await runTask("cleanup", words)).code, 3);
  await runTask("cleanup:apply", ["--force", "--store", store.root]);
  const { code, out } = await runTask("cleanup", words);
  assertEquals([code, JSON.stringify(out).includes("othing to do")], [0, true], out);
});

Deno.test("verify ends with 3 for an error, and with 0 for a warning", async () => {
  await using store = await diskStore({ orphans: [orphan({ damage: "missing" })] });
  assertEquals((await runTask("verify", ["--store", store.root])).code, 0);
  writeFiles(store.root, { "5fbbd685931c4616bdc67005b055056d/meta.yaml": "" });
  const { code, out } = await runTask("verify", ["--store", store.root]);
  assertEquals(code, 3);
  assertStringIncludes(out, "experiment-meta-empty");
});

Deno.test("every task says of a change that was cut off how to settle it", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  {
    using cleanup = await beginCleanup(store.root);
    for (const action of cleanup.plan.actions) await cleanup.change.perform(action);
  }
  const { err } = await startTask("summary", ["--store", store.root]);
  assertMatch(
    err,
    /^Change \S+ of this store was cut off; `deno task recover --store \S+` settles it, or says what keeps it from that$/m,
  );
  const recovered = await startTask("recover", ["--store", store.root]);
  assertEquals(recovered.code, 0);
  assertStringIncludes(recovered.out, "had been cut off: all of it was taken back");
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("a change that is at work is not called cut off, and whose it is stands there", async () => {
  await using store = await diskStore(ROTTEN);
  using _cleanup = await beginCleanup(store.root);
  const words = ["--store", store.root];
  const work =
    /^Change \S+-cleanup (?:of this store )?is not finished: cleanup \(pid \d+.*\) is at work on it\.?$/m;
  const { err } = await runTask("summary", words);
  assertMatch(err, work);
  const { code, out } = await runTask("recover", ["-n", ...words]);
  assertMatch(out, work);
  assertEquals([code, (err + out).includes("cut off")], [0, false]);
  assertEquals((await runTask("recover", words)).code, 11);
  const { interrupted, running } = await runForJson<Record<string, string[]>>(
    "recover",
    store.root,
    "-n",
  );
  assertEquals([interrupted, running?.length], [[], 1]);
});

Deno.test("the store is the one of --store, else of MLFLOW_TRACKING_URI, else ./mlruns", async () => {
  await using one = await diskStore(ROTTEN);
  await using other = await diskStore(ROTTEN);
  const directory = dirname(one.root);
  const there = (uri: string) => ({ directory, environment: { MLFLOW_TRACKING_URI: uri } });
  const byUri = "by MLFLOW_TRACKING_URI";
  const cases = [
    [[], { directory }, one.root, "by default"],
    [["--store", "mlruns"], { directory }, one.root, "by --store"],
    [["--store", `${other.root}/../mlruns`], there(one.root), other.root, "by --store"],
    [[], there(other.root), other.root, byUri],
    [[], there(toFileUrl(other.root).href), other.root, byUri],
    [[], there("./mlruns"), one.root, byUri],
  ] as const;
  for (const [words, options, root, chosenBy] of cases) {
    const { err } = await runTask("summary", words, options);
    const other = "environment" in options && chosenBy === "by --store"
      ? `MLFLOW_TRACKING_URI names another store, ${one.root}, which is not looked at\n`
      : "";
    assertEquals(err, `Store ${root} (chosen ${chosenBy})\n${other}`);
  }
});

Deno.test("a task may read the name of the store from its environment", async () => {
  await using store = await diskStore(ROTTEN);
  const environment = { MLFLOW_TRACKING_URI: store.root };
  const { err } = await startTask("summary", [], { environment });
  assertEquals(err, `Store ${store.root} (chosen by MLFLOW_TRACKING_URI)\n`);
});

function withoutOuterTask({ INIT_CWD: _, ...rest }: Record<string, string>) {
  return rest;
}

Deno.test("deno task resolves paths against the directory in which it is typed", async () => {
  await using store = await diskStore(ROTTEN);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--config", join(PROJECT, "deno.json"), "summary", "--json"],
    cwd: dirname(store.root),
    // Deno keeps the directory of an outer task, such as the one that runs these tests.
    clearEnv: true,
    env: { ...withoutOuterTask(Deno.env.toObject()), MLFLOW_TRACKING_URI: "" },
    stderr: "null",
  }).output();
  assertEquals(code, 0);
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)).store, store.root);
});

Deno.test("names never send control characters to the terminal", async () => {
  const evil = "\u001b[2J\u0007\u009bred\rcarriage\u202eeltit";
  const old = { startTime: TODAY - 50 * DAY, endTime: TODAY - 40 * DAY };
  await using store = await diskStore({
    experiments: [experiment({ name: evil, runs: [runWith({ name: evil, ...old })] })],
    orphans: [orphan({ id: "7", newestChange: TODAY - 60 * DAY })],
  });
  writeFiles(store.root, { [`.git\u001b[31m`]: null, [`7/x\u001b[31m.txt`]: "" });
  const outs = [];
  for (
    const [task, ...words] of [["summary"], ["verify"], ["cleanup", "--all"], [
      "cleanup:apply",
      "--force",
    ]] as const
  ) {
    const { out, err } = await startTask(task, [...words, "--store", store.root]);
    outs.push(out, err);
  }
  // deno-lint-ignore no-control-regex
  assertEquals(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.exec(outs.join("")), null);
  assertStringIncludes(outs.join(""), "eltit");
});

Deno.test({
  name: "a broken pipe ends quietly",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    // More than a pipe holds, so that the writer is still at it when the reader goes.
    const name = "n".repeat(500);
    const runs = Array.from({ length: 300 }, (_, number) => runWith({ id: runId(number), name }));
    await using store = await diskStore({ experiments: [experiment({ runs })] });
    const [, ...words] = commandOf("cleanup");
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        `("$@" --json --quiet; echo "ended with $?" >&2) | head -c 20`,
        "sh",
        Deno.execPath(),
        ...words,
        "--store",
        store.root,
      ],
      cwd: PROJECT,
      env: { MLFLOW_TRACKING_URI: "" },
    }).output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stdout)], [0, '{\n  "schema": "mltid']);
    assertEquals(decoder.decode(stderr), "ended with 0\n");
  },
});

Deno.test("--help and --version need no store", async () => {
  const help = await start(["run", "--no-prompt", "-R", "--allow-env", "tasks/cli.ts", "--help"]);
  assertEquals(help.code, 0);
  for (const task of ["summary", "verify", "cleanup", "restore", "recover"]) {
    assertStringIncludes(help.out, task);
    const { code, out } = await runTask(task, ["--help"]);
    assert(code === 0 && out.includes("--store"), task);
  }
  assertMatch((await startTask("summary", ["--version"])).out, /^mltidy \d+\.\d+\.\d+\n$/);
});

Deno.test("a command that is started without deno task looks where it is, and names commands as they are typed then", async () => {
  await using store = await diskStore(ROTTEN);
  const [, ...own] = commandOf("cleanup");
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: own.map((word) => word === "tasks/cli.ts" ? join(PROJECT, word) : word),
    cwd: dirname(store.root),
    // As where a script of npm's has started this.
    env: { INIT_CWD: store.outside, MLFLOW_TRACKING_URI: "" },
    stderr: "null",
  }).output();
  const said = new TextDecoder().decode(stdout);
  assertStringIncludes(said, "To carry it out: mltidy cleanup --apply\n");
  assertEquals(said.includes("deno task"), false);
});

Deno.test("a task that may not read its own files says what to grant", async () => {
  const words = ["run", "--no-prompt", "--allow-env", "tasks/cli.ts", "summary"];
  const { code, err } = await start(words);
  assertEquals(
    [code, err],
    [
      10,
      `Cannot load the program: this process may not read ${PROJECT}, where it lies; grant --allow-read=${PROJECT}\n`,
    ],
  );
});
