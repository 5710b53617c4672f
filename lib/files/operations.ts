/**
 * What an action comes to in a store of files. Read by the adapter of file stores alone.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { Action } from "../plan/plan.ts";
import type { CreateExperiment, WriteMeta } from "../plan/repair_action.ts";
import { newExperimentMeta } from "../records/tracking_meta.ts";
import { DEFAULT_NAME } from "../store/names.ts";
import { recordFileOf, type StorePath } from "../store/path.ts";
import type { NonEmpty } from "../store/snapshot.ts";
import { DROPPED_TAG, RECOVERED_TAG } from "../store/tags.ts";
import { foldersAt, mayActAt } from "./action_paths.ts";
import { copyOperations, mayCopy } from "./copy_operations.ts";
import { mayMove, moveOperations } from "./move_operations.ts";
import type { FileContent, Operation } from "./operation.ts";

export type { FileContent, MetaChanges, Operation } from "./operation.ts";

/**
 * Unfolds an action into the operations that carry it out.
 *
 * @param action The action.
 * @param options The moment of acting, epoch ms: MLflow's `deleted_time` and `creation_time`.
 * @returns The operations, in order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asRunId, asExperimentId, asStorePath } from "../store/path.ts";
 * import { operationsOf } from "./operations.ts";
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
    case "drop-artifact":
      return [{ kind: "move-tree", path: action.path }, {
        kind: "replace-file",
        path: `${action.experimentId}/${action.runId}/tags/${DROPPED_TAG}` as StorePath,
        content: {
          kind: action.tagged ? "text" : "new-text",
          text: new Date(options.now).toISOString(),
        },
      }];
    case "purge-run":
    case "purge-experiment":
    case "purge-logged-model":
    case "quarantine-orphan":
    case "quarantine-stray":
      return [{ kind: "move-tree", path: action.path }];
    case "move-run":
      return moveOperations(action);
    case "copy-in":
      return copyOperations(action);
    case "write-meta":
      return writeMeta(action);
    case "create-experiment":
      return createExperiment(action, options.now);
    case "finish-stale-run":
    case "set-stage":
    case "release-name":
    case "complete-meta":
    case "quote-value":
    case "rewrite-location":
      return [{
        kind: "replace-file",
        path: recordFileOf(action.path),
        content: { kind: "changes", changes: action.changes },
      }];
    case "rewrite-tag":
      return [{
        kind: "replace-file",
        path: action.path,
        content: { kind: "text", text: action.text },
      }];
    case "create-dirs": {
      const [first, ...others] = action.directories;
      const create = (path: StorePath): Operation => ({ kind: "create-dir", path });
      return [create(first), ...others.map(create)];
    }
    case "trim-metric-file":
      return [{
        kind: "replace-file",
        path: action.path,
        content: { kind: "prefix", bytes: action.bytes },
      }];
    case "thin-metric":
    case "cut-metric-file":
      return [{
        kind: "replace-file",
        path: action.path,
        content: { kind: "cuts", cuts: action.cuts ?? [] },
      }];
    case "purge-dangling-rows":
      throw new InvalidArgumentError(
        `Cannot purge rows of ${action.path}: a store of files has none`,
      );
  }
}

function createExperiment(
  { path, artifactLocation }: CreateExperiment,
  now: number,
): NonEmpty<Operation> {
  const text = newExperimentMeta({
    experimentId: path,
    name: DEFAULT_NAME,
    artifactLocation,
    createdAt: now,
  });
  return [{ kind: "create-dir", path }, {
    kind: "replace-file",
    path: `${path}/meta.yaml` as StorePath,
    content: { kind: "new-text", text },
  }];
}

function writeMeta({ path, file, text, isNew, tag }: WriteMeta): NonEmpty<Operation> {
  const record: Operation = {
    kind: "replace-file",
    path: `${path}/${file}` as StorePath,
    content: { kind: isNew ? "new-text" : "text", text },
  };
  if (tag === null) return [record];
  const folder = `${path}/tags` as StorePath;
  const tell: Operation = {
    kind: "replace-file",
    path: `${folder}/${RECOVERED_TAG}` as StorePath,
    content: { kind: "new-text", text: tag.text },
  };
  return tag.makesFolder ? [{ kind: "create-dir", path: folder }, tell, record] : [tell, record];
}

/** What is known of an operation: of which action it is a part, and what that acts on. */
export interface OperationOrigin {
  readonly action: Action["kind"];
  /** What the action acts on, a path below the root. */
  readonly subject: string;
  readonly operation: Operation;
}

