/**
 * The change of a policy that turns the verdict on a run and moves the fewest others.
 *
 * @module
 */

import { fitBudget } from "../cleanup/fit_budget.ts";
import { judgeByRules } from "../judge/judge_by_rules.ts";
import { judgeSnapshot } from "../judge/judge_snapshot.ts";
import type { JudgedRun, JudgedSnapshot } from "../judge/judged.ts";
import { isStanding } from "../judge/keep_rules.ts";
import { timeOf } from "../judge/run_facts.ts";
import type { KeepReason } from "../plan/plan.ts";
import type { Period, Standing } from "../plan/standing.ts";
import {
  type CleanupPolicy,
  isEmptyRule,
  type Protection,
  type RetentionRule,
} from "../policy/policy.ts";
import { isNonEmpty, type NonEmpty, type StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";
import { type PolicyChange, policyChanges } from "./policy_changes.ts";
import { lower, raise } from "./turn_standing.ts";

export type { PolicyChange };

/** A change of a policy that turns the verdict on a run. */
export interface Flip {
  /** What changes. */
  readonly changes: NonEmpty<PolicyChange>;
  /** The policy after it. */
  readonly policy: CleanupPolicy;
  /** How many other runs change sides with it. */
  readonly others: number;
}

/**
 * Judges a store as a plan of the policy does.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy; a budget lets stay what it does not need.
 * @param now Epoch ms.
 * @returns The verdicts.
 */
export function judgeAsPlanned(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  now: number,
): JudgedSnapshot {
  return policy.budget
    ? fitBudget(snapshot, policy, policy.budget, now).judged
    : judgeSnapshot(snapshot, policy, now);
}

/**
 * Tells whether a run goes, by itself or with what holds it.
 *
 * @param one The run.
 * @returns Whether it goes.
 */
export function goesAnyhow({ holder, verdict }: JudgedRun): boolean {
  return (holder ?? { verdict }).verdict.goes;
}

/**
 * Makes what finds runs with their verdicts. Most are explained by themselves alone, so they are gathered only once
 * others are asked for.
 *
 * @param judged The verdicts.
 * @returns What finds the runs of an id, and those that name it as their parent.
 */
export function runFinder({ runs }: JudgedSnapshot): {
  readonly runsOf: (id: string) => readonly JudgedRun[];
  readonly childrenOf: (id: string) => readonly JudgedRun[];
} {
  let byId: ReadonlyMap<string, readonly JudgedRun[]> | null = null;
  let byParent: ReadonlyMap<string | undefined, readonly JudgedRun[]> | null = null;
  return {
    runsOf(id) {
      byId ??= Map.groupBy(runs, ({ run }): string => run.id);
      return byId.get(id) ?? [];
    },
    childrenOf(id) {
      byParent ??= Map.groupBy(runs, ({ run }) => run.tags.get(PARENT_TAG));
      return byParent.get(id) ?? [];
    },
  };
}

/**
 * Finds a change of a policy that turns the verdict on a run and, of all that are tried, moves the
 * fewest others. Each is tried by judging the store with it, so what is found does turn the verdict, and
 * as far as ages go still does a day later. The larger the store, the fewer are tried.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param before The verdicts by it.
 * @param judged The run, one of these, which a rule of it judges.
 * @param now Epoch ms.
 * @returns The change; `null` when none that was tried does it, or no rule judges it.
 */
export function findFlip(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  before: JudgedSnapshot,
  judged: JudgedRun,
  now: number,
): Flip | null {
  if (judged.ruling === null) return null;
  const place = before.runs.indexOf(judged);
  const goes = goesAnyhow(judged);
  let trials = Math.max(LEAST_TRIALS, Math.floor(MOST_JUDGED / before.runs.length));
  let least: Flip | null = null;

  /** The verdicts by another policy; `null` where it is no other, or nothing more is to be tried. */
  const attempt = (changed: CleanupPolicy): JudgedSnapshot | null => {
    const changes = policyChanges(policy, changed);
    const isDone = least?.others === 0 && least.changes.length === 1;
    if (!isNonEmpty(changes) || trials === 0 || isDone) return null;
    trials--;
    const after = judgeAsPlanned(snapshot, changed, now);
    if (goesAnyhow(after.runs[place]!) !== goes) {
      // The same snapshot gives the same runs in the same order.
      const moved = before.runs.filter((one, index) =>
        goesAnyhow(one) !== goesAnyhow(after.runs[index]!)
      );
      const flip: Flip = { changes, policy: changed, others: moved.length - 1 };
      if (least === null || isLess(flip, least)) least = flip;
    }
    return after;
  };
  const rankedOf = (changed: CleanupPolicy, one: JudgedRun) =>
    rankedByAll(snapshot, changed, one, now);

  if (goes) {
    for (const changed of keeping(policy, before, judged, rankedOf)) attempt(changed);
  } else {
    for (const way of waysFor(judged.ruling.rule)) {
      let at: JudgedSnapshot | null = before;
      let changed = policy;
      for (let round = 0; round < ROUNDS && at !== null; round++) {
        const one: JudgedRun = at.runs[place]!;
        if (goesAnyhow(one)) break;
        const next: CleanupPolicy | null = lettingGo(changed, at, one, way, rankedOf);
        if (next === null || policyChanges(changed, next).length === 0) break;
        changed = next;
        at = attempt(changed);
      }
    }
  }
  return least;
}

function isLess(left: Flip, right: Flip): boolean {
  return (left.others - right.others || left.changes.length - right.changes.length) < 0;
}

/** Verdicts that may be given for one flip: reading a run takes as long as judging it ten times. */
const MOST_JUDGED = 1_000_000;
const LEAST_TRIALS = 4;
/** What falls for one reason may stay for the next. */
const ROUNDS = 4;

/** How a run stands under each counting rule, whether it is given or not. */
type RankedOf = (policy: CleanupPolicy, one: JudgedRun) => readonly Standing[];

/** A rule that is not given ranks nothing, so each such is given for once. */
function rankedByAll(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  { run, ruling }: JudgedRun,
  now: number,
): readonly Standing[] {
  const rule = ruling?.rule;
  const { retention } = policy;
  if (!retention || !rule || !isGrouped(snapshot, rule)) return [];
  const experiment = snapshot.experiments.find(({ path }) => run.path.startsWith(`${path}/`))!;
  const counting: RetentionRule = {
    ...rule,
    keepLast: rule.keepLast || 1,
    keepWithin: rule.keepWithin || 1,
    keepDaily: rule.keepDaily || 1,
    keepWeekly: rule.keepWeekly || 1,
    keepMonthly: rule.keepMonthly || 1,
  };
  const rules = retention.rules.map((one) => one === rule ? counting : one);
  return judgeByRules({ ...retention, rules }, now)(experiment).get(run)?.standings ?? [];
}

/** The values by which a rule tells groups apart are not read for one that keeps nothing. */
function isGrouped({ extras }: StoreSnapshot, { groupBy }: RetentionRule): boolean {
  return groupBy === null || (extras?.params.includes(groupBy) ?? true);
}

/** Policies that may let a run stay which goes: by a rule of its own, of its parent, or of a child. */
function* keeping(
  policy: CleanupPolicy,
  { runs }: JudgedSnapshot,
  judged: JudgedRun,
  rankedOf: RankedOf,
): Generator<CleanupPolicy> {
  const { run } = judged;
  const rule = judged.ruling!.rule;
  const parentId = run.tags.get(PARENT_TAG);
  const stays = withRule(policy, rule, { children: "follow" });
  const follows = followsParent(judged);
  if (follows) yield stays;
  yield* raised(judged);
  if (rule.children === "own" && parentId !== undefined) yield stays;
  const parent = runs.find((one) => one.run.id === parentId);
  const children = runs.filter((one) => one.run.tags.get(PARENT_TAG) === run.id);
  const newest = children.toSorted((left, right) => timeOf(right.run) - timeOf(left.run));
  for (const relative of [parent, newest[0]]) if (relative) yield* raised(relative);

  function* raised(one: JudgedRun): Generator<CleanupPolicy> {
    if (one.ruling === null || !goesAnyhow(one)) return;
    for (const standing of rankedOf(policy, one)) {
      const fields = raise(standing, one.ruling.rule);
      if (fields !== null) yield withRule(policy, one.ruling.rule, fields);
    }
  }
}

/** How to let a run go which stays. */
interface Way {
  /** Whether others no longer hold it; else these go as well. */
  readonly cutsLinks: boolean;
  /** What a rule is to keep that keeps nothing, and so lets nothing go. */
  readonly start: "keep-last" | "keep-within" | Period;
}

function waysFor(rule: RetentionRule): readonly Way[] {
  const starts = isEmptyRule(rule)
    ? ["keep-last", "keep-within", "day", "week", "month"] as const
    : ["keep-last"] as const;
  return [
    ...starts.map((start) => ({ cutsLinks: true, start })),
    { cutsLinks: false, start: "keep-last" },
  ];
}

/** Every reason to stay must fall at once, since any one is enough; `null` where one cannot. */
function lettingGo(
  policy: CleanupPolicy,
  all: JudgedSnapshot,
  judged: JudgedRun,
  way: Way,
  rankedOf: RankedOf,
): CleanupPolicy | null {
  const { runsOf, childrenOf } = runFinder(all);
  let changed = policy;
  const holdersBy = (reason: KeepReason, { run }: JudgedRun): readonly JudgedRun[] | null => {
    switch (reason.kind) {
      case "child-of-kept":
        return runsOf(reason.parent);
      case "input-of-kept":
        return runsOf(reason.run);
      case "parent-of-kept":
        // One child is named, and others may hold it as well.
        return childrenOf(run.id).filter(({ ruling }) => ruling !== null);
      default:
        return null;
    }
  };
  const fieldsAgainst = (reason: KeepReason, rule: RetentionRule, one: JudgedRun) => {
    if (reason.kind === "child-of-kept") return { children: "own" } as const;
    if (reason.kind !== "no-rule") return isStanding(reason) ? lower(reason, rule, one.run) : null;
    // Ranking takes long, and a run may have any number of children.
    const ranked = one === judged ? rankedOf(policy, one) : [];
    const standing = ranked.find((each) =>
      (each.kind === "keep-period" ? each.period : each.kind) === way.start
    );
    const fields = standing === undefined
      ? null
      : lower(standing, { ...rule, ...UNLIMITED }, one.run);
    return isEmptyRule({ ...rule, ...fields }) ? null : fields;
  };
  // What is added to a set while it is gone through has its turn as well.
  const falling = new Set([judged]);
  for (const one of falling) {
    if (one.verdict.goes) continue;
    for (const reason of one.verdict.reasons) {
      const holding = way.cutsLinks && reason.kind !== "parent-of-kept"
        ? null
        : holdersBy(reason, one);
      if (holding !== null) {
        for (const other of holding) falling.add(other);
        continue;
      }
      const protection = SWITCHES[reason.kind];
      // A rule becomes another one with each change; its place stays.
      const place = policy.retention!.rules.findIndex((rule) => rule === one.ruling?.rule);
      const rule = changed.retention!.rules[place];
      const fields = rule === undefined ? null : fieldsAgainst(reason, rule, one);
      if (protection !== undefined) changed = withoutProtection(changed, protection);
      else if (rule !== undefined && fields !== null) changed = withRule(changed, rule, fields);
      else return null;
    }
  }
  return changed;
}

/** A rule that keeps nothing has no number that another one would have to be below. */
const UNLIMITED: Partial<RetentionRule> = {
  keepLast: Infinity,
  keepWithin: Infinity,
  keepDaily: Infinity,
  keepWeekly: Infinity,
  keepMonthly: Infinity,
};

const SWITCHES: Readonly<Partial<Record<KeepReason["kind"], Protection>>> = {
  "not-finished": "running",
  "ended-recently": "young",
  "registered": "registered",
  "logged-model-in-use": "logged_models",
  "input-of-kept": "inputs",
  "trace-source": "traces",
  "assessment-source": "traces",
  "pinned": "pinned",
  "unreadable": "unreadable",
};

// What a rule has judged is of a policy that has rules.

function withRule(
  policy: CleanupPolicy,
  rule: RetentionRule,
  fields: Partial<RetentionRule>,
): CleanupPolicy {
  const retention = policy.retention!;
  const rules = retention.rules.map((one) => one === rule ? { ...rule, ...fields } : one);
  return { ...policy, retention: { ...retention, rules } };
}

function withoutProtection(policy: CleanupPolicy, protection: Protection): CleanupPolicy {
  const retention = policy.retention!;
  const unsafe = [...new Set([...retention.protect.unsafe, protection])];
  return { ...policy, retention: { ...retention, protect: { ...retention.protect, unsafe } } };
}

function followsParent({ verdict }: JudgedRun): boolean {
  return verdict.reasons.some(({ kind }) => kind === "child-of-gone");
}
