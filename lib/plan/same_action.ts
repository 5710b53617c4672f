/**
 * Telling whether two plans do the same.
 *
 * @module
 */

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
 * @returns Such actions, in order; none where everything in the plan is in the other, too.
 */
export function foreignActions<P extends Plan>(
  plan: P,
  other: Plan,
): readonly P["actions"][number][] {
  const known = new Set(other.actions.map((action) => identityOf(action, other)));
  return plan.actions.filter((action) => !known.has(identityOf(action, plan)));
}

/**
 * Names what an action does to what, whatever state of that it was planned for.
 *
 * @param action The action.
 * @returns The same text for the same kind of action on the same subject.
 */
export function keyOf({ kind, path }: Action): string {
  return `${kind} ${path}`;
}

/** What an action says besides what it does. */
const WORDS: ReadonlySet<string> = new Set(["name", "reasons", "usage", "later"]);

/**
 * All that acting depends on. Ages grow while a person thinks, and so does what is stamped with the moment;
 * what is done must not.
 */
function identityOf(action: Action, { plannedAt }: Plan): string {
  const effect = Object.entries(action).filter(([key]) => !WORDS.has(key));
  return JSON.stringify(
    effect.toSorted(([left], [right]) => left < right ? -1 : 1),
    (_, value) => value === plannedAt ? "now" : value,
  );
}
