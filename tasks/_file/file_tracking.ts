/**
 * What training writes into a file store, behind the port.
 *
 * @module
 */

import { makeRunName } from "../../lib/tracking/run_name.ts";
import type { Tracking } from "../ports/tracking.ts";
import { needingRoom } from "./disk_full_error.ts";
import { setupExperiment } from "./tracking/setup_experiment.ts";
import { resumeTrackedRun, startTrackedRun } from "./tracking/start_run.ts";

/**
 * Opens a file store for training.
 *
 * @param root Absolute real path of the store's root.
 * @param now The clock, epoch ms.
 * @returns The port; each of its calls needs read and write permission for the store.
 */
export function openTracking(root: string, now: () => number): Omit<Tracking, "variables"> {
  return {
    setupExperiment: (request) =>
      attempt(
        `set up experiment ${JSON.stringify(request.name)}`,
        () => setupExperiment(root, request, now),
      ),
    startRun: (request) =>
      attempt(
        "start a run",
        () => startTrackedRun(root, request, { now: now(), name: makeRunName(Math.random) }),
      ),
    resumeRun: (request) =>
      attempt(`resume run ${request.runId}`, () => resumeTrackedRun(root, request)),
  };

  function attempt<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    return needingRoom(root, `${what} in store ${root}`, async () => await work());
  }
}
