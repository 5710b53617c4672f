import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import {
  StoreAccessError,
  type StoreError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { type CleanupPolicy, policyOfAges } from "../../../lib/policy/policy.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { RULES } from "../../../lib/verify/rules.ts";
import { verifySnapshot } from "../../../lib/verify/verify_snapshot.ts";
import { openDatabaseStore } from "../../../tasks/_database/database_store.ts";
import {
  DAY,
  deletedRun,
  experiment,
  NOW,
  run,
  runId,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { SCHEMAS, type TempDatabase, tempDatabase } from "../../_support/database_store.ts";
import { writeFiles } from "../../_support/disk_store.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../../_support/tree.ts";
import { type MakeStore, testChanging, testReading } from "../ports/store_contract.ts";

const open = (path: string) => openDatabaseStore(path, { chosenBy: "by --store", now: () => NOW });

for (const schema of SCHEMAS) {
  const make: MakeStore = async (init) => {
    const database = await tempDatabase(init, { schema, artifacts: true });
    return {
      store: open(database.path),
      contents: () => readTree(database.directory),
      failRun: () =>
        database.execute(`UPDATE runs SET status = 'FAILED' WHERE run_uuid = '${runId(1)}'`),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  };
  testReading(`a database of MLflow ${schema}`, make);
  testChanging(`a database of MLflow ${schema}`, make);
}

Deno.test("sizes are those of the artifacts, wherever they lie on this machine", async () => {
  await using database = await tempDatabase(
    {
      experiments: [
        experiment({
          id: "1",
          runs: [run({ id: runId(1) }), deletedRun({ id: runId(2) }), run({ id: runId(3) })],
        }),
      ],
    },
    { artifacts: true },
  );
  Deno.removeSync(join(database.artifacts, "1", runId(3)), { recursive: true });
  const store = open(database.path);
  const usages = async (sizes: boolean) => {
    const { experiments: [one] } = await store.read({ depth: "tags", sizes });
    return [one!.usage?.files ?? null, ...one!.runs.map(({ usage }) => usage?.files ?? null)];
  };
  assertEquals(await usages(true), [2, 1, 1, 0]);
  const { experiments: [sized] } = await store.read({ depth: "tags", sizes: true });
  assertEquals([sized!.parts?.artifacts.files, sized!.parts?.traces.files], [2, 0]);
  assertEquals(await usages(false), [null, null, 1, null]);
  database.execute("UPDATE runs SET artifact_uri = 's3://bucket/1/artifacts'");
  assertEquals(await usages(false), [null, null, null, null]);
  await assertRejects(
    () => usages(true),
    UnsupportedStoreError,
    "the artifacts of 3 of its 3 runs lie elsewhere, such as s3://bucket/1/artifacts",
  );
});

Deno.test("a trace is one of its own experiment, whatever other traces there are", async () => {
  const uses = (id: string) => [
    { trace: `tr-${id}`, assessment: null, runId: runId(1), modelId: null },
  ];
  await using database = await tempDatabase({
    experiments: ["1", "2"].map((id) => experiment({ id, traceUses: uses(id) })),
  });
  const extras = { tags: [], metrics: [], params: [], uses: true, artifacts: null };
  const { experiments } = await open(database.path).read({ depth: "tags", extras });
  assertEquals(experiments.map(({ traceUses }) => traceUses), [uses("1"), uses("2")]);
});

Deno.test("heavy files of runs that stay are found among the artifacts", async () => {
  await using database = await tempDatabase({
    experiments: [experiment({ id: "1", runs: [run({ id: runId(1) })] })],
  });
  const place = join(database.artifacts, "1", runId(1), "artifacts");
  writeFiles(place, { "a.ckpt": "x", "notes.txt": "", "deep/b.ckpt": "y" });
  const extras = { tags: [], metrics: [], params: [], uses: true, artifacts: "**/*.ckpt" };
  const { experiments: [one] } = await open(database.path).read({ depth: "tags", extras });
  assertEquals(one!.runs[0]!.extras!.heavy.map(({ path }) => path).toSorted(), [
    `1/${runId(1)}/artifacts/a.ckpt`,
    `1/${runId(1)}/artifacts/deep/b.ckpt`,
  ]);
});

Deno.test("a run whose row makes no sense stays, and says why", async () => {
  await using database = await tempDatabase({
    experiments: [experiment({ id: "1", runs: [run({ id: runId(1) })] })],
  });
  database.execute("PRAGMA ignore_check_constraints = ON; UPDATE runs SET status = 'LOST'");
  const snapshot = await open(database.path).read({ depth: "tags" });
  const plan = planCleanup(snapshot, policyOfAges(), { now: NOW + 90 * DAY });
  assertEquals([plan.actions, plan.kept.map(({ kind, name }) => [kind, name])], [
    [],
    [["damaged-run", runId(1)]],
  ]);
});

Deno.test("of what cannot be the time of a deletion, the last sign of life tells, if that is asked for", async () => {
  const old = { startTime: NOW - 300 * DAY, endTime: NOW - 299 * DAY };
  const times = [0, -5, Math.floor(NOW / 1000), null];
  await using database = await tempDatabase({
    experiments: [experiment({
      id: "1",
      runs: times.map((deletedTime, at) => deletedRun({ id: runId(at), ...old, deletedTime })),
    })],
  });
  database.execute(
    `INSERT INTO latest_metrics (run_uuid, key, value, timestamp, step, is_nan)
      SELECT run_uuid, 'loss', 1, ${NOW - 200 * DAY}, 0, 0 FROM runs`,
  );
  const snapshot = await open(database.path).read({ depth: "tags" });
  const reasonsOf = (policy: CleanupPolicy) => {
    const { actions, kept } = planCleanup(snapshot, policy, { now: NOW });
    return [...actions, ...kept].map(({ path, reasons: [{ kind }] }) => `${path}: ${kind}`);
  };
  const all = (kind: string) => times.map((_, at) => `1/${runId(at)}: ${kind}`);
  assertEquals(reasonsOf(policyOfAges()), all("no-deletion-time"));
  assertEquals(
    reasonsOf({ ...policyOfAges(), undated: "last-sign-of-life" }),
    all("undated-longer-than"),
  );
  assertEquals(
    snapshot.experiments[0]!.runs.map(({ lastChange }) => lastChange),
    times.map(() => NOW - 200 * DAY),
  );
});

const FIRST = `WHERE run_uuid = '${runId(1)}'`;

/** What is tried by itself. */
const LARGE = ["database-damaged", "metrics-dominate"];

/** One finding of each rule that is about databases, by what breaks it. */
const BREAKS: Readonly<Record<string, string>> = {
  "foreign-key-broken": "INSERT INTO tags VALUES ('a', 'b', 'nowhere')",
  "row-dangling": "INSERT INTO input_tags VALUES ('nowhere', 'context', 'train')",
  "row-cut-off": `INSERT INTO inputs VALUES ('i', 'RUN_INPUT', '${runId(1)}', 'MODEL_INPU', 'm-${
    runId(1)
  }', 0)`,
  "run-row-unusable":
    `PRAGMA ignore_check_constraints = ON; UPDATE runs SET status = 'LOST' ${FIRST}`,
  "deletion-time-missing":
    `UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = NULL ${FIRST}`,
  // A run's row that is gone leaves its tree.
  "artifacts-without-row": `DELETE FROM runs WHERE run_uuid = '${runId(2)}'`,
  "artifacts-missing": `INSERT INTO logged_models (model_id, experiment_id, name, artifact_location,
      creation_timestamp_ms, last_updated_timestamp_ms, status, lifecycle_stage)
    SELECT 'm-${
    runId(1)
  }', 1, 'model', artifact_location || '/models/m/artifacts', 0, 0, 2, 'active'
    FROM experiments WHERE experiment_id = 1`,
  "model-source-missing": `INSERT INTO registered_models (name) VALUES ('m');
    INSERT INTO model_versions (name, version, source)
    SELECT 'm', 1, artifact_uri || '/model' FROM runs ${FIRST}`,
  "artifact-location-clash":
    `UPDATE runs SET artifact_uri = (SELECT artifact_uri FROM runs ${FIRST})`,
  "experiment-name-held": `INSERT INTO experiments
      (experiment_id, name, artifact_location, lifecycle_stage, last_update_time)
    VALUES (2, 'old', 's3://bucket/2', 'deleted', 0)`,
  "schema-outdated": "UPDATE alembic_version SET version_num = '0584bdc529eb'",
  "schema-unknown": "UPDATE alembic_version SET version_num = 'ffffffffffff'",
  "stale-run": `UPDATE runs SET status = 'RUNNING', end_time = NULL, start_time = 1700000000000,
      artifact_uri = 's3://bucket/1/artifacts' ${FIRST}`,
  "parent-run-missing": `INSERT INTO tags VALUES ('mlflow.parentRunId', 'gone', '${runId(1)}')`,
  "source-run-missing":
    "INSERT INTO registered_models (name) VALUES ('m'); INSERT INTO model_versions (name, version, run_id) VALUES ('m', 1, 'gone')",
  "alias-dangling":
    "INSERT INTO registered_models (name) VALUES ('m'); INSERT INTO registered_model_aliases (name, alias, version) VALUES ('m', 'best', 7)",
  "logged-model-missing": `INSERT INTO inputs VALUES ('i', 'RUN_INPUT', '${
    runId(1)
  }', 'MODEL_INPUT', 'm-${runId(9)}', 0)`,
  "default-experiment-missing": "DELETE FROM experiments WHERE experiment_id = 0",
  "default-experiment-deleted":
    "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 0",
  "active-runs-in-deleted-experiment":
    "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 1",
  "free-pages":
    "CREATE TABLE x AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT zeroblob(4000) FROM n; DROP TABLE x",
};

const SOUND: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({ id: "1", runs: [run({ id: runId(1) }), run({ id: runId(2) })] }),
  ],
};

Deno.test("verify finds of a database what breaks, and nothing in a sound one", async () => {
  for (const [rule, sql] of [["", "SELECT 1"], ...Object.entries(BREAKS)] as const) {
    await using database = await tempDatabase(SOUND, { artifacts: true });
    database.execute(sql);
    const snapshot = await open(database.path).read({ depth: "full" });
    const found = verifySnapshot(snapshot).map((finding) => finding.rule)
      // Every deleted experiment keeps its name.
      .filter((each) => each === rule || each !== "experiment-name-held");
    assertEquals(found, rule === "" ? [] : [rule], rule);
  }
});

Deno.test("there is a break for every rule about databases", () => {
  const rules = RULES.filter(({ stores, id, whenAsked }) =>
    stores !== undefined && !whenAsked && !LARGE.includes(id)
  );
  assertEquals(Object.keys(BREAKS).toSorted(), rules.map(({ id }) => id).toSorted());
});

Deno.test("what points of metrics take of a database is weighed, and which run has most of them", async () => {
  await using database = await tempDatabase(SOUND);
  const metrics = async () => (await open(database.path).read({ depth: "full" })).backend?.metrics;
  assertEquals((await metrics())?.most, null);
  database.execute(`INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    SELECT 'loss', 0.5, i, '${runId(2)}', i, 0 FROM n`);
  const { bytes = 0, share = 0, most } = await metrics() ?? {};
  assertEquals([bytes > 1e6, share > 0.5 && share < 1], [true, true]);
  assertEquals(most, { path: asStorePath(`1/${runId(2)}`), points: 20_000 });
});

Deno.test("verify finds damaged pages", async () => {
  await using database = await tempDatabase(SOUND);
  {
    using writer = new DatabaseSync(database.path);
    const [row] = writer.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'issues'").all();
    using file = Deno.openSync(database.path, { write: true });
    file.seekSync((Number(row!["rootpage"]) - 1) * 4_096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(4_096).fill(0xee));
  }
  const snapshot = await open(database.path).read({ depth: "full" });
  const [first] = verifySnapshot(snapshot);
  assertEquals([first?.rule, first?.severity], ["database-damaged", "error"]);
  assertEquals((await open(database.path).read({ depth: "meta" })).experiments.length, 2);
});

Deno.test("each of very many runs is read once, though not all of them at once", async () => {
  await using database = await tempDatabase(SOUND);
  database.execute(`WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    INSERT INTO runs (run_uuid, name, status, lifecycle_stage, experiment_id, start_time)
    SELECT printf('%032x', i), 'run', 'FINISHED', 'active', 1, i FROM n;
    DELETE FROM runs WHERE start_time BETWEEN 900 AND 1100`);
  const progress: number[] = [];
  const { experiments } = await open(database.path).read({
    depth: "meta",
    onProgress: (runs) => void progress.push(runs),
  });
  const ids = experiments[1]!.runs.map(({ id }) => parseInt(id, 16));
  const expected = Array.from({ length: 3_000 }, (_, index) => index + 1)
    .filter((number) => number < 900 || number > 1_100);
  assertEquals(ids, expected);
  assertEquals(progress.at(-1), expected.length);
});

Deno.test("nothing is planned where a row cannot be read", async () => {
  const runs = Array.from({ length: 400 }, (_, index) => run({ id: runId(index + 1) }));
  await using database = await tempDatabase({
    experiments: [experiment({ id: "1", runs: runs.map((one) => ({ ...one, tags: TAGS })) })],
  });
  {
    using writer = new DatabaseSync(database.path);
    const [page] = writer.prepare(
      "SELECT pageno FROM dbstat WHERE name = 'tags' AND pagetype = 'leaf' ORDER BY pageno DESC",
    ).all();
    using file = Deno.openSync(database.path, { write: true });
    file.seekSync((Number(page!["pageno"]) - 1) * 4_096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(4_096).fill(0xee));
  }
  await assertRejects(
    async () => await open(database.path).read({ depth: "tags" }),
    UnsupportedStoreError,
    "it is damaged",
  );
});

const TAGS = new Map([["mlflow.note.content", "x".repeat(200)]]);

/** Opens and reads a database that somebody has spoilt, and proves that this leaves it as it is. */
async function assertRefused(
  error: new (message: string, store: string) => StoreError,
  says: string,
  spoil: (database: TempDatabase) => void,
): Promise<void> {
  await using database = await tempDatabase(SOUND);
  spoil(database);
  const before = await readTree(database.directory);
  const { message } = await assertRejects(
    async () => await open(database.path).read({ depth: "full" }),
    error,
    says,
  );
  assert(/ store sqlite:\/\/\/\//.test(message), message);
  assertSameTree(await readTree(database.directory), before);
}

Deno.test("a database that cannot be used is refused with its reason, and stays as it is", async () => {
  const write = (bytes: Uint8Array | string) => ({ path }: TempDatabase) =>
    typeof bytes === "string"
      ? Deno.writeTextFileSync(path, bytes)
      : Deno.writeFileSync(path, bytes);
  const zeros = new Uint8Array(8_192);
  await assertRefused(StoreNotFoundError, "no such file", ({ path }) => Deno.removeSync(path));
  await assertRefused(UnsupportedStoreError, "the file is empty", write(""));
  await assertRefused(UnsupportedStoreError, "no database of SQLite", write("name: churn\n"));
  await assertRefused(UnsupportedStoreError, "no database of SQLite", write(zeros));
  await assertRefused(UnsupportedStoreError, "found a directory", ({ path }) => {
    Deno.removeSync(path);
    Deno.mkdirSync(path);
  });
  await assertRefused(
    UnsupportedStoreError,
    "it has no tables of MLflow's",
    ({ path, execute }) => {
      Deno.removeSync(path);
      execute("CREATE TABLE runs (id INTEGER); CREATE TABLE experiments (id INTEGER)");
    },
  );
  await assertRefused(
    UnsupportedStoreError,
    "its table runs has no column status",
    ({ execute }) => {
      execute("PRAGMA legacy_alter_table = ON; ALTER TABLE runs RENAME COLUMN status TO state");
    },
  );
  await assertRefused(UnsupportedStoreError, "it is damaged; bring it back", ({ path }) => {
    using file = Deno.openSync(path, { write: true });
    file.seekSync(100, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(3_000).fill(0xee));
  });
  await assertRefused(StoreAccessError, "a change of it was cut off", cutOff);
});

/** Leaves what a writer leaves that was killed: its journal, which only who may write can roll back. */
function cutOff({ path }: TempDatabase): void {
  const copy = `${path}.copy`;
  {
    using writer = new DatabaseSync(path);
    writer.exec("PRAGMA cache_spill = 1; PRAGMA cache_size = 1; BEGIN");
    writer.exec("UPDATE experiments SET name = name || ' changed'");
    for (let n = 0; n < 200; n++) {
      writer.exec(`INSERT INTO tags VALUES ('${n}', '${"x".repeat(2_000)}', '${runId(1)}')`);
    }
    for (const end of ["", "-journal"]) Deno.copyFileSync(path + end, copy + end);
  }
  for (const end of ["", "-journal"]) Deno.renameSync(copy + end, path + end);
}

Deno.test("reading leaves no trace beside a database in WAL mode, and sees what its log holds", async () => {
  await using database = await tempDatabase(SOUND);
  database.execute("PRAGMA journal_mode = WAL");
  const assertRead = async (place: string, path: string, name: string) => {
    const before = await readTree(place);
    const { experiments } = await open(path).read({ depth: "full" });
    assertEquals(experiments[1]!.name, name);
    assertSameTree(await readTree(place), before);
  };
  await assertRead(database.directory, database.path, SOUND.experiments![1]!.name);
  using server = new DatabaseSync(database.path);
  server.exec("UPDATE experiments SET name = 'at work' WHERE experiment_id = 1");
  await assertRead(database.directory, database.path, "at work");
  await using copies = await memoryDirectory();
  // What a server leaves that was killed, and what is left of it after a restart of the machine.
  for (const ends of [["", "-wal", "-shm"], ["", "-wal"]]) {
    Deno.mkdirSync(join(copies.path, `${ends.length}`));
    const copy = join(copies.path, `${ends.length}`, "mlflow.db");
    for (const end of ends) Deno.copyFileSync(database.path + end, copy + end);
    await assertRead(copies.path, copy, "at work");
    const link = join(copies.path, `link-${ends.length}`);
    Deno.symlinkSync(copy, link);
    await assertRead(copies.path, link, "at work");
  }
});

Deno.test("a database is named by its real path, however it is reached", async () => {
  await using database = await tempDatabase(SOUND);
  const link = join(database.directory, "link.db");
  Deno.symlinkSync(database.path, link);
  assertEquals(open(link).describe().location, database.uri);
  assertThrows(() => open(join(database.directory, "no.db")), StoreNotFoundError);
});

Deno.test("a version that was deleted names no run any more, which MLflow has struck out", async () => {
  await using database = await tempDatabase(SOUND);
  database.execute(`INSERT INTO registered_models (name) VALUES ('m');
    INSERT INTO model_versions (name, version, run_id, source, current_stage)
    VALUES ('m', 1, 'REDACTED-RUN-ID', 'REDACTED-SOURCE-PATH', 'Deleted_Internal')`);
  assertEquals(verifySnapshot(await open(database.path).read({ depth: "full" })), []);
});
