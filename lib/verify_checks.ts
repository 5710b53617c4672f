/**
 * How the rules of `verify` look for what breaks them.
 *
 * @module
 */

import {
  asStorePath,
  type Experiment,
  type MetaDamage,
  type Orphan,
  type Problem,
  type StorePath,
  type StoreSnapshot,
  type Stray,
} from "./model.ts";
import type { CleanupPolicy } from "./plan.ts";
import { judgeOrphan } from "./retention.ts";

/** One place where a rule is broken. */
export interface Violation {
  /** What breaks the rule, below the store's root. */
  readonly path: StorePath;
  /** The experiment, or orphan, that it belongs to; `null` when there is none. */
  readonly experimentId: string | null;
  /** The run that it belongs to; `null` when there is none. */
  readonly runId: string | null;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it, in words; `null` when nothing needs to be done. */
  readonly remedy: string | null;
}

/** Kinds of strays that MLflow does not simply pass over, or that lead nowhere. */
export type ReportedStray = Exclude<Stray["kind"], "file" | "ignored-directory">;

/** Finds the places where a rule is broken. */
export type Check = (snapshot: StoreSnapshot) => Iterable<Violation>;

/**
 * Makes the check for what could not be read.
 *
 * @param subject Which kind of thing.
 * @param damages Which damages; all when none is named.
 * @returns The check. It passes over a run that names another experiment in a directory that does
 * so itself: there the directory is what is wrong.
 */
export function findProblems(
  subject: Problem["subject"],
  ...damages: readonly MetaDamage[]
): Check {
  return function* ({ problems, orphans, readAt }) {
    const orphanAt = new Map(orphans.map((orphan) => [`${orphan.path}`, orphan]));
    for (const problem of problems) {
      if (problem.subject !== subject) continue;
      if (damages.length > 0 && !damages.includes(problem.damage)) continue;
      const orphan = orphanAt.get(experimentPathOf(problem.path));
      const misplaced = problem.damage === "id-mismatch" && orphan?.damage === "id-mismatch";
      if (subject === "run" && misplaced) continue;
      const [experimentId, runId] = ownersOf(problem);
      yield {
        path: problem.path,
        experimentId,
        runId,
        message: problem.message + positionOf(problem),
        remedy: remedyOf(problem, orphan, readAt),
      };
    }
  };
}

function remedyOf(problem: Problem, orphan: Orphan | undefined, now: number): string {
  const { subject, damage } = problem;
  if (damage === "io") return "Give this account permission to read it";
  switch (subject) {
    case "experiment":
      return orphanRemedy(damage, orphan, now);
    case "run":
      return damage === "id-mismatch"
        ? "Move it to the experiment and directory that its meta.yaml names, or out of the store"
        : "Restore its meta.yaml from a backup, or move the directory out of the store";
    case "tags":
      return "Rewrite the file as UTF-8 text, or remove it";
    case "logged-model":
    case "registry":
      return "Restore its meta.yaml from a backup, or move the directory out of the store";
    case "directory":
      return "Look at it by hand, or move it out of the store";
  }
}

/** Names the clean-up only where it would not keep the orphan. */
function orphanRemedy(damage: MetaDamage, orphan: Orphan | undefined, now: number): string {
  if (damage === "id-mismatch") {
    return "Rename the directory to the id that its meta.yaml records, or move it out of the store";
  }
  if (orphan && judgeOrphan(orphan, QUARANTINE, now).goes) {
    return "Run `deno task cleanup` to plan its quarantine, or restore its meta.yaml from a backup";
  }
  const readable = orphan?.runs.length ?? 0;
  return readable > 0
    ? `Restore its meta.yaml from a backup: it holds ${count(readable, "readable run")}`
    : "Restore its meta.yaml from a backup, or move the directory out of the store";
}

const QUARANTINE: CleanupPolicy = {
  olderThan: null,
  purgeAfter: null,
  quarantineOrphans: true,
  settle: 0,
};

function positionOf({ line, column }: Problem): string {
  if (line === null) return "";
  return column === null ? ` (line ${line})` : ` (line ${line}, column ${column})`;
}

/** Ids of the experiment and of the run that a path belongs to. */
function ownersOf({ path, subject }: Problem): readonly [string | null, string | null] {
  if (subject === "registry" || subject === "directory") return [null, null];
  const [experimentId = null, runId = null] = namesOf(path);
  const inRun = subject === "run" || (subject === "tags" && runId !== "tags");
  return [experimentId, inRun ? runId : null];
}

/** The segments of a path, from the experiment on. */
function namesOf(path: StorePath): readonly string[] {
  const names = path.split("/");
  return names[0] === ".trash" ? names.slice(1) : names;
}

/** The experiment's directory in which a path lies. */
function experimentPathOf(path: StorePath): string {
  return path.split("/").slice(0, path.startsWith(".trash/") ? 2 : 1).join("/");
}

/**
 * Finds orphans that hold runs of listed experiments a second time, such as copied experiments.
 *
 * @param snapshot The store.
 * @returns One violation per orphan.
 */
