/**
 * Which damage a repair mends.
 *
 * @module
 */

import { TYPED_KEYS } from "../records/value_types.ts";
import { pathsUp } from "../store/path.ts";
import { LINE_DAMAGES, type Problem } from "../store/problem.ts";
import { LOCATION_TAG } from "../store/tags.ts";
import type { RepairAction } from "./repair_action.ts";

/**
 * Tells whether a problem is gone once a repair is done.
 *
 * @param problem What was met while reading.
 * @param action The repair.
 * @returns Whether it is.
 */
export function isMendedBy(problem: Problem, action: RepairAction): boolean {
  const { path, damage, subject } = problem;
  switch (action.kind) {
    case "quarantine-stray":
      return path === action.path || path.startsWith(`${action.path}/`);
    case "purge-dangling-rows":
      return subject === "database" && path === action.path && problem.mendable !== false &&
        (damage === "unused" || damage === "dangling");
    case "write-meta":
      return path === action.path && RECORD_DAMAGES.includes(damage);
    case "create-experiment":
      // Nothing was there that a problem could name.
      return false;
    case "create-dirs":
      return path === action.path && damage === "missing-folder";
    case "trim-metric-file":
    case "cut-metric-file":
      return path === action.path && LINE_DAMAGES.includes(damage);
    case "rewrite-tag":
      return action.path.startsWith(`${path}/tags/`) && PLACES.includes(damage);
    case "finish-stale-run":
    case "set-stage":
    case "release-name":
    case "complete-meta":
    case "quote-value":
    case "rewrite-location":
      return path === action.path &&
        Object.keys(action.changes).some((key) =>
          KEYS[key]?.includes(damage) || damage === "wrong-type" && TYPED_KEYS.has(key)
        );
  }
}

/**
 * Tells of each problem whether any of many repairs mends it.
 *
 * @param actions The repairs.
 * @returns Whether a problem is gone once they are done.
 */
export function mendedByAny(actions: readonly RepairAction[]): (problem: Problem) => boolean {
  const byPlace = Map.groupBy(actions, ({ path }) => `${path}`);
  return (problem) =>
    placesFor(problem.path).some((place) =>
      byPlace.get(place)?.some((action) => isMendedBy(problem, action))
    );
}

/** Where a repair may act that mends something at a path. */
function placesFor(path: string): readonly string[] {
  return [`${path}/tags/${LOCATION_TAG}`, ...pathsUp(path)];
}

const RECORD_DAMAGES: readonly Problem["damage"][] = [
  "cut-off",
  "missing",
  "empty",
  "unreadable",
  "incomplete",
  "id-mismatch",
  "moved",
  "relative",
];

const PLACES: readonly Problem["damage"][] = ["moved", "relative"];

/** What setting a key mends. */
const KEYS: Readonly<Record<string, readonly Problem["damage"][]>> = {
  status: ["stale", "unstorable"],
  lifecycle_stage: ["wrong-type"],
  run_id: ["no-run-id"],
  deleted_time: ["no-deleted-time"],
  artifact_uri: ["no-artifact-uri", ...PLACES],
  name: ["no-name"],
  artifact_location: ["no-artifact-uri", ...PLACES],
  source: PLACES,
  storage_location: PLACES,
};
