import type { Kept, Plan } from "../plan/plan.ts";
import { unbroken } from "../text/fold.ts";
import { formatCount } from "../text/units.ts";
import { type CommandOf, type CommandOptions, plainCommand } from "./commands.ts";

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

/** How a plan is planned again. */
export interface AgainOptions extends CommandOptions {
  /** Gives what is typed to plan the same again with more flags. @default {its task with these alone} */
  readonly again?: CommandOf;
}

/**
 * Says how to judge what stays for ever unless it is judged by something else.
 *
 * @param plan The plan.
 * @param options What is typed.
 * @returns A line, or none.
 */
export function undatedLines({ task, kept }: Plan, options: AgainOptions): readonly string[] {
  const isUndated = ({ reasons }: Kept) => reasons.some(({ kind }) => kind === "no-deletion-time");
  if (task !== "cleanup" || !kept.some(isUndated)) return [];
  const judged = againWith("--undated last-sign-of-life", task, options);
  return [`To judge what was deleted at an unknown time by its last sign of life: ${judged}`];
}

/**
 * Says how to judge what is left alone for a while only, since it may be in the making.
 *
 * @param plan The plan.
 * @param options What is typed.
 * @returns A line, or none.
 */
export function settleLines({ task, kept }: Plan, options: AgainOptions): readonly string[] {
  const isRecent = ({ reasons: [first] }: Kept) => first.kind === "changed-recently";
  if (task === "prune" || !kept.some(isRecent)) return [];
  const judged = againWith("--settle 0m", task, options);
  return [`To judge at once what changed recently, where nothing writes to the store: ${judged}`];
}

/**
 * Says what is typed to plan the same again with more flags.
 *
 * @param flags The flags.
 * @param task The task.
 * @param options What is typed.
 * @returns The command, which is not broken into lines.
 */
export function againWith(
  flags: string,
  task: Plan["task"],
  { command = plainCommand, again = (more) => command(`${task} ${more}`) }: AgainOptions,
): string {
  return unbroken(again(flags));
}
