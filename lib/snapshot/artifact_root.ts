/**
 * Where the artifacts of a database's runs lie, as its experiments tell.
 *
 * @module
 */

import { localPathOf } from "../records/relocate_uri.ts";

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
export function inferArtifactRoot(
  experiments: readonly { readonly id: string; readonly location: string | null }[],
): string | null {
  const counts = new Map<string, number>();
  for (const { id, location } of experiments) {
    const path = localPathOf(location ?? "");
    if (path === null || !path.endsWith(`/${id}`)) continue;
    const root = path.slice(0, -id.length - 1);
    counts.set(root, (counts.get(root) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(([, left], [, right]) => right - left);
  return most?.[0] || null;
}

/**
 * Tells which directory below the artifact root is a run's own, or a logged model's.
 *
 * @param root The artifact root; `null` where it is not on this machine.
 * @param owner Its id, and its artifact URI.
 * @returns Absolute path; `null` where its artifacts do not lie below the root as MLflow makes them.
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
  const path = localPathOf(artifactUri);
  const own = `/${id}/artifacts`;
  if (root === null || path === null) return null;
  if (!path.startsWith(`${root}/`) || !path.endsWith(own)) return null;
  return path.slice(0, -"/artifacts".length);
}

/**
 * Tells which directory below the artifact root is an experiment's own.
 *
 * @param root The artifact root; `null` where it is not on this machine.
 * @param experiment Its id, and its artifact location.
 * @returns Absolute path; `null` where it does not lie below the root as MLflow makes it.
 */
export function experimentDirectoryOf(
  root: string | null,
  { id, artifactLocation }: { readonly id: string; readonly artifactLocation: string },
): string | null {
  const path = localPathOf(artifactLocation);
  return root !== null && path === `${root}/${id}` ? path : null;
}
