/**
 * Judging one subject by itself: is it old enough to go, or why does it stay? What others need of it
 * (a registered model, a kept child) is decided where the plan is made.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import { type CleanupPolicy, EARLIEST, ORPHAN_SETTLE, pinsOf, YOUNG } from "../policy/policy.ts";
import { DEFAULT_EXPERIMENT, isLitter } from "../store/names.ts";
import { byPath } from "../store/path.ts";
import { UTF_16 } from "../store/record_problem.ts";
import { MERGE_MARKS } from "../text/git_marks.ts";
import { deletionTimeOf, isUnfinished } from "../store/run_status.ts";
import type { Experiment, Orphan, Run } from "../store/snapshot.ts";
import { type Keeps, type Tells, type Verdict, verdictBy } from "./judged.ts";
import { type FindTag, tagFinder } from "./run_facts.ts";

/**
 * Judges a run: an active one for soft deletion, a soft-deleted one for purging.
 *
 * Whatever the rules, an active run that ended within the last 24 hours stays, and so does any that is
 * pinned by a tag.
 *
 * Age counts from `end_time`, else from `start_time`; time since deletion from `deleted_time`, and a
 * run that records none, or one before its own start, never counts as old (`mlflow gc` takes it for old enough), unless
 * the policy counts from its last sign of life.
 *
 * @param run The run.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param findPin Gives the tag that pins a run; `null` for one that is not pinned.
 * @param tells Whether to tell every reason to stay. @default {"first"}
 * @returns The verdict.
 */
export function judgeRun(
  run: Run,
  policy: CleanupPolicy,
  now: number,
  findPin: (run: Run) => string | null,
  tells: Tells = "first",
): Verdict {
  return verdictBy(keepsOfRun(run, policy, now, findPin), tells);
}

