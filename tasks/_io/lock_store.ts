import type { LockedStore, Store } from "../store.ts";
import { beginChange } from "./change.ts";
import { acquireLock } from "./lock.ts";
import { ownPaths } from "./own_directory.ts";
import { settleInterrupted } from "./settle.ts";

/**
 * Takes the lock of a file store and settles what was cut off. Needs read and write permission for it.
 *
 * @param store The store.
 * @param task The task that takes it, for messages.
 * @returns The store, which this process alone may change until it is disposed of.
 * @throws {StoreLockedError} When another process holds the lock.
 * @throws {StoreAccessError} When the store cannot be written to.
 */
export function lockStore(store: Store, task: string): LockedStore {
  const { root } = store.describe();
  const paths = ownPaths(root);
  const lock = acquireLock(root, task, store.now());
  try {
    const settled = settleInterrupted(root, paths);
    return {
      ...store,
      settled,
      begin: (options) =>
        Promise.try(() => {
          const change = beginChange(lock, { root, paths, ...options });
          return {
            async perform(action) {
              await change.ready(action);
              return change.perform(action);
            },
            finish: (work) => change.finish(work),
            [Symbol.dispose]: () => change[Symbol.dispose](),
          };
        }),
      async keepMetadata(snapshot) {
        const { keepMetadata } = await import("./metadata_history.ts");
        keepMetadata(paths, snapshot, store.now());
      },
      async lockBackups(directory) {
        const { lockBackups } = await import("./file_backups.ts");
        return lockBackups(lock, { root, directory, now: store.now });
      },
      [Symbol.asyncDispose]: () => Promise.try(() => lock[Symbol.dispose]()),
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
