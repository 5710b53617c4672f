/**
 * What training writes into a file store, behind the port.
 *
 * @module
 */

import { makeRunName } from "../../lib/tracking/run_name.ts";
import type { Tracking } from "../ports/tracking.ts";
import { setupExperiment } from "./tracking/setup_experiment.ts";
import { resumeTrackedRun, startTrackedRun } from "./tracking/start_run.ts";

/**
 * Opens a file store for training.
 *
 * @param root Absolute real path of the store's root.
 * @param now The clock, epoch ms.
 * @returns The port; each of its calls needs read and write permission for the store.
 */
export function openTracking(root: string, now: () => number): Tracking {
  return {
    setupExperiment: (request) => setupExperiment(root, request, now),
    startRun: (request) =>
      attempt(() => startTrackedRun(root, request, { now: now(), name: makeRunName(Math.random) })),
    resumeRun: (request) => attempt(() => resumeTrackedRun(root, request)),
  };
}

function attempt<T>(work: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
