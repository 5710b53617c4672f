/**
 * How the rules of `verify` find what was met while reading, and say what is wrong.
 *
 * @module
 */

import { judgeOrphan, QUARANTINE } from "../judge/judge_by_age.ts";
import { isNoFile, UTF_16 } from "../store/record_problem.ts";
import { linkedIn } from "../store/holders.ts";
import { isLitter } from "../store/names.ts";
import { asStorePath, experimentPathOf, pathsUp, type StorePath } from "../store/path.ts";
import { type Problem, RECORD_SUBJECTS } from "../store/problem.ts";
import type { Experiment, Orphan } from "../store/snapshot.ts";
import { byHand, byTaking, type Check, type Remedy, REPAIR, type Violation } from "./rule.ts";

/**
 * Makes the check for what was met while reading.
 *
 * @param subjects Which kinds of things.
 * @param damages Which damages; all when none is named.
 * @returns The check. It passes over a run that names another experiment in a directory that does
 * so itself: there the directory is what is wrong.
 */
export function findProblems(
  subjects: Problem["subject"] | readonly Problem["subject"][],
  ...damages: readonly Problem["damage"][]
): Check {
  const wanted: readonly string[] = typeof subjects === "string" ? [subjects] : subjects;
  return function* (snapshot) {
    const { orphans, readAt } = snapshot;
    const problems = snapshot.problems.filter(({ subject, damage }) =>
      wanted.includes(subject) && (damages.length === 0 || damages.includes(damage))
    );
    if (problems.length === 0) return;
    const isLinked = linkedIn(snapshot);
    const orphanAt = new Map(orphans.map((orphan) => [`${orphan.path}`, orphan]));
    for (const problem of problems) {
      const orphan = orphanAt.get(experimentPathOf(problem.path));
      if (problem.subject === "run" && isMisplaced(problem) && orphan?.damage === "id-mismatch") {
        continue;
      }
      const violation = violationOf(problem, orphan, readAt);
      const isLeft = isLinked(problem.path) && violation.remedy?.kind !== "by-hand";
      yield isLeft ? { ...violation, remedy: BEHIND_LINK } : violation;
    }
  };
}

/**
 * Makes the check for what a whole store of another version has, so that one finding says it for each
 * experiment.
 *
 * @param noun What there are many of, such as `runs`.
 * @param check The check that finds each.
 * @returns The check.
 */
export function perExperiment(noun: string, check: Check): Check {
  return function* (snapshot) {
    const groups = Map.groupBy(check(snapshot), ({ path }) => experimentPathOf(path));
    for (const [path, [first, ...others]] of groups) {
      if (first === undefined) continue;
      if (others.length === 0) {
        yield first;
        continue;
      }
      yield {
        ...first,
        path: path as StorePath,
        line: null,
        runId: null,
        message: `${others.length + 1} of its ${noun}, the first ${first.path}: ${first.message}`,
      };
    }
  };
}

/**
 * Makes the check that passes over what lies in a place that it finds, too: who may not look into a directory is
 * told the same of everything that might be in it.
 *
 * @param check The check that finds each.
 * @returns The check.
 */
export function unlessWithin(check: Check): Check {
  return function* (snapshot) {
    const found = [...check(snapshot)];
    const paths = new Set<string>(found.map(({ path }) => path));
    for (const violation of found) {
      if (!pathsUp(violation.path).some((up) => up !== violation.path && paths.has(up))) {
        yield violation;
      }
    }
  };
}

/**
 * Makes the check that passes over runs without `meta.yaml`, which MLflow does not look into.
 *
 * @param check The check that finds each.
 * @returns The check.
 */
export function unlessHidden(check: Check): Check {
  return function* (snapshot) {
    const hidden = new Set(
      snapshot.problems
        .filter(({ subject, damage }) => subject === "run" && damage === "missing")
        .map(({ path }) => path),
    );
    for (const violation of check(snapshot)) if (!hidden.has(violation.path)) yield violation;
  };
}

/**
 * Leaves out what cannot be read since its directory cannot be listed: that is said of the directory.
 *
 * @param check The check.
 * @returns The same, without the violations in such directories.
 */
export function unlessClosed(check: Check): Check {
  return function* (snapshot) {
    const closed = new Set(
      snapshot.problems.filter(({ subject, damage }) => subject === "directory" && damage === "io")
        .map(({ path }) => path),
    );
    for (const violation of check(snapshot)) if (!closed.has(violation.path)) yield violation;
  };
}

function isMisplaced({ damage }: Problem): boolean {
  return damage === "id-mismatch" || damage === "wrong-experiment";
}

