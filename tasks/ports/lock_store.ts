import { requireCapability } from "./require_capability.ts";
import type { LockedStore, LockOptions, Store } from "./store.ts";

/**
 * Takes the lock of a store and settles what was cut off. Needs write permission for the store.
 *
 * @param store The store.
 * @param options The task that takes it, for whoever is kept waiting, and whether what it does makes room.
 * @returns The store, which this process alone may change until it is disposed of.
 * @throws {StoreLockedError} When another process holds the lock.
 * @throws {StoreAccessError} When the store cannot be written to.
 * @throws {DiskFullError} When its disk has no room for that.
 * @throws {UnsupportedStoreError} When this kind of store can only be read.
 *
 * @example
 * ```ts
 * import { lockStore, openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * await using locked = await lockStore(store, { task: "prune" });
 * console.log(locked.settled.length);
 * ```
 */
export function lockStore(store: Store, options: LockOptions): Promise<LockedStore> {
  return Promise.try(() => requireCapability(store, "changes").lock(options));
}
