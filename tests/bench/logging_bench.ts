// deno-lint-ignore-file no-console -- a benchmark reports on the terminal.
/**
 * Logging, ours against MLflow's own client, on the same disk: prints a table of microseconds per call.
 *
 * ```
 * deno run -A tests/bench/logging_bench.ts [DIRECTORY]
 * ```
 *
 * DIRECTORY says which disk; by default that of temporary files. Both sides write into new stores of one
 * experiment, which favours MLflow: each of its calls searches all experiments for the run. Ours and its
 * take turns, and each figure is a median of rounds. `fsync: "never"` promises as much as MLflow does;
 * the default, `end`, makes all that a run logged durable when it ends.
 *
 * @module
 */

import { join } from "@std/path";
import { openStore } from "../../tasks/open_store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { safeRun, startRun } from "../../tasks/training/run.ts";
import { isSetUp, runPython, versions } from "../mlflow/python.ts";

/** Microseconds per call. */
type Figures = Readonly<Record<Row, number>>;
type Row = "log_metric" | "log_batch" | "log_param" | "set_tag" | "run";

const ROWS: Readonly<Record<Row, string>> = {
  log_metric: "log a metric's point",
  log_batch: "log a batch of 1,000 points",
  log_param: "log a parameter",
  set_tag: "set a tag",
  run: "start and end a run",
};
const ROUNDS = 9;
const BOUND = 20;

async function timed(
  rounds: number,
  calls: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (let index = 0; index < calls; index++) await call(round * calls + index);
    times.push((performance.now() - start) / calls * 1000);
  }
  return median(times);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function timeOurs(location: string, fsync: "never" | "end"): Promise<Figures> {
  await using store = await openStore(location, { create: true });
  const { experimentId } = await setupExperiment(store, "bench");
  await using run = await startRun(store, { experimentId, fsync });
  const batch = (call: number) => {
    const points = Array.from({ length: 1000 }, (_, index) => (
      { key: `metric ${index % 10}`, value: index / 7, step: call * 1000 + index }
    ));
    return run.logMetrics(points);
  };
  await run.logMetric("warm", 0.5);
  await batch(0);
  await safeRun(store, { experimentId, fsync, user: "kim" }, () => {});
  const figures = {
    log_metric: await timed(
      ROUNDS,
      100,
      (index) => run.logMetric("loss", index / 7, { step: index }),
    ),
    log_batch: await timed(ROUNDS, 5, batch),
    log_param: await timed(ROUNDS, 50, (index) => run.logParam(`param ${index}`, index)),
    set_tag: await timed(ROUNDS, 50, (index) => run.setTag(`tag ${index}`, index)),
    run: await timed(
      ROUNDS,
      20,
      () => safeRun(store, { experimentId, fsync, user: "kim" }, () => {}),
    ),
  };
  await run.end();
  return figures;
}

/** The system calls alone that make a run and end it: directories, files, two renames. */
async function timeCalls(directory: string): Promise<number> {
  Deno.mkdirSync(join(directory, "calls"));
  return await timed(ROUNDS, 20, (index) => {
    const aside = join(directory, `aside ${index}`);
    const run = join(directory, "calls", `run ${index}`);
    Deno.mkdirSync(aside);
    for (const name of ["metrics", "params", "artifacts", "tags"]) {
      Deno.mkdirSync(join(aside, name));
    }
    const files = ["tags/user", "tags/name", "tags/source", "tags/type", "meta.yaml"];
    for (const path of files) Deno.writeTextFileSync(join(aside, path), "x".repeat(80));
    Deno.renameSync(aside, run);
    Deno.writeTextFileSync(aside, "x".repeat(400));
    Deno.renameSync(aside, join(run, "meta.yaml"));
    return Promise.resolve();
  });
}

function shown(microseconds: number): string {
  return microseconds < 1000
    ? `${microseconds.toFixed(microseconds < 100 ? 1 : 0)} µs`
    : `${(microseconds / 1000).toFixed(1)} ms`;
}

const [directory] = Deno.args;
const scratch = await Deno.makeTempDir({
  prefix: "mltidy-bench-",
  ...(directory === undefined ? {} : { dir: directory }),
});
try {
  const clients: [name: string, figures: Figures][] = [];
  const ours: Record<"never" | "end", Figures[]> = { never: [], end: [] };
  for (const version of versions) {
    for (const fsync of ["never", "end"] as const) {
      ours[fsync].push(await timeOurs(join(scratch, `${fsync}-${version.name}`, "mlruns"), fsync));
    }
    if (!await isSetUp(version)) {
      console.error(`Skipped: MLflow ${version.name} is not installed; type deno task test:mlflow`);
      continue;
    }
    const store = join(scratch, `mlflow-${version.name}`);
    const figures = await runPython(version, "time_logging.py", [store, String(ROUNDS)]) as Figures;
    clients.push([`MLflow ${version.name}`, figures]);
  }
  const best = (row: Row, fsync: "never" | "end") =>
    Math.min(...ours[fsync].map((figures) => figures[row]));
  const head = [
    "per call",
    "mltidy",
    ...clients.flatMap(([name]) => [name, "faster"]),
    'mltidy, `fsync: "end"`',
  ];
  console.log(
    `| ${head.join(" | ")} |\n|${head.map((_, index) => index ? " ---: " : " --- ").join("|")}|`,
  );
  const slow: string[] = [];
  for (const row of Object.keys(ROWS) as Row[]) {
    const mine = best(row, "never");
    const others = clients.map(([, figures]) => [figures[row], figures[row] / mine] as const);
    if (others.some(([, times]) => times < BOUND)) slow.push(ROWS[row]);
    const cells = [
      ROWS[row],
      shown(mine),
      ...others.flatMap(([time, times]) => [shown(time), `${times.toFixed(0)}×`]),
      shown(best(row, "end")),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  console.log(
    `\nThe system calls alone that start and end a run: ${shown(await timeCalls(scratch))}`,
  );
  if (slow.length > 0) console.error(`Less than ${BOUND}× faster: ${slow.join(", ")}`);
} finally {
  await Deno.remove(scratch, { recursive: true });
}
