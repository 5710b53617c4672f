/**
 * A store as a page shows it: its experiments and orphans, those of the most runs first.
 *
 * @module
 */

import type { Summary } from "../answers/summarize.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { shownText } from "./shown_text.ts";
import type { ExperimentView } from "./view.ts";

/** What is known of it besides. */
export interface StoreViewOptions {
  /** The address of MLflow's UI; `null` where it is not known. */
  readonly mlflowUi: string | null;
  /** What each experiment and orphan takes on disk, by path; `null` until that is measured. */
  readonly bytes: ReadonlyMap<string, number> | null;
}

/**
 * Lists experiments and orphans.
 *
 * @param snapshot The store.
 * @param summary What it holds.
 * @param options What is known of it besides.
 * @returns All of them.
 */
export function viewExperiments(
  { orphans }: StoreSnapshot,
  { perExperiment }: Summary,
  { mlflowUi, bytes }: StoreViewOptions,
): readonly ExperimentView[] {
  const bytesOf = (path: string) => bytes?.get(path) ?? null;
  return [
    ...perExperiment.map(({ id, path, name, stage, runs, newestRun }) => ({
      id,
      path,
      name: shownText(name),
      stage,
      runs,
      bytes: bytesOf(path),
      newest: newestRun,
      link: experimentLink(mlflowUi, id),
    })),
    ...orphans.map(({ id, path, runs }) => ({
      id,
      path,
      name: shownText(id),
      stage: "orphan" as const,
      runs: runs.length,
      bytes: bytesOf(path),
      newest: runs.reduce<number | null>(
        (newest, { startTime }) => Math.max(newest ?? startTime, startTime),
        null,
      ),
      link: null,
    })),
  ].toSorted((left, right) => right.runs - left.runs);
}

/**
 * Names the place of an experiment in MLflow's UI.
 *
 * @param mlflowUi The address of the UI, without a slash at its end; `null` where it is not known.
 * @param id The experiment's id.
 * @returns The address; `null` where it is not known.
 */
export function experimentLink(mlflowUi: string | null, id: string): string | null {
  return mlflowUi === null ? null : `${mlflowUi}/#/experiments/${encodeURIComponent(id)}`;
}

/**
 * Names the place of a run in MLflow's UI.
 *
 * @param mlflowUi The address of the UI, without a slash at its end; `null` where it is not known.
 * @param experimentId The id of its experiment.
 * @param id The run's id.
 * @returns The address; `null` where it is not known.
 */
export function runLink(mlflowUi: string | null, experimentId: string, id: string): string | null {
  const experiment = experimentLink(mlflowUi, experimentId);
  return experiment === null ? null : `${experiment}/runs/${encodeURIComponent(id)}`;
}
