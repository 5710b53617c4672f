/**
 * Reasons in words.
 *
 * @module
 */

import type { ActionReason, KeepReason } from "../plan/plan.ts";
import type { Standing } from "../plan/standing.ts";
import { formatCount, formatDuration, formatTime, plural } from "../text/units.ts";
import { mergeReasonText, notCopiedText } from "./merge.ts";
import { moveReasonText } from "./move.ts";
import { repairReasonText } from "./repair.ts";

/**
 * Says in words why something is to be changed, or why it stays.
 *
 * @param reason The reason.
 * @returns A clause about its subject, such as `ended 45 d ago, limit 30 d`; names in it as they are.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(reasonText({ kind: "holds-readable-runs", runs: 3 }), "holds 3 readable runs");
 * ```
 */
export function reasonText(reason: ActionReason | KeepReason): string {
  switch (reason.kind) {
    case "broken":
    case "evidence":
    case "silent":
    case "moved":
    case "needs-choice":
      return repairReasonText(reason);
    case "wanted-in":
    case "parent-moves":
    case "artifacts-stay":
      return moveReasonText(reason);
    case "lacking-here":
    case "copied-into":
    case "id-taken":
    case "place-stays":
    case "differs-here":
    case "twin-of":
    case "parent-elsewhere":
      return mergeReasonText(reason);
    case "older-than":
      return reason.field === "end_time"
        ? `ended ${within(reason)}`
        : `has no end time, started ${within(reason)}`;
    case "deleted-longer-than":
    case "deleted-recently":
      return `deleted ${within(reason)}`;
    case "undated-longer-than":
    case "undated-recently":
      return `records no time of its deletion, last sign of life ${within(reason)}`;
    case "without-run":
    case "left-recently":
      return `left without run ${reason.run}, last changed ${within(reason)}`;
    case "orphan":
    case "names-another-experiment":
      return reason.message;
    case "not-kept":
      return [
        `ended ${formatDuration(reason.age)} ago`,
        ...reason.standings.flatMap(rankWords),
      ].join(", ");
    case "long-metric":
      return `${formatCount(reason.points)} points, ${formatCount(reason.stays)} stay, ended ${
        within(reason)
      }`;
    case "heavy-files":
      return [
        reason.glob,
        `ended ${within(reason)}`,
        ...(reason.standings ?? []).flatMap(rankWords),
      ].join(", ");
    case "keep-last":
    case "keep-within":
    case "keep-best":
    case "keep-period":
    case "keep-tag":
    case "keep-status":
    case "keep-named":
    case "keep-where":
      return standingText(reason);
    case "ended-recently":
      return `ended ${formatDuration(reason.age)} ago: nothing goes in its first 24 h`;
    case "pinned":
      return `pinned by tag ${reason.tag}`;
    case "trace-source":
      return `trace ${reason.trace} comes from it`;
    case "assessment-source":
      return `assessment ${reason.assessment} of trace ${reason.trace} comes from it`;
    case "logged-model-in-use":
      return `trace ${reason.trace} comes from its logged model ${reason.model}`;
    case "input-of-kept":
      return `its logged model ${reason.model} is an input of run ${reason.run}, which is kept`;
    case "source-of-kept":
      return `its logged model ${reason.model} stays`;
    case "run-stays":
      return `its run ${reason.run} stays`;
    case "no-source-run":
      return "no run has logged it";
    case "used-by-run":
      return reason.as === "metric"
        ? `run ${reason.run}, which stays, has logged metrics of it`
        : `${reason.as} of run ${reason.run}, which stays`;
    case "child-of-gone":
      return `follows its parent run ${reason.parent}`;
    case "child-of-kept":
      return `child of run ${reason.parent}, which is kept`;
    case "not-needed":
      return "may go, but the target is met without it";
    case "another-time":
      return `may go another time: no more than ${formatCount(reason.limit)} at once`;
    case "no-rule":
      return "no rule is given";
    case "artifacts-only":
      return `nothing in ${reason.rule} keeps it, and that lets only its artifacts go`;
    case "not-selected":
      return "not selected";
    case "left-out":
      return "left out of this plan";
    case "soft-deleted":
      return "soft-deleted, and only what is active was asked for";
    case "in-the-way":
      return `${reason.path} is there already`;
    case "not-supported":
      return "would go, which this version of mltidy cannot do yet with this kind of store";
    case "not-finished":
      return `still ${reason.status.toLowerCase()}`;
    case "younger-than":
      return `ended ${within(reason)}`;
    case "in-the-future":
      return `dated in the future, ${formatTime(reason.time)}`;
    case "implausible-time":
      return `dated ${formatTime(reason.time)}: its times seem to be seconds, or cut off`;
    case "no-deletion-time":
      return "no time of its deletion is known";
    case "registered": {
      const aliases = reason.aliases.length === 0
        ? ""
        : ` (${reason.aliases.length === 1 ? "alias" : "aliases"} ${reason.aliases.join(", ")})`;
      const stage = reason.stage === undefined ? "" : ` (stage ${reason.stage})`;
      return `registered: model ${reason.model} v${reason.version}${aliases}${stage}`;
    }
    case "database-refers":
      return `${
        reason.row.replace("-", " ")
      } ${reason.id} of database ${reason.database} has its files there`;
    case "artifacts-unreadable":
      return `nobody can tell what artifacts it has in ${reason.root}: ${reason.message}`;
    case "parent-of-kept":
      return `parent of run ${reason.child}, which stays`;
    case "hides-copy":
      return `MLflow would find its copy ${reason.copy} instead`;
    case "holds-registered-model":
      return `holds registered model ${reason.model} v${reason.version}`;
    case "holds-kept-run":
      return `holds run ${reason.run}, which is kept`;
    case "holds-kept-model":
      return `holds files of logged model ${reason.model}, which is kept`;
    case "in-deleted-experiment":
      return `in deleted experiment ${reason.experiment}`;
    case "in-orphan":
      return `in orphan ${reason.orphan}`;
    case "default-experiment":
      return "the default experiment";
    case "newest-experiment":
      return "the newest experiment of the database, which would give its id to the next one";
    case "row-refers":
      return `row ${reason.row} of table ${reason.table} refers to it`;
    case "newer-database":
      return `this database is newer than mltidy: its table ${reason.table} may refer to it`;
    case "unreadable":
      return `unreadable: ${reason.message}`;
    case "symbolic-link":
      return "behind a symbolic link";
    case "holds-readable-runs":
      return `holds ${plural(reason.runs, "readable run")}`;
    case "holds-lost-data": {
      const held = [
        plural(reason.runs, "run that cannot be read", "runs that cannot be read"),
        plural(reason.loggedModels, "logged model"),
        plural(reason.traces, "trace"),
      ].filter((_, index) => [reason.runs, reason.loggedModels, reason.traces][index]! > 0);
      return `holds ${held.join(", ")}`;
    }
    case "changed-recently":
      return `changed ${within(reason)}: it may be in the making`;
    case "holds-foreign-files":
      return `holds what MLflow did not write: ${listed(reason.entries)}`;
  }
}

