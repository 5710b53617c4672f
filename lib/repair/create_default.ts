/**
 * Making the experiment to which MLflow logs where none is named: it makes that one with a new store only.
 *
 * @module
 */

import type { CreateExperiment, RepairReason } from "../plan/repair_action.ts";
import { renameUri } from "../records/relocate_uri.ts";
import { ABSENT } from "../store/facts.ts";
import { DEFAULT_EXPERIMENT, DEFAULT_NAME } from "../store/names.ts";
import { asStorePath } from "../store/path.ts";
import { NO_USAGE } from "../store/usage.ts";
import { findDeletedDefault, findMissingDefault } from "../verify/experiment_checks.ts";
import { keptEntry, type RepairContext, type Repairs } from "./context.ts";
import { usualLocation } from "./repair_records.ts";

/**
 * Plans to make the default experiment where there is none, with the record that MLflow gives it in a new
 * store.
 *
 * @param context The store as it is once its records are repaired.
 * @returns One action, or why there is none: another experiment has the name, or it is deleted.
 */
export function createDefault(context: Pick<RepairContext, "snapshot">): Repairs {
  const { snapshot } = context;
  const deleted = findDeletedDefault(snapshot).map(({ path, message }) =>
    keptEntry(path, DEFAULT_NAME, {
      kind: "needs-choice",
      message,
      choices: [ELSEWHERE, "restore it"],
      by: "restoration",
    })
  );
  const [missing] = findMissingDefault(snapshot);
  if (missing === undefined) return { actions: [], kept: deleted };
  const { path, message, mendable } = missing;
  if (mendable === false) {
    const choices = [ELSEWHERE, "rename that experiment in MLflow, then repair again"] as const;
    const choice = { kind: "needs-choice", message, choices, by: "repair" } as const;
    return { actions: [], kept: [keptEntry(path, DEFAULT_NAME, choice)] };
  }
  const { location, from } = placeOf(context);
  const reason = (of: string, value: string, from: string): RepairReason => ({
    kind: "evidence",
    of,
    value,
    from,
  });
  const action: CreateExperiment = {
    kind: "create-experiment",
    path: asStorePath(DEFAULT_EXPERIMENT),
    name: DEFAULT_NAME,
    artifactLocation: location,
    reasons: [
      { kind: "broken", message },
      reason("name", DEFAULT_NAME, "MLflow"),
      reason("artifact_location", location, from),
    ],
    usage: NO_USAGE,
    stamp: ABSENT,
  };
  return { actions: [action], kept: [] };
}

const ELSEWHERE = "name an experiment wherever runs are started";

/** Of a store that was moved the others name places where nothing is any more. */
function placeOf(
  { snapshot }: Pick<RepairContext, "snapshot">,
): ReturnType<typeof usualLocation> {
  const usual = usualLocation({ snapshot }, DEFAULT_EXPERIMENT);
  const hasMoved = snapshot.problems.some(({ subject, damage }) =>
    subject === "experiment" && damage === "moved"
  );
  return hasMoved
    ? {
      location: renameUri(usual.location, snapshot.location, DEFAULT_EXPERIMENT),
      from: "its place",
    }
    : usual;
}
