/**
 * Which experiment or run somebody means who brings back a part of a backup.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { findNamed, type Named } from "../text/find_named.ts";
import { sampleText } from "./named_backup.ts";

/** What a backup holds something of. */
export interface BackupContents {
  readonly experiments: readonly Named[];
  readonly runs: readonly Named[];
}

/** What to take from a backup, as it was typed, or by whole ids. */
export interface TypedSelection {
  /** An experiment: its id, the beginning of it, or its name. */
  readonly experiment?: string;
  /** A run: its id, or the beginning of it. */
  readonly run?: string;
}

/**
 * Makes whole ids of what was typed.
 *
 * @param typed What was typed.
 * @param contents What the backup holds.
 * @returns The same by whole ids; what the backup has nothing of stays as it is.
 * @throws {InvalidArgumentError} When more than one is meant.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const contents = { experiments: [{ id: "7", name: "churn" }], runs: [] };
 * assertEquals(resolveSelection({ experiment: "churn" }, contents), { experiment: "7" });
 * ```
 */
export function resolveSelection(
  { experiment, run }: TypedSelection,
  { experiments, runs }: BackupContents,
): TypedSelection {
  return {
    ...(experiment === undefined ? {} : { experiment: one("experiment", experiment, experiments) }),
    ...(run === undefined ? {} : { run: one("run", run, runs) }),
  };
}

function one(what: "experiment" | "run", typed: string, all: readonly Named[]): string {
  const [found, ...others] = findNamed(all, typed);
  if (others.length === 0) return found?.id ?? typed;
  throw new InvalidArgumentError(
    `Cannot tell which ${what} "${typed}" is: expected one of ${sampleText(findNamed(all, typed))}`,
  );
}