export function* findRunsInTwoPlaces({ experiments, orphans }: StoreSnapshot): Iterable<Violation> {
  if (orphans.length === 0) return;
  const listed = new Set<string>(experiments.flatMap(({ runs }) => runs).map(({ id }) => id));
  for (const orphan of orphans) {
    const held = [...orphan.runs, ...orphan.damagedRuns];
    const copies = held.filter(({ id }) => listed.has(id)).length;
    if (copies === 0) continue;
    yield violationOf(
      orphan,
      `It holds ${count(copies, "run")} that an experiment holds too`,
      "Move the copy out of the store",
    );
  }
}

/**
 * Finds names that more than one experiment has, deleted ones included.
 *
 * @param snapshot The store.
 * @returns One violation per name.
 */
export function* findDuplicateNames({ experiments }: StoreSnapshot): Iterable<Violation> {
  for (const [name, [first, ...others]] of Map.groupBy(experiments, (each) => each.name)) {
    if (!first || others.length === 0) continue;
    const paths = others.map((each) => each.path).join(", ");
    yield {
      path: first.path,
      experimentId: first.id,
      runId: null,
      message: `The name ${JSON.stringify(name)} is also that of ${paths}`,
      remedy: "Rename all but one in MLflow; restore or purge a deleted one first",
    };
  }
}

/**
 * Finds active experiments whose `meta.yaml` records another stage.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function findStagesInRoot({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments
    .filter((each) => each.lifecycleStage === "active" && each.recordedStage !== "active")
    .map((each) =>
      violationOf(
        each,
        `Its meta.yaml records the stage ${JSON.stringify(each.recordedStage)}, ` +
          "but it lies among the active experiments",
        "Set lifecycle_stage to active in its meta.yaml, or move the directory into .trash/",
      )
    );
}

/**
 * Finds deleted experiments whose `meta.yaml` records another stage.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function findStagesInTrash({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments
    .filter((each) => each.lifecycleStage === "deleted" && each.recordedStage !== "deleted")
    .map((each) =>
      violationOf(
        each,
        `Its meta.yaml records the stage ${JSON.stringify(each.recordedStage)}, ` +
          "but it lies in .trash/",
        null,
      )
    );
}

/**
 * Finds deleted experiments in which runs are still active.
 *
 * @param snapshot The store.
 * @returns One violation per experiment.
 */
export function* findActiveRunsInTrash({ experiments }: StoreSnapshot): Iterable<Violation> {
  for (const each of experiments) {
    if (each.lifecycleStage === "active") continue;
    const active = each.runs.filter((run) => run.lifecycleStage === "active").length;
    if (active === 0) continue;
    yield violationOf(
      each,
      `${count(active, "run")} of the deleted experiment ${active === 1 ? "is" : "are"} active`,
      "Restore the experiment in MLflow, and delete it again if it is to go",
    );
  }
}

/**
 * Finds that `.trash/` is not there.
 *
 * @param snapshot The store.
 * @returns One violation, or none.
 */
export function findMissingTrash({ hasTrash }: StoreSnapshot): readonly Violation[] {
  if (hasTrash) return [];
  return [{
    path: asStorePath(".trash"),
    experimentId: null,
    runId: null,
    message: "The directory .trash/ does not exist",
    remedy: "Create it, empty, or open the store once with MLflow",
  }];
}

/**
 * Makes the check for things in the root, or in `.trash/`, that are no experiment.
 *
 * @param kind Which kind of thing, as MLflow's listing takes it.
 * @returns The check.
 */
export function findStrays(kind: ReportedStray): Check {
  return ({ strays }) =>
    strays.filter((each) => reportedKind(each) === kind).map(({ path }) => ({
      path,
      experimentId: null,
      runId: null,
      ...STRAYS[kind],
    }));
}

const MOVE_AWAY = "Move it out of the store, or give it a name that ends in `.trash`";

const STRAYS: Readonly<
  Record<ReportedStray, { readonly message: string; readonly remedy: string | null }>
> = {
  "backup-directory": { message: "It is a directory of backups", remedy: MOVE_AWAY },
  "unlistable-directory": { message: "It is no experiment's directory", remedy: MOVE_AWAY },
  "duplicate-link": {
    message: "It is a symbolic link to something in this store",
    remedy: "Remove the link",
  },
  "broken-link": { message: "It is a symbolic link to nothing", remedy: null },
};

/** What a stray is to MLflow's listing, which no name survives that its pattern for ids refuses. */
function reportedKind({ kind, path }: Stray): Stray["kind"] {
  const listable = /^[a-zA-Z0-9][\p{L}\p{N}_-]{0,63}$/u.test(namesOf(path).at(-1)!);
  return kind === "backup-directory" && !listable ? "unlistable-directory" : kind;
}

function violationOf(
  { path, id }: Experiment | Orphan,
  message: string,
  remedy: string | null,
): Violation {
  return { path, experimentId: id, runId: null, message, remedy };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
