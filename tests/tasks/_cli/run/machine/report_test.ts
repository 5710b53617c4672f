import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import manifest from "../../../../../deno.json" with { type: "json" };
import { KEPT_REPORTS } from "../../../../../lib/report/report_names.ts";
import type { TaskReport } from "../../../../../lib/report/task_report.ts";
import type { ProgramReport } from "../../../../../tasks/training/program.ts";
import { acquireLock } from "../../../../../tasks/_file/own/lock.ts";
import { experiment, run } from "../../../../_support/builders.ts";
import { runTask, startTask } from "../../../../_support/command.ts";
import { tempDatabase } from "../../../../_support/database_store.ts";
import { diskStore, tempStore } from "../../../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../../../_support/tree.ts";
import { freePort } from "../../../../_support/free_port.ts";
import { startMlflowDouble } from "../../../../_support/mlflow_double.ts";
import { rottenAt } from "../../../../_support/rotten_store.ts";
import { memoryDirectory } from "../../../../_support/temp_directory.ts";

/** How a report begins. */
const REPORT = '{"schema":"mltidy/report/v1"}';

const ROTTEN = rottenAt(Date.now());

function readReport(path: string): TaskReport {
  return JSON.parse(Deno.readTextFileSync(path));
}

/** What lies in a directory, hidden files included. */
function namesIn(directory: string): readonly string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

Deno.test("a clean-up reports what it did, what it found before, and how to undo that", async () => {
  await using store = await tempStore(ROTTEN);
  const file = join(store.outside, "cleanup.json");
  const words = ["--force", "--report", file, "--store", store.root];
  const { code, out } = await runTask("cleanup:apply", [...words, "--json"]);
  const { startedAt, finishedAt, runs, plan, undo, result, ...report } = readReport(file);
  const applied = JSON.parse(out);
  assertEquals(code, 0);
  assertEquals(result, applied);
  assertEquals(report, {
    schema: "mltidy/report/v1",
    version: manifest.version,
    task: "cleanup:apply",
    exitCode: 0,
    error: null,
    store: store.root,
    settled: [],
    remains: [],
  });
  assert(startedAt <= applied.startedAt && applied.finishedAt <= finishedAt);
  assertEquals(undo, `deno task restore ${applied.backup.id} --store ${store.root}`);
  assertEquals(plan?.actions, applied.totals.applied);
  const { out: after } = await runTask("summary", ["--json", "--store", store.root]);
  const { active, deleted } = JSON.parse(after).runs;
  assertEquals(runs?.after, { active, deleted });
  assertEquals(runs!.before.active - active, plan?.totals.softDeleteRuns);
  assertEquals(namesIn(store.outside), ["cleanup.json"]);
});

Deno.test("prune:apply and a saved plan report what they did, and how to undo that", async () => {
  for (const [task, ...words] of [["prune:apply"], ["apply", "plan.json"]] as const) {
    await using store = await diskStore(ROTTEN);
    const at = ["--store", store.root];
    const { out } = await runTask("cleanup", [...at, "--json"]);
    await Deno.writeTextFile(join(store.outside, "plan.json"), out);
    const ran = await runTask(task, [
      ...[...words, "--force", "--json", "--report", "report.json", ...at],
    ], { directory: store.outside });
    const report = readReport(join(store.outside, "report.json"));
    const applied = JSON.parse(ran.out);
    assertEquals([ran.code, report.exitCode, report.task], [0, 0, task], ran.err);
    assertEquals(report.result, applied);
    assert(applied.outcomes.some(({ outcome }: { outcome: string }) => outcome === "applied"));
    assertStringIncludes(report.undo!, `restore ${applied.backup.id}`);
  }
});

Deno.test("where there is nothing to do, or nothing is to be done, the report has what --json prints", async () => {
  await using store = await tempStore();
  const report = join(store.outside, "report.json");
  for (
    const [task, ...words] of [
      ["cleanup:apply", "--force"],
      ["cleanup"],
      ["prune:apply", "--force"],
      ["prune"],
      ["repair:apply", "--force"],
      ["preflight", "churn"],
      ["preflight", "--check"],
      ["verify"],
      ["backup"],
      ["backup", "--list"],
      ["restore", "--last", "--dry-run"],
      ["recover"],
      ["recover", "--dry-run"],
    ] as const
  ) {
    const ran = await runTask(task, [
      ...[...words, "--json", "--report", report, "--store", store.root],
    ]);
    assertEquals(ran.code, 0, ran.err);
    const { task: named, store: location, result } = readReport(report);
    assertEquals([named, location, result], [task, store.root, JSON.parse(ran.out)]);
  }
});

