/**
 * What was changed in a database, behind the port to backups: the log of its changes lies beside it, and there is
 * nothing else that could be brought back.
 *
 * @module
 */

import {
  type BackupListing,
  OF_OTHER,
  type Rescue,
  type Undoing,
} from "../../../lib/backup/backup.ts";
import {
  InvalidArgumentError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import type { RestoredItem } from "../../../lib/backup/report.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { locationOfFile } from "../../../lib/store/store_uri.ts";
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
import { AT_ONCE, type LoggedRow, stateOf, undoChanges } from "../log/change_rows.ts";
import {
  type Chosen,
  chosenOf,
  collisionsOf,
  contentsOf,
  isOfMove,
  movedOnBy,
  treesOf,
} from "./choose_logged.ts";
import type { OwnedRows } from "../rows/owned_rows.ts";
import { storeErrorOf } from "../scan/open_database.ts";
import type { LoggedAdded } from "../log/added_things.ts";
import { needingRoom } from "../log/needing_room.ts";
import { statePaths } from "../log/state_directory.ts";
import { addedTreeCollisions, takeOutThings } from "../merges/take_out_things.ts";
import type { LoggedSubject } from "../log/removed_rows.ts";
import { isOther } from "../log/witnesses.ts";
import { treeCollisionsOf } from "../trees/logged_trees.ts";
import { isEmpty, leaveChange, placeOf, putBack } from "./undo_change.ts";
import { experimentsIn, stateOfSubject } from "./undo_removals.ts";

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
    copy: () => refuseCopy(path),
    bringBack: (id, selection = {}, work = {}) =>
      needingRoom(
        path,
        () => bringBack({ path, places, log, owned: rows }, id, selection, work),
      ),
    // It has been there from the beginning.
    take: () => Promise.resolve({ path: statePaths(path).directory, failures: [] }),
    expireRecords: () => Promise.resolve(0),
    remove: (id, work = {}) =>
      needingRoom(path, async () => {
        const place = { log, rows, database: path, places };
        return (await leaveChange(place, id, work)).length === 0;
      }),
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
  const chosen = chosenOf(log, owned, id, selection);
  const collisions = [
    ...collisionsOf(log, owned, id, chosen),
    ...await treeCollisionsOf(id, treesOf(places, owned, chosen)),
    ...await addedTreeCollisions(chosen.added),
  ];
  if (collisions.length > 0) throw new RestoreCollisionError(id, collisions);
  // What has begun to come back comes back as a whole, be it by the next task.
  const isWhole = (selection.experiment ?? selection.run) === undefined;
  const { rows, parts, added } = chosen;
  const alone = parts.length === 0 ? [] : log.takeOut(id, parts);
  const subjects = [...chosen.subjects, ...alone];
  if (isWhole) log.reopen(id);
  else {
    log.markGoingBack(subjects);
    log.markLeaving(added);
  }
  const inTheWay = await undoChosen(held, id, { rows, subjects, added }, work).catch(
    (error: unknown) => {
      throw storeErrorOf(error, path) ?? error;
    },
  );
  // Nothing was in the way before: the next task that locks the store tries once more.
  if (inTheWay.length > 0) throw new RestoreCollisionError(id, inTheWay);
  if (isEmpty(log, id)) log.remove(id);
  else {
    if (isWhole) log.finish(id);
    work.signal?.throwIfAborted();
  }
  return { changes: rows.length + subjects.length + added.length, faults: [] };
}

