/**
 * Ending runs over a server that nobody ended.
 *
 * *Ordering*: what is to be made of a run is logged before the request. Before it, and after it, the run is read.
 *
 * *Locking*: none; a server has none.
 *
 * *After an interruption*: the run has its end, or has it not.
 *
 * @module
 */

import type { Action } from "../../../lib/plan/plan.ts";
import type { EditMeta } from "../../../lib/plan/repair_action.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { stampOf } from "../../../lib/snapshot/row_stamps.ts";
import { statusOf } from "../../../lib/store/run_status.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { endedRun, type LoggedRow } from "../../_database/log/change_rows.ts";
import type { RunRecord } from "../scan/records.ts";
import { type ChangePlace, endingOf } from "./change_place.ts";
import { readAgain } from "./read_again.ts";
import { stateOfRun } from "./restore_runs.ts";
import { isStuck, steerRuns, type Step } from "./steer_runs.ts";

/** An action that ends a run. */
export type FinishRun = EditMeta & { readonly kind: "finish-stale-run" };

/**
 * Tells whether an action ends a run.
 *
 * @param action The action.
 * @returns Whether it does.
 */
export function isFinish(action: Action): action is FinishRun {
  return action.kind === "finish-stale-run";
}

/**
 * Ends runs that stand as they were planned. Needs the right to change them.
 *
 * @param place Where.
 * @param actions What is to end.
 * @returns One outcome for each.
 * @throws {RequestError} When the server does not tell any more how they stand.
 */
export async function finishRuns(
  { client, log, change, pause }: ChangePlace,
  actions: readonly FinishRun[],
): Promise<readonly ActionOutcome[]> {
  const subjects = actions.map((action) => ({ action, ...subjectOf(action) }));
  const found = await readAgain(client, subjects);
  const wanted = subjects.filter(({ action, run }) => {
    const record = found.get(run);
    return record !== undefined && mayEnd(action, record);
  });
  const rows = log.add(
    change,
    wanted.map(({ action: { changes }, experiment, run }) => {
      const { status, ended } = found.get(run)!.row;
      const from = { status: status ?? "", end: ended };
      const to = { status: statusOf(Number(changes["status"]))!, end: Number(changes["end_time"]) };
      return { experiment, run, ...endedRun(run, { from, to }) };
    }),
  );
  const endings = wanted.map((one, index) => ({ ...one, row: rows[index]! }));
  const steered = await steerRuns(
    client,
    endings,
    ({ row }, record) => nextStep(row, record),
    { pause, found },
  );
  const outcomes = new Map<FinishRun, ActionOutcome>();
  for (const [{ action, row }, end] of steered) {
    if (end === null) {
      outcomes.set(action, { ...endingOf(action), outcome: "applied", usage: NO_USAGE });
      continue;
    }
    log.drop([row]);
    outcomes.set(action, {
      ...endingOf(action),
      ...isStuck(end)
        ? { outcome: "failed", message: end.stuck.message }
        : { outcome: "skipped", because: end },
    });
  }
  return subjects.map(({ action, run }) =>
    outcomes.get(action) ?? {
      ...endingOf(action),
      outcome: "skipped",
      because: found.has(run) ? "changed-since-plan" : "gone",
    }
  );
}

/** It is as it was planned, and has logged nothing since. */
function mayEnd({ stamp, changes }: FinishRun, { row, metrics }: RunRecord): boolean {
  return stampOf(row) === stamp && row.status !== null &&
    statusOf(Number(changes["status"])) !== undefined &&
    metrics.every(({ time }) => time <= Number(changes["end_time"]));
}

/** Ends with `null` once it has ended. */
function nextStep(row: LoggedRow, found: RunRecord | null): Step<SkipReason | null> {
  switch (stateOfRun(row, found)) {
    case "gone":
      return { ends: "gone" };
    case "after":
      return { ends: null };
    case "before": {
      const { status, end_time } = row.after;
      return {
        asks: "runs/update",
        with: { run_id: row.run, status: `${status}`, end_time: Number(end_time) },
      };
    }
    default:
      return { ends: "changed-since-plan" };
  }
}

/** An address has no more than what a name may not have spelt otherwise. */
function subjectOf({ path }: FinishRun) {
  const [experiment = "", run = ""] = path.split("/").map(decodeURIComponent);
  return { experiment, run };
}
