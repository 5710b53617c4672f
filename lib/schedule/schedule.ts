/**
 * The nouns of a schedule: what runs by itself, when, and what has to be installed for that. All are JSON
 * values.
 *
 * @module
 */

import type { Interval, ScheduledTask } from "../policy/scheduled_task.ts";

/** What can run a task by itself. */
export const SCHEDULERS = [
  "systemd",
  "cron",
  "launchd",
  "windows",
  "kubernetes",
  "github",
] as const;

/** One of them. */
export type Scheduler = typeof SCHEDULERS[number];

/** A program, as it is started. */
export interface ScheduledCommand {
  /** Absolute path of Deno. */
  readonly program: string;
  /** What it is told. */
  readonly words: readonly string[];
  /** Absolute path of the clone, in which it is started. */
  readonly directory: string;
  /** Variables that it needs, none of them secret. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What runs by itself, and when. */
export interface Schedule {
  /** What units and files are called after: letters, digits and dashes. */
  readonly name: string;
  /** The task, as it is typed. */
  readonly task: ScheduledTask;
  /** How often. */
  readonly every: Interval;
  /** At which time of the day, `HH:MM`. */
  readonly at: string;
  /** The zone of that time, such as `Asia/Seoul`. */
  readonly timeZone: string;
  /** The store's location. */
  readonly store: string;
  /** What is started. */
  readonly command: ScheduledCommand;
  /** What is started afterwards, to tell of it; `null` where nobody is told. */
  readonly telling: ScheduledCommand | null;
  /** Absolute paths of directories that it writes into; the last is that of the report. */
  readonly writes: readonly string[];
  /** Absolute path of its report. */
  readonly report: string;
  /** Absolute path of its configuration; `null` where there is none. */
  readonly config: string | null;
  /** Where the files are to go; `null`: where what runs it looks for them. */
  readonly into: string | null;
  /** Absolute path of the directory of configurations: `~/.config`, or `/etc`. */
  readonly settings: string;
  /** Absolute path of the home directory. */
  readonly home: string;
  /** Whether the root account asks, whose units are those of the system. */
  readonly isSystem: boolean;
  /** The variables that hold secrets, such as the password of a mail server. */
  readonly secrets: readonly string[];
  /** Versions of mltidy and Deno. */
  readonly versions: { readonly mltidy: string; readonly deno: string };
}

/** One file to install. */
export interface ScheduleFile {
  /** Its name. */
  readonly name: string;
  /** What it holds. */
  readonly text: string;
}

/** Something to type. */
export interface ScheduleStep {
  /** The command. */
  readonly command: string;
  /** What it does. */
  readonly does: string;
}

/** What has to be installed so that a task runs by itself. */
export interface PreparedSchedule {
  /** Where the files go; relative to the repository that has them for `github`. */
  readonly directory: string;
  /** The files. */
  readonly files: readonly ScheduleFile[];
  /** What to type once they are there, in order. */
  readonly steps: readonly ScheduleStep[];
  /** What to type to see that it works. */
  readonly checks: readonly ScheduleStep[];
  /** What else there is to know. */
  readonly notes: readonly string[];
}

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/**
 * Tells on which day of the week something runs.
 *
 * @param every How often.
 * @returns 0 to 6 from Sunday; `null` where it is not once a week.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([weekdayOf("weekly"), weekdayOf("friday"), weekdayOf("daily")], [0, 5, null]);
 * ```
 */
export function weekdayOf(every: Interval): number | null {
  if (every === "daily" || every === "monthly") return null;
  return every === "weekly" ? 0 : DAYS.indexOf(every);
}

/**
 * Names the day of the week in English.
 *
 * @param weekday 0 to 6 from Sunday.
 * @returns Such as `Sunday`.
 */
export function dayName(weekday: number): string {
  const name = DAYS[weekday] ?? "";
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/**
 * Says when something runs.
 *
 * @param schedule How often and when.
 * @returns Such as `every Sunday at 03:30`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(whenText({ every: "monthly", at: "03:30" }), "on the first of a month at 03:30");
 * ```
 */
export function whenText({ every, at }: Pick<Schedule, "every" | "at">): string {
  const weekday = weekdayOf(every);
  const day = weekday === null
    ? every === "daily" ? "every day" : "on the first of a month"
    : `every ${dayName(weekday)}`;
  return `${day} at ${at}`;
}

/**
 * Splits a time of the day.
 *
 * @param at `HH:MM`.
 * @returns Hour and minute.
 */
export function timeOf(at: string): { readonly hour: number; readonly minute: number } {
  const [hour = 0, minute = 0] = at.split(":").map(Number);
  return { hour, minute };
}

/**
 * Gives the five fields of cron, which Kubernetes and GitHub take, too.
 *
 * @param schedule How often and when.
 * @returns Such as `30 3 * * 0`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(cronFields({ every: "monthly", at: "03:30" }), "30 3 1 * *");
 * ```
 */
export function cronFields({ every, at }: Pick<Schedule, "every" | "at">): string {
  const { hour, minute } = timeOf(at);
  const day = every === "monthly" ? 1 : "*";
  return `${minute} ${hour} ${day} * ${weekdayOf(every) ?? "*"}`;
}

/**
 * Says what made a file, so that it can be made again: the first line of each.
 *
 * @param schedule What the file is for.
 * @returns A sentence.
 */
export function madeBy(
  { task, versions }: Pick<Schedule, "task" | "versions">,
): string {
  return `${MADE_BY} ${versions.mltidy} for ${task} with deno ${versions.deno}: make it again rather than edit it.`;
}

/** How the first line begins of what may be written over. */
export const MADE_BY = "Made by mltidy";
