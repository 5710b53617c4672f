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

import { parseS3Uri } from "../../../lib/store/artifact_uri.ts";
import { FOLDERS } from "../look_within.ts";
import { type ChangedTree, wayName } from "../tree_place.ts";

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
 * @param change The change's id.
 * @returns What the keys begin with.
 */
export function trashPrefix(root: string, change: string): string {
  return `${rootPrefix(root)}.mltidy.trash/${change}/`;
}

function rootPrefix(root: string): string {
  const { key } = parseS3Uri(root)!;
  return key === "" ? "" : `${key}/`;
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
  const name = within.slice(within.lastIndexOf("/") + 1);
  const rest = path.slice(within.length);
  const aside = `${trashPrefix(root, change)}${wayName(within)}/${name}${rest}`;
  return {
    target: `${rootPrefix(root)}${path}/`,
    aside: `${aside}/`,
    leaving: `${aside}.leaving`,
  };
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
