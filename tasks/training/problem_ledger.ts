/**
 * What goes wrong while a run is logged to: counted, told once of each kind, thrown where the run is strict.
 *
 * @module
 */

import {
  type CountedProblem,
  LoggingError,
  type LogOutcome,
  type LogProblem,
  type LogProblemKind,
} from "../../lib/tracking/log_outcome.ts";

/** How to tell of problems. */
export interface ProblemLedgerOptions {
  /** Throw what was not logged. */
  readonly strict: boolean;
  /** Called with the first problem of each kind. */
  readonly warn: (message: string) => void;
}

/** The problems of one run. */
export interface ProblemLedger {
  /** Whether what was not logged is thrown. */
  readonly strict: boolean;
  /** Those so far, each with how often it came. */
  readonly problems: readonly CountedProblem[];
  /** Counts a problem. */
  count(problem: LogProblem): void;
  /**
   * Counts the problem of an outcome, if it has one, and tells of it.
   *
   * @returns The outcome.
   * @throws {LoggingError} When nothing was logged and the run is strict.
   */
  conclude(outcome: LogOutcome): LogOutcome;
}

/**
 * Opens the ledger of a run.
 *
 * @param options How to tell of problems.
 * @returns The ledger, without a problem.
 */
export function openProblemLedger({ strict, warn }: ProblemLedgerOptions): ProblemLedger {
  const counted = new Map<string, CountedProblem>();
  const told = new Set<LogProblemKind>();
  const count = (problem: LogProblem) => {
    const id = `${problem.kind} ${problem.key}`;
    counted.set(id, { ...problem, count: (counted.get(id)?.count ?? 0) + 1 });
  };
  const tellOnce = ({ kind, message }: LogProblem) => {
    if (told.has(kind)) return;
    told.add(kind);
    tell(warn, `${message} (${kind}: told once, then only counted)`);
  };
  return {
    strict,
    get problems() {
      return [...counted.values()];
    },
    count,
    conclude(outcome) {
      const { problem } = outcome;
      if (problem === null) return outcome;
      count(problem);
      tellOnce(problem);
      if (strict && outcome.outcome === "not-logged") throw new LoggingError(problem);
      return outcome;
    },
  };
}

/**
 * Tells something without ever throwing.
 *
 * @param warn Who is told.
 * @param message What.
 */
export function tell(warn: (message: string) => void, message: string): void {
  try {
    warn(message);
  } catch {
    // Training goes on even if its logger is broken.
  }
}
