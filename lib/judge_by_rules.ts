/**
 * Judging active runs by a retention policy: each by the first rule that fits it, among the runs of its
 * experiment that the same rule judges.
 *
 * @module
 */

import { nameGlob } from "./glob.ts";
import { KEEP_RULES, keeps } from "./keep_rules.ts";
import type { Experiment, Run, StoreSnapshot } from "./model.ts";
import type { KeepReason, Standing } from "./plan.ts";
import {
  isEmptyRule,
  type Protection,
  type ProtectPolicy,
  type RetentionPolicy,
  type RetentionRule,
  YOUNG,
} from "./policy.ts";
import { rankRuns } from "./rank_runs.ts";
import type { Verdict } from "./retention.ts";
import { facetOf, firstTag, timeOf } from "./run_facts.ts";

/** How a rule judges a run. */
export interface Ruling {
  readonly rule: RetentionRule;
  /** The value of `group_by`; `null` where there is none. */
  readonly group: string | null;
  /** How the run stands under all that the rule asks for, whether it keeps it or not. */
  readonly standings: readonly Standing[];
  readonly verdict: Verdict;
}

/**
 * Judges every active run of the active experiments by itself. What others need of it is decided where
 * the plan is made.
 *
 * A run that is dated in the future is kept and ranked nowhere: it would take the place of others.
 *
 * @param snapshot The store.
 * @param policy The rules.
 * @param now Epoch ms.
 * @returns A ruling for each of these runs.
 */
export function judgeByRules(
  snapshot: StoreSnapshot,
  policy: RetentionPolicy,
  now: number,
): ReadonlyMap<Run, Ruling> {
  const rulings = new Map<Run, Ruling>();
  for (const experiment of snapshot.experiments) {
    if (experiment.lifecycleStage !== "active") continue;
    const rules = policy.rules.filter((rule) => fitsExperiment(rule, experiment));
    const active = experiment.runs.filter((run) => run.lifecycleStage === "active");
    for (const [rule, ruled] of Map.groupBy(active, (run) => ruleOf(run, rules))) {
      for (const [value, group] of Map.groupBy(ruled, (run) => facetOf(run, rule.groupBy))) {
        const ranking = rankRuns(group.filter((run) => timeOf(run) <= now), rule, now);
        for (const run of group) {
          const standings = timeOf(run) > now
            ? []
            : KEEP_RULES.flatMap((each) => each.standings(run, rule, ranking));
          rulings.set(run, {
            rule,
            group: rule.groupBy === null ? null : value,
            standings,
            verdict: judge(run, rule, standings, policy.protect, now),
          });
        }
      }
    }
  }
  return rulings;
}

/** Fits what no other rule does, and keeps nothing, so removes nothing. */
const NO_RULE: RetentionRule = {
  name: "no rule",
  experiments: [],
  tags: [],
  keepLast: 0,
  keepWithin: 0,
  keepBest: [],
  keepDaily: 0,
  keepWeekly: 0,
  keepMonthly: 0,
  keepTags: [],
  keepStatus: [],
  keepNamed: [],
  groupBy: null,
  children: "follow",
};

function ruleOf(run: Run, rules: readonly RetentionRule[]): RetentionRule {
  return rules.find(({ tags }) => tags.every((tag) => firstTag(run, [tag]) !== null)) ?? NO_RULE;
}

function fitsExperiment({ experiments }: RetentionRule, experiment: Experiment): boolean {
  return experiments.length === 0 || isNamed(experiment, experiments);
}

/**
 * Tells whether an experiment is meant.
 *
 * @param experiment The experiment.
 * @param globs Globs on its name or id.
 * @returns Whether one of them fits.
 */
export function isNamed({ id, name }: Experiment, globs: readonly string[]): boolean {
  return globs.some((glob) => nameGlob(glob)(name) || nameGlob(glob)(id));
}

function judge(
  run: Run,
  rule: RetentionRule,
  standings: readonly Standing[],
  protect: ProtectPolicy,
  now: number,
): Verdict {
  const protections = OWN_PROTECTIONS.flatMap(({ name, reason }) => {
    if (name !== null && protect.unsafe.includes(name)) return [];
    return reason(run, protect, now) ?? [];
  });
  const [first, ...rest] = [...protections, ...standings.filter(keeps)];
  if (first !== undefined) return { goes: false, reasons: [first, ...rest] };
  if (isEmptyRule(rule)) return { goes: false, reasons: [{ kind: "no-rule" }] };
  const time = timeOf(run);
  return {
    goes: true,
    reasons: [{ kind: "not-kept", rule: rule.name, time, age: now - time, standings }],
  };
}

interface OwnProtection {
  /** What switches it off; `null`: nothing does. */
  readonly name: Protection | null;
  readonly reason: (run: Run, protect: ProtectPolicy, now: number) => KeepReason | null;
}

/** What protects a run by what it is itself; what others need of it comes later. */
const OWN_PROTECTIONS: readonly OwnProtection[] = [
  { name: null, reason: ({ link }) => link ? { kind: "symbolic-link" } : null },
  {
    name: null,
    reason: ({ stamp, path }) =>
      stamp === ""
        ? { kind: "unreadable", path, message: "its files could not all be looked at" }
        : null,
  },
  {
    name: null,
    reason: (run, _protect, now) =>
      timeOf(run) > now ? { kind: "in-the-future", time: timeOf(run) } : null,
  },
  {
    name: "running",
    reason: ({ status }) =>
      status === "RUNNING" || status === "SCHEDULED" ? { kind: "not-finished", status } : null,
  },
  {
    name: "young",
    reason: (run, _protect, now) => {
      const age = now - timeOf(run);
      return age >= 0 && age < YOUNG ? { kind: "ended-recently", age, limit: YOUNG } : null;
    },
  },
  {
    name: "pinned",
    reason: (run, { pinnedTags }) => {
      const tag = firstTag(run, pinnedTags);
      return tag === null ? null : { kind: "pinned", tag };
    },
  },
];
