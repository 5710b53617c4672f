import type { Environment } from "../../_io/process.ts";
import type { OpenPlace } from "../../_artifacts/artifact_place.ts";
import { placeOpener } from "../../_artifacts/open_place.ts";
import { statePaths } from "../log/state_directory.ts";

/**
 * Makes what opens the places of a database's artifact trees. Touches nothing.
 *
 * @param path Absolute real path of its file, or of what stands for it.
 * @param environment Says what variables are set to, which may tell how to reach a bucket.
 * @returns What opens them.
 */
export function artifactPlacesOf(
  path: string,
  environment: Environment,
): OpenPlace {
  const { trees, staging } = statePaths(path);
  return placeOpener({ trees, staging }, environment);
}
