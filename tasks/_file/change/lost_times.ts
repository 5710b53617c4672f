import { join } from "@std/path";
import { operationsOf } from "../../../lib/files/operations.ts";
import type { Action } from "../../../lib/plan/plan.ts";
import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { infoOf } from "../../_io/read.ts";
import { parentOf } from "../own/journal.ts";
import { isUndatable } from "../scan/measure.ts";

/**
 * Names the directories whose modification time a change takes away for good: it can be put back only if it
 * can be read, and no date can say what is after the year 275760. Needs read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param actions What is to be done.
 * @returns Their paths; the root's is empty.
 */
export function lostTimes(root: string, actions: readonly Action[]): readonly string[] {
  const directories = new Map<string, boolean>();
  for (const action of actions) {
    for (const { path } of operationsOf(action, { now: 0 })) {
      const parent = parentOf(path);
      if (directories.has(parent)) continue;
      // There may be very many runs, and their stamps tell.
      const isLost = action.kind === "soft-delete-run"
        ? isUndatable(action.stamp)
        : hasNoDate(join(root, parent));
      directories.set(parent, isLost);
    }
  }
  // To make our own directory changes the root.
  if (!directories.has("") && infoOf(join(root, OWN_DIRECTORY)) === null) {
    directories.set("", hasNoDate(root));
  }
  return [...directories].flatMap(([path, isLost]) => isLost ? [path] : []);
}

function hasNoDate(directory: string): boolean {
  const time = infoOf(directory)?.mtime?.getTime();
  return time !== undefined && Number.isNaN(time);
}
