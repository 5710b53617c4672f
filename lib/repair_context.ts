/**
 * What every part of the repair planner looks at, and how it writes down what it decides.
 *
 * @module
 */

import type { Experiment, NonEmpty, Orphan, StorePath, StoreSnapshot } from "./model.ts";
import type { KeepReason, Kept } from "./plan.ts";
import type { Evidence, RepairAction, RepairPolicy } from "./repair.ts";

export { NO_USAGE } from "./model.ts";

/** The store, the evidence, the rules and the moment. */
export interface RepairContext {
  readonly snapshot: StoreSnapshot<"full">;
  readonly evidence: Evidence;
  readonly policy: RepairPolicy;
  /** Epoch ms. */
  readonly now: number;
}

/** What a part of the planner decides. */
export interface Repairs {
  readonly actions: readonly RepairAction[];
  readonly kept: readonly Kept[];
}

/** An experiment, or an orphan. */
export type Holder = Experiment | Orphan;

/**
 * Lists what holds runs.
 *
 * @param snapshot The store.
 * @returns Experiments and orphans, by path.
 */
export function holdersOf({ experiments, orphans }: StoreSnapshot): readonly Holder[] {
  return [...experiments, ...orphans].toSorted(byPath);
}

/**
 * Names a holder for people.
 *
 * @param holder The experiment, or orphan.
 * @returns Its name, or its id.
 */
export function nameOf(holder: Holder): string {
  return "name" in holder ? holder.name : holder.id;
}

/**
 * Writes down that something stays.
 *
 * @param path Where it is.
 * @param name Its name.
 * @param reasons Why.
 * @returns The entry.
 */
export function keep(path: StorePath, name: string, ...reasons: NonEmpty<KeepReason>): Kept {
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

/**
 * Names the experiment, or orphan, in which a path lies.
 *
 * @param path A path below the root.
 * @returns The path of its directory, which may be the same.
 */
export function experimentPathOf(path: string): string {
  return path.split("/").slice(0, path.startsWith(".trash/") ? 2 : 1).join("/");
}

/**
 * Orders by path.
 *
 * @param left Something with a path.
 * @param right Another.
 * @returns Less than 0 when `left` comes first.
 */
export function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : left.path > right.path ? 1 : 0;
}

/**
 * Finds what lies behind a symbolic link, and so may lie outside of the store.
 *
 * @param snapshot The store.
 * @returns Tells of a path whether it does.
 */
export function linkedIn(snapshot: StoreSnapshot): (path: string) => boolean {
  const links = holdersOf(snapshot).flatMap((holder) =>
    holder.link
      ? [`${holder.path}`]
      : [...holder.runs, ...holder.damagedRuns].flatMap((run) => run.link ? [`${run.path}`] : [])
  );
  if (links.length === 0) return () => false;
  const found = new Set(links);
  return (path) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      if (found.has(path.slice(0, end))) return true;
    }
    return false;
  };
}
