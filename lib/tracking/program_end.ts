/**
 * What the end of a program makes of its run: status, and the tags that tell of it.
 *
 * @module
 */

import { isUnfinished } from "../store/run_status.ts";
import type { RunStatus } from "../store/snapshot.ts";
import { hideCredentials } from "../text/credentials.ts";
import { LOGGING_LIMITS } from "./logging_rules.ts";

/** How a program ended. */
export interface ProgramEnd {
  /** As a shell reports it: 128 and the signal's number for one that a signal ended. */
  readonly exitCode: number;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: string | null;
  /** The signal by which it was told to stop before. */
  readonly stoppedBy: string | null;
}

/** Signals that have the same number everywhere, as a shell adds it to 128. */
const SHELL_SIGNALS: ReadonlyMap<number, string> = new Map([
  [129, "SIGHUP"],
  [130, "SIGINT"],
  [131, "SIGQUIT"],
  [134, "SIGABRT"],
  [137, "SIGKILL"],
  [139, "SIGSEGV"],
  [143, "SIGTERM"],
]);

/**
 * Names the signal that ended a program: the one that it died of, the one that made it give up, or the one
 * of which a program died that it is the shell of.
 *
 * @param end How it ended.
 * @returns The signal; `null` when it ended by itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(killedBy({ exitCode: 137, signal: null, stoppedBy: null }), "SIGKILL");
 * assertEquals(killedBy({ exitCode: 1, signal: null, stoppedBy: "SIGINT" }), "SIGINT");
 * assertEquals(killedBy({ exitCode: 0, signal: null, stoppedBy: "SIGTERM" }), null);
 * ```
 */
export function killedBy({ exitCode, signal, stoppedBy }: ProgramEnd): string | null {
  if (exitCode === 0) return null;
  return signal ?? SHELL_SIGNALS.get(exitCode) ?? stoppedBy;
}

/**
 * Decides the status of a program's run. What the program recorded itself stays, unless the way in which it
 * ended contradicts it: MLflow records FINISHED for whatever leaves a program at its exit, and FAILED for
 * Ctrl-C within `with mlflow.start_run()`.
 *
 * @param end How it ended.
 * @param recorded The status that the run has by then; `null` when nobody can tell.
 * @returns The status.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const end = { exitCode: 1, signal: null, stoppedBy: null };
 * assertEquals(programStatus(end, "RUNNING"), "FAILED");
 * assertEquals(programStatus(end, "FINISHED"), "FAILED");
 * assertEquals(programStatus({ ...end, exitCode: 0 }, "FAILED"), "FAILED");
 * ```
 */
export function programStatus(end: ProgramEnd, recorded: RunStatus | null): RunStatus {
  if (killedBy(end) !== null) return "KILLED";
  const own = recorded === null || isUnfinished(recorded) ? null : recorded;
  if (end.exitCode === 0) return own ?? "FINISHED";
  return own === null || own === "FINISHED" ? "FAILED" : own;
}

/** How many lines of what a program said last are kept. */
const LINES = 40;

/**
 * Gives the tags that tell why a program did not finish.
 *
 * @param end How it ended.
 * @param errors The end of what it wrote to standard error; the passwords of URIs in it are not kept.
 * @returns `mltidy.exit_code`, `mltidy.signal` and `mltidy.stderr`, as far as there is something to tell;
 *   none for exit code 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const tags = endTags({ exitCode: 1, signal: null, stoppedBy: null }, "ValueError: NaN\n");
 * assertEquals([...tags], [["mltidy.exit_code", "1"], ["mltidy.stderr", "ValueError: NaN"]]);
 * ```
 */
export function endTags(end: ProgramEnd, errors: string): ReadonlyMap<string, string> {
  if (end.exitCode === 0) return new Map();
  const signal = killedBy(end);
  const lines = lastLines(hideCredentials(errors), LINES, LOGGING_LIMITS.tag);
  return new Map([
    ["mltidy.exit_code", `${end.exitCode}`],
    ...(signal === null ? [] : [["mltidy.signal", signal] as const]),
    ...(lines === "" ? [] : [["mltidy.stderr", lines] as const]),
  ]);
}

/**
 * Tells whether a program failed since it would log elsewhere than into the run that it was handed: of all
 * that MLflow does with one, this alone makes it raise (2.22 and 3.17).
 *
 * @param errors The end of what the program wrote to standard error.
 * @param runId The run.
 * @returns What the program had set: another `experiment`, or another `store`; `null` for neither.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const errors = "mlflow.exceptions.MlflowException: Run '0123' not found\n";
 * assertEquals(setElsewhere(errors, "0123"), "store");
 * ```
 */
export function setElsewhere(errors: string, runId: string): "experiment" | "store" | null {
  if (errors.includes(`Cannot start run with ID ${runId} because active `)) return "experiment";
  return errors.includes(`Run '${runId}' not found`) ? "store" : null;
}

/** Colours, titles, links, character sets: all that begins with ESC. */
const TERMINAL_SEQUENCES =
  // deno-lint-ignore no-control-regex
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[@-Z\\-_])/g;
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f]/g;

/**
 * Takes the last lines of what a program said to a terminal: without colours, and of a line that a progress
 * bar wrote over and over only what was to be seen last.
 *
 * @param text What it said.
 * @param lines How many lines at most.
 * @param limit How many characters at most.
 * @returns The lines, the first cut where they are too long together.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lastLines("a\n 10%\r 90%\n\x1b[31mred\x1b[0m\n", 2, 100), " 90%\nred");
 * assertEquals(lastLines("one\ntwo", 9, 6), "…e\ntwo");
 * ```
 */
export function lastLines(text: string, lines: number, limit: number): string {
  const seen = text.replace(TERMINAL_SEQUENCES, "").split("\n")
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1)!.replace(CONTROLS, ""));
  while (seen.length > 0 && seen.at(-1)!.trim() === "") seen.pop();
  const last = [...seen.slice(-lines).join("\n")];
  return last.length <= limit ? last.join("") : `…${last.slice(1 - limit).join("")}`;
}
