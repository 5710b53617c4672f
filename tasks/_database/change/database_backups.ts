/**
 * What was changed in a database, behind the port to backups: the log of its changes lies beside it, and there is
 * nothing else that could be brought back.
 *
 * @module
 */

import type { BackupListing, Rescue, Undoing } from "../../../lib/backup/backup.ts";
import type { BackupContents } from "../../../lib/backup/resolve_selection.ts";
import {
  InvalidArgumentError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { locationOfFile } from "../../../lib/store/store_uri.ts";
import { formatCount, formatTime } from "../../../lib/text/units.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import {
  type BackupPreview,
  type Backups,
  type BackupWork,
  type BroughtBackReport,
  type LockedBackups,
  NAME_NO_DIRECTORY,
  type RestoreSelection,
} from "../../ports/backups.ts";
import {
  type ChangeLog,
  type LoggedChange,
  readChangeLog,
  type WritableLog,
} from "../log/change_log.ts";
import {
  AT_ONCE,
  type LoggedRow,
  type RowState,
  stateOf,
  undoChanges,
} from "../log/change_rows.ts";
import type { OwnedRows } from "./owned_rows.ts";
import type { LoggedSubject } from "../log/removed_rows.ts";
import { storeErrorOf } from "../scan/open_database.ts";
import { statePaths } from "../log/state_directory.ts";
import { isOther, type Witness } from "../log/witnesses.ts";
import { treeCollisionsOf, type TreesBelow, treesBelow } from "../trees/logged_trees.ts";
import { isEmpty, leaveChange, putBack } from "./undo_change.ts";
import { nameOfSubject, stateOfSubject, triggersIn } from "./undo_removals.ts";

/**
 * Opens what was changed in a database for reading. Needs read permission.
 *
 * @param path Absolute real path of its file.
 * @param directory A directory of the user's; `null` for our own.
 * @param options Opens the database for reading, and where its artifact trees lie.
 * @returns The place; nothing of it has been read yet.
 * @throws {UnsupportedStoreError} When a directory is named.
 */
export function openDatabaseBackups(
  path: string,
  directory: string | null,
  { open, places }: { readonly open: () => OwnedRows & Disposable; readonly places: OpenPlace },
): Backups {
  refuseDirectory(path, directory);
  return backupsOf({ path, places }, (look) => {
    using log = readChangeLog(path);
    if (log === null) return null;
    using rows = open();
    return look(log, rows);
  });
}

/**
 * Opens the same for whoever holds the lock of the database.
 *
 * @param path Absolute real path of its file.
 * @param directory A directory of the user's; `null` for our own.
 * @param held What is open already.
 * @returns The place.
 * @throws {UnsupportedStoreError} When a directory is named.
 */
