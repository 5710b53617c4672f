/**
 * Letting children go with their parent, where a policy says that they stay and go together.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import { type ChildrenPolicy, type CleanupPolicy, YOUNG } from "../policy/policy.ts";
import { holdersOf } from "../store/holders.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";
import { type JudgedRun, toGo } from "./judged.ts";
import { timeOf } from "./run_facts.ts";

/**
 * Tells how far a run goes by its parent.
 *
 * @param one The run.
 * @param policy The rules.
 * @returns What its rule says, else the policy; `own` for what nobody soft-deletes.
 */
export function childrenPolicyOf(
  { run, holder, ruling }: JudgedRun,
  { children = "own" }: CleanupPolicy,
): ChildrenPolicy {
  if (holder !== null || run.lifecycleStage !== "active") return "own";
  return ruling?.rule.children ?? children;
}

/**
 * Lets active runs go that only their age keeps and whose parent is soft-deleted, or goes. What ranks
 * them keeps them: one that left its rank would let another one take it, which then stays. So does what
 * protects them, which has its turn later; whatever makes the parent stay then brings them back.
 *
 * Where no parent is known to stay, since it is damaged, or gone, or in an orphan, children stay, and
 * lose nothing: they might have gone.
 *
 * @param runs The runs, each judged by itself. Some verdicts change from staying to going.
 * @param snapshot The store.
 * @param policy The rules.
 */
export function followParents(
  runs: readonly JudgedRun[],
  snapshot: StoreSnapshot,
  policy: CleanupPolicy,
): void {
  const children = Map.groupBy(
    runs.filter((one) =>
      // Most runs have no parent, and none of the others need be looked into.
      one.run.tags.size > 0 && (one.run.tags.get(PARENT_TAG) ?? one.run.id) !== one.run.id &&
      childrenPolicyOf(one, policy) === "together" && isKeptByAge(one)
    ),
    ({ run }) => run.tags.get(PARENT_TAG)!,
  );
  if (children.size === 0) return;
  const parents = Map.groupBy(
    runs.filter(({ run }) => children.has(run.id)),
    ({ run }): string => run.id,
  );
  const damaged = new Set<string>(
    holdersOf(snapshot).flatMap(({ damagedRuns }) => damagedRuns.map(({ id }) => id)),
  );
  const parentsOf = (id: string) => parents.get(id) ?? [];

  /** Goes through all families, and again through those of each child that was changed. */
  const spread = (change: (id: string, child: JudgedRun) => boolean) => {
    const waiting = [...children.keys()];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      for (const child of children.get(id) ?? []) {
        if (change(id, child)) waiting.push(child.run.id);
      }
    }
  };
  spread((id, child) => {
    const all = parentsOf(id);
    const follows = !child.verdict.goes && all.length > 0 && !damaged.has(id) && all.every(isGone);
    if (!follows) return false;
    const [{ run: parent }] = all as [JudgedRun];
    child.verdict = toGo({ kind: "child-of-gone", parent: parent.id, time: timeOf(child.run) });
    return true;
  });
  spread((id, child) => {
    const isLeft = child.verdict.goes || child.isUnsure || parentsOf(id).some(surelyStays);
    if (isLeft) return false;
    child.isUnsure = child.isProtected = true;
    return true;
  });
}

function isKeptByAge({ verdict }: JudgedRun): boolean {
  return !verdict.goes && verdict.reasons.every(isAge);
}

/** Nothing goes in its first day; of what is younger than a limit, that is not told besides. */
function isAge(reason: KeepReason): boolean {
  return reason.kind === "keep-within" || reason.kind === "younger-than" && reason.age >= YOUNG;
}

function isGone({ run, holder, verdict }: JudgedRun): boolean {
  return holder === null && (verdict.goes || run.lifecycleStage === "deleted");
}

function surelyStays({ run, holder, verdict, isUnsure }: JudgedRun): boolean {
  return holder === null && run.lifecycleStage === "active" && !verdict.goes && !isUnsure;
}
