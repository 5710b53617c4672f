/**
 * What is said of how a task has ended, and whether anybody wants to know: the same for every channel.
 *
 * @module
 */

import type { ActionOutcome } from "../plan/report.ts";
import type { Stop } from "../plan/plan.ts";
import type { NotifyConfig, NotifyEvent } from "../policy/notify_rows.ts";
import { skipText, verbOf } from "../render/report.ts";
import { hideCredentials } from "../text/credentials.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, formatDuration, formatSize, formatTime, plural } from "../text/units.ts";
import { stopText } from "../words/stop.ts";
import type { RunCount, Told } from "./told.ts";

/** How a task has ended, in one word. */
export type Mood = "good" | "attention" | "bad";

/** What is said, without any markup. No text has a control character. */
export interface Message {
  /** One line. */
  readonly title: string;
  /** Whether somebody should look. */
  readonly mood: Mood;
  /** What is worth knowing, as a name and a value. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** What was not done, what was found and why the task failed; a line each, never more than {@linkcode MOST_LINES}. */
  readonly lines: readonly string[];
  /** The command that undoes it; `null` where there is none. */
  readonly undo: string | null;
  /** Where the saved report can be seen; `null` where that is not said. */
  readonly link: string | null;
}

/** How many lines a message has at most. */
export const MOST_LINES = 20;

/** How to speak. */
export interface MessageOptions extends Pick<NotifyConfig, "names" | "link"> {
  /** What an exit code means. */
  readonly meaning: (exitCode: number) => string | null;
  /** Where the report lies on the machine of the task, told where no link leads to it; `null` where it lies nowhere. */
  readonly report: string | null;
  /** The command that undoes what a backup holds, where the report names none. */
  readonly undo: (backup: string, store: string) => string;
}

/** The codes with which a task ends that did its work, found something, or let another one work. */
const [DONE, FINDINGS, PARTLY, LOCKED] = [0, 3, 4, 11];

/**
 * Tells what came of a task that somebody may want to know. What another one kept waiting is no failure: that one
 * tells of itself.
 *
 * @param told What is known of the task.
 * @returns What came of it; `always` is not among it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { NOTHING_TOLD } from "./told.ts";
 *
 * assertEquals(eventsOf({ ...NOTHING_TOLD, exitCode: 0, pending: 3 }), ["changes"]);
 * assertEquals(eventsOf({ ...NOTHING_TOLD, exitCode: 11 }), []);
 * ```
 */
export function eventsOf(told: Told): readonly Exclude<NotifyEvent, "always">[] {
  const { outcomes, pending, restored, findings } = told;
  const isChanged = outcomes.some(({ outcome }) => outcome === "applied") || pending > 0 ||
    restored > 0;
  const isFound = findings?.some(({ severity }) => severity === "error") === true ||
    told.exitCode === FINDINGS && pending === 0 && !told.isOfProgram;
  return [
    ...(isChanged ? ["changes" as const] : []),
    ...(isFailure(told) ? ["failure" as const] : []),
    ...(isFound ? ["findings" as const] : []),
  ];
}

function isFailure({ exitCode, isOfProgram, complete, error, unread }: Told): boolean {
  if (exitCode === LOCKED && !isOfProgram) return false;
  const isGood = [null, DONE, ...(isOfProgram ? [] : [FINDINGS])].includes(exitCode);
  // Where a task has ended as it should and yet left no report, nobody knows what it did.
  return !isGood || !complete || error !== null || unread !== null;
}

/**
 * Puts a message together.
 *
 * @param told What is known of how a task has ended.
 * @param options How to speak.
 * @returns The message.
 */
export function messageOf(told: Told, options: MessageOptions): Message {
  const { store, backup, undo } = told;
  const command = undo ??
    (backup === null || store === null ? null : options.undo(backup.id, store));
  const lines = linesOf(told, options).map(shown);
  const rest = lines.length - MOST_LINES + 1;
  return {
    title: shown(titleOf(told)),
    mood: moodOf(told),
    facts: factsOf(told, options).map(([name, value]) => [name, shown(value)]),
    lines: lines.length <= MOST_LINES
      ? lines
      : [...lines.slice(0, -rest), `… and ${formatCount(rest)} more`],
    undo: command === null ? null : shown(command),
    link: options.link,
  };
}

