/**
 * What a run that MLflow cannot read may be taken for.
 *
 * @module
 */

import { asExperimentId, asRunId } from "../store/path.ts";
import type { DamagedRun, Experiment, Orphan, Run } from "../store/snapshot.ts";

/**
 * Takes a damaged run for an active one that has not ended, of which nothing more is known than what its
 * files still say. Where its record does not say where its artifacts are, they are where its experiment
 * has them.
 *
 * @param damaged The damaged run.
 * @param holder The experiment, or orphan, that it lies in.
 * @returns The run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { experiments } = await store.read({ depth: "tags" });
 * for (const { damagedRuns } of experiments) assertEquals(damagedRuns, []);
 * ```
 */
export function presumedRun(damaged: DamagedRun, holder: Experiment | Orphan): Run {
  const { id, path, link, tags, inputs, usage } = damaged;
  const place = "artifactLocation" in holder ? `${holder.artifactLocation}/${id}/artifacts` : "";
  return {
    id: asRunId(id),
    experimentId: asExperimentId(holder.id),
    path,
    name: id,
    status: "RUNNING",
    lifecycleStage: "active",
    startTime: 0,
    endTime: null,
    deletedTime: null,
    artifactUri: damaged.artifactUri ?? place,
    link,
    tags,
    stamp: "",
    usage,
    extras: { metrics: new Map(), params: new Map(), inputs, heavy: [] },
  };
}
