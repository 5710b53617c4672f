/**
 * Giving back what a tree takes on the disk, which takes longer than all else that happens to a tree: many
 * files at a time, with progress, until it is told to stop.
 *
 * *Ordering*: every directory is looked into before anything in it goes; then the files go, then the
 * directories, the deepest first.
 *
 * *After an interruption*: what is left lies in a staging directory, and whoever locks it next frees it.
 *
 * @module
 */

import { join } from "@std/path";
import { groupsOf, removeIfEmpty } from "../durable.ts";
import { hold, holdEntries, holdEntry } from "../hold.ts";
import { listDirectory } from "../list_directory.ts";
import { failureText, infoOf } from "../read.ts";
import { takeTurns } from "../take_turns.ts";
import type { TreeWork } from "./tree_work.ts";

/**
 * Frees a tree in a staging directory, but nothing of what is mounted in it. Needs read and write
 * permission.
 *
 * @param path The tree.
 * @param work The signal, after which the rest stays, and progress.
 * @returns Whether all of it is gone.
 * @throws {Error} When something is mounted in it; then all of it is still there. When the system refuses to
 * let something go; then that is still there, and nothing else.
 */
export async function freeTree(path: string, work: TreeWork = {}): Promise<boolean> {
  const { signal, onProgress } = work;
  const { files, levels } = await look(path);
  const total = { files: files.length, bytes: bytesOf(files) };
  const failures: unknown[] = [];
  let done = { files: 0, bytes: 0 };
  for (const group of groupsOf(files)) {
    if (signal?.aborted) return false;
    failures.push(...await removeAll(group.map((file) => file.path)));
    done = { files: done.files + group.length, bytes: done.bytes + bytesOf(group) };
    onProgress?.({ step: "Freeing", ...done, total });
  }
  for (const group of levels.toReversed().flatMap((level) => [...groupsOf(level)])) {
    if (signal?.aborted) return false;
    failures.push(...await removeAll(group));
  }
  // A directory that is not empty says nothing of why.
  const [first = null] = failures;
  if (first !== null) throw first;
  return true;
}

/** One that the system does not let go keeps none of the others. */
async function removeAll(paths: readonly string[]): Promise<readonly unknown[]> {
  using held = holdEntries(paths);
  const results = await Promise.allSettled(paths.map((path) => Deno.remove(held.entry(path))));
  return results.flatMap((one) => one.status === "rejected" ? [one.reason] : []);
}

/**
 * Frees a tree in a staging directory; what cannot be freed now waits for whoever locks it next. Needs read
 * and write permission.
 *
 * @param path The tree; nothing happens when it is not there.
 * @param work The signal, after which the rest stays, and progress.
 * @returns Why something is left of it, in words; `null` when nothing is, or it was stopped.
 */
export async function tryFreeTree(path: string, work: TreeWork = {}): Promise<string | null> {
  try {
    if (infoOf(path) !== null) await freeTree(path, work);
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return failureText(error);
  }
}

interface Tree {
  readonly files: readonly File[];
  /** Directories that are not empty, by their depth. */
  readonly levels: readonly (readonly string[])[];
}

interface File {
  readonly path: string;
  readonly bytes: number;
}

async function look(path: string): Promise<Tree> {
  const turn = takeTurns(undefined);
  const files: File[] = [];
  const levels: string[][] = [];
  let level: readonly string[] = [path];
  while (level.length > 0) {
    const filled = level.filter((directory) => {
      using entry = holdEntry(directory);
      return !removeIfEmpty(entry.path);
    });
    const deeper: string[] = [];
    for (const directory of filled) {
      await turn();
      using held = hold(directory);
      for (const { name } of await listOrThrow(held.path)) {
        const inner = join(directory, name);
        const { isDirectory, size } = Deno.lstatSync(held.at(name));
        if (isDirectory) deeper.push(inner);
        else files.push({ path: inner, bytes: size });
      }
    }
    levels.push(filled);
    level = deeper;
  }
  return { files, levels };
}

async function listOrThrow(directory: string): Promise<readonly Deno.DirEntry[]> {
  const listed = await listDirectory(directory);
  if (listed.kind === "listed") return listed.entries;
  throw new Error(`Cannot list a directory that is to be freed: ${listed.message}`);
}

function bytesOf(files: readonly File[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
