/**
 * What a run takes along once it is purged: the logged models that stay for its sake alone.
 *
 * @module
 */

import type { JudgedSnapshot } from "../judge/judged.ts";
import type { Run } from "../store/snapshot.ts";
import { addUsage, type DiskUsage, NO_USAGE } from "../store/usage.ts";

/**
 * Makes what tells how much leaves the store once a run is purged.
 *
 * @param judged The verdicts, with sizes.
 * @returns Gives what the run takes, and what the models take that follow it.
 */
export function laterFinder({ models }: JudgedSnapshot): (run: Run) => DiskUsage {
  const followers = Map.groupBy(
    models.filter(({ holder, verdict }) =>
      holder === null && !verdict.goes && verdict.reasons.every(({ kind }) => kind === "run-stays")
    ),
    ({ model }) => model.sourceRunId,
  );
  return ({ id, usage }) =>
    addUsage([
      usage ?? NO_USAGE,
      ...(followers.get(id) ?? []).map(({ model }) => model.usage ?? NO_USAGE),
    ]);
}
