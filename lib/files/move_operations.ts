/**
 * What moving a run comes to in a store of files.
 *
 * *Ordering*: records are set where they lie, then all is renamed, so that what is kept of a record has the path that
 * it goes back to, and undoing renames first.
 *
 * @module
 */

import type { MoveRun } from "../plan/plan.ts";
import { isExperimentDirectoryName, RESERVED_IN_EXPERIMENT } from "../store/names.ts";
import { recordFileOf } from "../store/path.ts";
import type { NonEmpty } from "../store/snapshot.ts";
import { LOCATION_TAG } from "../store/tags.ts";
import type { Operation } from "./operation.ts";

/**
 * Unfolds the move of a run.
 *
 * @param action The action.
 * @returns The operations, in order.
 */
export function moveOperations(action: MoveRun): NonEmpty<Operation> {
  const { records, texts, trees, datasets, folders } = action;
  const [first, ...others] = trees;
  const rename = ({ from, to }: MoveRun["trees"][number]): Operation => ({
    kind: "rename-tree",
    path: from,
    to,
  });
  const before: readonly Operation[] = [
    ...folders.map((path): Operation => ({ kind: "create-dir", path })),
    ...datasets.map(({ path, text }): Operation => ({
      kind: "replace-file",
      path: recordFileOf(path),
      content: { kind: "new-text", text },
    })),
    ...records.map(({ path, changes }): Operation => ({
      kind: "replace-file",
      path: recordFileOf(path),
      content: { kind: "changes", changes },
    })),
    ...texts.map(({ path, text }): Operation => ({
      kind: "replace-file",
      path,
      content: { kind: "text", text },
    })),
  ];
  // A parent is found with all of its models and traces, or not at all.
  const [start, ...rest] = [...before, ...others.map(rename), rename(first)];
  return [start!, ...rest];
}

/**
 * Tells whether the move of a run unfolds into an operation.
 *
 * @param operation The operation.
 * @param subject The run's path.
 * @returns Whether it may.
 */
export function mayMove(operation: Operation, subject: string): boolean {
  const [from = "", run = ""] = subject.split("/");
  const { path } = operation;
  const names = path.split("/");
  const [first = "", folder = "", id, ...below] = names;
  const isPart = first === from && PARTS.has(folder) && id !== undefined;
  switch (operation.kind) {
    case "create-dir":
      return isOther(first, from) && FOLDERS.has(folder) &&
        (names.length === 2 || folder === "datasets" && names.length === 3);
    case "rename-tree":
      return isRenamed(operation, from, run);
    case "replace-file":
      switch (operation.content.kind) {
        case "changes":
          return path === `${subject}/meta.yaml` ||
            isPart && below.join("/") === (folder === "traces" ? "trace_info.yaml" : "meta.yaml") ||
            first === "models" && names.length === 4 && names[3] === "meta.yaml";
        case "text":
          return isPart && folder === "traces" && below.join("/") === `tags/${LOCATION_TAG}`;
        case "new-text":
          return isOther(first, from) && folder === "datasets" && below.join("/") === "meta.yaml";
        default:
          return false;
      }
    case "move-tree":
    case "copy-tree":
      return false;
  }
}

/** What of an experiment goes with a run. */
const PARTS: ReadonlySet<string> = new Set(["models", "traces"]);
const FOLDERS: ReadonlySet<string> = new Set([...PARTS, "datasets"]);

function isRenamed(
  { path, to }: Extract<Operation, { kind: "rename-tree" }>,
  from: string,
  run: string,
): boolean {
  const [first, ...below] = path.split("/");
  const [other = "", ...place] = to.split("/");
  return first === from && isOther(other, from) && below.join("/") === place.join("/") &&
    (below.length === 1 ? below[0] === run : below.length === 2 && PARTS.has(below[0]!));
}

/** Whether it may be another active experiment. */
function isOther(name: string, from: string): boolean {
  return name !== from && name !== "models" && isExperimentDirectoryName(name) &&
    !RESERVED_IN_EXPERIMENT.has(name);
}

/**
 * Tells what is wrong with what the move of a run acts on.
 *
 * @param action The action.
 * @returns What is wrong; `null` where nothing is.
 */
export function moveFault(action: MoveRun): string | null {
  const { path, to } = action;
  const isWithin = (place: string) => place.startsWith(`${to}/`);
  const places = [
    ...action.trees.map((tree) => tree.to),
    ...action.datasets.map((one) => one.path),
    ...action.folders,
  ];
  return moveOperations(action).every((one) => mayMove(one, path)) && places.every(isWithin)
    ? null
    : "moves what is none of its run's";
}
