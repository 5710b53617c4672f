/**
 * Telling whether a run, model or trace of another store is one of this store, but for where it lies.
 *
 * @module
 */

import { join } from "@std/path";
import { LOCATION_TAG } from "../../../lib/store/tags.ts";
import { valueAt } from "../../../lib/yaml/inner_values.ts";
import { editMetaYaml, parseMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { readText, timeOf } from "../../_io/read.ts";
import { loadDigest } from "../../_io/tree/digest.ts";
import { hashFile } from "../../_io/tree/hash_file.ts";
import { walkTree } from "../../_io/tree/walk_tree.ts";

/** What names an experiment, or a place, in the record of something. */
const PLACED = [
  "experiment_id",
  "trace_location/mlflow_experiment/experiment_id",
  "artifact_uri",
  "artifact_location",
  "source",
  "storage_location",
] as const;

/** The records of runs, models, versions and traces. */
const RECORD = /^(?:version-[^/]+\/)?(?:meta|trace_info)\.yaml$/;

/**
 * Compares two trees: the same files with the same content, but for what records say of experiment and places. Needs
 * read permission.
 *
 * @param left Absolute real path of a directory.
 * @param right Another one.
 * @param work What is awaited between two entries, and where the first lies in its store.
 * @returns Whether they are alike; not where anything cannot be read, or is no regular file.
 */
export async function areAlike(
  left: string,
  right: string,
  work: { readonly from: string; readonly turn: () => Promise<void> },
): Promise<boolean> {
  const [ours, theirs] = [await filesIn(left), await filesIn(right)];
  if (ours === null || theirs === null || ours.size !== theirs.size) return false;
  const reading = { digest: await loadDigest(), turn: work.turn };
  const isTrace = work.from.split("/")[1] === "traces";
  for (const [path, one] of ours) {
    const other = theirs.get(path);
    if (other === undefined) return false;
    if (isTrace && path === `tags/${LOCATION_TAG}`) continue;
    if (RECORD.test(path)) {
      if (unplaced(join(left, path)) !== unplaced(join(right, path))) return false;
      continue;
    }
    if (one.size !== other.size) return false;
    if (timeOf(one) !== null && timeOf(one) === timeOf(other)) continue;
    const [first, second] = [
      await hashFile(left, path, reading),
      await hashFile(right, path, reading),
    ];
    if (first.sha256 !== second.sha256) return false;
  }
  return true;
}

async function filesIn(tree: string): Promise<ReadonlyMap<string, Deno.FileInfo> | null> {
  const files = new Map<string, Deno.FileInfo>();
  for await (const found of walkTree(tree)) {
    if (found.kind === "directory") continue;
    if (found.kind !== "file") return null;
    files.set(found.path, found.info);
  }
  return files;
}

/** A record without what depends on where it lies, written the same way whoever wrote it. */
function unplaced(path: string): string {
  const read = readText(path, { links: "refused" });
  if (read.kind !== "text") return `${path}: ${read.kind}`;
  try {
    const document = parseMetaYaml(read.text);
    const changes = PLACED.filter((key) => valueAt(document, key) !== undefined)
      .map((key) => [key, "-"] as const);
    return editMetaYaml(read.text, Object.fromEntries(changes));
  } catch {
    return read.text;
  }
}
