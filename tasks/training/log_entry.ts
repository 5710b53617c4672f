/**
 * Logging one thing: whatever comes of it becomes an outcome.
 *
 * @module
 */

import type { RunStatus } from "../../lib/store/snapshot.ts";
import { quoteText } from "../../lib/text/quote_text.ts";
import {
  LoggingError,
  type LogOutcome,
  type LogProblem,
  type LogProblemKind,
} from "../../lib/tracking/log_outcome.ts";
import { failureText } from "../_io/read.ts";
import type { Placement, TrackedRun } from "../ports/tracking.ts";
import type { ProblemLedger } from "./problem_ledger.ts";

/** A run that is logged to. */
export interface LoggedRun {
  /** The run. */
  readonly tracked: TrackedRun;
  /** Its problems. */
  readonly ledger: ProblemLedger;
  /** The clock, epoch ms. */
  readonly now: () => number;
  /** How the run has ended; `null` while it has not. */
  readonly ended: () => RunStatus | null;
  /** Lets signals in now and then. */
  readonly turn: () => Promise<void>;
}

/** Why something is refused before it is tried. */
export type Fault = readonly [kind: LogProblemKind, reason: string];

/** Something to log. */
export interface Entry {
  /** What it is, for people. */
  readonly subject: () => string;
  /** Its key, or its path. */
  readonly key: string;
  /** Why it is not even tried. */
  readonly fault: Fault | null;
  /** Puts it into the run. */
  readonly write: () => Promise<Placement>;
  /** What is worth knowing about it once it is logged. */
  readonly note?: LogProblem | null;
  /** What kind of problem it is when `write` rejects. */
  readonly failure?: (error: unknown) => LogProblemKind;
}

/**
 * Logs something. What nobody waits for is logged all the same, so signals get their turn behind it.
 *
 * @param run The run.
 * @param entry What to log.
 * @returns What came of it.
 * @throws {LoggingError} When it was not logged and the run is strict.
 */
export async function logEntry(run: LoggedRun, entry: Entry): Promise<LogOutcome> {
  const outcome = await outcomeOf(run, entry);
  await run.turn();
  return outcome;
}

async function outcomeOf({ ledger, ended }: LoggedRun, entry: Entry): Promise<LogOutcome> {
  const { key, note = null } = entry;
  const status = ended();
  const refuse = (kind: LogProblemKind, reason: string) => {
    const outcome = notLogged(kind, key, `Cannot log ${entry.subject()}: ${reason}`);
    // Who was killed in the middle of the training has other worries.
    return ended() === "KILLED" && !ledger.strict ? outcome : ledger.conclude(outcome);
  };
  if (status !== null) return refuse("run-ended", `the run has ended ${status}`);
  if (entry.fault !== null) return refuse(...entry.fault);
  try {
    const placement = await entry.write();
    switch (placement.placed) {
      case "blocked":
        return refuse("key-collision", `${JSON.stringify(placement.by)} is in its way`);
      case "differs": {
        const { existing, wanted } = placement;
        const reason = `the first value ${quoteText(existing)} stays, not ${quoteText(wanted)}`;
        return refuse("param-conflict", reason);
      }
      case "logged":
      case "unchanged":
        return ledger.conclude({
          outcome: placement.placed,
          key,
          problem: note ?? twinNote(entry, placement.twin),
        });
    }
  } catch (error) {
    if (error instanceof LoggingError) throw error;
    return refuse(entry.failure?.(error) ?? "write-failed", failureText(error));
  }
}

/**
 * Does something that ends in outcomes. A program without types may pass anything: what cannot even be
 * looked at is a problem, too.
 *
 * @param ledger The run's problems.
 * @param subject What is logged, for people.
 * @param work Logs it.
 * @returns The outcomes.
 * @throws {LoggingError} When something was not logged and the run is strict.
 */
export async function logAll(
  ledger: ProblemLedger,
  subject: string,
  work: () => Promise<readonly LogOutcome[]>,
): Promise<readonly LogOutcome[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LoggingError) throw error;
    const message = `Cannot log ${subject}: ${failureText(error)}`;
    return [ledger.conclude(notLogged("bad-value", subject, message))];
  }
}

function notLogged(kind: LogProblemKind, key: string, message: string): LogOutcome {
  return { outcome: "not-logged", key, problem: { kind, key, message } };
}

function twinNote({ subject, key }: Entry, twin: string | null): LogProblem | null {
  const beside = twin && `beside ${JSON.stringify(twin)}: on macOS and Windows they are one`;
  return noteOf("case-collision", key, beside && `Logged ${subject()} ${beside}`);
}

/**
 * Makes the problem of something that is logged all the same.
 *
 * @param kind What it is.
 * @param key The key.
 * @param message The same for people; `null` for none.
 * @returns The problem.
 */
export function noteOf(
  kind: LogProblemKind,
  key: string,
  message: string | null,
): LogProblem | null {
  return message === null ? null : { kind, key, message };
}
