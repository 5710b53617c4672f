/**
 * Where in a store of files each kind of action acts. Read by the adapter of file stores alone.
 *
 * @module
 */

import type { Action } from "../plan/plan.ts";
import { copyFault } from "./copy_operations.ts";
import { moveFault } from "./move_operations.ts";
import { CHECKPOINTS, DEFAULT_EXPERIMENT, RESERVED_IN_EXPERIMENT } from "../store/names.ts";

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
  "drop-artifact": [
    `${ACTIVE}/${RUN_ID}/artifacts/.+`,
    `${ACTIVE}/${RUN_ID}/${CHECKPOINTS}(?:/.+)?`,
  ],
  "thin-metric": [`${ACTIVE}/${RUN_ID}/metrics/.+`],
  "purge-run": [`${ACTIVE}/${RUN_ID}`],
  "purge-experiment": [DELETED],
  "purge-logged-model": [`${ACTIVE}/models/[^/]+`],
  "quarantine-orphan": [EXPERIMENT],
  "move-run": [`${ACTIVE}/${RUN_ID}`],
  "copy-in": [
    ACTIVE,
    `${ACTIVE}/${RUN_ID}`,
    `${ACTIVE}/(?:models|traces)/[^/]+`,
    "models/[^/]+",
  ],
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
  "create-experiment": [DEFAULT_EXPERIMENT],
  "finish-stale-run": [RUN],
  "set-stage": [EXPERIMENT],
  "release-name": [EXPERIMENT],
  "complete-meta": [EXPERIMENT, RUN],
  "quote-value": [
    EXPERIMENT,
    RUN,
    LOGGED_MODEL,
    TRACE,
    `${TRACE}/assessments/[^/]+`,
    `${EXPERIMENT}/datasets/[^/]+`,
    "models/[^/]+",
    MODEL_VERSION,
  ],
  "rewrite-location": [EXPERIMENT, RUN, LOGGED_MODEL, MODEL_VERSION],
  "rewrite-tag": [`${TRACE}/tags/.+`],
  "create-dirs": ["\\.trash", RUN],
  "trim-metric-file": [`(?:${RUN}|${LOGGED_MODEL})/metrics/.+`],
  "cut-metric-file": [`(?:${RUN}|${LOGGED_MODEL})/metrics/.+`],
  // No store of files has rows.
  "purge-dangling-rows": ["(?!)"],
  // Anything but what a store is made of, and what MLflow does not look at.
  "quarantine-stray": ["(?:\\.trash|models)/.+", "(?!models$)[^/]+(?<!\\.trash)(?:/.+)?"],
};

/** Made as they are asked for: what letters there are takes V8 as long to look up as a small store to be read. */
const PATTERNS = new Map<Action["kind"], RegExp>();

function patternOf(kind: Action["kind"]): RegExp {
  return PATTERNS.getOrInsertComputed(
    kind,
    () => new RegExp(`^(?:${SHAPES[kind].join("|")})$`, "su"),
  );
}

/** The folders of a run that a repair makes. */
const FOLDERS = ["metrics", "params", "artifacts"];

/**
 * Tells what is wrong with where an action would act in a store of files: one on a run acts at a run, and at
 * the one that it names.
 *
 * @param action The action.
 * @returns What is wrong; `null` where nothing is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Action } from "../plan/plan.ts";
 * import { pathFault } from "./action_paths.ts";
 *
 * const action = { kind: "purge-run", path: "1", experimentId: "1", runId: "0f8c" } as Action;
 * assertEquals(pathFault(action), 'has a path that no purge-run has: "1"');
 * assertEquals(pathFault({ ...action, path: "1/0f8c" } as Action), null);
 * ```
 */
export function pathFault(action: Action): string | null {
  const { kind, path } = action;
  if (!mayActAt(kind, path)) {
    return `has a path that no ${kind} has: ${JSON.stringify(path)}`;
  }
  switch (kind) {
    case "soft-delete-run":
    case "purge-run":
      return subjectFault(action, `${action.experimentId}/${action.runId}`);
    case "drop-artifact": {
      const place = path.split("/").slice(2).join("/");
      return subjectFault(action, `${action.experimentId}/${action.runId}/${place}`);
    }
    case "move-run":
      return subjectFault(action, `${action.experimentId}/${action.runId}`) ?? moveFault(action);
    case "copy-in":
      return copyFault(action);
    case "thin-metric":
      return subjectFault(action, `${action.experimentId}/${action.runId}/metrics/${action.key}`);
    case "purge-experiment":
      return subjectFault(action, `.trash/${action.experimentId}`);
    case "purge-logged-model":
      return subjectFault(action, `${action.experimentId}/models/${action.modelId}`);
    case "create-dirs":
      return action.directories.every((one) => foldersAt(path).includes(one))
        ? null
        : "makes directories elsewhere";
    default:
      return null;
  }
}

function subjectFault({ path }: Action, subject: string): string | null {
  return path === subject ? null : "names another subject than its path";
}

/**
 * Tells whether a kind of action acts at such a path.
 *
 * @param kind The kind.
 * @param path A path below the root.
 * @returns Whether it does.
 */
export function mayActAt(kind: Action["kind"], path: string): boolean {
  return Object.hasOwn(SHAPES, kind) && patternOf(kind).test(path);
}

/**
 * Names the directories that a repair may make where it makes some.
 *
 * @param path What it acts on: a run, or MLflow's trash.
 * @returns The folders of the run, or the trash itself; paths below the root.
 */
export function foldersAt(path: string): readonly string[] {
  return path === ".trash" ? [path] : FOLDERS.map((name) => `${path}/${name}`);
}
