import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { RestoreCollisionError, UnsupportedStoreError } from "../../../../lib/errors.ts";
import { parsePlan } from "../../../../lib/plan/parse_plan.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { merge } from "../../../../tasks/moves/merge.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { lockStore } from "../../../../tasks/ports/lock_store.ts";
import type { Change, Store } from "../../../../tasks/ports/store.ts";
import { verify } from "../../../../tasks/verify.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { SCHEMAS, type TempDatabase } from "../../../_support/database_store.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import {
  CHILD,
  HERE,
  MODEL,
  OTHER,
  PARENT,
  TRACE,
  writeDesk,
  writeLaptop,
} from "../../../_support/mergeable.ts";
import { exactRowsOf } from "../../../_support/owned_rows.ts";
import { readTree } from "../../../_support/tree.ts";

const open = ({ uri }: TempDatabase): Promise<Store> => openStore(uri, { now: () => NOW });

const treeOf = ({ directory }: TempDatabase) =>
  readTree(directory, { except: ["mlflow.db", "mlflow.db.mltidy"] });

function ask({ path }: TempDatabase, sql: string): readonly string[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database.prepare(sql).all().map((row) => Object.values(row).join(" ")).toSorted();
}

for (const schema of SCHEMAS) {
  const isThree = schema === "3.17";
  Deno.test(`a database of MLflow ${schema} is merged into another one row by row with its artifacts, and taken out again`, async () => {
    await using here = await writeDesk(schema);
    await using there = await writeLaptop(schema);
    const [rows, tree] = [exactRowsOf(here.path), await treeOf(here)];
    const other = [exactRowsOf(there.path), await treeOf(there)];
    await using store = await open(here);
    await using from = await open(there);
    const { plan, report } = await merge(store, { from, apply: true });
    assertEquals(plan.kept, []);
    assertEquals(report?.outcomes.filter(({ outcome }) => outcome !== "applied"), []);
    assertEquals([exactRowsOf(there.path), await treeOf(there)], other);
    const root = here.artifacts;
    assertEquals(ask(here, "SELECT name, experiment_id, artifact_location FROM experiments"), [
      `Default 0 ${root}/0`,
      `rice 1 ${root}/1`,
      `wheat 3 ${root}/3`,
    ]);
    assertEquals(ask(here, "SELECT name, experiment_id, artifact_uri FROM runs"), [
      `child 1 ${root}/1/${CHILD}/artifacts`,
      `here 1 ${root}/1/${HERE}/artifacts`,
      `other 3 ${root}/3/${OTHER}/artifacts`,
      `parent 1 ${root}/1/${PARENT}/artifacts`,
    ]);
    assertEquals(ask(here, "SELECT source, storage_location FROM model_versions"), [
      `${root}/1/${PARENT}/artifacts/model file://${root}/1/${PARENT}/artifacts/model`,
    ]);
    assertEquals(ask(here, "SELECT value FROM trace_tags"), [
      `${root}/1/traces/${TRACE}/artifacts`,
    ]);
    assertEquals(ask(here, "SELECT key, value FROM experiment_tags"), ["owner kim"]);
    assertEquals(ask(here, "SELECT dataset_uuid, experiment_id FROM datasets"), ["d1 1"]);
    const same = ["metrics", "params", "tags", "inputs", "input_tags", "registered_models"];
    const mine = exactRowsOf(here.path);
    const theirs = other[0] as ReturnType<typeof exactRowsOf>;
    for (const table of same) {
      assert(theirs[table]!.every((row) => mine[table]!.includes(row)), table);
    }
    const file = (path: string) => Deno.readTextFileSync(join(root, path));
    assertEquals(file(`1/${PARENT}/artifacts/model/MLmodel`), "flavors: {}\n");
    assertEquals(file(`3/${OTHER}/artifacts/report.txt`), "other\n");
    assertEquals(file(`1/traces/${TRACE}/artifacts/traces.json`), "{}");
    if (isThree) {
      assertEquals(ask(here, "SELECT artifact_location, experiment_id FROM logged_models"), [
        `${root}/1/models/${MODEL}/artifacts 1`,
      ]);
      for (const table of ["logged_model_params", "logged_model_metrics", "spans", "assessments"]) {
        assertEquals(ask(here, `SELECT experiment_id FROM ${table}`), ["1"], table);
      }
      assertEquals(file(`1/models/${MODEL}/artifacts/MLmodel`), "flavors: {}\n");
    }
    const errors = (await verify(store)).findings.filter(({ severity }) => severity === "error");
    assertEquals(errors, []);
    const again = (await merge(store, { from })).plan;
    assertEquals([again.actions, again.kept], [[], []]);
    await restore(store);
    assertEquals([exactRowsOf(here.path), await treeOf(here)], [rows, tree]);
  });
}

