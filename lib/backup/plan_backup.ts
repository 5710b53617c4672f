/**
 * Deciding what a backup holds, and what it may share with an earlier one.
 *
 * @module
 */

import type { BackupEntry, CopyManifest, CopyScope } from "./backup.ts";
import { pathsUp } from "../store/path.ts";
import { newestFirst } from "./backup_order.ts";

/** How a path stands to a scope: part of it, on the way to a part of it, or neither. */
export type Membership = "in" | "on-the-way" | "out";

/** Folders of one file per key: a key may well be called `artifacts`. */
const KEY_FOLDERS: ReadonlySet<string> = new Set([
  "tags",
  "params",
  "metrics",
  "aliases",
  "request_metadata",
]);

/** Ms: some file systems keep only every other second. */
const COARSEST_CLOCK = 2_000;

/**
 * Tells whether a path belongs to a scope.
 *
 * The scope `metadata` is everything but the content of `artifacts/` directories: all `meta.yaml` and
 * `trace_info.yaml`, tags, params, metrics, datasets, inputs, outputs, assessments, the whole model
 * registry, and the artifact directories themselves, empty, without which MLflow (3.8 and later) does
 * not find a run. A tag, param, metric or alias called `artifacts` is none of them.
 *
 * @param scope The scope.
 * @param path A path in the store.
 * @param models Paths of the logged models that come with a run.
 * @returns How the path stands to the scope. What lies in a path that is `out` is `out`, too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isInScope({ kind: "experiment", id: "7" }, ".trash/7/meta.yaml"), "in");
 * assertEquals(isInScope({ kind: "run", id: "ab" }, "7"), "on-the-way");
 * assertEquals(isInScope({ kind: "metadata" }, "7/ab/artifacts/model.pkl"), "out");
 * ```
 */
export function isInScope(
  scope: CopyScope,
  path: string,
  models: ReadonlySet<string> = NO_MODELS,
): Membership {
  switch (scope.kind) {
    case "full":
      return "in";
    case "metadata":
      return isArtifact(path) ? "out" : "in";
    case "experiment":
      return isSelected({ experiment: scope.id }, path);
    case "run":
      return isSelected({ run: scope.id }, path, models);
  }
}

function isArtifact(path: string): boolean {
  const segments = path.replace(/^\.trash\//, "").split("/");
  if (path.startsWith("models/")) return false;
  const folder = segments.findIndex((segment, index) =>
    index > 1 && segment === "artifacts" || index > 0 && KEY_FOLDERS.has(segment)
  );
  return segments[folder] === "artifacts" && folder < segments.length - 1;
}

const NO_MODELS: ReadonlySet<string> = new Set();

/**
 * Tells whether a path belongs to an experiment or a run, active or in `.trash/`.
 *
 * @param selection An experiment's id, a run's id, both, or neither for everything.
 * @param path A path in the store.
 * @param models Paths of the logged models that come with the run.
 * @returns How the path stands to the selection.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isSelected({ experiment: "7", run: "ab" }, "7/ab/meta.yaml"), "in");
 * assertEquals(isSelected({ experiment: "7", run: "ab" }, "7/meta.yaml"), "out");
 * ```
 */
export function isSelected(
  selection: { readonly experiment?: string; readonly run?: string },
  path: string,
  models: ReadonlySet<string> = NO_MODELS,
): Membership {
  const { experiment, run } = selection;
  if (experiment === undefined && run === undefined) return "in";
  if (path === ".trash") return "on-the-way";
  const [first, second, third] = path.replace(/^\.trash\//, "").split("/");
  if (experiment !== undefined && first !== experiment) return "out";
  if (run === undefined) return "in";
  if (second === "models" && first !== "models") {
    if (third !== undefined) return pathsUp(path).some((one) => models.has(one)) ? "in" : "out";
    return [...models].some((one) => one.startsWith(`${path}/`)) ? "on-the-way" : "out";
  }
  // Without an experiment every directory may hold the run, but for the model registry.
  if (second === undefined) return first === "models" ? "out" : "on-the-way";
  return second === run && first !== "models" ? "in" : "out";
}

/**
 * Orders paths as a walk meets them: a directory before what it holds, and that before its next sibling.
 *
 * @param left A path.
 * @param right Another path.
 * @returns Less than 0 when `left` comes first, 0 for the same path.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["a-b", "a/c", "a"].toSorted(comparePaths), ["a", "a/c", "a-b"]);
 * ```
 */
export function comparePaths(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const one = left.charCodeAt(index);
    const other = right.charCodeAt(index);
    if (one === other) continue;
    if (one === SLASH) return -1;
    if (other === SLASH) return 1;
    return one - other;
  }
  return left.length - right.length;
}

const SLASH = 47;

/**
 * Chooses the earlier backup that a new one shares unchanged files with: the newest one that holds all
 * that the new one is to hold.
 *
 * @param earlier Earlier copy backups of the same store, in any order.
 * @param scope What the new one is to hold.
 * @returns The backup, or `null` when there is none.
 */
export function chooseBase(
  earlier: readonly CopyManifest[],
  scope: CopyScope,
): CopyManifest | null {
  const able = earlier.filter((one) => one.scope.kind === "full" || sameScope(one.scope, scope));
  return newestFirst(able)[0] ?? null;
}

/**
 * Tells whether two scopes are the same.
 *
 * @param left A scope.
 * @param right Another scope.
 * @returns Whether they hold the same part of a store.
 */
export function sameScope(left: CopyScope, right: CopyScope): boolean {
  const idOf = (scope: CopyScope) => "id" in scope ? scope.id : null;
  return left.kind === right.kind && idOf(left) === idOf(right);
}

/**
 * Tells whether a file of the store is still the one that an earlier backup holds: same size, time and
 * mode. A file that was written just before that backup may have been written to once more within the
 * same tick of its clock, so its time proves nothing.
 *
 * @param entry What the earlier backup has at the same path.
 * @param found The file as it is now; times in epoch ms.
 * @param backedUpAt When the earlier backup began, epoch ms.
 * @returns Whether its bytes are the same.
 */
export function isUnchanged(
  entry: BackupEntry,
  found: { readonly size: number; readonly mtime: number; readonly mode: number },
  backedUpAt: number,
): boolean {
  return entry.kind === "file" && entry.size === found.size && entry.mtime === found.mtime &&
    entry.mode === found.mode && entry.mtime < backedUpAt - COARSEST_CLOCK;
}
