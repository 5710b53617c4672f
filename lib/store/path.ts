/**
 * Ids of runs and experiments, and paths below a store's root: their order, and what they lie in.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";

// `__brand` exists only for the compiler: it keeps an id or a path apart from any other string.

/** The name of an experiment's directory: decimal digits, or the hexadecimal ids of older servers. */
export type ExperimentId = string & { readonly __brand: "ExperimentId" };

/** The name of a run's directory: 32 hexadecimal digits as MLflow makes them. */
export type RunId = string & { readonly __brand: "RunId" };

/** A path below the store root: POSIX separators, relative, no `.` or `..` segment, not empty. */
export type StorePath = string & { readonly __brand: "StorePath" };

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
 * @throws {InvalidArgumentError} When it is empty, absolute, holds NUL, or has an empty, `.` or `..` segment.
 */
export function asStorePath(text: string): StorePath {
  if (/\0|(?:^|\/)\.{0,2}(?:\/|$)/.test(text)) {
    throw new InvalidArgumentError(
      `Cannot use ${JSON.stringify(text)} as a path in a store: expected relative POSIX segments`,
    );
  }
  return text as StorePath;
}

/**
 * Names the experiment, or orphan, in which a path lies.
 *
 * @param path A path below the root.
 * @returns The path of its directory, which may be the same.
 */
export function experimentPathOf(path: string): string {
  const end = path.indexOf("/", path.startsWith(".trash/") ? ".trash/".length : 0);
  return end === -1 ? path : path.slice(0, end);
}

/**
 * Gives the path that something of a deleted experiment has when it is active: records name that one.
 *
 * @param path A path below the root.
 * @returns The path without `.trash/`.
 */
export function withoutTrash(path: string): string {
  return path.replace(/^\.trash\//, "");
}

/**
 * Names the file in which the record of something lies.
 *
 * @param path What the record is of, a path below the root.
 * @returns Its `meta.yaml`; of a trace its `trace_info.yaml`, and of an assessment the file that it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(recordFileOf("1"), "1/meta.yaml");
 * assertEquals(recordFileOf("1/traces/tr-1"), "1/traces/tr-1/trace_info.yaml");
 * ```
 */
export function recordFileOf(path: string): StorePath {
  const [, assessment] = /^(?:\.trash\/)?[^/]+\/traces\/[^/]+(\/assessments\/[^/]+)?$/.exec(path) ??
    [null, null];
  if (assessment === null) return asStorePath(`${path}/meta.yaml`);
  return asStorePath(assessment === undefined ? `${path}/trace_info.yaml` : path);
}

/**
 * Orders by path.
 *
 * @param left Something with a path.
 * @param right Another.
 * @returns Less than 0 when `left` comes first.
 */
export function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : left.path > right.path ? 1 : 0;
}

/**
 * Sorts by path.
 *
 * @param list Anything with a path.
 * @returns The list where it is in order already, else a sorted copy.
 */
export function inOrder<T extends { readonly path: string }>(list: readonly T[]): readonly T[] {
  const isSorted = list.every(({ path }, index) => index === 0 || list[index - 1]!.path <= path);
  return isSorted ? list : list.toSorted((left, right) => left.path < right.path ? -1 : 1);
}

/**
 * Walks up from a path.
 *
 * @param path A path below the root.
 * @returns It, then each directory that it lies in; without the root.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pathsUp } from "./path.ts";
 *
 * assertEquals(pathsUp("1/abc/meta.yaml"), ["1/abc/meta.yaml", "1/abc", "1"]);
 * ```
 */
export function pathsUp(path: string): readonly string[] {
  const paths: string[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    paths.push(path.slice(0, end));
  }
  return paths;
}
