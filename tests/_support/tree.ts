/**
 * Everything that a directory tree holds, as a value that two moments can be compared by.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";

/** What every entry has. */
export interface EntryBase {
  /** Permission bits; 0 on Windows, which has none. */
  readonly mode: number;
  /** Epoch ms. */
  readonly mtimeMs: number;
}

/** One thing in a tree. */
export type TreeEntry =
  | EntryBase & { readonly kind: "directory" }
  | EntryBase & { readonly kind: "link"; readonly target: string }
  | EntryBase & {
    readonly kind: "file";
    /** The text of a short UTF-8 file, so that a difference can be read; else the SHA-256. */
    readonly content: string;
  };

/** Path below the root, with `/`, → entry; ordered by path. The root itself is not in it. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/**
 * Reads a whole tree, empty directories included. Links are recorded, not followed.
 *
 * @param root The directory.
 * @param options `except`: paths below the root that are left out, with all they hold.
 * @returns What is there; empty for an empty directory.
 * @throws {Deno.errors.NotFound} When there is no such directory.
 */
export async function readTree(
  root: string,
  options: { readonly except?: readonly string[] } = {},
): Promise<Tree> {
  const except = new Set(options.except);
  const entries: [string, TreeEntry][] = [];
  const pending = [""];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    // Small files are read several times as fast without another thread.
    for (const { name } of Deno.readDirSync(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (except.has(path)) continue;
      const entry = await readEntry(join(root, path));
      entries.push([path, entry]);
      if (entry.kind === "directory") pending.push(path);
    }
  }
  return new Map(entries.sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Asserts that two trees hold the same: paths, kinds, contents, link targets, modes and times.
 *
 * @param actual The tree as it is.
 * @param expected The tree as it should be.
 * @param message Said first when they differ.
 * @throws {Error} One line for each difference, and nothing of what is equal.
 */
export function assertSameTree(actual: Tree, expected: Tree, message?: string): void {
  assertEquals(treeDifferences(actual, expected), [], message);
}

/**
 * Says what differs between two trees.
 *
 * @param actual The tree as it is.
 * @param expected The tree as it should be.
 * @returns One line per difference, ordered by path; empty when they are the same.
 */
export function treeDifferences(actual: Tree, expected: Tree): readonly string[] {
  const paths = [...new Set([...actual.keys(), ...expected.keys()])].sort();
  return paths.flatMap((path) => {
    const is = actual.get(path);
    const should = expected.get(path);
    if (is === undefined) return [`${path}: missing`];
    if (should === undefined) return [`${path}: unexpected ${is.kind}`];
    return fieldDifferences(is, should).map((difference) => `${path}: ${difference}`);
  });
}

async function readEntry(place: string): Promise<TreeEntry> {
  const info = Deno.lstatSync(place);
  const base = { mode: (info.mode ?? 0) & 0o7777, mtimeMs: info.mtime?.getTime() ?? 0 };
  if (info.isDirectory) return { kind: "directory", ...base };
  if (info.isSymlink) return { kind: "link", ...base, target: Deno.readLinkSync(place) };
  return { kind: "file", ...base, content: await contentOf(Deno.readFileSync(place)) };
}

const LONGEST_TEXT = 4096;

async function contentOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length <= LONGEST_TEXT) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      // Not UTF-8: compared by its hash.
    }
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha-256 ${digest.toHex()}`;
}

function fieldDifferences(is: TreeEntry, should: TreeEntry): readonly string[] {
  const actual = new Map(Object.entries(is));
  const expected = new Map(Object.entries(should));
  return [...new Set([...actual.keys(), ...expected.keys()])]
    .filter((field) => actual.get(field) !== expected.get(field))
    .map((field) => `${field} ${show(actual.get(field))}, expected ${show(expected.get(field))}`);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
