/**
 * Runs that have not ended and show no sign of life any more.
 *
 * @module
 */

import type { Evidence } from "../plan/repair_action.ts";
import { isUnfinished } from "../store/run_status.ts";
import type { Run, StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";

/** A run without a sign of life. */
export interface StaleRun {
  /** The run. */
  readonly run: Run;
  /** Epoch ms of its last sign of life. */
  readonly lastSign: number;
}

/**
 * Finds stale runs. A change anywhere in a run is a sign of life, and so is one in a child of it that
 * goes on: a parent may wait for its children for days.
 *
 * @param snapshot The store.
 * @param evidence When runs that have not ended last changed; a run that it lacks is not judged.
 * @param options How long a run may be silent, ms, and the moment, epoch ms.
 * @returns Runs, in the order of the snapshot; those that are deleted, too, which no clean-up lets go while
 * they run.
 */
export function findStaleRuns(
  snapshot: StoreSnapshot,
  evidence: Pick<Evidence, "runs">,
  options: { readonly staleAfter: number; readonly now: number },
): readonly StaleRun[] {
  const unfinished = snapshot.experiments
    .filter(({ link }) => !link)
    .flatMap(({ runs }) => runs)
    .filter((run) => isUnfinished(run.status) && !run.link);
  // What cannot be read may be at work this moment, and so may what it belongs to.
  const signs = new Map(
    unfinished.map((run) => [
      run,
      Math.max(evidence.runs.get(run.path)?.newestChange ?? options.now, run.startTime),
    ]),
  );
  const byId = Map.groupBy(unfinished, ({ id }) => `${id}`);
  const parentsOf = ({ tags }: Run) => byId.get(tags.get(PARENT_TAG) ?? "") ?? [];
  const signOf = (run: Run) => signs.get(run) ?? 0;
  // Newest first, so that none is raised twice, and a circle of parents comes to an end.
  for (const run of unfinished.toSorted((left, right) => signOf(right) - signOf(left))) {
    const sign = signOf(run);
    for (let above = parentsOf(run); above.length > 0;) {
      const raised = above.filter((parent) => signOf(parent) < sign);
      for (const parent of raised) signs.set(parent, sign);
      above = raised.flatMap(parentsOf);
    }
  }
  return unfinished.flatMap((run) => {
    const lastSign = signOf(run);
    return options.now - lastSign >= options.staleAfter ? [{ run, lastSign }] : [];
  });
}
