import { StoreLockedError } from "../../lib/errors.ts";

/** What a store that is locked does only while it is. */
export interface HeldGuard {
  /** Throws when the lock has been released: whoever still has the store must not change it beside the next holder. */
  assertHeld(): void;
  /** Does something while the lock is held. */
  whileHeld<T>(work: () => T | Promise<T>): Promise<T>;
  /** Refuses to lock the store once more. */
  lock(): Promise<never>;
}

/**
 * Guards a store that is locked.
 *
 * @param lock The lock.
 * @param location The store's location.
 * @param task The task that took it, for messages.
 * @returns The guard.
 */
export function guardHeld(
  lock: { isHeld(): boolean },
  location: string,
  task: string,
): HeldGuard {
  const assertHeld = () => {
    if (lock.isHeld()) return;
    throw new Error(
      `Cannot change store ${location}: its lock, taken for ${task}, has been released; take it again with lockStore()`,
    );
  };
  const whileHeld = <T>(work: () => T | Promise<T>) =>
    Promise.try(() => {
      assertHeld();
      return work();
    });
  return {
    assertHeld,
    whileHeld,
    lock: () =>
      whileHeld(() => {
        throw new StoreLockedError(
          `Cannot lock store ${location}: this very store is locked already, for ${task}; apply a plan to it with applyPlan(), or give a task the store that was opened, once the lock is released`,
          location,
        );
      }),
  };
}
