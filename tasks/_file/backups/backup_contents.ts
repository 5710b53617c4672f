/**
 * What a backup holds: the experiments and runs that somebody may ask for.
 *
 * @module
 */

import { join } from "@std/path";
import type {
  BackupContents,
  HeldExperiment,
  HeldRun,
} from "../../../lib/backup/resolve_selection.ts";
import { readExperimentMeta, readRunMeta } from "../../../lib/records/meta_record.ts";
import { isRunId, RESERVED_IN_EXPERIMENT } from "../../../lib/store/names.ts";
import { addUsage, type DiskUsage } from "../../../lib/store/usage.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { allocated, infoOf, readText } from "../../_io/read.ts";
import { loadDigest } from "../../_io/tree/digest.ts";
import { walkTree } from "../../_io/tree/walk_tree.ts";
import { entriesOf } from "./find_missing.ts";

/**
 * Sorts out what a backup holds by the paths of it. Needs read permission.
 *
 * @param paths The paths below the store's root.
 * @param gone Ids of runs that left with something else, or with which something else left.
 * @param roots Absolute paths under which the records may lie: backups' files, and the store.
 * @param runNames Whether to look up the names of runs, too.
 * @returns The experiments and runs, with their names where a record tells.
 */
export function contentsOf(
  paths: Iterable<string>,
  gone: Iterable<string>,
  roots: readonly string[],
  runNames: boolean,
): BackupContents {
  const experiments = new Map<string, string | undefined>();
  const runs = new Map<string, HeldRun>([...gone].map((id) => [id, { id }]));
  for (const path of paths) {
    const [id = "", run] = path.replace(/^\.trash\//, "").split("/");
    if (id === "models" || id === "" || id === ".trash") continue;
    if (!experiments.has(id)) experiments.set(id, nameOf(id, roots));
    if (run === undefined || run === "meta.yaml" || RESERVED_IN_EXPERIMENT.has(run)) continue;
    if (runs.get(run)?.experiment === undefined) {
      runs.set(run, {
        id: run,
        name: runNames ? runNameOf(id, run, roots) : undefined,
        experiment: id,
      });
    }
  }
  return {
    experiments: [...experiments].map(([id, name]) => ({ id, name })),
    runs: [...runs.values()],
  };
}

/**
 * Sorts out what a copy holds. Needs read permission for it, and for the store.
 *
 * @param directory Absolute real path of the copy.
 * @param root Absolute real path of the store's root.
 * @param runNames Whether to look up the names of runs, too.
 * @returns The experiments and runs.
 */
export async function copyContents(
  directory: string,
  root: string,
  runNames: boolean,
): Promise<BackupContents> {
  const entries = entriesOf(directory, await loadDigest());
  return contentsOf(pathsOf(entries), [], [join(directory, "files"), root], runNames);
}

/**
 * Finds the runs that left with their experiment. Needs read permission.
 *
 * @param subjects Paths of what left.
 * @param kept Absolute paths of where it lies.
 * @returns Paths of runs.
 */
export async function runsWithin(
  subjects: ReadonlySet<string>,
  kept: readonly string[],
): Promise<readonly string[]> {
  const runs: string[] = [];
  for (const path of subjects) {
    if (path.replace(/^\.trash\//, "").includes("/")) continue;
    for (const files of kept) {
      const listed = await listDirectory(join(files, path));
      if (listed.kind === "failed") continue;
      runs.push(
        ...listed.entries.filter(({ name }) => isRunId(name)).map(({ name }) => `${path}/${name}`),
      );
    }
  }
  return runs;
}

/**
 * Measures what a backup holds of each experiment. Needs read permission.
 *
 * @param contents What it holds something of.
 * @param kept Absolute paths of where it lies.
 * @returns The same, with what each experiment takes on the disk.
 */
export async function withUsage(
  contents: BackupContents,
  kept: readonly string[],
): Promise<BackupContents> {
  const experiments: HeldExperiment[] = [];
  for (const one of contents.experiments) {
    const usages: DiskUsage[] = [];
    for (const place of placesOf(one.id, kept)) usages.push(...await usagesIn(place));
    experiments.push({ ...one, usage: addUsage(usages) });
  }
  return { ...contents, experiments };
}

async function usagesIn(place: string): Promise<readonly DiskUsage[]> {
  const own = infoOf(place);
  if (own === null) return [];
  const usages = [usageOf(own)];
  for await (const found of walkTree(place)) {
    if (found.kind !== "unreadable") usages.push(usageOf(found.info));
  }
  return usages;
}

function usageOf(info: Deno.FileInfo): DiskUsage {
  return { bytes: allocated(info), files: info.isDirectory ? 0 : 1 };
}

function* pathsOf(entries: Iterable<{ readonly path: string }>): Generator<string> {
  for (const { path } of entries) yield path;
}

function nameOf(id: string, roots: readonly string[]): string | undefined {
  for (const place of placesOf(id, roots)) {
    const record = readText(join(place, "meta.yaml"));
    const read = record.kind === "text" ? readExperimentMeta(record.text) : null;
    if (read?.ok) return read.meta.name;
  }
  return undefined;
}

/** MLflow before 1.30 kept the name of a run in a tag alone. */
function runNameOf(id: string, run: string, roots: readonly string[]): string | undefined {
  for (const place of placesOf(join(id, run), roots)) {
    const record = readText(join(place, "meta.yaml"));
    const read = record.kind === "text" ? readRunMeta(record.text) : null;
    if (!read?.ok) continue;
    const tag = readText(join(place, "tags", "mlflow.runName"));
    return read.meta.name || (tag.kind === "text" ? tag.text : undefined);
  }
  return undefined;
}

function placesOf(path: string, roots: readonly string[]): readonly string[] {
  return roots.flatMap((root) => [join(root, path), join(root, ".trash", path)]);
}
