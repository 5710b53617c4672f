/**
 * A plan for a comment on a pull request.
 *
 * @module
 */

import { allowingFlags, stopText } from "./find_stops.ts";
import type { Action, Kept, Plan, Stop } from "./plan.ts";
import { experimentPathOf } from "./repair_context.ts";
import { keptText, reasonText } from "./render_reason.ts";
import { verbOf } from "./render_report.ts";
import { budgetLines, emptyPolicyLines, totalsText } from "./render_totals.ts";
import { visibleText } from "./terminal_text.ts";
import { formatCount, formatSize } from "./units.ts";

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
 * import { openStore, planPrune, renderMarkdown } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * console.log(renderMarkdown(plan));
 * ```
 */
export function renderMarkdown(plan: Plan, options: { readonly all?: boolean } = {}): string {
  const blocks = [
    [`**${escape(totalsText(plan))}**`],
    [...budgetLines(plan.budget), ...emptyPolicyLines(plan)].map(escape),
    renderStops(plan.stops ?? []),
    renderGoing(plan),
    renderSamples(plan, options.all ?? false),
    renderKept(plan.kept),
  ];
  return blocks.filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function renderStops(stops: readonly Stop[]): string[] {
  const flags = allowingFlags(stops);
  return [
    ...stops.map((stop) => `> This plan cannot be applied: ${escape(stopText(stop))}`),
    ...(flags === "" ? [] : [`> To allow it, add \`${flags}\``]),
  ];
}

function renderGoing(plan: Plan): string[] {
  if (plan.actions.length === 0) return [];
  const rows = groupsOf(plan).map(([place, actions]) => {
    const counts = [...Map.groupBy(actions, ({ kind }) => verbOf(kind))]
      .map(([verb, { length }]) => `${formatCount(length)} to be ${verb}`);
    const bytes = actions.reduce((sum, { usage }) => sum + usage.bytes, 0);
    return `| ${escape(place)} | ${counts.join(", ")} | ${formatSize(bytes)} |`;
  });
  return ["| Experiment | Goes | Leaves the store |", "| --- | --- | --- |", ...rows];
}

function renderSamples(plan: Plan, all: boolean): string[] {
  return groupsOf(plan).flatMap(([place, actions]) => {
    const shown = all ? actions : actions.slice(0, SAMPLE);
    const more = actions.length - shown.length;
    return [
      "<details>",
      `<summary>${escape(place)}</summary>`,
      "",
      ...shown.map(({ name, path, reasons }) =>
        `- ${escape(name)} (${escape(path)}): ${escape(reasons.map(reasonText).join("; "))}`
      ),
      ...(more === 0 ? [] : [`- … and ${formatCount(more)} more`]),
      "",
      "</details>",
    ];
  });
}

/** By experiment, the one with the most actions first. */
function groupsOf({ actions, experiments }: Plan): readonly (readonly [string, Action[]])[] {
  const placeOf = ({ kind, path }: Action) => {
    if (kind === "purge-experiment") return "deleted experiments";
    if (kind === "quarantine-orphan") return "orphans";
    const place = experimentPathOf(path);
    const name = experiments[place];
    return name === undefined ? place : `${name} (${place})`;
  };
  return [...Map.groupBy(actions, placeOf)]
    .toSorted(([, left], [, right]) => right.length - left.length);
}

function renderKept(kept: readonly Kept[]): string[] {
  const runs = kept.filter(({ kind }) => kind === "run");
  if (runs.length === 0) return [];
  const rows = [...Map.groupBy(runs, ({ reasons: [reason] }) => keptText(reason))]
    .toSorted(([, left], [, right]) => right.length - left.length)
    .map(([words, { length }]) => `| ${formatCount(length)} | ${escape(words)} |`);
  return ["| Runs kept | Why |", "| ---: | --- |", ...rows];
}

/** GitHub takes `<` for HTML, and these for mark-up or the end of a cell. */
function escape(text: string): string {
  return visibleText(text).replace(
    /[\\`*_[\]<>|@#~!&]/g,
    (letter) => letter === "<" ? "&lt;" : letter === "&" ? "&amp;" : `\\${letter}`,
  );
}
