/**
 * What of a reviewed plan still holds, in words.
 *
 * @module
 */

import type { KeepReason, Lapsed, Plan } from "../plan/plan.ts";
import { formatCount, formatTime, plural } from "../text/units.ts";
import { NO_NAME } from "./groups.ts";
import { reasonText } from "./reason.ts";

/**
 * Says of which plan another one is what still holds, how much of it, and what no longer does.
 *
 * @param plan The other one.
 * @param most How many to name.
 * @param more Says how many more there are.
 * @param textOf Says a reason in words.
 * @returns Lines, the first a heading; none for a plan of its own. Names in them are as they are.
 */
export function reviewedLines(
  { reviewed, actions }: Pick<Plan, "reviewed" | "actions">,
  most: number,
  more: (count: number) => readonly string[],
  textOf: (reason: KeepReason) => string = reasonText,
): readonly string[] {
  if (reviewed === undefined) return [];
  const { plannedAt, lapsed } = reviewed;
  const all = plural(actions.length + lapsed.length, "action");
  const of = `of the plan of ${formatTime(plannedAt)}`;
  const hold = actions.length === 1 ? "holds" : "hold";
  if (lapsed.length === 0) return [`All ${all} ${of} still ${hold}.`];
  return [
    `Of the ${all} ${of} ${formatCount(actions.length)} still ${hold}; no longer:`,
    ...lapsed.slice(0, most).map((one) => `  ${subjectOf(one)}: ${lapsedText(one, textOf)}`),
    ...more(lapsed.length - most).map((line) => `  ${line}`),
  ];
}

/** What has no name but its id is named once. */
function subjectOf({ name, path }: Lapsed): string {
  if (path === name || path.endsWith(`/${name}`)) return path;
  return `${name || NO_NAME} (${path})`;
}

/**
 * Says why something of a reviewed plan no longer holds.
 *
 * @param lapsed What.
 * @param textOf Says a reason in words.
 * @returns A clause about its subject; names in it as they are.
 */
export function lapsedText(
  { because, reasons }: Lapsed,
  textOf: (reason: KeepReason) => string = reasonText,
): string {
  switch (because) {
    case "kept":
      return reasons.map(textOf).join("; ");
    case "gone":
      return "no longer there";
    case "changed-since-plan":
      return "changed since the plan was made";
  }
}
