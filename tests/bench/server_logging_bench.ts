// deno-lint-ignore-file no-console -- a benchmark reports on the terminal.
/**
 * A training loop over a tracking server, ours against MLflow's own client with and without its asynchronous
 * logging, on one server: prints a table of milliseconds for 1,000 points of a metric, logged one at a time.
 *
 * ```
 * deno run -A tests/bench/server_logging_bench.ts
 * ```
 *
 * `loop` is what the training takes, `all` the same until all has arrived and the run has ended.
 *
 * @module
 */

import { openStore } from "../../tasks/open_store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { startRun } from "../../tasks/training/run.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { isSetUp, runPython, versions } from "../mlflow/python.ts";
import { emptyDatabase, startTrackingServer } from "../mlflow/servers/start_server.ts";

const METRICS = 1000;

/** Milliseconds. */
interface Times {
  readonly loop: number;
  readonly all: number;
}

async function timeOurs(uri: string, state: string): Promise<Times> {
  const environment = (name: string) => ({ XDG_STATE_HOME: state })[name];
  await using store = await openStore(uri, { environment });
  const { experimentId } = await setupExperiment(store, "bench");
  const timed = async (count: number): Promise<Times> => {
    const run = await startRun(store, { experimentId });
    const start = performance.now();
    for (let step = 0; step < count; step++) await run.logMetric("loss", step / 7, { step });
    const loop = performance.now() - start;
    await run.end();
    if (run.problems.length > 0) throw new Error(run.problems[0]?.message);
    return { loop, all: performance.now() - start };
  };
  await timed(3);
  return await timed(METRICS);
}

const shown = (ms: number) => `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;

console.log("| 1,000 points | loop | all | slower than ours |\n| --- | ---: | ---: | ---: |");
for (const version of versions) {
  if (!await isSetUp(version)) {
    console.error(`Skipped: MLflow ${version.name} is not installed; type deno task test:mlflow`);
    continue;
  }
  await using directory = await tempDirectory();
  const { path } = directory;
  const backend = `sqlite:///${emptyDatabase(version, path)}`;
  await using server = await startTrackingServer(version, { backend, directory: path });
  const ours = await timeOurs(server.uri, path);
  const args = [server.uri, String(METRICS)];
  const theirs = await runPython(version, "time_server_logging.py", args) as Record<
    "sync" | "async",
    Times
  >;
  const rows: readonly (readonly [string, Times])[] = [
    ["mltidy", ours],
    [`MLflow ${version.name}`, theirs.sync],
    [`MLflow ${version.name}, asynchronous`, theirs.async],
  ];
  for (const [name, { loop, all }] of rows) {
    console.log(`| ${name} | ${shown(loop)} | ${shown(all)} | ${(all / ours.all).toFixed(1)}× |`);
  }
}
