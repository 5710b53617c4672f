/**
 * Looking at a tree of another store that is to be copied.
 *
 * @module
 */

import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import type { DiskUsage } from "../../../lib/store/usage.ts";
import { timeOf } from "../../_io/read.ts";
import { type Found, walkTree } from "../../_io/tree/walk_tree.ts";

/** What a tree holds, or why it cannot be copied whole. */
export type Survey =
  | { readonly usage: DiskUsage; readonly stamp: string }
  | { readonly problem: string };

/**
 * Looks at all that is in a tree, for certain: regular files and directories alone can be copied. Needs read
 * permission.
 *
 * @param tree Absolute real path of a directory.
 * @param work What is awaited between two entries.
 * @returns What it takes, and a stamp that changes when anything in it does; or what cannot be copied.
 */
export async function surveyTree(
  tree: string,
  work: { readonly turn?: () => Promise<void> } = {},
): Promise<Survey> {
  const parts: (string | number | null)[] = [];
  let bytes = 0;
  let files = 0;
  for await (const found of walkTree(tree)) {
    await work.turn?.();
    const problem = problemOf(found);
    if (problem !== null) return { problem };
    if (found.kind === "unreadable") continue;
    const { path, kind, info } = found;
    parts.push(path, kind, info.ino);
    if (kind !== "file") continue;
    parts.push(info.size, timeOf(info));
    bytes += info.size;
    files++;
  }
  return { usage: { bytes, files }, stamp: fingerprintOf(parts) };
}

function problemOf(found: Found): string | null {
  const name = found.path === "" ? "it" : found.path;
  switch (found.kind) {
    case "unreadable":
      return `${name}: ${found.message}`;
    case "link":
      return `${name} is a symbolic link`;
    case "special":
      return `${name} is no regular file`;
    case "file":
    case "directory":
      return null;
  }
}
