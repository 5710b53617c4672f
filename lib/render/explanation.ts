/**
 * Renders why a run, or a logged model, stays or goes.
 *
 * @module
 */

import type { HolderExplanation } from "../answers/explain_holder.ts";
import type { Explanation, ModelExplanation } from "../answers/explain_model.ts";
import type { Lack, RunExplanation } from "../answers/explain_run.ts";
import type { Flip, PolicyChange } from "../answers/find_flip.ts";
import { keeps } from "../judge/keep_rules.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type { ActionReason, KeepReason, Stop } from "../plan/plan.ts";
import type { Standing } from "../plan/standing.ts";
import { isServer } from "../store/store_uri.ts";
import { PIN_TAG } from "../store/tags.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import { type RenderOptions, type Style, styleOf } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, plural } from "../text/units.ts";
import { NO_NAME } from "../words/groups.ts";
import { reasonText } from "../words/reason.ts";
import { stopText } from "../words/stop.ts";
import {
  type CommandOf,
  flagsAgainst,
  plainCommand,
  purgeElsewhere,
  typedChange,
} from "./commands.ts";
import { moreLines } from "./more.ts";

/**
 * Renders why something stays or goes: the verdict and the reasons; of a run also the rule, the ranks, and the
 * smallest change that would turn it.
 *
 * @param explanation The explanation.
 * @param options How to render it.
 * @returns Lines, each ended by a line feed.
 */
export function renderExplanation(
  explanation: Explanation,
  options: RenderExplanationOptions = {},
): string {
  const { again = (flags) => plainCommand(`cleanup ${flags}`) } = options;
  const said = { style: styleOf(options), again };
  const lines = explanation.subject === "run"
    ? runLines(explanation, said)
    : explanation.subject === "logged-model"
    ? modelLines(explanation, said)
    : holderLines(explanation, said);
  return foldLines(lines, options);
}

/** How to render an explanation. */
export interface RenderExplanationOptions extends RenderOptions {
  /** Gives what is typed to plan the clean-up again with more flags. @default {`cleanup` with these alone} */
  readonly again?: CommandOf;
}

/** How things are said. */
interface Said {
  readonly style: Style;
  readonly again: CommandOf;
}

function modelLines(explanation: ModelExplanation, said: Said): readonly string[] {
  const { name, modelId, sourceRunId, experiment, experimentId, verdict, reasons } = explanation;
  return [
    `Logged model ${unbroken(name || NO_NAME)}, ${unbroken(modelId)}`,
    `in experiment ${unbroken(experiment ?? "(orphan)")}, ${unbroken(experimentId)}`,
    ...(sourceRunId === null ? [] : [`of run ${unbroken(sourceRunId)}`]),
    said.style.bold(VERDICTS[verdict]),
    ...listed(verdict === "stays" ? "Kept, since" : "It goes, since", reasons.map(reasonText)),
    ...turnLines(explanation),
    ...(verdict === "stays" ? [] : stopLines(explanation, said)),
  ];
}

function holderLines(explanation: HolderExplanation, said: Said): readonly string[] {
  const { subject, name, experimentId, verdict, reasons, runs } = explanation;
  const counts = [
    [runs.stay, "stay", "stays"],
    [runs.softDelete, "would be soft-deleted"],
    [runs.purge, "would be purged"],
  ] as const;
  const told = counts.filter(([count]) => count > 0).map(([count, many, one = many]) =>
    `${plural(count, "run")} ${count === 1 ? one : many}`
  );
  const inIt = told.length === 0 || verdict !== "stays" ? [] : [`Of it ${told.join(", ")}.`];
  if (subject === "experiment" && reasons.length === 0) {
    return [
      `Experiment ${unbroken(name)}, ${unbroken(experimentId)}`,
      said.style.bold("Stays: no clean-up takes an active experiment, but runs of it."),
      ...inIt,
    ];
  }
  return [
    subject === "orphan"
      ? `Orphan ${unbroken(name)}`
      : `Deleted experiment ${unbroken(name)}, ${unbroken(experimentId)}`,
    said.style.bold(VERDICTS[verdict]),
    ...listed(verdict === "stays" ? "Kept, since" : "It goes, since", reasons.map(reasonText)),
    ...inIt,
    ...turnLines(explanation),
    ...(verdict === "stays" ? [] : stopLines(explanation, said)),
  ];
}

