/**
 * Telling whether two trees hold the same.
 *
 * @module
 */

import { join } from "@std/path";
import { comparePaths } from "../../../lib/backup/plan_backup.ts";
import { failureText, infoOf } from "../read.ts";
import { takeTurns } from "../take_turns.ts";
import { loadDigest } from "./digest.ts";
import { hashFile } from "./hash_file.ts";
import { type Found, walkTree } from "./walk_tree.ts";

/** How to compare. */
export interface CompareOptions {
  /** Whether to read what files hold; else their length tells. */
  readonly contents: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares two trees, entry by entry: what lies where, and what it holds. Modes and times do not count.
 * What cannot be read is different from everything. Needs read permission.
 *
 * @param left Absolute real path of a file, a link or a directory.
 * @param right Another one.
 * @param options How to compare.
 * @returns Paths below them at which they differ; the empty one is the trees themselves.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function* compareTrees(
  left: string,
  right: string,
  options: CompareOptions,
): AsyncGenerator<string> {
  const turn = takeTurns(options.signal);
  const reading = { digest: await loadDigest(), turn };
  const [one, other] = [rootOf(left), rootOf(right)];
  if (one?.kind !== "directory" || other?.kind !== "directory") {
    if (!await isSame(left, one, right, other, options, reading)) yield "";
    return;
  }
  for await (const [path, found, counterpart] of pairs(walkTree(left), walkTree(right))) {
    await turn();
    if (!await isSame(left, found, right, counterpart, options, reading)) yield path;
  }
}

/**
 * Tells whether two trees hold the same, see {@linkcode compareTrees}.
 *
 * @param left Absolute real path of a file, a link or a directory.
 * @param right Another one.
 * @param options How to compare.
 * @returns Whether nothing differs.
 */
export async function areSameTrees(
  left: string,
  right: string,
  options: CompareOptions,
): Promise<boolean> {
  for await (const _ of compareTrees(left, right, options)) return false;
  return true;
}

function rootOf(path: string): Found | null {
  const info = infoOf(path);
  if (info === null) return null;
  const kind = info.isSymlink
    ? "link"
    : info.isDirectory
    ? "directory"
    : info.isFile
    ? "file"
    : "special";
  return { kind, path: "", info };
}

async function* pairs(
  left: AsyncGenerator<Found>,
  right: AsyncGenerator<Found>,
): AsyncGenerator<readonly [string, Found | null, Found | null]> {
  let one = await next(left);
  let other = await next(right);
  while (one !== null || other !== null) {
    const order = one === null ? 1 : other === null ? -1 : comparePaths(one.path, other.path);
    yield [(order <= 0 ? one : other)!.path, order <= 0 ? one : null, order >= 0 ? other : null];
    if (order <= 0) one = await next(left);
    if (order >= 0) other = await next(right);
  }
}

async function next(found: AsyncGenerator<Found>): Promise<Found | null> {
  const step = await found.next();
  return step.done ? null : step.value;
}

async function isSame(
  left: string,
  one: Found | null,
  right: string,
  other: Found | null,
  { contents }: CompareOptions,
  reading: Parameters<typeof hashFile>[2],
): Promise<boolean> {
  if (one === null || other === null || one.kind !== other.kind) return false;
  const [here, there] = [join(left, one.path), join(right, other.path)];
  try {
    switch (one.kind) {
      case "unreadable":
      case "special":
        return false;
      case "directory":
        return true;
      case "link":
        return Deno.readLinkSync(here) === Deno.readLinkSync(there);
      case "file": {
        if (other.kind !== "file" || one.info.size !== other.info.size) return false;
        if (!contents || one.info.ino === other.info.ino && one.info.dev === other.info.dev) {
          return true;
        }
        return (await hashFile(left, one.path, reading)).sha256 ===
          (await hashFile(right, other.path, reading)).sha256;
      }
    }
  } catch (error) {
    await reading.turn();
    if (failureText(error) === "") throw error;
    return false;
  }
}
