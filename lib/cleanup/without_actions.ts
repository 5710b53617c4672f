/**
 * Leaving actions out of a plan.
 *
 * @module
 */

import { asStorePath, experimentPathOf } from "../store/path.ts";
import type { Majority } from "../plan/outlook.ts";
import type { Action, KeepReason, Kept, RemovalPlan, Stop } from "../plan/plan.ts";
import { isNonEmpty } from "../store/snapshot.ts";
import { subjectKindOf, totalsOf } from "./plan_totals.ts";

/**
 * Leaves actions out of a plan: what they would take stays, with the reason that is given, and sums are made anew.
 * Whoever leaves an action out that others depend on leaves those out as well.
 *
 * @param plan The plan.
 * @param reasonToStay Gives the reason why an action is left out; `null` for one that is not.
 * @returns The plan without them; the very same where none is left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cleanup, openStore } from "mltidy";
 * import { withoutActions } from "mltidy/plan";
 *
 * await using store = await openStore("./mlruns");
 * const { plan } = await cleanup(store);
 * if (plan.task === "cleanup") {
 *   assertEquals(withoutActions(plan, () => ({ kind: "left-out" })).actions, []);
 * }
 * ```
 */
export function withoutActions<P extends RemovalPlan>(
  plan: P,
  reasonToStay: (action: Action) => KeepReason | null,
): P {
  const actions: Action[] = [];
  const staying: Kept[] = [];
  for (const action of plan.actions) {
    const reason = reasonToStay(action);
    if (reason === null) actions.push(action);
    else staying.push(...keptInstead(action, reason));
  }
  if (actions.length === plan.actions.length) return plan;
  const kept = [...plan.kept, ...staying];
  const { totals, experiments, stops: stopped = [], majorities: most = [], ...rest } = plan;
  const places = new Set(actions.map(({ path }) => experimentPathOf(path)));
  const counts = countRemoved(actions);
  const [stops, majorities] = [stillStopping(stopped, counts), stillMajor(most, counts)];
  return {
    ...rest as P,
    ...(isNonEmpty(stops) ? { stops } : {}),
    ...(isNonEmpty(majorities) ? { majorities } : {}),
    experiments: Object.fromEntries(
      Object.entries(experiments).filter(([place]) => places.has(place)),
    ),
    actions,
    kept,
    totals: totalsOf(actions, kept, totals.later !== undefined),
  };
}

/** How many active runs go, of each experiment. */
function countRemoved(actions: readonly Action[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const action of actions) {
    if (action.kind !== "soft-delete-run") continue;
    counts.set(action.experimentId, (counts.get(action.experimentId) ?? 0) + 1);
  }
  return counts;
}

function stillMajor(
  majorities: readonly Majority[],
  counts: ReadonlyMap<string, number>,
): readonly Majority[] {
  return majorities.map((one) => ({ ...one, removes: counts.get(one.experiment) ?? 0 }))
    .filter(({ removes, of }) => removes * 2 > of);
}

/** What stops it for what it takes stops it no longer once it takes less. */
function stillStopping(
  stops: readonly Stop[],
  counts: ReadonlyMap<string, number>,
): readonly Stop[] {
  return stops.flatMap((stop): readonly Stop[] => {
    switch (stop.kind) {
      case "max-share": {
        const removes = counts.get(stop.experiment) ?? 0;
        return removes / stop.of > stop.limit ? [{ ...stop, removes }] : [];
      }
      case "max-runs": {
        const removes = counts.values().reduce((sum, count) => sum + count, 0);
        return removes > stop.limit ? [{ ...stop, removes }] : [];
      }
      case "empties-protected":
        return (counts.get(stop.experiment) ?? 0) >= stop.removes ? [stop] : [];
      case "database-unreadable":
      case "partial-view":
        return counts.size === 0 ? [] : [stop];
    }
  });
}

/** Of an experiment its runs stay as well, of a run that loses a file nothing need be said. */
function keptInstead(action: Action, reason: KeepReason): readonly Kept[] {
  const kind = subjectKindOf(action.kind);
  if (kind === undefined) return [];
  const { path, name } = action;
  const runs: readonly Kept[] = action.kind === "purge-experiment"
    ? action.runIds.map((id) => ({
      kind: "run",
      path: asStorePath(`${path}/${id}`),
      name: id,
      reasons: [reason],
    }))
    : [];
  return [...runs, { kind, path, name, reasons: [reason] }];
}
