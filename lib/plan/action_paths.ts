/**
 * Where in a store each kind of action acts.
 *
 * @module
 */

import { RESERVED_IN_EXPERIMENT } from "../store/names.ts";
import type { Action } from "./plan.ts";

// What MLflow takes for an experiment is what `isExperimentDirectoryName` says.
const NAME = "[a-zA-Z0-9][\\p{L}\\p{N}_-]{0,63}";
const ACTIVE = `(?!models(?:/|$))${NAME}`;
const DELETED = `\\.trash/${NAME}`;
const EXPERIMENT = `(?:${DELETED}|${ACTIVE})`;
const RUN_ID = `(?!(?:${[...RESERVED_IN_EXPERIMENT].join("|")})(?:/|$))[^/]+`;
const RUN = `${EXPERIMENT}/${RUN_ID}`;
const LOGGED_MODEL = `${EXPERIMENT}/models/[^/]+`;
const TRACE = `${EXPERIMENT}/traces/[^/]+`;
const MODEL_VERSION = "models/[^/]+/[^/]+";

/** What the path of each kind of action looks like: one of these, from end to end. */
const SHAPES: Readonly<Record<Action["kind"], readonly string[]>> = {
  "soft-delete-run": [`${ACTIVE}/${RUN_ID}`],
  "drop-artifact": [`${ACTIVE}/${RUN_ID}/artifacts/.+`],
  "purge-run": [`${ACTIVE}/${RUN_ID}`],
  "purge-experiment": [DELETED],
  "quarantine-orphan": [EXPERIMENT],
  "write-meta": [
    EXPERIMENT,
    RUN,
    `${RUN}/(?:inputs|outputs)/[^/]+`,
    LOGGED_MODEL,
    TRACE,
    `${EXPERIMENT}/datasets/[^/]+`,
    "models/[^/]+",
    MODEL_VERSION,
  ],
  "finish-stale-run": [RUN],
  "set-stage": [EXPERIMENT],
  "release-name": [EXPERIMENT],
  "complete-meta": [RUN],
  "rewrite-location": [EXPERIMENT, RUN, LOGGED_MODEL, MODEL_VERSION],
  "rewrite-tag": [`${TRACE}/tags/.+`],
  "create-dirs": ["\\.trash", RUN],
  "trim-metric-file": [`(?:${RUN}|${LOGGED_MODEL})/metrics/.+`],
  // Anything but what a store is made of, and what MLflow does not look at.
  "quarantine-stray": ["(?:\\.trash|models)/.+", "(?!models$)[^/]+(?<!\\.trash)(?:/.+)?"],
};

const PATTERNS: ReadonlyMap<string, RegExp> = new Map(
  Object.entries(SHAPES).map((
    [kind, shapes],
  ) => [kind, new RegExp(`^(?:${shapes.join("|")})$`, "su")]),
);

/**
 * Tells whether a word is a kind of action.
 *
 * @param kind The word.
 * @returns Whether it is.
 */
export function isActionKind(kind: unknown): kind is Action["kind"] {
  return typeof kind === "string" && PATTERNS.has(kind);
}

/**
 * Tells whether an action of a kind may act at a path: one on runs at a run, and so on.
 *
 * @param kind The kind.
 * @param path A path below the root, of plain segments.
 * @returns Whether the path has a form that actions of this kind have.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(mayActAt("purge-run", "1/0f8c"));
 * assert(!mayActAt("purge-run", "1") && !mayActAt("purge-run", "1/tags"));
 * ```
 */
export function mayActAt(kind: Action["kind"], path: string): boolean {
  return PATTERNS.get(kind)?.test(path) === true;
}
