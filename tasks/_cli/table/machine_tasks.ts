/**
 * The tasks around a machine that works by itself: their rows of the table.
 *
 * @module
 */

import { type Interval, INTERVALS, SCHEDULED_TASKS } from "../../../lib/policy/scheduled_task.ts";
import { type Scheduler, SCHEDULERS } from "../../../lib/schedule/schedule.ts";
import { ExitCode } from "./exit_code.ts";
import {
  backups,
  commonFlags,
  parseChoice,
  parseText,
  storeFlags,
  toggle,
  type Valued,
} from "./flags.ts";
import { config } from "./policy_flags.ts";
import { always, reading, type TaskRow } from "./task_row.ts";

/** How an interval may be typed besides. */
const DURATIONS: ReadonlyMap<string, Interval> = new Map([
  ["1d", "daily"],
  ["7d", "weekly"],
  ["1w", "weekly"],
]);

/**
 * Reads how often something runs.
 *
 * @param text What was typed.
 * @returns The interval.
 * @throws {RangeError} When it is none.
 */
export function parseInterval(text: string): Interval {
  const typed = text.toLowerCase();
  const interval = DURATIONS.get(typed) ?? INTERVALS.find((one) => one === typed);
  if (interval !== undefined) return interval;
  throw new RangeError("expected daily, weekly, monthly, or a weekday such as saturday");
}

/**
 * Reads a time of the day.
 *
 * @param text What was typed.
 * @returns `HH:MM`.
 * @throws {RangeError} When it is none.
 */
export function parseTimeOfDay(text: string): string {
  if (/^([01]?\d|2[0-3]):[0-5]\d$/.test(text)) return text.padStart(5, "0");
  throw new RangeError("expected a time of the day such as 03:30");
}

/**
 * Reads what units and files are called after.
 *
 * @param text What was typed.
 * @returns The same.
 * @throws {RangeError} When one of the schedulers would not take it.
 */
export function parseUnitName(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$/.test(text)) return text;
  throw new RangeError("expected small letters, digits and dashes, such as mltidy-vision");
}

