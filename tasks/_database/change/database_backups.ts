/**
 * What was changed in a database, behind the port to backups: the log of its changes lies beside it, and there is
 * nothing else that could be brought back.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { BackupListing, Undoing } from "../../../lib/backup/backup.ts";
import type { BackupContents } from "../../../lib/backup/resolve_selection.ts";
import {
  InvalidArgumentError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { sqliteUri } from "../../../lib/store/store_uri.ts";
import { formatTime } from "../../../lib/text/units.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import type {
  BackupPreview,
  Backups,
  BackupWork,
  LockedBackups,
  RestoreSelection,
} from "../../ports/backups.ts";
import {
  type ChangeLog,
  type LoggedChange,
  type LoggedRow,
  readChangeLog,
  type WritableLog,
} from "./change_log.ts";
import { AT_ONCE, type RowState, stateOf, undoChanges } from "./change_rows.ts";
import { openDatabase, orStoreError } from "../scan/open_database.ts";
import { statePaths } from "./state_directory.ts";

/**
 * Opens what was changed in a database for reading. Needs read permission.
 *
 * @param path Absolute real path of its file.
 * @param directory A directory of the user's; `null` for our own.
 * @returns The place; nothing of it has been read yet.
 * @throws {UnsupportedStoreError} When a directory is named.
 */
export function openDatabaseBackups(path: string, directory: string | null): Backups {
  refuseDirectory(path, directory);
  return backupsOf(path, (look) => {
    using log = readChangeLog(path);
    if (log === null) return null;
    using database = openDatabase(path);
    return look(log, database);
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
  { log, database }: { readonly log: WritableLog; readonly database: DatabaseSync },
): LockedBackups {
  refuseDirectory(path, directory);
  const backups = backupsOf(path, (look) => look(log, database));
  return {
    ...backups,
    copy: () => unsupported(path, "copy"),
    async bringBack(id, selection = {}, { signal }: BackupWork = {}) {
      const rows = rowsOf(log, id, selection);
      const collisions = collisionsOf(database, rows);
      if (collisions.length > 0) throw new RestoreCollisionError(id, collisions);
      const turn = takeTurns();
      let changes = 0;
      for (let at = 0; at < rows.length; at += AT_ONCE) {
        await turn();
        signal?.throwIfAborted();
        const some = rows.slice(at, at + AT_ONCE);
        const left = new Set(orStoreError(path, () => undoChanges(database, some)));
        const undone = some.filter((row) => !left.has(row));
        orStoreError(path, () => log.drop(undone));
        changes += undone.length;
        if (left.size > 0) throw new RestoreCollisionError(id, collisionsOf(database, [...left]));
      }
      if (log.rowsOf(id).length === 0) log.remove(id);
      return { changes, faults: [] };
    },
    take: () => unsupported(path, "move what was changed in"),
    expireRecords: () => Promise.resolve(0),
    remove: (id) => Promise.try(() => (log.remove(id), true)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

type Look = <T>(look: (log: ChangeLog, database: DatabaseSync) => T) => T | null;

function backupsOf(path: string, within: Look): Backups {
  const list = () =>
    within((log) => log.list().filter(({ isDone }) => isDone).map((one) => listingOf(path, one))) ??
      [];
  return {
    directory: statePaths(path).directory,
    list: () => Promise.try(list),
    split: () => Promise.resolve([]),
    verify: (id) =>
      Promise.reject(
        new InvalidArgumentError(
          `Cannot verify ${id}: there are no copies of store ${sqliteUri(path)}`,
        ),
      ),
    preview: (id, selection = {}) =>
      Promise.try(() => {
        const backup = list().find((one) => one.id === id);
        if (backup === undefined) return null;
        return within((log, database): BackupPreview => {
          const rows = rowsOf(log, id, selection);
          return { backup, changes: rows.length, collisions: collisionsOf(database, rows) };
        });
      }),
    contents: (id) => Promise.try(() => within((log, database) => contentsOf(log, database, id))),
    undoing: (id) =>
      Promise.try(() =>
        within((log, database): Undoing | null => {
          const one = log.list().find((change) => change.id === id);
          if (one === undefined) return null;
          const states = log.rowsOf(id).map((row) => stateOf(database, row));
          const count = (...wanted: readonly RowState[]) =>
            states.filter((state) => wanted.includes(state)).length;
          return { possible: count("before", "after"), waiting: 0, gone: count("gone") };
        })
      ),
    rescue: () => Promise.resolve(null),
    extract: () => unsupported(path, "copy to another place what was changed in"),
    history: () => Promise.resolve(null),
    expiredRecords: () => Promise.resolve(0),
    onlyCopies: () => Promise.resolve(new Map()),
  };
}

function contentsOf(log: ChangeLog, database: DatabaseSync, id: string): BackupContents {
  const rows = log.rowsOf(id);
  const named = database.prepare("SELECT name FROM experiments WHERE experiment_id = ?");
  const called = database.prepare("SELECT name FROM runs WHERE run_uuid = ?");
  const experiments = [...new Set(rows.map(({ experiment }) => experiment))];
  return {
    experiments: experiments.map((id) => ({ id, name: named.get(id)?.["name"]?.toString() })),
    runs: [...new Set(rows.map(({ run }) => run))]
      .map((id) => ({ id, name: called.get(id)?.["name"]?.toString() })),
  };
}

function listingOf(
  path: string,
  { id, order, task, createdAt, rows }: LoggedChange,
): BackupListing {
  return {
    id,
    path: statePaths(path).changes,
    kind: "change",
    task,
    createdAt,
    order,
    changes: rows,
    files: 0,
    bytes: 0,
  };
}

function rowsOf(log: ChangeLog, id: string, selection: RestoreSelection): readonly LoggedRow[] {
  const rows = log.rowsOf(id, selection);
  const { experiment, run } = selection;
  if (rows.length > 0 || (experiment ?? run) === undefined) return rows;
  const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
  throw new InvalidArgumentError(
    `Cannot restore ${wanted} from ${id}: the change holds nothing of it`,
  );
}

function collisionsOf(database: DatabaseSync, rows: readonly LoggedRow[]): readonly string[] {
  return rows.flatMap((row) => {
    const text = collisionText(stateOf(database, row), row);
    return text === null ? [] : [text];
  });
}

function collisionText(state: RowState, { run, after }: LoggedRow): string | null {
  switch (state) {
    case "before":
    case "after":
      return null;
    case "gone":
      return `run ${run}: expected it deleted, found that it is in the database no more`;
    case "other":
      return `run ${run}: expected it deleted on ${
        formatTime(Number(after["deleted_time"]))
      }, found that it has been changed since`;
  }
}

function refuseDirectory(path: string, directory: string | null): void {
  if (directory === null) return;
  throw new UnsupportedStoreError(
    `Cannot use ${directory} for backups of store ${
      sqliteUri(path)
    }: what is changed in a database is kept beside it, in ${
      statePaths(path).directory
    }; leave out --backups`,
    sqliteUri(path),
  );
}

function unsupported(path: string, what: string): Promise<never> {
  const location = sqliteUri(path);
  return Promise.reject(
    new UnsupportedStoreError(
      `Cannot ${what} store ${location}: this version of mltidy only undoes what it changed in this kind of store`,
      location,
    ),
  );
}