/**
 * Says in words how a run stands under a rule that keeps runs.
 *
 * @param standing The standing.
 * @returns Such as `best of f1: #4 of 37, n is 3`.
 */
export function standingText(standing: Standing): string {
  switch (standing.kind) {
    case "keep-last":
      return `newest: ${placeText(standing)}`;
    case "keep-within":
      return `ended ${within(standing)}`;
    case "keep-best": {
      const over = standing.over === "history" ? " at its best" : "";
      const per = standing.per === null ? "" : ` with ${standing.per.key} ${standing.per.value}`;
      return `best of ${standing.metric}${over}${per}: ${placeText(standing)}`;
    }
    case "keep-period": {
      const start = formatTime(standing.start).slice(0, 10);
      const of = `${standing.period} of ${start}`;
      return standing.newest
        ? `newest of the ${of}: ${standing.period} #${standing.rank}, n is ${standing.n}`
        : `not the newest of the ${of}`;
    }
    case "keep-tag":
      return `has tag ${standing.tag}`;
    case "keep-status":
      return `is ${standing.status}`;
    case "keep-named":
      return `is named ${standing.glob}`;
    case "keep-where":
      return whereText(standing);
  }
}

function whereText(
  { where, value, passes }: Extract<Standing, { readonly kind: "keep-where" }>,
): string {
  return `${passes ? "" : "not "}${where}: ${value ?? "no finite value"}`;
}

