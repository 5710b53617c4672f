/**
 * What a backup holds: the experiments and runs that somebody may ask for.
 *
 * @module
 */

import { join } from "@std/path";
import type { BackupContents } from "../../../lib/backup/resolve_selection.ts";
import { readExperimentMeta } from "../../../lib/records/meta_record.ts";
import { RESERVED_IN_EXPERIMENT } from "../../../lib/store/names.ts";
import { readText } from "../../_io/read.ts";
import { loadDigest } from "../../_io/tree/digest.ts";
import { entriesOf } from "./find_missing.ts";

/**
 * Sorts out what a backup holds by the paths of it. Needs read permission.
 *
 * @param paths The paths below the store's root.
 * @param gone Ids of runs that left with something else, or with which something else left.
 * @param roots Absolute paths under which the records of experiments may lie: backups' files, and the store.
 * @returns The experiments, with their names where a record tells, and the runs.
 */
export function contentsOf(
  paths: Iterable<string>,
  gone: Iterable<string>,
  roots: readonly string[],
): BackupContents {
  const experiments = new Map<string, string | undefined>();
  const runs = new Set(gone);
  for (const path of paths) {
    const [id = "", run] = path.replace(/^\.trash\//, "").split("/");
    if (id === "models" || id === "" || id === ".trash") continue;
    if (!experiments.has(id)) experiments.set(id, nameOf(id, roots));
    if (run !== undefined && run !== "meta.yaml" && !RESERVED_IN_EXPERIMENT.has(run)) runs.add(run);
  }
  return {
    experiments: [...experiments].map(([id, name]) => ({ id, name })),
    runs: [...runs].map((id) => ({ id })),
  };
}

/**
 * Sorts out what a copy holds. Needs read permission for it, and for the store.
 *
 * @param directory Absolute real path of the copy.
 * @param root Absolute real path of the store's root.
 * @returns The experiments and runs.
 */
export async function copyContents(directory: string, root: string): Promise<BackupContents> {
  const entries = entriesOf(directory, await loadDigest());
  return contentsOf(pathsOf(entries), [], [join(directory, "files"), root]);
}

function* pathsOf(entries: Iterable<{ readonly path: string }>): Generator<string> {
  for (const { path } of entries) yield path;
}

function nameOf(id: string, roots: readonly string[]): string | undefined {
  for (const root of roots) {
    for (const place of [join(root, id), join(root, ".trash", id)]) {
      const record = readText(join(place, "meta.yaml"));
      const read = record.kind === "text" ? readExperimentMeta(record.text) : null;
      if (read?.ok) return read.meta.name;
    }
  }
  return undefined;
}
