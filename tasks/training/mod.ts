/**
 * Training that logging cannot stop: an experiment is reused, created or restored as needed, a run that
 * throws ends FAILED, and what logging could not do is told once.
 *
 * @example A run
 * ```ts
 * import { openStore } from "mltidy";
 * import { safeRun, setupExperiment } from "mltidy/train";
 *
 * await using store = await openStore("./mlruns");
 * const { experimentId } = await setupExperiment(store, "churn");
 * await safeRun(store, { experimentId }, async (run) => {
 *   await run.logParam("rate", 0.1);
 * });
 * ```
 *
 * @module
 */

export type { Dataset } from "../../lib/store/tracking_model.ts";
export {
  type CountedProblem,
  LoggingError,
  type LogOutcome,
  type LogProblem,
  type LogProblemKind,
} from "../../lib/tracking/log_outcome.ts";
export type { Durability, ExperimentSetup } from "../ports/tracking.ts";
export { setupExperiment, type SetupExperimentOptions } from "./experiment.ts";
export type { ProgramReport } from "./program.ts";
export { type ActiveRun, type EndStatus, type RunOptions, safeRun, startRun } from "./run.ts";
export type { InputOptions, LogValue, MetricEntry, MetricOptions, RunLog } from "./run_log.ts";
export { safeLogArtifact, safeLogMetric, safeLogParam } from "./safe_log.ts";
