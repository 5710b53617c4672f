/**
 * Where the artifact trees of a database lie, as its rows tell. Nothing else tells: who may write into our directory
 * may have put anything there, and must not lead a task elsewhere by that.
 *
 * @module
 */

import {
  artifactPlaceOf,
  bucketRootsOf,
  inferArtifactRoot,
  isLocalRoot,
  type LocatedExperiment,
  servedPlaceOf,
} from "../../../lib/snapshot/artifact_root.ts";
import { type ArtifactOwner, artifactTreeOf } from "../../../lib/snapshot/artifact_tree.ts";
import type { ArtifactPlace, OpenPlace } from "../../_artifacts/artifact_place.ts";
import { realPathOrNull } from "../../_io/read.ts";
import type { Database } from "../scan/tables.ts";
import type { ServedArtifacts } from "./served_artifacts.ts";

/** Whose artifacts are meant. */
export interface RootedDatabase {
  /** Opens where its trees lie. */
  readonly places: OpenPlace;
  /** Its rows. */
  readonly database: Database;
  /** From where a server may serve artifacts of it. */
  readonly served: ServedArtifacts | null;
}

/**
 * Says whose artifacts are meant.
 *
 * @param places Opens where its trees lie.
 * @param rows The database.
 * @returns The same.
 */
export function rootedIn(
  places: OpenPlace,
  { database, served }: Omit<RootedDatabase, "places">,
): RootedDatabase {
  return { places, database, served };
}

/** An artifact root. */
export interface LocatedRoot {
  /** As rows name it. */
  readonly root: string;
  /** Where its trees lie; `null` where nothing is there. */
  readonly place: ArtifactPlace | null;
}

/**
 * Finds where the trees of a database lie: in the directory in which most experiments have one of their own, and in
 * buckets. Needs read permission.
 *
 * @param store The database.
 * @returns The roots, that on this machine first.
 */
export async function locateTrees(
  { places, database, served }: RootedDatabase,
): Promise<readonly LocatedRoot[]> {
  const own = served?.isProven ? served.root : null;
  const experiments = experimentsIn(database, own);
  const local = inferArtifactRoot(experiments);
  const roots = new Set([
    ...[local, own].flatMap((root) => root ?? []),
    ...bucketRootsOf(experiments),
  ]);
  return await Promise.all([...roots].map(async (root) => {
    const real = isLocalRoot(root) ? realPathOf(root) : root;
    return { root, place: real === null ? null : await places(real) };
  }));
}

/**
 * Finds below which root something lies.
 *
 * @param roots The roots.
 * @param owner What has artifacts, and where.
 * @returns The innermost; `null` where none has it as MLflow makes it.
 */
export function rootOf(roots: readonly LocatedRoot[], owner: ArtifactOwner): LocatedRoot | null {
  const [innermost = null] = roots
    .filter(({ root }) => artifactTreeOf(root, owner).kind === "tree")
    .toSorted((left, right) => right.root.length - left.root.length);
  return innermost;
}

/**
 * Finds every directory, or place in a bucket, in which an experiment has one of its own, called by its id, as MLflow
 * makes it. Needs read permission.
 *
 * @param store The database.
 * @param leaving Experiments that tell nothing, since they go. @default {none}
 * @returns Each place that rows name, and each real path → the real one, or the same where nothing is there.
 */
export function artifactRootsOf(
  { database, served }: Omit<RootedDatabase, "places">,
  leaving: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, string> {
  const named = new Set<string>();
  // What was taken out of it may have been what proved it.
  for (const { id, location } of experimentsIn(database, served?.root ?? null)) {
    const path = artifactPlaceOf(location ?? "");
    if (leaving.has(id) || path === null || !path.endsWith(`/${id}`)) continue;
    named.add(path.slice(0, -id.length - 1));
  }
  const roots = new Map<string, string>();
  for (const root of named) {
    const real = isLocalRoot(root) ? realPathOrNull(root) ?? root : root;
    roots.set(root, real).set(real, real);
  }
  return roots;
}

function experimentsIn(
  database: Database,
  served: string | null,
): readonly LocatedExperiment[] {
  return database.prepare(
    "SELECT CAST(experiment_id AS TEXT) AS id, artifact_location AS location FROM experiments",
  ).all().map(({ id, location }) => ({
    id: `${id}`,
    location: typeof location === "string" ? servedPlaceOf(location, served) : null,
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
