import type { ActionKind } from "../../lib/plan/action_kind.ts";
import type { Store } from "./store.ts";

/** What a planner has to know of a store besides its snapshot. */
export interface PlanningOptions {
  /** Epoch ms: the moment against which ages are judged. */
  readonly now: number;
  /** The kinds of action that the store can carry out: nothing else is planned. */
  readonly kinds: ReadonlySet<ActionKind>;
}

/**
 * Tells a planner what it has to know of a store besides its snapshot.
 *
 * @param store The store.
 * @returns The time by its clock, and what it can carry out: nothing, where it can only be read.
 */
export function planningFor(store: Pick<Store, "now" | "changes">): PlanningOptions {
  return { now: store.now(), kinds: store.changes?.kinds ?? new Set() };
}
