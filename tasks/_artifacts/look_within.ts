/**
 * What a tree of artifacts holds that may be of another store: directories called by ids, and what a store of files
 * writes.
 *
 * @module
 */

import { isLoggedModelId, isTraceId } from "../../lib/store/names.ts";
import type { StorePath } from "../../lib/store/path.ts";
import { listDirectory } from "../_io/list_directory.ts";

/** What was found in a tree. */
export interface Within {
  /** Of runs, logged models and traces, the tree itself among them: each with its absolute path. */
  readonly owners: readonly { readonly id: string; readonly path: string }[];
  /** Absolute path of what a store of files wrote into it; `null` where there is nothing. */
  readonly meta: string | null;
}

/** What a store of files has in the directory of everything. */
export const META = "meta.yaml";

/** In which an experiment has the directories of its logged models and traces. */
export const FOLDERS: ReadonlySet<string> = new Set(["models", "traces"]);

/**
 * Looks into a tree, as deep as MLflow lays directories out for an experiment. Needs read permission.
 *
 * @param root Absolute path of the artifact root.
 * @param path The tree: an experiment's, or that of something in one.
 * @returns What was found.
 */
export async function lookWithin(root: string, path: StorePath): Promise<Within> {
  const owners: { id: string; path: string }[] = [];
  let meta: string | null = null;
  const look = async (directory: string, depth: number) => {
    const id = directory.slice(directory.lastIndexOf("/") + 1);
    if (isOwnerId(id)) owners.push({ id, path: directory });
    const listed = await listDirectory(directory);
    if (listed.kind === "failed") return;
    for (const { name, isDirectory } of listed.entries) {
      const entry = `${directory}/${name}`;
      if (name === META) meta ??= entry;
      if (!isDirectory || depth === 0) continue;
      if (depth === 2 && FOLDERS.has(name)) await look(entry, 1);
      else if (depth === 1 || isOwnerId(name)) await look(entry, 0);
    }
  };
  await look(`${root}/${path}`, path.includes("/") ? 0 : 2);
  return { owners, meta };
}

/**
 * Tells whether a directory is called as that of a run, logged model or trace is.
 *
 * @param name Its name.
 * @returns Whether it is.
 */
export function isOwnerId(name: string): boolean {
  // What names a run names a trace of MLflow 2 as well.
  return isTraceId(name) || isLoggedModelId(name);
}
