import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import {
  DamagedBackupError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../../../lib/errors.ts";
import { parsePlan } from "../../../../lib/plan/parse_plan.ts";
import { applyPlan } from "../../../../tasks/apply_plan.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { loggedRowOf } from "../../../../tasks/_database/log/change_rows.ts";
import { move } from "../../../../tasks/moves/move.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { lockStore } from "../../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../../tasks/ports/store.ts";
import { verify } from "../../../../tasks/verify.ts";
import { experiment, loggedModel, NOW, run, runId } from "../../../_support/builders.ts";
import { SCHEMAS, type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { exactRowsOf } from "../../../_support/owned_rows.ts";

const [PARENT, CHILD, OTHER] = [1, 2, 3].map(runId) as [string, string, string];
const MODEL = `m-${runId(4)}`;

/** Runs with all that belongs to them, of which one stays. */
async function filled(schema: typeof SCHEMAS[number]): Promise<TempDatabase> {
  const isThree = schema === "3.17";
  const database = await tempDatabase({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        name: "scratch",
        runs: [
          run({ id: PARENT, name: "parent" }),
          run({ id: CHILD, name: "child", tags: { "mlflow.parentRunId": PARENT } }),
          run({ id: OTHER, name: "other" }),
        ],
        loggedModels: isThree ? [loggedModel({ id: MODEL, sourceRunId: PARENT })] : [],
      }),
      experiment({ id: "2", name: "keepers" }),
    ],
  }, { schema });
  database.execute(`
    INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
      VALUES ('d1', 1, 'rice', '4b8f', 'code', '{}');
    INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id) VALUES
      ('i1', 'DATASET', 'd1', 'RUN', '${PARENT}'), ('i2', 'DATASET', 'd1', 'RUN', '${CHILD}'),
      ('i3', 'DATASET', 'd1', 'RUN', '${OTHER}');
    INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('tr-1', 1, ${NOW}, 'OK');
    INSERT INTO trace_request_metadata (key, value, request_id) VALUES ('mlflow.sourceRun', '${PARENT}', 'tr-1')`);
  if (isThree) {
    database.execute(`
      INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value)
        VALUES ('${MODEL}', 1, 'lr', '1'), ('${MODEL}', 1, 'depth', '2');
      INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value)
        VALUES ('${MODEL}', 1, 'a', 'b')`);
  }
  return database;
}

const open = ({ uri }: TempDatabase): Promise<Store> => openStore(uri, { now: () => NOW });

/** What names an experiment, table by table. */
function placesIn({ path }: TempDatabase): Readonly<Record<string, readonly string[]>> {
  using database = new DatabaseSync(path, { readOnly: true });
  const read = (sql: string) => {
    try {
      return database.prepare(sql).all().map((row) => Object.values(row).join(" ")).toSorted();
    } catch {
      return [];
    }
  };
  return {
    runs: read("SELECT name, experiment_id FROM runs"),
    models: read("SELECT 'model', experiment_id FROM logged_models"),
    params: read("SELECT param_key, experiment_id FROM logged_model_params"),
    tags: read("SELECT tag_key, experiment_id FROM logged_model_tags"),
    traces: read("SELECT request_id, experiment_id FROM trace_info"),
    datasets: read("SELECT name, experiment_id FROM datasets"),
    inputs: read(
      "SELECT input_uuid, experiment_id FROM inputs JOIN datasets ON dataset_uuid = source_id",
    ),
  };
}

for (const schema of SCHEMAS) {
  Deno.test(`a run of a database of MLflow ${schema} moves with its children, models, traces and datasets, and comes back row by row`, async () => {
    await using database = await filled(schema);
    const before = exactRowsOf(database.path);
    await using store = await open(database);
    const { plan, report } = await move(store, { runs: [PARENT], to: "keepers", apply: true });
    assertEquals([plan.actions.length, report?.complete, report?.totals.applied], [2, true, 2]);
    const isThree = schema === "3.17";
    assertEquals(placesIn(database), {
      runs: ["child 2", "other 1", "parent 2"],
      models: isThree ? ["model 2"] : [],
      params: isThree ? ["depth 2", "lr 2"] : [],
      tags: isThree ? ["a 2"] : [],
      traces: ["tr-1 2"],
      datasets: ["rice 1", "rice 2"],
      inputs: ["i1 2", "i2 2", "i3 1"],
    });
    const errors = (await verify(store)).findings.filter(({ severity }) => severity === "error");
    assertEquals(errors, []);
    assertEquals((await move(store, { runs: [PARENT], to: "keepers" })).plan.actions, []);
    await restore(store);
    assertEquals(exactRowsOf(database.path), before);
  });
}

Deno.test("what of a database was moved comes back in part, and leaves a dataset that another run has come to name", async () => {
  await using database = await filled("3.17");
  await using store = await open(database);
  const { report } = await move(store, { experiments: ["1"], to: "2", apply: true });
  const { id } = report!.backup!;
  await restore(store, { id, run: OTHER });
  const { runs, datasets, inputs } = placesIn(database);
  assertEquals(runs, ["child 2", "other 1", "parent 2"]);
  assertEquals(datasets, ["rice 1", "rice 2"]);
  assertEquals(inputs, ["i1 2", "i2 2", "i3 1"]);
  await restore(store, { id });
  assertEquals(placesIn(database).runs, ["child 1", "other 1", "parent 1"]);
});

