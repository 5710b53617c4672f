/**
 * Walking a tree in the order of its paths.
 *
 * @module
 */

import { join } from "@std/path";
import type { Membership } from "../../../lib/backup/plan_backup.ts";
import { listDirectory } from "../list_directory.ts";
import { failureText } from "../read.ts";

/** One thing that a walk comes across. */
export type Found =
  | {
    readonly kind: "directory" | "file" | "link" | "special";
    /** Below the base, with `/`. */
    readonly path: string;
    readonly info: Deno.FileInfo;
  }
  | { readonly kind: "unreadable"; readonly path: string; readonly message: string };

/**
 * Walks a tree, a directory before what it holds, siblings by name. Links are found, never followed: a
 * directory that was swapped for a link while it was listed counts as unreadable. Needs read permission.
 *
 * @param base Absolute real path of the directory; it is not itself found.
 * @param membership Which paths to look at; what is on the way is found only with something beyond it.
 * @returns What is there, in the order of `comparePaths`.
 */
export async function* walkTree(
  base: string,
  membership: (path: string) => Membership = () => "in",
): AsyncGenerator<Found> {
  yield* walkDirectory(base, "", membership, []);
}

async function* walkDirectory(
  base: string,
  directory: string,
  membership: (path: string) => Membership,
  onTheWay: readonly Found[],
): AsyncGenerator<Found> {
  const names = await namesIn(base, directory);
  if (typeof names === "string") {
    if (onTheWay.length === 0) yield { kind: "unreadable", path: directory, message: names };
    return;
  }
  let ahead = onTheWay;
  for (const [index, name] of names.entries()) {
    const path = directory === "" ? name : `${directory}/${name}`;
    const member = membership(path);
    if (member === "out") continue;
    // The one that is called so in truth is found once; the other one has a name that Deno cannot say.
    const found = index > 0 && name === names[index - 1] ? unsayable(path) : lookAt(base, path);
    if (found === null) continue;
    if (member === "on-the-way") {
      if (found.kind !== "directory") continue;
      for await (const inner of walkDirectory(base, path, membership, [...ahead, found])) {
        ahead = [];
        yield inner;
      }
      continue;
    }
    yield* ahead;
    ahead = [];
    yield found;
    if (found.kind === "directory") yield* walkDirectory(base, path, membership, []);
  }
}

async function namesIn(base: string, directory: string): Promise<readonly string[] | string> {
  const place = join(base, directory);
  const listed = await listDirectory(place);
  try {
    if (listed.kind === "failed") return listed.missing ? [] : listed.message;
    return Deno.realPathSync(place) === place
      ? listed.entries.map(({ name }) => name).sort()
      : "it was replaced by a link while it was read";
  } catch (error) {
    // What has gone since it was found holds nothing.
    return error instanceof Deno.errors.NotFound ? [] : failureText(error);
  }
}

function lookAt(base: string, path: string): Found | null {
  try {
    const info = Deno.lstatSync(join(base, path));
    return { kind: kindOf(info), path, info };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      return { kind: "unreadable", path, message: failureText(error) };
    }
    // Deno puts U+FFFD for bytes that are no UTF-8. Anything else has gone since it was listed.
    return path.includes("\uFFFD") ? unsayable(path) : null;
  }
}

function unsayable(path: string): Found {
  return { kind: "unreadable", path, message: "its name is not valid UTF-8" };
}

function kindOf(info: Deno.FileInfo): "directory" | "file" | "link" | "special" {
  if (info.isSymlink) return "link";
  if (info.isDirectory) return "directory";
  return info.isFile ? "file" : "special";
}
