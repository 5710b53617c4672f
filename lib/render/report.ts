import type { Action } from "../plan/plan.ts";
import type { ActionOutcome, ApplyReport, SkipReason } from "../plan/report.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import { renderRows } from "../text/rows.ts";
import { type RenderOptions, styleOf } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, formatDuration, formatSize } from "../text/units.ts";
import { repairVerb } from "../words/repair.ts";
import { lapsedText } from "../words/reviewed.ts";
import { linkedLines, lostTimesLines } from "../words/totals.ts";
import { moreLines } from "./more.ts";

/** What to show of a report. */
export interface RenderReportOptions extends RenderOptions {
  /** The command that undoes what was done; shown when there is a backup. @default {null} */
  readonly undo?: string | null;
}

/**
 * Renders for people what an apply did: the totals, each action that was not applied with its
 * reason, where the backup lies and how to undo it all.
 *
 * @param report The report.
 * @param options How to show it, and the command to undo.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { applyPlan, lockStore, openStore, renderReport } from "mltidy";
 * import { planPrune } from "mltidy/plan";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * await using locked = await lockStore(store, { task: "prune" });
 * console.log(renderReport(await applyPlan(locked, plan)));
 * ```
 */
export function renderReport(report: ApplyReport, options: RenderReportOptions = {}): string {
  const style = styleOf(options);
  const { outcomes, backup } = report;
  const undo = options.undo ?? null;
  const linesOf = (outcome: ActionOutcome["outcome"], heading: string) =>
    outcomeLines(outcomes.filter((one) => one.outcome === outcome), heading, options);
  const lapsed = report.reviewed?.lapsed ?? [];
  const staying = outcomes.filter((one) => one.outcome === "applied" && one.stays !== undefined);
  const lines = [
    ...linesOf("failed", style.red("Failed")),
    ...linesOf("skipped", style.yellow("Skipped")),
    ...linesOf("not-run", style.yellow("Not run")),
    ...(outcomes.some(isRefused) ? [REFUSED] : []),
    ...outcomeLines(staying, style.yellow("Done, but for what stays"), options),
    ...problemLines(
      lapsed.map((one) => [one.path, lapsedText(one)]),
      style.yellow("No longer holds of the plan that was reviewed"),
      options,
    ),
    style.bold(doneText(report)),
    ...(backup === null ? [] : [`Backup ${unbroken(backup.id)}: ${unbroken(backup.path)}`]),
    ...(backup?.problem === undefined
      ? []
      : [`${style.red("Left there")}: ${visibleText(backup.problem)}`]),
    ...(backup === null || undo === null ? [] : [`To undo: ${style.bold(unbroken(undo))}`]),
    ...(backup === null ? [] : lostTimesLines(report).map(visibleText)),
    ...(report.totals.applied === 0 ? [] : linkedLines(report).map(visibleText)),
    ...(report.remains === undefined ? [] : [
      `${style.red("Not freed")}: ${
        visibleText(
          `${report.remains.path}: ${report.remains.message}; mend that, and the next task that changes the store frees it`,
        )
      }`,
    ]),
    ...(backup === null && report.totals.applied > 0
      ? ["There is no backup: mltidy cannot undo this."]
      : []),
  ];
  return foldLines(lines, options);
}

function isRefused(one: ActionOutcome): boolean {
  return one.outcome === "failed" && /permission denied|not permitted/i.test(one.message);
}

const REFUSED = "This account may not write there: once its owner lets it, type the same again.";

function doneText({ outcomes, totals, complete, startedAt, finishedAt }: ApplyReport): string {
  if (totals.applied === 0) return "Nothing was changed.";
  const applied = Map.groupBy(
    outcomes.filter((one) => one.outcome === "applied"),
    (one) => verbOf(one.kind),
  );
  const done = [...applied].map(([verb, { length }]) => `${formatCount(length)} ${verb}`);
  const time = finishedAt - startedAt;
  const duration = time < 1_000 ? "less than 1 s" : formatDuration(time);
  return `${complete ? "Done" : "Done in part"}: ${done.join(", ")}; ` +
    `${formatSize(totals.usage.bytes)} left the store, in ${duration}.`;
}

/**
 * Says what was done with the subject of an action.
 *
 * @param kind The kind of action.
 * @returns A participle, such as `purged`.
 */
export function verbOf(kind: Action["kind"]): string {
  switch (kind) {
    case "soft-delete-run":
      return "soft-deleted";
    case "drop-artifact":
      return "dropped";
    case "thin-metric":
      return "thinned";
    case "purge-run":
    case "purge-experiment":
    case "purge-logged-model":
      return "purged";
    case "quarantine-orphan":
      return "quarantined";
    case "move-run":
      return "moved";
    case "copy-in":
      return "copied";
    default:
      return repairVerb(kind);
  }
}

const SAMPLE = 20;
const INDENT = "  ";

function outcomeLines(
  outcomes: readonly ActionOutcome[],
  heading: string,
  options: RenderReportOptions,
): string[] {
  return problemLines(outcomes.map((one) => [one.path, outcomeText(one)]), heading, options);
}

function problemLines(
  found: readonly (readonly [path: string, why: string])[],
  heading: string,
  { width = Infinity }: RenderReportOptions,
): string[] {
  if (found.length === 0) return [];
  const rows = renderRows(
    [{ align: "left" }, { align: "left", prose: true }],
    found.slice(0, SAMPLE),
    width - INDENT.length,
  );
  return [
    `${heading}: ${formatCount(found.length)}`,
    ...[...rows.flat(), ...moreLines(found.length - rows.length, "--json")]
      .map((line) => `${INDENT}${line}`),
  ];
}

function outcomeText(outcome: ActionOutcome): string {
  switch (outcome.outcome) {
    case "applied":
      return outcome.stays ?? verbOf(outcome.kind);
    case "failed":
      return outcome.message;
    case "skipped":
      return skipText(outcome.because);
    case "not-run":
      return outcome.because;
  }
}

/**
 * Says why an action was not carried out.
 *
 * @param because Why.
 * @returns A clause about its subject.
 */
export function skipText(because: SkipReason): string {
  switch (because) {
    case "changed-since-plan":
      return "changed since the plan was made";
    case "gone":
      return "no longer there";
    case "symbolic-link":
      return "behind a symbolic link";
    case "not-supported":
      return "this kind of store cannot do that";
  }
}
