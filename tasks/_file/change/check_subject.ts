/**
 * Telling whether the subject of an action is what the plan saw.
 *
 * @module
 */

import { join } from "@std/path";
import { stampedBy } from "../../../lib/files/operations.ts";
import type { Action } from "../../../lib/plan/plan.ts";
import type { SkipReason } from "../../../lib/plan/report.ts";
import { ABSENT } from "../../../lib/store/facts.ts";
import type { DiskUsage } from "../../../lib/store/usage.ts";
import { glanceInto } from "../../_io/list_directory.ts";
import { infoOf } from "../../_io/read.ts";
import {
  fileStamp,
  measureTree,
  metaStamp,
  newMeasurer,
  type TreeMeasure,
} from "../scan/measure.ts";

/**
 * Looks at the subject of an action just before acting: no link on the way to it, and the plan's stamp. Needs
 * read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param action The action.
 * @returns What acting would free, or why the subject is not what the plan saw.
 */
export async function checkSubject(root: string, action: Action): Promise<DiskUsage | SkipReason> {
  const { kind, path } = stampedBy(action);
  const names = path.split("/");
  // What it will lie in comes with it.
  const made: readonly string[] = action.kind === "copy-in" ? action.folders : [];
  for (const depth of names.keys()) {
    const info = infoOf(join(root, ...names.slice(0, depth + 1)));
    const isLast = depth === names.length - 1;
    const mayBeAbsent = isLast && kind === "file" ||
      made.includes(names.slice(0, depth + 1).join("/"));
    if (info === null && !mayBeAbsent) return "gone";
    if (info?.isSymlink) return "symbolic-link";
  }
  const at = join(root, path);
  if (kind !== "tree") {
    const found = kind === "file" ? fileStamp(at) : metaStamp(at);
    return found === action.stamp ? { bytes: 0, files: 0 } : "changed-since-plan";
  }
  const tree = await measureStamped(at, action.stamp);
  return tree === null ? "changed-since-plan" : tree.freed;
}

/**
 * Looks at the subject once more behind the act: a writer that does not know our lock may have written between
 * the look and the act. Needs read permission.
 *
 * @param action The action.
 * @param files Where what it took from the store now lies, under the store's paths.
 * @returns Whether it is still what the plan saw.
 */
export async function isUntouched(action: Action, files: string): Promise<boolean> {
  const { kind, path } = stampedBy(action);
  // What was absent is made by calls that fail where something stands.
  if (action.stamp === ABSENT) return true;
  const kept = join(files, path);
  switch (kind) {
    case "tree":
      return await isUntouchedTree(action, kept);
    case "directory":
      return isKept(join(kept, "meta.yaml"), action.stamp.split("/")[1]);
    case "file":
      return isKept(kept, action.stamp);
  }
}

/**
 * Looks once more at a tree that an action has moved. Needs read permission.
 *
 * @param action The action.
 * @param tree Where the tree lies by now.
 * @returns Whether it is still what the plan saw.
 */
export async function isUntouchedTree({ stamp }: Action, tree: string): Promise<boolean> {
  return await measureStamped(tree, stamp) !== null;
}

/**
 * Measures a tree by glances, since to wait for another thread is most of what measuring takes. What a glance may
 * miss is missing in the stamp, so a tree that has its stamp is whole; one that seems to have changed is measured
 * once more, for certain.
 *
 * @returns The measure; `null` where the tree has another stamp, or cannot be read.
 */
async function measureStamped(tree: string, stamp: string): Promise<TreeMeasure | null> {
  const seen = await measureTree(tree, newMeasurer(), glanceInto);
  if (seen?.stamp === stamp) return seen;
  const measured = await measureTree(tree, newMeasurer());
  return measured?.stamp === stamp ? measured : null;
}

function isKept(kept: string, wanted: string | undefined): boolean {
  const found = fileStamp(kept);
  // A kept copy, where links cannot be, has an inode of its own.
  return found === wanted ||
    infoOf(kept)?.nlink === 1 && found.replace(/^\d+/, "") === wanted?.replace(/^\d+/, "");
}
