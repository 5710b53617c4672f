/**
 * Judging one subject by itself: is it old enough to go, or why does it stay? What others need of it
 * (a registered model, a kept child) is decided where the plan is made.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import { type CleanupPolicy, EARLIEST, pinsOf, YOUNG } from "../policy/policy.ts";
import { DEFAULT_EXPERIMENT, isLitter } from "../store/names.ts";
import { byPath } from "../store/path.ts";
import { UTF_16 } from "../store/record_problem.ts";
import { isUnfinished } from "../store/run_status.ts";
import type { Experiment, Orphan, Run } from "../store/snapshot.ts";
import { toGo, toKeep, type Verdict } from "./judged.ts";
import { type FindTag, tagFinder } from "./run_facts.ts";

/**
 * Judges a run: an active one for soft deletion, a soft-deleted one for purging.
 *
 * Whatever the rules, an active run that ended within the last 24 hours stays, and so does any that is
 * pinned by a tag.
 *
 * Age counts from `end_time`, else from `start_time`; time since deletion from `deleted_time`, and a
 * run that records none never counts as old (`mlflow gc` takes it for old enough), unless the policy counts
 * from its last sign of life.
 *
 * @param run The run.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param findPin Gives the tag that pins a run; `null` for one that is not pinned.
 * @returns The verdict.
 */
export function judgeRun(
  run: Run,
  policy: CleanupPolicy,
  now: number,
  findPin: (run: Run) => string | null,
): Verdict {
  if (run.link) return toKeep({ kind: "symbolic-link" });
  if (isUnfinished(run.status)) return toKeep({ kind: "not-finished", status: run.status });
  if (run.stamp === "") return toKeep(unreadable(run));
  const tag = findPin(run);
  if (tag !== null) return toKeep({ kind: "pinned", tag });
  if (run.lifecycleStage === "deleted") {
    return judgeDeleted(run.deletedTime, lastSignOfRun(run), policy, now);
  }
  if (policy.olderThan === null) return toKeep({ kind: "no-rule" });
  const field = run.endTime === null ? "start_time" : "end_time";
  const time = run.endTime ?? run.startTime;
  const age = now - time;
  const limit = policy.olderThan;
  if (age < 0) return toKeep({ kind: "in-the-future", time });
  if (time < EARLIEST) return toKeep({ kind: "implausible-time", time });
  if (age <= limit) return toKeep({ kind: "younger-than", age, limit });
  if (age < YOUNG) return toKeep({ kind: "ended-recently", age, limit: YOUNG });
  return toGo({ kind: "older-than", field, time, age, limit });
}

/**
 * Makes what finds the tag that pins a run.
 *
 * @param policy The rules.
 * @returns Gives the tag; `null` for a run, or logged model, that is not pinned.
 */
export function pinFinder({ retention }: CleanupPolicy): FindTag {
  return tagFinder(pinsOf(retention?.protect));
}

/**
 * Judges a deleted experiment for purging.
 *
 * MLflow before 2.3 moved a deleted experiment without writing its stage or time, so only one that
 * records `deleted` has a `last_update_time` that is its deletion.
 *
 * @param experiment An experiment in `.trash/`.
 * @param policy The rules.
 * @param now Epoch ms.
 * @returns The verdict.
 */
export function judgeDeletedExperiment(
  experiment: Experiment,
  policy: CleanupPolicy,
  now: number,
): Verdict {
  if (experiment.link) return toKeep({ kind: "symbolic-link" });
  if (experiment.id === DEFAULT_EXPERIMENT) return toKeep({ kind: "default-experiment" });
  if (experiment.stamp === "") return toKeep(unreadable(experiment));
  const [damaged] = experiment.damagedRuns.toSorted(byPath);
  if (damaged) {
    return toKeep({ kind: "unreadable", path: damaged.path, message: damaged.message });
  }
  const deletedTime = experiment.recordedStage === "deleted" ? experiment.lastUpdateTime : null;
  return judgeDeleted(deletedTime, lastSignOfExperiment(experiment), policy, now);
}

/**
 * Judges an orphan for quarantine: only one goes in which nothing is that anybody could miss. What editors
 * and operating systems leave behind is nothing to keep.
 *
 * @param orphan A directory without a `meta.yaml` that MLflow can use.
 * @param policy The rules.
 * @param now Epoch ms.
 * @returns The verdict.
 */
