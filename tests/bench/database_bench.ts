/**
 * Reading a database of SQLite and planning for it, against the same queries in Python's `sqlite3`, which is C,
 * and against MLflow's own client.
 *
 * @module
 */

import { dirname, fromFileUrl, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { writeFiles } from "../_support/disk_store.ts";
import { isSetUp, type MlflowVersion, settings, versions } from "../mlflow/python.ts";
import { NOW } from "./bench_store.ts";
import { outputOf } from "./compare_programs.ts";
import { type Bench, duration, type Figure, peak, ratio, Unmeasurable } from "./measurement.ts";
import { clientOf } from "./mlflow_bench.ts";
import { POLICY } from "./planning_bench.ts";
import { taskWords } from "./programs.ts";

const DAY = 86_400_000;
const FEW = 20_000;
const MANY = 100_000;
const RUNS_OF_EXPERIMENT = 1_000;

/** Summaries and plans of a database: against the queries in C, and how they grow with it. */
export async function measureDatabase(bench: Bench): Promise<readonly Figure[]> {
  const [few, many] = [FEW, MANY].map((runs) => databaseOf(bench, runs)) as [string, string];
  const floor = (task: string) => ({
    words: ["python3", fromFileUrl(new URL("read_database.py", import.meta.url)), many, task],
  });
  const store = (path: string) => ["--store", `sqlite:///${path}`];
  const policy = join(bench.directory, "policy.yaml");
  Deno.writeTextFileSync(policy, POLICY);
  const programs = {
    summaryFloor: floor("summary"),
    planFloor: floor("cleanup"),
    summary: { words: taskWords("summary", ["--json", ...store(many)]) },
    plan: { words: taskWords("cleanup", store(many)) },
    small: { words: taskWords("cleanup", store(few)) },
    json: { words: taskWords("cleanup", ["--json", ...store(many)]) },
    smallJson: { words: taskWords("cleanup", ["--json", ...store(few)]) },
    byPolicy: { words: taskWords("cleanup", ["--config", policy, ...store(many)]) },
  };
  const { summaryFloor, planFloor, summary, plan, small, json, smallJson, byPolicy } = await bench
    .compare(programs);
  return [
    duration("`cleanup` of a database, 100,000 runs", plan, null),
    ratio("`summary --json` of it ÷ its queries in C", summary, summaryFloor, CLOSE, "work"),
    ratio("`cleanup` of it ÷ its queries in C", plan, planFloor, CLOSE, "work"),
    ratio("`cleanup` of a database, 100,000 ÷ 20,000 runs", plan, small, { atMost: 5.5 }, "work"),
    ratio("the same with `--json`", json, smallJson, { atMost: 5.5 }, "work"),
    peak("peak memory of `cleanup` of a database, 100,000 runs", plan, { atMost: 250 }),
    peak("the same with `--json`", json, { atMost: 250 }),
    peak("the same by best, last, weekly and tags", byPolicy, { atMost: 250 }),
  ];
}

function databaseOf({ directory }: Bench, runs: number): string {
  const path = join(directory, "databases", `mlflow-${runs}.db`);
  return benchDatabase(path, { runs, root: "/srv/mlflow/mlruns" });
}

/** As near as that to what runs the same queries in C, and keeps each row as an object. */
const CLOSE = { atMost: 1.5 };

/** So many runs take MLflow minutes. */
const ROUNDS = 1;

/**
 * Names the newest MLflow.
 *
 * @returns The version.
 * @throws {Unmeasurable} When it is not installed.
 */
export async function newestMlflow(): Promise<MlflowVersion> {
  const version = versions.at(-1);
  if (version !== undefined && await isSetUp(version)) return version;
  throw new Unmeasurable("MLflow is not installed; type deno task test:mlflow");
}

/** Summaries and plans of a database, against what MLflow's newest client reads of it. */
export async function measureDatabaseMlflow(bench: Bench): Promise<readonly Figure[]> {
  const version = await newestMlflow();
  const path = databaseOf(bench, MANY);
  const uri = `sqlite:///${path}`;
  const before = taskWords("summary", ["--store", uri]);
  const { client, summary, plan } = await bench.compare({
    client: { ...clientOf(version, uri), before },
    summary: { words: taskWords("summary", ["--json", "--store", uri]) },
    plan: { words: taskWords("cleanup", ["--store", uri]) },
  }, Math.min(bench.rounds, ROUNDS));
  const what = `MLflow ${version.name}, \`search_runs\` of a database, 100,000 runs`;
  return [
    ratio(`${what} ÷ \`summary --json\``, client, summary, { atLeast: 30 }, "work"),
    ratio(`${what} ÷ \`cleanup\``, client, plan, { atLeast: 30 }, "work"),
  ];
}

/** So many runs of a database are purged, and as many are left. */
const PURGED = 500;

/** What MLflow's `gc` takes, and a purge that keeps all of it, artifacts too, for as long as it may be undone. */
export async function measureDatabasePurge(bench: Bench): Promise<readonly Figure[]> {
  const version = await newestMlflow();
  // What a database names that lies around stays, and is read for that.
  const [kept, place] = ["kept", "purged"].map((name) =>
    join(bench.directory, "database-purge", name, "store")
  ) as [string, string];
  Deno.mkdirSync(kept, { recursive: true });
  const root = join(place, "mlruns");
  benchDatabase(join(kept, "mlflow.db"), { runs: 2 * PURGED, root, deleted: PURGED });
  const path = join(place, "mlflow.db");
  const uri = `sqlite:///${path}`;
  const before = [
    ...["sh", "-c", 'rm -rf "$2" && mkdir -p "$(dirname "$2")" && cp -a "$1" "$2"', "sh"],
    ...[kept, place],
  ];
  const flags = ["--days-old", "100000", "--force", "--store", uri];
  const { purge, gc } = await bench.compare({
    purge: { words: taskWords("cleanup:apply", flags), before },
    gc: {
      words: [version.python, "-m", "mlflow", "gc", "--backend-store-uri", uri],
      environment: { ...settings, MLFLOW_TRACKING_URI: uri },
      before,
    },
  }, Math.min(bench.rounds, 3));
  await outputOf(before);
  await outputOf(taskWords("cleanup:apply", flags));
  using database = new DatabaseSync(path, { readOnly: true });
  const left = database.prepare("SELECT COUNT(*) AS count FROM runs").get()?.["count"];
  if (left !== PURGED) throw new Error(`Expected ${PURGED} runs to be left, found ${left}`);
  const trees = [...Deno.readDirSync(join(root, "0"))].length;
  if (trees > 0) throw new Error(`Expected no artifacts to be left, found those of ${trees} runs`);
  const what = `MLflow ${version.name}, \`gc\` of 500 runs of a database ÷ \`cleanup:apply\``;
  return [
    ratio(`${what} that can be undone`, gc, purge, { atLeast: 20 }),
    ratio("the same in processor time", gc, purge, null, "work"),
  ];
}

/** What a database holds: the runs of `benchStore()`. */
interface DatabaseSize {
  readonly runs: number;
  /** Where its artifacts lie. */
  readonly root: string;
  /** So many have been deleted long ago, and have artifacts beside the database. @default {0} */
  readonly deleted?: number;
}

/**
 * Makes a database, or takes the one that an earlier call has made.
 *
 * @param path Absolute path of its file.
 * @param size What it holds.
 * @returns The path.
 */
export function benchDatabase(
  path: string,
  { runs, root: place, deleted = 0 }: DatabaseSize,
): string {
  const done = `${path}.done`;
  try {
    Deno.statSync(done);
    return path;
  } catch {
    Deno.mkdirSync(dirname(path), { recursive: true });
  }
  using database = new DatabaseSync(path);
  const schema = fromFileUrl(new URL("../../tasks/_demo/mlflow-3.17.sql", import.meta.url));
  database.exec(Deno.readTextFileSync(schema));
  database.exec("PRAGMA synchronous = OFF; BEGIN");
  const experiment = database.prepare(
    "INSERT INTO experiments VALUES (?, ?, ?, 'active', ?, ?, 'default')",
  );
  const run = database.prepare(
    `INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time,
      lifecycle_stage, deleted_time, artifact_uri, experiment_id)
      VALUES (?, ?, 'LOCAL', 'kim', ?, ?, ?, ?, ?, ?, ?)`,
  );
  const tag = database.prepare("INSERT INTO tags VALUES (?, ?, ?)");
  const param = database.prepare("INSERT INTO params VALUES (?, ?, ?)");
  const latest = database.prepare("INSERT INTO latest_metrics VALUES (?, ?, ?, 4, 0, ?)");
  const metric = database.prepare("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)");
  for (let number = 0; number < runs; number++) {
    const of = Math.floor(number / RUNS_OF_EXPERIMENT);
    const root = `${place}/${of}`;
    if (number % RUNS_OF_EXPERIMENT === 0) {
      const made = NOW - 400 * DAY;
      experiment.run(of, of === 0 ? "Default" : `experiment-${of}`, root, made, made);
    }
    const id = number.toString(16).padStart(8, "0").split("").toReversed().join("").repeat(4);
    // What was deleted ended before, or mltidy does not believe when that was.
    const age = number < deleted ? 500 : number % 4 === 0 ? 40 + number % 300 : number % 29;
    const end = NOW - age * DAY;
    // No two begin at the same time, as none do.
    const start = end - 3_600_000 - number;
    const status = number % 8 === 6 ? "FAILED" : number % 8 === 7 ? "KILLED" : "FINISHED";
    const [stage, deletedAt] = number < deleted ? ["deleted", NOW - 400 * DAY] : ["active", null];
    const artifacts = `${root}/${id}/artifacts`;
    run.run(id, `run-${number}`, status, start, end, stage!, deletedAt!, artifacts, of);
    if (number < deleted) {
      writeFiles(join(dirname(path), "mlruns", `${of}`, id, "artifacts"), {
        "model/MLmodel": "flavors: {}\n",
        "model/model.pkl": "weights",
      });
    }
    for (const key of ["mlflow.runName", "mlflow.user", "mlflow.source.name", "team", "stage"]) {
      tag.run(key, `${key} ${number % 10}`, id);
    }
    for (let index = 0; index < 8; index++) param.run(`param_${index}`, `${number % 1_000}`, id);
    for (let index = 0; index < 3; index++) {
      const key = `metric_${index}`;
      for (let step = 0; step < 5; step++) metric.run(key, number % 997, start + step, id, step);
      latest.run(key, number % 997, start + 4, id);
    }
  }
  database.exec("COMMIT");
  Deno.writeTextFileSync(done, "");
  return path;
}
