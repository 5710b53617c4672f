/**
 * Repairing the rows of a database: only what is provable from what is there.
 *
 * @module
 */

import type { PurgeDanglingRows, RepairAction } from "../plan/repair_action.ts";
import { mendedByAny } from "../plan/mended_by.ts";
import { byPath } from "../store/path.ts";
import type { Problem } from "../store/problem.ts";
import type { NonEmpty } from "../store/snapshot.ts";
import { NO_USAGE } from "../store/usage.ts";
import { plural } from "../text/units.ts";
import { keptEntry, type RepairContext, type Repairs } from "./context.ts";
import { finishStaleRuns } from "./repair_edits.ts";

/**
 * Plans the repair of a database: runs that are stale end, and rows go that belong to runs which are gone.
 *
 * @param context The store and what is known of it.
 * @returns Actions in the order in which they are to be applied, and what stays.
 */
export function repairRows(context: RepairContext): Repairs {
  const { snapshot, evidence } = context;
  const actions: readonly RepairAction[] = [
    ...finishStaleRuns(context).flatMap((edit): readonly RepairAction[] => {
      const stamp = evidence.stamps.get(edit.path);
      return stamp === undefined ? [] : [{ ...edit, usage: NO_USAGE, stamp }];
    }),
    ...evidence.dangling.map(({ table, rows, stamp }): PurgeDanglingRows => ({
      kind: "purge-dangling-rows",
      path: table,
      name: table,
      rows,
      reasons: [{
        kind: "broken",
        message: `${plural(rows, "row belongs", "rows belong")} to runs that are gone`,
      }],
      usage: NO_USAGE,
      stamp,
    })),
  ];
  const isMended = mendedByAny(actions);
  const kept = snapshot.problems.toSorted(byPath).flatMap((problem) => {
    const choices = isMended(problem) ? null : choicesOf(problem);
    const { path, message } = problem;
    return choices === null
      ? []
      : [keptEntry(path, path, { kind: "needs-choice", message, choices })];
  });
  return { actions, kept };
}

/** `null`: it harms nothing that an owner would have to decide about. */
function choicesOf({ subject, damage }: Problem): NonEmpty<string> | null {
  switch (`${subject} ${damage}`) {
    case "database unreadable":
      return ["bring the file back from a backup", "save what can be read, as verify says"];
    case "database dangling":
      return ["bring back the rows that are missing", "delete these, as verify says"];
    case "run incomplete":
      return ["correct its row, as verify says"];
    case "logged-model missing-folder":
    case "trace missing-folder":
    case "model-version dangling":
      return ["bring its files back from a backup", "delete it in MLflow"];
    default:
      return null;
  }
}
