/**
 * Keys of one run that differ by upper and lower case alone, or by how their letters are composed. On
 * Linux they are two files; on macOS and Windows they would be one, and one metric's points would go into
 * the other's file.
 *
 * @module
 */

import { join } from "@std/path";
import { listDirectory } from "../../_io/list_directory.ts";
import { infoOf } from "../../_io/read.ts";

/** Which keys. */
export type KeyKind = "metrics" | "params" | "tags";

/** A key that differs by case alone. */
export interface Twin {
  /** The key that was there first. */
  readonly key: string;
  /** The file system takes both for one file. */
  readonly isSameFile: boolean;
}

/** Knows the keys of one run. */
export interface TwinFinder {
  /** Finds the twin of a key; `null` when it has none. */
  find(kind: KeyKind, key: string): Twin | null;
  /** Remembers a key that has been written. */
  remember(kind: KeyKind, key: string): void;
}

/**
 * Knows the keys of a run that has just been made, and so none.
 *
 * @param directory Absolute path of the run's directory.
 * @returns The keys, to be asked.
 */
export function newTwinFinder(directory: string): TwinFinder {
  const known = new Map<string, string>();
  const fold = (kind: KeyKind, key: string) => `${kind}/${key.normalize("NFC").toLowerCase()}`;
  return {
    find(kind, key) {
      const twin = known.get(fold(kind, key));
      if (twin === undefined || twin === key) return null;
      const [left, right] = [
        infoOf(join(directory, kind, twin)),
        infoOf(join(directory, kind, key)),
      ];
      const isSameFile = left !== null && right !== null && left.ino !== null &&
        left.ino === right.ino && left.dev === right.dev;
      return { key: twin, isSameFile };
    },
    remember(kind, key) {
      if (!known.has(fold(kind, key))) known.set(fold(kind, key), key);
    },
  };
}

/**
 * Reads which keys a run has. Needs read permission for the store.
 *
 * @param directory Absolute path of the run's directory.
 * @returns The keys, to be asked.
 * @throws {Error} When not all of them can be listed.
 */
export async function readTwinFinder(directory: string): Promise<TwinFinder> {
  const twins = newTwinFinder(directory);
  for (const kind of ["metrics", "params", "tags"] as const) {
    for (const key of await keysBelow(join(directory, kind), "")) twins.remember(kind, key);
  }
  return twins;
}

async function keysBelow(directory: string, prefix: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  if (listed.kind === "failed") {
    if (!infoOf(directory)?.isDirectory) return [];
    throw new Error(`Cannot list ${directory}: ${listed.message}`);
  }
  const keys: string[] = [];
  for (const { name, isDirectory } of listed.entries) {
    if (isDirectory) keys.push(...await keysBelow(join(directory, name), `${prefix}${name}/`));
    else keys.push(prefix + name);
  }
  return keys;
}
