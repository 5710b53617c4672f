import { formatCount } from "../text/units.ts";

/**
 * Says how many more there are than are shown, and which flag shows or hides them.
 *
 * @param count How many; 0 or less: none.
 * @param by The flag.
 * @param of What they are, behind their number. @default {nothing}
 * @returns A line, or none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(moreLines(37, "--all"), ["… and 37 more (--all shows them)"]);
 * ```
 */
export function moreLines(count: number, by: keyof typeof VERBS, of = ""): readonly string[] {
  return count > 0 ? [`… and ${formatCount(count)} more${of} (${by} ${VERBS[by]} them)`] : [];
}

const VERBS = {
  "--all": "shows",
  "--json": "lists",
  "--top": "hides",
  "--dry-run --json": "lists",
} as const;

/**
 * Says which columns a table leaves out where it is too wide.
 *
 * @param headings Those of the columns.
 * @returns A line, or none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(leftOutLines(["Failed", "Size"]), [
 *   "Not shown: Failed, Size (in a wider window, or with --json)",
 * ]);
 * ```
 */
export function leftOutLines(headings: readonly string[]): readonly string[] {
  return headings.length === 0
    ? []
    : [`Not shown: ${headings.join(", ")} (in a wider window, or with --json)`];
}
