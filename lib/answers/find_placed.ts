/**
 * What of a store somebody means who types it as plans print it.
 *
 * @module
 */

import { experimentPathOf, type StorePath } from "../store/path.ts";
import { findNamed, type Named } from "../text/find_named.ts";

/**
 * Finds what somebody means.
 *
 * @param all Runs, or logged models.
 * @param text An id, the beginning of one (6 letters or more), or a name; before an id, the experiment's
 * id or the directory and `/` may stand, and behind it `…`, as plans print them.
 * @returns Those of that id, else of that name, else whose id begins so.
 */
export function findPlaced<T extends Named & { readonly path: StorePath }>(
  all: readonly T[],
  text: string,
): readonly T[] {
  const [, place = "", beginning = ""] = /^(?:(.*)\/)?([^/]*?)(?:…|\.{3})?$/.exec(text) ?? [];
  const isThere = ({ path }: T) =>
    ["", experimentPathOf(path).replace(/^\.trash\//, ""), path.slice(0, path.lastIndexOf("/"))]
      .includes(place);
  // A name may have a slash itself.
  return findNamed(all.filter((one) => isThere(one) || one.name === text), beginning, text);
}
