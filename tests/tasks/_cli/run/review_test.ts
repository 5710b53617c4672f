import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import manifest from "../../../../deno.json" with { type: "json" };
import type { Summary } from "../../../../lib/answers/summarize.ts";
import type { ApplyReport } from "../../../../lib/plan/report.ts";
import type { TaskReport } from "../../../../lib/report/task_report.ts";
import { acquireLock } from "../../../../tasks/_file/own/lock.ts";
import type { PlanView } from "../../../../tasks/_web/messages.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { summary } from "../../../../tasks/summary.ts";
import { experiment, run, runId, type SnapshotInit } from "../../../_support/builders.ts";
import { runForJson, runTask, startTask } from "../../../_support/command.ts";
import { diskStore, tempStore } from "../../../_support/disk_store.ts";
import { ROTTEN } from "../../../_support/rotten_store.ts";
import { startReview } from "../../../_support/review_process.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";
import { clientOf, type PageClient } from "../../../_support/web_page.ts";

Deno.test("review, which may not write, says so at once where it is told to apply", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const { code, out, err } = await startTask("review", ["--apply", "--store", store.root]);
  assertEquals([code, out], [10, ""]);
  assertStringIncludes(
    err,
    `Cannot carry out anything in store ${store.root}: this process may not write; start it as`,
  );
  assertSameTree(await readTree(store.root), before);
});

Deno.test("review says what makes no sense before it serves anything", async () => {
  await using store = await tempStore(ROTTEN);
  for (
    const [words, said] of [
      [["--mlflow-ui", "javascript:alert(1)"], "Cannot link to MLflow's UI: expected an address"],
      [["--mlflow-ui", "http://kim:secret@host"], "without credentials"],
      [["--allow-host", "a b"], "expected names of hosts"],
      [["--port", "-1"], "--port"],
      [
        ["--port", "65536"],
        "Cannot serve the page at port 65536: expected a number from 0 to 65535",
      ],
    ] as const
  ) {
    const { code, err } = await runTask("review", [...words, "--store", store.root]);
    assertEquals(code, 2, err);
    assertStringIncludes(err, said);
  }
});

/** What is told line by line, once all of it is. */
async function carriedOut(client: PageClient, name: string, body: object): Promise<string> {
  return await (await client.ask(name, body)).text();
}

function readReport(path: string): TaskReport {
  return JSON.parse(Deno.readTextFileSync(path));
}

Deno.test("review:apply reports each change as the task does that makes the same, undoings and failures too", async () => {
  await using disk = await diskStore(ROTTEN);
  const file = join(disk.outside, "page.json");
  const counted = async () => (await runForJson<Summary>("summary", disk.root)).runs;
  const before = await counted();
  await using page = await startReview(
    ...["review:apply", disk.root, "--port", "0", "--report", file] as const,
  );
  const client = clientOf({ url: page.address });
  const planned = () => client.post<PlanView>("plan", { values: {}, leftOut: [] });
  const { plan, words } = await planned();
  {
    using _lock = acquireLock(disk.root, "apply", Date.now());
    assertStringIncludes(await carriedOut(client, "apply", { plan, words }), '"work":"failed"');
  }
  const locked = readReport(file);
  assertEquals([locked.task, locked.store, locked.exitCode, locked.error?.name, locked.result], [
    ...["review:apply", disk.root, 11, "StoreLockedError", null],
  ]);
  const again = await planned();
  await carriedOut(client, "apply", { plan: again.plan, words: again.words });
  const { startedAt, finishedAt, result, undo, plan: of, runs, ...applied } = readReport(file);
  const { backup, totals, complete } = result as ApplyReport;
  assertEquals([of?.actions, complete], [totals.applied, true]);
  assert(0 < startedAt && startedAt <= finishedAt);
  const { active, deleted } = await counted();
  assertEquals(runs?.after, { active, deleted });
  assertEquals(undo, `deno task restore ${backup?.id} --store ${disk.root}`);
  assertEquals(applied, {
    schema: "mltidy/report/v1",
    version: manifest.version,
    task: "review:apply",
    exitCode: 0,
    error: null,
    store: disk.root,
    settled: [],
    remains: [],
  });
  await carriedOut(client, "restore", { id: backup?.id });
  const restored = readReport(file);
  assertEquals([restored.exitCode, restored.undo, restored.result?.schema], [
    ...[0, null, "mltidy/restore/v1"],
  ]);
  assertEquals(await counted(), before);
  assertEquals([...Deno.readDirSync(disk.outside)].length, 3);
  await page.end("SIGTERM");
  assertEquals(readReport(file), restored);
});

