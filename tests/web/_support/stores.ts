/**
 * Stores to look at: those of the tasks, and one whose names are meant to do harm.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { benchStore } from "../../bench/bench_store.ts";
import { PROJECT } from "../../_support/task_command.ts";
import { readTree, type Tree } from "../../_support/tree.ts";
import { runTask } from "./run_task.ts";

/** A store in a directory of its own, which goes with it. */
export interface TestStore extends AsyncDisposable {
  /** What `--store` takes. */
  readonly location: string;
  /** Absolute path of the directory in which it lies. */
  readonly directory: string;
}

/**
 * Reads all that a store of files holds, but for mltidy's own directory.
 *
 * @param store The store.
 * @returns What is at each path.
 */
export function treeOf({ location }: TestStore): Promise<Tree> {
  return readTree(location, { except: [".mltidy.trash"] });
}

async function inDirectory(
  write: (directory: string) => Promise<string>,
): Promise<TestStore> {
  const directory = await Deno.makeTempDir({ prefix: "mltidy-web-" });
  const remove = () => Deno.remove(directory, { recursive: true });
  try {
    const location = await write(directory);
    return { location, directory, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Writes the demo's store.
 *
 * @param kind As what.
 * @returns The store, of 1,293 runs in 15 experiments, with 2 orphans; 143 of the runs ended long ago.
 */
export function demoStore(kind: "files" | "sqlite" = "files"): Promise<TestStore> {
  return inDirectory(async (directory) => {
    const place = `${directory}/mlruns`;
    if (kind === "files") {
      await runTask("demo:store", place);
      return place;
    }
    await runTask("demo:store", "--kind", "sqlite", place);
    return `sqlite:///${place}/mlflow.db`;
  });
}

const DAY = 86_400_000;

/**
 * Writes a store in which a person can look at everything: 36 runs in 3 experiments, with metrics and tags, 4 of
 * each experiment ended long ago, and an orphan.
 *
 * @returns The store; its runs are named `churn-1` to `churn-12`, and so on.
 */
export function smallStore(): Promise<TestStore> {
  return inDirectory((directory) => {
    const root = `${directory}/mlruns`;
    Deno.mkdirSync(`${root}/.trash`, { recursive: true });
    for (const [index, name] of ["churn", "감성분석", "vision"].entries()) {
      const experiment = `${root}/${index + 1}`;
      write(`${experiment}/meta.yaml`, [
        ...[`artifact_location: file://${experiment}`, `experiment_id: '${index + 1}'`],
        ...["lifecycle_stage: active", `name: ${name}`],
      ]);
      for (let number = 1; number <= 12; number++) {
        writeRun(experiment, `${index + 1}`, `${name}-${number}`, number);
      }
    }
    const orphan = `${root}/5fbbd685931c4616bdc67005b055056d`;
    Deno.mkdirSync(orphan);
    Deno.utimeSync(orphan, new Date(Date.now() - 60 * DAY), new Date(Date.now() - 60 * DAY));
    return Promise.resolve(root);
  });
}

function writeRun(experiment: string, experimentId: string, name: string, number: number): void {
  const id = `a${experimentId}${number.toString(16)}`.padEnd(32, "0");
  const run = `${experiment}/${id}`;
  const end = Date.now() - (number <= 4 ? 40 + number : number) * DAY;
  write(`${run}/meta.yaml`, [
    ...[`artifact_uri: file://${run}/artifacts`, `end_time: ${end}`, "entry_point_name: ''"],
    ...[`experiment_id: '${experimentId}'`, "lifecycle_stage: active", `run_id: ${id}`],
    ...[`run_name: ${name}`, `run_uuid: ${id}`, "source_name: ''", "source_type: 4"],
    ...["source_version: ''", `start_time: ${end - 1000}`, "status: 3", "tags: []", "user_id: kim"],
  ]);
  write(`${run}/metrics/f1`, [`${end} 0.${number} 0`]);
  write(`${run}/tags/mlflow.runName`, [name]);
  write(`${run}/tags/team`, [number % 2 === 0 ? "vision" : "language"]);
  Deno.mkdirSync(`${run}/artifacts`);
  Deno.mkdirSync(`${run}/params`);
}

function write(path: string, lines: readonly string[]): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(path, `${lines.join("\n")}\n`);
}

/**
 * Writes a store whose names are mark-up, control characters, a page of letters and letters of all directions.
 *
 * @returns The store, of 204 runs in 12 experiments, with an orphan; 109 of the runs ended long ago.
 */
export function hostileStore(): Promise<TestStore> {
  return inDirectory(async (directory) => {
    const place = `${directory}/mlruns`;
    // Builders of stores are the project's own, and go by its import map.
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-lock", "--no-check", "-A", "--config", `${PROJECT}/deno.json`],
        ...[`${PROJECT}/tests/_support/write_hostile_store.ts`, place],
      ],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return place;
  });
}

/**
 * Writes the metadata of many runs, a quarter of which ended long ago.
 *
 * @param runs How many.
 * @returns The store.
 */
export function largeStore(runs: number): Promise<TestStore> {
  return inDirectory((directory) =>
    Promise.resolve(benchStore(directory, runs, "metadata").directory)
  );
}

/**
 * Writes a database of many runs in experiments of 1,000, a quarter of which ended long ago. So many files would take
 * longer to write than all tests.
 *
 * @param runs How many.
 * @returns The store; its runs are named `run-0` and so on.
 */
export function largeDatabase(runs: number): Promise<TestStore> {
  return inDirectory(async (directory) => {
    const path = `${directory}/mlflow.db`;
    using database = new DatabaseSync(path);
    database.exec(await Deno.readTextFile(`${PROJECT}/tasks/_demo/mlflow-3.17.sql`));
    database.exec("PRAGMA synchronous = OFF; BEGIN");
    const experiment = database.prepare(
      "INSERT INTO experiments VALUES (?, ?, ?, 'active', ?, ?, 'default')",
    );
    const run = database.prepare(
      `INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time,
        lifecycle_stage, artifact_uri, experiment_id)
        VALUES (?, ?, 'LOCAL', 'kim', 'FINISHED', ?, ?, 'active', ?, ?)`,
    );
    for (let number = 0; number < runs; number++) {
      const of = Math.floor(number / 1000);
      const place = `${directory}/mlruns/${of}`;
      const end = Date.now() - (number % 4 === 0 ? 40 + number % 300 : 1 + number % 28) * DAY;
      if (number % 1000 === 0) {
        experiment.run(of, of === 0 ? "Default" : `experiment-${of}`, place, end, end);
      }
      const id = `a${number.toString(16).padStart(31, "0")}`;
      run.run(id, `run-${number}`, end - 1000 - number, end, `${place}/${id}/artifacts`, of);
    }
    database.exec("COMMIT");
    return `sqlite:///${path}`;
  });
}
