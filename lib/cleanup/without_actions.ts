/**
 * Leaving actions out of a plan.
 *
 * @module
 */

import { asStorePath, experimentPathOf } from "../store/path.ts";
import type { Action, KeepReason, Kept, RemovalPlan } from "../plan/plan.ts";
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
  const { totals, experiments } = plan;
  const places = new Set(actions.map(({ path }) => experimentPathOf(path)));
  return {
    ...plan,
    experiments: Object.fromEntries(
      Object.entries(experiments).filter(([place]) => places.has(place)),
    ),
    actions,
    kept,
    totals: totalsOf(actions, kept, totals.later !== undefined),
  };
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