export function lockDatabaseBackups(
  path: string,
  directory: string | null,
  { log, rows, places }: Pick<Held, "log" | "places"> & { readonly rows: OwnedRows },
): LockedBackups {
  refuseDirectory(path, directory);
  const backups = backupsOf({ path, places }, (look) => look(log, rows));
  return {
    ...backups,
    copy: () => unsupported(path, "copy"),
    bringBack: (id, selection = {}, work = {}) =>
      bringBack({ path, places, log, owned: rows }, id, selection, work),
    // It has been there from the beginning.
    take: () => Promise.resolve({ path: statePaths(path).directory, failures: [] }),
    expireRecords: () => Promise.resolve(0),
    remove: async (id, work = {}) =>
      (await leaveChange({ log, rows, database: path, places }, id, work)).length === 0,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Where what was changed in a database is kept. */
interface Kept {
  /** Absolute real path of its file. */
  readonly path: string;
  /** Opens where its artifact trees lie. */
  readonly places: OpenPlace;
}

interface Held extends Kept {
  readonly log: WritableLog;
  readonly owned: OwnedRows;
}

async function bringBack(
  held: Held,
  id: string,
  selection: RestoreSelection,
  work: BackupWork,
): Promise<BroughtBackReport> {
  const { path, places, log, owned } = held;
  const chosen = chosenOf(log, id, selection);
  const collisions = [
    ...collisionsOf(log, owned, id, chosen),
    ...await treeCollisionsOf(id, treesOf(places, owned, chosen)),
  ];
  if (collisions.length > 0) throw new RestoreCollisionError(id, collisions);
  // What has begun to come back comes back as a whole, be it by the next task.
  const isWhole = (selection.experiment ?? selection.run) === undefined;
  if (isWhole) log.reopen(id);
  else log.markGoingBack(chosen.subjects);
  const inTheWay = await undoChosen(held, id, chosen, work).catch((error: unknown) => {
    throw storeErrorOf(error, path) ?? error;
  });
  // Nothing was in the way before: the next task that locks the store tries once more.
  if (inTheWay.length > 0) throw new RestoreCollisionError(id, inTheWay);
  if (isEmpty(log, id)) log.remove(id);
  else {
    if (isWhole) log.finish(id);
    work.signal?.throwIfAborted();
  }
  return { changes: chosen.rows.length + chosen.subjects.length, faults: [] };
}

/** What is in the way of what is not back. */
async function undoChosen(
  { path, places, log, owned }: Held,
  id: string,
  { rows, subjects }: Chosen,
  { signal }: BackupWork,
): Promise<readonly string[]> {
  const turn = takeTurns();
  const place = { log, rows: owned, database: path, places };
  const inTheWay = await putBack(place, id, subjects, turn);
  if (inTheWay.length > 0) return inTheWay;
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    await turn();
    if (signal?.aborted) break;
    const some = rows.slice(at, at + AT_ONCE);
    const left = new Set(undoChanges(owned.database, some));
    log.drop(some.filter((row) => !left.has(row)));
    if (left.size > 0) return collisionsOf(log, owned, id, { rows: [...left], subjects: [] });
  }
  return [];
}

type Look = <T>(look: (log: ChangeLog, owned: OwnedRows) => T) => T | null;

function backupsOf({ path, places }: Kept, within: Look): Backups {
  const list = async (wanted?: string) => {
    const done = within((log) => log.list().filter(({ isDone }) => isDone)) ?? [];
    const listed: BackupListing[] = [];
    for (const one of done) {
      if (wanted === undefined || one.id === wanted) {
        listed.push(await listingOf({ path, places }, one));
      }
    }
    return listed;
  };
  return {
    directory: statePaths(path).directory,
    list: () => list(),
    split: () => Promise.resolve([]),
    verify: (id) =>
      Promise.reject(
        new InvalidArgumentError(
          `Cannot verify ${id}: there are no copies of store ${locationOfFile(path)}`,
        ),
      ),
    async preview(id, selection = {}): Promise<BackupPreview | null> {
      const [backup] = await list(id);
      const found = backup && within((log, owned) => {
        const chosen = chosenOf(log, id, selection);
        const collisions = collisionsOf(log, owned, id, chosen);
        return { ...chosen, collisions, below: treesOf(places, owned, chosen) };
      });
      if (!found) return null;
      const { rows, subjects } = found;
      const inTheWay = await treeCollisionsOf(id, found.below);
      const collisions = [...found.collisions, ...inTheWay];
      return { backup, changes: rows.length + subjects.length, collisions };
    },
    contents: (id) => Promise.try(() => within((log, owned) => contentsOf(log, owned, id))),
    undoing: (id) =>
      Promise.try(() =>
        within((log, owned): Undoing | null => {
          const one = log.list().find((change) => change.id === id);
          if (one === undefined) return null;
          return undoingOf(log, owned, id);
        })
      ),
    rescue: (id, selection = {}) =>
      Promise.try(() => within((log, owned) => rescueOf(log, owned, id, selection))),
    extract: () => unsupported(path, "copy to another place what was changed in"),
    history: () => Promise.resolve(null),
    expiredRecords: () => Promise.resolve(0),
    onlyCopies: () => Promise.resolve(new Map()),
  };
}

function undoingOf(log: ChangeLog, owned: OwnedRows, id: string): Undoing {
  const { rows, subjects } = chosenOf(log, id, {});
  const coming = comingWith(subjects);
  const free = subjects.filter((one) =>
    typeof stateOfSubject(log, owned, one, coming) === "string"
  );
  const states = rows.map((row) => ({ row, state: stateOf(owned.database, row) }));
  const gone = states.filter(({ state }) => state === "gone");
  const waiting = gone.filter(({ row }) => takenBy(log, row) !== null).length;
  const possible = states.filter(({ state }) => state === "before" || state === "after").length;
  return { possible: possible + free.length, waiting, gone: gone.length - waiting };
}

/** A later change that took away what is to be restored must be undone before. */
function rescueOf(
  log: ChangeLog,
  owned: OwnedRows,
  id: string,
  selection: RestoreSelection,
): Rescue | null {
  for (const row of chosenOf(log, id, selection).rows) {
    const by = stateOf(owned.database, row) === "gone" ? takenBy(log, row) : null;
    if (by !== null) return { id: by, kind: "change" };
  }
  return null;
}

/** The change that took a run away, by itself or with its experiment. */
function takenBy(log: ChangeLog, { run, experiment }: LoggedRow): string | null {
  const found = log.list().find(({ id }) =>
    log.subjectsOf(id, { experiment }).some((one) =>
      one.kind === "experiment" || one.kind === "run" && one.id === run
    )
  );
  return found?.id ?? null;
}

function comingWith(subjects: readonly LoggedSubject[]): ReadonlySet<string> {
  return new Set(subjects.flatMap(({ kind, id }) => kind === "experiment" ? [id] : []));
}

function contentsOf(log: ChangeLog, owned: OwnedRows, id: string): BackupContents {
  const { rows, subjects } = chosenOf(log, id, {});
  const named = owned.database.prepare("SELECT name FROM experiments WHERE experiment_id = ?");
  const called = owned.database.prepare("SELECT name FROM runs WHERE run_uuid = ?");
  const nameOf = (kind: "experiment" | "run", id: string) => {
    const gone = subjects.find((one) => one.kind === kind && one.id === id);
    const known = kind === "run" ? called : named;
    return gone === undefined ? known.get(id)?.["name"]?.toString() : nameOfSubject(log, gone);
  };
  const all = [...rows, ...subjects];
  // Rows of runs that are gone are of no experiment.
  const experiments = new Set(all.map(({ experiment }) => experiment).filter((id) => id !== ""));
  const runs = new Set(all.flatMap(({ run }) => run === null ? [] : [run]));
  return {
    experiments: [...experiments].map((id) => ({ id, name: nameOf("experiment", id) })),
    runs: [...runs].map((id) => ({ id, name: nameOf("run", id) })),
  };
}

async function listingOf(
  { path, places }: Kept,
  { id, order, task, createdAt, count, bytes }: LoggedChange,
): Promise<BackupListing> {
  const kept = await (await places("")).measureKept(id) ?? NO_USAGE;
  return {
    id,
    path: statePaths(path).changes,
    kind: "change",
    task,
    createdAt,
    order,
    changes: count,
    files: kept.files,
    bytes: bytes + kept.bytes,
  };
}

/** What of a change is meant. */
interface Chosen {
  readonly rows: readonly LoggedRow[];
  readonly subjects: readonly LoggedSubject[];
}

function chosenOf(log: ChangeLog, id: string, selection: RestoreSelection): Chosen {
  const rows = log.rowsOf(id, selection);
  const subjects = log.subjectsOf(id, selection);
  const { experiment, run } = selection;
  if (rows.length + subjects.length > 0 || (experiment ?? run) === undefined) {
    return { rows, subjects };
  }
  const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
  throw new InvalidArgumentError(
    `Cannot restore ${wanted} from ${id}: the change holds nothing of it`,
  );
}

function treesOf(
  places: OpenPlace,
  { database }: OwnedRows,
  { subjects }: Chosen,
): readonly TreesBelow[] {
  return treesBelow({ places, database }, subjects);
}

function collisionsOf(
  log: ChangeLog,
  owned: OwnedRows,
  id: string,
  { rows, subjects }: Chosen,
): readonly string[] {
  const witnesses = log.witnessesOf(id);
  if (isOther(owned, witnesses)) return [otherText(witnesses)];
  const coming = comingWith(subjects);
  const taken = subjects.flatMap((subject) => {
    const state = stateOfSubject(log, owned, subject, coming);
    return typeof state === "string" ? [] : [state.collision];
  });
  const changed = rows.flatMap((row) => {
    const text = collisionText(stateOf(owned.database, row), row);
    return text === null ? [] : [text];
  });
  const triggers = subjects.length === 0 ? [] : triggersIn(owned);
  return [...triggers, ...taken, ...changed];
}

function collisionText(state: RowState, { run, after }: LoggedRow): string | null {
  const deed = after["status"] === undefined ? "deleted" : `${after["status"]}`.toLowerCase();
  switch (state) {
    case "before":
    case "after":
      return null;
    case "gone":
      return `run ${run}: expected it ${deed}, found that it is in the database no more`;
    case "other":
      return `run ${run}: expected it ${deed} on ${
        formatTime(Number(after["deleted_time"] ?? after["end_time"]))
      }, found that it has been changed since`;
  }
}

function otherText([first, ...more]: readonly Witness[]): string {
  const others = more.length === 0 ? "" : `, nor any of ${formatCount(more.length)} others`;
  return `the database: expected the one in which this was changed, found another one: experiment ${
    first!.experiment
  } is not the one that was there${others}`;
}

function refuseDirectory(path: string, directory: string | null): void {
  if (directory === null) return;
  throw new UnsupportedStoreError(
    `Cannot use ${directory} for backups of store ${
      locationOfFile(path)
    }: what is changed in a database is kept beside it, in ${
      statePaths(path).directory
    }; ${NAME_NO_DIRECTORY}`,
    locationOfFile(path),
  );
}

function unsupported(path: string, what: string): Promise<never> {
  const location = locationOfFile(path);
  return Promise.reject(
    new UnsupportedStoreError(
      `Cannot ${what} store ${location}: this version of mltidy only undoes what it changed in this kind of store`,
      location,
    ),
  );
}
