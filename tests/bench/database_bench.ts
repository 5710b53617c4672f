/**
 * Reading a database of SQLite and planning for it, against the same queries in Python's `sqlite3`.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { NOW } from "./bench_store.ts";
import { type Bench, duration, type Figure, peak, ratio } from "./measurement.ts";
import { taskWords } from "./programs.ts";

const DAY = 86_400_000;
const FEW = 20_000;
const MANY = 100_000;
const RUNS_OF_EXPERIMENT = 1_000;

/** Summaries and plans of a database, and how they grow with it. */
export async function measureDatabase(bench: Bench): Promise<readonly Figure[]> {
  const [few, many] = [FEW, MANY].map((runs) => benchDatabase(bench.directory, runs)) as [
    string,
    string,
  ];
  const floor = (task: string) => ({
    words: ["python3", fromFileUrl(new URL("read_database.py", import.meta.url)), many, task],
  });
  const store = (path: string) => ["--store", `sqlite:///${path}`];
  const { summaryFloor, planFloor, summary, plan, small } = await bench.compare({
    summaryFloor: floor("summary"),
    planFloor: floor("cleanup"),
    summary: { words: taskWords("summary", ["--json", ...store(many)]) },
    plan: { words: taskWords("cleanup", store(many)) },
    small: { words: taskWords("cleanup", store(few)) },
  });
  return [
    duration("`cleanup` of a database, 100,000 runs", plan, null),
    ratio("`summary --json` of it ÷ the queries in Python", summary, summaryFloor, null),
    ratio("`cleanup` of it ÷ the queries in Python", plan, planFloor, null),
    ratio("`cleanup` of a database, 100,000 runs ÷ 20,000", plan, small, { atMost: 5.5 }),
    peak("peak memory of `cleanup` of a database, 100,000 runs", plan, { atMost: 250 }),
  ];
}

/** Makes a database, or takes the one that an earlier call has made: the runs of `benchStore()`. */
function benchDatabase(parent: string, runs: number): string {
  const path = join(parent, `mlflow-${runs}.db`);
  const done = `${path}.done`;
  try {
    Deno.statSync(done);
    return path;
  } catch {
    Deno.mkdirSync(parent, { recursive: true });
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
      lifecycle_stage, artifact_uri, experiment_id)
      VALUES (?, ?, 'LOCAL', 'kim', ?, ?, ?, 'active', ?, ?)`,
  );
  const tag = database.prepare("INSERT INTO tags VALUES (?, ?, ?)");
  const param = database.prepare("INSERT INTO params VALUES (?, ?, ?)");
  const latest = database.prepare("INSERT INTO latest_metrics VALUES (?, ?, ?, 4, 0, ?)");
  const metric = database.prepare("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)");
  for (let number = 0; number < runs; number++) {
    const of = Math.floor(number / RUNS_OF_EXPERIMENT);
    const root = `/srv/mlflow/mlruns/${of}`;
    if (number % RUNS_OF_EXPERIMENT === 0) {
      const made = NOW - 400 * DAY;
      experiment.run(of, of === 0 ? "Default" : `experiment-${of}`, root, made, made);
    }
    const id = number.toString(16).padStart(8, "0").split("").toReversed().join("").repeat(4);
    const end = NOW - (number % 4 === 0 ? 40 + number % 300 : number % 29) * DAY;
    const start = end - 3_600_000;
    const status = number % 8 === 6 ? "FAILED" : number % 8 === 7 ? "KILLED" : "FINISHED";
    run.run(id, `run-${number}`, status, start, end, `${root}/${id}/artifacts`, of);
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
