import type { ExperimentSummary, MetricStanding, Summary } from "../answers/summarize.ts";
import { RUN_STATUSES } from "../store/run_status.ts";
import type { RunStatus } from "../store/snapshot.ts";
import { isServer } from "../store/store_uri.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import { type Column, columnsLeaving, renderRows } from "../text/rows.ts";
import { type RenderOptions, styleOf } from "../text/style.ts";
import { formatCount, formatSize, formatTime, plural } from "../text/units.ts";
import { type CommandOptions, plainCommand } from "./commands.ts";
import { selectionText } from "../words/selection.ts";
import { visibleText } from "../text/terminal_text.ts";
import { findingsText } from "./findings.ts";
import { leftOutLines, moreLines } from "./more.ts";

/** How to show a summary. */
export interface RenderSummaryOptions extends RenderOptions, CommandOptions {}

/**
 * Renders a summary for people: a table with a line for each experiment, then totals, orphans and
 * findings in a line each, with the next command to type.
 *
 * @param summary The summary.
 * @param options How to show it.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { renderSummary } from "mltidy/render";
 * import { summarize } from "mltidy/verify";
 *
 * await using store = await openStore("./mlruns");
 * console.log(renderSummary(summarize(await store.read({ depth: "meta" }))));
 * ```
 */
export function renderSummary(summary: Summary, options: RenderSummaryOptions = {}): string {
  const table = renderTable(summary, options);
  const { only } = summary;
  const named = only === undefined ? "" : selectionText(only);
  const part = named === "" ? [] : [`Of ${visibleText(named)} alone:`, ""];
  return foldLines(
    [...part, ...table, ...(table.length === 0 ? [] : [""]), ...renderTotals(summary, options)],
    options,
  );
}

interface Field {
  readonly heading: string;
  readonly column: Column;
  readonly text: (experiment: ExperimentSummary) => string;
}

function renderTable(summary: Summary, options: RenderSummaryOptions): string[] {
  const { perExperiment: experiments } = summary;
  if (experiments.length === 0) return [];
  const fields = fieldsOf(summary);
  const { width = Infinity } = options;
  const columns = fields.map(({ column }) => column);
  const texts = [
    fields.map((field) => field.heading),
    ...experiments.map((experiment) => fields.map(({ text }) => text(experiment))),
  ];
  const [heading = [], ...rows] = renderRows(columns, texts, width);
  const leaving = columnsLeaving(columns, texts, width);
  const all = summary.experiments.active + summary.experiments.deleted;
  const hidden = all - experiments.length;
  return [
    ...heading.map(styleOf(options).bold),
    ...rows.flat(),
    ...moreLines(hidden, "--top"),
    ...leftOutLines(leaving.map((index) => fields[index]!.heading)),
  ];
}

/** Columns of nothing but zeros are left out; what is needed least leaves first where it is narrow. */
function fieldsOf({ perExperiment: experiments, usage, primaryMetric }: Summary): readonly Field[] {
  const number = (
    heading: string,
    count: (experiment: ExperimentSummary) => number,
  ): Field => ({
    heading,
    column: { align: "right", leaves: LEAVING.indexOf(heading) },
    text: (experiment) => formatCount(count(experiment)),
  });
  const unlessZero = (
    heading: string,
    count: (experiment: ExperimentSummary) => number,
  ): readonly Field[] =>
    experiments.every((each) => count(each) === 0) ? [] : [number(heading, count)];
  const isOfOneStage = experiments.every(({ stage }) => stage === experiments[0]?.stage);
  return [
    { heading: "Experiment", column: { align: "left" }, text: ({ name }) => name },
    {
      heading: "Id",
      column: { align: "left", leaves: LEAVING.indexOf("Id") },
      text: ({ id }) => id,
    },
    {
      heading: "Stage",
      column: { align: "left", leaves: isOfOneStage ? -1 : LEAVING.indexOf("Stage") },
      text: ({ stage }) => stage,
    },
    number("Runs", (each) => each.runs),
    ...unlessZero("Deleted", (each) => each.deletedRuns),
    ...RUN_STATUSES.flatMap((status) =>
      unlessZero(sentenceCase(status), (each) => each.byStatus[status])
    ),
    ...unlessZero("Damaged", (each) => each.damagedRuns),
    {
      heading: "Newest run",
      column: { align: "left", leaves: LEAVING.indexOf("Newest run") },
      text: ({ newestRun }) => newestRun === null ? "–" : formatTime(newestRun),
    },
    ...(primaryMetric === undefined ? [] : [{
      heading: `Best ${primaryMetric.name}`,
      column: { align: "left", leaves: LEAVING.indexOf("Best") } as const,
      text: ({ byMetric }: ExperimentSummary) => standingText(byMetric, primaryMetric.name),
    }]),
    ...(usage === null ? [] : [{
      heading: "Size",
      column: { align: "right", leaves: LEAVING.indexOf("Size") } as const,
      text: (each: ExperimentSummary) => each.usage === null ? "–" : formatSize(each.usage.bytes),
    }]),
  ];
}

