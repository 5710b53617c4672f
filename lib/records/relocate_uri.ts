/**
 * The places that a store's records name, and what they are called after the store has moved.
 *
 * @module
 */

import { percentDecoded } from "../store/artifact_uri.ts";
import { looksLikeExperimentId } from "../store/names.ts";

/** A place on some machine, as a record names it. */
export interface LocalPlace {
  /** A `file:` URI, or a path as it is. */
  readonly form: "uri" | "path";
  /** With `/` between the names, percent-decoded, without one at its end: `/data`, `C:/data`, `//host/share`. */
  readonly path: string;
  /** Query and fragment of a URI. */
  readonly tail: string;
}

/**
 * Takes an artifact URI apart that names a place on some machine, not necessarily this one.
 *
 * @param uri An artifact URI, or a path: POSIX, or of Windows with a drive or a host.
 * @returns The place; `null` for what lies in a remote store, and for a path that depends on where
 * MLflow is started.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const pathOf = (uri: string) => parseLocalPlace(uri)?.path;
 * assertEquals(pathOf("file:///data/my%20runs/1/"), "/data/my runs/1");
 * assertEquals(pathOf("file:///C:/runs/1"), "C:/runs/1");
 * assertEquals(pathOf("C:\\runs\\1"), "C:/runs/1");
 * assertEquals(pathOf("s3://bucket/1"), undefined);
 * assertEquals(pathOf("./mlruns/1"), undefined);
 * ```
 */
