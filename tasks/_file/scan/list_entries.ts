/**
 * Listing directories of a store as MLflow sees them: links to directories are directories, but what
 * leads back into the store is never met a second time.
 *
 * @module
 */

import { relative } from "@std/path";
import { StoreAccessError } from "../../../lib/errors.ts";
import type { FailureFact } from "../../../lib/store/facts.ts";
import { NO_FILE } from "../../../lib/store/record_problem.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { Stray } from "../../../lib/store/snapshot.ts";
import { PARENT_TAG, PIN_TAG } from "../../../lib/store/tags.ts";
import { type ListDirectory, listDirectory, type Listing } from "../../_io/list_directory.ts";
import { failureText, problemAt, readText } from "../../_io/read.ts";
import { type Measurer, measureTree } from "./measure.ts";

/** A store that is being listed, and what is met on the way. */
export interface Listed {
  /** Absolute real path of the store's root. */
  readonly root: string;
  /** Whether to measure everything. */
  readonly sizes: boolean;
  readonly measurer: Measurer;
  readonly strays: Stray[];
  readonly problems: Problem[];
}

/** An entry of a directory. */
export interface Entry {
  readonly name: string;
  /** Relative to the store's root. */
  readonly path: StorePath;
  /** A directory, or a link to one. */
  readonly isDirectory: boolean;
  /** A symbolic link. */
  readonly link: boolean;
}

/**
 * Lists a directory, resolves links, and takes those for strays that lead to nothing or back into the
 * store. Needs read permission.
 *
 * @param listed The store, and where problems and strays go.
 * @param directory Relative to the store's root; the root itself is empty.
 * @param isWanted Which entries to look at.
 * @param list How to list directories.
 * @returns The entries; none where the directory cannot be listed, which is a problem.
 * @throws {StoreAccessError} When it is the root that cannot be listed.
 */
export async function listEntries(
  listed: Listed,
  directory: string,
  isWanted: (entry: Deno.DirEntry) => boolean = () => true,
  list: ListDirectory = listDirectory,
): Promise<readonly Entry[]> {
  const { root, problems } = listed;
  const found = await list(directory === "" ? root : `${root}/${directory}`);
  if (found.kind === "failed") {
    if (directory === "") {
      throw new StoreAccessError(
        `Cannot list store ${root}: ${found.message}; check that disk and the permissions of the directory`,
        root,
      );
    }
    problems.push(problemAt("directory", directory, "io", found.message));
    return [];
  }
  const entries: Entry[] = [];
  for (const entry of found.entries) {
    if (!isWanted(entry)) continue;
    const { name, isDirectory, isSymlink } = entry;
    const path = pathOf(directory, name);
    const target = isSymlink ? targetOf(root, path) : isDirectory ? "directory" : "file";
    if (typeof target !== "string") {
      problems.push(problemAt("directory", path, "io", target.message));
    } else if (target === "directory" || target === "file") {
      entries.push({ name, path, isDirectory: target === "directory", link: isSymlink });
    } else {
      await addStray(listed, path, target);
    }
  }
  return entries;
}

/**
 * Lists the directories in a directory, see {@linkcode listEntries}. Needs read permission.
 *
 * @param listed The store, and where problems and strays go.
 * @param directory Relative to the store's root.
 * @returns The directories.
 */
export async function listDirectories(
  listed: Listed,
  directory: string,
): Promise<readonly Entry[]> {
  return (await listEntries(listed, directory)).filter((entry) => entry.isDirectory);
}

/**
 * Keeps that something is no experiment and no run.
 *
 * @param listed The store, and where strays go.
 * @param path Where it is, relative to the root.
 * @param kind What it is.
 */
export async function addStray(
  { root, sizes, measurer, strays }: Listed,
  path: StorePath,
  kind: Stray["kind"],
  more: Pick<Stray, "names"> = {},
): Promise<void> {
  const tree = sizes ? await measureTree(`${root}/${path}`, measurer) : null;
  strays.push({ path, kind, ...more, usage: tree?.usage ?? null });
}

/** What came of reading a folder of keys. */
export interface ReadKeys {
  readonly values: ReadonlyMap<string, string>;
  readonly failures: readonly FailureFact[];
}

/** Tags that no key of anybody's begins with, and a slash. */
const PROTECTING: ReadonlySet<string> = new Set([PARENT_TAG, PIN_TAG]);

const NO_KEY = "a directory is where its file would be";

const NO_KEYS: ReadKeys = { values: new Map(), failures: [] };

