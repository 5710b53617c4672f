/**
 * A server's store that this process alone may change, among those of mltidy on this machine that keep what they change
 * in the same place.
 *
 * *Ordering*: a change is logged before its first request, and ends in the log when all of it is done.
 *
 * *Locking*: our own lock from here to the end. A server has none: what another client does, be it mltidy on another
 * machine, is found by reading each run before it is changed.
 *
 * *After an interruption*: whoever takes the lock next undoes what had not come to its end.
 *
 * @module
 */

import type { Depth, StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { openChangeLog } from "../../_database/log/change_log.ts";
import { needingRoom } from "../../_database/log/needing_room.ts";
import { lockDatabase, statePaths } from "../../_database/log/state_directory.ts";
import { guardHeld } from "../../ports/guard_held.ts";
import { requireCapability } from "../../ports/require_capability.ts";
import type { LockedStore, ReadOptions, Store } from "../../ports/store.ts";
import { openChangingClient } from "../client/open_changing_client.ts";
import type { Reach } from "../client/open_client.ts";
import { orStoreError } from "../client/request_error.ts";
import { settleSpools } from "../tracking/settle_spools.ts";
import { beginChange } from "./begin_change.ts";
import { judgeAgain } from "./judge_again.ts";
import { lockServerBackups } from "./server_backups.ts";
import { readServerWitnesses } from "./server_witnesses.ts";
import { settleChanges } from "./settle_changes.ts";

/** How to lock a server's store. */
export interface LockServerOptions extends Reach {
  /** The task, for messages. */
  readonly task: string;
  /** Absolute path of the file that stands for the server. */
  readonly path: string;
  /** Reads what refers to runs, and no runs. */
  readonly readReferring: () => Promise<StoreSnapshot>;
}

/**
 * Takes the lock, settles what was cut off, and sends what trainings have left. Needs net permission for the server,
 * and write permission for the directory in which what is changed is kept.
 *
 * @param store The store.
 * @param options The task that takes it, and what reaches the server.
 * @returns The store, which this process alone may change until it is disposed of.
 * @throws {StoreLockedError} When another process holds the lock.
 * @throws {StoreAccessError} When nothing can be written there.
 * @throws {StoreNotFoundError} When the server does not answer.
 * @throws {DiskFullError} When the disk of that directory has no room.
 */
export function lockServerStore(store: Store, options: LockServerOptions): Promise<LockedStore> {
  return needingRoom(options.path, () => lockServer(store, options));
}

async function lockServer(
  store: Store,
  { task, path, readReferring, ...reach }: LockServerOptions,
): Promise<LockedStore> {
  const { location } = store.describe();
  const stack = new DisposableStack();
  try {
    const lock = stack.use(lockDatabase(path, task, store.now()));
    const log = stack.use(openChangeLog(path));
    const client = stack.use(await orStoreError(location, () => openChangingClient(reach)));
    const place = { client, log, clock: () => store.now(), pause: reach.pause };
    const settled = await orStoreError(location, () => settleChanges(place, path));
    const left = await settleSpools(client, statePaths(path).spool, place);
    const { whileHeld, lock: refuse } = guardHeld(lock, location, task);
    const held = stack.move();
    let judged: StoreSnapshot | null = null;
    return {
      ...store,
      async read<D extends Depth>(options: ReadOptions<D>): Promise<StoreSnapshot<D>> {
        const snapshot = await store.read(options);
        // What is planned is planned from what was read last.
        if (options.depth !== "meta") judged = snapshot;
        return snapshot;
      },
      settled: [...settled, ...left.settled],
      remains: left.remains,
      changes: { ...requireCapability(store, "changes"), lock: refuse },
      mending: store.mending && { ...store.mending, keepMetadata: () => Promise.resolve() },
      backups: {
        ...requireCapability(store, "backups"),
        async lock() {
          const backups = await whileHeld(() => lockServerBackups({ ...place, path }));
          return {
            ...backups,
            bringBack: (...asked) => needingRoom(path, () => backups.bringBack(...asked)),
          };
        },
      },
      begin: ({ actions, task, now, keepBackup }) =>
        whileHeld(() =>
          needingRoom(path, () =>
            orStoreError(location, async () => {
              const before = judged ?? await store.read({ depth: "tags" });
              const concerned = new Set(actions.map(({ path }) => path.split("/")[0] ?? ""));
              const witnesses = await readServerWitnesses(client, concerned);
              const again = judgeAgain(before, await readReferring());
              const how = { actions, task, now, keepBackup, witnesses, judged: again };
              return beginChange({ ...place, ...how, path });
            }))
        ),
      [Symbol.asyncDispose]: () => Promise.try(() => held.dispose()),
    };
  } catch (error) {
    stack.dispose();
    throw error;
  }
}