/** What is in the way of what is not back. */
async function undoChosen(
  { path, places, log, owned }: Held,
  id: string,
  { rows, subjects, added }: Omit<Chosen, "parts">,
  { signal }: BackupWork,
): Promise<readonly string[]> {
  const turn = takeTurns();
  const place = { log, rows: owned, database: path, places };
  const { stays, failed } = await takeOutThings(placeOf(place), added, turn);
  log.dropAdded(added.filter((one) => !stays.has(one) && !failed.has(one)));
  const inTheWay = [
    ...[...stays.values(), ...failed.values()],
    ...await putBack(place, id, subjects, turn),
  ];
  if (inTheWay.length > 0) return inTheWay;
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    await turn();
    if (signal?.aborted) break;
    const some = rows.slice(at, at + AT_ONCE);
    const left = new Set(undoChanges(owned.database, some));
    log.drop(some.filter((row) => !left.has(row)));
    if (left.size > 0) {
      const chosen = { rows: [...left], subjects: [], parts: [], added: [] };
      return collisionsOf(log, owned, id, chosen);
    }
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
        const chosen = chosenOf(log, owned, id, selection);
        const collisions = collisionsOf(log, owned, id, chosen);
        return { ...chosen, collisions, below: treesOf(places, owned, chosen) };
      });
      if (!found) return null;
      const inTheWay = [
        ...await treeCollisionsOf(id, found.below),
        ...await addedTreeCollisions(found.added),
      ];
      const collisions = [...found.collisions, ...inTheWay];
      const items = itemsOf(found);
      return { backup, changes: items.length, items, collisions };
    },
    contents: (id) => Promise.try(() => within((log, owned) => contentsOf(log, owned, id))),
    undoing: (id) =>
      Promise.try(() =>
        within((log, owned): Undoing | null => {
          const isThere = log.list().some((change) => change.id === id);
          return isThere ? undoingOf(log, owned, id) : null;
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

function itemsOf({ rows, subjects, parts, added }: Chosen): readonly RestoredItem[] {
  const gone = [...subjects, ...parts.map(({ subject }) => subject)];
  return [
    ...gone.map((subject) => ({ path: addressOf(subject), how: "returns" as const })),
    ...rows.map(({ experiment, run }) => ({
      path: `${experiment}/${run}`,
      how: "as-before" as const,
    })),
    ...added.toReversed().map((thing) => ({ path: addedAddressOf(thing), how: "goes" as const })),
  ];
}

/** As a plan names it. */
function addressOf({ kind, experiment, id }: Pick<LoggedSubject, "kind" | "experiment" | "id">) {
  switch (kind) {
    case "run":
      return `${experiment}/${id}`;
    case "logged-model":
      return `${experiment}/models/${id}`;
    case "experiment":
    case "orphan":
    case "artifact":
      return id;
    case "metric-points":
      return `points of ${id}`;
    case "dangling-rows":
      return `rows of ${id}`;
  }
}

function addedAddressOf({ kind, experiment, id }: LoggedAdded): string {
  switch (kind) {
    case "experiment":
      return id;
    case "run":
      return `${experiment}/${id}`;
    case "logged-model":
      return `${experiment}/models/${id}`;
    case "trace":
      return `${experiment}/traces/${id}`;
    case "registered-model":
      return `models/${id}`;
  }
}

function undoingOf(log: ChangeLog, owned: OwnedRows, id: string): Undoing {
  if (isOther(owned, log.witnessesOf(id))) return OF_OTHER;
  const { rows, subjects, added } = chosenOf(log, owned, id, {});
  const coming = experimentsIn(log, subjects);
  const free = subjects.filter((one) =>
    typeof stateOfSubject(log, owned, one, coming) === "string"
  );
  const states = rows.map((row) => ({ row, state: stateOf(owned.database, row) }));
  const gone = states.filter(({ state }) => state === "gone");
  const waiting = gone.filter(({ row }) => takenBy(log, row) !== null).length;
  const possible = states.filter(({ state }) => state === "before" || state === "after").length;
  const all = possible + free.length + added.length;
  return { possible: all, waiting, gone: gone.length - waiting };
}

/** A later change that took away what is to be restored, or moved it on, must be undone before. */
function rescueOf(
  log: ChangeLog,
  owned: OwnedRows,
  id: string,
  selection: RestoreSelection,
): Rescue | null {
  for (const row of chosenOf(log, owned, id, selection).rows) {
    const state = stateOf(owned.database, row);
    const by = state === "gone"
      ? takenBy(log, row)
      : state === "other" && isOfMove(row)
      ? movedOnBy(log, owned, row)
      : null;
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

/** A file of SQLite is copied elsewhere, see `database_copies.ts`. */
function refuseCopy(path: string): Promise<never> {
  const location = locationOfFile(path);
  const command = shellWords(["pg_dump", "--format=custom", "--file=mlflow.dump", location]);
  return Promise.reject(
    new UnsupportedStoreError(
      `Cannot copy store ${location}: mltidy copies no database of a server; \`${command}\` does`,
      location,
    ),
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