/**
 * Reads a folder of one file per key; a `/` in a key is a directory. As MLflow does, it takes links to
 * files for files, and links to directories for nothing (2.22 and 3.17). Needs read permission.
 *
 * @param root Absolute path of the store's root.
 * @param folder Relative to it.
 * @param isWanted Which keys to read.
 * @param list How to list directories.
 * @param isNamed Which keys are asked for by their names: an empty directory where one of them would be is
 * damage, and no part of a longer key.
 * @returns Key → value in order of the keys, and what cannot be read.
 */
export async function readKeys(
  root: string,
  folder: StorePath,
  isWanted: (key: string) => boolean = () => true,
  list: ListDirectory = listDirectory,
  isNamed: (key: string) => boolean = () => false,
): Promise<ReadKeys> {
  const listed = await list(`${root}/${folder}`);
  // MLflow writes the folder with the first key, so its absence says only that there is none.
  if (listed.kind === "failed" && listed.missing) return NO_KEYS;
  // So it is with nearly every run where few tags are wanted.
  if (
    listed.kind === "listed" &&
    !listed.entries.some((entry) => entry.isDirectory || isWanted(entry.name))
  ) {
    return NO_KEYS;
  }
  const values = new Map<string, string>();
  const failures: FailureFact[] = [];
  const read = async (found: Listing, path: StorePath, prefix: string) => {
    if (found.kind === "failed") {
      if (!found.missing) failures.push({ path, damage: "io", message: found.message });
      return;
    }
    const wanted = found.entries
      .filter(({ name, isDirectory }) => isDirectory || isWanted(prefix + name));
    for (const entry of wanted.sort(byName)) {
      const { name, isDirectory } = entry;
      const at = pathOf(path, name);
      if (isDirectory) {
        const inner = await list(`${root}/${at}`);
        const isEmpty = inner.kind === "listed" && inner.entries.length === 0;
        if (PROTECTING.has(prefix + name) || isEmpty && isNamed(prefix + name)) {
          failures.push({ path: at, damage: "unreadable", message: NO_KEY });
        }
        await read(inner, at, `${prefix}${name}/`);
        continue;
      }
      const target = kindOf(entry, `${root}/${at}`);
      if (target === "directory") continue;
      if (target === "nothing") {
        failures.push({ path: at, damage: "io", message: "broken link" });
        continue;
      }
      if (target === "special") {
        failures.push({ path: at, damage: "unreadable", message: NO_FILE });
        continue;
      }
      const fact = readText(`${root}/${at}`, { isFile: true });
      if (fact.kind === "text") values.set(prefix + name, fact.text);
      else if (fact.kind === "failed") failures.push({ ...fact, path: at });
    }
  };
  await read(listed, folder, "");
  return { values, failures };
}

/**
 * Tells what a listed entry is, links followed; looks at the disk for links alone. Needs read permission.
 *
 * @param entry An entry that is no directory itself.
 * @param path Its absolute path.
 * @returns As {@link kindAt} does.
 */
export function kindOf(
  { isFile, isSymlink }: Deno.DirEntry,
  path: string,
): ReturnType<typeof kindAt> {
  return isSymlink ? kindAt(path) : isFile ? "file" : "special";
}

/**
 * Tells what is at a place, links followed. Needs read permission.
 *
 * @param path An absolute path.
 * @returns What is there; a link to nothing, or to itself, is nothing, and what may not be looked at is
 * a file, as Python has it. `special`: a pipe, a socket or a device.
 */
export function kindAt(path: string): "directory" | "file" | "nothing" | "special" {
  try {
    const { isDirectory, isFile } = Deno.statSync(path);
    return isDirectory ? "directory" : isFile ? "file" : "special";
  } catch (error) {
    const isNothing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.FilesystemLoop;
    return isNothing ? "nothing" : "file";
  }
}

/** A name that a directory lists is never `..`, and not looking at it spares a walk over all runs. */
function pathOf(directory: string, name: string): StorePath {
  return (directory === "" ? name : `${directory}/${name}`) as StorePath;
}

function byName(left: Deno.DirEntry, right: Deno.DirEntry): number {
  return left.name < right.name ? -1 : 1;
}

function targetOf(
  root: string,
  path: string,
): "directory" | "file" | "broken-link" | "duplicate-link" | { readonly message: string } {
  try {
    const at = `${root}/${path}`;
    if (!Deno.statSync(at).isDirectory) return "file";
    const toTarget = relative(root, Deno.realPathSync(at));
    const outside = toTarget === ".." || toTarget.startsWith("../");
    return outside ? "directory" : "duplicate-link";
  } catch (error) {
    const isBroken = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.FilesystemLoop;
    return isBroken ? "broken-link" : { message: failureText(error) };
  }
}