/** Only the ranks: how long ago it ended is said, and `explain` tells the rest. */
function rankWords(standing: Standing): readonly string[] {
  if (standing.kind === "keep-where") return standing.value === null ? [] : [whereText(standing)];
  if (standing.kind !== "keep-last" && standing.kind !== "keep-best") return [];
  const { kind, rank, of } = standing;
  if (rank === null) return [];
  const by = kind === "keep-last" ? "newest" : standing.metric;
  const per = kind === "keep-best" && standing.per !== null ? ` with ${standing.per.value}` : "";
  return [`${by} #${formatCount(rank)} of ${formatCount(of)}${per}`];
}

function placeText(
  { rank, of, n }: { readonly rank: number | null; readonly of: number; readonly n: number },
): string {
  const place = rank === null
    ? "has no finite value"
    : `#${formatCount(rank)} of ${formatCount(of)}`;
  return `${place}, n is ${formatCount(n)}`;
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
    case "not-selected":
      return "not selected";
    case "left-out":
      return "left out";
    case "soft-deleted":
      return "soft-deleted";
    case "in-the-way":
      return "whose place is taken";
    case "differs-here":
    case "twin-of":
    case "parent-elsewhere":
      return notCopiedText(reason);
    case "not-supported":
      return "that would go, which cannot be done with this kind of store";
    case "keep-last":
      return `of the newest ${formatCount(reason.n)}`;
    case "keep-within":
      return `younger than ${formatDuration(reason.limit)}`;
    case "keep-best": {
      const per = reason.per === null ? "" : ` of each ${reason.per.key}`;
      return `of the best ${formatCount(reason.n)} by ${reason.metric}${per}`;
    }
    case "keep-period":
      return `newest of their ${reason.period}`;
    case "keep-tag":
      return `with tag ${reason.tag}`;
    case "keep-status":
      return `that are ${reason.status}`;
    case "keep-named":
      return `named ${reason.glob}`;
    case "keep-where":
      return `with ${reason.where}`;
    case "ended-recently":
      return "in their first 24 h";
    case "pinned":
      return "pinned";
    case "trace-source":
    case "assessment-source":
      return "that traces come from";
    case "logged-model-in-use":
      return "with a logged model in use";
    case "input-of-kept":
      return "with an input of a kept run";
    case "source-of-kept":
      return "with a kept logged model";
    case "run-stays":
      return "of runs that stay in the store";
    case "no-source-run":
      return "of no run";
    case "left-recently":
      return `without their run, changed less than ${formatDuration(reason.limit)} ago`;
    case "used-by-run":
      return "that kept runs use";
    case "child-of-kept":
      return "with a kept parent";
    case "artifacts-only":
      return "of which only artifacts may go";
    case "not-needed":
      return "not needed for the target";
    case "another-time":
      return "for another time";
    case "not-finished":
      return `still ${reason.status.toLowerCase()}`;
    case "younger-than":
      return `younger than ${formatDuration(reason.limit)}`;
    case "in-the-future":
      return "dated in the future";
    case "implausible-time":
      return "with times in seconds, or cut off";
    case "deleted-recently":
      return `deleted less than ${formatDuration(reason.limit)} ago`;
    case "no-deletion-time":
      return "deleted at an unknown time";
    case "undated-recently":
      return `deleted at an unknown time, alive less than ${formatDuration(reason.limit)} ago`;
    case "registered":
      return "registered";
    case "database-refers":
      return "that a database refers to";
    case "artifacts-unreadable":
      return "with artifacts that cannot be looked at";
    case "parent-of-kept":
      return "with a kept child";
    case "hides-copy":
      return "with a copy in a deleted experiment";
    case "holds-registered-model":
      return "with a registered model";
    case "holds-kept-run":
      return "with a kept run";
    case "holds-kept-model":
      return "with files of a kept logged model";
    case "in-deleted-experiment":
      return "in deleted experiments";
    case "in-orphan":
      return "in orphans";
    case "default-experiment":
      return "the default experiment";
    case "newest-experiment":
      return "the newest of the database, which would give its ID out again: create another one first";
    case "row-refers":
      return "that other rows refer to";
    case "newer-database":
      return "of a database that is newer than mltidy";
    case "needs-choice":
      return reason.by === "relocation"
        ? "not where the records say"
        : "that nothing proves how to mend";
    case "unreadable":
      return "unreadable";
    case "symbolic-link":
      return "behind a symbolic link";
    case "holds-readable-runs":
      return "with readable runs";
    case "holds-lost-data":
      return "with what may be missed";
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
