/**
 * Repairs in words.
 *
 * @module
 */

import type { NeedsChoice, RepairAction, RepairReason } from "../plan/repair_action.ts";
import { formatDuration, plural } from "../text/units.ts";

/**
 * Says what a number of repairs of one kind do.
 *
 * @param kind The kind.
 * @param count How many.
 * @returns A heading.
 */
export function repairHeading(kind: RepairAction["kind"], count: number): string {
  switch (kind) {
    case "write-meta":
      return `Write ${plural(count, "record")} that ${count === 1 ? "was" : "were"} lost`;
    case "create-experiment":
      return "Create the default experiment";
    case "finish-stale-run":
      return `End ${plural(count, "stale run")}`;
    case "set-stage":
      return `Set the stage of ${plural(count, "experiment")} by its place`;
    case "release-name":
      return `Rename ${plural(count, "deleted experiment")}: an active one has the name`;
    case "complete-meta":
      return `Complete ${plural(count, "record")}`;
    case "quote-value":
      return `Quote what YAML mistakes in ${plural(count, "record")}`;
    case "rewrite-location":
      return `Rewrite the places that ${plural(count, "record")} ${count === 1 ? "names" : "name"}`;
    case "rewrite-tag":
      return `Rewrite the place of ${plural(count, "trace")}`;
    case "create-dirs":
      return `Create missing directories in ${plural(count, "place")}`;
    case "trim-metric-file":
      return `Trim ${plural(count, "metric")} to the last whole line`;
    case "cut-metric-file":
      return `Take out of ${plural(count, "metric")} what MLflow cannot read`;
    case "purge-dangling-rows":
      return `Purge rows that belong to runs which are gone, of ${plural(count, "table")}`;
    case "quarantine-stray":
      return `Quarantine ${plural(count, "stray")}: out of MLflow's sight`;
  }
}

/**
 * Says what was done by a repair.
 *
 * @param kind The kind.
 * @returns A participle, such as `trimmed`.
 */
export function repairVerb(kind: RepairAction["kind"]): string {
  switch (kind) {
    case "write-meta":
      return "rewritten";
    case "create-experiment":
      return "created";
    case "finish-stale-run":
      return "ended";
    case "set-stage":
    case "complete-meta":
    case "quote-value":
      return "corrected";
    case "release-name":
      return "renamed";
    case "rewrite-location":
    case "rewrite-tag":
      return "relocated";
    case "create-dirs":
      return "completed";
    case "trim-metric-file":
    case "cut-metric-file":
      return "trimmed";
    case "purge-dangling-rows":
      return "purged";
    case "quarantine-stray":
      return "quarantined";
  }
}

/**
 * Says why something is repaired, or why it is left to its owner.
 *
 * @param reason The reason.
 * @returns A clause.
 */
export function repairReasonText(reason: RepairReason | NeedsChoice): string {
  switch (reason.kind) {
    case "broken":
      return reason.message;
    case "evidence":
      return `${reason.of}${reason.value === "" ? "" : ` ${reason.value}`} from ${reason.from}`;
    case "silent":
      return `${reason.status}, and silent for ${formatDuration(reason.age)}, limit ${
        formatDuration(reason.limit)
      }`;
    case "moved":
      return `${reason.from} is now ${reason.to}`;
    case "needs-choice":
      return `${reason.message}: ${reason.choices.join(", or ")}`;
  }
}
