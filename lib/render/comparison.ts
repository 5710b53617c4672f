/**
 * Renders what changes sides between two policies.
 *
 * @module
 */

import type { ChangedSide, PlanComparison } from "../answers/compare_plans.ts";
import type { DiskUsage } from "../store/usage.ts";
import { foldLines } from "../text/fold.ts";
import { renderRows } from "../text/rows.ts";
import { type RenderOptions, styleOf } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatSize, plural } from "../text/units.ts";
import { reasonText } from "../words/reason.ts";
import { moreLines } from "./more.ts";

/** What to show of a comparison. */
export interface RenderComparisonOptions extends RenderOptions {
  /** Everything instead of samples. @default {false} */
  readonly all?: boolean;
  /** How the other policy is called. @default {"the other policy"} */
  readonly other?: string;
}

const SAMPLE = 10;
const INDENT = "  ";

/**
 * Renders for people what changes sides between two policies.
 *
 * @param comparison The comparison.
 * @param options What to show, and how.
 * @returns Lines, each ended by a line feed.
 */
export function renderComparison(
  comparison: PlanComparison,
  options: RenderComparisonOptions = {},
): string {
  const { removed, kept, usage } = comparison;
  const other = visibleText(options.other ?? "the other policy");
  if (removed.length + kept.length === 0) {
    return foldLines([`${other} removes and keeps the same.`], options);
  }
  const sections = [
    ...side(`Only ${other} removes`, removed, usage.removed, options),
    ...side(`Only ${other} keeps`, kept, usage.kept, options),
  ];
  return foldLines(sections, options);
}

function side(
  heading: string,
  sides: readonly ChangedSide[],
  { bytes }: DiskUsage,
  options: RenderComparisonOptions,
): readonly string[] {
  if (sides.length === 0) return [];
  const { bold, dim } = styleOf(options);
  const largestFirst = sides.toSorted((left, right) =>
    (right.usage?.bytes ?? 0) - (left.usage?.bytes ?? 0)
  );
  const shown = options.all ? largestFirst : largestFirst.slice(0, SAMPLE);
  const rows = renderRows(
    [{ align: "left" }, { align: "left" }, { align: "right" }, { align: "left", prose: true }],
    shown.map(({ name, path, usage, reasons }) => [
      name,
      path,
      usage === null ? "" : formatSize(usage.bytes),
      reasons.map(reasonText).join("; "),
    ]),
    (options.width ?? Infinity) - INDENT.length,
  );
  const more = moreLines(sides.length - shown.length, "--all").map(dim);
  return [
    bold(`${heading} ${countText(sides)}, ${formatSize(bytes)}:`),
    ...[...rows.flat(), ...more].map((line) => `${INDENT}${line}`),
  ];
}

/** Runs first, whatever lies first in the store. */
function countText(sides: readonly ChangedSide[]): string {
  return NOUNS.map(({ kind, noun }) => {
    const count = sides.filter((side) => side.kind === kind).length;
    return count === 0 ? "" : plural(count, noun);
  }).filter((words) => words !== "").join(", ");
}

const NOUNS = [
  { kind: "run", noun: "run" },
  { kind: "heavy-file", noun: "heavy file" },
  { kind: "logged-model", noun: "logged model" },
  { kind: "orphan", noun: "orphan" },
] as const satisfies readonly { readonly kind: ChangedSide["kind"]; readonly noun: string }[];
