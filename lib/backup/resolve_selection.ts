/**
 * Which experiment or run somebody means who backs up a part of a store, or brings back a part of a backup.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { holdersOf } from "../store/holders.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import type { DiskUsage } from "../store/usage.ts";
import { findNamed, type Named } from "../text/find_named.ts";
import type { CopyScope } from "./backup.ts";
import { sampleText } from "./named_backup.ts";

/** A run of which a backup holds something. */
export interface HeldRun extends Named {
  /** The id of the experiment that it lies in; left out where nobody knows it. */
  readonly experiment?: string | undefined;
}

/** An experiment of which a backup holds something. */
export interface HeldExperiment extends Named {
  /** What that takes on the disk; left out where it was not measured. */
  readonly usage?: DiskUsage | undefined;
}

/** What a backup holds something of. */
export interface BackupContents {
  /** Experiments, with all or some of their runs. */
  readonly experiments: readonly HeldExperiment[];
  /** Runs, those of the experiments among them. */
  readonly runs: readonly HeldRun[];
}

/** What to take from a backup, as it was typed, or by whole ids. */
export interface TypedSelection {
  /** An experiment: its id, the beginning of it, or its name. */
  readonly experiment?: string;
  /** A run: its id, the beginning of it, or its name. */
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

/**
 * Makes a whole id of what was typed for a scope.
 *
 * @param scope The scope: of an experiment or a run by its id, the beginning of it, or its name.
 * @param snapshot The store.
 * @returns The same by a whole id; what the store has nothing of stays as it is.
 * @throws {InvalidArgumentError} When more than one is meant.
 */
export function resolveScope(scope: CopyScope, snapshot: StoreSnapshot): CopyScope {
  if (!("id" in scope)) return scope;
  const holders = holdersOf(snapshot);
  const all = scope.kind === "experiment"
    ? holders
    : holders.flatMap(({ runs, damagedRuns }) => [...runs, ...damagedRuns]);
  return { ...scope, id: one(scope.kind, scope.id, all) };
}

function one(what: "experiment" | "run", typed: string, all: readonly Named[]): string {
  const found = findNamed(all, typed);
  // Where there are two of an id, in the root and in `.trash/`, that is one all the same.
  const ids = [...new Set(found.map(({ id }) => id))];
  if (ids.length < 2) return ids[0] ?? typed;
  throw new InvalidArgumentError(
    `Cannot tell which ${what} "${typed}" is: expected one of ${
      sampleText(ids.map((id) => ({ id })))
    }`,
  );
}
