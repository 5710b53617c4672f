/**
 * Artifact URIs as data: they are looked into for names, never followed to a disk.
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