Deno.test("a task that fails reports why, with its exit code, and throws all the same", async () => {
  await using store = await diskStore(ROTTEN);
  const report = join(store.outside, "report.json");
  const run = async (task: string, ...words: readonly string[]) => {
    const { code, err } = await runTask(task, [...words, "--quiet", "--report", report]);
    const { exitCode, error, result, store } = readReport(report);
    assertEquals([exitCode, `${error?.message}\n`, result], [code, err, null]);
    return { code, name: error?.name, store };
  };
  const nowhere = join(store.outside, "nowhere");
  assertEquals(await run("cleanup:apply", "--force", "--store", nowhere), {
    code: 10,
    name: "StoreNotFoundError",
    store: null,
  });
  const at = ["--store", store.root];
  assertEquals(await run("cleanup:apply", ...at), {
    code: 2,
    name: "UsageError",
    store: store.root,
  });
  using _lock = acquireLock(store.root, "apply", Date.now());
  assertEquals(await run("cleanup:apply", "--force", ...at), {
    code: 11,
    name: "StoreLockedError",
    store: store.root,
  });
});

Deno.test("a task on a database or a server reports as one on a directory does, what it did and why it failed", async () => {
  const [startTime, endTime] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)];
  const init = {
    experiments: [experiment({ id: "1", runs: [run({ startTime, endTime })] })],
  };
  await using database = await tempDatabase(init);
  await using server = await startMlflowDouble(init);
  await using directory = await memoryDirectory();
  const report = join(directory.path, "report.json");
  const options = { directory: directory.path, environment: { XDG_STATE_HOME: directory.path } };
  const ends = async (store: string, words: readonly string[]) => {
    const [task = "", ...others] = words;
    const typed = [...others, "--json", "--quiet", "--report", report, "--store", store];
    const { code, out, err } = await runTask(task, typed, options);
    const { exitCode, error, result, task: named, undo } = readReport(report);
    assertEquals([named, exitCode, result], [task, code, out === "" ? null : JSON.parse(out)]);
    assertEquals(error === null ? "" : `${error.message}\n`, err);
    return [code, undo !== null];
  };
  for (const store of [database.uri, server.uri]) {
    const isServer = store === server.uri;
    for (
      const [words, ...ended] of [
        [["prune:apply", "--force"], 0, true],
        [["restore", "--last"], 0, false],
        [["cleanup:apply", "--force"], 0, true],
        [["repair:apply", "--force"], 0, false],
        [["verify"], 0, false],
        [["preflight", "--check"], 0, false],
        [["preflight", "new"], isServer ? 0 : 12, false],
        [["backup"], isServer ? 12 : 0, false],
        [["backup", "--expire", "0d"], 0, false],
        [["recover"], 0, false],
        [["apply", "plan.json", "--force"], 2, false],
      ] as const
    ) {
      assertEquals(await ends(store, words), ended, `${words.join(" ")} of ${store}`);
    }
  }
  const nobody = `http://127.0.0.1:${freePort()}`;
  for (const task of ["verify", "preflight", "cleanup:apply", "restore", "recover", "backup"]) {
    assertEquals(await ends(nobody, [task, ...(task === "cleanup:apply" ? ["--force"] : [])]), [
      ...[10, false],
    ]);
  }
});

Deno.test("run reports how its program ended, of which run it was, and how to undo what made the store ready", async () => {
  await using store = await diskStore(ROTTEN);
  const report = join(store.outside, "report.json");
  const run = async (...words: readonly string[]) => {
    const at = ["--report", report, "--store", store.root];
    const { code } = await runTask("run", ["--experiment", "churn", "--quiet", ...at, ...words]);
    const { startedAt, finishedAt, ...read } = readReport(report);
    assert(startedAt <= finishedAt);
    return { code, ...read };
  };
  const failed = await run("--", "sh", "-c", "exit 7; # hunter2");
  const { run: tracked, ...ended } = failed.result as ProgramReport & { readonly schema: string };
  assertEquals([failed.code, failed.task, failed.exitCode, failed.error], [7, "run", 7, null]);
  assertEquals([failed.store, failed.runs, failed.plan], [store.root, null, null]);
  assertEquals(ended, { schema: "mltidy/run/v1", exitCode: 7, signal: null, fault: null });
  assertEquals(tracked?.status, "FAILED");
  assertMatch(failed.undo ?? "", /^deno task restore \S+ --store /);
  assert(!Deno.readTextFileSync(report).includes("hunter2"));
  const killed = await run("--", "sh", "-c", "kill -9 $$");
  const { signal } = killed.result as ProgramReport & { readonly schema: string };
  assertEquals([killed.code, killed.exitCode, signal, killed.undo], [137, 137, "SIGKILL", null]);
  const missing = await run("--", "/nowhere/train");
  assertEquals([missing.code, missing.exitCode, missing.error], [127, 127, null]);
  const dry = await run("--dry-run", "--", "true");
  assertEquals([dry.code, dry.exitCode, dry.result], [0, 0, null]);
  const unnamed = await runTask("run", ["--experiment", "", "--report", report, "--", "true"]);
  assertEquals([unnamed.code, readReport(report).exitCode], [2, 0]);
});

