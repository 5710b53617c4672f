/**
 * Whether a place lies in a file store, where whatever is put may be taken for something of MLflow's.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { infoOf } from "../../_io/read.ts";
import { recordIn } from "../scan/scan_remains.ts";

/**
 * Finds the file store in which a place lies. Needs read permission; what cannot be read is no store.
 *
 * @param path Absolute path without links; what is at its end need not be there yet.
 * @returns Absolute path of the store's root, which may be the place itself; `null` where it lies in none.
 */
export function enclosingStore(path: string): string | null {
  const parent = dirname(path);
  if (isRoot(path)) return path;
  if (parent === path) return null;
  return recordIn(path) === "experiment" ? parent : enclosingStore(parent);
}

/** Without a list of what is there, which may be short, or that of a disk which is mounted when it is looked at. */
function isRoot(directory: string): boolean {
  const holds = (name: string) => {
    try {
      return infoOf(join(directory, name))?.isDirectory === true;
    } catch {
      return false;
    }
  };
  return holds(OWN_DIRECTORY) || holds(".trash") && holds("models") ||
    recordIn(join(directory, "0")) === "experiment";
}
