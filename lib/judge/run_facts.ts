/**
 * What rules look at in a run.
 *
 * @module
 */

import type { BestRule } from "../policy/policy.ts";
import { isMeasured } from "../store/extras.ts";
import type { Run } from "../store/snapshot.ts";
import { nameGlob } from "../text/glob.ts";

/**
 * Tells when a run ended; one that recorded no end counts from its start.
 *
 * @param run The run.
 * @returns Epoch ms.
 */
export function timeOf({ endTime, startTime }: Run): number {
  return endTime ?? startTime;
}

/** Gives the tag of a run, or logged model; `null` when it has none that is looked for. */
export type FindTag = (tagged: Pick<Run, "tags">) => string | null;

/**
 * Makes what finds the first tag of a list that a run has.
 *
 * @param wanted Keys, or `key=value` with a glob as value.
 * @returns Gives the tag of a run, or logged model, as it was wanted; `null` when it has none of them.
 */
export function tagFinder(wanted: readonly string[]): FindTag {
  const tests = wanted.map((each) => ({ each, isIn: tagTest(each) }));
  return ({ tags }) => {
    // Most runs have no tag that matters.
    if (tags.size === 0) return null;
    for (const { each, isIn } of tests) if (isIn(tags)) return each;
    return null;
  };
}

function tagTest(wanted: string): (tags: Run["tags"]) => boolean {
  const at = wanted.indexOf("=");
  if (at === -1) return (tags) => tags.has(wanted);
  const key = wanted.slice(0, at);
  const fits = nameGlob(wanted.slice(at + 1));
  return (tags) => {
    const value = tags.get(key);
    // A key may hold an equals sign itself.
    return value !== undefined && fits(value) || tags.has(wanted);
  };
}

/**
 * Gives the value by which runs are told apart.
 *
 * @param run The run.
 * @param key A parameter's key, else a tag's; `null` tells none apart.
 * @returns The value; empty when the run has neither.
 */
export function facetOf(run: Run, key: string | null): string {
  if (key === null) return "";
  return run.extras?.params.get(key) ?? run.tags.get(key) ?? "";
}

/**
 * Gives the value by which a run is compared.
 *
 * @param run The run.
 * @param rule Which metric, which way, and over what.
 * @returns A finite number, more being better; `null` when the run has none.
 */
export function scoreOf(run: Run, { metric, mode, over }: BestRule): number | null {
  const summary = run.extras?.metrics.get(metric);
  if (summary === undefined) return null;
  const best = mode === "max" ? summary.greatest : summary.least;
  const value = over === "latest" ? summary.latest : best;
  if (value === null || !isMeasured(value)) return null;
  return mode === "max" ? value : -value;
}

/**
 * Gives the latest value of a metric, as MLflow shows it.
 *
 * @param run The run.
 * @param metric The metric's key.
 * @returns A finite number; `null` when the run has none.
 */
export function measuredOf(run: Run, metric: string): number | null {
  const latest = run.extras?.metrics.get(metric)?.latest;
  return latest !== undefined && isMeasured(latest) ? latest : null;
}