export function parseLocalPlace(uri: string): LocalPlace | null {
  const [, rest] = /^file:(.*)$/is.exec(uri) ?? [];
  if (rest === undefined) {
    const path = normalized(uri);
    return path === null ? null : { form: "path", path, tail: "" };
  }
  const [, encoded = "", tail = ""] = /^([^?#]*)(.*)$/s.exec(rest) ?? [];
  const [, host, below] = /^\/\/([^/\\]*)(.*)$/s.exec(encoded) ?? [];
  // A drive may stand where the host belongs: file://C:/data.
  const isHost = host !== undefined && host !== "" && !/^localhost$/i.test(host) &&
    !/^[a-z]:$/i.test(host);
  const named = host === undefined || isHost
    ? encoded
    : /^localhost$/i.test(host)
    ? below ?? ""
    : host + below;
  const path = normalized(percentDecoded(named).replace(/^[/\\](?=[a-z]:)/i, ""));
  return path === null ? null : { form: "uri", path, tail };
}

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
 * assertEquals(localPathOf("C:\\runs\\1"), null);
 * ```
 */
export function localPathOf(uri: string): string | null {
  const path = parseLocalPlace(uri)?.path ?? "";
  return /^\/(?!\/)/.test(path) ? path : null;
}

/**
 * Gives the path of an artifact URI that MLflow follows from the directory in which it is started, wherever
 * that is; `~` is a name like any other to it.
 *
 * @param uri An artifact URI, or a bare path.
 * @returns The path with a slash ahead, without what leads to it; `null` for any other URI.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(relativePathOf("./mlruns/0"), "/mlruns/0");
 * assertEquals(relativePathOf("~/oats/mlruns/0"), "/oats/mlruns/0");
 * assertEquals(relativePathOf("/data/mlruns/0"), null);
 * ```
 */
export function relativePathOf(uri: string): string | null {
  const path = uri.replace(/^file:(?!\/)/i, "");
  if (path === "" || /^[a-z][a-z0-9+.-]*:|^[/\\]/i.test(path)) return null;
  return `/${path.replace(/^(?:(?:~|\.\.?)\/+)+/, "").replace(/\/+$/, "")}`;
}

/**
 * Finds which place of this store a record means that was written when the store lay elsewhere.
 *
 * @param uri What the record names.
 * @param options `root`: where the store is. `own`: the place below it where the thing is that the
 * record describes; `null` when the record may name any. `from`: where the store was; `null` when that
 * is not known: then the former root may be anything.
 * @returns Places below the root, the likeliest first; none when the URI is remote, or is right as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const options = { root: "/new/mlruns", own: "1/ab/artifacts", from: null };
 * assertEquals(formerPlaces("file:///old/mlruns/1/ab/artifacts", options), ["1/ab/artifacts"]);
 * assertEquals(formerPlaces("s3://bucket/1/ab/artifacts", options), []);
 * ```
 */
export function formerPlaces(
  uri: string,
  options: { readonly root: string; readonly own: string | null; readonly from: string | null },
): readonly string[] {
  const { root, own, from } = options;
  const local = parseLocalPlace(uri)?.path ?? null;
  const path = local ?? relativePathOf(uri);
  if (path === null) return [];
  const leadsInto = (directory: string) => local !== null && isWithin(local, directory);
  if (from === null && own !== null) {
    // The former root may have been a directory of the present one.
    return ownPlaces(path, root, own).filter((place) => !leadsInto(`${root}/${place}`));
  }
  if (leadsInto(root)) return [];
  if (from !== null) {
    const former = parseLocalPlace(from)?.path ?? relativePathOf(from) ?? from;
    return isWithin(path, former) && path.length > former.length
      ? [path.slice(former.replace(/\/+$/, "").length + 1)]
      : [];
  }
  const names = path.split("/").filter((name) => name !== "");
  // The first name is at best the former root itself, and one name alone says too little.
  return names.slice(1, -1).map((_, index) => names.slice(index + 1).join("/"));
}

/** A thing's own place, or where it was before something was moved to another experiment by hand. */
function ownPlaces(path: string, root: string, own: string): readonly string[] {
  if (path.endsWith(`/${own}`)) return [own];
  const names = own.split("/");
  const former = path.split("/").slice(-names.length);
  const [id = "", folder] = names.slice(-2);
  if (names.length === 1) {
    const isSibling = path === `${root}/${former[0]}` && looksLikeExperimentId(former[0] ?? "");
    return isSibling ? [own] : [];
  }
  // No two things have one id of those.
  const isSame = /^(?:m-|tr-)?[0-9a-f]{32}$/.test(id) && folder === former.at(-1) &&
    id === former.at(-2) && former.length === names.length;
  return isSame ? [former.join("/"), own] : [];
}

/**
 * Names a place of this store in the form that a record had.
 *
 * @param uri What the record named.
 * @param root Absolute path of the store's root.
 * @param place The place below it.
 * @returns A `file:` URI, percent-encoded as Python does it, or a path.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(renameUri("file:///C:/old/1", "/my runs", "1"), "file:///my%20runs/1");
 * assertEquals(renameUri("/old/1", "/my runs", "1"), "/my runs/1");
 * ```
 */
export function renameUri(uri: string, root: string, place: string): string {
  const { form, tail } = parseLocalPlace(uri) ?? { form: "uri", tail: "" };
  const path = `${root}/${place}`;
  return form === "path" ? path : `${fileUri(path)}${tail}`;
}

/**
 * Writes a path as a `file:` URI.
 *
 * @param path An absolute path.
 * @returns The URI, percent-encoded as Python's `urllib.request.pathname2url` does it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fileUri("/data/a (b)/é"), "file:///data/a%20%28b%29/%C3%A9");
 * ```
 */
export function fileUri(path: string): string {
  const encoded = path.split("/").map((name) =>
    encodeURIComponent(name.toWellFormed())
      .replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  ).join("/");
  return `file://${encoded}`;
}

/** Absolute, with `/` between names and none at the end; `null` for anything else. */
function normalized(path: string): string | null {
  const windows = /^[a-z]:[/\\]|^\\\\/i.test(path);
  const slashed = windows ? path.replaceAll("\\", "/") : path;
  if (!windows && !slashed.startsWith("/")) return null;
  return slashed.replace(/(?<=[^/])\/+$/, "").replace(
    /^[a-z](?=:)/,
    (drive) => drive.toUpperCase(),
  );
}

/** Windows takes names that differ in case alone for one. */
function isWithin(path: string, directory: string): boolean {
  const fold = (text: string) => /^([A-Z]:|\/\/)/.test(text) ? text.toLowerCase() : text;
  const [inner, outer] = [fold(path), fold(directory.replace(/\/+$/, ""))];
  return inner === outer || inner.startsWith(`${outer}/`);
}
