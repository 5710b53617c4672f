/**
 * What would turn a verdict, as the page's reader can set it.
 *
 * @module
 */

import type { PolicyChange } from "../answers/policy_changes.ts";
import { days, parseDuration } from "../text/units.ts";
import type { ControlValues } from "./policy_controls.ts";
import type { Control } from "./view.ts";

/** The controls of ages, which stand in no file, by the keys of a policy. */
const AGES: Readonly<Record<string, string>> = {
  olderThan: "days_old",
  purgeAfter: "purge_after",
};

/**
 * Gives the values of controls that make the same change.
 *
 * @param changes What changes in a policy.
 * @param controls The numbers that can be set.
 * @returns Values by the keys of controls; `null` where any change is none of a number that can be set.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const changes = [{ rule: "protect", key: "unsafe_young", from: "false", to: "true" }];
 * assertEquals(flipValues(changes, []), null);
 * ```
 */
export function flipValues(
  changes: readonly PolicyChange[],
  controls: readonly Control[],
): ControlValues | null {
  const values = changes.map((change): readonly [key: string, value: number] | null => {
    const control = controls.find(({ key }) => key === controlKey(change));
    if (control === undefined) return null;
    const value = control.unit === "days" ? daysOf(change) : Number(change.to);
    return [control.key, value];
  });
  return values.every((value) => value !== null) ? Object.fromEntries(values) : null;
}

/** Hundredths, on the side of the change on which it still turns the verdict. */
function daysOf({ from, to }: PolicyChange): number {
  const [before, after] = [from, to].map((text) => parseDuration(text) / days(0.01)) as [
    number,
    number,
  ];
  return (after < before ? Math.floor(after) : Math.ceil(after)) / 100;
}

function controlKey({ rule, key }: PolicyChange): string {
  if (rule === null) return AGES[key] ?? key;
  const [, number] = /^rule (\d+)$/.exec(rule) ?? [];
  return `${number === undefined ? rule : `rules.${Number(number) - 1}`}.${key}`;
}

/**
 * Says a change in words, by the name that its control has.
 *
 * @param change The change.
 * @returns Such as `days_old 30d → 210d`.
 */
export function changeText({ rule, key, from, to }: PolicyChange): string {
  const name = rule === null ? AGES[key] ?? key : key;
  return `${name} ${from} → ${to}${rule === null ? "" : ` in ${rule}`}`;
}
