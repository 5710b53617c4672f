/**
 * What a place of another store is called once it is copied into this one.
 *
 * @module
 */

import { fileUri, parseLocalPlace, relativePathOf, renameUri } from "../records/relocate_uri.ts";

/**
 * Names the place to which something was copied, in the form that its record has.
 *
 * @param uri What the record names in the other store.
 * @param place Where that is: a place below the other store's root.
 * @param options `root`: absolute path of this store's root, or of its artifacts. `to`: the place below that.
 * @returns The new URI; `null` where it cannot be told how the old one leads there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const options = { root: "/desk", to: "2/ab" };
 * assertEquals(copiedUri("file:///laptop/1/ab", "1/ab", options), "file:///desk/2/ab");
 * assertEquals(copiedUri("mlflow-artifacts:/1/ab", "1/ab", options), "mlflow-artifacts:/2/ab");
 * // What depends on where MLflow was started there does not here.
 * assertEquals(copiedUri("./mlruns/1/ab", "1/ab", options), "file:///desk/2/ab");
 * ```
 */
export function copiedUri(
  uri: string,
  place: string,
  { root, to }: { readonly root: string; readonly to: string },
): string | null {
  if (parseLocalPlace(uri) !== null) return renameUri(uri, root, to);
  if (relativePathOf(uri) !== null) return fileUri(`${root}/${to}`);
  const named = uri.replace(/\/+$/, "");
  return named.endsWith(`/${place}`) ? `${named.slice(0, -place.length)}${to}` : null;
}
