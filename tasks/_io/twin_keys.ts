/**
 * Keys of one run that differ by upper and lower case alone, or by how their letters are composed. On
 * Linux they are two files; on macOS and Windows they would be one, and one metric's points would go into
 * the other's file.
 *
 * @module
 */

import { join } from "@std/path";
import { infoOf, listDirectory } from "./read.ts";

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
 * Knows the keys of a run. Needs read permission for the store.
 *
 * @param directory Absolute path of the run's directory.
 * @param isNew The run has no keys yet, so there is nothing to read.
 * @returns The keys, to be asked.
 */
export function newTwinFinder(directory: string, isNew: boolean): TwinFinder {
  const known = new Map<string, string>();
  const fold = (kind: KeyKind, key: string) => `${kind}/${key.normalize("NFC").toLowerCase()}`;
  const remember = (kind: KeyKind, key: string) => {
    if (!known.has(fold(kind, key))) known.set(fold(kind, key), key);
  };
  for (const kind of isNew ? [] : ["metrics", "params", "tags"] as const) {
    for (const key of keysBelow(join(directory, kind), "")) remember(kind, key);
  }
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
    remember,
  };
}

function keysBelow(directory: string, prefix: string): readonly string[] {
  const listed = listDirectory(directory);
  if (listed.kind === "failed") return [];
  return listed.entries.flatMap(({ name, isDirectory }) =>
    isDirectory ? keysBelow(join(directory, name), `${prefix}${name}/`) : [prefix + name]
  );
}