function runLines(explanation: RunExplanation, said: Said): readonly string[] {
  const { name, runId, experiment, experimentId, verdict, rule, reasons, drops } = explanation;
  // What goes is said to do so by its standings, which follow.
  const why = reasons.filter(({ kind }) => kind !== "not-kept");
  return [
    `Run ${unbroken(name || NO_NAME)}, ${unbroken(runId)}`,
    `in experiment ${unbroken(experiment ?? "(orphan)")}, ${unbroken(experimentId)}`,
    said.style.bold(drops.length === 0 ? VERDICTS[verdict] : "Stays, but heavy files of it go."),
    ...listed(
      verdict === "stays" ? "Kept, since" : "It goes, since",
      why.map((reason) => textOf(reason, explanation)),
    ),
    ...listed(`Of ${rule ?? "the policy"} it is not kept by`, missesOf(explanation)),
    ...listed("Heavy files that a clean-up would drop", dropsOf(explanation)),
    ...turnLines(explanation, rule !== null),
    ...(verdict === "stays" || !explanation.staysIfPinned
      ? []
      : [`It also stays once it has the tag ${PIN_TAG}.`]),
    ...(verdict === "stays" && drops.length === 0 ? [] : stopLines(explanation, said)),
  ];
}

function listed(heading: string, items: readonly string[]): readonly string[] {
  return items.length === 0
    ? []
    : [`${heading}:`, ...items.map((item) => `  ${visibleText(item)}`)];
}

/** What of the rule does not keep it: what it has nothing of, and where it ranks too low. */
function missesOf(explanation: RunExplanation): readonly string[] {
  const { lacks, standings } = explanation;
  const unlogged: readonly string[] = lacks.find(({ key }) => key === "keep_best")?.wanted ?? [];
  const ranked = standings.filter((one) =>
    !keeps(one) && !(one.kind === "keep-best" && unlogged.includes(one.metric))
  );
  return [
    ...lacks.map(lackText),
    ...ranked.map((standing) => textOf(standing, explanation)),
  ];
}

function dropsOf(explanation: RunExplanation): readonly string[] {
  const { drops, path } = explanation;
  return [
    ...drops.slice(0, MOST_DROPS).map((drop) =>
      `${drop.path.slice(path.length + 1)}: ${textOf(drop.reasons[0], explanation)}`
    ),
    ...moreLines(drops.length - MOST_DROPS, "--json"),
  ];
}

const MOST_DROPS = 10;

function lackText({ key, wanted }: Lack): string {
  const list = wanted.join(", ");
  switch (key) {
    case "keep_tags":
      return `has none of the tags ${list}`;
    case "keep_named":
      return `its name fits none of ${list}`;
    case "keep_status":
      return `its status is not ${wanted.join(" or ")}`;
    case "keep_best":
      return `never logged ${list}`;
  }
}

/** As plans say it, and besides among which runs it was ranked, and that its age counts from its start. */
function textOf(reason: ActionReason | KeepReason, explanation: RunExplanation): string {
  const { group, endTime } = explanation;
  const within = group === null ? "" : facetText("in", group);
  if (reason.kind === "keep-best") return bestText(reason, within, explanation.standings);
  const text = reasonText(reason);
  switch (reason.kind) {
    case "keep-last":
    case "keep-period":
      return text.replace("newest", (newest) => newest + within);
    case "keep-within":
    case "younger-than":
    case "ended-recently":
    case "heavy-files":
      return endTime === null ? text.replace(ENDED, "has no end time, started ") : text;
    default:
      return text;
  }
}

