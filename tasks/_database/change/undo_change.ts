/**
 * Undoing a change, or what of it was cut off.
 *
 * *Ordering*: what was taken away comes back before what was soft-deleted is restored.
 *
 * *Locking*: the lock of the store is held; SQLite's own for the fraction of a second of each transaction.
 *
 * *After an interruption*: the next one goes on where this one was cut off.
 *
 * @module
 */

import type { SettledChange } from "../../../lib/backup/report.ts";
import type { LoggedChange, WritableLog } from "../log/change_log.ts";
import { AT_ONCE, type LoggedRow, stateOf, undoChanges } from "../log/change_rows.ts";
import type { OwnedRows } from "./owned_rows.ts";
import { atOnce, undoSubjects } from "./undo_removals.ts";

/**
 * Undoes what has not come to its end, and ends the undoing that was cut off. Needs write permission.
 *
 * @param log The log.
 * @param rows The store's database.
 * @returns What was settled.
 */
export function settle(log: WritableLog, rows: OwnedRows): readonly SettledChange[] {
  return log.list().flatMap((change) => {
    if (!change.isDone) return [reverseChange(log, rows, change)];
    return change.isGoingBack ? [endUndoing(log, rows, change)] : [];
  });
}

/**
 * Undoes all of a change, but for what somebody else has changed since. What cannot be put back stays in the log, as
 * a change that is done. Needs write permission.
 *
 * @param log The log.
 * @param rows The store's database.
 * @param change The change.
 * @returns What came of it.
 */
export function reverseChange(
  log: WritableLog,
  rows: OwnedRows,
  { id, task }: Pick<LoggedChange, "id" | "task">,
): SettledChange {
  const removed = atOnce(undoSubjects(log, rows, log.subjectsOf(id)));
  const all = log.rowsOf(id);
  const changed: LoggedRow[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    changed.push(...undoChanges(rows.database, all.slice(at, at + AT_ONCE)));
  }
  const collisions = changed.map((row) =>
    stateOf(rows.database, row) === "gone"
      ? `run ${row.run}: it is in the database no more`
      : `run ${row.run}: it has been changed since, and stays as it is`
  );
  if (removed.length === 0) log.remove(id);
  else {
    log.drop(all);
    log.finish(id);
  }
  return { id, task, outcome: "reversed", collisions: [...removed, ...collisions] };
}

function endUndoing(log: WritableLog, rows: OwnedRows, { id }: LoggedChange): SettledChange {
  const subjects = log.subjectsOf(id).filter(({ isGoingBack }) => isGoingBack);
  const collisions = atOnce(undoSubjects(log, rows, subjects));
  if (isEmpty(log, id)) log.remove(id);
  return { id, task: "restore", outcome: "completed", collisions };
}

/**
 * Tells whether there is nothing left to undo of a change.
 *
 * @param log The log.
 * @param id The change.
 * @returns Whether that is so.
 */
export function isEmpty(log: WritableLog, id: string): boolean {
  return log.rowsOf(id).length + log.subjectsOf(id).length === 0;
}
