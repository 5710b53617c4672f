/**
 * Logging that never throws, whatever the run: as functions, for programs that pass the run around.
 *
 * @module
 */

import { LoggingError, type LogOutcome, type LogProblem } from "../../lib/tracking/log_outcome.ts";
import type { LogValue, MetricOptions, RunLog } from "./run_log.ts";

/**
 * Logs a parameter; does not throw even when the run is strict. Needs write permission for the store.
 *
 * @param run The run.
 * @param key The parameter's key.
 * @param value Its value; a value that is there already stays.
 * @returns What came of it.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { safeLogParam, safeRun, setupExperiment } from "mltidy/train";
 *
 * const directory = await Deno.makeTempDir();
 * await using store = await openStore(`${directory}/mlruns`, { create: true });
 * const { experimentId } = await setupExperiment(store, "churn");
 * await safeRun(store, { experimentId, strict: true, warn: () => {} }, async (run) => {
 *   await safeLogParam(run, "resampling_enabled", true);
 *   await safeLogParam(run, "resampling_enabled", false); // `True` stays, and nothing is thrown.
 * });
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function safeLogParam(
  run: RunLog,
  key: string,
  value: LogValue,
): Promise<LogOutcome> {
  return await safely(key, () => run.logParam(key, value));
}

/**
 * Logs a point of a metric; does not throw even when the run is strict. Needs write permission for the
 * store.
 *
 * @param run The run.
 * @param key The metric's key.
 * @param value The value.
 * @param options Its step, 0 by default, and its time, by default now.
 * @returns What came of it.
 */
export async function safeLogMetric(
  run: RunLog,
  key: string,
  value: number,
  options?: MetricOptions,
): Promise<LogOutcome> {
  return await safely(key, () => run.logMetric(key, value, options));
}

/**
 * Copies a file or directory among the run's artifacts; does not throw even when the run is strict. Needs
 * read permission for it, and write permission for the store.
 *
 * @param run The run.
 * @param path The file or directory.
 * @param directory The artifact directory that it goes into; by default the topmost.
 * @returns What came of it.
 */
export async function safeLogArtifact(
  run: RunLog,
  path: string,
  directory?: string,
): Promise<LogOutcome> {
  return await safely(path, () => run.logArtifact(path, directory));
}

async function safely(key: string, log: () => Promise<LogOutcome>): Promise<LogOutcome> {
  try {
    return await log();
  } catch (error) {
    const problem: LogProblem = error instanceof LoggingError
      ? error.problem
      : { kind: "write-failed", key, message: `Cannot log ${key}: ${error}` };
    return { outcome: "not-logged", key, problem };
  }
}