Deno.test("review:apply that cannot begin reports why, and review has nothing to report", async () => {
  await using disk = await diskStore(ROTTEN);
  const file = join(disk.outside, "page.json");
  const port = ["--port", "65536", "--store", disk.root];
  const ran = await runTask("review:apply", ["--report", file, ...port]);
  const { exitCode, error } = readReport(file);
  assertEquals([ran.code, exitCode, `${error?.message}\n`], [
    2,
    2,
    ran.err.split("\n").slice(-2).join("\n"),
  ]);
  const shown = await startTask("review", ["--report", file, "--store", disk.root]);
  assertEquals([shown.code, shown.err.split(";")[0]], [
    ...[2, "Cannot use --report: review changes nothing"],
  ]);
});

const LONG_AGO = { startTime: Date.UTC(2020, 0), endTime: Date.UTC(2020, 0) };
function manyRuns(count: number): SnapshotInit {
  const runs = Array.from({ length: count }, (_, index) => run({ id: runId(index), ...LONG_AGO }));
  return { experiments: [experiment({ runs })] };
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

for (const signal of SIGNALS) {
  Deno.test({
    name: `review:apply that carries nothing out is ended by ${signal} itself, whatever it is at`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using disk = await diskStore(manyRuns(100));
      await using looking = await startReview("review:apply", disk.root, "--port", "0");
      assertEquals((await looking.end(signal)).signal, signal);
      await using page = await startReview("review:apply", disk.root, "--port", "0");
      const client = clientOf({ url: page.address });
      await client.get("store");
      await client.post("pin", { path: `1/${runId(1)}`, pinned: true });
      assertEquals((await page.end(signal)).signal, signal);
    },
  });
}

Deno.test({
  name:
    "a signal ends what review:apply carries out between two actions, then the page, and the report tells so",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    // So many that a signal comes while they are carried out.
    await using disk = await diskStore(manyRuns(1_000));
    let deleted = 0;
    for (const signal of SIGNALS) {
      const file = join(disk.outside, `${signal}.json`);
      await using page = await startReview(
        ...["review:apply", disk.root, "--port", "0", "--report", file] as const,
      );
      const client = clientOf({ url: page.address });
      const { plan, words } = await client.post<PlanView>("plan", { values: {}, leftOut: [] });
      const { body } = await client.ask("apply", { plan, words });
      const lines = body!.pipeThrough(new TextDecoderStream()).getReader();
      while (!(await lines.read()).value?.includes("Applying"));
      const { code } = await page.end(signal);
      assertEquals(code, 130);
      assertStringIncludes(page.said(), "Stopping after the current action …\n");
      let told = "";
      for (let piece; (piece = await lines.read()).value !== undefined;) told += piece.value;
      assertStringIncludes(told, '"work":"done"');
      await using store = await openStore(disk.root);
      assertEquals(await store.changes?.interrupted(), []);
      const { runs } = await summary(store);
      assert(
        deleted < runs.deleted && runs.deleted < runs.total,
        `${runs.deleted} after ${signal}`,
      );
      deleted = runs.deleted;
      const { exitCode, error, runs: reported } = readReport(file);
      assertEquals([exitCode, error, reported?.after.deleted], [130, null, runs.deleted]);
    }
  },
});

Deno.test("review says what to grant so that it reaches a server elsewhere, whatever its address", async () => {
  const told = async (host: string) =>
    (await startTask("review", ["--store", `http://${host}`])).err.trim().split("type first: ")[1];
  assertEquals(
    [await told("10.0.0.1:7655"), await told("[::1]:7655")],
    [
      "export MLTIDY_GRANT=--allow-net=10.0.0.1:7655",
      "export MLTIDY_GRANT='--allow-net=[::1]:7655'",
    ],
  );
});
