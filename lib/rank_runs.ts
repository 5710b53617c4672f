/**
 * The order of runs: by their end, by a metric, by the calendar.
 *
 * @module
 */

import type { Run } from "./model.ts";
import type { Period } from "./plan.ts";
import type { BestRule, RetentionRule } from "./policy.ts";
import { facetOf, scoreOf, timeOf } from "./run_facts.ts";

/** A run's place by a metric. */
export interface BestPlace {
  /** From 1; `null` when the run has no finite value. */
  readonly rank: number | null;
  /** How many runs have one. */
  readonly of: number;
  /** What tells it apart from runs that it is not compared with. */
  readonly per: { readonly key: string; readonly value: string } | null;
}

/** A run's place in the calendar. */
export interface PeriodPlace {
  /** Epoch ms: when the period began. */
  readonly start: number;
  /** Whether the run is the newest of its period. */
  readonly newest: boolean;
  /** The period's place among those that have runs, from the latest, from 1. */
  readonly rank: number;
}

/** The places of one calendar rule. */
export interface PeriodRanking {
  readonly period: Period;
  readonly n: number;
  /** Empty where the rule is not given. */
  readonly places: ReadonlyMap<Run, PeriodPlace>;
}

/** The runs that are judged together, in every order that their rule asks for. */
export interface Ranking {
  /** Place by end, from the newest, from 1. */
  readonly ends: ReadonlyMap<Run, number>;
  /** Time since the end, ms. */
  readonly ages: ReadonlyMap<Run, number>;
  /** One for each rule of `keep_best`. */
  readonly best: readonly {
    readonly rule: BestRule;
    readonly places: ReadonlyMap<Run, BestPlace>;
  }[];
  /** By days, weeks, months. */
  readonly periods: readonly [PeriodRanking, PeriodRanking, PeriodRanking];
}

/**
 * Ranks the runs of a group. Of equals the newer one comes first, of equally new ones the one whose id
 * comes first, so the order of the list says nothing.
 *
 * @param runs The runs; none may have ended in the future.
 * @param rule What is asked for.
 * @param now Epoch ms.
 * @returns The places.
 */
export function rankRuns(runs: readonly Run[], rule: RetentionRule, now: number): Ranking {
  const newestFirst = runs.toSorted(byEnd);
  return {
    ends: new Map(newestFirst.map((run, index) => [run, index + 1])),
    ages: new Map(runs.map((run) => [run, now - timeOf(run)])),
    best: rule.keepBest.filter(({ n }) => n > 0)
      .map((best) => ({ rule: best, places: rankByMetric(newestFirst, best) })),
    periods: [
      rankByPeriod(newestFirst, "day", rule.keepDaily),
      rankByPeriod(newestFirst, "week", rule.keepWeekly),
      rankByPeriod(newestFirst, "month", rule.keepMonthly),
    ],
  };
}

function byEnd(left: Run, right: Run): number {
  return timeOf(right) - timeOf(left) || (left.path < right.path ? -1 : 1);
}

function rankByMetric(newestFirst: readonly Run[], rule: BestRule): ReadonlyMap<Run, BestPlace> {
  const places = new Map<Run, BestPlace>();
  for (const [value, group] of Map.groupBy(newestFirst, (run) => facetOf(run, rule.per))) {
    const per = rule.per === null ? null : { key: rule.per, value };
    const scored = group.flatMap((run) => {
      const score = scoreOf(run, rule);
      return score === null ? [] : [{ run, score }];
    });
    // Sorting is stable: of equals the newer one stays first.
    scored.sort((left, right) => right.score - left.score);
    const of = scored.length;
    for (const run of group) places.set(run, { rank: null, of, per });
    for (const [index, { run }] of scored.entries()) places.set(run, { rank: index + 1, of, per });
  }
  return places;
}

function rankByPeriod(newestFirst: readonly Run[], period: Period, n: number): PeriodRanking {
  const places = new Map<Run, PeriodPlace>();
  if (n === 0) return { period, n, places };
  let rank = 0;
  let latest = NaN;
  for (const run of newestFirst) {
    const start = startOf(period, timeOf(run));
    const newest = start !== latest;
    if (newest) rank++;
    latest = start;
    places.set(run, { start, newest, rank });
  }
  return { period, n, places };
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
