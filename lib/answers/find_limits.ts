/**
 * The change of ages that turns the verdict on what no rule of a policy judges: by a flag, or in `purge`.
 *
 * @module
 */

import { lastSignOfExperiment, lastSignOfRun } from "../judge/judge_by_age.ts";
import type {
  Judged,
  JudgedExperiment,
  JudgedOrphan,
  JudgedRun,
  JudgedSnapshot,
} from "../judge/judged.ts";
import { subjectOf } from "../judge/judged.ts";
import type { ActionReason, KeepReason } from "../plan/plan.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import type { StorePath } from "../store/path.ts";
import { isNonEmpty, type StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";
import { days, minutes } from "../text/units.ts";
import { type Flip, goesAnyhow, judgeAsPlanned, runFinder } from "./find_flip.ts";
import { policyChanges } from "./policy_changes.ts";
import { above, below } from "./turn_standing.ts";

/**
 * Finds the change of ages, and of how runs go by their parent, that turns a verdict and, of all that are
 * tried, moves the fewest others. Each is tried by judging the store with it.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param before The verdicts by it.
 * @param path What is judged: a run without a rule, a logged model, a deleted experiment, an orphan.
 * @param now Epoch ms.
 * @returns The change; `null` when none that was tried does it.
 */
export function findLimits(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  before: JudgedSnapshot,
  path: StorePath,
  now: number,
): Flip | null {
  const goes = leaves(judgedAt(before, path));
  const tries = goes ? keepingAges : lettingAges;
  const flips = tries.flatMap((change): readonly Flip[] => {
    let at = before;
    let changed = policy;
    for (let round = 0; round < ROUNDS; round++) {
      const next = change(changed, at, path, now);
      const changes = next === null ? [] : policyChanges(policy, next);
      if (next === null || policyChanges(changed, next).length === 0) return [];
      if (!isNonEmpty(changes)) return [];
      changed = next;
      at = judgeAsPlanned(snapshot, changed, now);
      if (leaves(judgedAt(at, path)) === goes) continue;
      return [{ changes, policy: changed, others: othersOf(before, at, path) }];
    }
    return [];
  });
  return flips.toSorted((one, other) =>
    one.others - other.others || one.changes.length - other.changes.length
  )[0] ?? null;
}

/** What falls for one reason may stay for the next. */
const ROUNDS = 4;

/**
 * Gives the verdict on something.
 *
 * @param judged The verdicts.
 * @param path Its path.
 * @returns It, with its verdict.
 */
export function judgedAt(
  { runs, models, experiments, orphans }: JudgedSnapshot,
  path: StorePath,
): Judged {
  return [runs, models, experiments, orphans]
    .map((all: readonly Judged[]) => all.find((one) => subjectOf(one).path === path))
    .find((one) => one !== undefined)!;
}

/**
 * Tells whether something goes, by itself or with what holds it.
 *
 * @param one It, with its verdict.
 * @returns Whether it goes.
 */
export function leaves(one: Judged): boolean {
  return (holderOf(one) ?? one).verdict.goes;
}

function holderOf(one: Judged): JudgedExperiment | JudgedOrphan | null {
  return "holder" in one ? one.holder : null;
}

/** Runs that change sides, but for it and those that lie in it. */
function othersOf(before: JudgedSnapshot, after: JudgedSnapshot, path: StorePath): number {
  // The same snapshot gives the same runs in the same order.
  return before.runs.filter((one, index) =>
    one.run.path !== path && !one.run.path.startsWith(`${path}/`) &&
    goesAnyhow(one) !== goesAnyhow(after.runs[index]!)
  ).length;
}

type Change = (
  policy: CleanupPolicy,
  judged: JudgedSnapshot,
  path: StorePath,
  now: number,
) => CleanupPolicy | null;

const keepingAges: readonly Change[] = [
  (policy, judged, path) => {
    const one = judgedAt(judged, path);
    return "run" in one && hasReason(one, "child-of-gone")
      ? { ...policy, children: "follow" }
      : null;
  },
  (policy, judged, path) => {
    const one = judgedAt(judged, path);
    const { verdict } = holderOf(one) ?? one;
    const [reason] = verdict.reasons as readonly ActionReason[];
    switch (reason?.kind) {
      case "older-than":
        return { ...policy, olderThan: above(reason.age) };
      case "deleted-longer-than":
      case "without-run":
        return { ...policy, purgeAfter: above(reason.age) };
      case "undated-longer-than": {
        const { undated: _, ...rest } = policy;
        return rest;
      }
      default:
        return null;
    }
  },
  (policy, judged, path, now) => {
    const one = judgedAt(judged, path);
    if (!("orphan" in one) || one.orphan.newestChange === null) return null;
    return { ...policy, settle: above(now - one.orphan.newestChange) };
  },
];

const lettingAges: readonly Change[] = [
  // Alone it unties a child from a parent that stays, or ties it to one that goes.
  (policy, judged, path) => {
    const one = judgedAt(judged, path);
    if (!("run" in one) || !one.run.tags.has(PARENT_TAG)) return null;
    return { ...policy, children: hasReason(one, "child-of-kept") ? "own" : "together" };
  },
  (policy, judged, path, now) => lowered(policy, judged, path, now, false),
  // What holds it falls with it.
  (policy, judged, path, now) => lowered(policy, judged, path, now, true),
];

function hasReason(one: Judged, kind: (ActionReason | KeepReason)["kind"]): boolean {
  return one.verdict.reasons.some((reason) => reason.kind === kind);
}

/** Every reason to stay must fall at once, since any one is enough; `null` where one cannot. */
function lowered(
  policy: CleanupPolicy,
  judged: JudgedSnapshot,
  path: StorePath,
  now: number,
  withParents: boolean,
): CleanupPolicy | null {
  let changed: CleanupPolicy = policy;
  const { runsOf, childrenOf } = runFinder(judged);
  const falling = new Set<Judged>([judgedAt(judged, path)]);
  const addAll = (all: readonly JudgedRun[]) => all.forEach((one) => falling.add(one));
  const olderThan = (age: number) => {
    // Nobody types a number of days in hours.
    const limit = below(age, days(0.01));
    changed = { ...changed, olderThan: Math.min(changed.olderThan ?? Infinity, limit) };
    return limit >= 0;
  };
  const purgeAfter = (age: number) => {
    const limit = below(age);
    changed = { ...changed, purgeAfter: Math.min(changed.purgeAfter ?? Infinity, limit) };
    return limit >= 0;
  };
  const settle = (age: number) => {
    const limit = below(age, minutes(1));
    changed = { ...changed, settle: Math.min(changed.settle, limit) };
    return limit >= 0;
  };
  const falls = (reason: KeepReason, one: Judged): boolean => {
    switch (reason.kind) {
      case "younger-than":
        return olderThan(reason.age);
      case "deleted-recently":
      case "undated-recently":
      case "left-recently":
        return purgeAfter(reason.age);
      case "no-deletion-time": {
        changed = { ...changed, undated: "last-sign-of-life" };
        const last = lastSignOf(one);
        const isOver = last !== null && now - last > (changed.purgeAfter ?? 0);
        return last !== null && (isOver || purgeAfter(now - last));
      }
      case "changed-recently":
        return settle(reason.age);
      case "child-of-kept":
        if (withParents) addAll(runsOf(reason.parent));
        else changed = { ...changed, children: "own" };
        return true;
      case "parent-of-kept":
        // One child is named, and others may hold it as well.
        if ("run" in one) addAll(childrenOf(one.run.id));
        return true;
      case "input-of-kept":
      case "run-stays":
      case "used-by-run":
      case "holds-kept-run":
        addAll(runsOf(reason.run));
        return true;
      case "source-of-kept":
      case "holds-kept-model":
        for (const model of judged.models) if (model.model.id === reason.model) falling.add(model);
        return true;
      case "in-deleted-experiment":
      case "in-orphan": {
        const holder = holderOf(one);
        if (holder !== null) falling.add(holder);
        return true;
      }
      default:
        return false;
    }
  };
  // What is added to a set while it is gone through has its turn as well.
  for (const one of falling) {
    if (one.verdict.goes) continue;
    if (!one.verdict.reasons.every((reason) => falls(reason, one))) return null;
  }
  return changed;
}

function lastSignOf(one: Judged): number | null {
  if ("run" in one) return lastSignOfRun(one.run);
  return "experiment" in one ? lastSignOfExperiment(one.experiment) : null;
}
