/**
 * A training loop over a tracking server, ours against MLflow's own client with and without its asynchronous logging:
 * 1,000 points of a metric, logged one at a time.
 *
 * @module
 */

import { parseStoreName, type ServerName } from "../../lib/store/store_uri.ts";
import { openServerStore } from "../../tasks/_server/server_store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { startRun } from "../../tasks/training/run.ts";
import { type MlflowVersion, runPython } from "../mlflow/python.ts";
import { type Figure, median, shownTime } from "./measurement.ts";

const METRICS = 1_000;
/** All is waited for, however busy the machine is. */
const PATIENCE = { setUp: 60_000, start: 60_000, confirm: 60_000, end: 600_000 };

/** Ms. */
interface Times {
  /** What the training takes. */
  readonly loop: number;
  /** The same until all has arrived and the run has ended. */
  readonly all: number;
}

/**
 * Measures it on one server.
 *
 * @param version Whose client.
 * @param options Where the server is, where our client keeps what it logs, and how many rounds.
 * @returns What training takes, and until all has arrived.
 */
export async function measureServerLogging(
  version: MlflowVersion,
  { uri, state, rounds }: {
    readonly uri: string;
    readonly state: string;
    readonly rounds: number;
  },
): Promise<readonly Figure[]> {
  const ours: Times[] = [];
  const theirs: Record<"sync" | "async", Times>[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await timeOurs(uri, state));
    const args = [uri, String(METRICS)];
    theirs.push(await runPython(version, "time_server_logging.py", args) as typeof theirs[0]);
  }
  const figure = (how: "sync" | "async", what: keyof Times, atLeast: number | null): Figure => {
    const [top, bottom] = [theirs.map((one) => one[how][what]), ours.map((one) => one[what])];
    const name = how === "sync" ? "" : " asynchronously";
    const until = what === "loop" ? "" : ", until all has arrived";
    return {
      what: `MLflow ${version.name}, 1,000 points logged over a server${name} ÷ ours${until}`,
      value: median(top.map((time, round) => time / bottom[round]!)),
      unit: "×",
      bound: atLeast === null ? null : { atLeast },
      detail: `${shownTime(median(top))} ÷ ${shownTime(median(bottom))}`,
      rounds,
    };
  };
  return [
    figure("sync", "loop", 20),
    figure("sync", "all", 20),
    figure("async", "loop", null),
    figure("async", "all", 1),
  ];
}

async function timeOurs(uri: string, state: string): Promise<Times> {
  await using store = await openServerStore(parseStoreName(uri) as ServerName, {
    chosenBy: "the bench",
    now: Date.now,
    environment: (name) => ({ XDG_STATE_HOME: state })[name],
    patience: PATIENCE,
  });
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
