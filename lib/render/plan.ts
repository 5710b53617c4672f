import { ACTION_KINDS } from "../plan/action_kind.ts";
import type { Action, Kept, Plan } from "../plan/plan.ts";
import { experimentPathOf } from "../store/path.ts";
import { isServer } from "../store/store_uri.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import { type Column, renderRows } from "../text/rows.ts";
import { type RenderOptions, type Style, styleOf } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, formatSize, plural } from "../text/units.ts";
import { groupKept, type KeptForReason, NO_NAME, nounOf, oldestFirst } from "../words/groups.ts";
import { repairHeading } from "../words/repair.ts";
import {
  budgetLines,
  emptyPolicyLines,
  isWithoutRules,
  noteLines,
  totalsText,
} from "../words/totals.ts";
import { mergeLines, thingText } from "../words/merge.ts";
import { moveLines } from "../words/move.ts";
import { majorityLines } from "../words/majority.ts";
import { reviewedLines } from "../words/reviewed.ts";
import { selectionLines } from "../words/selection.ts";
import { stopText } from "../words/stop.ts";
import { type CommandOptions, flagsAgainst, reasonWithCommand, serverLines } from "./commands.ts";
import { type AgainOptions, againWith, moreLines, settleLines, undatedLines } from "./more.ts";

/** What to show of a plan. */
export interface RenderPlanOptions extends RenderOptions, AgainOptions {
  /** Every action, and every reason for what is kept, instead of samples. @default {false} */
  readonly all?: boolean;
  /** The command that carries the plan out. @default {null} */
  readonly next?: string | null;
}

const SAMPLE_OF_GROUP = 3;
const SAMPLE_OF_KIND = 10;

/**
 * Renders a plan for people: what would change, what is kept and why, and the totals. Long lists are
 * sampled, the biggest group first and in it the oldest.
 *
 * @param plan The plan.
 * @param options What to show, and how.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { openStore, renderPlan } from "mltidy";
 * import { planPrune } from "mltidy/plan";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * console.log(renderPlan(plan, { next: "deno task prune:apply" }));
 * ```
 */
export function renderPlan(plan: Plan, options: RenderPlanOptions = {}): string {
  const [style, next] = [styleOf(options), options.next ?? null];
  const empty = emptyPolicyLines(plan);
  // What the policy says of itself tells more.
  const isUnsaid = isWithoutRules(plan) && empty.length === 0;
  const closing = plan.actions.length === 0
    ? [style.bold(isUnsaid ? "Nothing to do: no rule is given." : "Nothing to do.")]
    : [
      style.bold(totalsText(plan)),
      ...(next === null || plan.stops ? [] : [`To carry it out: ${style.bold(unbroken(next))}`]),
    ];
  const most = options.all ? Infinity : SAMPLE_OF_KIND;
  const byKind = Map.groupBy(plan.actions, ({ kind }) => kind);
  closing.push(
    ...(isServer(plan.store) ? serverLines(plan) : undatedLines(plan, options)),
    ...settleLines(plan, options),
    ...empty,
    ...budgetLines(plan).map(visibleText),
    ...stopLines(plan, most, options),
  );
  const more = (count: number) => moreLines(count, "--all");
  const unusual = (lines: readonly string[]) => lines.map((line) => style.bold(visibleText(line)));
  const sections = [
    unusual(
      reviewedLines(plan, most, more, (reason) => reasonWithCommand(reason, options.command)),
    ),
    unusual([...selectionLines(plan), ...moveLines(plan), ...mergeLines(plan)]),
    unusual(majorityLines(plan, most, more)),
    ...ACTION_KINDS.map((kind) => renderKind(kind, byKind.get(kind) ?? [], plan, options)),
    renderKept(plan, options),
    noteLines(plan).map(visibleText),
    closing,
  ];
  return sections.filter((lines) => lines.length > 0)
    .map((lines) => foldLines(lines, options)).join("\n");
}

function stopLines({ task, stops }: Plan, most: number, options: RenderPlanOptions): string[] {
  if (stops === undefined) return [];
  const style = styleOf(options);
  const flags = flagsAgainst(stops);
  return [
    style.red("This plan cannot be applied:"),
    ...[...stops.slice(0, most).map(stopText), ...moreLines(stops.length - most, "--all")]
      .map((line) => `  ${visibleText(line)}`),
    ...(flags === "" ? [] : [`To allow it: ${style.bold(againWith(flags, task, options))}`]),
  ];
}

