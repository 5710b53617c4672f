/**
 * Runs → a digest of all of them that a plan depends on.
 *
 * @module
 */

import { codeOf } from "../store/run_status.ts";
import type { Run } from "../store/snapshot.ts";
import { type Digest, type Digestible, digestParts, EMPTY, sumDigests } from "./fingerprint.ts";

/**
 * Digests runs, in whatever order they come, so that several threads can do it.
 *
 * @param runs The runs.
 * @returns The digest; changes with anything that a plan depends on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(digestRuns([]), [0, 0]);
 * ```
 */
export function digestRuns(runs: readonly Run[]): Digest {
  return sumDigests(runs.map(digestRun));
}

function digestRun(run: Run): Digest {
  const { experimentId, id, stamp, status, lifecycleStage, startTime, endTime, tags } = run;
  const parts: Digestible[] = [
    experimentId,
    id,
    stamp,
    codeOf(status),
    lifecycleStage === "active" ? 0 : 1,
    startTime,
    endTime,
  ];
  if (tags.size > 0) { for (const [key, value] of tags) parts.push(key, value); }
  if (run.extras === undefined) return digestParts(EMPTY, parts);
  const { metrics, params, inputs, heavy, long = [] } = run.extras;
  for (const [key, { latest, least, greatest }] of metrics) {
    parts.push(key, latest, least, greatest);
  }
  for (const [key, value] of params) parts.push(key, value);
  for (const input of inputs) parts.push(input);
  for (const { path, stamp } of heavy) parts.push(path, stamp);
  for (const { path, stamp } of long) parts.push(path, stamp);
  return digestParts(EMPTY, parts);
}
