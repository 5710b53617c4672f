/**
 * Artifact URIs as data: they are looked into for names and places, never followed to a disk.
 *
 * @module
 */

/**
 * Splits an artifact URI into the names along its path, percent-decoded, whatever its scheme.
 *
 * @param uri For example `file:///data/mlruns/1/4fe…/artifacts/model` or `runs:/4fe…/model`.
 * @returns The non-empty segments after the scheme, without query and fragment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { uriSegments } from "./artifact_uri.ts";
 *
 * assertEquals(uriSegments("runs:/abc/my%20model"), ["abc", "my model"]);
 * assertEquals(uriSegments("s3://bucket/abc/artifacts?version=2"), ["bucket", "abc", "artifacts"]);
 * ```
 */
export function uriSegments(uri: string): readonly string[] {
  return uri
    .replace(/^[a-zA-Z][\w+.-]*:/, "")
    .replace(/[?#].*$/s, "")
    .split(/[/\\]/)
    .filter((segment) => segment !== "")
    .map(percentDecoded);
}

/**
 * Reads a `models:/` URI, which names a registered version, an alias, or a logged model.
 *
 * @param uri Any artifact URI.
 * @returns What it names, or `null` when it is no `models:/` URI.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseModelUri } from "./artifact_uri.ts";
 *
 * assertEquals(parseModelUri("models:/churn/3"), { kind: "version", name: "churn", version: "3" });
 * assertEquals(parseModelUri("models:/churn@champion"), {
 *   kind: "alias",
 *   name: "churn",
 *   alias: "champion",
 * });
 * assertEquals(parseModelUri("models:/m-0a1b"), { kind: "logged-model", id: "m-0a1b" });
 * ```
 */
export function parseModelUri(uri: string):
  | { readonly kind: "version"; readonly name: string; readonly version: string }
  | { readonly kind: "alias"; readonly name: string; readonly alias: string }
  | { readonly kind: "logged-model"; readonly id: string }
  | null {
  if (!uri.startsWith("models:/")) return null;
  const [name = "", version] = uriSegments(uri);
  if (version !== undefined) return { kind: "version", name, version };
  const at = name.lastIndexOf("@");
  if (at > 0) return { kind: "alias", name: name.slice(0, at), alias: name.slice(at + 1) };
  return { kind: "logged-model", id: name };
}

/**
 * Decodes what a URI encodes by per cent signs.
 *
 * @param text A part of a URI.
 * @returns The text; as it is where it is not encoded as a URI is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { percentDecoded } from "./artifact_uri.ts";
 *
 * assertEquals(percentDecoded("my%20model"), "my model");
 * assertEquals(percentDecoded("100%"), "100%");
 * ```
 */
export function percentDecoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/**
 * Appends names to the path of a URI, before its query, as MLflow derives a run's artifact URI from
 * that of its experiment.
 *
 * @param uri A URI of any scheme, or a path.
 * @param names The names.
 * @returns The longer URI.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(appendToUri("s3://b/x?y=z", "4fe", "artifacts"), "s3://b/x/4fe/artifacts?y=z");
 * ```
 */
export function appendToUri(uri: string, ...names: readonly string[]): string {
  const end = /^[a-z][a-z0-9+.-]*:/i.test(uri) ? uri.search(/[?#]/) : -1;
  const path = end === -1 ? uri : uri.slice(0, end);
  return [path.replace(/\/+$/, ""), ...names].join("/") + uri.slice(path.length);
}

/** What a bucket keeps of what is deleted in it; `unknown` where nobody may ask. */
export type BucketKeeps = "nothing" | "versions" | "locked versions" | "unknown";

/** A place in a bucket in which experiments of a database have one of their own. */
export interface BucketRoot {
  /** `s3://BUCKET/KEY`. */
  readonly root: string;
  /** Why nobody could look what is there; `null`: it was looked at. */
  readonly problem: string | null;
  /** What the bucket keeps of what is deleted in it. */
  readonly keeps: BucketKeeps;
}

/** A place in a bucket. */
export interface S3Place {
  readonly bucket: string;
  /** What all keys below it begin with, before a slash; empty: the whole bucket. */
  readonly key: string;
}

/** Names as S3 and what speaks like it gives them to buckets; whoever else is named is no bucket. */
const BUCKET = /^[a-z0-9](?:[a-z0-9._-]{1,61})[a-z0-9]$/i;

/**
 * Reads an artifact URI that names a place in a bucket. Nothing in it is encoded, as MLflow has it.
 *
 * @param uri An artifact URI, or a path.
 * @returns The place; `null` for anything else, and for a key that no URL can carry as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseS3Uri } from "./artifact_uri.ts";
 *
 * assertEquals(parseS3Uri("s3://models/a%20b/1/"), { bucket: "models", key: "a%20b/1" });
 * assertEquals(parseS3Uri("s3://models"), { bucket: "models", key: "" });
 * assertEquals(parseS3Uri("s3://models/../other"), null);
 * assertEquals(parseS3Uri("gs://models/1"), null);
 * ```
 */
export function parseS3Uri(uri: string): S3Place | null {
  const [, bucket, rest = ""] = /^s3:\/\/([^/]*)(.*)$/is.exec(uri) ?? [];
  if (bucket === undefined || !BUCKET.test(bucket)) return null;
  const key = rest.slice(1).replace(/\/$/, "");
  // MLflow takes the last two for the beginning of something else.
  const isPlain = rest === "" || rest === "/" ||
    isPlainKey(key) && !/(?:^|\/)(?:\/|$)|[?#]/.test(key);
  return isPlain ? { bucket, key } : null;
}

/** What neither XML nor a header can carry as it is. */
// deno-lint-ignore no-control-regex -- that is what it is about.
const CONTROL = /[\x00-\x1f\x7f]/;

/**
 * Tells whether a URL can carry a key: it would take `.` and `..` along it for ways to somewhere else.
 *
 * @param key The key of an object.
 * @returns Whether it can.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isPlainKey } from "./artifact_uri.ts";
 *
 * assert(isPlainKey("1/4fe/artifacts/a + b (1).txt"));
 * assert(!isPlainKey("1/4fe/../../2"));
 * ```
 */
export function isPlainKey(key: string): boolean {
  return key.isWellFormed() && !CONTROL.test(key) &&
    !key.split("/").some((name) => name === "." || name === "..");
}

/**
 * Writes the place that a URI names in one form, by which places can be compared.
 *
 * @param uri An artifact URI, or a path.
 * @returns `s3://BUCKET/KEY`, without a slash at its end; `null` for anything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { s3PlaceOf } from "./artifact_uri.ts";
 *
 * assertEquals(s3PlaceOf("S3://models/a/"), "s3://models/a");
 * assertEquals(s3PlaceOf("/models/a"), null);
 * ```
 */
export function s3PlaceOf(uri: string): string | null {
  const place = parseS3Uri(uri);
  if (place === null) return null;
  return place.key === "" ? `s3://${place.bucket}` : `s3://${place.bucket}/${place.key}`;
}

/**
 * Names the scheme of an artifact URI that is on no machine's disk.
 *
 * @param uri An artifact URI, or a path.
 * @returns In small letters, such as `gs`; `null` for a path, and for a `file:` URI.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { remoteScheme } from "./artifact_uri.ts";
 *
 * assertEquals(remoteScheme("GS://models/1"), "gs");
 * assertEquals(remoteScheme("C:\\models"), null);
 * ```
 */
export function remoteScheme(uri: string): string | null {
  const [, scheme = "file"] = /^([a-z][a-z0-9+.-]+):/i.exec(uri) ?? [];
  const name = scheme.toLowerCase();
  return name === "file" ? null : name;
}
