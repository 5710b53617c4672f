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
import { groupsOf, removeIfEmpty } from "../../_io/durable.ts";
import { hold, holdEntries, holdEntry } from "../../_io/hold.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { infoOf } from "../../_io/read.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import type { BackupWork } from "../../ports/backups.ts";

/**
 * Frees a tree in a staging directory, but nothing of what is mounted in it. Needs read and write
 * permission.
 *
 * @param path The tree.
 * @param work The signal, after which the rest stays, and progress.
 * @returns Whether all of it is gone.
 * @throws {Error} When something is mounted in it, or the system refuses; then the rest is still there.
 */
export async function freeTree(path: string, work: BackupWork = {}): Promise<boolean> {
  const { signal, onProgress } = work;
  const { files, levels } = await look(path);
  const total = { files: files.length, bytes: bytesOf(files) };
  let done = { files: 0, bytes: 0 };
  for (const group of groupsOf(files)) {
    if (signal?.aborted) return false;
    using held = holdEntries(group.map(({ path }) => path));
    await Promise.all(group.map((file) => Deno.remove(held.entry(file.path))));
    done = { files: done.files + group.length, bytes: done.bytes + bytesOf(group) };
    onProgress?.({ step: "Freeing", ...done, total });
  }
  for (const group of levels.toReversed().flatMap((level) => [...groupsOf(level)])) {
    if (signal?.aborted) return false;
    using held = holdEntries(group);
    await Promise.all(group.map((directory) => Deno.remove(held.entry(directory))));
  }
  return true;
}

/**
 * Frees a tree in a staging directory; what cannot be freed now waits for whoever locks it next. Needs read
 * and write permission.
 *
 * @param path The tree; nothing happens when it is not there.
 * @param work The signal, after which the rest stays, and progress.
 */
export async function tryFreeTree(path: string, work: BackupWork = {}): Promise<void> {
  try {
    if (infoOf(path) !== null) await freeTree(path, work);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
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
