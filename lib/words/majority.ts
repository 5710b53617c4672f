/**
 * Experiments that a plan would all but empty, in words.
 *
 * @module
 */

import type { Majority } from "../plan/outlook.ts";
import type { Plan } from "../plan/plan.ts";
import { isRemoval } from "../plan/action_kind.ts";
import { formatCount, plural } from "../text/units.ts";

/**
 * Says how much of an experiment goes.
 *
 * @param majority The experiment.
 * @returns Such as `all 20 runs of rain (7)`; the name as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asExperimentId } from "../store/path.ts";
 *
 * const experiment = asExperimentId("7");
 * assertEquals(
 *   majorityText({ experiment, name: "rain", removes: 3, of: 4 }),
 *   "3 of 4 runs of rain (7)",
 * );
 * ```
 */
export function majorityText({ experiment, name, removes, of }: Majority): string {
  const runs = of === 1
    ? "the only run"
    : removes === of
    ? `all ${plural(of, "run")}`
    : `${formatCount(removes)} of ${plural(of, "run")}`;
  return `${runs} of ${name} (${experiment})`;
}

/**
 * Says of which experiments a plan takes every run, or more than half.
 *
 * @param plan The plan.
 * @param most How many to name.
 * @param more Says how many more there are.
 * @returns Lines, the first a heading where there are several.
 */
export function majorityLines(
  plan: Plan,
  most: number,
  more: (count: number) => readonly string[],
): readonly string[] {
  const all = majoritiesOf(plan);
  const [first] = all;
  if (first === undefined) return [];
  if (all.length === 1) return [`This plan takes ${majorityText(first)}.`];
  return [
    `This plan takes every run, or more than half, of ${plural(all.length, "experiment")}:`,
    ...[...all.slice(0, most).map(majorityText), ...more(all.length - most)]
      .map((line) => `  ${line}`),
  ];
}

/**
 * Says the same in a clause, for the question whether to apply the plan.
 *
 * @param plan The plan.
 * @returns Such as `, which takes all 20 runs of rain (7)`; empty where there is nothing to say.
 */
export function majorityClause(plan: Plan): string {
  const [first, ...others] = majoritiesOf(plan);
  if (first === undefined) return "";
  const more = others.length === 0
    ? ""
    : ` and ${shareOf(others)} of ${plural(others.length, "other experiment")}`;
  return `, which takes ${majorityText(first)}${more}`;
}

function shareOf(others: readonly Majority[]): string {
  const whole = others.filter(({ removes, of }) => removes === of).length;
  if (whole === others.length) return "all runs";
  return whole === 0 ? "most runs" : "all or most runs";
}

function majoritiesOf(plan: Plan): readonly Majority[] {
  return isRemoval(plan) ? plan.majorities ?? [] : [];
}
