/**
 * A report as one HTML file, for a mail or beside a pull request.
 *
 * @module
 */

import type { ExperimentSummary, Summary } from "../../answers/summarize.ts";
import type { StoreReport } from "../../answers/report_store.ts";
import type { Action, Plan } from "../../plan/plan.ts";
import { experimentPathOf } from "../../store/path.ts";
import { addUsage, NO_USAGE } from "../../store/usage.ts";
import { formatCount, formatSize, formatTime } from "../../text/units.ts";
import { ageText } from "../../words/age.ts";
import { countKept, groupByPlace, groupKept, NO_NAME, oldestFirst } from "../../words/groups.ts";
import { majorityLines } from "../../words/majority.ts";
import { selectionLines } from "../../words/selection.ts";
import { stopText } from "../../words/stop.ts";
import { budgetLines, emptyPolicyLines, noteLines, totalsText } from "../../words/totals.ts";
import {
  type CommandOf,
  type CommandOptions,
  flagsAgainst,
  plainCommand,
  reasonWithCommand,
  serverLines,
} from "../commands.ts";
import { isServer } from "../../store/store_uri.ts";
import { findingsText } from "../findings.ts";
import { moreLines } from "../more.ts";
import { verbOf } from "../report.ts";
import { ageChart, bar } from "./charts.ts";
import { type Content, type Html, markup, NOTHING } from "./markup.ts";
import { STYLE } from "./style.ts";

/** What to show of a report. */
export interface RenderHtmlOptions extends CommandOptions {
  /** Every experiment and action instead of samples. @default {false} */
  readonly all?: boolean;
  /** The command that carries the plan out. @default {null} */
  readonly next?: string | null;
  /** Gives what is typed to plan the same again with more flags. @default {its task with these alone} */
  readonly again?: CommandOf;
}

/** How many are shown of experiments, of groups, and of what is in a group. */
const SAMPLE = { experiments: 20, groups: 20, actions: 10, kept: 5 };

/**
 * Renders a report as one HTML file that needs nothing else and runs nothing: what the store holds, what would
 * go and what would stay, with charts, in light and dark.
 *
 * @param report The report.
 * @param options How much of it, and how commands are named.
 * @returns HTML; names can become neither mark-up nor anything that runs. Times are UTC.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { planPrune } from "mltidy/plan";
 * import { renderHtml } from "mltidy/render";
 * import { reportStore } from "mltidy/verify";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * await Deno.writeTextFile("report.html", renderHtml(reportStore(snapshot, plan)));
 * ```
 */
export function renderHtml(report: StoreReport, options: RenderHtmlOptions = {}): string {
  const { plan, store, summary } = report;
  const sections = [
    renderOutcome(plan, options),
    markup`<h2>What is there</h2>${renderFigures(summary)}${renderFindings(summary, options)}`,
    renderExperiments(report, options),
    renderAges(report),
    renderGoing(plan, options),
    renderStaying(plan, options),
  ];
  const page = markup`
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${POLICY}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="referrer" content="no-referrer">
        <meta name="color-scheme" content="light dark">
        <title>${TITLE}</title>
        <style>${STYLE_SHEET}</style>
      </head>
      <body>
        <header>
          <h1>${TITLE}</h1>
          <p><bdi>${store}</bdi><br><span class="quiet">${formatTime(plan.plannedAt)}</span></p>
        </header>
        <main>${sections.map((each) => markup`<section>${each}</section>\n`)}</main>
      </body>
    </html>
  `;
  return `<!doctype html>\n${page.html.trim()}\n`;
}

