/**
 * Ids of runs and experiments, and paths below a store's root: their order, and what they lie in.
 *
 * @module
 */

/** Keeps an id or a path apart from any other string; exists only for the compiler. */
export declare const brand: unique symbol;

/** The name of an experiment's directory: decimal digits, or the hexadecimal ids of older servers. */
export type ExperimentId = string & { readonly [brand]: "ExperimentId" };

/** The name of a run's directory: 32 hexadecimal digits as MLflow makes them. */
export type RunId = string & { readonly [brand]: "RunId" };

/** A path below the store root: POSIX separators, relative, no `.` or `..` segment, not empty. */
export type StorePath = string & { readonly [brand]: "StorePath" };

/**
 * Marks a string as an experiment id.
 *
 * @param text The directory's name.
 * @returns The same string.
 */
export function asExperimentId(text: string): ExperimentId {
  return text as ExperimentId;
}

/**
 * Marks a string as a run id.
 *
 * @param text The directory's name.
 * @returns The same string.
 */
export function asRunId(text: string): RunId {
  return text as RunId;
}

/**
 * Checks that a string is a path below the store root.
 *
 * @param text A relative path with POSIX separators.
 * @returns The same string.
 * @throws {RangeError} When it is empty, absolute, holds NUL, or has an empty, `.` or `..` segment.
 */
export function asStorePath(text: string): StorePath {
  if (/\0|(?:^|\/)\.{0,2}(?:\/|$)/.test(text)) {
    throw new RangeError(
      `Cannot use ${JSON.stringify(text)} as a path in a store: expected relative POSIX segments`,
    );
  }
  return text as StorePath;
}
