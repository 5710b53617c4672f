/**
 * What every part of the repair planner looks at, and how it writes down what it decides.
 *
 * @module
 */

import type { KeepReason, Kept } from "../plan/plan.ts";
import type {
  EditMeta,
  Evidence,
  RepairAction,
  RepairPolicy,
  RepairReason,
} from "../plan/repair_action.ts";
import type { StorePath } from "../store/path.ts";
import type { NonEmpty, StoreSnapshot } from "../store/snapshot.ts";

/** The store, the evidence, the rules and the moment. */
export interface RepairContext {
  readonly snapshot: StoreSnapshot<"full">;
  readonly evidence: Evidence;
  readonly policy: RepairPolicy;
  /** Where the store provably was; absolute paths. */
  readonly roots: ReadonlySet<string>;
  /** Epoch ms. */
  readonly now: number;
}

/** What a part of the planner decides. */
export interface Repairs {
  readonly actions: readonly RepairAction[];
  readonly kept: readonly Kept[];
}

/** Keys of one record to set, before all that is to be set in it is put together. */
export interface Edit {
  readonly kind: EditMeta["kind"];
  readonly path: StorePath;
  readonly name: string;
  readonly changes: EditMeta["changes"];
  readonly reasons: NonEmpty<RepairReason>;
}

/**
 * Writes down that something stays.
 *
 * @param path Where it is.
 * @param name Its name.
 * @param reasons Why.
 * @returns The entry.
 */
export function keptEntry(path: StorePath, name: string, ...reasons: NonEmpty<KeepReason>): Kept {
  return { kind: "damage", path, name, reasons };
}

/**
 * Tells whether a change is so young that it may go on.
 *
 * @param context The moment and the rules.
 * @param changed Epoch ms of the last change.
 * @returns Why to leave it alone; `null` when it has settled.
 */
export function unsettled(
  { now, policy }: RepairContext,
  changed: number,
): KeepReason | null {
  const age = Math.max(0, now - changed);
  return age < policy.settle ? { kind: "changed-recently", age, limit: policy.settle } : null;
}
