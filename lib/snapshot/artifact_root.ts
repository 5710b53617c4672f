/**
 * Where the artifacts of a database's runs lie, as its experiments tell.
 *
 * @module
 */

import { localPathOf } from "../records/relocate_uri.ts";
import { s3PlaceOf } from "../store/artifact_uri.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";

/**
 * Names the place of an artifact location that mltidy can look at.
 *
 * @param location As a row says.
 * @returns An absolute path, or `s3://BUCKET/KEY`; `null` where it is elsewhere.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(artifactPlaceOf("file:///data/mlruns/1"), "/data/mlruns/1");
 * assertEquals(artifactPlaceOf("s3://bucket/1/"), "s3://bucket/1");
 * assertEquals(artifactPlaceOf("gs://bucket/1"), null);
 * ```
 */
export function artifactPlaceOf(location: string): string | null {
  return s3PlaceOf(location) ?? localPathOf(location);
}

/**
 * Names the place below which a server of MLflow's keeps what it serves.
 *
 * @param destination As `mlflow server --artifacts-destination` takes it, or `MLFLOW_ARTIFACTS_DESTINATION`.
 * @returns An absolute path, or `s3://BUCKET/KEY`; `null` where mltidy cannot look, and for a relative path.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(destinationPlaceOf("s3://bucket/mlflow/"), "s3://bucket/mlflow");
 * assertEquals(destinationPlaceOf("file:///data/mlartifacts/"), "/data/mlartifacts");
 * assertEquals(destinationPlaceOf("gs://bucket/mlflow"), null);
 * ```
 */
export function destinationPlaceOf(destination: string): string | null {
  return artifactPlaceOf(destination)?.replace(/\/+$/, "") || null;
}

/**
 * Names the place of a location that a server of MLflow's serves, where that is known.
 *
 * @param location As a row says.
 * @param root Absolute path of the directory below which it keeps them, or `s3://BUCKET/KEY`; `null` where neither is.
 * @returns An absolute path, or a place in a bucket; any other location as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(servedPlaceOf("mlflow-artifacts:/1/4fe", "/data/mlartifacts"), "/data/mlartifacts/1/4fe");
 * assertEquals(servedPlaceOf("mlflow-artifacts:/1/4fe", "s3://bucket/mlflow"), "s3://bucket/mlflow/1/4fe");
 * assertEquals(servedPlaceOf("mlflow-artifacts:/../4fe", "/data/mlartifacts"), "mlflow-artifacts:/../4fe");
 * assertEquals(servedPlaceOf("s3://bucket/1", "/data/mlartifacts"), "s3://bucket/1");
 * ```
 */
export function servedPlaceOf(location: string, root: string | null): string {
  const [, path] = /^mlflow-artifacts:(\/[^/].*)$/.exec(location) ?? [];
  if (root === null || path === undefined || /\/\.{0,2}(?:\/|$)/.test(path)) return location;
  return `${root}${path}`;
}

/**
 * Tells whether an artifact root lies on this machine.
 *
 * @param root The root; `null` where there is none.
 * @returns Whether it is an absolute path.
 */
export function isLocalRoot(root: string | null): root is string {
  return root?.startsWith("/") === true;
}

/**
 * Infers the artifact root: the directory in which most experiments have one of their own, called by their id,
 * as MLflow makes it.
 *
 * @param experiments Id and artifact location of each experiment.
 * @returns Absolute path; `null` where none lies on this machine like that.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const locations = ["/data/mlruns/0", "file:///data/mlruns/1", "s3://bucket/2", "/elsewhere/3"];
 * const experiments = locations.map((location, id) => ({ id: `${id}`, location }));
 * assertEquals(inferArtifactRoot(experiments), "/data/mlruns");
 * ```
 */
export function inferArtifactRoot(experiments: readonly LocatedExperiment[]): string | null {
  const counts = countRoots(experiments, localPathOf);
  const [most] = [...counts].toSorted(([, left], [, right]) => right - left);
  return most?.[0] || null;
}

/**
 * Finds the places in buckets of S3 in which experiments have one of their own, called by their id, as MLflow makes it.
 *
 * @param experiments Id and artifact location of each experiment.
 * @returns `s3://BUCKET/KEY` of each, that of most experiments first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const locations = ["/data/mlruns/0", "s3://bucket/a/1", "s3://bucket/b/2", "s3://bucket/b/3"];
 * const experiments = locations.map((location, id) => ({ id: `${id}`, location }));
 * assertEquals(bucketRootsOf(experiments), ["s3://bucket/b", "s3://bucket/a"]);
 * ```
 */
export function bucketRootsOf(experiments: readonly LocatedExperiment[]): readonly string[] {
  return [...countRoots(experiments, s3PlaceOf)]
    .toSorted(([, left], [, right]) => right - left)
    .map(([root]) => root);
}

/**
 * Finds the same of a store that was read.
 *
 * @param snapshot The store.
 * @returns `s3://BUCKET/KEY` of each, that of most experiments first.
 */
export function bucketsOf({ experiments }: Pick<StoreSnapshot, "experiments">): readonly string[] {
  return bucketRootsOf(
    experiments.map(({ id, artifactLocation: location }) => ({ id, location })),
  );
}

/** Where an experiment has its artifacts, as its row says. */
export interface LocatedExperiment {
  /** Its id. */
  readonly id: string;
  /** `null` where the row says nothing. */
  readonly location: string | null;
}

function countRoots(
  experiments: readonly LocatedExperiment[],
  placeOf: (location: string) => string | null,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { id, location } of experiments) {
    const path = placeOf(location ?? "");
    if (path === null || !path.endsWith(`/${id}`)) continue;
    const root = path.slice(0, -id.length - 1);
    counts.set(root, (counts.get(root) ?? 0) + 1);
  }
  return counts;
}

/**
 * Tells which directory below the artifact root is a run's own, or a logged model's.
 *
 * @param root The artifact root; `null` where there is none.
 * @param owner Its id, and its artifact URI.
 * @returns Its place; `null` where its artifacts do not lie below the root as MLflow makes them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const run = { id: "4fe", artifactUri: "/data/mlruns/1/4fe/artifacts" };
 * assertEquals(runDirectoryOf("/data/mlruns", run), "/data/mlruns/1/4fe");
 * assertEquals(runDirectoryOf("/elsewhere", run), null);
 * ```
 */
export function runDirectoryOf(
  root: string | null,
  { id, artifactUri }: { readonly id: string; readonly artifactUri: string },
): string | null {
  const path = artifactPlaceOf(artifactUri);
  const own = `/${id}/artifacts`;
  if (root === null || path === null) return null;
  if (!path.startsWith(`${root}/`) || !path.endsWith(own)) return null;
  return path.slice(0, -"/artifacts".length);
}

/**
 * Tells which directory below the artifact root is an experiment's own.
 *
 * @param root The artifact root; `null` where there is none.
 * @param experiment Its id, and its artifact location.
 * @returns Its place; `null` where it does not lie below the root as MLflow makes it.
 */
export function experimentDirectoryOf(
  root: string | null,
  { id, artifactLocation }: { readonly id: string; readonly artifactLocation: string },
): string | null {
  const path = artifactPlaceOf(artifactLocation);
  return root !== null && path === `${root}/${id}` ? path : null;
}
