/**
 * Artifact URIs that name a place on this machine, and what they show of a store that was moved.
 *
 * MLflow records absolute places: a store that is moved or copied goes on naming the former one.
 *
 * @module
 */

/**
 * Gives the path that a URI names on this machine.
 *
 * @param uri An artifact URI, or a bare path.
 * @returns An absolute POSIX path without a slash at its end; `null` for what lies elsewhere, or
 * depends on where MLflow is started.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(localPathOf("file:///data/my%20runs/1"), "/data/my runs/1");
 * assertEquals(localPathOf("/data/1/"), "/data/1");
 * assertEquals(localPathOf("s3://bucket/1"), null);
 * assertEquals(localPathOf("./mlruns/1"), null);
 * ```
 */
export function localPathOf(uri: string): string | null {
  const [, encoded] = /^file:(?:\/\/(?:localhost)?)?(\/(?!\/).*)$/is.exec(uri) ?? [];
  const path = encoded === undefined ? uri : decoded(encoded.replace(/[?#].*$/s, ""));
  if (!path.startsWith("/") || path.startsWith("//")) return null;
  return path.replace(/(?<=.)\/+$/, "");
}

/**
 * Tells whether a path is where something of this store was when the store lay elsewhere.
 *
 * @param path An absolute path.
 * @param root Absolute path of the store's root.
 * @param place Where the thing is now, below the root.
 * @returns Whether the path ends as the present one does, and begins otherwise.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isFormerPlace("/old/mlruns/1/ab/artifacts", "/new/mlruns", "1/ab/artifacts"));
 * assert(!isFormerPlace("/new/mlruns/1/ab/artifacts", "/new/mlruns", "1/ab/artifacts"));
 * assert(!isFormerPlace("/elsewhere/ab/artifacts", "/new/mlruns", "1/ab/artifacts"));
 * ```
 */
export function isFormerPlace(path: string, root: string, place: string): boolean {
  return path !== `${root}/${place}` && path.endsWith(`/${place}`);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
