/**
 * Soft-deleting runs over a server.
 *
 * *Ordering*: what is to be made of a run is logged, then the run gets a tag that says when it is deleted and by which
 * change, and then it is deleted. Before each of these it is read again, and after the last.
 *
 * *Locking*: a server has none. Each client has a tag of its own, and who finds that of another beside it leaves the
 * run, or waits until that one has; so no run is deleted twice, which would renew the time of its deletion, and none
 * is counted by one that has not deleted it.
 *
 * *After an interruption*: a run that has the tag is deleted, or the tag goes again.
 *
 * @module
 */

import type { SoftDeleteRun } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { markText, overtakenBy } from "../../../lib/store/tags.ts";
import { stampOf } from "../../../lib/snapshot/row_stamps.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { type LoggedRow, markedDeletion, markOf } from "../../_database/log/change_rows.ts";
import type { RunRecord } from "../scan/records.ts";
import { type ChangePlace, endingOf } from "./change_place.ts";
import { isMarked, marksSince } from "./others_marks.ts";
import { readAgain, type Subject } from "./read_again.ts";
import { restoreRuns } from "./restore_runs.ts";
import { isStuck, type Past, steerRuns, type Step } from "./steer_runs.ts";
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
  /** The run's tags as they were before any of ours. */
  readonly tags: ReadonlyMap<string, string>;
}

/** How often it is waited for others, each time twice as long. */
const MOST_WAITS = 7;
/** How often for one whose clock may be ahead, so that nobody can tell whether it is at work. */
const LEAST_WAITS = 3;

/**
 * Deletes runs that stand as they were judged. Needs the right to change them.
 *
 * @param place Where.
 * @param actions What is to go.
 * @param options How it was judged, and what the tag is called.
 * @returns One outcome for each.
 * @throws {RequestError} When the server does not tell any more how they stand; what is logged of them stays logged.
 */
export async function deleteRuns(
  place: ChangePlace,
  actions: readonly SoftDeleteRun[],
  { judged, tag }: { readonly judged: Judged; readonly tag: string },
): Promise<readonly ActionOutcome[]> {
  const { client, log, change, clock, pause } = place;
  const now = clock();
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
    wanted.map(({ experiment, run }) => ({
      ...{ experiment, run },
      ...markedDeletion(run, {
        ...{ tag, before: null },
        after: markText(now, change, found.get(run)!.tags),
      }),
    })),
  );
  const deletions = wanted.map((one, index): Deletion => ({
    ...{ ...one, row: rows[index]! },
    tags: found.get(one.run)!.tags,
  }));
  const steered = await steerRuns(
    client,
    deletions,
    (one, record, past) => nextStep(one, record, past, judged),
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
  const mayGo = isAsJudged(action, found, judged) && !isMarked(found.tags, now);
  return mayGo ? null : "changed-since-plan";
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
  { action, run, row, tags }: Deletion,
  found: RunRecord | null,
  past: Past,
  judged: Judged,
): Step<SkipReason | null> {
  if (found === null) return { ends: "gone" };
  const mark = markOf(row)!;
  const isOurs = found.tags.get(mark.tag) === mark.after;
  const others = marksSince(mark.tag, found.tags, tags);
  const mayGo = isAsJudged(action, found, judged);
  if (found.row.stage === "deleted") {
    // The mark alone tells nothing: it may have come while another deleted the run.
    return { ends: isOurs && past.includes("runs/delete") ? null : "changed-since-plan" };
  }
  if (!isOurs) {
    const isOver = !mayGo || others.length > 0 || past.includes("runs/delete-tag");
    if (isOver) return { ends: "changed-since-plan" };
    return { asks: "runs/set-tag", with: { run_id: run, key: mark.tag, value: mark.after } };
  }
  if (!mayGo) return takeTagBack(run, mark);
  const waited = past.filter((one) => one === "wait").length;
  // It sees our mark by now, or has asked already.
  if (overtakenBy(mark.after).length > 0 && waited < LEAST_WAITS) return { waits: true };
  // Who has asked once has the right to it: others that came since see our mark.
  if (others.length === 0 || past.includes("runs/delete")) {
    return { asks: "runs/delete", with: { run_id: run } };
  }
  // The others leave it to the first by name, which so comes to be alone.
  const isFirst = others.every((other) => mark.tag < other);
  return isFirst && waited < MOST_WAITS ? { waits: true } : takeTagBack(run, mark);
}
