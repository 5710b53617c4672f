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
import { UnsupportedStoreError } from "../../../lib/errors.ts";
import { locationOfFile } from "../../../lib/store/store_uri.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { infoOf } from "../../_io/read.ts";
import type { TreeWork } from "../../_io/tree/tree_work.ts";
import type { LoggedSubject } from "../log/removed_rows.ts";
import type { LoggedChange, WritableLog } from "../log/change_log.ts";
import { AT_ONCE, type LoggedRow, stateOf, undoChanges } from "../log/change_rows.ts";
import { rootedIn } from "../trees/artifact_roots.ts";
import {
  bringTreesOf,
  type CopiesOfChange,
  freeBucketCopies,
  freeCopiedOf,
  freeCopies,
  freeTreesOf,
  type TreesOfChange,
} from "../trees/logged_trees.ts";
import { statePaths } from "../log/state_directory.ts";
import { isOther } from "../log/witnesses.ts";
import { type TakeOutPlace, takeOutThings } from "../merges/take_out_things.ts";
import type { OwnedRows } from "../rows/owned_rows.ts";
import { stateOfSubject, undoSubjects, withTurns } from "./undo_removals.ts";

/**
 * Undoes what has not come to its end, and ends the undoing that was cut off. Needs write permission.
 *
 * @param place Where.
 * @returns What was settled.
 */
export async function settle(place: UndoPlace): Promise<Settled> {
  const settled: SettledChange[] = [];
  const remains: Remains[] = [];
  const { log, rows, database } = place;
  for (const change of log.list()) {
    const isOpen = !change.isDone && !change.isLeaving || change.isGoingBack;
    if (isOpen && isOther(rows, log.witnessesOf(change.id))) throw otherError(database, change.id);
    if (change.isLeaving) remains.push(...await leaveChange(place, change.id));
    else if (!change.isDone) settled.push(await reverseChange(place, change));
    else if (change.hasRemains) remains.push(...await freeRemains(place, change.id));
    if (change.isDone && change.isGoingBack) settled.push(await endUndoing(place, change));
  }
  return { settled, remains };
}

/** What was cut off elsewhere is never undone here. */
function otherError(database: string, change: string): UnsupportedStoreError {
  const location = locationOfFile(database);
  return new UnsupportedStoreError(
    `Cannot change store ${location}: change ${change} was cut off in another database than the one that is there now; put that one back, or move ${
      statePaths(database).directory
    } away, which may hold the only copy of what it lost`,
    location,
  );
}

/** Where what was put in is taken out. */
export function placeOf({ log, rows, database }: UndoPlace): TakeOutPlace {
  return { log, rows, path: database };
}

async function freeRemains(place: UndoPlace, id: string): Promise<readonly Remains[]> {
  const { log } = place;
  const store = rootedIn(place.places, place.rows);
  const left = await freeBucketCopies(store, copiesOf(place, id));
  const copied = await freeCopiedOf(treesOf(place, id, log.subjectsOf(id)));
  const remains = left === null ? copied : [...copied, left];
  if (remains.length === 0) log.finish(id);
  return remains;
}

function treesOf(
  { rows, places }: UndoPlace,
  change: string,
  subjects: readonly LoggedSubject[],
): TreesOfChange {
  return { ...rootedIn(places, rows), change, subjects };
}

function copiesOf({ log, database: path }: UndoPlace, change: string): CopiesOfChange {
  return { path, change, served: log.servedOf(change) };
}

/** Where a change is undone. */
export interface UndoPlace {
  readonly log: WritableLog;
  /** What can be written of the store's database. */
  readonly rows: OwnedRows;
  /** Absolute real path of its file. */
  readonly database: string;
  /** Opens where its artifact trees lie. */
  readonly places: OpenPlace;
}

/** What was settled. */
export interface Settled {
  readonly settled: readonly SettledChange[];
  /** What was not to be kept, and could not be freed. */
  readonly remains: readonly Remains[];
}

/**
 * Undoes all of a change, but for what somebody else has changed since. What cannot be put back stays in the log, as
 * a change that is done. Needs write permission.
 *
 * @param place Where.
 * @param change The change.
 * @returns What came of it.
 */