/** What goes to other machines: its last gate. */
function shown(text: string): string {
  return visibleText(hideCredentials(text));
}

function moodOf(told: Told): Mood {
  const events = eventsOf(told);
  if (events.includes("failure")) return "bad";
  return events.includes("findings") ? "attention" : "good";
}

function titleOf(told: Told): string {
  const { task, exitCode, pending, restored, findings, error, unread } = told;
  const who = task === null ? "mltidy" : `mltidy ${task}`;
  if (exitCode === LOCKED && !told.isOfProgram) {
    return `${who}: the store was locked, nothing was done`;
  }
  const done = doneText(told);
  const isPartly = exitCode === PARTLY || !told.complete;
  if (isPartly && done !== "") return `${who}: done in part, ${done}`;
  if (isFailure(told)) {
    const code = exitCode === null ? "" : ` with exit code ${exitCode}`;
    return error === null && exitCode === DONE && unread !== null
      ? `${who}: done, but ${unread}`
      : `${who} failed${code}`;
  }
  if (told.isOfProgram) return `${who}: the program ended as it should`;
  if (done !== "") return `${who}: ${done}`;
  if (restored > 0) return `${who}: ${plural(restored, "change")} undone`;
  if (pending > 0) return `${who}: ${plural(pending, "change")} pending`;
  if (findings !== null && findings.length > 0) return `${who}: ${countText(findings)}`;
  if (exitCode === FINDINGS) return `${who}: findings`;
  return findings === null ? `${who}: nothing to do` : `${who}: nothing found`;
}

function doneText({ outcomes }: Told): string {
  const applied = outcomes.filter(({ outcome }) => outcome === "applied");
  return [...Map.groupBy(applied, ({ kind }) => verbOf(kind))]
    .map(([verb, { length }]) => `${formatCount(length)} ${verb}`).join(", ");
}

function countText(findings: NonNullable<Told["findings"]>): string {
  const bySeverity = Map.groupBy(findings, ({ severity }) => severity);
  return ["error", "warning", "info"].flatMap((severity) => {
    const count = bySeverity.get(severity)?.length ?? 0;
    return count === 0 ? [] : [plural(count, severity, severity === "info" ? "infos" : undefined)];
  }).join(", ");
}

function factsOf(told: Told, { meaning, link, report }: MessageOptions): Message["facts"] {
  const { task, store, startedAt, finishedAt, exitCode, runs, pending, findings } = told;
  const done = doneText(told);
  const count = (wanted: ActionOutcome["outcome"]) =>
    formatCount(told.outcomes.filter(({ outcome }) => outcome === wanted).length);
  const facts: (readonly [string, string | null])[] = [
    ["Store", store],
    ["Task", task],
    ["Ended", finishedAt === null ? null : endedText(startedAt, finishedAt)],
    [
      "Exit code",
      exitCode === null ? null : codeText(exitCode, told.isOfProgram ? null : meaning(exitCode)),
    ],
    ["Done", done === "" ? null : done],
    ["Runs", runs === null ? null : runsText(runs)],
    ["Freed", freedText(told)],
    ["Later", laterText(told)],
    ["Pending", pending === 0 ? null : plural(pending, "change")],
    ["Failed", count("failed")],
    ["Skipped", count("skipped")],
    ["Not run", count("not-run")],
    ["Findings", findings === null ? null : countText(findings) || "none"],
    ["Report", link === null ? report : null],
  ];
  return facts.flatMap(([name, value]) => value === null || value === "0" ? [] : [[name, value]]);
}

function endedText(startedAt: number | null, finishedAt: number): string {
  const took = startedAt === null ? 0 : finishedAt - startedAt;
  return took < 1_000
    ? formatTime(finishedAt)
    : `${formatTime(finishedAt)}, after ${formatDuration(took)}`;
}

function codeText(exitCode: number, meaning: string | null): string | null {
  if (exitCode === DONE) return null;
  return meaning === null ? `${exitCode}` : `${exitCode}: ${meaning}`;
}