/** What somebody has done since, and what of it is told. */
const since: Readonly<Record<string, readonly [change: string, told: RegExp]>> = {
  "a tag of it": [
    `INSERT INTO tags (key, value, run_uuid) VALUES ('k', 'v', '${PARENT}')`,
    new RegExp(`run ${PARENT}: .*other rows of table tags`),
  ],
  "its stage": [
    `UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = '${PARENT}'`,
    new RegExp(`run ${PARENT}: .*other rows of table runs`),
  ],
  "a run in its experiment": [
    `INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('${
      runId(9)
    }', 3, 'active')`,
    new RegExp(`experiment 3: .*run ${runId(9)} has come to name it`),
  ],
  "a version that names it": [
    `INSERT INTO registered_models (name) VALUES ('cake');
      INSERT INTO model_versions (name, version, run_id) VALUES ('cake', 1, '${PARENT}')`,
    new RegExp(`run ${PARENT}: .*registered-model cake has come to name it`),
  ],
  "a run that names its dataset": [
    `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
      VALUES ('i9', 'DATASET', 'd1', 'RUN', '${HERE}')`,
    new RegExp(`run ${HERE} has come to name dataset d1`),
  ],
  "a link of its model": [
    `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
      VALUES ('i9', 'RUN_INPUT', '${HERE}', 'MODEL_INPUT', '${MODEL}')`,
    new RegExp(`logged model ${MODEL}: .*other rows of table inputs`),
  ],
};

for (const [what, [change, told]] of Object.entries(since)) {
  Deno.test(`what was merged is not taken out over ${what}`, async () => {
    await using here = await writeDesk("3.17");
    await using there = await writeLaptop("3.17");
    await using store = await open(here);
    await using from = await open(there);
    await merge(store, { from, apply: true });
    here.execute(change);
    const rows = exactRowsOf(here.path);
    const error = await assertRejects(() => restore(store), RestoreCollisionError);
    assert(error.collisions.some((one) => told.test(one)), error.collisions.join("\n"));
    assertEquals(exactRowsOf(here.path), rows);
    const { collisions } = await restore(store, { dryRun: true });
    assertEquals(collisions, error.collisions);
  });
}

Deno.test("what was merged is not taken out over artifacts that were changed, and goes once they are as they were", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  const rows = exactRowsOf(here.path);
  await using store = await open(here);
  await using from = await open(there);
  await merge(store, { from, apply: true });
  const place = join(here.artifacts, "1", PARENT, "artifacts");
  writeFiles(place, { "more.txt": "more" });
  const error = await assertRejects(() => restore(store), RestoreCollisionError);
  assertEquals(error.collisions, [
    `run ${PARENT}: expected its artifacts as they were copied in, found other ones at ${
      join(here.artifacts, "1", PARENT)
    }`,
  ]);
  Deno.removeSync(join(place, "more.txt"));
  await restore(store);
  assertEquals(exactRowsOf(here.path), rows);
});

Deno.test("a merge goes in parts that nothing else of it names, and then as a whole", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  const before = [exactRowsOf(here.path), await treeOf(here)];
  await using store = await open(here);
  await using from = await open(there);
  const { report } = await merge(store, { from, apply: true });
  const { id } = report!.backup!;
  const { items } = await restore(store, { id, dryRun: true });
  assertEquals(items.map(({ path, how }) => `${how} ${path}`).toSorted(), [
    `goes 1/${PARENT}`,
    `goes 1/${CHILD}`,
    `goes 1/models/${MODEL}`,
    `goes 1/traces/${TRACE}`,
    `goes 3`,
    `goes 3/${OTHER}`,
    "goes models/bread",
  ]);
  const error = await assertRejects(
    () => restore(store, { id, run: PARENT }),
    RestoreCollisionError,
  );
  assertEquals(error.collisions, [
    `run ${PARENT}: expected it as it was copied in, found that run ${CHILD} has come to name dataset d1`,
    `logged model ${MODEL}: expected it as it was copied in, found other rows of table logged_model_metrics`,
  ]);
  assertEquals((await restore(store, { id, experiment: "wheat" })).changes, 2);
  assertEquals(ask(here, "SELECT name FROM runs"), ["child", "here", "parent"]);
  assertEquals((await restore(store, { id, run: CHILD })).changes, 1);
  assertEquals(ask(here, "SELECT name FROM runs"), ["here", "parent"]);
  await restore(store, { id });
  assertEquals([exactRowsOf(here.path), await treeOf(here)], before);
});

