/**
 * What keeps a run: one row per rule, each telling how a run stands under it.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { Period, Standing } from "../plan/standing.ts";
import { readThreshold, type RetentionRule, type Threshold } from "../policy/policy.ts";
import type { Run } from "../store/snapshot.ts";
import { nameGlob } from "../text/glob.ts";
import { rankByMetric, rankByPeriod } from "./rank_runs.ts";
import { measuredOf, tagFinder, timeOf } from "./run_facts.ts";

/** Tells how a run stands, which has a place from 0 among those that it is ranked with, newest first. */
export type FindStanding = (run: Run, place: number) => Standing | null;

/**
 * One rule that keeps runs: how runs stand under it, given those that are ranked together; empty where the
 * rule is not given.
 */
export type KeepRule = (
  rule: RetentionRule,
  newestFirst: readonly Run[],
  now: number,
) => readonly FindStanding[];

/** The rules, in the order in which reasons are told. */
export const KEEP_RULES: readonly KeepRule[] = [
  ({ keepTags }) => {
    if (keepTags.length === 0) return [];
    const find = tagFinder(keepTags);
    return [(run) => {
      const tag = find(run);
      return tag === null ? null : { kind: "keep-tag", tag };
    }];
  },
  ({ keepNamed }) => {
    if (keepNamed.length === 0) return [];
    const globs = keepNamed.map((glob) => ({ glob, matches: nameGlob(glob) }));
    return [({ name }) => {
      const found = globs.find(({ matches }) => matches(name));
      return found === undefined ? null : { kind: "keep-named", glob: found.glob };
    }];
  },
  ({ keepStatus }) =>
    keepStatus.length === 0
      ? []
      : [({ status }) => keepStatus.includes(status) ? { kind: "keep-status", status } : null],
  ({ keepWhere = [] }) =>
    keepWhere.map((where) => {
      const threshold = readThreshold(where);
      return (run) => {
        if (threshold === null) return null;
        const value = measuredOf(run, threshold.metric);
        const passes = value !== null && COMPARED[threshold.operator](value, threshold.limit);
        return { kind: "keep-where", where, value, passes };
      };
    }),
  ({ keepBest }, newestFirst) =>
    keepBest.filter(({ n }) => n > 0).map((best) => {
      const standings = rankByMetric(newestFirst, best);
      return (_run, place) => standings[place]!;
    }),
  ({ keepLast: n }, { length: of }) =>
    n === 0 ? [] : [(_run, place) => ({ kind: "keep-last", rank: place + 1, of, n })],
  ({ keepWithin: limit }, _newestFirst, now) =>
    limit === 0 ? [] : [(run) => ({ kind: "keep-within", age: now - timeOf(run), limit })],
  ({ keepDaily }, newestFirst) => newestOfPeriods(newestFirst, "day", keepDaily),
  ({ keepWeekly }, newestFirst) => newestOfPeriods(newestFirst, "week", keepWeekly),
  ({ keepMonthly }, newestFirst) => newestOfPeriods(newestFirst, "month", keepMonthly),
];

const COMPARED: Readonly<
  Record<Threshold["operator"], (value: number, limit: number) => boolean>
> = {
  ">=": (value, limit) => value >= limit,
  ">": (value, limit) => value > limit,
  "<=": (value, limit) => value <= limit,
  "<": (value, limit) => value < limit,
};

function newestOfPeriods(
  newestFirst: readonly Run[],
  period: Period,
  n: number,
): readonly FindStanding[] {
  if (n === 0) return [];
  const standings = rankByPeriod(newestFirst, period, n);
  return [(_run, place) => standings[place]!];
}

/**
 * Tells whether a standing keeps its run.
 *
 * @param standing How a run stands under a rule.
 * @returns Whether the rule keeps it.
 */
export function keeps(standing: Standing): boolean {
  switch (standing.kind) {
    case "keep-last":
      return standing.rank <= standing.n;
    case "keep-within":
      return standing.age <= standing.limit;
    case "keep-best":
      return standing.rank !== null && standing.rank <= standing.n;
    case "keep-period":
      return standing.newest && standing.rank <= standing.n;
    case "keep-where":
      return standing.passes;
    case "keep-tag":
    case "keep-status":
    case "keep-named":
      return true;
  }
}

/**
 * Tells whether a reason is how a run stands under a rule, rather than what protects or ties it.
 *
 * @param reason Why a run stays.
 * @returns Whether a rule keeps it.
 */
export function isStanding(reason: KeepReason): reason is Standing {
  return STANDINGS.has(reason.kind);
}

const STANDINGS: ReadonlySet<KeepReason["kind"]> = new Set<Standing["kind"]>([
  "keep-last",
  "keep-within",
  "keep-best",
  "keep-period",
  "keep-tag",
  "keep-status",
  "keep-named",
  "keep-where",
]);
