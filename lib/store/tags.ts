/**
 * The tags that decide something: MLflow's, and our own.
 *
 * @module
 */

import { isMoment } from "../text/json.ts";

/** The tag that pins a run, whatever the policy says. */
export const PIN_TAG = "mltidy.pin";

/** MLflow's tag that names the parent of a nested run. */
export const PARENT_TAG = "mlflow.parentRunId";

/** MLflow's tag that says where the spans of a trace are. */
export const LOCATION_TAG = "mlflow.artifactLocation";

/** The tag on an experiment that says that its name was lost. */
export const RECOVERED_TAG = "mltidy.recovered";

/** The tag on a run that says when heavy files of it were dropped. */
export const DROPPED_TAG = "mltidy.artifacts_dropped";

/**
 * What marks a run that we delete over a tracking server, which tells nobody when something was deleted: a tag that
 * says it, epoch ms, as decimal digits, and behind a space by which change. Behind a dot in its name each change has
 * something of its own, so that no client writes over the mark of another.
 */
export const DELETED_AT_TAG = "mltidy.deleted_at";

/**
 * Tells whether a tag marks a run as one that we delete.
 *
 * @param key The tag's name.
 * @returns Whether it does.
 */
export function isDeletionMark(key: string): boolean {
  return key === DELETED_AT_TAG || key.startsWith(`${DELETED_AT_TAG}.`);
}

/**
 * Reads what marks a run as one that we delete.
 *
 * @param tags The run's tags.
 * @returns When that began, epoch ms, by the names of the tags that tell it.
 */
export function deletionMarks(tags: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const marks = new Map<string, number>();
  for (const [key, value] of tags) {
    if (!isDeletionMark(key)) continue;
    const [text] = /^\d{1,16}(?= |$)/.exec(value) ?? [];
    const time = Number(text ?? NaN);
    if (isMoment(time)) marks.set(key, time);
  }
  return marks;
}

/** The tag on a run that names what a tracking server fails at of what was logged to it. */
export const UNSENT_TAG = "mltidy.unsent";

/**
 * The tag on a run that we have started over a tracking server: by it the run is found again where the server's answer
 * was lost.
 */
export const RUN_KEY_TAG = "mltidy.run_key";
