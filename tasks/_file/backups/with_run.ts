/**
 * What comes back with a run: its logged models, which lie in its experiment, beside it, and not in it, and the tree of
 * runs in which it moved, which goes back whole, as it went.
 *
 * @module
 */

import { join } from "@std/path";
import { treeOfRun } from "../../../lib/backup/tree_of_run.ts";
import { readLoggedModelMeta } from "../../../lib/records/meta_record.ts";
import { PARENT_TAG } from "../../../lib/store/tags.ts";
import { infoOf, readText } from "../../_io/read.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import type { Step } from "../own/journal.ts";

/**
 * Finds the logged models that name a run as the one that logged them, where it lies. Needs read permission.
 *
 * @param root Absolute path of a store, or of the files of a copy of one.
 * @param run The run's id; left out for no run.
 * @returns Their paths below the root.
 */
export async function modelsOfRun(
  root: string,
  run: string | undefined,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (run === undefined) return found;
  const experiments = await namesIn(root);
  const deleted = experiments.includes(".trash") ? await namesIn(join(root, ".trash")) : [];
  for (const experiment of [...experiments, ...deleted.map((name) => `.trash/${name}`)]) {
    if (infoOf(join(root, experiment, run)) === null) continue;
    const models = `${experiment}/models`;
    for (const name of await namesIn(join(root, models))) {
      const path = `${models}/${name}`;
      const record = readText(join(root, path, "meta.yaml"));
      const read = record.kind === "text" ? readLoggedModelMeta(record.text) : null;
      if (read?.ok && read.meta.sourceRunId === run) found.add(path);
    }
  }
  return found;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  return listed.kind === "failed"
    ? []
    : listed.entries.filter(({ isFile }) => !isFile).map(({ name }) => name);
}

/**
 * Finds the runs that a change moved in one tree with a run. Needs read permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param steps The steps of the change.
 * @param run The run's id; `undefined` where none is meant.
 * @returns Their ids, with its own; none where the change did not move it.
 */
export function movedWith(
  root: string,
  steps: readonly Step[],
  run: string | undefined,
): ReadonlySet<string> {
  if (run === undefined) return new Set();
  const places = new Map<string, string>();
  for (const { action, subject, operation } of steps) {
    const isRun = action === "move-run" && operation.kind === "rename-tree" &&
      operation.path === subject;
    if (isRun) places.set(nameOf(subject), placeNow(root, operation));
  }
  if (!places.has(run)) return new Set();
  const parents = [...places].map(([id, place]) => [id, parentAt(place)] as const);
  return treeOfRun(run, new Map(parents));
}

function nameOf(subject: string): string {
  return subject.slice(subject.lastIndexOf("/") + 1);
}

function placeNow(root: string, { path, to }: { readonly path: string; readonly to: string }) {
  const back = join(root, path);
  return infoOf(back) === null ? join(root, to) : back;
}

function parentAt(place: string): string | null {
  const read = readText(join(place, "tags", PARENT_TAG));
  return read.kind === "text" ? read.text.trim() : null;
}
