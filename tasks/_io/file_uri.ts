/**
 * `file:` URIs, as MLflow takes them for paths.
 *
 * @module
 */

import { fromFileUrl, resolve } from "@std/path";
import { percentDecoded } from "../../lib/store/artifact_uri.ts";

/**
 * Takes a `file:` URI for a path as MLflow does (2.22 and 3.17): without a slash behind its scheme it is
 * relative to the current directory.
 *
 * @param uri The URI.
 * @returns An absolute path.
 * @throws {TypeError} When it is no URI.
 */
export function fileUriPath(uri: string): string {
  const relative = /^file:(?![/\\])([^?#]*)/i.exec(uri)?.[1];
  if (relative !== undefined) return resolve(percentDecoded(relative));
  // To browsers a backslash is a slash; to Python it is a letter, where it is one of the system's.
  return fromFileUrl(Deno.build.os === "windows" ? uri : uri.replaceAll("\\", "%5C"));
}