export async function reverseChange(
  place: UndoPlace,
  { id, task }: Pick<LoggedChange, "id" | "task">,
): Promise<SettledChange> {
  const { log, rows, places } = place;
  const { stays, failed } = await takeOutThings(placeOf(place), log.addedOf(id));
  const removed = await putBack(place, id, log.subjectsOf(id));
  const logged = log.rowsOf(id);
  const changed: LoggedRow[] = [];
  for (let at = 0; at < logged.length; at += AT_ONCE) {
    changed.push(...undoChanges(rows.database, logged.slice(at, at + AT_ONCE)));
  }
  const collisions = changed.map((row) =>
    stateOf(rows.database, row) === "gone"
      ? `run ${row.run}: it is in the database no more`
      : `run ${row.run}: it has been changed since, and stays as it is`
  );
  const left: string[] = [];
  if (removed.length === 0 && failed.size === 0) {
    const failed = await freeCopies(rootedIn(places, rows), copiesOf(place, id));
    // The next task that locks the store tries once more.
    if (failed === null) log.remove(id);
    else left.push(`copies of artifacts are not freed yet: ${failed}`);
  } else {
    log.drop(logged);
    log.markLeaving(failed.keys());
    log.dropAdded(log.addedOf(id).filter(({ isLeaving }) => !isLeaving));
    log.finish(id);
  }
  const added = [...stays.values(), ...failed.values()];
  const all = [...removed, ...added, ...collisions, ...left];
  return { id, task, outcome: "reversed", collisions: all };
}

async function endUndoing(place: UndoPlace, { id }: LoggedChange): Promise<SettledChange> {
  const { log } = place;
  const subjects = log.subjectsOf(id).filter(({ isGoingBack }) => isGoingBack);
  const leaving = log.addedOf(id).filter(({ isLeaving }) => isLeaving);
  const { stays, failed } = await takeOutThings(placeOf(place), leaving);
  log.dropAdded(leaving.filter((one) => !failed.has(one)));
  const collisions = [
    ...await putBack(place, id, subjects),
    ...stays.values(),
    ...failed.values(),
  ];
  if (isEmpty(log, id)) log.remove(id);
  return { id, task: "restore", outcome: "completed", collisions };
}

/**
 * Puts back what a change took away: artifacts first, so that no run is ever shown without them. Needs write
 * permission for the database and its artifacts.
 *
 * @param place Where.
 * @param change The change's id.
 * @param subjects What to put back.
 * @param turn Awaited between two transactions. @default {nothing is}
 * @returns What is in the way of those that are not back; they stay in the log.
 */
export async function putBack(
  place: UndoPlace,
  change: string,
  subjects: readonly LoggedSubject[],
  turn: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly string[]> {
  const { log, rows } = place;
  const left = new Map<LoggedSubject, string>();
  for (const one of subjects) {
    // Nothing is brought back of a run that is gone.
    const state = one.kind === "artifact" ? stateOfSubject(log, rows, one) : "gone";
    if (typeof state !== "string") left.set(one, state.collision);
  }
  const coming = subjects.filter((one) => !left.has(one));
  const inTheWay = await bringTreesOf(treesOf(place, change, coming));
  const free = coming.filter((one) => !inTheWay.has(one));
  const rest = await withTurns(undoSubjects(log, rows, free), turn);
  return [...left.values(), ...inTheWay.values(), ...rest];
}

/**
 * Gives up what a change has taken, for good. Needs write permission for the log and the artifacts.
 *
 * @param place Where.
 * @param id The change.
 * @param work The signal, after which the next task that locks the store goes on, and progress.
 * @returns What takes its place all the same.
 */
export async function leaveChange(
  place: UndoPlace,
  id: string,
  work: TreeWork = {},
): Promise<readonly Remains[]> {
  const { log } = place;
  const subjects = log.subjectsOf(id).filter(({ trees }) => trees.length > 0);
  const free = () => freeTreesOf(treesOf(place, id, subjects), work);
  if (subjects.length > 0) {
    try {
      log.leave(id);
    } catch (error) {
      if (!isDiskFull(error) || !await makesRoom(place, id)) throw error;
      // Whoever is killed before it is said has lost what was to go.
      await free();
      log.leave(id);
    }
  }
  const freed = await free();
  const store = rootedIn(place.places, place.rows);
  const left = await freeBucketCopies(store, copiesOf(place, id));
  if (left !== null) log.leave(id);
  const remains = left === null ? freed : [...freed, left];
  if (remains.length === 0 && !work.signal?.aborted) log.remove(id);
  return remains;
}

/** Whether the artifacts of a change take more than the log may need for forgetting it: a copy of its pages. */
async function makesRoom({ database, places }: UndoPlace, id: string): Promise<boolean> {
  const kept = await (await places("")).measureKept(id);
  return (kept?.bytes ?? 0) > (infoOf(statePaths(database).changes)?.size ?? 0);
}

/**
 * Tells whether there is nothing left to undo of a change.
 *
 * @param log The log.
 * @param id The change.
 * @returns Whether that is so.
 */
export function isEmpty(log: WritableLog, id: string): boolean {
  return log.rowsOf(id).length + log.subjectsOf(id).length + log.addedOf(id).length === 0;
}
