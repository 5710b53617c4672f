import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { planCleanup } from "../../../../lib/cleanup/plan_cleanup.ts";
import { policyOfAges } from "../../../../lib/policy/policy.ts";
import { openDatabaseStore } from "../../../../tasks/_database/database_store.ts";
import { DAY, experiment, loggedModel, run, runId } from "../../../_support/builders.ts";
import { relocateRows, type TempDatabase, tempDatabase } from "../../../_support/database_store.ts";
import { writeDatabase } from "../../../_support/database.ts";
import { writeFiles } from "../../../_support/disk_store.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

const lost = (number: number) => runId(900 + number);
const model = `m-${runId(50)}`;
const trace = `tr-${runId(60)}`;

/** Experiment 1 with five runs and their artifacts, and a logged model; experiment 2 is deleted. */
function database(): Promise<TempDatabase> {
  return tempDatabase({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        traces: 1,
        runs: [
          ...Array.from({ length: 4 }, (_, number) => run({ id: runId(number + 1) })),
          // The last thing that the database knows of.
          run({ id: runId(5), startTime: Date.now() + 2 * DAY, endTime: null }),
        ],
        loggedModels: [loggedModel({ id: model })],
      }),
      experiment({ id: "2", lifecycleStage: "deleted", runs: [run({ id: runId(20) })] }),
    ],
  }, { artifacts: true });
}

/** What lies below the artifact root besides, and of it what is found. */
async function orphansAmong(
  files: readonly string[],
  also: (database: TempDatabase) => void = () => {},
): Promise<Readonly<Record<string, string>>> {
  await using store = await database();
  for (const file of files) writeFiles(store.artifacts, { [file]: "x" });
  also(store);
  const now = () => Date.now() + DAY;
  const snapshot = await openDatabaseStore(store.path, { chosenBy: "", now })
    .read({ depth: "tags" });
  const plan = planCleanup(snapshot, policyOfAges(), { now: now() });
  return Object.fromEntries([
    ...plan.actions.filter(({ kind }) => kind === "quarantine-orphan")
      .map(({ path }) => [path, "goes"]),
    ...plan.kept.filter(({ kind }) => kind === "orphan")
      .map(({ path, reasons: [{ kind }] }) => [path, kind]),
  ]);
}

Deno.test("artifact trees that no row names are orphans, be they of runs, models, traces or experiments", async () => {
  assertEquals(
    await orphansAmong([
      `1/${lost(1)}/artifacts/model.pkl`,
      `1/models/m-${lost(2)}/artifacts/MLmodel`,
      `1/traces/tr-${lost(3)}/artifacts/traces.json`,
      `7/${lost(4)}/artifacts/model.pkl`,
    ], ({ artifacts }) => Deno.mkdirSync(join(artifacts, "8"))),
    {
      [`1/${lost(1)}`]: "goes",
      [`1/models/m-${lost(2)}`]: "goes",
      [`1/traces/tr-${lost(3)}`]: "goes",
      "7": "goes",
      "8": "goes",
    },
  );
});

Deno.test("what a row names is no orphan, wherever the row is", async () => {
  assertEquals(
    await orphansAmong([
      `1/models/${model}/artifacts/MLmodel`,
      `1/traces/${trace}/artifacts/traces.json`,
      `1/${lost(1)}/artifacts/model/MLmodel`,
      `1/${lost(2)}/artifacts/model/MLmodel`,
      `1/${lost(3)}/artifacts/model/MLmodel`,
      `1/${lost(4)}/artifacts/model.pkl`,
      `9/${lost(5)}/artifacts/model.pkl`,
    ], (database) => {
      const { artifacts, execute, directory } = database;
      execute(`
        UPDATE trace_info SET request_id = '${trace}';
        INSERT INTO registered_models (name) VALUES ('churn');
        INSERT INTO model_versions (name, version, source, storage_location) VALUES
          ('churn', 1, 'runs:/${lost(1)}/model', NULL),
          ('churn', 2, 'models:/m-1', 'file://${artifacts}/1/${lost(2)}/artifacts/model');
        INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES
          (5, 'elsewhere', '${artifacts}/1/${lost(3)}/artifacts', 'active')`);
      writeDatabase(join(directory, "other.db"), {
        runs: { [lost(4)]: "mlflow-artifacts:/4/artifacts" },
        experiments: { "9": `${artifacts}/9` },
      });
    }),
    {},
  );
});

Deno.test("what MLflow does not lay out for a database is none of its orphans, or stays", async () => {
  assertEquals(
    await orphansAmong([
      "data/model.pkl",
      "2024/sales.csv",
      "1/notes/readme.txt",
      `1/${lost(1)}/meta.yaml`,
      `3/${lost(2)}/meta.yaml`,
      "4/meta.yaml",
      `5/${lost(3)}/artifacts/model.pkl`,
      "5/notes.txt",
      `2/${lost(4)}/artifacts/model.pkl`,
    ], ({ artifacts }) => Deno.symlinkSync(artifacts, join(artifacts, "1", lost(5)))),
    { "5": "holds-foreign-files" },
  );
});

Deno.test("trees stay while it is in doubt whether they are orphans", async () => {
  const one = `1/${lost(1)}/artifacts/model.pkl`;
  const of = (sql: string) => orphansAmong([one], ({ execute }) => execute(sql));
  // A database that was made anew, and one that was brought back from an old copy.
  const soon = Date.now() + DAY / 2;
  const anew = await of(`UPDATE experiments SET creation_time = ${soon}`);
  assertEquals(Object.values(anew), ["holds-lost-data"]);
  const brought = await of(
    "UPDATE runs SET start_time = 1; UPDATE experiments SET creation_time = 1",
  );
  assertEquals(Object.values(brought), ["holds-lost-data"]);
  const unproven = await orphansAmong([`7/${lost(1)}/artifacts/model.pkl`], ({ artifacts }) => {
    for (const id of ["1", "2"]) Deno.removeSync(join(artifacts, id), { recursive: true });
  });
  assertEquals(unproven, {});
  const hidden = await orphansAmong(
    [one],
    ({ directory }) => writeFiles(directory, { "old.db": "SQLite format 3\0" }),
  );
  assertEquals(Object.values(hidden), ["unreadable"]);
  await using elsewhere = await memoryDirectory();
  const away = await orphansAmong([one], ({ artifacts, path }) => {
    const place = join(elsewhere.path, "mlruns");
    Deno.renameSync(artifacts, place);
    relocateRows(path, artifacts, place);
  });
  assertEquals(Object.values(away), ["unreadable"]);
  const young = await orphansAmong([one], ({ artifacts }) => {
    const soon = new Date(Date.now() + DAY);
    Deno.utimeSync(join(artifacts, one), soon, soon);
  });
  assertEquals(Object.values(young), ["changed-recently"]);
});
