/**
 * The task `run`: any program in a run of its own, such as training in Python.
 *
 * *Ordering*: the store is made ready, the experiment set up, the run started, and then the program.
 * Whatever of this fails, the program runs all the same, and it is said; only `strict` stops.
 *
 * *Locking*: as `preflight` does it, and nothing is locked while the program runs. The run is RUNNING then,
 * so that no clean-up takes it, and shows signs of life.
 *
 * *After an interruption*: the program goes on, and MLflow within it ends the run; where it does not, the
 * run stays RUNNING until a repair finds it without a sign of life.
 *
 * @module
 */

import { errorMessage, InvalidArgumentError } from "../lib/errors.ts";
import { programName } from "../lib/text/credentials.ts";
import type { Store } from "./ports/store.ts";
import { preflight, type PreflightOptions, type PreflightReport } from "./preflight.ts";
import { setupExperiment } from "./training/experiment.ts";
import { type ProgramReport, runInRun } from "./training/program.ts";

/** How to run a program in a run. */
export interface RunProgramOptions
  extends Pick<PreflightOptions, "backups" | "onPlan" | "onProgress"> {
  /** Name of the experiment: it is reused, created or restored as needed. */
  readonly experiment: string;
  /**
   * The run's name in MLflow; MLflow 3 takes the name that the program gives to `start_run()` instead.
   *
   * @default {one that is made up, such as keen-wren-349}
   */
  readonly runName?: string | undefined;
  /** Do not run the program where the store is not ready, or no run can be started. @default {false} */
  readonly strict?: boolean;
  /** The directory in which the program starts. @default {the current one} */
  readonly cwd?: string | undefined;
  /** What its environment has besides this process's; what hands the run over wins. @default {{}} */
  readonly env?: Readonly<Record<string, string>>;
  /** Tells the program to stop by SIGTERM when it is aborted; before its start, nothing starts. */
  readonly signal?: AbortSignal | undefined;
  /** Told in a line what could not be set up or recorded. @default {console.warn} */
  readonly warn?: (message: string) => void;
  /** Told what came of the preflight. */
  readonly onReady?: ((report: PreflightReport) => void) | undefined;
  /** Told of the run before the program starts. */
  readonly onStart?: ((run: NonNullable<ProgramReport["run"]>) => void) | undefined;
}

/**
 * Runs any program in a run of its own: makes the store ready, sets the experiment up, starts a run, hands
 * it over by MLflow's variables, of which `mlflow.start_run()` knows, and records its end: FINISHED for exit
 * code 0, FAILED for any other, KILLED for a signal, whether or not the program knows of MLflow. What the
 * program itself recorded stays unless its end contradicts it.
 *
 * Logging stops no program: what cannot be set up is told to `warn`, and it runs without. Its standard
 * streams are those of this process, and SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1 and SIGUSR2 are handed on
 * to it. Needs read and write permission for the store, and the permission to run the program, which may do
 * all that its account may.
 *
 * @param store The store; `null` where it cannot be opened.
 * @param options Which experiment, and how.
 * @param program The program and its arguments; no shell reads them.
 * @returns Its exit code, and its run.
 * @throws {InvalidArgumentError} When MLflow allows no experiment of that name.
 * @throws {StoreAccessError} When it is strict, and the experiment cannot be set up or no run started.
 * @throws {DOMException} `AbortError` when the signal is aborted before the program starts.
 *
 * @example
 * ```ts
 * import { openStore, runProgram } from "mltidy";
 *
 * await using store = await openStore("./mlruns", { create: true });
 * const { exitCode, run } = await runProgram(store, { experiment: "churn" }, ["python", "train.py"]);
 * console.log(run?.status, exitCode);
 * ```
 */
export async function runProgram(
  store: Store | null,
  options: RunProgramOptions,
  program: readonly string[],
): Promise<ProgramReport> {
  // deno-lint-ignore no-console -- a training program has no other ear by default.
  const { experiment, runName, strict = false, env = {}, warn = console.warn } = options;
  const { cwd, signal, onReady, onStart } = options;
  if (program.length === 0) {
    throw new InvalidArgumentError("Cannot run a program: expected its name, found none");
  }
  signal?.throwIfAborted();
  const { report, failure } = await getReady(store, options);
  if (report !== null) onReady?.(report);
  if (report?.ready === false) {
    const fault = `Store ${report.store} is not ready`;
    if (strict) return { exitCode: 3, signal: null, fault, run: null };
    warn(`${fault}; ${programName(program)} runs all the same`);
  }
  const id = report?.experiment?.experimentId ?? await setUp(store, options, warn);
  // What kept the experiment from being set up has been told by then, and may be the same.
  if (failure !== null && id !== null) warn(`Cannot make the store ready: ${failure}`);
  const handOver = {
    store,
    experiment: id === null ? null : { id, name: experiment },
    runName: runName ?? null,
  };
  signal?.throwIfAborted();
  return await runInRun(program, handOver, { cwd, env, signal, strict, warn, onStart });
}

async function getReady(
  store: Store | null,
  { experiment, strict = false, signal, backups, onPlan, onProgress }: RunProgramOptions,
): Promise<{ readonly report: PreflightReport | null; readonly failure: string | null }> {
  if (store === null) return { report: null, failure: null };
  try {
    const report = await preflight(store, experiment, { backups, onPlan, onProgress, signal });
    return { report, failure: null };
  } catch (error) {
    if (mustStop(error, strict, signal)) throw error;
    return { report: null, failure: errorMessage(error) };
  }
}

async function setUp(
  store: Store | null,
  { experiment, strict = false, signal }: RunProgramOptions,
  warn: (message: string) => void,
): Promise<string | null> {
  if (store === null) return null;
  try {
    return (await setupExperiment(store, experiment, { signal })).experimentId;
  } catch (error) {
    if (mustStop(error, strict, signal)) throw error;
    warn(`${errorMessage(error)}; the program has no run`);
    return null;
  }
}

/** What was typed wrong is no matter of logging. */
function mustStop(error: unknown, strict: boolean, signal: AbortSignal | undefined): boolean {
  return strict || signal?.aborted === true || error instanceof InvalidArgumentError;
}
