/**
 * What a copied tree was when it came, so that undoing takes away that and nothing else.
 *
 * *Ordering*: a footprint is written, durably, before its tree comes into the store; a tree is taken away only while
 * it is its footprint, and of it only what that names.
 *
 * @module
 */

import { join } from "@std/path";
import { asStorePath } from "../../../lib/store/path.ts";
import { isCount, isRecord, isText } from "../../../lib/text/json.ts";
import { holdEntry } from "../../_io/hold.ts";
import { listSome } from "../../_io/list_directory.ts";
import { openRegular } from "../../_io/open_regular.ts";
import { infoOf, timeOf } from "../../_io/read.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { loadDigest } from "../../_io/tree/digest.ts";
import { hashFile } from "../../_io/tree/hash_file.ts";
import { walkTree } from "../../_io/tree/walk_tree.ts";

/** A file, or a directory, which has no size. */
interface Print {
  readonly path: string;
  readonly size?: number;
  /** Epoch ms; `null` where no date can say it. */
  readonly mtime?: number | null;
  /** 64 hexadecimal digits. */
  readonly sha256?: string;
}

/**
 * Writes down what a tree holds. Needs read permission.
 *
 * @param tree Absolute real path of a directory.
 * @returns One line for each file and directory in it.
 * @throws {Error} When not all of it can be read.
 */
export async function footprintOf(tree: string): Promise<string> {
  const lines: string[] = [];
  const reading = { digest: await loadDigest(), turn: takeTurns(undefined) };
  for await (const found of walkTree(tree)) {
    const { path, kind } = found;
    if (kind !== "file" && kind !== "directory") throw new Error(`${path} is no regular file`);
    const print: Print = kind === "directory"
      ? { path }
      : { path, mtime: timeOf(found.info), ...await hashFile(tree, path, reading) };
    lines.push(`${JSON.stringify(print)}\n`);
  }
  return lines.join("");
}

/**
 * Tells whether a tree is still what it was when it came: MLflow writes again what it has written before where it
 * loads a model. Needs read permission.
 *
 * @param tree Absolute path of it.
 * @param footprint What it was.
 * @returns Whether nothing in it was added, removed or changed; not where the footprint is none.
 */
export function isAsItCame(tree: string, footprint: string): boolean {
  const prints = parse(footprint);
  if (prints === null || infoOf(tree)?.isDirectory !== true) return false;
  const named = new Set(prints.map(({ path }) => path));
  const directories = ["", ...prints.filter(isDirectory).map(({ path }) => path)];
  return prints.every((print) => {
    const info = infoOf(join(tree, print.path));
    return print.size === undefined
      ? info?.isDirectory === true
      : info?.isFile === true && info.size === print.size &&
        (timeOf(info) === print.mtime || holdsStill(join(tree, print.path), print));
  }) && directories.every((path) =>
    // What this does not see keeps the directory from being removed.
    listSome(join(tree, path)).every(({ name }) =>
      named.has(path === "" ? name : `${path}/${name}`)
    )
  );
}

/**
 * Removes what a footprint names, and the tree itself. Needs write permission.
 *
 * @param tree Absolute path of it, in our own staging directory.
 * @param footprint What it is.
 * @throws {Error} When it holds anything else; then that is still there.
 */
export function removeAsItCame(tree: string, footprint: string): void {
  const prints = parse(footprint) ?? [];
  for (const { path } of prints.filter((print) => !isDirectory(print))) {
    using entry = holdEntry(join(tree, path));
    if (infoOf(entry.path) !== null) Deno.removeSync(entry.path);
  }
  for (const { path } of [{ path: "" }, ...prints.filter(isDirectory)].toReversed()) {
    using entry = holdEntry(path === "" ? tree : join(tree, path));
    if (infoOf(entry.path) !== null) Deno.removeSync(entry.path);
  }
}

function holdsStill(path: string, { size = 0, sha256 }: Print): boolean {
  // An import would cost all that start, and to undo a merge is seldom.
  // deno-lint-ignore no-process-global
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  using file = openRegular(path, { links: "refused" });
  const chunk = new Uint8Array(1 << 20);
  let length = 0;
  for (let read = file.read(chunk); read > 0; read = file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
    length += read;
  }
  return length === size && hash.digest("hex") === sha256;
}

function isDirectory({ size }: Print): boolean {
  return size === undefined;
}

/** It is input like any other. */
function parse(footprint: string): readonly Print[] | null {
  try {
    return footprint.split("\n").filter((line) => line !== "").map((line): Print => {
      const print: unknown = JSON.parse(line);
      if (!isRecord(print) || !isText(print["path"])) throw new SyntaxError("no path");
      const { size, mtime, sha256 } = print;
      const isSound = size === undefined ||
        isCount(size) && (mtime === null || typeof mtime === "number") && isText(sha256);
      if (!isSound) throw new SyntaxError("no file");
      asStorePath(print["path"]);
      return print as unknown as Print;
    });
  } catch {
    return null;
  }
}
