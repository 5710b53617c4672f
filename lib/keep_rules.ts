/**
 * What keeps a run: one row per rule, each telling how a run stands under it.
 *
 * @module
 */

import { nameGlob } from "./glob.ts";
import type { Run } from "./model.ts";
import type { Standing } from "./plan.ts";
import type { RetentionRule } from "./policy.ts";
import { firstTag } from "./run_facts.ts";
import type { Ranking } from "./rank_runs.ts";

/** One rule that keeps runs. */
export interface KeepRule {
  /** As it is called in `mltidy.yaml`. */
  readonly key: string;
  /** How a run stands under it, of the runs that it is ranked among; empty where the rule is not given. */
  readonly standings: (run: Run, rule: RetentionRule, ranking: Ranking) => readonly Standing[];
}

/** The rules, in the order in which reasons are told. */
export const KEEP_RULES: readonly KeepRule[] = [
  {
    key: "keep_tags",
    standings: (run, { keepTags }) => {
      const tag = firstTag(run, keepTags);
      return tag === null ? [] : [{ kind: "keep-tag", tag }];
    },
  },
  {
    key: "keep_named",
    standings: (run, { keepNamed }) => {
      const glob = keepNamed.find((each) => nameGlob(each)(run.name));
      return glob === undefined ? [] : [{ kind: "keep-named", glob }];
    },
  },
  {
    key: "keep_status",
    standings: ({ status }, { keepStatus }) =>
      keepStatus.includes(status) ? [{ kind: "keep-status", status }] : [],
  },
  {
    key: "keep_best",
    standings: (run, _rule, { best }) =>
      best.map(({ rule: { metric, mode, over, n }, places }) => {
        const { rank, of, per } = places.get(run)!;
        return { kind: "keep-best", metric, mode, over, per, rank, of, n };
      }),
  },
  {
    key: "keep_last",
    standings: (run, { keepLast: n }, { ends }) =>
      n === 0 ? [] : [{ kind: "keep-last", rank: ends.get(run)!, of: ends.size, n }],
  },
  {
    key: "keep_within",
    standings: (run, { keepWithin: limit }, { ages }) =>
      limit === 0 ? [] : [{ kind: "keep-within", age: ages.get(run)!, limit }],
  },
  periodRule("keep_daily", 0),
  periodRule("keep_weekly", 1),
  periodRule("keep_monthly", 2),
];

function periodRule(key: string, index: 0 | 1 | 2): KeepRule {
  return {
    key,
    standings: (run, _rule, { periods }) => {
      const { period, n, places } = periods[index];
      return n === 0 ? [] : [{ kind: "keep-period", period, ...places.get(run)!, n }];
    },
  };
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
    case "keep-tag":
    case "keep-status":
    case "keep-named":
      return true;
  }
}
