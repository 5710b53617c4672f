/**
 * Disk → where below a store's root records lead, and what of records depends on that.
 *
 * @module
 */

import { join } from "@std/path";
import type { TraceRecord } from "../../lib/plan/plan.ts";
import { localPathOf, relativePathOf } from "../../lib/records/relocate_uri.ts";
import { LOCATION_TAG } from "../../lib/store/tags.ts";
import { valueAt } from "../../lib/yaml/inner_values.ts";
import { type MetaDocument, parseMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import { textOf } from "../../lib/yaml/node.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { readText, realPathOrNull } from "../_io/read.ts";

/**
 * Gives what of a URI begins with the experiment in which something of that name lies.
 *
 * @param uri The URI.
 * @param name The id of a run or model that it names.
 * @returns A place below the root; `null` where it does not tell.
 */
export function tailFrom(uri: string, name: string): string | null {
  const names = uri.replace(/\/+$/, "").split("/");
  const at = names.lastIndexOf(name);
  const first = names[at - 1] === "models" ? at - 2 : at - 1;
  return first < 0 ? null : names.slice(first).join("/");
}

/**
 * Finds where below a store's root a URI leads. Needs read permission.
 *
 * @param root Absolute real path of the root.
 * @param uri An artifact URI.
 * @param own Where it would lie as MLflow makes it; what depends on a server, or on where MLflow is started, can be
 * told by that alone.
 * @returns The place; `null` where it lies elsewhere, or nobody can tell.
 */
export async function placeOf(
  root: string,
  uri: string,
  own: string | null,
): Promise<string | null> {
  const path = localPathOf(uri);
  if (path !== null) {
    // A link in the place of the artifacts goes with what it belongs to, wherever it leads.
    const isInPlace = own !== null && join(own) === own && path.endsWith(`/${own}`) &&
      realPathOrNull(path.slice(0, -own.length - 1)) === root;
    if (isInPlace) return own;
    // Nothing that is missing leads out by the names in its way.
    const real = realPathOrNull(path) ?? join(path);
    return real.startsWith(`${root}/`) ? real.slice(root.length + 1) : null;
  }
  const isOwn = own !== null && uri.replace(/\/+$/, "").endsWith(`/${own}`);
  if (!isOwn || relativePathOf(uri) === null && !/^mlflow-artifacts:/i.test(uri)) return null;
  return (await namesIn(join(root, own))).length > 0 ? own : null;
}

/**
 * Reads what of a trace depends on its experiment. Needs read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param path The trace.
 * @returns What is in it; no keys where its record cannot be read.
 */
export function readTrace(root: string, path: string): TraceRecord {
  const document = readDocument(join(root, path, "trace_info.yaml"));
  const tag = readText(join(root, path, "tags", LOCATION_TAG));
  const keys = document === null
    ? []
    : TRACE_KEYS.filter((key) => textOf(valueAt(document, key)) !== null);
  return { keys, location: tag.kind === "text" ? tag.text : null };
}

/** Since MLflow 3.2, and before. */
const TRACE_KEYS = ["trace_location/mlflow_experiment/experiment_id", "experiment_id"] as const;

/**
 * Reads which datasets the inputs of a run name. Needs read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param run The run's path.
 * @returns Their ids, in order.
 */
export async function datasetsOf(root: string, run: string): Promise<readonly string[]> {
  const folder = join(root, run, "inputs");
  return (await namesIn(folder)).flatMap((name) => {
    const input = readDocument(join(folder, name, "meta.yaml"));
    const id = input === null ? null : textOf(input.get("source_id"));
    const isDataset = input !== null && textOf(input.get("source_type")) === "DATASET";
    return isDataset && id !== null && /^[^/]+$/.test(id) && !/^\.{1,2}$/.test(id) ? [id] : [];
  }).toSorted();
}

function readDocument(path: string): MetaDocument | null {
  const read = readText(path);
  if (read.kind !== "text") return null;
  try {
    return parseMetaYaml(read.text);
  } catch {
    return null;
  }
}

/**
 * Lists what is in a directory, for certain. Needs read permission.
 *
 * @param directory Where it is.
 * @returns Names; none where it cannot be listed.
 */
export async function namesIn(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  return listed.kind === "failed" ? [] : listed.entries.map(({ name }) => name);
}
