/**
 * Soft-deleting runs over a server.
 *
 * *Ordering*: what is to be made of a run is logged, then the run gets a tag that says when it is deleted and by which
 * change, and then it is deleted. Before each of these it is read again, and after the last.
 *
 * *Locking*: a server has none. Whoever finds the tag of another that is at work leaves the run to that one; so no run
 * is deleted twice, which would renew the time of its deletion.
 *
 * *After an interruption*: a run that has the tag is deleted, or the tag goes again.
 *
 * @module
 */

import type { SoftDeleteRun } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { stampOf } from "../../../lib/snapshot/row_stamps.ts";
import { DELETED_AT_TAG } from "../../../lib/store/tags.ts";
import { minutes } from "../../../lib/text/units.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { type LoggedRow, taggedDeletion } from "../../_database/log/change_rows.ts";
import type { RunRecord } from "../scan/records.ts";
import { type ChangePlace, endingOf } from "./change_place.ts";
import { readAgain, type Subject } from "./read_again.ts";
import { restoreRuns } from "./restore_runs.ts";
import { isStuck, steerRuns, type Step } from "./steer_runs.ts";
import { takeTagBack } from "./take_tag_back.ts";

/** Tells what a run had when it was planned what becomes of it. */
export interface Judged {
  /** Whether these tags are those by which the run was judged. */
  sameTags(run: string, tags: ReadonlyMap<string, string>): boolean;
  /** Whether something has come to refer to the run since. */
  isNeeded(run: string): boolean;
}

interface Deletion extends Subject {
  readonly action: SoftDeleteRun;
  readonly row: LoggedRow;
}

/** So long another that is at work is given before its tag is taken for one that was left. */
const AT_WORK = minutes(10);

/**
 * Deletes runs that stand as they were judged. Needs the right to change them.
 *
 * @param place Where.
 * @param actions What is to go.
 * @param options How it was judged, and what the tag says.
 * @returns One outcome for each.
 * @throws {RequestError} When the server does not tell any more how they stand; what is logged of them stays logged.
 */
export async function deleteRuns(
  place: ChangePlace,
  actions: readonly SoftDeleteRun[],
  { judged, tag, now }: {
    readonly judged: Judged;
    readonly tag: string;
    /** Epoch ms. */
    readonly now: number;
  },
): Promise<readonly ActionOutcome[]> {
  const { client, log, change, pause } = place;
  const subjects = actions.map((action) => ({
    action,
    experiment: action.experimentId,
    run: action.runId,
  }));
  const found = await readAgain(client, subjects);
  const ends = new Map<SoftDeleteRun, ActionOutcome>();
  const skip = (action: SoftDeleteRun, because: SkipReason) =>
    ends.set(action, { ...endingOf(action), outcome: "skipped", because });
  const wanted = subjects.filter(({ action, run }) => {
    const because = obstacleTo(action, found.get(run) ?? null, judged, now);
    if (because !== null) skip(action, because);
    return because === null;
  });
  const rows = log.add(
    change,
    wanted.map(({ experiment, run }) => {
      const before = found.get(run)!.tags.get(DELETED_AT_TAG) ?? null;
      return { experiment, run, ...taggedDeletion(run, { before, after: tag }) };
    }),
  );
  const deletions = wanted.map((one, index): Deletion => ({ ...one, row: rows[index]! }));
  const steered = await steerRuns(
    client,
    deletions,
    ({ action, row }, record) => nextStep(action, row, record, judged),
    { pause, found },
  );
  const stuck: LoggedRow[] = [];
  const unchanged: LoggedRow[] = [];
  for (const [{ action, row }, end] of steered) {
    if (isStuck(end)) {
      stuck.push(row);
      ends.set(action, { ...endingOf(action), outcome: "failed", message: end.stuck.message });
    } else if (end === null) {
      ends.set(action, { ...endingOf(action), outcome: "applied", usage: NO_USAGE });
    } else {
      unchanged.push(row);
      skip(action, end);
    }
  }
  log.drop(unchanged);
  // It may have its tag.
  if (stuck.length > 0) log.drop((await restoreRuns(place, stuck)).back);
  return actions.map((action) => ends.get(action)!);
}

/** Why it is not even begun with a run; `null`: nothing is against it. */
function obstacleTo(
  action: SoftDeleteRun,
  found: RunRecord | null,
  judged: Judged,
  now: number,
): SkipReason | null {
  if (found === null) return "gone";
  const mark = found.tags.get(DELETED_AT_TAG);
  const isAtWork = mark !== undefined && now - Number.parseInt(mark) < AT_WORK;
  return isAsJudged(action, found, judged) && !isAtWork ? null : "changed-since-plan";
}

function isAsJudged(
  { stamp, runId }: SoftDeleteRun,
  { row, tags }: RunRecord,
  judged: Judged,
): boolean {
  return stampOf(row) === stamp && judged.sameTags(runId, tags) && !judged.isNeeded(runId);
}

/** Ends with `null` once it is deleted by us. */
function nextStep(
  action: SoftDeleteRun,
  { run, before, after }: LoggedRow,
  found: RunRecord | null,
  judged: Judged,
): Step<SkipReason | null> {
  if (found === null) return { ends: "gone" };
  const mark = found.tags.get(DELETED_AT_TAG) ?? null;
  const isOurs = mark === after[DELETED_AT_TAG];
  if (found.row.stage === "deleted") return { ends: isOurs ? null : "changed-since-plan" };
  if (!isAsJudged(action, found, judged)) {
    return isOurs ? takeTagBack(run, before) : { ends: "changed-since-plan" };
  }
  if (isOurs) return { asks: "runs/delete", with: { run_id: run } };
  // Another has begun with it since.
  if (mark !== before[DELETED_AT_TAG]) return { ends: "changed-since-plan" };
  const value = `${after[DELETED_AT_TAG]}`;
  return { asks: "runs/set-tag", with: { run_id: run, key: DELETED_AT_TAG, value } };
}
