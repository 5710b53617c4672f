/**
 * What changes sides between two policies.
 *
 * @module
 */

import {
  addUsage,
  type DiskUsage,
  NO_USAGE,
  type NonEmpty,
  type Run,
  type StorePath,
  type StoreSnapshot,
} from "./model.ts";
import type { ActionReason, KeepReason, Plan } from "./plan.ts";

/** A run that one policy removes and the other keeps. */
export interface ChangedSide {
  /** Its directory. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** What the other policy says of it. */
  readonly reasons: NonEmpty<ActionReason | KeepReason>;
  /** What it takes; `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
}

/** Two plans for one store. */
export interface PlanComparison {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/compare/v1";
  /** Absolute real path of the store's root. */
  readonly store: string;
  /** Runs that only the other policy removes. */
  readonly removed: readonly ChangedSide[];
  /** Runs that only the other policy keeps. */
  readonly kept: readonly ChangedSide[];
  /** What those take together, where sizes were read. */
  readonly usage: { readonly removed: DiskUsage; readonly kept: DiskUsage };
}

/**
 * Compares two plans by the runs that they remove, whether by soft deletion or by purging.
 *
 * @param snapshot The store that both were made for.
 * @param plan The plan of the policy at hand.
 * @param other The plan of the other policy.
 * @returns Which runs change sides, ordered by path.
 */
export function comparePlans(
  snapshot: StoreSnapshot,
  plan: Plan,
  other: Plan,
): PlanComparison {
  const runs = new Map<string, Run>(
    [...snapshot.experiments, ...snapshot.orphans].flatMap((holder) => holder.runs)
      .map((run) => [run.path, run]),
  );
  const before = removedBy(plan);
  const after = removedBy(other);
  const staying = new Map<string, NonEmpty<KeepReason>>(
    other.kept.map(({ path, reasons }) => [path, reasons]),
  );
  const sideOf = (path: StorePath, reasons: ChangedSide["reasons"]): ChangedSide => {
    const run = runs.get(path);
    return { path, name: run?.name || path, reasons, usage: run?.usage ?? null };
  };
  const removed = [...after].filter(([path]) => !before.has(path))
    .map(([path, reasons]) => sideOf(path, reasons)).toSorted(byPath);
  const kept = [...before.keys()].filter((path) => !after.has(path))
    .map((path) => sideOf(path, staying.get(path)!)).toSorted(byPath);
  return {
    schema: "mltidy/compare/v1",
    store: snapshot.root,
    removed,
    kept,
    usage: { removed: sumOf(removed), kept: sumOf(kept) },
  };
}

/** The runs that a plan takes out of sight, with the reasons. */
function removedBy({ actions }: Plan): ReadonlyMap<StorePath, NonEmpty<ActionReason>> {
  return new Map(
    actions.filter(({ kind }) => kind === "soft-delete-run" || kind === "purge-run")
      .map(({ path, reasons }) => [path, reasons]),
  );
}

function sumOf(sides: readonly ChangedSide[]): DiskUsage {
  return addUsage(sides.map(({ usage }) => usage ?? NO_USAGE));
}

function byPath(left: ChangedSide, right: ChangedSide): number {
  return left.path < right.path ? -1 : 1;
}
