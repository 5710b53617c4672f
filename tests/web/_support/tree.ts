/**
 * All that a store holds, byte for byte, but for mltidy's own directory.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What is at a path: a hash of a file's content; `/` of a directory. */
export type Tree = Readonly<Record<string, string>>;

/**
 * Reads a tree.
 *
 * @param root Its root.
 * @returns What is at each path.
 */
export function readTree(root: string): Tree {
  const found: Record<string, string> = {};
  const walk = (path: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(`${root}/${path}`)) {
      if (name === ".mltidy.trash") continue;
      const at = `${path}${name}`;
      if (isDirectory) walk(`${at}/`);
      found[at] = isDirectory
        ? "/"
        : createHash("sha256").update(Deno.readFileSync(`${root}/${at}`)).digest("hex");
    }
  };
  walk("");
  return found;
}
