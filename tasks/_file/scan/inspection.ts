/**
 * The state of one inspection, and its means: reporting, walking through folders of keys, looking for
 * places.
 *
 * @module
 */

import type { TextFact } from "../../../lib/store/facts.ts";
import { checkKey, strayFolderOf } from "../../../lib/records/check_key_file.ts";
import { NO_FILE, type RecordProblem } from "../../../lib/store/record_problem.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { Problem, Reference } from "../../../lib/store/problem.ts";
import type { DamagedRun, Experiment, Orphan, Run } from "../../../lib/store/snapshot.ts";
import type { ListDirectory } from "../../_io/list_directory.ts";
import { failureText, MOST, problemAt, readText } from "../../_io/read.ts";
import { kindAt, kindOf } from "./list_entries.ts";

/** Where an inspection is, and what it has found. */
export interface Inspection {
  readonly root: string;
  /** Epoch ms. */
  readonly now: number;
  /** How to list directories. */
  readonly list: ListDirectory;
  readonly problems: Problem[];
  readonly references: Reference[];
}

/** The store's root, how to list directories, and where it is kept that one cannot be listed. */
type Place = Pick<Inspection, "root" | "list" | "problems">;

/** What was found in a part of a store: plain data. */
export interface Inspected extends Pick<Inspection, "problems" | "references"> {
  readonly datasetUses: readonly DatasetUse[];
}

/** An input of a run that names a dataset. */
export interface DatasetUse {
  /** The experiment's directory, below the root. */
  readonly experiment: string;
  /** The input's directory, below the root. */
  readonly path: string;
  /** Name of the dataset's directory. */
  readonly dataset: string;
}

/** What reads, of runs and experiments, everything that a scan leaves unread. */
export interface Inspector {
  /**
   * Inspects a run. Needs read permission for it.
   *
   * @param inspection Where findings are kept.
   * @param run The run, readable or not.
   * @param active Whether its experiment is: a deleted one's URIs name where it was before.
   * @param meta Its `meta.yaml`.
   * @returns The datasets that it names.
   */
  inspectRun(
    inspection: Inspection,
    run: Run | DamagedRun,
    active: boolean,
    meta: TextFact,
  ): Promise<readonly DatasetUse[]>;
  /**
   * Inspects an experiment, or an orphan, without its runs and datasets. Needs read permission for it.
   *
   * @param inspection Where findings are kept.
   * @param holder The experiment, or orphan.
   */
  inspectExperiment(inspection: Inspection, holder: Experiment | Orphan): Promise<void>;
}

/** What kind of folder lies at a path. */
export type Folder = "directory" | "missing" | "not-a-directory";

/**
 * Keeps what is wrong with a file.
 *
 * @param inspection The inspection.
 * @param subject What the file is.
 * @param path Where it is, below the root.
 * @param found What is wrong with it.
 */
export function report(
  { problems }: Inspection,
  subject: Problem["subject"],
  path: string,
  found: readonly RecordProblem[],
): void {
  for (const problem of found) problems.push({ path: asStorePath(path), subject, ...problem });
}

/**
 * Keeps what is wrong with the name of a key; of a directory that nobody made for keys it is said once.
 *
 * @param inspection The inspection.
 * @param subject What the file is.
 * @param path Where it is, below the root.
 * @param key The key.
 */
export function reportKey(
  inspection: Inspection,
  subject: Problem["subject"],
  path: string,
  key: string,
): void {
  const stray = strayFolderOf(key);
  const at = stray === null ? path : path.slice(0, path.length - key.length + stray.length);
  const isSaid = ({ path, damage }: Problem) => path === at && damage === "stray-file";
  if (stray !== null && inspection.problems.some(isSaid)) return;
  report(inspection, subject, at, checkKey(key));
}

/**
 * Keeps that something names a run or a logged model.
 *
 * @param inspection The inspection.
 * @param path What names it, below the root.
 * @param to What it names.
 * @param id The id.
 */
export function refer(
  { references }: Inspection,
  path: string,
  to: Reference["to"],
  id: string | null | undefined,
): void {
  if (id) references.push({ path: asStorePath(path), to, id });
}

/**
 * Walks through a folder of one file per key, as MLflow does: links to files are files, links to
 * directories are nothing.
 *
 * @param inspection The store's root, and where it is kept that a folder cannot be listed.
 * @param folder The folder, below the root.
 * @param visit Called for each file, with its key and what reading it gave.
 * @returns What lies there.
 */
export async function walkKeys(
  inspection: Place,
  folder: string,
  visit: (key: string, path: string, fact: TextFact) => void,
): Promise<Folder> {
  const { root } = inspection;
  // Each step makes a metric longer.
  const most = folder.endsWith("/metrics") ? MOST.text : MOST.record;
  const walk = async (within: string, prefix: string): Promise<boolean> => {
    const entries = await entriesAt(inspection, within);
    for (const entry of entries ?? []) {
      const { name, isDirectory } = entry;
      const path = `${within}/${name}`;
      if (isDirectory) {
        await walk(path, `${prefix}${name}/`);
        continue;
      }
      const target = kindOf(entry, `${root}/${path}`);
      if (target === "directory") continue;
      const fact: TextFact = target === "nothing"
        ? { kind: "missing" }
        : target === "special"
        ? { kind: "failed", damage: "unreadable", message: NO_FILE }
        : readText(`${root}/${path}`, { isFile: true, most });
      visit(prefix + name, path, fact);
    }
    return entries !== null;
  };
  return await walk(folder, "") ? "directory" : folderAt(root, folder);
}

/**
 * Lists the directories in a folder, links to directories among them.
 *
 * @param inspection The store's root, and where it is kept that the folder cannot be listed.
 * @param folder The folder, below the root.
 * @returns Their names; empty when there is no such folder, `null` when it cannot be listed.
 */
export async function directoriesAt(
  inspection: Place,
  folder: string,
): Promise<readonly string[] | null> {
  const { root } = inspection;
  const entries = await entriesAt(inspection, folder);
  if (entries === null) return folderAt(root, folder) === "directory" ? null : [];
  return entries
    .filter(({ name, isDirectory, isSymlink }) =>
      isDirectory || isSymlink && kindAt(`${root}/${folder}/${name}`) === "directory"
    )
    .map(({ name }) => name);
}

/** `null` where no directory can be listed; where there is one, that is a problem of its own. */
async function entriesAt(
  { root, list, problems }: Place,
  folder: string,
): Promise<readonly Deno.DirEntry[] | null> {
  const listed = await list(`${root}/${folder}`);
  if (listed.kind === "listed") return listed.entries;
  if (!listed.missing && folderAt(root, folder) === "directory") {
    problems.push(problemAt("directory", folder, "io", listed.message));
  }
  return null;
}

/**
 * Tells what lies at a path.
 *
 * @param root Absolute path of the store's root.
 * @param path A path below it.
 * @returns What lies there; what may not be looked at counts as a directory.
 */
export function folderAt(root: string, path: string): Folder {
  try {
    return Deno.statSync(`${root}/${path}`).isDirectory ? "directory" : "not-a-directory";
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "missing" : "directory";
  }
}

/**
 * Tells whether there is anything at a place, in the store or out of it.
 *
 * @param path An absolute path.
 * @returns Whether there is; what may not be looked at counts as being there.
 */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    return !/not a directory/i.test(failureText(error));
  }
}
