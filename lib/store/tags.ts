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
 * says it, epoch ms, as decimal digits, and behind a space by which change; behind `beside` it names marks that were
 * there and tell a time that was yet to come: of a clock that was ahead, when the run was deleted before and restored.
 * Behind a dot in its name each change has something of its own, so that no client writes over the mark of another.
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

/**
 * Writes what a mark says.
 *
 * @param time When the deletion begins, epoch ms.
 * @param change The change.
 * @param tags What the run has by then.
 * @returns The value of the mark.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const tags = new Map([["mltidy.deleted_at.1", "900"], ["mltidy.deleted_at.2", "7000 b"]]);
 * assertEquals(markText(1000, "a", tags), "1000 a beside mltidy.deleted_at.2");
 * assertEquals(overtakenBy("1000 a beside mltidy.deleted_at.2"), ["mltidy.deleted_at.2"]);
 * ```
 */
export function markText(
  time: number,
  change: string,
  tags: ReadonlyMap<string, string>,
): string {
  const later = [...deletionMarks(tags)].filter(([, one]) => one > time).map(([key]) => key);
  return [`${time} ${change}`, ...later.length > 0 ? [BESIDE, ...later.toSorted()] : []].join(" ");
}

const BESIDE = "beside";

/**
 * Reads which marks tell nothing of a deletion, since they were there before it and tell a later time.
 *
 * @param mark What the mark of that deletion says.
 * @returns Their names.
 */
export function overtakenBy(mark: string): readonly string[] {
  const [, , beside, ...names] = mark.split(" ");
  return beside === BESIDE ? names : [];
}

/** The tag on a run that names what a tracking server fails at of what was logged to it. */
export const UNSENT_TAG = "mltidy.unsent";

/**
 * The tag on a run that we have started over a tracking server: by it the run is found again where the server's answer
 * was lost.
 */
export const RUN_KEY_TAG = "mltidy.run_key";
