/**
 * What of a store a plan depends on, as text: what makes it another store to a plan changes its fingerprint.
 *
 * @module
 */

import { byPath } from "../store/path.ts";
import type { Experiment, StoreSnapshot } from "../store/snapshot.ts";

/**
 * Tells what a plan depends on, its runs apart.
 *
 * @param parts The store, everything ordered by path.
 * @returns Texts, of which any is another once a plan might be.
 */
export function* basisOf(parts: Omit<StoreSnapshot, "fingerprint">): Iterable<string> {
  yield parts.depth;
  for (const experiment of parts.experiments) {
    yield experiment.path;
    yield experiment.stamp;
    yield `${experiment.name}|${experiment.recordedStage}|${experiment.lastUpdateTime}`;
    for (const { trace, runId, modelId } of experiment.traceUses ?? []) {
      yield `${trace}|${runId}|${modelId}`;
    }
    yield* holderBasis(experiment);
  }
  for (const orphan of parts.orphans) {
    yield orphan.path;
    yield `${orphan.stamp}|${orphan.damage}`;
    yield* holderBasis(orphan);
  }
  for (const stray of parts.strays) yield `${stray.kind}|${stray.path}`;
  for (const model of parts.registeredModels) {
    yield model.path;
    for (const [alias, version] of model.aliases) yield `${alias}=${version}`;
    for (const version of model.versions) {
      const { path, runId, source, storageLocation, stage, modelId } = version;
      yield [path, runId, source, storageLocation, stage, modelId].join("|");
    }
  }
  for (const problem of parts.problems) yield `${problem.damage}|${problem.path}`;
}

function* holderBasis(holder: Pick<Experiment, "damagedRuns" | "loggedModels">) {
  for (const run of holder.damagedRuns.toSorted(byPath)) yield `${run.damage}|${run.path}`;
  for (const model of holder.loggedModels.toSorted(byPath)) {
    const { path, sourceRunId, lifecycleStage, lastUpdatedTime, artifactLocation, stamp } = model;
    yield [path, `${sourceRunId}`, lifecycleStage, lastUpdatedTime, artifactLocation, stamp].join(
      "|",
    );
    for (const [key, value] of model.tags) yield `${key}=${value}`;
    for (const use of model.usedBy) yield Object.values(use).join("|");
  }
}