for (const [which, run] of [["child", CHILD], ["parent", PARENT]] as const) {
  Deno.test(`restore() of a ${which} that has moved in a database brings the tree of it back, and no other run`, async () => {
    await using database = await filled("3.17");
    await using store = await open(database);
    await move(store, { experiments: ["1"], to: "2", apply: true });
    await restore(store, { run });
    assertEquals(placesIn(database).runs, ["child 1", "other 2", "parent 1"]);
    await restore(store);
    assertEquals(placesIn(database).runs, ["child 1", "other 1", "parent 1"]);
  });
}

Deno.test("a saved move of a database leaves a run that has changed since, and one whose target is deleted", async () => {
  await using database = await filled("3.17");
  await using store = await open(database);
  const { plan } = await move(store, { runs: [OTHER], to: "keepers" });
  const saved = parsePlan(JSON.stringify(plan), "plan.json");
  const before = placesIn(database);
  {
    await using locked = await lockStore(store, { task: "apply" });
    const since = await locked.read({
      depth: "tags",
      extras: (await import("../../../../lib/move/choose_runs.ts")).MOVE_EXTRAS,
    });
    database.execute("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 2");
    const report = await applyPlan(locked, saved, { since });
    assertEquals(report.outcomes.map((one) => one.outcome === "skipped" && one.because), [
      "changed-since-plan",
    ]);
    assertEquals(report.backup, null);
  }
  assertEquals(placesIn(database), before);
});

Deno.test("a move of a database is not undone over what was moved again since", async () => {
  await using database = await filled("3.17");
  await using store = await open(database);
  const { report } = await move(store, { runs: [OTHER], to: "keepers", apply: true });
  const { report: newer } = await move(store, { runs: [OTHER], to: "Default", apply: true });
  const { id } = newer!.backup!;
  const { collisions, advice } = await assertRejects(
    () => restore(store, { id: report!.backup!.id }),
    RestoreCollisionError,
  );
  assertEquals(
    collisions[0],
    `run ${OTHER}: expected it in experiment 2, found that ${id} moved it on; undo that first`,
  );
  assertEquals(advice.rescue, `deno task restore ${id} --store ${database.uri}`);
  assertEquals(placesIn(database).runs, ["child 1", "other 0", "parent 1"]);
});

Deno.test("a move of a database is not undone into an experiment that is deleted", async () => {
  await using database = await filled("3.17");
  await using store = await open(database);
  await move(store, { runs: [PARENT], to: "keepers", apply: true });
  database.execute("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 1");
  const before = placesIn(database);
  const refused = () => assertRejects(() => restore(store), RestoreCollisionError);
  const need = `run ${PARENT}, with 1 other, goes back into it`;
  const { collisions } = await refused();
  assertEquals(collisions, [
    `experiment 1: expected it active, since ${need}, found it deleted; restore it first with \`mlflow experiments restore --experiment-id 1\``,
  ]);
  assertEquals((await restore(store, { dryRun: true })).collisions, collisions);
  assertEquals(placesIn(database), before);
  database.execute("UPDATE experiments SET lifecycle_stage = 'active' WHERE experiment_id = 1");
  await restore(store);
  assertEquals(placesIn(database).runs, ["child 1", "other 1", "parent 1"]);
});

Deno.test("what was changed in a database is copied nowhere, and a dry run says so, too", async () => {
  await using database = await filled("3.17");
  await using store = await open(database);
  await move(store, { runs: [OTHER], to: "keepers", apply: true });
  for (const dryRun of [true, false]) {
    await assertRejects(
      () => restore(store, { to: `${database.path}-copied`, dryRun }),
      UnsupportedStoreError,
      "Cannot copy to another place what was changed in store",
    );
  }
});

Deno.test("the log of a database is not believed where it says of a move what none makes", () => {
  const row = (table: string, key: unknown, before: unknown, after: unknown) => ({
    number: 1,
    change: "c",
    experiment: "1",
    run: PARENT,
    table_name: table,
    key: JSON.stringify(key),
    before: JSON.stringify(before),
    after: JSON.stringify(after),
  });
  const from = { experiment_id: 1 };
  const to = { experiment_id: 2 };
  const sound = row("runs", { run_uuid: PARENT }, from, to);
  assertEquals(loggedRowOf(sound).after, to);
  const wrong = [
    row("runs", { run_uuid: OTHER }, from, to),
    row("runs", { run_uuid: PARENT }, from, { experiment_id: "2" }),
    row("runs", { run_uuid: PARENT }, from, { ...to, name: "a" }),
    row("experiments", { experiment_id: 1 }, from, to),
    row("trace_info", { status: "OK" }, from, to),
    row("inputs", { input_uuid: "i1" }, { source_id: "d1" }, { source_id: 2 }),
    row("datasets", { dataset_uuid: "d1" }, { name: null }, { name: "a", other: "b" }),
  ];
  for (const one of wrong) assertThrows(() => loggedRowOf(one), DamagedBackupError);
});
