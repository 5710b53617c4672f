/**
 * What copying something of another store comes to in a store of files.
 *
 * *Ordering*: folders and datasets, then models and traces, then the run that made them: a run is found with all of
 * them, or not at all.
 *
 * @module
 */

import type { CopyIn } from "../plan/plan.ts";
import { isExperimentDirectoryName, RESERVED_IN_EXPERIMENT } from "../store/names.ts";
import { recordFileOf, type StorePath } from "../store/path.ts";
import type { NonEmpty } from "../store/snapshot.ts";
import { LOCATION_TAG } from "../store/tags.ts";
import type { CopyTree, Operation } from "./operation.ts";

/**
 * Unfolds the copying of something.
 *
 * @param action The action.
 * @returns The operations, in order.
 */
export function copyOperations(action: CopyIn): NonEmpty<Operation> {
  const { what, path, trees, records, texts, datasets, folders, source: store } = action;
  const newFile = (at: StorePath, text: string): Operation => ({
    kind: "replace-file",
    path: at,
    content: { kind: "new-text", text },
  });
  const makeFolders = folders.map((at): Operation => ({ kind: "create-dir", path: at }));
  if (what === "experiment") {
    // MLflow finds the experiment by its record, so that comes last.
    const [record, ...tags] = texts.toSorted((left, right) =>
      Number(right.path === recordFileOf(path)) - Number(left.path === recordFileOf(path))
    ).map((one) => newFile(one.path, one.text));
    const [first = record!, ...others] = [...makeFolders, ...tags, ...(record ? [record] : [])];
    return [first, ...others];
  }
  const copies = trees.map(({ from, to, stamp }): CopyTree => {
    const isOwn = (one: { readonly path: StorePath }) =>
      one.path === to || one.path.startsWith(`${to}/`);
    return {
      kind: "copy-tree",
      path: to,
      store,
      from,
      stamp,
      records: records.filter(isOwn),
      texts: texts.filter(isOwn),
    };
  });
  const [own, ...parts] = copies;
  const [start, ...rest] = [
    ...makeFolders,
    ...datasets.map((one) => newFile(recordFileOf(one.path), one.text)),
    ...parts,
    own!,
  ];
  return [start!, ...rest];
}

/**
 * Tells whether the copying of something unfolds into an operation.
 *
 * @param operation The operation.
 * @param subject The path of what is copied.
 * @returns Whether it may.
 */
export function mayCopy(operation: Operation, subject: string): boolean {
  const { path } = operation;
  const [experiment = "", ...below] = subject.split("/");
  if (experiment !== "models" && !isExperiment(experiment)) return false;
  const isInside = path === subject || path.startsWith(`${subject}/`);
  if (below.length === 0) {
    const isTag = path === `${subject}/tags` || path.startsWith(`${subject}/tags/`);
    switch (operation.kind) {
      case "create-dir":
        return path === subject || isTag;
      case "replace-file":
        return operation.content.kind === "new-text" &&
          (path === `${subject}/meta.yaml` || isTag);
      default:
        return false;
    }
  }
  const [first, folder = "", id, ...rest] = path.split("/");
  const isBeside = first === experiment && experiment !== "models";
  switch (operation.kind) {
    case "create-dir":
      return experiment === "models"
        ? path === "models"
        : isBeside && FOLDERS.has(folder) && rest.length === 0 &&
          (id === undefined || folder === "datasets");
    case "replace-file":
      return operation.content.kind === "new-text" && below.length === 1 && isBeside &&
        folder === "datasets" && id !== undefined && rest.join("/") === "meta.yaml";
    case "copy-tree":
      return areOwn(operation) && (isInside && path === subject ||
        below.length === 1 && isBeside && PARTS.has(folder) && id !== undefined &&
          rest.length === 0);
    default:
      return false;
  }
}

/** What of an experiment comes with a run. */
const PARTS: ReadonlySet<string> = new Set(["models", "traces"]);
const FOLDERS: ReadonlySet<string> = new Set([...PARTS, "datasets"]);

function isExperiment(name: string): boolean {
  return isExperimentDirectoryName(name) && !RESERVED_IN_EXPERIMENT.has(name);
}

/** Whether nothing is written but in the copy. */
function areOwn({ path, records, texts }: CopyTree): boolean {
  return records.every((one) =>
    one.path === path || path.startsWith("models/") && one.path.startsWith(`${path}/`)
  ) && texts.every((one) => one.path === `${path}/tags/${LOCATION_TAG}`);
}

/**
 * Tells what is wrong with what the copying of something acts on.
 *
 * @param action The action.
 * @returns What is wrong; `null` where nothing is.
 */
export function copyFault(action: CopyIn): string | null {
  if (action.what === "experiment" && action.texts.length === 0) return "has no record";
  const isLocal = action.source.startsWith("/");
  return isLocal && copyOperations(action).every((one) => mayCopy(one, action.path))
    ? null
    : "copies what is none of its own";
}