/** Letting tasks run by themselves, and telling people what came of it. */
export const machineTasks = {
  schedule: {
    summary: "Print a timer, crontab line or job that runs a task by itself",
    usage: [
      "deno task schedule [flags] [-- FLAG…]",
      "deno task schedule:write DIR [flags] [-- FLAG…]",
    ],
    examples: [
      ["deno task schedule", "a clean-up each Sunday at 03:30, by what this machine has"],
      ["deno task schedule --for cron --every daily --at 04:00", "a line for a crontab"],
      ["deno task schedule --task verify --for github", "a workflow that looks for damage"],
      ["deno task schedule -- --days-old 90", "what stands behind -- the task is told"],
    ],
    operand: {
      name: "FLAG",
      describe: "Flags of the task that runs, such as -- --max-share 50%",
      required: false,
      isProgram: true,
      example: "deno task schedule [flags] -- --days-old 90",
    },
    flags: {
      for: {
        name: "for",
        value: SCHEDULERS.join("|"),
        describe: "What is to run it",
        default: null,
        defaultText: "systemd or cron, launchd, windows: what this machine has",
        parse: parseChoice(...SCHEDULERS),
      } satisfies Valued<Scheduler | null>,
      every: {
        name: "every",
        value: "daily|weekly|monthly|WEEKDAY",
        describe: "How often; weekly is on Sunday, monthly on the first",
        default: null,
        defaultText: "every of schedule in mltidy.yaml, else weekly",
        parse: parseInterval,
      } satisfies Valued<Interval | null>,
      at: {
        name: "at",
        value: "HH:MM",
        describe: "At which time of the day",
        default: null,
        defaultText: "at of schedule in mltidy.yaml, else 03:30",
        parse: parseTimeOfDay,
      } satisfies Valued<string | null>,
      task: {
        name: "task",
        value: "TASK",
        describe: `What runs: ${SCHEDULED_TASKS.join(", ")}`,
        default: null,
        defaultText: "task of schedule in mltidy.yaml, else cleanup:apply",
        parse: parseChoice(...SCHEDULED_TASKS),
      } satisfies Valued<typeof SCHEDULED_TASKS[number] | null>,
      name: {
        name: "name",
        value: "NAME",
        describe: "What its files are called; one name for each store",
        default: null,
        defaultText: "mltidy- and the task",
        parse: parseUnitName,
      } satisfies Valued<string | null>,
      reports: {
        name: "reports",
        value: "DIR",
        describe: "Where its reports go, in a file NAME.json",
        default: null,
        defaultText: "~/.local/state/mltidy/reports",
        parse: parseText,
      } satisfies Valued<string | null>,
      config,
      backups,
      write: {
        name: "write",
        value: "DIR",
        describe: "Write the files there",
        default: null,
        parse: parseText,
        givenBy: "command",
      } satisfies Valued<string | null>,
      ...storeFlags,
    },
    exitCodes: reading,
    permissions: "schedule only reads; schedule:write writes files into DIR.",
  },
  notify: {
    summary: "Tell by mail, Slack or webhook how a task has ended",
    usage: ["deno task notify [REPORT] [flags]"],
    examples: [
      ["deno task notify --test", "send a sample to all that mltidy.yaml names"],
      ["deno task notify report.json --dry-run", "show what would be sent"],
      [
        "deno task notify report.json --exit-code 4",
        "tell, and end with that code, as a script goes on",
      ],
    ],
    operand: {
      name: "REPORT",
      describe: "What a task saved with --report or printed with --json; - for standard input",
      required: false,
    },
    flags: {
      exitCode: {
        name: "exit-code",
        value: "N",
        describe: "The code that the task ended with, or the name of the signal that ended it",
        default: null,
        defaultText: "as the report says",
        parse: parseExitCode,
      } satisfies Valued<number | null>,
      findings: {
        name: "findings",
        value: "FILE",
        describe: "What verify printed with --json, to be told as well",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      told: {
        name: "told",
        value: "FILE",
        describe: "Also write there, as JSON, who was told and who could not be, and why",
        default: null,
        parse: parseText,
      } satisfies Valued<string | null>,
      test: toggle("test", "Send a sample, and fail where it cannot be delivered"),
      start: toggle("start", "Only tell what waits for pings that a task begins"),
      config,
      json: storeFlags.json,
      ...commonFlags,
    },
    exitCodes: [ExitCode.done, ExitCode.unexpected, ExitCode.usage],
    permissions:
      "Only reads, and talks to the hosts that mltidy.yaml names; --told writes one file.",
  },
  doctor: {
    summary: "Show what mltidy sees of this machine and this store",
    usage: ["deno task doctor [flags]"],
    examples: [
      ["deno task doctor", "look at all of it; no secret is shown, and no name of a run"],
      ["deno task doctor --json > doctor.json", "the same for a report of a fault"],
    ],
    operand: null,
    flags: { config, backups, ...storeFlags },
    exitCodes: [...always, ExitCode.findings],
    permissions: "Only reads.",
  },
  completions: {
    summary: "Write what bash, zsh or fish completes mltidy by",
    usage: ["deno task completions bash|zsh|fish"],
    examples: [
      ["deno task completions bash > ~/.mltidy.bash", "for ~/.bashrc to source"],
      ["deno task completions fish", "look at it"],
    ],
    operand: { name: "bash|zsh|fish", describe: "The shell", required: false },
    flags: {
      values: {
        name: "values",
        value: "KIND",
        describe: "What a shell asks for: ids of this kind, and what they are",
        default: null,
        parse: parseChoice("experiments", "runs", "subjects", "backups"),
        givenBy: "script",
      } satisfies Valued<"experiments" | "runs" | "subjects" | "backups" | null>,
      prefix: {
        name: "prefix",
        value: "TEXT",
        describe: "How they begin",
        default: null,
        parse: parseText,
        givenBy: "script",
      } satisfies Valued<string | null>,
      store: { ...storeFlags.store, givenBy: "script" },
      noConfig: { ...storeFlags.noConfig, givenBy: "script" },
      config: { ...config, givenBy: "script" },
      backups: { ...backups, givenBy: "script" },
      ...commonFlags,
    },
    exitCodes: always,
    permissions: "Only reads.",
  },
} satisfies Readonly<Record<string, TaskRow>>;

/** Linux's numbers of the signals that end a process. */
const SIGNALS: ReadonlyMap<string, number> = new Map([
  ...[["HUP", 1], ["INT", 2], ["QUIT", 3], ["ILL", 4], ["TRAP", 5], ["ABRT", 6]] as const,
  ...[["BUS", 7], ["FPE", 8], ["KILL", 9], ["USR1", 10], ["SEGV", 11], ["USR2", 12]] as const,
  ...[["PIPE", 13], ["ALRM", 14], ["TERM", 15], ["XCPU", 24], ["XFSZ", 25], ["SYS", 31]] as const,
]);

/**
 * Reads how a program has ended: its exit code, or the signal that ended it, as systemd names it.
 *
 * @param text What was typed.
 * @returns The code; of a signal what a shell makes of it.
 * @throws {RangeError} When it is neither.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["4", "TERM", "SIGKILL"].map(parseExitCode), [4, 143, 137]);
 * ```
 */
export function parseExitCode(text: string): number {
  const signal = SIGNALS.get(text.replace(/^SIG/, ""));
  if (signal !== undefined) return 128 + signal;
  const code = Number(text);
  if (!/^\d{1,3}$/.test(text) || code > 255) {
    throw new RangeError("expected an exit code from 0 to 255, or a signal such as TERM");
  }
  return code;
}