/** Behind the glob of heavy files, or at the beginning. */
const ENDED = /(?<=^|, )ended (?=[^,]* ago)/;

function bestText(
  best: Extract<Standing, { kind: "keep-best" }>,
  within: string,
  standings: readonly Standing[],
): string {
  const { metric, mode, over, per, rank, of, n } = best;
  const byMetric = standings.filter((one) => one.kind === "keep-best" && one.metric === metric);
  const how = byMetric.length > 1
    ? ` (${mode}, over ${over})`
    : over === "history"
    ? " at its best"
    : "";
  const place = rank === null
    ? "has no finite value"
    : `#${formatCount(rank)} of ${formatCount(of)}`;
  const facet = per === null ? "" : facetText("with", per);
  return `best of ${metric}${how}${within}${facet}: ${place}, n is ${formatCount(n)}`;
}

function facetText(
  where: "in" | "with",
  { key, value }: NonNullable<RunExplanation["group"]>,
): string {
  return value === "" ? ` without ${key}` : ` ${where} ${key} ${value}`;
}

/** The whole plan is stopped or none of it, so of many stops one is enough: that of its own experiment. */
function stopLines(
  { stops, experimentId }: Explanation,
  { style, again }: Said,
): readonly string[] {
  const isOwn = (stop: Stop) => "experiment" in stop && stop.experiment === experimentId;
  const first = stops.find(isOwn) ?? stops[0];
  if (first === undefined) return [];
  const more = stops.length === 1 ? "" : `, and for ${plural(stops.length - 1, "more reason")}`;
  const flags = flagsAgainst(stops);
  return [
    `The plan as a whole is stopped: ${visibleText(stopText(first))}${more}.`,
    ...(flags === "" ? [] : [`To allow it: ${style.bold(unbroken(again(flags)))}`]),
  ];
}

const VERDICTS: Readonly<Record<Explanation["verdict"], string>> = {
  "stays": "Stays.",
  "soft-delete": "Goes: a clean-up would soft-delete it.",
  "purge": "Goes: a clean-up would purge it.",
  "quarantine": "Goes: a clean-up would move it out of MLflow's sight.",
};

function effectOf(verdict: Explanation["verdict"]): string {
  return verdict === "stays" ? "lets it go" : "keeps it";
}

function flipText({ changes, others }: Flip, verdict: Explanation["verdict"]): string {
  const side = others === 0
    ? "no other run changes"
    : `${plural(others, "other run")} ${others === 1 ? "changes" : "change"}`;
  return `Smallest change found that ${effectOf(verdict)}: ${
    changes.map(changeText).join(", and ")
  }; ${side} sides.`;
}

function changeText(change: PolicyChange): string {
  const { rule, key, from, to } = typedChange(change);
  return visibleText(`${key} ${from} → ${to}${rule === null ? "" : ` in ${rule}`}`);
}

/** What would turn the verdict, or by what nothing does. */
function turnLines(explanation: Explanation, isRuled = false): readonly string[] {
  const { flip, verdict, goesBy, reasons, store } = explanation;
  if (flip !== null) return [flipText(flip, verdict)];
  if (isServer(store) && goesBy !== "soft-delete-run") return [purgeElsewhere()];
  const flags = AGES[goesBy];
  const isNoAge = isRuled || reasons.some(({ kind }) => kind === "no-rule");
  if (flags === undefined || isNoAge) {
    return [`No single change that was tried ${effectOf(verdict)}.`];
  }
  const why = verdict === "stays" ? ", for its age is not all that keeps it" : "";
  return [`No value of ${flags} ${effectOf(verdict)}${why}.`];
}

/** The flags for the ages by which something goes. */
const AGES: { readonly [K in ActionKind]?: string } = {
  "soft-delete-run": "--days-old or --children",
  "purge-run": "--purge-after or --undated",
  "purge-experiment": "--purge-after or --undated",
  "purge-logged-model": "--purge-after or --undated",
  "quarantine-orphan": "--settle",
};
