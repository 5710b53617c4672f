/**
 * Which tree on this machine holds the artifacts of a run, logged model or experiment of a database.
 *
 * @module
 */

import { asStorePath, type StorePath } from "../store/path.ts";
import { withoutCredentials } from "../text/credentials.ts";
import { experimentDirectoryOf, runDirectoryOf } from "./artifact_root.ts";

/** What has artifacts of its own. */
export interface ArtifactOwner {
  readonly kind: "run" | "logged-model" | "experiment";
  readonly id: string;
  /** As its row says; data, never a path to delete. */
  readonly location: string;
}

/** A tree below the artifact root, or why nothing is done with what lies at the location. */
export type ArtifactTree =
  | { readonly kind: "tree"; readonly path: StorePath }
  | { readonly kind: "elsewhere"; readonly message: string };

/**
 * Names the tree of artifacts, if it lies where MLflow makes it: below the artifact root, called by the id of what
 * it belongs to.
 *
 * @param root The artifact root; `null` where it is not on this machine.
 * @param owner What it belongs to.
 * @returns The tree, or why it stays.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const run = { kind: "run", id: "4fe", location: "/data/mlruns/1/4fe/artifacts" } as const;
 * assertEquals(artifactTreeOf("/data/mlruns", run), { kind: "tree", path: "1/4fe" });
 * assertEquals(artifactTreeOf("/elsewhere", run).kind, "elsewhere");
 * ```
 */
export function artifactTreeOf(root: string | null, owner: ArtifactOwner): ArtifactTree {
  const { kind, id, location } = owner;
  const directory = kind === "experiment"
    ? experimentDirectoryOf(root, { id, artifactLocation: location })
    : runDirectoryOf(root, { id, artifactUri: location });
  const path = directory === null ? null : directory.slice(root!.length + 1);
  // No name along it leads out of the root.
  if (path !== null && !/(?:^|\/)\.{0,2}(?:\/|$)|\0/.test(path)) {
    return { kind: "tree", path: asStorePath(path) };
  }
  const place = withoutCredentials(location);
  const message = root === null
    ? `its artifacts stay in ${place}: no experiment lies on this machine as MLflow makes it`
    : `its artifacts stay in ${place}: expected them below ${root}, as MLflow makes them`;
  return { kind: "elsewhere", message };
}
