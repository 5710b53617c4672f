/**
 * What of a rule would have to change for a standing to keep its run, or no longer to do so.
 *
 * @module
 */

import { tagFinder } from "../judge/run_facts.ts";
import type { Standing } from "../plan/standing.ts";
import type { BestRule, RetentionRule } from "../policy/policy.ts";
import type { Run } from "../store/snapshot.ts";
import { nameGlob } from "../text/glob.ts";
import { days } from "../text/units.ts";

/**
 * Finds what would make a standing keep its run.
 *
 * @param standing The standing, which does not.
 * @param rule The rule that judges the run.
 * @returns The fields of the rule to be put in; `null` where no number does it.
 */
export function raise(standing: Standing, rule: RetentionRule): Partial<RetentionRule> | null {
  switch (standing.kind) {
    case "keep-last":
      return { keepLast: standing.rank };
    case "keep-within":
      return { keepWithin: above(standing.age) };
    case "keep-best":
      return standing.rank === null ? null : withBest(standing, rule, () => standing.rank!);
    case "keep-period":
      return standing.newest ? { [PERIOD_KEYS[standing.period]]: standing.rank } : null;
    case "keep-tag":
    case "keep-status":
    case "keep-named":
    case "keep-where":
      return null;
  }
}

/**
 * Finds what would make a standing no longer keep its run.
 *
 * @param standing The standing.
 * @param rule The rule that judges the run, or what is left of it by other changes, which add up.
 * @param run The run.
 * @returns The fields of the rule to be put in; `null` where nothing does it.
 */
export function lower(
  standing: Standing,
  rule: RetentionRule,
  run: Run,
): Partial<RetentionRule> | null {
  switch (standing.kind) {
    case "keep-last":
      return { keepLast: Math.min(rule.keepLast, standing.rank - 1) };
    case "keep-within": {
      const limit = below(standing.age);
      return limit < 0 ? null : { keepWithin: Math.min(rule.keepWithin, limit) };
    }
    case "keep-best":
      return withBest(standing, rule, (n) => Math.min(n, standing.rank! - 1));
    case "keep-period": {
      const n = standing.newest ? standing.rank - 1 : standing.rank;
      const key = PERIOD_KEYS[standing.period];
      return { [key]: Math.min(rule[key], n) };
    }
    case "keep-tag":
      return { keepTags: rule.keepTags.filter((tag) => tagFinder([tag])(run) === null) };
    case "keep-status":
      return { keepStatus: rule.keepStatus.filter((status) => status !== standing.status) };
    case "keep-named":
      return { keepNamed: rule.keepNamed.filter((glob) => !nameGlob(glob)(run.name)) };
    case "keep-where":
      return { keepWhere: rule.keepWhere?.filter((where) => where !== standing.where) ?? [] };
  }
}

const PERIOD_KEYS = { day: "keepDaily", week: "keepWeekly", month: "keepMonthly" } as const;

function withBest(
  standing: Extract<Standing, { kind: "keep-best" }>,
  rule: RetentionRule,
  change: (n: number) => number,
): Partial<RetentionRule> {
  const isMeant = ({ metric, mode, over, n, per }: BestRule) =>
    n > 0 && metric === standing.metric && mode === standing.mode && over === standing.over &&
    per === (standing.per?.key ?? null);
  return {
    keepBest: rule.keepBest.map((best) => isMeant(best) ? { ...best, n: change(best.n) } : best),
  };
}

const DAY = days(1);
const HOUR = DAY / 24;

/**
 * Finds a limit that an age does not pass within a day, as people type one: in days, or up to two days
 * in hours.
 *
 * @param age Ms.
 * @returns Ms.
 */
export function above(age: number): number {
  const least = age + DAY;
  const step = least <= 2 * DAY ? HOUR : DAY;
  return Math.ceil(least / step) * step;
}

/**
 * Finds the next limit below an age, as people type one, which the age has passed for good.
 *
 * @param age Ms.
 * @param small What limits up to two days are counted in, ms. @default {3_600_000}
 * @returns Ms; negative where there is none.
 */
export function below(age: number, small: number = HOUR): number {
  const step = age <= 2 * DAY ? small : DAY;
  return (Math.ceil(age / step) - 1) * step;
}
