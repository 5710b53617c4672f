/**
 * Judging active runs by a retention policy: each by the first rule that fits it, among the runs of its
 * experiment that the same rule judges.
 *
 * @module
 */

import type { ActionReason, KeepReason } from "../plan/plan.ts";
import type { Standing } from "../plan/standing.ts";
import {
  EARLIEST,
  isEmptyRule,
  pinsOf,
  type Protection,
  type ProtectPolicy,
  type RetentionPolicy,
  type RetentionRule,
  YOUNG,
} from "../policy/policy.ts";
import { isUnfinished } from "../store/run_status.ts";
import { type Experiment, isNonEmpty, type Run } from "../store/snapshot.ts";
import { experimentMatcher } from "../selection/select.ts";
import { type JudgedRun, type Ruling, toKeep } from "./judged.ts";
import { KEEP_RULES, keeps } from "./keep_rules.ts";
import { byEnd } from "./rank_runs.ts";
import { facetOf, tagFinder, timeOf } from "./run_facts.ts";

/** Judges the active runs of an active experiment; told which of them could not be read as a whole. */
export type RulesJudge = (
  experiment: Experiment,
  isUnsure?: (run: Run) => boolean,
) => ReadonlyMap<Run, JudgedRun>;

/**
 * Judges every active run of active experiments by itself. What others need of it is decided where the
 * plan is made.
 *
 * A run that is dated in the future, or so long ago that it cannot be, is kept and ranked nowhere: it would
 * take the place of others. So is one that could not be read as a whole.
 *
 * @param policy The rules.
 * @param now Epoch ms.
 * @returns Gives a verdict on each of these runs of an experiment.
 */
export function judgeByRules(policy: RetentionPolicy, now: number): RulesJudge {
  // Read once: there may be as many globs as rules, and as many experiments.
  const rules = policy.rules.map((rule) => ({ rule, fits: ruleMatcher(rule) }));
  const protections = protectionsOf(policy.protect);
  return (experiment, isUnsure = () => false) => {
    const fitting = rules.filter(({ fits }) => fits(experiment)).map(({ rule }) => rule);
    return judgeExperiment(experiment, fitting, protections, now, isUnsure);
  };
}

function judgeExperiment(
  experiment: Experiment,
  rules: readonly RetentionRule[],
  protections: readonly ChosenProtection[],
  now: number,
  isUnsure: (run: Run) => boolean,
): ReadonlyMap<Run, JudgedRun> {
  const judged = new Map<Run, JudgedRun>();
  const ruleOf = ruleFinder(rules);
  const active = experiment.runs.filter((run) => run.lifecycleStage === "active");
  for (const [rule, ruled] of Map.groupBy(active, ruleOf)) {
    const removes = !isEmptyRule(rule);
    for (const [value, members] of Map.groupBy(ruled, (run) => facetOf(run, rule.groupBy))) {
      const ruling: Ruling = { rule, group: rule.groupBy === null ? null : value };
      const add = (run: Run, standings: readonly Standing[]) => {
        const judgement = judge(run, removes ? rule : null, standings, protections, now);
        const { verdict, isProtected } = judgement;
        // What is spread into an object takes room of its own beside it, and there are very many.
        const one = { run, holder: null, ruling, standings, verdict, isProtected, isUnsure: false };
        judged.set(run, one);
      };
      const isRanked = (run: Run) => isPlausible(timeOf(run), now) && !isUnsure(run);
      const newestFirst = members.filter(isRanked).sort(byEnd);
      const finders = KEEP_RULES.flatMap((standings) => standings(rule, newestFirst, now));
      const found: Standing[] = [];
      for (const [place, run] of newestFirst.entries()) {
        found.length = 0;
        for (const find of finders) {
          const standing = find(run, place);
          if (standing !== null) found.push(standing);
        }
        // A copy takes no more room than it needs, and there is one for each run.
        add(run, found.slice());
      }
      for (const run of members) if (!isRanked(run)) add(run, []);
    }
  }
  return judged;
}

