/**
 * Changes that look at the whole store before each action, whatever the clock says.
 *
 * @module
 */

import type { LockedStore } from "../../tasks/ports/store.ts";

/**
 * Gives a store that is looked at again before each action of a change.
 *
 * @param store The locked store.
 * @returns The same, which a plan can be applied to.
 */
export function lookingAlways(store: LockedStore): LockedStore {
  return { ...store, changes: { ...store.changes, looking: { usual: () => 0, rest: 0 } } };
}
