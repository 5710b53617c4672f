/**
 * Copying a tree of another store into our staging directory, from where one rename brings it into the store.
 *
 * *Ordering*: the other store is looked at before and behind; what is copied is synced and read back, its records
 * say what they are to say here, and its footprint is known before it is handed out.
 *
 * *After an interruption*: nothing of the store has changed. The next lock empties our staging directory.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { CopyTree } from "../../../lib/files/operation.ts";
import { recordFileOf } from "../../../lib/store/path.ts";
import { editMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { syncDirectory } from "../../_io/durable.ts";
import { type Access, accessBelow, accessOf, setAccess } from "../../_io/permissions.ts";
import { failureText, infoOf, timeOf } from "../../_io/read.ts";
import { copyTree } from "../../_io/tree/copy_tree.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";
import { type Attributes, attributesOf } from "../../_io/tree/write_tree.ts";
import { footprintOf } from "./footprint.ts";
import { surveyTree } from "./survey_tree.ts";

/** A tree that is copied, whole and durable. */
export interface CopiedTree {
  /** Absolute path of it, in staging. */
  readonly path: string;
  /** What it holds. */
  readonly footprint: string;
  /** Who may read at most what tells of it. */
  readonly readers: Access;
}

/** What came of copying a tree. */
export type Copied =
  | { readonly kind: "copied"; readonly tree: CopiedTree }
  /** It is not what the plan saw, or changed meanwhile. */
  | { readonly kind: "changed" }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Copies a tree. Needs read permission for the other store, and write permission for this one.
 *
 * @param operation What to copy.
 * @param root Absolute real path of this store's root: what is copied belongs to those to whom belongs what it lies in.
 * @param staged Where it goes: nothing is there.
 * @returns What came of it; nothing is left of a copy that is not whole.
 */
export async function copyFrom(
  operation: CopyTree,
  root: string,
  staged: string,
): Promise<Copied> {
  const source = join(operation.store, operation.from);
  try {
    if (!await isAsPlanned(source, operation.stamp)) return { kind: "changed" };
    const tree = await copyInto(source, operation, root, staged);
    if (await isAsPlanned(source, operation.stamp)) return { kind: "copied", tree };
    await tryFreeTree(staged);
    return { kind: "changed" };
  } catch (error) {
    await tryFreeTree(staged);
    return { kind: "failed", message: failureText(error) };
  }
}

/** No link is on the way, and all is as it was read. */
async function isAsPlanned(source: string, stamp: string): Promise<boolean> {
  if (infoOf(source)?.isDirectory !== true || Deno.realPathSync(source) !== source) return false;
  const survey = await surveyTree(source);
  return "stamp" in survey && survey.stamp === stamp;
}

async function copyInto(
  source: string,
  operation: CopyTree,
  root: string,
  staged: string,
): Promise<CopiedTree> {
  const place = nearest(dirname(join(root, operation.path)));
  const limits = { directory: accessBelow(place, "directory"), file: accessBelow(place, "file") };
  const access = (info: Deno.FileInfo) =>
    narrowed(info, limits[info.isDirectory ? "directory" : "file"]);
  const own = Deno.lstatSync(source);
  Deno.mkdirSync(staged, { mode: 0o700 });
  const edits = editsOf(operation);
  await copyTree(source, staged, {
    attributes: (info): Attributes => ({ ...attributesOf(info), ...access(info) }),
    edited: (path, read) => edits.get(path)?.(read) ?? null,
  });
  for (const path of edits.keys()) {
    if (infoOf(join(staged, path)) === null) throw new Error(`${path} is missing in ${source}`);
  }
  const readers = access(own);
  setAccess(staged, readers);
  const time = timeOf(own);
  if (time !== null) Deno.utimeSync(staged, new Date(time), new Date(time));
  syncDirectory(staged);
  return {
    path: staged,
    footprint: await footprintOf(staged),
    readers: { ...readers, mode: readers.mode & 0o666 },
  };
}

/** What it will lie in may still have to be made. */
function nearest(directory: string): string {
  return infoOf(directory)?.isDirectory ? directory : nearest(dirname(directory));
}

/** Nothing becomes more open than it is there, nor than what is made here; who may run a file there may here. */
function narrowed(info: Deno.FileInfo, limit: Access): Access {
  const { mode } = accessOf(info);
  const rights = info.isDirectory
    ? limit.mode & 0o777 & mode | 0o700
    : limit.mode & 0o666 & mode | 0o600;
  const runs = info.isDirectory ? 0 : mode & 0o111 & rights >> 2;
  return { ...limit, mode: limit.mode & 0o7000 | rights | runs };
}

/** Path in the tree → what the file holds instead of what it held. */
function editsOf(
  { path: to, records, texts }: CopyTree,
): ReadonlyMap<string, (read: () => Uint8Array) => Uint8Array> {
  const below = (path: string) => path.slice(to.length + 1);
  const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const encode = (text: string) => new TextEncoder().encode(text);
  return new Map([
    ...records.map(({ path, changes }) =>
      [
        below(recordFileOf(path)),
        (read: () => Uint8Array) => encode(editMetaYaml(decode(read()), changes)),
      ] as const
    ),
    ...texts.map(({ path, text }) => [below(path), () => encode(text)] as const),
  ]);
}
