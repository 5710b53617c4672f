/**
 * What a place is called after what lies in it has moved into another experiment.
 *
 * @module
 */

import { parseLocalPlace, renameUri } from "../records/relocate_uri.ts";

/**
 * Names the new place of what moves, in the form that its record has.
 *
 * @param uri What the record names.
 * @param place Where that is: a place below the root.
 * @param options `root`: absolute path of the store's root. `to`: the new place.
 * @returns The new URI; `null` where it cannot be told how the old one leads there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const options = { root: "/my runs", to: "2/ab/artifacts" };
 * assertEquals(
 *   movedUri("file:///my%20runs/1/ab/artifacts", "1/ab/artifacts", options),
 *   "file:///my%20runs/2/ab/artifacts",
 * );
 * assertEquals(movedUri("./mlruns/1/ab/artifacts", "1/ab/artifacts", options), "./mlruns/2/ab/artifacts");
 * ```
 */
export function movedUri(
  uri: string,
  place: string,
  { root, to }: { readonly root: string; readonly to: string },
): string | null {
  const local = parseLocalPlace(uri);
  if (local !== null) {
    // The root may be reached by a link, and MLflow go that way.
    const isNamed = local.path.endsWith(`/${place}`);
    return renameUri(uri, isNamed ? local.path.slice(0, -place.length - 1) : root, to);
  }
  const named = uri.replace(/\/+$/, "");
  return named.endsWith(`/${place}`) ? `${named.slice(0, -place.length)}${to}` : null;
}

/**
 * Tells whether a place lies below another one.
 *
 * @param uri An artifact URI, or a path.
 * @param around Another one.
 * @returns Whether it does.
 */
export function isBelow(uri: string, around: string): boolean {
  const plain = (text: string) => (parseLocalPlace(text)?.path ?? text).replace(/\/+$/, "");
  return plain(uri).startsWith(`${plain(around)}/`);
}
