/**
 * Where the artifact trees of a database lie, as its rows tell. Nothing else tells: who may write into our directory
 * may have put anything there, and must not lead a task elsewhere by that.
 *
 * @module
 */

import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import { inferArtifactRoot } from "../../../lib/snapshot/artifact_root.ts";
import type { TreePlace } from "../../_artifacts/tree_place.ts";
import { realPathOrNull } from "../../_io/read.ts";
import { statePaths } from "../log/state_directory.ts";
import type { Database } from "../scan/tables.ts";

/** Whose artifacts are meant. */
export interface RootedDatabase {
  /** Absolute real path of its file. */
  readonly path: string;
  /** Its rows. */
  readonly database: Database;
}

/**
 * Says where the trees of a database lie.
 *
 * @param path Absolute real path of its file.
 * @param root Absolute real path of its artifact root.
 * @returns The place.
 */
export function treePlaceOf(path: string, root: string): TreePlace {
  const { trees, staging } = statePaths(path);
  return { root, trees, staging };
}

/**
 * Finds where the trees of a database lie. Needs read permission.
 *
 * @param store The database.
 * @returns The artifact root as rows name it, and where its trees lie; `null` where there is none.
 */
export function locateTrees(
  { path, database }: RootedDatabase,
): { readonly root: string | null; readonly place: TreePlace | null } {
  const root = inferArtifactRoot(experimentsIn(database));
  const real = root === null ? null : realPathOf(root);
  return { root, place: real === null ? null : treePlaceOf(path, real) };
}

/**
 * Finds every directory in which an experiment has one of its own, called by its id, as MLflow makes it. Needs read
 * permission.
 *
 * @param store The database.
 * @param leaving Experiments that tell nothing, since they go. @default {none}
 * @returns Each absolute path that rows name, and each real one → the real one, or the same where nothing is there.
 */
export function artifactRootsOf(
  { database }: Pick<RootedDatabase, "database">,
  leaving: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, string> {
  const named = new Set<string>();
  for (const { id, location } of experimentsIn(database)) {
    const path = localPathOf(location ?? "");
    if (leaving.has(id) || path === null || !path.endsWith(`/${id}`)) continue;
    named.add(path.slice(0, -id.length - 1));
  }
  const roots = new Map<string, string>();
  for (const root of named) {
    const real = realPathOrNull(root) ?? root;
    roots.set(root, real).set(real, real);
  }
  return roots;
}

interface Located {
  readonly id: string;
  readonly location: string | null;
}

function experimentsIn(database: Database): readonly Located[] {
  return database.prepare(
    "SELECT CAST(experiment_id AS TEXT) AS id, artifact_location AS location FROM experiments",
  ).all().map(({ id, location }) => ({
    id: `${id}`,
    location: typeof location === "string" ? location : null,
  }));
}

function realPathOf(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    // Then there are no artifacts either.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}
