/**
 * Reasons in words.
 *
 * @module
 */

import type { ActionReason, KeepReason } from "./plan.ts";
import { visibleText } from "./terminal_text.ts";
import { formatCount, formatDuration, formatTime, plural } from "./units.ts";

/**
 * Says in words why something is to be changed, or why it stays.
 *
 * @param reason The reason.
 * @returns A clause about its subject, such as `ended 45 d ago, limit 30 d`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(reasonText({ kind: "holds-readable-runs", runs: 3 }), "holds 3 readable runs");
 * ```
 */
export function reasonText(reason: ActionReason | KeepReason): string {
  return visibleText(words(reason));
}

function words(reason: ActionReason | KeepReason): string {
  switch (reason.kind) {
    case "older-than":
      return reason.field === "end_time"
        ? `ended ${within(reason)}`
        : `has no end time, started ${within(reason)}`;
    case "deleted-longer-than":
    case "deleted-recently":
      return `deleted ${within(reason)}`;
    case "orphan":
    case "names-another-experiment":
      return reason.message;
    case "no-rule":
      return "no rule is given";
    case "not-finished":
      return `still ${reason.status.toLowerCase()}`;
    case "younger-than":
      return `ended ${within(reason)}`;
    case "in-the-future":
      return `dated in the future, ${formatTime(reason.time)}`;
    case "no-deletion-time":
      return "records no time of its deletion";
    case "registered": {
      const aliases = reason.aliases.length === 0
        ? ""
        : ` (${reason.aliases.length === 1 ? "alias" : "aliases"} ${reason.aliases.join(", ")})`;
      return `registered: model ${reason.model} v${reason.version}${aliases}`;
    }
    case "parent-of-kept":
      return `parent of run ${reason.child}, which is kept`;
    case "holds-registered-model":
      return `holds registered model ${reason.model} v${reason.version}`;
    case "holds-kept-run":
      return `holds run ${reason.run}, which is kept`;
    case "in-deleted-experiment":
      return `in deleted experiment ${reason.experiment}`;
    case "in-orphan":
      return `in orphan ${reason.orphan}`;
    case "default-experiment":
      return "the default experiment";
    case "unreadable":
      return `unreadable: ${reason.message}`;
    case "symbolic-link":
      return "behind a symbolic link";
    case "holds-readable-runs":
      return `holds ${plural(reason.runs, "readable run")}`;
    case "changed-recently":
      return `changed ${within(reason)}: it may be in the making`;
    case "holds-foreign-files":
      return `holds what MLflow did not write: ${listed(reason.entries)}`;
  }
}

/**
 * Names the group of things that stay for the same kind of reason.
 *
 * @param reason The reason.
 * @returns What a number of things is, such as `younger than 30 d`.
 */
export function keptText(reason: KeepReason): string {
  switch (reason.kind) {
    case "no-rule":
      return "under no rule";
    case "not-finished":
      return `still ${reason.status.toLowerCase()}`;
    case "younger-than":
      return `younger than ${formatDuration(reason.limit)}`;
    case "in-the-future":
      return "dated in the future";
    case "deleted-recently":
      return `deleted less than ${formatDuration(reason.limit)} ago`;
    case "no-deletion-time":
      return "deleted at an unknown time";
    case "registered":
      return "registered";
    case "parent-of-kept":
      return "with a kept child";
    case "holds-registered-model":
      return "with a registered model";
    case "holds-kept-run":
      return "with a kept run";
    case "in-deleted-experiment":
      return "in deleted experiments";
    case "in-orphan":
      return "in orphans";
    case "default-experiment":
      return "the default experiment";
    case "unreadable":
      return "unreadable";
    case "symbolic-link":
      return "behind a symbolic link";
    case "holds-readable-runs":
      return "with readable runs";
    case "changed-recently":
      return `changed less than ${formatDuration(reason.limit)} ago`;
    case "holds-foreign-files":
      return "with foreign files";
    case "names-another-experiment":
      return "naming another experiment";
  }
}

function within({ age, limit }: { readonly age: number; readonly limit: number }): string {
  return `${formatDuration(age)} ago, limit ${formatDuration(limit)}`;
}

function listed(entries: readonly string[]): string {
  const first = entries.slice(0, 3).join(", ");
  return entries.length > 3 ? `${first} and ${formatCount(entries.length - 3)} more` : first;
}
