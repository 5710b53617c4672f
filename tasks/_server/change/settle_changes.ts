/**
 * Settling what was cut off, by reading how each run stands.
 *
 * *Ordering*: a change ends in the log once no run is on its way any more.
 *
 * *Locking*: our own lock is held.
 *
 * *After an interruption*: the next one goes on. No run is ever deleted here.
 *
 * @module
 */

import type { SettledChange } from "../../../lib/backup/report.ts";
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import type { LoggedChange } from "../../_database/log/change_log.ts";
import type { LoggedRow } from "../../_database/log/change_rows.ts";
import { statePaths } from "../../_database/log/state_directory.ts";
import type { ChangePlace } from "./change_place.ts";
import { readAgain } from "./read_again.ts";
import { deletedExperiments, restoreRuns, stateOfRun } from "./restore_runs.ts";
import { isOtherServer } from "./server_witnesses.ts";

type Place = Omit<ChangePlace, "change">;

/**
 * Undoes what has not come to its end, and takes our tag from runs that were left with it. Needs the right to change
 * runs.
 *
 * @param place Where.
 * @param path Absolute path of the file that stands for the server.
 * @returns What was settled.
 * @throws {RequestError} When the server does not tell how runs stand.
 * @throws {UnsupportedStoreError} When another store is at the server's address by now.
 */
export async function settleChanges(place: Place, path: string): Promise<readonly SettledChange[]> {
  const { client, log } = place;
  const settled: SettledChange[] = [];
  for (const change of log.list()) {
    const { id, isDone, isLeaving, hasRemains } = change;
    if (isLeaving) log.remove(id);
    if (isLeaving || isDone && !hasRemains) continue;
    if (await isOtherServer(client, log.witnessesOf(id))) {
      throw otherError(client.server.location, path, id);
    }
    if (isDone) await takeTagsBack({ ...place, change: id });
    else settled.push(await reverseChange({ ...place, change: id }, change));
  }
  return settled;
}

/** What was cut off elsewhere is never undone here. */
function otherError(location: string, path: string, change: string): UnsupportedStoreError {
  return new UnsupportedStoreError(
    `Cannot change store ${location}: change ${change} was cut off in another store than the one that the server has now; give it that one back, or move ${
      statePaths(path).directory
    } away, which alone says what to undo`,
    location,
  );
}

/**
 * Undoes all of a change, but for what somebody else has changed since. Needs the right to change runs.
 *
 * @param place Where.
 * @param change The change.
 * @returns What came of it.
 * @throws {RequestError} When the server does not tell how runs stand; then the change stays.
 */
export async function reverseChange(
  place: ChangePlace,
  { id, task }: Pick<LoggedChange, "id" | "task">,
): Promise<SettledChange> {
  const { log } = place;
  const rows = log.rowsOf(id);
  const { left } = await restoreRuns(place, rows, await deletedExperiments(place.client, rows));
  // What may still come back can be brought back as what was done.
  const waiting = rows.filter((row) => left.get(row)?.isLost === false);
  log.drop(rows.filter((row) => !waiting.includes(row)));
  if (waiting.length === 0) log.remove(id);
  else log.finish(id, true);
  return { id, task, outcome: "reversed", collisions: [...left.values()].map(({ text }) => text) };
}

/** What is deleted stays so; what was on its way there, or back, is as it was. */
async function takeTagsBack(place: ChangePlace): Promise<void> {
  const { client, log, change } = place;
  const rows = log.rowsOf(change);
  const found = await readAgain(client, rows);
  const isIn = (row: LoggedRow) => stateOfRun(row, found.get(row.run) ?? null);
  const between = rows.filter((row) => isIn(row) === "between");
  const { back } = await restoreRuns(place, between);
  log.drop([...back, ...rows.filter((row) => isIn(row) === "before")]);
  if (log.rowsOf(change).length === 0) log.remove(change);
  else if (back.length === between.length) log.finish(change);
}