/** Where it is narrow, columns leave in this order, what was asked for late; a stage that all have, first. */
const LEAVING = [
  "Newest run",
  "Scheduled",
  "Killed",
  "Finished",
  "Failed",
  "Running",
  "Damaged",
  "Deleted",
  "Stage",
  "Runs",
  "Size",
  "Best",
  "Id",
];

function standingText(standing: MetricStanding | undefined, metric: string): string {
  if (standing === undefined) return "";
  const { best, runsWithout } = standing;
  if (best === null) return runsWithout === 0 ? "–" : `no ${metric} logged`;
  const run = `${Number(best.value.toPrecision(6))} ${best.name || best.runId}`;
  return runsWithout === 0 ? run : `${run} (${plural(runsWithout, "run")} without)`;
}

function renderTotals(summary: Summary, options: RenderSummaryOptions): string[] {
  const { experiments, runs, usage, orphans, findings, registeredModels, backups } = summary;
  const { command = plainCommand } = options;
  const style = styleOf(options);
  const next = (task: string) => ` ${unbroken("→ ")}${style.bold(unbroken(command(task)))}`;
  const total = [
    stagesText("experiment", experiments),
    stagesText("run", runs),
    ...(registeredModels.models === 0 ? [] : [plural(registeredModels.models, "registered model")]),
    ...(usage === null ? [] : [formatSize(usage.bytes)]),
  ].join(" · ");
  const hasFindings = findings.error + findings.warning + findings.info > 0;
  return [
    style.bold(total),
    ...partsLines(summary),
    ...(orphans.length > 0 ? [] : [isServer(summary.store) ? NO_LOOK_FOR_ORPHANS : "No orphans"]),
    ...[...Map.groupBy(orphans, ({ task }) => task)].map(([task, ones]) =>
      `${style.yellow(plural(ones.length, "orphan"))}: ${orphansText(ones)}${next(task)}`
    ),
    `${hasFindings ? style.yellow(findingsText(findings)) : style.green(findingsText(findings))}${
      summary.depth === "full" ? "" : isServer(summary.store) ? TOLD_BY_SERVER : NOT_LOOKED_AT
    }${hasFindings || summary.depth !== "full" ? next("verify") : ""}`,
    ...(backups.count === 0 ? [] : [
      plural(backups.count, "backup") +
      (backups.usage === null
        ? ""
        : `; .mltidy.trash/, with all that is kept there, takes ${
          formatSize(backups.usage.bytes)
        }`),
    ]),
  ];
}

/** What takes nothing is not told. */
function partsLines({ usageParts }: Summary): readonly string[] {
  if (usageParts === undefined) return [];
  const { artifacts, loggedModels, traces, foreign, deleted } = usageParts;
  const parts = [
    ["artifacts of runs", artifacts],
    ["logged models", loggedModels],
    ["traces", traces],
    ["files that MLflow did not write, such as checkpoints beside artifacts/", foreign],
    ["soft-deleted", deleted],
  ] as const;
  const words = parts.filter(([, { bytes }]) => bytes > 0)
    .map(([what, { bytes }]) => `${formatSize(bytes)} ${what}`);
  return words.length === 0 ? [] : [`Of this: ${words.join(" · ")}`];
}

/** Locations are followed nowhere yet, and a name that YAML takes for a number is a value. */
const NOT_LOOKED_AT = " in where records lie and whether they can be read; their values, the " +
  "locations that they name, artifacts and traces were not looked at";

const TOLD_BY_SERVER = " in what the server tells of experiments, runs and registered models; " +
  "metrics, traces and artifacts were not looked at";

/** A server lists what it has rows of, and no artifacts without. */
const NO_LOOK_FOR_ORPHANS = "Orphans were not looked for: a server tells of none";

function stagesText(
  noun: string,
  { active, deleted }: { readonly active: number; readonly deleted: number },
): string {
  const all = plural(active + deleted, noun);
  return deleted === 0
    ? all
    : `${all} (${formatCount(active)} active, ${formatCount(deleted)} deleted)`;
}

const SAMPLE = 3;

function orphansText(orphans: Summary["orphans"]): string {
  const paths = orphans.slice(0, SAMPLE).map(({ path }) => unbroken(path)).join(", ");
  const more = orphans.length - SAMPLE;
  return more > 0 ? `${paths} and ${formatCount(more)} more` : paths;
}

function sentenceCase(status: RunStatus): string {
  return status.charAt(0) + status.slice(1).toLowerCase();
}
