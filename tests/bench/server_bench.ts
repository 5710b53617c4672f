/**
 * Reading a tracking server, deleting old runs over it and training into it, against MLflow's own client on the same
 * server, which is started as `mlflow server` starts by default, and loads the machine for both alike.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { type MlflowVersion, settings } from "../mlflow/python.ts";
import { startTrackingServer } from "../mlflow/servers/start_server.ts";
import { outputOf } from "./compare_programs.ts";
import { benchDatabase, newestMlflow } from "./database_bench.ts";
import { NOW } from "./bench_store.ts";
import { type Bench, type Figure, median, type Program, ratio, shownTime } from "./measurement.ts";
import { clientOf } from "./mlflow_bench.ts";
import { taskWords } from "./programs.ts";
import { measureServerLogging } from "./server_logging_bench.ts";

const DAY = 86_400_000;
const MANY = 20_000;
/** The store of which runs are deleted, and how many. */
const [FEW, OLD] = [4_000, 1_000];
/** So many runs take MLflow's client a minute. */
const ROUNDS = 3;
/** What `mlflow server` starts of its own accord. */
const WORKERS = 4;

/** Reads a server. */
export async function measureServer(bench: Bench): Promise<readonly Figure[]> {
  const version = await newestMlflow();
  const rounds = Math.min(bench.rounds, ROUNDS);
  await using served = await serve(bench, version, MANY);
  const { uri, server } = served;
  const before = taskWords("config", ["--help"]);
  const { client, summary } = await bench.compare({
    client: { ...clientOf(version, uri), before, server },
    summary: { words: taskWords("summary", ["--json", "--store", uri]), before, server },
  }, rounds);
  const what = `MLflow ${version.name}, \`search_runs\` of 20,000 runs over a server`;
  const [ours, all] = [median(summary.work), median(summary.wholeWork)];
  return [
    ratio(
      `${what} ÷ \`summary --json\`, processor time without the server's`,
      client,
      summary,
      { atLeast: 3 },
      "work",
    ),
    ratio("the same with the server's", client, summary, null, "wholeWork"),
    ratio("the same by the clock", client, summary, null),
    {
      what: "of the processor time of `summary --json` over a server, what is ours",
      value: ours / all,
      unit: "×",
      bound: { atMost: 0.25 },
      detail: `${shownTime(ours)} ÷ ${shownTime(all)}`,
      rounds,
    },
  ];
}

/** Trains into a server. */
export async function measureServerTraining(bench: Bench): Promise<readonly Figure[]> {
  const version = await newestMlflow();
  const rounds = Math.min(bench.rounds, ROUNDS);
  await using served = await serve(bench, version, FEW);
  return await measureServerLogging(version, { ...served, rounds });
}

/** Deletes over a server what is old. */
export async function measureServerPruning(bench: Bench): Promise<readonly Figure[]> {
  const version = await newestMlflow();
  await using served = await serve(bench, version, FEW);
  return await measurePruning(bench, { ...served, python: version.python });
}

/** A server, which ends with the scope. */
interface Served extends AsyncDisposable {
  readonly uri: string;
  /** Absolute path of its database. */
  readonly path: string;
  /** Where our tasks keep what they change over it. */
  readonly state: string;
  /** Its process. */
  readonly server: number;
}

async function serve(bench: Bench, version: MlflowVersion, runs: number): Promise<Served> {
  const directory = join(bench.directory, "servers", `${runs}`);
  const path = benchDatabase(join(directory, "mlflow.db"), {
    ...{ runs, root: join(directory, "mlruns") },
  });
  const backend = `sqlite:///${path}`;
  const server = await startTrackingServer(version, { backend, directory, workers: WORKERS });
  return {
    ...{ uri: server.uri, path, state: join(directory, "state"), server: server.pid },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function measurePruning(
  bench: Bench,
  { uri, path, state, server, python }: Omit<Served, keyof AsyncDisposable> & {
    readonly python: string;
  },
): Promise<readonly Figure[]> {
  // Of `benchDatabase()` each fourth run is old, and all of these go.
  const before = NOW - 39 * DAY;
  const days = Math.floor((Date.now() - before) / DAY);
  const script = fromFileUrl(new URL("prune_server.py", import.meta.url));
  const again = ["python3", "-c", AS_BEFORE, path];
  const theirs = (how: "checked" | "bare"): Program => ({
    words: [python, "-X", "utf8", script, uri, `${before}`, how],
    environment: settings,
    before: again,
    server,
  });
  const ours: Program = {
    words: taskWords("prune:apply", [
      ...["--days-old", `${days}`, "--force", "--store", uri],
    ]),
    environment: { XDG_STATE_HOME: state },
    before: again,
    server,
  };
  const samples = await bench.compare(
    { ours, checked: theirs("checked"), bare: theirs("bare") },
    Math.min(bench.rounds, ROUNDS),
  );
  await outputOf(again);
  await outputOf(ours.words, { environment: ours.environment! });
  const count = await outputOf(["python3", "-c", COUNT_DELETED, path]);
  if (Number(count) !== OLD) throw new Error(`Expected ${OLD} runs to be deleted, found ${count}`);
  const what = "MLflow's client, 1,000 of 4,000 runs deleted over a server";
  return [
    ratio(
      `${what}, each looked at before and after ÷ \`prune:apply\``,
      samples.checked,
      samples.ours,
      {
        atLeast: 3,
      },
    ),
    ratio(
      "the same by processor time, the server's included",
      samples.checked,
      samples.ours,
      null,
      "wholeWork",
    ),
    ratio(`${what}, unseen ÷ \`prune:apply\``, samples.bare, samples.ours, null),
    ratio(
      "the same by processor time, the server's included",
      samples.bare,
      samples.ours,
      null,
      "wholeWork",
    ),
  ];
}

const COUNT_DELETED = `import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'deleted'").fetchone()[0])`;

const AS_BEFORE = `import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL")
    database.execute("DELETE FROM tags WHERE key LIKE 'mltidy.deleted_at.%' OR key = 'deleted_at'")`;
