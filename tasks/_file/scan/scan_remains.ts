/**
 * What a directory without `meta.yaml` may be: what is left of an experiment or of a run, the artifacts of
 * a run that lives in a database, a store of its own, or something of the user's.
 *
 * @module
 */

import { basename, join } from "@std/path";
import {
  isLitter,
  isLoggedModelId,
  isRunFolder,
  isRunId,
  looksLikeExperimentId,
  OWN_DIRECTORY,
} from "../../../lib/store/names.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { readText } from "../../_io/read.ts";

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
  if (entries.length === 0 && isLitter(name)) return "foreign";
  const isArtifactsAlone = entries.length === 1 && entries[0]?.name === "artifacts";
  if (isArtifactsAlone && await holdsSomething(join(path, "artifacts"))) {
    return "artifacts-of-a-database";
  }
  const isOwn = entries.every((entry) => entry.isDirectory && isRunFolder(entry.name));
  return isOwn || isRunId(name) ? "run" : "foreign";
}

async function holdsSomething(path: string): Promise<boolean> {
  const listed = await listDirectory(path);
  return listed.kind === "failed" || listed.entries.length > 0;
}

/** What a directory of the root, without `meta.yaml`, looks like. */
export type RootRemains = "experiment" | "store" | "foreign";

/**
 * Judges a directory in the root of a store that has no `meta.yaml`. Needs read permission.
 *
 * @param path The directory.
 * @param name Its name.
 * @returns What it looks like: `foreign` has a name that no MLflow gives, and holds nothing of MLflow's.
 */
export async function judgeRootRemains(path: string, name: string): Promise<RootRemains> {
  if (await looksLikeStore(path)) return "store";
  if (looksLikeExperimentId(name)) return "experiment";
  const listed = await listDirectory(path);
  if (listed.kind === "failed") return "experiment";
  for (const { name } of listed.entries) {
    if (await isOfExperiment(join(path, name), name)) return "experiment";
  }
  return "foreign";
}

/**
 * Tells whether a directory holds what only the root of a store holds, whatever record lies in it: experiments,
 * or what MLflow or mltidy make there, and no run. Needs read permission.
 *
 * @param path The directory.
 * @returns Whether it does.
 */
export async function looksLikeStore(path: string): Promise<boolean> {
  const listed = await listDirectory(path);
  if (listed.kind === "failed") return false;
  let isStore = false;
  for (const { name, isDirectory, isSymlink } of listed.entries) {
    if (!isDirectory && !isSymlink) continue;
    const record = recordIn(join(path, name));
    if (record === "run") return false;
    isStore ||= record === "experiment" || name === ".trash" || name === OWN_DIRECTORY;
  }
  return isStore;
}

/**
 * Tells whether MLflow or mltidy has opened a directory as a store: whoever keeps single experiments aside
 * copies neither one's own directory. Needs read permission.
 *
 * @param path The directory.
 * @returns Whether it is the root of a store that was opened.
 */
export async function wasOpened(path: string): Promise<boolean> {
  const listed = await listDirectory(path);
  return listed.kind === "listed" && await looksLikeStore(path) &&
    listed.entries.some(({ name }) => name === ".trash" || name === OWN_DIRECTORY);
}

/**
 * Tells what the record in a directory describes. Others write a `meta.yaml`, too: conda recipes do. Only
 * its keys tell whose it is.
 *
 * @param directory The directory.
 * @returns What it describes; `null` where there is no record of an experiment or of a run.
 */
export function recordIn(directory: string): "experiment" | "run" | null {
  const meta = readText(join(directory, "meta.yaml"));
  if (meta.kind !== "text") return null;
  if (/^run_(?:id|uuid):/m.test(meta.text)) return "run";
  return /^experiment_id:/m.test(meta.text) ? "experiment" : null;
}

/** Whether something in a directory is of the kind that only an experiment holds. */
async function isOfExperiment(path: string, name: string): Promise<boolean> {
  const holds = async (isWanted: (name: string) => boolean) => {
    const listed = await listDirectory(path);
    return listed.kind === "listed" && listed.entries.some((entry) => isWanted(entry.name));
  };
  switch (name) {
    case "tags":
      return await holds((tag) => tag.startsWith("mlflow."));
    case "models":
      return await holds(isLoggedModelId);
    case "traces":
      return await holds((trace) => trace.startsWith("tr-"));
  }
  return await isRunDirectory(path) || recordIn(path) === "run";
}

/**
 * Tells whether a directory without `meta.yaml` is what is left of a run: by its name, or since it has
 * a run's folders and no others. Needs read permission.
 *
 * @param path The directory.
 * @returns Whether it is.
 */
export async function isRunDirectory(path: string): Promise<boolean> {
  if (isRunId(basename(path))) return true;
  const listed = await listDirectory(path);
  return listed.kind === "listed" && listed.entries.length > 0 &&
    listed.entries.every(({ name, isDirectory }) => isDirectory && isRunFolder(name));
}
