/**
 * Runs → a digest of all of them that a plan depends on.
 *
 * @module
 */

import type { Run } from "../store/snapshot.ts";
import { type Digest, digestTexts, EMPTY, sumDigests } from "./fingerprint.ts";

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
  const { status, lifecycleStage, startTime, endTime } = run;
  const texts: string[] = [
    run.experimentId,
    run.id,
    `${run.stamp}|${status}|${lifecycleStage}|${startTime}|${endTime}`,
  ];
  for (const [key, value] of run.tags) texts.push(key, value);
  if (run.extras === undefined) return digestTexts(EMPTY, texts);
  const { metrics, params, inputs, heavy } = run.extras;
  for (const [key, { latest, least, greatest }] of metrics) {
    texts.push(`${key}=${latest}|${least}|${greatest}`);
  }
  for (const [key, value] of params) texts.push(`${key}=${value}`);
  for (const input of inputs) texts.push(input);
  for (const { path, stamp } of heavy) texts.push(`${path}|${stamp}`);
  return digestTexts(EMPTY, texts);
}
