/**
 * What changes sides between two policies.
 *
 * @module
 */

import type { Action, ActionReason, KeepReason, Plan } from "../plan/plan.ts";
import { asStorePath, byPath, type StorePath } from "../store/path.ts";
import type { NonEmpty, Run, StoreSnapshot } from "../store/snapshot.ts";
import { addUsage, type DiskUsage, NO_USAGE } from "../store/usage.ts";

/** Something that one policy removes and the other keeps. */
export interface ChangedSide {
  /** What it is: a run, with all its files; a heavy file of a run that stays; a logged model; an orphan. */
  readonly kind: "run" | "heavy-file" | "logged-model" | "orphan";
  /** Where it is. */
  readonly path: StorePath;
  /** Name for people. */
  readonly name: string;
  /** What the other policy says of it, or of the run that keeps it. */
  readonly reasons: NonEmpty<ActionReason | KeepReason>;
  /** What it takes; `null` where sizes were not read. */
  readonly usage: DiskUsage | null;
}

/** Two plans for one store. */
export interface PlanComparison {
  /** Names this kind of document and its version. */
  readonly schema: "mltidy/compare/v1";
  /** The store's location: an absolute path, or a URI without credentials. */
  readonly store: string;
  /** What only the other policy removes. */
  readonly removed: readonly ChangedSide[];
  /** What only the other policy keeps. */
  readonly kept: readonly ChangedSide[];
  /** What those take together, where sizes were read. */
  readonly usage: { readonly removed: DiskUsage; readonly kept: DiskUsage };
}

/**
 * Compares two plans by what they remove: runs, whether by soft deletion, by purging or with their
 * experiment, heavy files of runs that stay in both, and orphans.
 *
 * @param snapshot The store that both were made for.
 * @param plan The plan of the policy at hand.
 * @param other The plan of the other policy.
 * @returns What changes sides, ordered by path.
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
  const before = removedBy(plan, runs);
  const after = removedBy(other, runs);
  const staying = new Map<string, NonEmpty<KeepReason>>(
    other.kept.map(({ path, reasons }) => [path, reasons]),
  );
  const removed = [...after.values()]
    .filter(({ side, holder }) => !before.has(side.path) && !before.has(holder))
    .map(({ side }) => side).toSorted(byPath);
  const kept = [...before.values()]
    .filter(({ side, holder }) => !after.has(side.path) && !after.has(holder))
    .flatMap(({ side, holder }) => {
      const reasons = staying.get(holder);
      return reasons === undefined ? [] : [{ ...side, reasons }];
    }).toSorted(byPath);
  return {
    schema: "mltidy/compare/v1",
    store: snapshot.location,
    removed,
    kept,
    usage: { removed: sumOf(removed), kept: sumOf(kept) },
  };
}

interface Removed {
  readonly side: ChangedSide;
  /** The run of a heavy file, else itself. */
  readonly holder: StorePath;
}

/** What a plan takes out of sight, by path. */
function removedBy(
  { actions }: Plan,
  runs: ReadonlyMap<string, Run>,
): ReadonlyMap<StorePath, Removed> {
  const ofRun = (path: StorePath, reasons: ChangedSide["reasons"]): Removed => {
    const run = runs.get(path);
    const side = { kind: "run", path, name: run?.name || path, usage: run?.usage ?? null } as const;
    return { side: { ...side, reasons }, holder: path };
  };
  const ofAction = (action: Action): readonly Removed[] => {
    const { path, name, reasons, usage } = action;
    switch (action.kind) {
      case "soft-delete-run":
      case "purge-run":
        return [ofRun(path, reasons)];
      case "purge-experiment":
        return action.runIds.map((id) => ofRun(asStorePath(`${path}/${id}`), reasons));
      case "drop-artifact": {
        const side = { kind: "heavy-file", path, name, reasons, usage } as const;
        return [{ side, holder: asStorePath(`${action.experimentId}/${action.runId}`) }];
      }
      case "purge-logged-model":
        return [{ side: { kind: "logged-model", path, name, reasons, usage }, holder: path }];
      case "quarantine-orphan":
        return [{ side: { kind: "orphan", path, name, reasons, usage }, holder: path }];
      default:
        return [];
    }
  };
  return new Map(actions.flatMap(ofAction).map((one) => [one.side.path, one]));
}

function sumOf(sides: readonly ChangedSide[]): DiskUsage {
  return addUsage(sides.map(({ usage }) => usage ?? NO_USAGE));
}
