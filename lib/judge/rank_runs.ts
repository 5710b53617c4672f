/**
 * The order of runs: by their end, by a metric, by the calendar.
 *
 * @module
 */

import type { Period, Standing } from "../plan/standing.ts";
import type { BestRule } from "../policy/policy.ts";
import type { Run } from "../store/snapshot.ts";
import { facetOf, scoreOf, timeOf } from "./run_facts.ts";

type BestStanding = Extract<Standing, { kind: "keep-best" }>;
type PeriodStanding = Extract<Standing, { kind: "keep-period" }>;

/**
 * Orders runs by their end, the newest first, and those that ended at once by path.
 *
 * @param left A run.
 * @param right Another one.
 * @returns Negative when the left one comes first.
 */
export function byEnd(left: Run, right: Run): number {
  return timeOf(right) - timeOf(left) || (left.path < right.path ? -1 : 1);
}

/**
 * Ranks runs by a metric, of equals the newer one first.
 *
 * @param newestFirst The runs, by {@linkcode byEnd}.
 * @param best What is asked for.
 * @returns How each stands, in the same order.
 */
export function rankByMetric(
  newestFirst: readonly Run[],
  best: BestRule,
): readonly BestStanding[] {
  const { metric, mode, over, n, per: key } = best;
  const scored = newestFirst.map((run, place) => ({
    place,
    score: scoreOf(run, best),
    value: facetOf(run, key),
  }));
  const standings = new Array<BestStanding>(newestFirst.length);
  for (const [value, group] of Map.groupBy(scored, (one) => one.value)) {
    const per = key === null ? null : { key, value };
    // Sorting is stable: of equals the newer one stays first, and those without a score are last.
    group.sort((left, right) => (right.score ?? -Infinity) - (left.score ?? -Infinity) || 0);
    const of = group.findLastIndex(({ score }) => score !== null) + 1;
    const unranked = { kind: "keep-best", metric, mode, over, per, rank: null, of, n } as const;
    for (const [index, { place }] of group.entries()) {
      standings[place] = index < of ? { ...unranked, rank: index + 1 } : unranked;
    }
  }
  return standings;
}

/**
 * Places runs in the calendar.
 *
 * @param newestFirst The runs, by {@linkcode byEnd}.
 * @param period Days, weeks or months, in UTC.
 * @param n How many periods are asked for.
 * @returns How each stands, in the same order.
 */
export function rankByPeriod(
  newestFirst: readonly Run[],
  period: Period,
  n: number,
): readonly PeriodStanding[] {
  let start = NaN;
  let rank = 0;
  let older: PeriodStanding | null = null;
  return newestFirst.map((run) => {
    const begun = startOf(period, timeOf(run));
    if (begun === start && older !== null) return older;
    start = begun;
    rank++;
    older = { kind: "keep-period", period, start, newest: false, rank, n };
    return { ...older, newest: true };
  });
}

const DAY = 86_400_000;

/** The epoch began on a Thursday, so the first Monday was three days before it. */
const MONDAY = -3 * DAY;

function startOf(period: Period, time: number): number {
  switch (period) {
    case "day":
      return Math.floor(time / DAY) * DAY;
    case "week":
      return Math.floor((time - MONDAY) / (7 * DAY)) * 7 * DAY + MONDAY;
    case "month": {
      const date = new Date(time);
      // No calendar reaches there: every such run has a month of its own.
      return Number.isNaN(date.getTime())
        ? time
        : Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    }
  }
}
