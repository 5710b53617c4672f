/**
 * A database that this process alone may change, among those that are mltidy.
 *
 * *Ordering*: a change is logged before it touches a row, and ends in the log when all of it is done.
 *
 * *Locking*: our own lock from here to the end, which keeps two tasks of mltidy apart; SQLite's for the
 * milliseconds of each transaction, which keeps MLflow out for as long as it waits anyhow.
 *
 * *After an interruption*: whoever takes the lock next undoes what had not come to its end.
 *
 * @module
 */

import { newBackupId } from "../../../lib/backup/backup_id.ts";
import type { SettledChange } from "../../../lib/backup/report.ts";
import { StalePlanError } from "../../../lib/errors.ts";
import type { Remains } from "../../../lib/store/usage.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { emptyStaging } from "../../_file/own/own_directory.ts";
import { isDiskFull } from "../../_io/disk_full.ts";
import { free } from "../../_io/durable.ts";
import { infoOf } from "../../_io/read.ts";
import { guardHeld } from "../../ports/guard_held.ts";
import { requireCapability } from "../../ports/require_capability.ts";
import type { LockedStore, LockOptions, Store } from "../../ports/store.ts";
import { storeErrorOf } from "../scan/open_database.ts";
import type { ReadNamed } from "../rows/judge_tree.ts";
import { beginChange } from "./begin_change.ts";
import { openChangeLog, type WritableLog } from "../log/change_log.ts";
import { needingRoom } from "../log/needing_room.ts";
import { lockDatabaseBackups } from "./database_backups.ts";
import type { OpenedDatabase } from "../rows/owned_rows.ts";
import { hasRoom, leaveFirst } from "./leave_first.ts";
import { isPurge } from "./purge.ts";
import { leavingPlace, lockDatabase, statePaths } from "../log/state_directory.ts";
import { settle } from "./undo_change.ts";

/** How to lock a database. */
export interface LockDatabaseOptions extends LockOptions {
  /** Reads what rows name of files. */
  readonly readNamed: ReadNamed;
  /** Opens where its artifact trees lie. */
  readonly places: OpenPlace;
  /** Opens the database, once nobody else of mltidy has it. */
  readonly open: () => OpenedDatabase;
}

/**
 * Takes the lock of a database and undoes what was cut off. Needs read and write permission for the database and
 * for the directory in which it lies.
 *
 * @param store The store.
 * @param path Absolute real path of its file.
 * @param options The task that takes it, for messages, and what opens it.
 * @returns The store, which this process alone may change until it is disposed of.
 * @throws {StoreLockedError} When another process holds the lock.
 * @throws {StoreAccessError} When nothing can be written there.
 */
export async function lockDatabaseStore(
  store: Store,
  path: string,
  { task, makesRoom = false, readNamed, places, open }: LockDatabaseOptions,
): Promise<LockedStore> {
  const { location } = store.describe();
  const { staging } = statePaths(path);
  const stack = new DisposableStack();
  try {
    const opened = fileAt(path);
    // What is written to a file that has been replaced is lost, and nobody reads what it says.
    const requireSame = () => {
      if (fileAt(path) !== opened) throw new StalePlanError(replacedText(location));
    };
    const settled: SettledChange[] = [];
    const remains: Remains[] = [];
    let lock: Disposable | null = null;
    let database: OpenedDatabase | null = null;
    let ready: WritableLog | null = null;
    const openLocked = () => database ??= stack.use(open());
    /** All that a change needs, as soon as the disk has room for that. */
    const complete = async (): Promise<WritableLog> => {
      if (ready !== null) return ready;
      lock ??= stack.use(lockDatabase(path, task, store.now()));
      // Of a task that was killed while it made room.
      const left = free(leavingPlace(path));
      if (left !== null) remains.push({ path: leavingPlace(path), message: left });
      const log = stack.use(openChangeLog(path));
      const { rows } = openLocked();
      requireSame();
      if (infoOf(staging) !== null) remains.push(...emptyStaging(staging));
      const done = await settle({ log, rows, database: path, places });
      settled.push(...done.settled);
      remains.push(...done.remains);
      return ready = log;
    };
    try {
      await complete();
    } catch (error) {
      if (!makesRoom || !isDiskFull(error)) throw error;
    }
    const { tables, rows } = openLocked();
    const { whileHeld, lock: refuse } = guardHeld(
      { isHeld: () => !stack.disposed },
      location,
      task,
    );
    return {
      ...store,
      settled,
      remains,
      changes: {
        ...requireCapability(store, "changes"),
        lock: refuse,
      },
      mending: store.mending && { ...store.mending, keepMetadata: () => Promise.resolve() },
      backups: {
        ...requireCapability(store, "backups"),
        lock: (directory) =>
          whileHeld(async () => {
            requireSame();
            const log = await complete();
            return lockDatabaseBackups(path, directory, { log, rows, places });
          }),
      },
      begin: ({ actions, task, now, keepBackup }) =>
        whileHeld(async () => {
          requireSame();
          const place = { tables, rows, path, places, readNamed };
          const begin = async () =>
            await beginChange({
              ...{ actions, task, now, keepBackup, ...place, requireSame, log: await complete() },
            });
          const mayMakeRoom = makesRoom && !keepBackup && actions.some(isPurge);
          return await needingRoom(path, async () => {
            if (!mayMakeRoom || hasRoom(path)) return await begin();
            const id = newBackupId(task, now, () => false);
            return await leaveFirst({ actions, ...place, id, begin }) ?? await begin();
          }, mayMakeRoom);
        }),
      [Symbol.asyncDispose]: () => Promise.try(() => stack.dispose()),
    };
  } catch (error) {
    stack.dispose();
    throw storeErrorOf(error, path) ?? error;
  }
}

/** Which file it is, whatever is in it; none where it is on another machine. */
function fileAt(path: string): string | null {
  const info = infoOf(path);
  return info === null ? null : `${info.dev} ${info.ino}`;
}

function replacedText(location: string): string {
  return `Cannot change store ${location}: another file has taken the place of its database since that was opened; plan again`;
}
