/**
 * How a task ended, for scripts: these numbers are part of the interface and never change meaning.
 *
 * @module
 */

import {
  ConfigError,
  DamagedBackupError,
  firstThrown,
  InvalidArgumentError,
  PlanError,
  RestoreCollisionError,
  StoreAccessError,
  StoreLockedError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";
import { UsageError } from "./usage_error.ts";

/** Exit codes by what they stand for. Codes that are not listed mean an unexpected failure. */
export const ExitCode = {
  done: 0,
  unexpected: 1,
  usage: 2,
  findings: 3,
  partlyApplied: 4,
  storeNotFound: 10,
  storeLocked: 11,
  unsupportedStore: 12,
  planDoesNotFit: 13,
  interrupted: 130,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** What each exit code tells, in the words of `--help` and the README. */
export const exitMeaning: Readonly<Record<ExitCode, string>> = {
  0: "Done, or nothing to do",
  1: "Unexpected failure, or no space left on the disk",
  2: "Wrong usage",
  3: "Findings, or changes pending with --detailed-exitcode",
  4: "Applied in part: something failed, was skipped or was not run",
  10: "Store not found, or its permissions do not let the task work",
  11: "Store locked by another process",
  12: "Store of a kind or version that is not supported",
  13:
    "The plan or backup does not fit: stale, beyond a limit, of another store, damaged, or no plan",
  130: "Interrupted (143: ended by SIGTERM while it only read)",
};

/**
 * Tells how a task ends that threw.
 *
 * @param thrown What it threw.
 * @returns The exit code.
 */
export function exitCodeOf(thrown: unknown): ExitCode {
  const error = firstThrown(thrown);
  if (error instanceof UsageError || error instanceof InvalidArgumentError) return ExitCode.usage;
  if (error instanceof ConfigError) return ExitCode.usage;
  if (error instanceof PlanError) return ExitCode.planDoesNotFit;
  if (error instanceof StoreNotFoundError) return ExitCode.storeNotFound;
  if (error instanceof StoreAccessError) return ExitCode.storeNotFound;
  if (error instanceof Deno.errors.NotCapable) return ExitCode.storeNotFound;
  if (error instanceof UnsupportedStoreError) return ExitCode.unsupportedStore;
  if (error instanceof StoreLockedError) return ExitCode.storeLocked;
  if (error instanceof RestoreCollisionError) return ExitCode.planDoesNotFit;
  if (error instanceof DamagedBackupError) return ExitCode.planDoesNotFit;
  if (error instanceof DOMException && error.name === "AbortError") return ExitCode.interrupted;
  return ExitCode.unexpected;
}
