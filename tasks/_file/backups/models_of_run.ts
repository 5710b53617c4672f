/**
 * The logged models of a run: they lie in its experiment, beside it, and not in it.
 *
 * @module
 */

import { join } from "@std/path";
import { readLoggedModelMeta } from "../../../lib/records/meta_record.ts";
import { infoOf, readText } from "../../_io/read.ts";
import { listDirectory } from "../../_io/list_directory.ts";

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
