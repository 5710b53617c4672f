/**
 * Runs that training cannot leave behind: started, logged to, and ended whatever happens.
 *
 * @module
 */

import { DiskFullError, StoreAccessError } from "../../lib/errors.ts";
import { PARENT_TAG } from "../../lib/store/tags.ts";
import {
  LoggingError,
  type LogProblem,
  summarizeProblems,
} from "../../lib/tracking/log_outcome.ts";
import { letSignalsIn, unlessStopping, whenEnding, whenStopped } from "../_io/process.ts";
import { failureText } from "../_io/read.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Abortable, Store } from "../ports/store.ts";
import type { Durability, TrackedRun } from "../ports/tracking.ts";
import { openRunLog } from "./open_run_log.ts";
import { tell } from "./problem_ledger.ts";
import type { LogValue, RunLog } from "./run_log.ts";

/** How a run can end. */
export type EndStatus = "FINISHED" | "FAILED" | "KILLED";

/** Which run to start, and how. */
export interface RunOptions extends Abortable {
  /** The experiment of a new run, as `setupExperiment` gives it. Needed unless there is a `runId`. */
  readonly experimentId?: string;
  /**
   * A run to go on with, ended or not: it is RUNNING again, and keeps all that it has, its start included.
   * Together with an `experimentId` it is looked for there alone.
   */
  readonly runId?: string;
  /**
   * The run's name in MLflow; of a run to go on with, its new name.
   *
   * @default {one that is made up, such as keen-wren-349}
   */
  readonly runName?: string;
  /** Tags to set, as `setTag` does. @default {{}} */
  readonly tags?: Readonly<Record<string, LogValue>>;
  /**
   * The run that this one is part of: MLflow shows it below that one. It is not looked up, and need not
   * be of the same experiment.
   */
  readonly parentRunId?: string;
  /**
   * Who starts a new run.
   *
   * @default {the account, as MLflow finds it; "unknown" where --allow-env is not granted}
   */
  readonly user?: string;
  /** Throw a `LoggingError` for what is not logged. @default {false} */
  readonly strict?: boolean;
  /**
   * Told in a line the first problem of each kind, and at the end how many there were; nothing where all
   * went well. What it throws is passed over.
   *
   * @default {console.warn}
   */
  readonly warn?: (message: string) => void;
  /** Ends the run KILLED when it is aborted, whatever the training is doing. */
  readonly signal?: AbortSignal | undefined;
  /**
   * When what is logged is certain to survive a power cut: `end`, before the run's end is recorded;
   * `always`, before each call returns; `never`, as with MLflow. A killed process loses nothing either way.
   *
   * @default {"end"}
   */
  readonly fsync?: Durability;
  /**
   * End the run KILLED on SIGINT, SIGTERM and SIGHUP, and then let the process exit with 130, 143 or 129,
   * as it would have. Say `false` in a program that handles these signals itself, and give it a `signal`.
   * What `nohup` has started goes on after SIGHUP; only Linux with `--allow-all` can tell.
   *
   * @default {true}
   */
  readonly endOnSignals?: boolean;
}

/**
 * A run that is being logged to. Leaving a block that holds it by `await using` without `end()` ends it
 * FAILED.
 */
export interface ActiveRun extends RunLog, AsyncDisposable {
  /** 32 hexadecimal digits; where a tracking server did not answer, its tag `mltidy.run_key`. */
  readonly id: string;
  /** The experiment that it belongs to. */
  readonly experimentId: string;
  /** As MLflow shows it. */
  readonly name: string;
  /** Where its artifacts are. */
  readonly artifactUri: string;
  /** Epoch ms. */
  readonly startTime: number;
  /** Aborted when the run is KILLED, with the reason: for the training to stop. */
  readonly signal: AbortSignal;
  /**
   * Ends the run; logs nothing more afterwards. A second call does nothing.
   *
   * @param status How it ended; by default `FINISHED`.
   * @param error What made it fail, kept as the tag `mltidy.error`.
   * @throws {LoggingError} When the run is strict and its end cannot be recorded.
   */
  end(status?: EndStatus, error?: unknown): Promise<void>;
}

