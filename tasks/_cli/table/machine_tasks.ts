/**
 * The tasks around a machine that works by itself: their rows of the table.
 *
 * @module
 */

import { ExitCode } from "./exit_code.ts";
import { backups, commonFlags, parseText, storeFlags, toggle, type Valued } from "./flags.ts";
import { config } from "./policy_flags.ts";
import { always, type TaskRow } from "./task_row.ts";

/** Telling people what came of a task that nobody watched. */
export const machineTasks = {
  notify: {
    summary: "Tell by mail, Slack or webhook how a task has ended, as notify: of mltidy.yaml says",
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
      test: toggle("test", "Send a sample, and fail where it cannot be delivered"),
      start: toggle("start", "Only tell what waits for pings that a task begins"),
      config,
      json: storeFlags.json,
      ...commonFlags,
    },
    exitCodes: [ExitCode.done, ExitCode.unexpected, ExitCode.usage],
    permissions: "Only reads, and talks to the hosts that mltidy.yaml names.",
  },
  doctor: {
    summary: "Show what mltidy sees of this machine and store, for reports of faults",
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
