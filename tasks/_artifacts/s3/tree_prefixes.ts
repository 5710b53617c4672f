/**
 * Where the trees of a bucket lie, and where they lie when they are set aside.
 *
 * ```
 * s3://BUCKET/KEY/                               the artifact root
 *   EXP/RUN/                                     a tree
 *   .mltidy.trash/CHANGE/EXP/RUN/                a tree that is set aside, or a copy on its way there or back
 *   .mltidy.trash/CHANGE/EXP/RUN.leaving         says which objects go that nobody wants to keep
 * ```
 *
 * Nothing is renamed in a bucket. An object that is aside, and is in its place as well, is a copy: whoever finds it may
 * let either go. A tree of which any object is aside alone has been copied as a whole before.
 *
 * @module
 */

import type { DiskUsage } from "../../../lib/store/usage.ts";
import { parseS3Uri } from "../../../lib/store/artifact_uri.ts";
import { type ChangedTree, wayName } from "../tree_place.ts";
import type { StoredObject } from "./answers.ts";

/** What keys begin with, or are. */
export interface TreePrefixes {
  readonly target: string;
  readonly aside: string;
  /** A key. */
  readonly leaving: string;
}

/**
 * Names where all that is set aside of a change lies.
 *
 * @param root `s3://BUCKET/KEY`.
 * @param change The change's id; left out: any.
 * @returns What the keys begin with.
 */
export function trashPrefix(root: string, change?: string): string {
  const { key } = parseS3Uri(root)!;
  const trash = `${key === "" ? "" : `${key}/`}.mltidy.trash/`;
  return change === undefined ? trash : `${trash}${change}/`;
}

/**
 * Names the places in which the objects of a tree may be. Touches nothing.
 *
 * @param root `s3://BUCKET/KEY`.
 * @param tree The tree.
 * @returns What their keys begin with.
 */
export function treePrefixes(
  root: string,
  { change, path, within = path }: ChangedTree,
): TreePrefixes {
  const { key } = parseS3Uri(root)!;
  const name = within.slice(within.lastIndexOf("/") + 1);
  const rest = path.slice(within.length);
  const aside = `${trashPrefix(root, change)}${wayName(within)}/${name}${rest}`;
  return {
    target: `${key === "" ? "" : `${key}/`}${path}/`,
    aside: `${aside}/`,
    leaving: `${aside}.leaving`,
  };
}

/** Objects, by what their keys have behind a prefix. */
export type Objects = ReadonlyMap<string, StoredObject>;

/**
 * Names objects by what their keys have behind a prefix.
 *
 * @param objects The objects, by their keys.
 * @param prefix The prefix.
 * @returns The same that have it.
 */
export function below(objects: Objects, prefix: string): Objects {
  return new Map(
    [...objects].filter(([key]) => key.startsWith(prefix))
      .map(([key, one]) => [key.slice(prefix.length), one]),
  );
}

/**
 * Sums up objects.
 *
 * @param objects The objects.
 * @returns What they take.
 */
export function usageOf(objects: Objects): DiskUsage {
  let bytes = 0;
  for (const { size } of objects.values()) bytes += size;
  return { bytes, files: objects.size };
}

/**
 * Makes a text that changes when anything in a tree is added, removed or modified.
 *
 * @param objects The objects of the tree.
 * @returns The text; in any order of theirs the same.
 */
export function stampOf(objects: Objects): Promise<string> {
  const lines = [...objects].map(([name, { size, etag }]) => JSON.stringify([name, size, etag]));
  return digestOf(lines.toSorted().join("\n"));
}

async function digestOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex();
}

/**
 * Names the run, logged model or trace of an experiment that an object is of.
 *
 * @param name What its key has behind the prefix of the experiment's tree.
 * @returns Its directory in that tree.
 */
export function partOf(name: string): string {
  const names = name.split("/");
  return names.slice(0, FOLDERS.has(names[0]!) ? 2 : 1).join("/");
}

const FOLDERS: ReadonlySet<string> = new Set(["models", "traces"]);