function headingOf(kind: Action["kind"], count: number): string {
  switch (kind) {
    case "soft-delete-run":
      return `Soft-delete ${plural(count, "run")}: still in the store, and MLflow can restore them`;
    case "drop-artifact":
      return `Drop ${plural(count, "heavy file")} of runs that stay: out of the store`;
    case "thin-metric":
      return `Thin ${plural(count, "metric")} of runs that stay: some points go`;
    case "purge-run":
      return `Purge ${plural(count, "soft-deleted run")}: out of the store`;
    case "purge-experiment":
      return `Purge ${plural(count, "deleted experiment")} with all runs: out of the store`;
    case "purge-logged-model":
      return `Purge ${
        plural(count, "logged model")
      }, deleted or left without a run: out of the store`;
    case "quarantine-orphan":
      return `Quarantine ${plural(count, "orphan")}: out of MLflow's sight`;
    case "move-run":
      return `Move ${plural(count, "run")} into another experiment: nothing leaves the store`;
    case "copy-in":
      return `Copy ${
        plural(count, "thing")
      } of another store into this one: that one stays as it is`;
    default:
      return repairHeading(kind, count);
  }
}

function signOf(kind: Action["kind"], style: Style): string {
  switch (kind) {
    case "drop-artifact":
    case "purge-run":
    case "purge-experiment":
    case "purge-logged-model":
    case "purge-dangling-rows":
      return style.red("-");
    case "quarantine-orphan":
    case "quarantine-stray":
    case "move-run":
      return style.yellow(">");
    case "write-meta":
    case "create-experiment":
    case "create-dirs":
    case "copy-in":
      return style.green("+");
    default:
      return style.yellow("~");
  }
}

function renderKind(
  kind: Action["kind"],
  actions: readonly Action[],
  plan: Plan,
  options: RenderPlanOptions,
): string[] {
  if (actions.length === 0) return [];
  const style = styleOf(options);
  const heading = `${signOf(kind, style)} ${style.bold(headingOf(kind, actions.length))}`;
  if (kind === "write-meta" || kind === "create-experiment") {
    return [heading, ...renderRecords(actions, options)];
  }
  return BY_EXPERIMENT.has(kind)
    ? [heading, ...renderByExperiment(actions, plan, options)]
    : [heading, ...renderSample(actions, SAMPLE_OF_KIND, "  ", options)];
}

const BY_EXPERIMENT: ReadonlySet<Action["kind"]> = new Set([
  "soft-delete-run",
  "drop-artifact",
  "thin-metric",
  "purge-run",
  "purge-logged-model",
  "move-run",
]);

function renderByExperiment(
  actions: readonly Action[],
  plan: Plan,
  options: RenderPlanOptions,
): string[] {
  const groups = [...Map.groupBy(actions, ({ path }) => experimentPathOf(path))]
    .toSorted(([, left], [, right]) => right.length - left.length);
  const shown = options.all ? groups : groups.slice(0, SAMPLE_OF_KIND);
  const hidden = groups.slice(shown.length);
  const lines = shown.flatMap(([path, group]) => [
    visibleText(`  ${experimentText(path, plan)}: ${countText(group)}`),
    ...renderSample(group, SAMPLE_OF_GROUP, "    ", options),
  ]);
  const hiddenRuns = hidden.reduce((sum, [, group]) => sum + group.length, 0);
  const places = ` in ${plural(hidden.length, "other experiment")}`;
  return [...lines, ...moreOf(hiddenRuns, places, "  ", options)];
}

/** How many there are, and of runs by which rules of a policy. */
function countText(group: readonly Action[]): string {
  const rules = group.flatMap(({ reasons }) =>
    reasons.flatMap((reason) => reason.kind === "not-kept" ? [reason.rule] : [])
  );
  const byRule = [...Map.groupBy(rules, (rule) => rule)]
    .toSorted(([, left], [, right]) => right.length - left.length)
    .map(([rule, { length }]) =>
      length === group.length ? rule : `${rule} (${formatCount(length)})`
    );
  const count = plural(group.length, nounOf(group[0]?.kind));
  return byRule.length === 0 ? count : `${count} by ${byRule.join(", ")}`;
}

function experimentText(path: string, { experiments }: Plan): string {
  const name = experiments[path];
  return name === undefined ? `experiment ${path}` : `${name} (${path})`;
}

/** A name, an id or path, and why. */
const COLUMNS: readonly Column[] = [
  { align: "left" },
  { align: "left" },
  { align: "left", prose: true },
];

function renderSample(
  actions: readonly Action[],
  size: number,
  indent: string,
  options: RenderPlanOptions,
): string[] {
  const style = styleOf(options);
  const ordered = oldestFirst(actions);
  const shown = options.all ? ordered : ordered.slice(0, size);
  const rows = renderRows(
    COLUMNS,
    shown.map((action) => cellsOfAction(action, options)),
    widthAfter(`${indent}~ `, options),
  );
  return [
    ...shown.flatMap(({ kind }, index) =>
      (rows[index] ?? []).map((line, place) =>
        `${indent}${place === 0 ? signOf(kind, style) : " "} ${line}`
      )
    ),
    ...moreOf(actions.length - shown.length, "", indent, options),
  ];
}

