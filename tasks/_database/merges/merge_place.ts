/**
 * Where a merge puts what it copies.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { inferArtifactRoot, servedPlaceOf } from "../../../lib/snapshot/artifact_root.ts";
import type { TreePlace } from "../../_artifacts/tree_place.ts";
import { realPathOrNull } from "../../_io/read.ts";
import type { OwnedRows } from "../rows/owned_rows.ts";
import { statePaths } from "../log/state_directory.ts";

/** An artifact root on this machine. */
export interface MergeRoot {
  /** As rows name it. */
  readonly named: string;
  /** Where trees are put. */
  readonly place: TreePlace;
}

/**
 * Finds where the artifacts of a database lie on this machine. Needs read permission.
 *
 * @param rows The database.
 * @param path Absolute real path of its file.
 * @returns The root, be it that nothing is there yet; `null` where no row names one.
 */
export function rootForMerge(rows: OwnedRows, path: string): MergeRoot | null {
  const served = rows.served?.isProven ? rows.served.root : null;
  const experiments = rows.database.prepare(
    "SELECT CAST(experiment_id AS TEXT) AS id, CAST(artifact_location AS TEXT) AS location FROM experiments",
  ).all().map(({ id, location }) => ({
    id: `${id}`,
    location: typeof location === "string" ? servedPlaceOf(location, served) : null,
  }));
  const named = inferArtifactRoot(experiments);
  if (named === null) return null;
  const around = realPathOrNull(dirname(named));
  const real = realPathOrNull(named) ??
    (around === null ? null : join(around, named.slice(named.lastIndexOf("/") + 1)));
  if (real === null) return null;
  const { trees, staging } = statePaths(path);
  return { named, place: { root: real, trees, staging } };
}