export function judgeOrphan(orphan: Orphan, policy: CleanupPolicy, now: number): Verdict {
  const { damage, message } = orphan;
  if (!policy.quarantineOrphans) return toKeep({ kind: "no-rule" });
  if (orphan.link) return toKeep({ kind: "symbolic-link" });
  if (orphan.id === DEFAULT_EXPERIMENT) return toKeep({ kind: "default-experiment" });
  if (damage === "id-mismatch") return toKeep({ kind: "names-another-experiment", message });
  if (isElsewhere(orphan)) return toKeep({ kind: "unreadable", path: orphan.path, message });
  if (orphan.runs.length > 0) {
    return toKeep({ kind: "holds-readable-runs", runs: orphan.runs.length });
  }
  const [refused] = orphan.damagedRuns
    .filter((run) => isElsewhere(run) || run.link)
    .toSorted(byPath);
  if (refused) return toKeep({ kind: "unreadable", path: refused.path, message: refused.message });
  const foreign = orphan.foreign.filter((entry) =>
    !isLitter(entry.slice(entry.lastIndexOf("/") + 1))
  );
  if (foreign.length > 0) {
    return toKeep({ kind: "holds-foreign-files", entries: foreign.toSorted() });
  }
  const { lostRuns: runs, modelDirectories: loggedModels, traces } = orphan;
  if (runs + loggedModels + traces > 0) {
    return toKeep({ kind: "holds-lost-data", runs, loggedModels, traces });
  }
  if (orphan.newestChange === null || orphan.stamp === "") return toKeep(unreadable(orphan));
  const age = Math.max(0, now - orphan.newestChange);
  if (age <= policy.settle) return toKeep({ kind: "changed-recently", age, limit: policy.settle });
  return toGo({ kind: "orphan", damage, message });
}

/** Nothing is lost: its record is only not to be had, or in another encoding. */
function isElsewhere({ damage, message }: Pick<Orphan, "damage" | "message">): boolean {
  return damage === "io" || damage === "lfs-pointer" || message === UTF_16;
}

/**
 * Tells when a soft-deleted run last showed a sign of life.
 *
 * @param run The run.
 * @returns Epoch ms; `null` when nobody has looked at its files.
 */
export function lastSignOfRun({ lastChange, startTime, endTime }: Run): number | null {
  return lastChange === undefined ? null : Math.max(lastChange, startTime, endTime ?? 0);
}

/**
 * Tells when a deleted experiment last showed a sign of life.
 *
 * @param experiment The experiment.
 * @returns Epoch ms; `null` when nobody has looked at its files.
 */
export function lastSignOfExperiment(experiment: Experiment): number | null {
  const { lastChange, creationTime, lastUpdateTime, runs } = experiment;
  if (lastChange === undefined) return null;
  const ends = runs.map(({ startTime, endTime }) => Math.max(startTime, endTime ?? 0));
  const newest = ends.reduce((one, other) => Math.max(one, other), lastChange);
  return Math.max(newest, creationTime ?? 0, lastUpdateTime ?? 0);
}

function judgeDeleted(
  recorded: number | null,
  lastSign: number | null,
  { purgeAfter, undated }: CleanupPolicy,
  now: number,
): Verdict {
  if (purgeAfter === null) return toKeep({ kind: "no-rule" });
  const time = recorded ?? (undated === undefined ? null : lastSign);
  if (time === null) return toKeep({ kind: "no-deletion-time" });
  const age = now - time;
  const limit = purgeAfter;
  if (age < 0) return toKeep({ kind: "in-the-future", time });
  if (time < EARLIEST) return toKeep({ kind: "implausible-time", time });
  if (recorded === null) {
    return age <= limit
      ? toKeep({ kind: "undated-recently", age, limit })
      : toGo({ kind: "undated-longer-than", time, age, limit });
  }
  if (age <= limit) return toKeep({ kind: "deleted-recently", age, limit });
  return toGo({ kind: "deleted-longer-than", time, age, limit });
}

function unreadable({ path }: Run | Experiment | Orphan): KeepReason {
  return { kind: "unreadable", path, message: "its files could not all be looked at" };
}
