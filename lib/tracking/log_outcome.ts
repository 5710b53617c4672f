/**
 * What came of logging something: outcomes and problems, as data.
 *
 * @module
 */

import { MltidyError } from "../errors.ts";
import { plural } from "../text/units.ts";

/**
 * What can be wrong with something logged.
 *
 * | kind | what it means | what became of it |
 * | --- | --- | --- |
 * | `bad-key` | MLflow allows no such key | not logged |
 * | `bad-value` | no number, no text, or not of an allowed length | not logged |
 * | `param-conflict` | the parameter has another value already | the first value stays |
 * | `key-collision` | `a` beside `a/b`, or the file system takes two keys for one | not logged |
 * | `artifact` | a bad path, a missing file, or artifacts that lie where none can be put | not logged |
 * | `write-failed` | the operating system refused, for example because the disk is full; of `status` also: a server has not got all of it by the end, or has refused some | not logged; what a server has not got is sent later |
 * | `run-ended` | the run has ended already | not logged |
 * | `truncated` | the value is longer than MLflow allows | logged, cut |
 * | `rounded` | the step or time has a fraction | logged, without it |
 * | `case-collision` | another key differs by upper and lower case alone: on macOS and Windows they would be one | logged |
 */
export type LogProblemKind =
  | "bad-key"
  | "bad-value"
  | "param-conflict"
  | "key-collision"
  | "artifact"
  | "write-failed"
  | "run-ended"
  | "truncated"
  | "rounded"
  | "case-collision";

/** Something that went wrong while logging. */
export interface LogProblem {
  /** What it is. */
  readonly kind: LogProblemKind;
  /** The key, or the artifact's path; the run's own fields are `status` and `run_name`. */
  readonly key: string;
  /** The same for people, with what was expected and what was found. */
  readonly message: string;
}

/** A problem, and how often a run met it. */
export interface CountedProblem extends LogProblem {
  /** How often it came, of this kind for this key. */
  readonly count: number;
}

/**
 * What came of logging one thing. `logged`: it is in the store. `unchanged`: it was there with the same
 * value. `not-logged`: it is not in the store, and `problem` says why.
 */
export type LogOutcome =
  | {
    /** What came of it. */
    readonly outcome: "logged" | "unchanged";
    /** The key, or the artifact's path. */
    readonly key: string;
    /** What is worth knowing about it, such as a value that was cut; mostly `null`. */
    readonly problem: LogProblem | null;
  }
  | {
    /** What came of it. */
    readonly outcome: "not-logged";
    /** The key, or the artifact's path. */
    readonly key: string;
    /** Why. */
    readonly problem: LogProblem;
  };

/** Thrown by a run that was started with `strict: true`, for what was not logged. */
export class LoggingError extends MltidyError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "LoggingError";
  /** What was not logged, and why. */
  readonly problem: LogProblem;

  /**
   * Makes the error.
   *
   * @param problem What was not logged, and why.
   * @param options The cause.
   */
  constructor(problem: LogProblem, options?: { readonly cause?: unknown }) {
    super(problem.message, options);
    this.problem = problem;
  }
}

/**
 * Writes a run's problems in one line.
 *
 * @param problems The problems.
 * @returns Such as `3 problems: 2 param-conflict, 1 truncated`; `no problems` when there are none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   summarizeProblems([{ kind: "bad-key", key: "lr~", message: "…", count: 2 }]),
 *   "2 problems: 2 bad-key",
 * );
 * ```
 */
export function summarizeProblems(problems: readonly CountedProblem[]): string {
  const counts = new Map<LogProblemKind, number>();
  for (const { kind, count } of problems) counts.set(kind, (counts.get(kind) ?? 0) + count);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return "no problems";
  const parts = [...counts].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([kind, count]) => `${count} ${kind}`);
  return `${plural(total, "problem")}: ${parts.join(", ")}`;
}