function isPlausible(time: number, now: number): boolean {
  return time >= EARLIEST && time <= now;
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

function ruleFinder(rules: readonly RetentionRule[]): (run: Run) => RetentionRule {
  const tests = rules.map((rule) => ({ rule, finders: rule.tags.map((tag) => tagFinder([tag])) }));
  return (run) =>
    tests.find(({ finders }) => finders.every((find) => find(run) !== null))?.rule ?? NO_RULE;
}

function ruleMatcher({ experiments }: RetentionRule): (experiment: Experiment) => boolean {
  return experiments.length === 0 ? () => true : experimentMatcher(experiments);
}

/** `rule` is `null` where it keeps nothing, and so removes nothing. */
function judge(
  run: Run,
  rule: RetentionRule | null,
  standings: readonly Standing[],
  protections: readonly ChosenProtection[],
  now: number,
): Pick<JudgedRun, "verdict" | "isProtected"> {
  const time = timeOf(run);
  const age = now - time;
  const reasons: KeepReason[] = [];
  let isProtected = false;
  for (const { isOff, protect } of protections) {
    const reason = protect(run, age);
    if (reason === null) continue;
    isProtected = true;
    if (!isOff) reasons.push(reason);
  }
  for (const standing of standings) if (keeps(standing)) reasons.push(standing);
  if (rule === null && reasons.length === 0) reasons.push({ kind: "no-rule" });
  if (isNonEmpty(reasons)) return { verdict: { goes: false, reasons }, isProtected };
  if (rule!.artifactsOnly) {
    return { verdict: toKeep({ kind: "artifacts-only", rule: rule!.name }), isProtected };
  }
  const reason: ActionReason = { kind: "not-kept", rule: rule!.name, time, age, standings };
  return { verdict: { goes: true, reasons: [reason] }, isProtected };
}

/** Why a run of an age stays, whatever the rules say; `null` when this is no reason. */
type Protect = (run: Run, age: number) => KeepReason | null;

interface ChosenProtection {
  readonly protect: Protect;
  /** The policy lets what it protects be soft-deleted. */
  readonly isOff: boolean;
}

function protectionsOf(policy: ProtectPolicy): readonly ChosenProtection[] {
  return OWN_PROTECTIONS.map(({ name, protect }) => ({
    protect: protect(policy),
    isOff: name !== null && policy.unsafe.includes(name),
  }));
}

interface OwnProtection {
  /** What switches it off; `null`: nothing does. */
  readonly name: Protection | null;
  readonly protect: (policy: ProtectPolicy) => Protect;
}

/** What protects a run by what it is itself; what others need of it comes later. */
const OWN_PROTECTIONS: readonly OwnProtection[] = [
  { name: null, protect: () => ({ link }) => link ? { kind: "symbolic-link" } : null },
  {
    name: null,
    protect: () => ({ stamp, path }) =>
      stamp === ""
        ? { kind: "unreadable", path, message: "its files could not all be looked at" }
        : null,
  },
  {
    name: null,
    protect: () => (run, age) => age < 0 ? { kind: "in-the-future", time: timeOf(run) } : null,
  },
  {
    name: null,
    protect: () => (run) => {
      const time = timeOf(run);
      return time < EARLIEST ? { kind: "implausible-time", time } : null;
    },
  },
  {
    name: "running",
    protect: () => ({ status }) => isUnfinished(status) ? { kind: "not-finished", status } : null,
  },
  {
    name: "young",
    protect: () => (_run, age) =>
      age >= 0 && age < YOUNG ? { kind: "ended-recently", age, limit: YOUNG } : null,
  },
  {
    name: "pinned",
    protect: (policy) => {
      const find = tagFinder(pinsOf(policy));
      return (run) => {
        const tag = find(run);
        return tag === null ? null : { kind: "pinned", tag };
      };
    },
  },
];
