/**
 * Every task on a database: what it shows, and what it refuses.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { Kept } from "../../lib/plan/plan.ts";
import {
  DAY,
  deletedRun,
  experiment,
  modelVersion,
  registeredModel,
  run,
  runId,
  type SnapshotInit,
} from "../_support/builders.ts";
import { runTask, startTask } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const now = Date.now();
const old = { startTime: now - 101 * DAY, endTime: now - 100 * DAY };
const STORE: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({
      id: "1",
      name: "churn",
      runs: [
        run({ id: runId(1), ...old }),
        run({ id: runId(2), ...old }),
        deletedRun({ id: runId(3), deletedTime: now - 60 * DAY }),
      ],
    }),
  ],
  registeredModels: [registeredModel({ versions: [modelVersion({ runId: runId(2) })] })],
};

Deno.test("the tasks that only look work on a database as on a directory", async () => {
  await using database = await tempDatabase(STORE, { artifacts: true });
  const before = await readTree(database.directory);
  const document = async (task: string, ...words: readonly string[]) => {
    const { code, out, err } = await runTask(task, [...words, "--json", "--store", database.uri]);
    assertEquals([code, err], [0, `Store ${database.uri} (chosen by --store)\n`], task);
    return JSON.parse(out);
  };
  const summary = await document("summary", "--sizes");
  assertEquals(
    [summary.schema, summary.store, summary.runs.total, summary.runs.deleted, summary.usage.files],
    ["mltidy/summary/v1", database.uri, 3, 1, 3],
  );
  const verified = await document("verify");
  assertEquals([verified.schema, verified.findings], ["mltidy/verify/v1", []]);
  const plan = await document("cleanup");
  assertEquals(
    plan.actions.map(({ kind, runId }: { kind: string; runId: string }) => [kind, runId]),
    [["soft-delete-run", runId(1)], ["purge-run", runId(3)]],
  );
  assertEquals(
    plan.kept.map(({ path, reasons: [{ kind }] }: Kept) => [path, kind]),
    [[`1/${runId(2)}`, "registered"]],
  );
  assertEquals((await document("prune")).totals.softDeleteRuns, 1);
  const explained = await document("explain", runId(2));
  assertEquals(explained.reasons[0].kind, "registered");
  const { verdict, reasons } = await document("explain", runId(3));
  assertEquals([verdict, reasons[0].kind], ["purge", "deleted-longer-than"]);
  assertEquals((await document("preflight", "--check")).ready, true);
  assertSameTree(await readTree(database.directory), before);
});

Deno.test("a database is cleaned up and brought back as a directory is", async () => {
  await using database = await tempDatabase(STORE);
  const store = ["--store", database.uri];
  const { out } = await runTask("cleanup", store);
  assertStringIncludes(out, "Plan: 1 to soft-delete, 1 to purge, 0 to quarantine; ");
  assertStringIncludes(out, `To carry it out: deno task cleanup:apply --store ${database.uri}`);
  assertEquals((await runTask("cleanup:apply", store)).code, 2);
  const applied = await runTask("cleanup:apply", ["--force", ...store]);
  assertEquals([applied.code, applied.out.includes("1 soft-deleted")], [0, true], applied.out);
  const listed = await runTask("backup", ["--list", ...store]);
  assertStringIncludes(listed.out, "cleanup");
  const restored = await runTask("restore", ["--last", ...store]);
  assertEquals([restored.code, restored.out.includes("2 changes")], [0, true], restored.out);
  assertEquals(JSON.parse((await runTask("summary", ["--json", ...store])).out).runs.deleted, 1);
});

Deno.test("a policy beside a database goes for it", async () => {
  await using database = await tempDatabase(STORE);
  writeFiles(database.directory, { "mltidy.yaml": "retention: { keep_last: 5 }\n" });
  const { out, err } = await runTask("cleanup", ["--json", "--store", database.path]);
  assertStringIncludes(
    err,
    `Configuration ${join(database.directory, "mltidy.yaml")} (found beside`,
  );
  assertEquals(JSON.parse(out).totals.softDeleteRuns, 0);
  writeFiles(database.directory, { "mltidy.yaml": "store: sqlite:///mlflow.db\n" });
  const directory = database.directory;
  assertEquals(
    (await runTask("summary", [], { directory })).err,
    `Store ${database.uri} (chosen by mltidy.yaml)\nConfiguration ${
      join(directory, "mltidy.yaml")
    } (found beside the store)\n`,
  );
});

Deno.test("what cannot be done with a database ends with 12, and changes nothing", async () => {
  await using database = await tempDatabase(STORE);
  const before = await readTree(database.directory);
  const store = ["--store", database.uri];
  const commands = [
    ["cleanup:apply", "--force", "--backups", database.directory, ...store],
    ["repair", "--relocate", ...store],
    ["repair:apply", "--force", "--drop-lines", ...store],
    ["backup", "--run", runId(1), ...store],
    ["backup", "--experiment", "1", "--dry-run", ...store],
    ["preflight", "churn", ...store],
    ["verify", "--for-migration", ...store],
    ["run", "--experiment", "churn", "--strict", ...store, "--", "true"],
  ];
  for (const [task = "", ...words] of commands) {
    const { code, err } = await runTask(task, words);
    assertEquals(code, 12, `${task}: ${err}`);
    assertStringIncludes(err, `store ${database.uri}`);
  }
  const unlogged = await runTask("run", ["--experiment", "churn", ...store, "--", "true"]);
  assertEquals(unlogged.code, 0);
  assertStringIncludes(unlogged.err, "the program has no run\n");
  const except = ["mlflow.db.mltidy"];
  assertSameTree(await readTree(database.directory, { except }), before);
});

Deno.test("preflight of an experiment in a database names what works there, and that does", async () => {
  await using database = await tempDatabase(STORE);
  const { code, err } = await runTask("preflight", ["churn", "--store", database.uri]);
  assertEquals(code, 12);
  const [, command = ""] = /without a name, `deno task (.*)` makes it ready/.exec(err) ?? [err];
  assertEquals(command, `preflight --store ${database.uri}`);
  const [task = "", ...words] = command.split(" ");
  assertEquals((await runTask(task, words)).code, 0);
});

Deno.test("without a name the database in the directory is taken where ./mlruns holds artifacts alone", async () => {
  await using database = await tempDatabase(STORE, { artifacts: true });
  const { directory, uri } = database;
  const { code, err } = await runTask("cleanup", [], { directory });
  assertEquals(
    [code, err],
    [0, `Store ${uri} (chosen by default: ./mlruns holds no experiment)\n`],
  );
  const environment = { MLFLOW_TRACKING_URI: "sqlite:///mlflow.db" };
  assertEquals(
    (await runTask("summary", [], { directory, environment })).err,
    `Store ${uri} (chosen by MLFLOW_TRACKING_URI)\n`,
  );
  const named = await runTask("summary", ["--store", database.path], { directory, environment });
  assertEquals(named.err, `Store ${uri} (chosen by --store)\n`);
  for (const place of [directory, join(directory, "mlruns")]) {
    const refused = await runTask("summary", ["--store", place]);
    assertEquals(refused.code, 12);
    assertStringIncludes(refused.err, `with --store ${uri}`);
  }
});

Deno.test("a process that may only read plans for a database in WAL mode, and leaves nothing beside it", async () => {
  await using database = await tempDatabase(STORE, { onDisk: true, artifacts: true });
  database.execute("PRAGMA journal_mode = WAL");
  const before = await readTree(database.directory);
  const { code, out } = await startTask("cleanup", ["--store", database.uri]);
  assertEquals(code, 0);
  assertStringIncludes(out, "Plan: 1 to soft-delete, 1 to purge, 0 to quarantine; ");
  assertSameTree(await readTree(database.directory), before);
});

Deno.test("what is said of a database promises only what it can do", async () => {
  await using database = await tempDatabase(STORE);
  const store = ["--store", database.uri];
  const said = async (...words: readonly string[]) => {
    const { out, err } = await runTask(words[0]!, [...words.slice(1), ...store]);
    return `${out}${err}`;
  };
  for (const words of [["restore"], ["restore", "20200101T000000Z-prune"]]) {
    const text = await said(...words);
    assertEquals(/--backups|--to/.test(text), false, text);
  }
  assertStringIncludes(await said("repair"), "Nothing to do.");
  assertEquals((await runTask("verify", store)).code, 0);
  assertStringIncludes(await said("restore", "--last"), "Without a backup, as after --no-backup");
  assertEquals((await said("summary")).includes("backup"), false);
  const part = await said("backup", "--experiment", "1");
  assertStringIncludes(part, "leave out --experiment, or type --metadata in its place");
  // Something is in the way of what is to come back.
  await runTask("cleanup:apply", ["--force", ...store]);
  assertStringIncludes(await said("summary"), "\n1 backup\n");
  database.execute("UPDATE runs SET deleted_time = 1 WHERE lifecycle_stage = 'deleted'");
  const blocked = await said("restore", "--last");
  const listing = /add --experiment NAME or --run NAME, as `(deno task restore .* --list .*)` names/
    .exec(blocked.replaceAll(/\n(?! )/g, " "));
  assertEquals(
    (await runTask("restore", listing![1]!.split(" ").slice(3))).code,
    0,
  );
  assertEquals(blocked.includes("--to"), false, blocked);
});

Deno.test("a directory for backups that is configured holds copies of a database, and no task stops for it", async () => {
  await using database = await tempDatabase(STORE);
  const { directory, uri } = database;
  writeFiles(directory, {
    "mltidy.yaml": "backups:\n  directory: kept\nretention:\n  keep_within: 30d\n",
  });
  for (const task of ["cleanup:apply", "repair:apply", "preflight"]) {
    const words = [...task === "preflight" ? [] : ["--force"], "--store", uri];
    const { code, err } = await runTask(task, words, { directory });
    assertEquals(code, 0, err);
    const flagged = await runTask(task, [...words, "--backups", join(directory, "kept")]);
    if (task === "preflight") continue;
    assertEquals(flagged.code, 12, task);
    assertStringIncludes(flagged.err, "is kept beside it");
  }
});