function violationOf(problem: Problem, orphan: Orphan | undefined, now: number): Violation {
  const { path, subject, line, migration, mendable } = problem;
  const [experimentId, runId] = ownersOf(problem);
  const remedy = remedyFor(problem) ??
    (subject === "experiment" ? orphanRemedy(problem, orphan, now) : null);
  return {
    path,
    line,
    experimentId,
    runId,
    message: /\bline \d+, column/.test(problem.message)
      ? problem.message
      : problem.message + positionOf(problem),
    ...(remedy === null ? {} : { remedy }),
    // It goes with its orphan, and no repair would mend it.
    ...(subject === "run" && wouldGo(orphan, now) ? { remedy: GOES_WITH_ORPHAN } : {}),
    ...(migration === undefined ? {} : { migration }),
    ...(mendable === undefined ? {} : { mendable }),
  };
}

/** MLflow lists its versions all the same. */
const MODEL_META = byHand("Restore its meta.yaml from a backup, or write one that says its name");
const RE_ENCODE = byHand("Write the file anew as UTF-8");
const MOVE_AWAY = byTaking("Move it out of the store");

/** Neither repair nor clean-up follows a link out of the store. */
const BEHIND_LINK = byHand("Mend it in the directory to which the link leads, or remove the link");

const IN_PLACE = byHand("Move away what stands in place of its record, then repair the store");

/** What helps against the cause, whatever it strikes; `null`: what helps against the damage. */
function remedyFor({ path, subject, damage, message }: Problem): Remedy | null {
  if (damage === "io" && /permission denied/i.test(message)) {
    return byHand("Give this account permission to read it");
  }
  if (damage === "io" && /link to nothing|broken link/.test(message)) {
    return byHand("Remove the link");
  }
  if (isNoFile(message)) return RECORD_SUBJECTS.includes(subject) ? IN_PLACE : MOVE_AWAY;
  const isStray = isLitter(path.slice(path.lastIndexOf("/") + 1));
  if (subject === "registry" && path.split("/").length === 2 && IN_ORPHAN.includes(damage)) {
    return isStray && damage === "missing" ? REPAIR : MODEL_META;
  }
  if (message === UTF_16) return RECORD_SUBJECTS.includes(subject) ? REPAIR : RE_ENCODE;
  if (subject === "experiment" || !isStray) return null;
  // Nothing of a registered model is moved by a repair.
  return OUTSIDE.includes(subject) ? MOVE_AWAY : REPAIR;
}

const IN_ORPHAN: readonly Problem["damage"][] = ["missing", "empty", "unreadable", "incomplete"];

const GOES_WITH_ORPHAN: Remedy = {
  kind: "cleanup",
  does: "quarantine",
  or: "restore its meta.yaml and that of the orphan from a backup",
};

/** Names the clean-up only where it would not keep the orphan. */
function orphanRemedy(
  { damage }: Problem,
  orphan: Orphan | undefined,
  now: number,
): Remedy | null {
  if (!IN_ORPHAN.includes(damage)) return null;
  return wouldGo(orphan, now)
    ? { kind: "cleanup", does: "quarantine", or: "restore its meta.yaml from a backup" }
    : null;
}

/**
 * Tells whether a clean-up would let an orphan go.
 *
 * @param orphan The orphan, if there is one.
 * @param now Epoch ms.
 * @returns Whether it would.
 */
export function wouldGo(orphan: Orphan | undefined, now: number): boolean {
  return orphan !== undefined && judgeOrphan(orphan, { ...QUARANTINE, settle: 0 }, now).goes;
}

function positionOf({ line, column }: Problem): string {
  if (line === null) return "";
  return column === null ? ` (line ${line})` : ` (line ${line}, column ${column})`;
}

const OUTSIDE: readonly Problem["subject"][] = [
  "registry",
  "registry-value",
  "model-version",
  "directory",
  "database",
];
const RESERVED = ["tags", "datasets", "traces", "models"];

/** Ids of the experiment and of the run that a path belongs to. */
function ownersOf({ path, subject }: Problem): readonly [string | null, string | null] {
  if (OUTSIDE.includes(subject)) return [null, null];
  const [experimentId = null, runId = null] = namesOf(path);
  return [experimentId, runId === null || RESERVED.includes(runId) ? null : runId];
}

/**
 * Takes a path apart, from the experiment on.
 *
 * @param path A path below the root.
 * @returns Its segments without `.trash`.
 */
export function namesOf(path: StorePath): readonly string[] {
  const names = path.split("/");
  return names[0] === ".trash" ? names.slice(1) : names;
}

/**
 * Counts things in words.
 *
 * @param number How many.
 * @param noun What, in the singular.
 * @returns Such as `2 runs`.
 */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Says of an experiment, or of what may be one, what is wrong with it.
 *
 * @param each The experiment.
 * @param message What is wrong.
 * @returns The violation.
 */
export function ofExperiment({ path, id }: Experiment | Orphan, message: string): Violation {
  return { path, line: null, experimentId: id, runId: null, message };
}

/**
 * Says of a store as a whole what is wrong with it.
 *
 * @param path Where that is seen, relative to the root.
 * @param message What is wrong.
 * @returns The violation.
 */
export function ofStore(path: string, message: string): Violation {
  return { path: asStorePath(path), line: null, experimentId: null, runId: null, message };
}
