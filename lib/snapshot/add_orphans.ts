/**
 * A database's snapshot, and the artifact trees that none of its rows names.
 *
 * @module
 */

import { byPath, experimentPathOf } from "../store/path.ts";
import {
  type Depth,
  type Experiment,
  isNonEmpty,
  type Orphan,
  type StoreSnapshot,
} from "../store/snapshot.ts";
import { addUsage, NO_USAGE } from "../store/usage.ts";
import { fingerprintOf } from "./fingerprint.ts";

/**
 * Adds orphans to a snapshot.
 *
 * @param snapshot The store without them.
 * @param orphans What no row names, in any order.
 * @returns The store with them, ordered by path; what they are is in its fingerprint.
 */
export function addOrphans<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  orphans: readonly Orphan[],
): StoreSnapshot<D> {
  if (!isNonEmpty(orphans)) return snapshot;
  const ordered = orphans.toSorted(byPath);
  const stamps = ordered.flatMap((one) => [
    one.path,
    `${one.stamp}|${one.lostRuns + one.modelDirectories + one.traces}`,
  ]);
  const { depth, fingerprint } = snapshot;
  return {
    ...snapshot,
    experiments: snapshot.sizes ? without(snapshot, ordered) : snapshot.experiments,
    orphans: [...snapshot.orphans, ...ordered].toSorted(byPath),
    fingerprint: depth === "meta" ? "" : fingerprintOf([fingerprint, ...stamps]),
  };
}

/** What lies in an experiment was measured with it. */
function without(
  { experiments }: StoreSnapshot,
  orphans: readonly Orphan[],
): readonly Experiment[] {
  const byHolder = Map.groupBy(orphans, ({ path }) => experimentPathOf(path));
  return experiments.map((experiment) => {
    const { usage } = experiment;
    const within = byHolder.get(experiment.path);
    if (usage === null || within === undefined) return experiment;
    const taken = addUsage(within.map((one) => one.usage ?? NO_USAGE));
    const bytes = Math.max(0, usage.bytes - taken.bytes);
    const files = Math.max(0, usage.files - taken.files);
    return { ...experiment, usage: { bytes, files } };
  });
}