Deno.test("an older report gets the time of its own into its name, and the oldest go", async () => {
  await using store = await tempStore();
  const report = join(store.outside, "report.json");
  const words = ["--report", report, "--store", store.root];
  for (let day = 0; day <= KEPT_REPORTS; day++) {
    const at = new Date(Date.UTC(2026, 7, 1 + day, 3, 30));
    const stamp = at.toISOString().replace(/[-:]|\.\d+/g, "");
    await Deno.writeTextFile(join(store.outside, `report.${stamp}.json`), REPORT);
  }
  await Deno.writeTextFile(join(store.outside, "report.20000101T000000Z.json"), "mine");
  await Deno.writeTextFile(report, REPORT);
  await Deno.utime(report, 0, Date.UTC(2026, 8, 5, 3, 30) / 1000);
  // What a killed task has left, and what another one is just writing.
  await Deno.writeTextFile(join(store.outside, ".report.json.7.new"), "{");
  await Deno.utime(join(store.outside, ".report.json.7.new"), 0, 0);
  await Deno.writeTextFile(join(store.outside, ".report.json.8.new"), "{");
  await runTask("verify", words);
  const names = namesIn(store.outside);
  assertEquals(names.length, KEPT_REPORTS + 3);
  assertEquals(names.filter((name) => !name.startsWith("report.202608")), [
    ".report.json.8.new",
    "report.20000101T000000Z.json",
    "report.20260905T033000Z.json",
    "report.json",
  ]);
  assertEquals(names[2], "report.20260803T033000Z.json");
});

Deno.test("where no report can be written, nothing is done, and what to type is said", async () => {
  await using store = await tempStore(ROTTEN);
  const run = async (report: string) =>
    await runTask("cleanup:apply", [
      ...["--force", "--quiet", "--report", report, "--store", store.root],
    ]);
  const missing = join(store.outside, "a b");
  assertEquals(await run(join(missing, "report.json")), {
    code: 2,
    out: "",
    err:
      `Cannot write report ${missing}/report.json: there is no directory ${missing}; type \`mkdir -p '${missing}'\`\n`,
  });
  assertEquals(await run(store.outside), {
    code: 2,
    out: "",
    err: `Cannot write report ${store.outside}: it is a directory; name a file in it\n`,
  });
  const { out } = await runTask("restore", ["--json", "--store", store.root]);
  assertEquals(JSON.parse(out).backups, []);
});

Deno.test("no report takes the place of anything else, nor one in a store; then nothing is done", async () => {
  await using store = await tempStore(ROTTEN);
  const at = (name: string) => join(store.outside, name);
  acquireLock(store.root, "apply", 0)[Symbol.dispose]();
  Deno.writeTextFileSync(at("data.json"), '{"mine":1}');
  Deno.symlinkSync("data.json", at("link.json"));
  Deno.symlinkSync(store.root, at("alias"));
  const before = await readTree(store.outside);
  await new Deno.Command("mkfifo", { args: [at("pipe")] }).output();
  const inStore = await readTree(store.root);
  const run = async (report: string) =>
    await runTask("cleanup:apply", [
      ...["--force", "--quiet", "--report", report, "--store", store.root],
    ]);
  for (const name of ["data.json", "link.json", "pipe"]) {
    assertEquals(await run(at(name)), {
      code: 2,
      out: "",
      err: `Cannot write report ${at(name)}: something else is there already; name another file\n`,
    });
  }
  const [id] = ROTTEN.experiments!.map((experiment) => experiment.id);
  for (
    const place of [
      join(store.root, `${id}/meta.yaml`),
      join(store.root, "report.json"),
      join(store.root, ".mltidy.trash/lock"),
      join(at("alias"), `${id}/report.json`),
    ]
  ) {
    assertEquals(await run(place), {
      code: 2,
      out: "",
      err:
        `Cannot write report ${place}: it lies in store ${store.root}; name a file outside of it\n`,
    });
  }
  assert(Deno.lstatSync(at("pipe")).isFifo);
  Deno.removeSync(at("pipe"));
  assertSameTree(await readTree(store.outside), before);
  assertSameTree(await readTree(store.root), inStore);
});

Deno.test("verify writes a report where it is granted, and says how to grant it elsewhere", async () => {
  await using store = await diskStore();
  const report = join(store.outside, "verify.json");
  const { code, err } = await startTask("verify", ["--report", report, "--store", store.root]);
  assertEquals([code, namesIn(store.outside)], [2, []]);
  assertStringIncludes(err, `export MLTIDY_GRANT=--allow-write=${store.outside}\``);
});
