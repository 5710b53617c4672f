/**
 * What a directory without `meta.yaml` may be: what is left of a run, the artifacts of a run that lives
 * in a database, or something of the user's own.
 *
 * @module
 */

import { join } from "@std/path";
import { listDirectory } from "../../_io/list_directory.ts";

const FOLDERS = ["artifacts", "metrics", "params", "tags", "inputs", "outputs"];

/** What a directory in an experiment, without `meta.yaml`, looks like. */
export type Remains = "run" | "artifacts-of-a-database" | "foreign";

/**
 * Judges a directory in an experiment that has no `meta.yaml`. Needs read permission.
 *
 * With a database as its backend MLflow keeps `EXPERIMENT/RUN/artifacts/` in `mlruns/`, and nothing else:
 * such artifacts may belong to a run that is alive.
 *
 * @param path The directory.
 * @param name Its name.
 * @returns What it looks like.
 */
export async function judgeRemains(path: string, name: string): Promise<Remains> {
  const listed = await listDirectory(path);
  if (listed.kind === "failed") return "foreign";
  const { entries } = listed;
  const isArtifactsAlone = entries.length === 1 && entries[0]?.name === "artifacts";
  if (isArtifactsAlone && await holdsSomething(join(path, "artifacts"))) {
    return "artifacts-of-a-database";
  }
  const isOwn = entries.every((entry) => entry.isDirectory && FOLDERS.includes(entry.name));
  return isOwn || /^[0-9a-f]{32}$/.test(name) ? "run" : "foreign";
}

async function holdsSomething(path: string): Promise<boolean> {
  const listed = await listDirectory(path);
  return listed.kind === "failed" || listed.entries.length > 0;
}