function* keepsOfRun(
  run: Run,
  policy: CleanupPolicy,
  now: number,
  findPin: (run: Run) => string | null,
): Keeps {
  if (run.link) yield { kind: "symbolic-link" };
  if (isUnfinished(run.status)) yield { kind: "not-finished", status: run.status };
  if (run.stamp === "") yield unreadable(run);
  const tag = findPin(run);
  if (tag !== null) yield { kind: "pinned", tag };
  if (run.lifecycleStage === "deleted") {
    return yield* keepsOfDeleted(deletionTimeOf(run), lastSignOfRun(run), policy, now);
  }
  if (policy.olderThan === null) yield { kind: "no-rule" };
  const field = run.endTime === null ? "start_time" : "end_time";
  const time = run.endTime ?? run.startTime;
  const age = now - time;
  const limit = policy.olderThan ?? 0;
  if (age < 0) yield { kind: "in-the-future", time };
  else if (time < EARLIEST) yield { kind: "implausible-time", time };
  else if (age <= limit) yield { kind: "younger-than", age, limit };
  else if (age < YOUNG) yield { kind: "ended-recently", age, limit: YOUNG };
  return { kind: "older-than", field, time, age, limit };
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
 * @param tells Whether to tell every reason to stay. @default {"first"}
 * @returns The verdict.
 */
export function judgeDeletedExperiment(
  experiment: Experiment,
  policy: CleanupPolicy,
  now: number,
  tells: Tells = "first",
): Verdict {
  return verdictBy(keepsOfExperiment(experiment, policy, now), tells);
}

function* keepsOfExperiment(experiment: Experiment, policy: CleanupPolicy, now: number): Keeps {
  if (experiment.link) yield { kind: "symbolic-link" };
  if (experiment.id === DEFAULT_EXPERIMENT) yield { kind: "default-experiment" };
  if (experiment.stamp === "") yield unreadable(experiment);
  const [damaged] = experiment.damagedRuns.toSorted(byPath);
  if (damaged) yield { kind: "unreadable", path: damaged.path, message: damaged.message };
  const { recordedStage, lastUpdateTime, creationTime } = experiment;
  const deletedTime = recordedStage === "deleted" ? lastUpdateTime : null;
  const deleted = deletionTimeOf({ startTime: creationTime, deletedTime });
  return yield* keepsOfDeleted(deleted, lastSignOfExperiment(experiment), policy, now);
}

/** The policy by which orphans go, and nothing else. */
export const QUARANTINE: CleanupPolicy = {
  olderThan: null,
  purgeAfter: null,
  quarantineOrphans: true,
  settle: ORPHAN_SETTLE,
};

/**
 * Judges an orphan for quarantine: only one goes in which nothing is that anybody could miss. What editors
 * and operating systems leave behind is nothing to keep.
 *
 * @param orphan A directory without a `meta.yaml` that MLflow can use.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param tells Whether to tell every reason to stay. @default {"first"}
 * @returns The verdict.
 */
export function judgeOrphan(
  orphan: Orphan,
  policy: CleanupPolicy,
  now: number,
  tells: Tells = "first",
): Verdict {
  return verdictBy(keepsOfOrphan(orphan, policy, now), tells);
}

function* keepsOfOrphan(orphan: Orphan, policy: CleanupPolicy, now: number): Keeps {
  const { damage, message } = orphan;
  if (!policy.quarantineOrphans) yield { kind: "no-rule" };
  if (orphan.link) yield { kind: "symbolic-link" };
  if (orphan.id === DEFAULT_EXPERIMENT) yield { kind: "default-experiment" };
  if (damage === "id-mismatch") yield { kind: "names-another-experiment", message };
  if (isElsewhere(orphan)) yield { kind: "unreadable", path: orphan.path, message };
  if (orphan.runs.length > 0) yield { kind: "holds-readable-runs", runs: orphan.runs.length };
  const [refused] = orphan.damagedRuns
    .filter((run) => isElsewhere(run) || run.link)
    .toSorted(byPath);
  if (refused) yield { kind: "unreadable", path: refused.path, message: refused.message };
  const foreign = orphan.foreign.filter((entry) =>
    !isLitter(entry.slice(entry.lastIndexOf("/") + 1))
  );
  if (foreign.length > 0) yield { kind: "holds-foreign-files", entries: foreign.toSorted() };
  const { lostRuns: runs, modelDirectories: loggedModels, traces } = orphan;
  if (runs + loggedModels + traces > 0) {
    yield { kind: "holds-lost-data", runs, loggedModels, traces };
  }
  if (orphan.newestChange === null || orphan.stamp === "") yield unreadable(orphan);
  const age = Math.max(0, now - (orphan.newestChange ?? now));
  if (age <= policy.settle) yield { kind: "changed-recently", age, limit: policy.settle };
  return { kind: "orphan", damage, message };
}

/** Nothing is lost: its record is only not to be had, or in another encoding. */
function isElsewhere({ damage, message }: Pick<Orphan, "damage" | "message">): boolean {
  return damage === "io" || damage === "lfs-pointer" || message === UTF_16 ||
    message === MERGE_MARKS;
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

function* keepsOfDeleted(
  recorded: number | null,
  lastSign: number | null,
  { purgeAfter, undated }: CleanupPolicy,
  now: number,
): Keeps {
  if (purgeAfter === null) yield { kind: "no-rule" };
  const time = recorded ?? (undated === undefined ? null : lastSign);
  if (time === null) yield { kind: "no-deletion-time" };
  const age = now - (time ?? now);
  const limit = purgeAfter ?? 0;
  const isDated = recorded !== null;
  if (time !== null) {
    if (age < 0) yield { kind: "in-the-future", time };
    else if (time < EARLIEST) yield { kind: "implausible-time", time };
    else if (age <= limit) {
      yield { kind: isDated ? "deleted-recently" : "undated-recently", age, limit };
    }
  }
  const kind = isDated ? "deleted-longer-than" : "undated-longer-than";
  return { kind, time: time ?? now, age, limit };
}

function unreadable({ path }: Run | Experiment | Orphan): KeepReason {
  return { kind: "unreadable", path, message: "its files could not all be looked at" };
}