function runsText(
  { before, after }: { readonly before: RunCount; readonly after: RunCount },
): string {
  const change = (from: number, to: number) =>
    from === to ? formatCount(from) : `${formatCount(from)} → ${formatCount(to)}`;
  return `${change(before.active, after.active)} active, ${
    change(before.deleted, after.deleted)
  } soft-deleted`;
}

/** What lies in a backup is free only when that goes. */
function freedText({ bytes, backup }: Told): string | null {
  if (bytes === null || bytes === 0) return null;
  return backup === null
    ? `${formatSize(bytes)}, for good`
    : `${formatSize(bytes)} left the store; free once backup ${backup.id} is removed`;
}

function laterText({ later }: Told): string | null {
  return later === null || later === 0
    ? null
    : `${formatSize(later)} leave the store once what is soft-deleted is purged`;
}

function linesOf(told: Told, { names, meaning }: MessageOptions): readonly string[] {
  const { error, exitCode, unread, stops, outcomes, findings, backup } = told;
  const failed = outcomes.filter(({ outcome }) => outcome !== "applied");
  return [
    ...(unread === null ? [] : [`No details: ${unread}`]),
    ...(error === null
      ? []
      : errorLines(error, names, exitCode === null ? null : meaning(exitCode))),
    ...stops.map((stop) => `Stopped: ${stopText(names ? stop : unnamed(stop))}`),
    ...(backup?.problem === undefined
      ? []
      : [`Left in the backup: ${names ? backup.problem : backup.id}`]),
    ...(names ? failed.map(outcomeText) : tally(failed.map(outcomeWords))),
    ...(names
      ? findings?.map(({ severity, rule, path, message }) =>
        `${severity} ${rule}: ${path}: ${message}`
      ) ?? []
      : tally(findings?.map(({ severity, rule }) => `${severity} ${rule}`) ?? [])),
  ];
}

/** What these say is of the store as a whole, and names no run and no experiment. */
const OF_STORE = new Set([
  ...["StoreNotFoundError", "StoreAccessError", "StoreLockedError", "UnsupportedStoreError"],
  ...["DiskFullError", "ConfigError"],
]);

function errorLines(
  { name, message }: NonNullable<Told["error"]>,
  names: boolean,
  meaning: string | null,
): readonly string[] {
  if (names || OF_STORE.has(name)) return message.split("\n");
  return [meaning ?? name];
}

function unnamed(stop: Stop): Stop {
  return {
    ...stop,
    ...("name" in stop ? { name: "…" } : {}),
    ...("group" in stop && stop.group !== null ? { group: "…" } : {}),
  };
}

function outcomeText(one: ActionOutcome): string {
  switch (one.outcome) {
    case "failed":
      return `Failed: ${one.kind} of ${one.path}: ${one.message}`;
    case "skipped":
      return `Skipped: ${one.kind} of ${one.path}: ${skipText(one.because)}`;
    default:
      return `Not run: ${one.kind} of ${one.path}`;
  }
}

/** The same without what may name something. */
function outcomeWords(one: ActionOutcome): string {
  switch (one.outcome) {
    case "failed":
      return `Failed: ${one.kind}${causeOf(one.message)}`;
    case "skipped":
      return `Skipped: ${one.kind}: ${skipText(one.because)}`;
    default:
      return `Not run: ${one.kind}`;
  }
}

/** What the operating system says of a failure names nothing. */
function causeOf(message: string): string {
  const [cause] =
    /\b(permission denied|operation not permitted|no space left on device|disk quota exceeded|read-only file system|input\/output error|no such file or directory|directory not empty|file exists|device or resource busy|too many open files)\b/i
      .exec(message) ?? [];
  return cause === undefined ? "" : `: ${cause}`;
}

/** The same words once, with how often they were said, the most frequent first. */
function tally(lines: readonly string[]): readonly string[] {
  return [...Map.groupBy(lines, (line) => line)]
    .toSorted(([, left], [, right]) => right.length - left.length)
    .map(([line, { length }]) => length === 1 ? line : `${line} (${formatCount(length)} times)`);
}
