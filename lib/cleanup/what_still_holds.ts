/**
 * What of a plan that was reviewed still holds in its store as it is by now.
 *
 * @module
 */

import type { Action, Kept, Lapsed, Plan, RemovalPlan } from "../plan/plan.ts";
import { foreignActions } from "../plan/same_action.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { filterPlan } from "./filter_plan.ts";

/**
 * Takes of today's plan what a reviewed plan does as well, and says what of that no longer holds, and why.
 *
 * @param reviewed The plan that was reviewed.
 * @param today The plan that the store gives today, without what has to stay with what was not reviewed:
 * {@linkcode planWithout} makes it of {@linkcode unreviewed}.
 * @param snapshot The store as it is today.
 * @returns What both do, with sums of its own.
 */
export function whatStillHolds<P extends Plan>(
  reviewed: Plan,
  today: P,
  snapshot: StoreSnapshot,
): P {
  const foreign = new Set<Action>(foreignActions(today, reviewed));
  const held = filterPlan(today, (action) => !foreign.has(action));
  // What stayed already when it was reviewed does not tell why something else does now.
  const stayed = new Set(reviewed.kept.map(({ path }) => path));
  const keptAt = Map.groupBy(
    held.kept.filter(({ path }) => !stayed.has(path)),
    ({ path }) => `${path}`,
  );
  const there = pathsIn(snapshot);
  const lapsed = foreignActions(reviewed, held).map(({ kind, path, name }): Lapsed => {
    const reasons = (keptAt.get(path) ?? []).flatMap((one: Kept) => one.reasons)
      // It is in the plan that was reviewed, only not as it is by now.
      .filter((reason) => reason.kind !== "left-out");
    const isThere = there.has(path) || today.task === "repair" || today.task === "merge";
    const because = reasons.length > 0 ? "kept" : isThere ? "changed-since-plan" : "gone";
    return { kind, path, name, because, reasons };
  });
  return { ...held, reviewed: { plannedAt: reviewed.plannedAt, lapsed } };
}

/**
 * Names what a plan would take that is in no plan that was reviewed.
 *
 * @param today The plan that the store gives today.
 * @param reviewed The plan that was reviewed.
 * @returns Paths, in order.
 */
export function unreviewed<P extends Plan & RemovalPlan>(today: P, reviewed: P): readonly string[] {
  return foreignActions(today, reviewed).map(({ path }) => path);
}

/** The paths of all that a clean-up may act on. */
function pathsIn({ experiments, orphans }: StoreSnapshot): ReadonlySet<string> {
  return new Set(
    [...experiments, ...orphans].flatMap(({ path, runs, damagedRuns, loggedModels }) => [
      path,
      ...[...runs, ...damagedRuns, ...loggedModels].map((one) => one.path),
      ...runs.flatMap(({ extras }) => [...extras?.heavy ?? [], ...extras?.long ?? []])
        .map((one) => one.path),
    ]),
  );
}
