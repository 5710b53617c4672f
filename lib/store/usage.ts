/**
 * What something takes on disk.
 *
 * @module
 */

import { isCount, isRecord } from "../text/json.ts";

/** What a tree takes on disk: allocated bytes (as `du` counts, hard links once) and files. */
export interface DiskUsage {
  /** Allocated bytes, directories included. */
  readonly bytes: number;
  /** Number of files, directories not included. */
  readonly files: number;
}

/**
 * Tells whether a value that was read from JSON says what something takes.
 *
 * @param value Any value.
 * @returns Whether it does.
 */
export function isUsage(value: unknown): value is DiskUsage {
  return isRecord(value) && isCount(value["bytes"]) && isCount(value["files"]);
}

/** What nothing takes. */
export const NO_USAGE: DiskUsage = { bytes: 0, files: 0 };

/**
 * Adds up what several things take.
 *
 * @param usages What each takes.
 * @returns What all take.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addUsage([{ bytes: 4096, files: 1 }, { bytes: 512, files: 2 }]), {
 *   bytes: 4608,
 *   files: 3,
 * });
 * ```
 */
export function addUsage(usages: readonly DiskUsage[]): DiskUsage {
  return {
    bytes: usages.reduce((sum, { bytes }) => sum + bytes, 0),
    files: usages.reduce((sum, { files }) => sum + files, 0),
  };
}

/** What takes the place in something, by kind; a file with several names counts for each. */
export interface UsageParts {
  /** Artifacts of runs. */
  readonly artifacts: DiskUsage;
  /** Logged models, with their artifacts. */
  readonly loggedModels: DiskUsage;
  /** Traces. */
  readonly traces: DiskUsage;
  /** What MLflow did not write, such as checkpoints beside a run's artifacts. */
  readonly foreign: DiskUsage;
}

/** The parts of what has none. */
export const NO_PARTS: UsageParts = {
  artifacts: NO_USAGE,
  loggedModels: NO_USAGE,
  traces: NO_USAGE,
  foreign: NO_USAGE,
};

/**
 * Adds up what takes the place in several things.
 *
 * @param all What takes it in each.
 * @returns What takes it in all.
 */
export function addParts(all: readonly UsageParts[]): UsageParts {
  return {
    artifacts: addUsage(all.map(({ artifacts }) => artifacts)),
    loggedModels: addUsage(all.map(({ loggedModels }) => loggedModels)),
    traces: addUsage(all.map(({ traces }) => traces)),
    foreign: addUsage(all.map(({ foreign }) => foreign)),
  };
}

/** Something that was not to be kept and takes its place all the same. */
export interface Remains {
  /** Absolute path. */
  readonly path: string;
  /** Why it could not be freed. */
  readonly message: string;
  /** Whether it holds what was logged, and what a server has not got yet. @default {false} */
  readonly isUnsent?: boolean;
}