/**
 * Runs training in a run of MLflow: starts the run, ends it FINISHED when the body is done, FAILED when it
 * throws, with the error as the tag `mltidy.error`, and KILLED on SIGINT, SIGTERM, SIGHUP and `signal`.
 * Logging never throws, see {@linkcode RunLog}. Needs read and write permission for the store.
 *
 * The run is in the store, RUNNING, before the body begins, and its end is recorded whatever the last
 * thing logged came to: FAILED as well when the process exits before, or dies of an error that nobody
 * catches. A process that is killed outright leaves it RUNNING, with all that was logged; `preflight` ends
 * it once it has given no sign of life for seven days.
 *
 * For nested runs, call it inside the body with `parentRunId: run.id`.
 *
 * @param store The store.
 * @param options Which run, and how.
 * @param body The training; its `run.signal` tells it to stop.
 * @returns What the body gives.
 * @throws {unknown} What the body throws; the reason of `signal`, once that is aborted. The body is not
 *   waited for then.
 * @throws {TypeError} When there is neither an `experimentId` nor a `runId`.
 * @throws {InvalidArgumentError} When there is no such experiment or run, or it is deleted.
 * @throws {StoreAccessError} When the operating system or the server lets no run be started. A server that does not
 *   answer is no reason: it is told later.
 *
 * @example A parameter that is logged twice does not stop the training
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 * import { safeRun, setupExperiment } from "mltidy/train";
 *
 * const directory = await Deno.makeTempDir();
 * await using store = await openStore(`${directory}/mlruns`, { create: true });
 * const { experimentId } = await setupExperiment(store, "churn");
 * const f1 = await safeRun(store, { experimentId, warn: () => {} }, async (run) => {
 *   await run.logParam("depth", 3);
 *   const again = await run.logParam("depth", 5);
 *   assertEquals(again.problem?.kind, "param-conflict");
 *   for (let step = 0; step < 10; step++) await run.logMetric("f1", step / 10, { step });
 *   return 0.9;
 * });
 * assertEquals(f1, 0.9);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function safeRun<T>(
  store: Store,
  options: RunOptions,
  body: (run: ActiveRun) => Promise<T> | T,
): Promise<T> {
  const run = await startRun(store, options);
  try {
    options.signal?.throwIfAborted();
    const result = await unlessAborted(run.signal, async () => await body(run));
    await letSignalsIn();
    await run.end("FINISHED");
    // It may have been killed while the body came to its end.
    run.signal.throwIfAborted();
    return result;
  } catch (error) {
    // Even a strict run fails with what made it fail.
    await run.end("FAILED", error).catch(() => {});
    throw error;
  }
}

/** The body goes on if it does not listen, but nobody waits for it any more. */
async function unlessAborted<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([body(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Starts a run, or goes on with one, for programs in which no single function holds the training. Prefer
 * {@linkcode safeRun}, which knows whether the training failed: this run ends FAILED unless it is told
 * otherwise, and KILLED as there. Needs read and write permission for the store.
 *
 * @param store The store.
 * @param options Which run, and how.
 * @returns The run, to be bound by `await using`; call its `end()` when all went well.
 * @throws {TypeError} When there is neither an `experimentId` nor a `runId`.
 * @throws {InvalidArgumentError} When there is no such experiment or run, or it is deleted.
 * @throws {StoreAccessError} When the operating system or the server lets no run be started. A server that does not
 *   answer is no reason: it is told later.
 *
 * @example Without end() the run has failed
 * ```ts
 * import { openStore } from "mltidy";
 * import { setupExperiment, startRun } from "mltidy/train";
 *
 * const directory = await Deno.makeTempDir();
 * await using store = await openStore(`${directory}/mlruns`, { create: true });
 * const { experimentId } = await setupExperiment(store, "churn");
 * {
 *   await using run = await startRun(store, { experimentId, runName: "baseline" });
 *   await run.logMetric("f1", 0.8);
 *   await run.end();
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function startRun(store: Store, options: RunOptions): Promise<ActiveRun> {
  // deno-lint-ignore no-console -- a training program has no other ear by default.
  const { strict = false, warn = console.warn, endOnSignals = true, signal } = options;
  signal?.throwIfAborted();
  const tracked = await openTracked(store, options);
  const log = openRunLog(tracked, { now: store.now, strict, warn });
  const { count, close, ...logging } = log;
  const controller = new AbortController();
  let ending: Promise<void> | null = null;

  async function record(status: EndStatus, error?: unknown): Promise<void> {
    if (error !== undefined) markError(error);
    close(status);
    const problem = await recordEnd(tracked, status, store.now());
    // A signal that came meanwhile has its say before nobody listens any more.
    await letSignalsIn();
    stopping?.[Symbol.dispose]();
    exiting[Symbol.dispose]();
    signal?.removeEventListener("abort", abort);
    if (problem !== null) count(problem);
    if (log.problems.length > 0) {
      const head = problem?.message ?? `Run ${nameOf(tracked)} ended ${status}`;
      tell(warn, `${head}; ${summarizeProblems(log.problems)}`);
    }
    if (strict && problem !== null) throw new LoggingError(problem);
  }
  function markError(error: unknown): void {
    log.setTag("mltidy.error", errorText(error)).catch(() => {});
  }
  /** The log stays open: if the process lives on after all, the run will end once more. */
  function recordExit(error: unknown): void {
    if (ending !== null) return;
    markError(error);
    void recordEnd(tracked, "FAILED", store.now());
  }
  async function recordKilled(reason: unknown): Promise<void> {
    try {
      await record("KILLED");
    } finally {
      controller.abort(reason);
    }
  }
  const end = (status: EndStatus = "FINISHED", error?: unknown) => ending ??= record(status, error);
  const kill = (reason: unknown) => (ending ??= recordKilled(reason)).catch(() => {});
  const abort = () => void kill(signal?.reason);
  const stopping = endOnSignals
    ? whenStopped(() => kill(new DOMException("The process was told to stop", "AbortError")))
    : null;
  const exiting = whenEnding(recordExit);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();

  const run: ActiveRun = {
    ...logging,
    get problems() {
      return log.problems;
    },
    get name() {
      return tracked.record.runName;
    },
    id: tracked.record.runId,
    experimentId: tracked.record.experimentId,
    artifactUri: tracked.record.artifactUri,
    startTime: tracked.record.startTime,
    signal: controller.signal,
    end,
    [Symbol.asyncDispose]: () => end("FAILED").catch(() => {}),
  };
  try {
    await run.setTags(options.tags ?? {});
    return run;
  } catch (error) {
    await end("FAILED", error).catch(() => {});
    throw error;
  }
}

async function openTracked(store: Store, options: RunOptions): Promise<TrackedRun> {
  const { experimentId = null, runId, parentRunId, runName, user = null, fsync = "end" } = options;
  const tags = new Map(parentRunId === undefined ? [] : [[PARENT_TAG, parentRunId]]);
  const common = { runName: runName?.toWellFormed() || null, tags, durability: fsync };
  const tracking = requireCapability(store, "tracking");
  try {
    await unlessStopping();
    if (runId !== undefined) return await tracking.resumeRun({ ...common, runId, experimentId });
    if (experimentId === null) {
      throw new TypeError(
        "Cannot start a run: expected an experimentId, or a runId to go on with; setupExperiment() gives one",
      );
    }
    return await tracking.startRun({ ...common, experimentId, user });
  } catch (error) {
    const isSaid = error instanceof TypeError || error instanceof RangeError ||
      error instanceof DiskFullError;
    if (isSaid) throw error;
    const { location } = store.describe();
    const what = runId === undefined ? "start a run" : `resume run ${runId}`;
    throw new StoreAccessError(
      `Cannot ${what} in store ${location}: ${failureText(error)}`,
      location,
      { cause: error },
    );
  }
}

async function recordEnd(
  tracked: TrackedRun,
  status: EndStatus,
  endTime: number,
): Promise<LogProblem | null> {
  try {
    await tracked.end(status, endTime);
    return null;
  } catch (error) {
    const message = `Cannot record that run ${nameOf(tracked)} ended ${status}: ${
      failureText(error)
    }`;
    return { kind: "write-failed", key: "status", message };
  }
}

function nameOf({ record }: TrackedRun): string {
  return `${record.runName} (${record.runId})`;
}

/** Anything can be thrown, also what raises when it is looked at. */
function errorText(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "an error without a text";
  }
}
