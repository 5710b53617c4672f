/**
 * A plan for a comment on a pull request.
 *
 * @module
 */

import type { Action, Kept, Plan, Stop } from "../plan/plan.ts";
import { addUsage, NO_USAGE } from "../store/usage.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, formatSize } from "../text/units.ts";
import { countKept, groupByPlace, groupKept, NO_NAME, oldestFirst } from "../words/groups.ts";
import { reasonText } from "../words/reason.ts";
import { majorityLines } from "../words/majority.ts";
import { selectionLines } from "../words/selection.ts";
import { stopText } from "../words/stop.ts";
import { budgetLines, emptyPolicyLines, noteLines, totalsText } from "../words/totals.ts";
import { verbOf } from "./report.ts";
import { type CommandOf, flagsAgainst, plainCommand, serverLines } from "./commands.ts";
import { moreLines } from "./more.ts";

/** How to render a plan as Markdown. */
export interface RenderMarkdownOptions {
  /** Every experiment, action and kept run instead of samples. @default {false} */
  readonly all?: boolean;
  /** Gives what is typed to plan the same again with more flags. @default {its task with these alone} */
  readonly again?: CommandOf;
}

const SAMPLE = 10;

/**
 * Renders a plan as Markdown: the totals first, since a comment is read from its top, then what goes by
 * experiment, with samples folded away, then what is kept by reason.
 *
 * @param plan The plan.
 * @param options Whether every action is listed instead of samples.
 * @returns Markdown; names can neither break a table nor become mark-up.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { planPrune } from "mltidy/plan";
 * import { renderMarkdown } from "mltidy/render";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * console.log(renderMarkdown(plan));
 * ```
 */
export function renderMarkdown(plan: Plan, options: RenderMarkdownOptions = {}): string {
  const { again = (flags) => plainCommand(`${plan.task} ${flags}`) } = options;
  const blocks = [
    [`**${escape(totalsText(plan))}**`],
    selectionLines(plan).map(escape),
    majorityLines(plan, options.all ? Infinity : SAMPLE, (count) => moreLines(count, "--all"))
      .map((line, index) => `${index === 0 ? "" : "- "}${escape(line.trim())}`),
    [...budgetLines(plan), ...emptyPolicyLines(plan)].map(escape),
    [...noteLines(plan).map(escape), ...serverLines(plan)].map((line) => `- ${line}`),
    renderStops(plan.stops ?? [], again),
    renderGoing(plan),
    renderSamples(plan, options.all ?? false),
    renderKept(plan.kept),
  ];
  return blocks.filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function renderStops(stops: readonly Stop[], again: CommandOf): string[] {
  const flags = flagsAgainst(stops);
  return [
    ...stops.map((stop) => `> This plan cannot be applied: ${escape(stopText(stop))}`),
    ...(flags === "" ? [] : [`> To allow it: \`${again(flags)}\``]),
  ];
}

function renderGoing(plan: Plan): string[] {
  if (plan.actions.length === 0) return [];
  const isMeasured = plan.totals.later !== undefined;
  const rows = groupByPlace(plan).map(([place, actions]) => {
    const counts = [...Map.groupBy(actions, ({ kind }) => verbOf(kind))]
      .map(([verb, { length }]) => `${formatCount(length)} to be ${verb}`);
    const now = addUsage(actions.map(({ usage }) => usage));
    const later = addUsage(
      actions.map((one) => one.kind === "soft-delete-run" && one.later || NO_USAGE),
    );
    const sizes = [now, ...(isMeasured ? [later] : [])].map(({ bytes }) => formatSize(bytes));
    return rowOf([escape(place), counts.join(", "), ...sizes]);
  });
  const heading = [
    "Experiment",
    "Goes",
    "Leaves the store",
    ...(isMeasured ? ["Once purged"] : []),
  ];
  return [rowOf(heading), rowOf(heading.map(() => "---")), ...rows];
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function renderSamples(plan: Plan, all: boolean): string[] {
  return groupByPlace(plan).flatMap(([place, actions]) => {
    const ordered = oldestFirst(actions);
    const shown = all ? ordered : ordered.slice(0, SAMPLE);
    return [
      "<details>",
      `<summary>${escapeHtml(place)}</summary>`,
      "",
      ...shown.map(itemOf),
      ...moreLines(actions.length - shown.length, "--all").map((line) => `- ${line}`),
      "",
      "</details>",
    ];
  });
}

function itemOf({ name, path, reasons, usage }: Action): string {
  const words = reasons.map(reasonText).join("; ");
  const size = usage.bytes === 0 ? "" : `, ${formatSize(usage.bytes)}`;
  return `- ${escape(name.trim() || NO_NAME)} (${escape(path)}): ${escape(words)}${size}`;
}

function renderKept(kept: readonly Kept[]): string[] {
  const rows = groupKept(kept).flatMap(({ kind, byReason }) =>
    byReason.map(({ words, kept: { length } }) => rowOf([countKept(kind, length), escape(words)]))
  );
  return rows.length === 0 ? [] : [rowOf(["Kept", "Why"]), rowOf(["---", "---"]), ...rows];
}

/** GitHub takes `<` for HTML, these for mark-up or the end of a cell, and a first `-` or `1.` for a list. */
function escape(text: string): string {
  return visibleText(text)
    .replace(
      /[\\`*_[\]<>|@#~!&]/g,
      (letter) => letter === "<" ? "&lt;" : letter === "&" ? "&amp;" : `\\${letter}`,
    )
    .replace(/^[-+]|^(\d+)([.)])/, (mark, number = "", sign = mark) => `${number}\\${sign}`);
}

/** Where there is HTML, GitHub reads no Markdown, but it still finds whom to mention. */
function escapeHtml(text: string): string {
  return visibleText(text).replace(/[&<>"@]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
