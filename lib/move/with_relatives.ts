/**
 * What stays with what has to stay, where nested runs go whole or not at all.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { Run } from "../store/snapshot.ts";

/** A run that goes somewhere, and what is against that. */
export interface Going {
  /** The run. */
  readonly run: Run;
  /** The run of the same experiment that it is nested in. */
  readonly parent: Run | null;
  /** What keeps it by itself. */
  readonly reasons: readonly KeepReason[];
}

/**
 * Finds what stays: MLflow shows children beside their parent alone, so what has to stay keeps its relatives.
 *
 * @param judged The runs that go; a parent that is none of them stays.
 * @returns Path of a run that stays → why.
 */
export function withRelatives(
  judged: readonly Going[],
): ReadonlyMap<string, readonly KeepReason[]> {
  const stays = new Map<string, readonly KeepReason[]>(
    judged.flatMap(({ run, reasons }) => reasons.length > 0 ? [[run.path, reasons]] : []),
  );
  const candidates = new Set<string>(judged.map(({ run }) => run.path));
  const isAlone = (reasons: readonly KeepReason[]) =>
    reasons.some(({ kind }) => kind === "soft-deleted");
  for (let before = -1; before !== stays.size;) {
    before = stays.size;
    for (const { run, parent } of judged) {
      if (parent === null) continue;
      const parentStays = !candidates.has(parent.path) || stays.has(parent.path);
      const own = stays.get(run.path);
      if (parentStays && own === undefined) {
        stays.set(run.path, [{ kind: "child-of-kept", parent: parent.id }]);
      }
      // Nobody sees a child that is soft-deleted beside its parent.
      if (own !== undefined && !isAlone(own) && !parentStays) {
        stays.set(parent.path, [{ kind: "parent-of-kept", child: run.id }]);
      }
    }
  }
  return stays;
}