/**
 * Tells whether some action unfolds into an operation: the counterpart of {@linkcode operationsOf}, for
 * operations that were read from a file which says of which actions they are parts.
 *
 * @param origin The operation, and the action that it is said to be a part of.
 * @returns Whether a planner could have planned it.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { asStorePath } from "../store/path.ts";
 *
 * const operation = { kind: "move-tree", path: asStorePath("1/abc") } as const;
 * assert(mayUnfold({ action: "purge-run", subject: "1/abc", operation }));
 * assert(!mayUnfold({ action: "purge-run", subject: "1/abd", operation }));
 * assert(!mayUnfold({ action: "soft-delete-run", subject: "1/abc", operation }));
 * ```
 */
export function mayUnfold({ action, subject, operation }: OperationOrigin): boolean {
  return mayActAt(action, subject) && UNFOLDED[action](operation, subject);
}

type Unfolds = (operation: Operation, subject: string) => boolean;

const moved: Unfolds = ({ kind, path }, subject) => kind === "move-tree" && path === subject;

const edited: Unfolds = (operation, subject) =>
  isReplaced(operation, ["changes"]) && operation.path === recordFileOf(subject);

const UNFOLDED: Readonly<Record<Action["kind"], Unfolds>> = {
  "soft-delete-run": edited,
  "drop-artifact": (operation, subject) =>
    moved(operation, subject) ||
    isReplaced(operation, ["text", "new-text"]) &&
      operation.path === `${subject.split("/").slice(0, 2).join("/")}/tags/${DROPPED_TAG}`,
  "thin-metric": (operation, subject) =>
    isReplaced(operation, ["cuts"]) && operation.path === subject,
  "purge-run": moved,
  "purge-experiment": moved,
  "purge-logged-model": moved,
  "quarantine-orphan": moved,
  "quarantine-stray": moved,
  "move-run": mayMove,
  "copy-in": mayCopy,
  "write-meta": (operation, subject) => {
    const { kind, path } = operation;
    if (kind === "create-dir") return path === `${subject}/tags`;
    return isReplaced(operation, ["text", "new-text"]) && RECORDS.has(path.slice(subject.length)) &&
        path.startsWith(subject) ||
      isReplaced(operation, ["new-text"]) && path === `${subject}/tags/${RECOVERED_TAG}`;
  },
  "create-experiment": (operation, subject) =>
    operation.kind === "create-dir"
      ? operation.path === subject
      : isReplaced(operation, ["new-text"]) && operation.path === `${subject}/meta.yaml`,
  "finish-stale-run": edited,
  "set-stage": edited,
  "release-name": edited,
  "complete-meta": edited,
  "quote-value": edited,
  "rewrite-location": edited,
  "rewrite-tag": (operation, subject) =>
    isReplaced(operation, ["text"]) && operation.path === subject,
  "create-dirs": ({ kind, path }, subject) =>
    kind === "create-dir" && foldersAt(subject).includes(path),
  "trim-metric-file": (operation, subject) =>
    isReplaced(operation, ["prefix"]) && operation.path === subject,
  "cut-metric-file": (operation, subject) =>
    isReplaced(operation, ["cuts"]) && operation.path === subject,
  "purge-dangling-rows": () => false,
};

/** The records that are written whole, in what they are of. */
const RECORDS: ReadonlySet<string> = new Set(["/meta.yaml", "/trace_info.yaml"]);

function isReplaced(operation: Operation, contents: readonly FileContent["kind"][]): boolean {
  return operation.kind === "replace-file" && contents.includes(operation.content.kind);
}

/** What an action's stamp is of, and where that is. */
export interface Stamped {
  /**
   * `tree`: everything in it. `directory`: the directory and its `meta.yaml`. `file`: that file alone,
   * which may have to be absent.
   */
  readonly kind: "tree" | "directory" | "file";
  /** Where it is. */
  readonly path: StorePath;
}

/**
 * Tells by what a precondition of an action is judged.
 *
 * @param action The action.
 * @returns The whole tree of what is moved, and of what is rewritten the file.
 */
export function stampedBy(action: Action): Stamped {
  const { path } = action;
  switch (action.kind) {
    case "soft-delete-run":
    case "move-run":
      return { kind: "directory", path };
    case "drop-artifact":
    case "purge-run":
    case "purge-experiment":
    case "purge-logged-model":
    case "quarantine-orphan":
    case "quarantine-stray":
      return { kind: "tree", path };
    case "write-meta":
      return { kind: "file", path: `${path}/${action.file}` as StorePath };
    case "finish-stale-run":
    case "set-stage":
    case "release-name":
    case "complete-meta":
    case "quote-value":
    case "rewrite-location":
      return { kind: "file", path: recordFileOf(path) };
    case "create-dirs":
      return { kind: "file", path: action.directories[0] };
    case "create-experiment":
    case "copy-in":
    case "thin-metric":
    case "rewrite-tag":
    case "trim-metric-file":
    case "cut-metric-file":
    case "purge-dangling-rows":
      return { kind: "file", path };
  }
}