Deno.test("of two things of one id the one here stays, and the other one is named", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  there.execute(`UPDATE runs SET run_uuid = '${HERE}' WHERE run_uuid = '${OTHER}';
    UPDATE tags SET run_uuid = '${HERE}' WHERE run_uuid = '${OTHER}'`);
  here.execute("INSERT INTO registered_models (name) VALUES ('bread')");
  await using store = await open(here);
  await using from = await open(there);
  const { plan, report } = await merge(store, { from, apply: true });
  assertEquals(report?.totals.failed, 0);
  assertEquals(
    plan.kept.map(({ path, reasons: [first] }) =>
      `${path} ${first.kind} ${"path" in first ? first.path : ""}`
    ),
    [`1/${HERE} differs-here 1/${HERE}`, "models/bread differs-here models/bread"],
  );
  assertEquals(ask(here, `SELECT name FROM runs WHERE run_uuid = '${HERE}'`), ["here"]);
  assertEquals(ask(here, "SELECT version FROM model_versions"), []);
});

Deno.test("a dataset that is here under another id is named by that", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  here.execute(`
    INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
      VALUES ('mine', 1, 'grains', '4b8f', 'code', '{}')`);
  const rows = exactRowsOf(here.path);
  await using store = await open(here);
  await using from = await open(there);
  await merge(store, { from, apply: true });
  assertEquals(ask(here, "SELECT dataset_uuid FROM datasets"), ["mine"]);
  assertEquals(ask(here, "SELECT input_uuid, source_id FROM inputs"), [
    "i1 mine",
    "i2 mine",
    `i3 ${PARENT}`,
  ]);
  assertEquals(ask(here, "SELECT dataset_uuid FROM logged_model_metrics"), ["mine"]);
  assertEquals((await merge(store, { from })).plan.actions, []);
  await restore(store);
  assertEquals(exactRowsOf(here.path), rows);
});

Deno.test("a dataset whose id is taken here gets another one", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  here.execute(`
    INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
      VALUES ('d1', 0, 'pulses', '1', 'code', '{}')`);
  await using store = await open(here);
  await using from = await open(there);
  await merge(store, { from, apply: true });
  const named = `SELECT d.name, d.experiment_id FROM inputs AS i
    JOIN datasets AS d ON d.dataset_uuid = i.source_id`;
  assertEquals(ask(here, named), ["grains 1", "grains 1"]);
});

/** What keeps two databases apart, and what is told. */
const refused: Readonly<Record<string, readonly [change: string, told: string]>> = {
  "another revision": [
    "UPDATE alembic_version SET version_num = 'c9d4e5f6a7b8'",
    "`mlflow db upgrade sqlite:///",
  ],
  "a table that is not known": [
    "CREATE TABLE notes (run_id TEXT)",
    "table notes of",
  ],
  "rows that would be lost": [
    "INSERT INTO scorers (experiment_id, scorer_name, scorer_id) VALUES (1, 's', 's')",
    "copies nothing: scorers",
  ],
  "another workspace": [
    "UPDATE experiments SET workspace = 'bakery' WHERE experiment_id = 1",
    "found bakery as well",
  ],
};

for (const [what, [change, told]] of Object.entries(refused)) {
  Deno.test(`a database with ${what} is not merged`, async () => {
    await using here = await writeDesk("3.17");
    await using there = await writeLaptop("3.17");
    there.execute(change);
    await using store = await open(here);
    await using from = await open(there);
    await assertRejects(() => merge(store, { from }), UnsupportedStoreError, told);
  });
}

Deno.test("a saved merge leaves what has changed in the other store since", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  await using store = await open(here);
  await using from = await open(there);
  const { plan } = await merge(store, { from });
  const saved = parsePlan(JSON.stringify(plan), "plan.json");
  writeFiles(join(there.artifacts, "1", OTHER, "artifacts"), { "late.txt": "late" });
  await using locked = await lockStore(store, { task: "merge" });
  await using change = await locked.begin({
    ...{ task: "merge", actions: saved.actions, now: NOW, keepBackup: true },
  });
  assertEquals(await othersOf(change), [`3/${OTHER} skipped`]);
});

