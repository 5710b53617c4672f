/**
 * Every task on a database: what it shows, and what it refuses.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
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

const FOR_REVIEW =
  "For review: this version of mltidy only plans for databases, and changes nothing in them.\n\n";

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
    [
      ["soft-delete-run", runId(1)],
      ["purge-run", runId(3)],
    ],
  );
  assertEquals((await document("prune")).totals.softDeleteRuns, 1);
  const explained = await document("explain", runId(2));
  assertEquals(explained.reasons[0].kind, "registered");
  assertEquals((await document("preflight", "--check")).ready, true);
  assertSameTree(await readTree(database.directory), before);
});

Deno.test("a plan for a database says first that it is for review, and proposes no command that fails", async () => {
  await using database = await tempDatabase(STORE);
  for (const words of [[], ["--format", "markdown"], ["--all"]]) {
    const { out } = await runTask("cleanup", [...words, "--store", database.uri]);
    assert(out.startsWith(FOR_REVIEW), out);
    assert(!out.includes(":apply"), out);
  }
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

Deno.test("what would change a database ends with 12 before anybody is asked, and says what works", async () => {
  await using database = await tempDatabase(STORE);
  const plan = join(database.directory, "plan.json");
  const { out } = await runTask("cleanup", ["--json", "--store", database.uri]);
  writeFiles(database.directory, { "plan.json": out });
  const before = await readTree(database.directory);
  const store = ["--store", database.uri];
  const commands = [
    ["cleanup:apply", "--force", ...store],
    ["cleanup:apply", ...store],
    ["prune:apply", "--force", ...store],
    ["apply", plan, "--force"],
    ["repair", ...store],
    ["repair:apply", "--force", ...store],
    ["backup", ...store],
    ["restore", ...store],
    ["restore", "--last", ...store],
    ["preflight", "churn", ...store],
    ["verify", "--for-migration", ...store],
  ];
  for (const [task = "", ...words] of commands) {
    const { code, err } = await runTask(task, words);
    assertEquals(code, 12, `${task}: ${err}`);
    assertStringIncludes(err, `store ${database.uri}`);
  }
  const { err } = await runTask("cleanup:apply", ["--force", "--days-old", "90", ...store]);
  assertStringIncludes(err, `\`deno task cleanup --store ${database.uri}\` shows the plan`);
  assertEquals((await runTask("apply", [plan, "--dry-run"])).code, 0);
  assertSameTree(await readTree(database.directory), before);
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
  assert(out.startsWith(FOR_REVIEW));
  assertStringIncludes(out, "Plan: 1 to soft-delete, 1 to purge, 0 to quarantine; ");
  assertSameTree(await readTree(database.directory), before);
});
