/**
 * The marks of other clients on a run that one of ours is on, or is to be on.
 *
 * A client deletes a run only after it has seen its own mark there, and none that has come since it first looked. Of
 * two that want a run at the same time, who reads later sees both marks: so it is never both that delete it.
 *
 * @module
 */

import { deletionMarks, overtakenBy } from "../../../lib/store/tags.ts";
import { minutes } from "../../../lib/text/units.ts";
import type { Mark } from "../../_database/log/change_rows.ts";

/** So long another that is at work is given before its mark is taken for one that was left. */
const AT_WORK = minutes(10);

type Tags = ReadonlyMap<string, string>;

/**
 * Tells whether another client is about to delete a run. A mark that tells a time which is yet to come by more than
 * that was left by one whose clock was ahead.
 *
 * @param tags What the run has.
 * @param now Epoch ms.
 * @returns Whether one is.
 */
export function isMarked(tags: Tags, now: number): boolean {
  return deletionMarks(tags).values().some((time) => Math.abs(now - time) < AT_WORK);
}

/**
 * Finds who else has begun with a run.
 *
 * @param tag The name of our mark.
 * @param tags What the run has.
 * @param before What it had when we looked at it first.
 * @returns The names of the marks that have come since.
 */
export function marksSince(tag: string, tags: Tags, before: Tags): readonly string[] {
  return [...deletionMarks(tags).keys()].filter((one) => one !== tag && !before.has(one));
}

/**
 * Tells whether a run with our mark was deleted again since: by one who took the mark for left, for its age.
 *
 * @param mark Our mark.
 * @param tags What the run has.
 * @returns Whether it was.
 */
export function isMarkedSince(mark: Mark, tags: Tags): boolean {
  const overtaken = overtakenBy(mark.after);
  return deletionMarks(tags).entries().some(([tag, time]) =>
    time - timeOf(mark) >= AT_WORK && !overtaken.includes(tag)
  );
}

/**
 * Finds the mark of one that wanted a run when we did: it came when the run was about to be deleted, and once it is,
 * nobody can take it back. Who undoes that sooner than this tells it leaves it there.
 *
 * @param mark Our mark.
 * @param tags What the run has.
 * @param now Epoch ms.
 * @returns Its name, once it is too old for one that is at work; `null`: there is none.
 */
export function markLeftBeside(mark: Mark, tags: Tags, now: number): string | null {
  const [left] =
    deletionMarks(tags).entries().find(([tag, time]) =>
      tag !== mark.tag && Math.abs(time - timeOf(mark)) < AT_WORK && now - time >= AT_WORK
    ) ?? [];
  return left ?? null;
}

function timeOf({ after }: Mark): number {
  return Number.parseInt(after);
}