Deno.test("a saved merge puts nothing into what has got the id of its experiment since, and the rest is done", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  await using store = await open(here);
  await using from = await open(there);
  const { plan } = await merge(store, { from });
  here.execute(`INSERT INTO experiments (experiment_id, name, lifecycle_stage, artifact_location)
    VALUES (3, 'oats', 'active', '${here.artifacts}/3')`);
  await using locked = await lockStore(store, { task: "merge" });
  await using change = await locked.begin({
    ...{ task: "merge", actions: plan.actions, now: NOW, keepBackup: true },
  });
  assertEquals(await othersOf(change), ["3 failed", `3/${OTHER} skipped`]);
  await change.finish();
  assertEquals(ask(here, "SELECT name FROM runs WHERE experiment_id = 3"), []);
  assertEquals(ask(here, "SELECT name FROM runs WHERE experiment_id = 1").length, 3);
  assert(!(await treeOf(here)).has(`mlruns/3`));
});

/** What of a change was not applied. */
async function othersOf(change: Change): Promise<readonly string[]> {
  const others = [];
  for await (const { path, outcome } of change.performAll()) {
    if (outcome !== "applied") others.push(`${path} ${outcome}`);
  }
  return others;
}

Deno.test("artifacts of a merge that is cut off are freed, and rows are as before", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  const before = [exactRowsOf(here.path), await treeOf(here)];
  await using store = await open(here);
  await using from = await open(there);
  const { plan } = await merge(store, { from });
  {
    await using locked = await lockStore(store, { task: "merge" });
    await using change = await locked.begin({
      ...{ task: "merge", actions: plan.actions, now: NOW, keepBackup: true },
    });
    assertEquals(await othersOf(change), []);
  }
  assertEquals([exactRowsOf(here.path), await treeOf(here)], before);
});

Deno.test("what lies in a bucket stays there, and rows name it as before", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  there.execute(`UPDATE experiments SET artifact_location = 's3://grain/1' WHERE experiment_id = 1;
    UPDATE runs SET artifact_uri = 's3://grain/1/${OTHER}/artifacts' WHERE run_uuid = '${OTHER}'`);
  await using store = await open(here);
  await using from = await open(there);
  const { plan } = await merge(store, { from, experiments: ["wheat"], apply: true });
  assertEquals(
    plan.actions.map(({ path, reasons }) => `${path} ${reasons.at(-1)!.kind}`),
    ["3 place-stays", `3/${OTHER} place-stays`],
  );
  assertEquals(ask(here, `SELECT artifact_uri FROM runs WHERE run_uuid = '${OTHER}'`), [
    `s3://grain/1/${OTHER}/artifacts`,
  ]);
  assertEquals((await merge(store, { from, experiments: ["wheat"] })).plan.actions, []);
});

Deno.test("runs whose artifacts would lie elsewhere than those of their experiment here stay, and it is said where", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  here.execute("UPDATE experiments SET artifact_location = 's3://rice' WHERE experiment_id = 1");
  await using store = await open(here);
  await using from = await open(there);
  const { plan } = await merge(store, { from, experiments: ["rice"] });
  // Its version names what it named, since that is not copied.
  assertEquals(
    plan.actions.map((one) =>
      `${one.path} ${"records" in one && one.records.length} ${one.reasons.at(-1)!.kind}`
    ),
    ["models/bread 0 place-stays"],
  );
  const [{ reasons: [first] }] = plan.kept.filter(({ path }) => path === `2/${PARENT}`) as [
    typeof plan.kept[number],
  ];
  assert("message" in first && first.message?.includes("has its own in s3://rice"), first.kind);
});

Deno.test("a database whose artifacts lie on no disk of this machine takes none from one", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  here.execute("UPDATE experiments SET artifact_location = 's3://grain/' || experiment_id");
  await using store = await open(here);
  await using from = await open(there);
  await assertRejects(
    () => merge(store, { from }),
    UnsupportedStoreError,
    "no experiment of the second has its own there",
  );
});

Deno.test("once its backup is gone, what was merged stays for good", async () => {
  await using here = await writeDesk("3.17");
  await using there = await writeLaptop("3.17");
  await using store = await open(here);
  await using from = await open(there);
  const { report } = await merge(store, { from, apply: true });
  const merged = [exactRowsOf(here.path), await treeOf(here)];
  {
    await using locked = await lockStore(store, { task: "backup" });
    await using backups = await locked.backups!.lock(null, "changes");
    assert(await backups.remove(report!.backup!.id));
  }
  assertEquals((await restore(store)).changes, 0);
  assertEquals([exactRowsOf(here.path), await treeOf(here)], merged);
});
