import { DiskFullError } from "../../lib/errors.ts";
import type { Action } from "../../lib/plan/plan.ts";
import { isDiskFull } from "../_io/disk_full.ts";
import { infoOf } from "../_io/read.ts";
import { guardHeld } from "../ports/guard_held.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Change, LockedStore, LockOptions, Store } from "../ports/store.ts";
// Loaded with this, as the lock is taken: once a change is under way nothing of it can be missing.
import { lockBackups } from "./file_backups.ts";
import { keepMetadata } from "./own/metadata_history.ts";
import { beginChange, type FileChange } from "./change/change.ts";
import { hasRoomFor, isOnlyTaken, leaveFirst } from "./change/leave_first.ts";
import { performAll } from "./change/perform_all.ts";
import { settleInterrupted } from "./change/settle.ts";
import { diskFullError } from "./disk_full_error.ts";
import { listJournals } from "./own/list_journals.ts";
import { acquireLock, type StoreLock } from "./own/lock.ts";
import { freeBackupId } from "./own/manifest.ts";
import { ownPaths } from "./own/own_paths.ts";

/**
 * Takes the lock of a file store and settles what was cut off. Needs read and write permission for it.
 *
 * @param store The store.
 * @param options The task that takes it, for messages.
 * @returns The store, which this process alone may change until it is disposed of.
 * @throws {StoreLockedError} When another process holds the lock.
 * @throws {StoreAccessError} When the store cannot be written to.
 * @throws {DiskFullError} When its disk has no room for that.
 */
export async function lockFileStore(
  store: Store,
  { task, makesRoom = false }: LockOptions,
): Promise<LockedStore> {
  const { location: root } = store.describe();
  const paths = ownPaths(root);
  const lock = await takeLock(root, task, store.now(), makesRoom);
  // Where nobody ever locked the store whole, nothing was ever begun.
  const settle = async () =>
    lock.complete()
      ? settleInterrupted(root, paths, await listJournals(paths.journals))
      : { settled: [], remains: [] };
  try {
    const { settled, remains } = await settle();
    /** Half done, say by an error of the caller's, is taken back now, or else by whoever locks next. */
    const giveUp = ({ journal }: FileChange) => {
      try {
        if (infoOf(journal) !== null) settleInterrupted(root, paths, [journal]);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
    };
    const { assertHeld, whileHeld, lock: refuse } = guardHeld(lock, root, task);
    return {
      ...store,
      settled,
      remains,
      changes: {
        ...requireCapability(store, "changes"),
        lock: refuse,
      },
      mending: {
        ...requireCapability(store, "mending"),
        keepMetadata: (snapshot) => whileHeld(() => keepMetadata(paths, snapshot, store.now())),
      },
      backups: {
        ...requireCapability(store, "backups"),
        lock: (directory) =>
          whileHeld(() =>
            Promise.try(() => lockBackups(lock, { root, directory, now: store.now }))
          ),
      },
      begin: (options) =>
        whileHeld(async () => {
          const { actions, keepBackup, task, now } = options;
          const begin = async (actions: readonly Action[]): Promise<Change> => {
            if (!lock.complete()) throw await diskFullError(root);
            const change = await beginChange(lock, { root, paths, ...options, actions });
            let isOpen = true;
            return {
              performAll: (how = {}) => performAll(change, actions, { ...how, assertHeld }),
              finish: (work) =>
                whileHeld(() => {
                  isOpen = false;
                  return change.finish(work);
                }),
              [Symbol.asyncDispose]: () =>
                Promise.try(() => {
                  change[Symbol.dispose]();
                  if (isOpen && lock.isHeld()) giveUp(change);
                  isOpen = false;
                }),
            };
          };
          const isMakingRoom = !keepBackup && actions.some(isOnlyTaken);
          try {
            if (!isMakingRoom || hasRoomFor(actions, paths)) return await begin(actions);
          } catch (error) {
            if (!isDiskFull(error) && !(error instanceof DiskFullError)) throw error;
            // What had been begun is of no change.
            await settle();
            if (!isMakingRoom) throw await diskFullError(root, undefined, error);
          }
          const id = freeBackupId([paths.staging], task, now);
          return leaveFirst({ root, paths, actions, id, begin, ready: () => lock.complete() });
        }),
      [Symbol.asyncDispose]: () => Promise.try(() => lock[Symbol.dispose]()),
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Without it nothing is changed: what another process is just taking out may not be freed, or put back. */
async function takeLock(
  root: string,
  task: string,
  now: number,
  makesRoom: boolean,
): Promise<StoreLock> {
  try {
    return acquireLock(root, task, now, makesRoom);
  } catch (error) {
    throw isDiskFull(error) ? await diskFullError(root, undefined, error) : error;
  }
}