/** Were a name ever taken for mark-up, nothing of it would run or be fetched. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const TITLE = "MLflow store report";
const STYLE_SHEET: Html = { html: STYLE };

function renderOutcome(plan: Plan, options: RenderHtmlOptions): Html {
  const { next = null } = options;
  const lines = [
    ...selectionLines(plan),
    ...majorityLines(plan, mostOf(SAMPLE.groups, options), moreOf),
    ...budgetLines(plan),
    ...emptyPolicyLines(plan),
    ...noteLines(plan),
    ...serverLines(plan),
  ];
  const carryOut = next === null || plan.actions.length === 0 || plan.stops !== undefined
    ? NOTHING
    : markup`<p>To carry it out:</p><pre>${next}</pre>`;
  return markup`<p class="sum">${totalsText(plan)}</p>${lines.map(paragraph)}${
    renderStops(plan, options)
  }${carryOut}`;
}

function renderStops({ task, stops }: Plan, options: RenderHtmlOptions): Html {
  const { command = plainCommand, again = (more) => command(`${task} ${more}`) } = options;
  if (stops === undefined) return NOTHING;
  const flags = flagsAgainst(stops);
  const shown = stops.slice(0, mostOf(SAMPLE.groups, options));
  return markup`<div class="stop"><p><strong>This plan cannot be applied:</strong></p>${
    list([...shown.map(stopText), ...moreOf(stops.length - shown.length)])
  }${flags === "" ? NOTHING : markup`<p>To allow it:</p><pre>${again(flags)}</pre>`}</div>`;
}

function renderFigures(summary: Summary): Html {
  const { experiments, runs, orphans, registeredModels, usage, backups } = summary;
  const figures: readonly (readonly [what: string, figure: string])[] = [
    ["Experiments", countOf(experiments)],
    ["Runs", countOf(runs)],
    ["Orphans", isServer(summary.store) ? "not looked for" : formatCount(orphans.length)],
    ["Registered models", formatCount(registeredModels.models)],
    ...(usage === null ? [] : [["Size", formatSize(usage.bytes)] as const]),
    ["Backups", formatCount(backups.count)],
  ];
  return markup`<dl class="figures">${
    figures.map(([what, figure]) =>
      markup`
        <div>
          <dt>${what}</dt>
          <dd>${figure}</dd>
        </div>
      `
    )
  }</dl>`;
}

function countOf({ active, deleted }: { readonly active: number; readonly deleted: number }) {
  const all = formatCount(active + deleted);
  return deleted === 0 ? all : `${all} (${formatCount(deleted)} deleted)`;
}

function renderFindings(
  { findings, runs }: Summary,
  { command = plainCommand }: RenderHtmlOptions,
): Html {
  const statuses = Object.entries(runs.byStatus).filter(([, count]) => count > 0)
    .map(([status, count]) => `${formatCount(count)} ${status}`).join(" · ");
  return markup`${statuses === "" ? NOTHING : paragraph(`Runs by status: ${statuses}`)}<p>${
    findingsText(findings)
  } in where records lie and whether they can be read; <code>${
    command("verify")
  }</code> tells all.</p>`;
}

function renderExperiments(
  { summary, plan }: StoreReport,
  options: RenderHtmlOptions,
): Html {
  const { perExperiment } = summary;
  if (perExperiment.length === 0) return NOTHING;
  const going = goingByExperiment(plan);
  const shown = perExperiment.slice(0, mostOf(SAMPLE.experiments, options));
  const most = perExperiment.reduce((sofar, { runs }) => Math.max(sofar, runs), 0);
  const total = summary.experiments.active + summary.experiments.deleted;
  const isMeasured = summary.usage !== null;
  const rowOf = (each: ExperimentSummary) => {
    const goes = Math.min(going.get(each.path) ?? 0, each.runs);
    return markup`<tr><th scope="row"><bdi>${each.name}</bdi> <span class="quiet">${each.id}${
      each.stage === "deleted" ? ", deleted" : ""
    }</span></th><td class="number">${formatCount(each.runs)}</td><td class="number">${
      formatCount(goes)
    }</td><td class="bar">${bar({ stays: each.runs - goes, goes }, most)}</td>${
      isMeasured ? markup`<td class="number">${formatSize(each.usage?.bytes ?? 0)}</td>` : NOTHING
    }<td class="less">${
      each.newestRun === null ? "–" : formatTime(each.newestRun).replace(/ .*/, "")
    }</td></tr>\n`;
  };
  return markup`
    <h2>Experiments</h2>${KEY}<table>
      <thead>
        <tr><th scope="col">Experiment</th>${
    ["Runs", "Go"].map(
      numberHeading,
    )
  }<td class="bar"></td>${
    isMeasured ? numberHeading("Size") : NOTHING
  }<th scope="col" class="less">Newest run</th></tr>
      </thead>
      <tbody>
    ${shown.map(rowOf)}</tbody>
    </table>${moreOf(total - shown.length).map(paragraph)}
  `;
}

const KEY =
  markup`<p class="quiet"><span class="key">stays</span><span class="key of-goes">goes</span></p>`;

/** Runs that go, by the paths of their experiments. */
function goingByExperiment({ actions }: Plan): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (path: string, count: number) => counts.set(path, (counts.get(path) ?? 0) + count);
  for (const action of actions) {
    if (action.kind === "purge-experiment") add(action.path, action.runIds.length);
    if (action.kind === "soft-delete-run" || action.kind === "purge-run") {
      add(experimentPathOf(action.path), 1);
    }
  }
  return counts;
}

function renderAges({ ages }: StoreReport): Html {
  if (ages.every(({ runs }) => runs === 0)) return NOTHING;
  const rows = ages.filter(({ runs }) => runs > 0).map((age) =>
    markup`
      <tr>
        <th scope="row">${ageText(age)}</th>
        <td class="number">${formatCount(age.runs)}</td>
        <td class="number">${formatCount(age.goes)}</td>
      </tr>
    `
  );
  return markup`
    <h2>Runs by age</h2>${KEY}${ageChart(ages)}<details>
      <summary>The same in numbers</summary>
      <table>
        <thead>
          <tr><th scope="col">Ended ago</th>${["Runs", "Go"].map(numberHeading)}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </details>
  `;
}

function renderGoing(plan: Plan, options: RenderHtmlOptions): Html {
  if (plan.actions.length === 0) {
    return markup`
      <h2>What goes</h2>
      <p>Nothing.</p>
    `;
  }
  const groups = groupByPlace(plan);
  const shown = groups.slice(0, mostOf(SAMPLE.groups, options));
  return markup`<h2>What goes</h2>${
    shown.map(([place, actions]) => renderGroup(place, actions, options))
  }${moreOf(groups.length - shown.length).map(paragraph)}`;
}

function renderGroup(
  place: string,
  actions: readonly Action[],
  options: RenderHtmlOptions,
): Html {
  const counts = [...Map.groupBy(actions, ({ kind }) => verbOf(kind))]
    .map(([verb, { length }]) => `${formatCount(length)} to be ${verb}`);
  const now = addUsage(actions.map(({ usage }) => usage));
  const later = addUsage(
    actions.map((one) => one.kind === "soft-delete-run" && one.later || NO_USAGE),
  );
  const sizes = [
    ...(now.bytes === 0 ? [] : [`${formatSize(now.bytes)} leave the store`]),
    ...(later.bytes === 0 ? [] : [`${formatSize(later.bytes)} once purged`]),
  ];
  const shown = oldestFirst(actions).slice(0, mostOf(SAMPLE.actions, options));
  return markup`<details><summary><bdi>${place}</bdi>: ${
    [...counts, ...sizes].join(", ")
  }</summary>${
    list([
      ...shown.map((action) => itemOf(action, options)),
      ...moreOf(actions.length - shown.length),
    ])
  }</details>\n`;
}

function itemOf({ name, path, reasons, usage }: Action, { command }: RenderHtmlOptions): Html {
  const words = reasons.map((one) => reasonWithCommand(one, command)).join("; ");
  const size = usage.bytes === 0 ? "" : `, ${formatSize(usage.bytes)}`;
  return markup`${titleOf(name, path)}: ${words}${size}`;
}

/** What has no name of its own is called as it lies there. */
function titleOf(name: string, path: string): Html {
  const shown = name === path ? NOTHING : markup`<bdi>${name.trim() || NO_NAME}</bdi> `;
  return markup`${shown}<code>${path}</code>`;
}

function renderStaying({ kept }: Plan, options: RenderHtmlOptions): Html {
  if (kept.length === 0) return NOTHING;
  const most = mostOf(SAMPLE.kept, options);
  const items = groupKept(kept).flatMap(({ kind, byReason }) =>
    byReason.map(({ words, isNoteworthy, kept: ones }) => {
      const line: Content = `${countKept(kind, ones.length)}: ${words}`;
      if (!isNoteworthy && !options.all) return markup`<p>${line}</p>`;
      const shown = ones.slice(0, most).map(({ name, path, reasons }) =>
        markup`${titleOf(name, path)}: ${
          reasons.map((one) => reasonWithCommand(one, options.command)).join("; ")
        }`
      );
      return markup`<details><summary>${line}</summary>${
        list([...shown, ...moreOf(ones.length - shown.length)])
      }</details>\n`;
    })
  );
  return markup`<h2>What stays, and why</h2>${items}`;
}

function mostOf(sample: number, { all = false }: RenderHtmlOptions): number {
  return all ? Infinity : sample;
}

function moreOf(count: number): readonly string[] {
  return moreLines(count, "--all");
}

function numberHeading(text: string): Html {
  return markup`<th scope="col" class="number">${text}</th>`;
}

function paragraph(content: Content): Html {
  return markup`<p>${content}</p>`;
}

function list(contents: readonly Content[]): Html {
  return markup`<ul>${contents.map((content) => markup`<li>${content}</li>`)}</ul>`;
}
