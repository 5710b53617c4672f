/**
 * Telling whether two plans do the same.
 *
 * @module
 */

import { operationsOf } from "./operations.ts";
import type { Action, Plan } from "./plan.ts";

/**
 * Tells whether two plans do the same, in the same order.
 *
 * @param left A plan.
 * @param right Another.
 * @returns Whether they do, be it for other reasons.
 */
export function sameActions(left: Plan, right: Plan): boolean {
  return left.actions.length === right.actions.length &&
    left.actions.every((action, index) =>
      identityOf(action, left) === identityOf(right.actions[index]!, right)
    );
}

/**
 * Finds what one plan does and another does not.
 *
 * @param plan A plan.
 * @param other Another plan of the same store.
 * @returns The first such action; `null` where everything in the plan is in the other, too.
 */
export function findForeignAction(plan: Plan, other: Plan): Action | null {
  const known = new Set(other.actions.map((action) => identityOf(action, other)));
  return plan.actions.find((action) => !known.has(identityOf(action, plan))) ?? null;
}

/**
 * All that acting depends on. Ages grow while a person thinks, and so does what is stamped with the moment;
 * what is done must not.
 */
function identityOf(action: Action, { plannedAt }: Plan): string {
  const { kind, path, stamp } = action;
  const operations = operationsOf(action, { now: 0 });
  return JSON.stringify(
    [kind, path, stamp, operations],
    (_, value) => value === plannedAt ? "now" : value,
  );
}