/** A record is put together from many pieces of evidence: one a line. */
function renderRecords(actions: readonly Action[], options: RenderPlanOptions): string[] {
  const style = styleOf(options);
  const shown = options.all ? actions : actions.slice(0, SAMPLE_OF_GROUP);
  return [
    ...shown.flatMap(({ kind, name, path, reasons }) => [
      `  ${signOf(kind, style)} ${unbroken(name || NO_NAME)}  ${unbroken(path)}`,
      ...reasons.map((reason) =>
        `      ${visibleText(reasonWithCommand(reason, options.command))}`
      ),
    ]),
    ...moreOf(actions.length - shown.length, "", "  ", options),
  ];
}

function cellsOfAction(action: Action, { command }: CommandOptions): readonly string[] {
  const reasons = action.reasons.map((one) => reasonWithCommand(one, command)).join("; ");
  const words = action.usage.bytes === 0
    ? reasons
    : `${reasons}, ${formatSize(action.usage.bytes)}`;
  const name = action.name || NO_NAME;
  switch (action.kind) {
    case "soft-delete-run":
    case "purge-run":
    case "move-run":
      return [name, action.runId, words];
    case "copy-in":
      return [name, `${thingText(action.what)} ${action.id}`, words];
    case "purge-experiment":
      return [name, action.experimentId, words];
    case "purge-logged-model":
      return [name, action.modelId, words];
    case "quarantine-orphan":
    case "quarantine-stray":
      return ["", action.path, words];
    default:
      // What has no name but its id is named once.
      return [isNamedByPath(action) ? "" : name, action.path, words];
  }
}

function isNamedByPath({ name, path }: Action): boolean {
  return name !== "" && (path === name || path.endsWith(`/${name}`));
}

function renderKept({ task, kept }: Plan, options: RenderPlanOptions): string[] {
  // Of a move each run was asked for.
  const isAsked = task === "move";
  return groupKept(kept).flatMap(({ kind, count, byReason }) => {
    const isDamage = kind === "damage";
    const heading = isDamage ? "Left to you" : `Keep ${count}`;
    const summed = byReason.map(({ words, kept: { length } }) =>
      isDamage || byReason.length > 1 ? `${formatCount(length)} ${words}` : words
    );
    return [
      visibleText(`${heading}: ${summed.join(" · ")}`),
      ...byReason.flatMap((group) =>
        renderKeptSample({ ...group, isNoteworthy: isAsked || group.isNoteworthy }, options)
      ),
    ];
  });
}

function renderKeptSample(
  { words, isNoteworthy, kept }: KeptForReason,
  options: RenderPlanOptions,
): string[] {
  if (!isNoteworthy && !options.all) return [];
  const [first, ...others] = kept;
  const [reason] = first?.reasons ?? [];
  // One command mends it with all others of its group.
  const isAlike = ({ reasons: [other] }: Kept) =>
    reason?.kind === "needs-choice" && other.kind === "needs-choice" && other.from === reason.from;
  if (
    reason?.kind === "needs-choice" && reason.by === "relocation" && others.length > 0 &&
    others.every(isAlike)
  ) {
    const choice = reasonWithCommand({ ...reason, message: "" }, options.command);
    const line = `  ${first!.path} and ${formatCount(others.length)} more${choice}`;
    if (!options.all) return [visibleText(line)];
  }
  const shown = options.all ? kept : kept.slice(0, SAMPLE_OF_GROUP);
  const rows = renderRows(
    COLUMNS,
    shown.map((one) => cellsOfKept(one, options)),
    widthAfter("  ", options),
  );
  return [
    ...rows.flat().map((line) => `  ${line}`),
    ...moreOf(kept.length - shown.length, ` ${words}`, "  ", options),
  ];
}

function cellsOfKept(
  { kind, name, path, reasons }: Kept,
  { command }: CommandOptions,
): readonly string[] {
  // What could not be read is the subject, lies in it, or is another one, which the reason names itself.
  const unread = reasons.find((reason) => reason.kind === "unreadable")?.path ?? path;
  const place = unread.startsWith(`${path}/`) ? unread : path;
  const words = reasons.map((one) => reasonWithCommand(one, command)).join("; ");
  switch (kind) {
    case "run":
    case "logged-model":
    case "experiment":
    case "trace":
    case "registered-model":
      return [name || NO_NAME, place, words];
    case "damaged-run":
    case "orphan":
    case "damage":
      return ["", place, words];
  }
}

function widthAfter(indent: string, { width = Infinity }: RenderPlanOptions): number {
  return width - indent.length;
}

function moreOf(
  count: number,
  of: string,
  indent: string,
  options: RenderPlanOptions,
): readonly string[] {
  return moreLines(count, "--all", of).map((line) => `${indent}${styleOf(options).dim(line)}`);
}
