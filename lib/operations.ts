/**
 * The only three things that ever happen to a store, each with its inverse.
 *
 * @module
 */

import type { NonEmpty, StorePath } from "./model.ts";
import type { Action } from "./plan.ts";

/** Keys of a `meta.yaml` to set; all others stay as they are. */
export type MetaChanges = Readonly<Record<string, string | number | null>>;

/** What a file is to hold. */
export type FileContent =
  /** The old `meta.yaml` with some keys set. */
  | { readonly kind: "changes"; readonly changes: MetaChanges }
  /** The beginning of the old file, this many bytes. */
  | { readonly kind: "prefix"; readonly bytes: number }
  /** A text, in place of the old file. */
  | { readonly kind: "text"; readonly text: string }
  /** A text, in a file that was not there. */
  | { readonly kind: "new-text"; readonly text: string };

/**
 * One reversible change of a store.
 *
 * | operation | forward | inverse |
 * | --- | --- | --- |
 * | `move-tree` | rename from the store into the backup | rename it back |
 * | `replace-file` | keep the old file, if any, in the backup, rename a new one over it | put the old one back |
 * | `create-dir` | mkdir | rmdir while empty |
 */
export type Operation =
  | { readonly kind: "move-tree"; readonly path: StorePath }
  | { readonly kind: "replace-file"; readonly path: StorePath; readonly content: FileContent }
  | { readonly kind: "create-dir"; readonly path: StorePath };

/**
 * Unfolds an action into the operations that carry it out.
 *
 * @param action The action.
 * @param options The moment of acting, epoch ms: MLflow's `deleted_time`.
 * @returns The operations, in order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asRunId, asExperimentId, asStorePath, operationsOf } from "mltidy";
 *
 * const operations = operationsOf({
 *   kind: "soft-delete-run",
 *   path: asStorePath("1/abc"),
 *   name: "abc",
 *   runId: asRunId("abc"),
 *   experimentId: asExperimentId("1"),
 *   reasons: [{ kind: "older-than", field: "end_time", time: 0, age: 2, limit: 1 }],
 *   usage: { bytes: 0, files: 0 },
 *   stamp: "…",
 * }, { now: 5 });
 * assertEquals(operations, [{
 *   kind: "replace-file",
 *   path: asStorePath("1/abc/meta.yaml"),
 *   content: { kind: "changes", changes: { lifecycle_stage: "deleted", deleted_time: 5 } },
 * }]);
 * ```
 */
export function operationsOf(
  action: Action,
  options: { readonly now: number },
): NonEmpty<Operation> {
  switch (action.kind) {
    case "soft-delete-run":
      return [{
        kind: "replace-file",
        path: `${action.path}/meta.yaml` as StorePath,
        content: {
          kind: "changes",
          changes: { lifecycle_stage: "deleted", deleted_time: options.now },
        },
      }];
    case "purge-run":
    case "purge-experiment":
    case "quarantine-orphan":
      return [{ kind: "move-tree", path: action.path }];
  }
}

/**
 * Tells by what a precondition of an action is judged.
 *
 * @param action The action.
 * @returns Whether the whole tree must be as it was (it is moved away), or only its `meta.yaml`.
 */
export function judgesWholeTree(action: Action): boolean {
  return action.kind !== "soft-delete-run";
}
