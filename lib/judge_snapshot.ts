/**
 * Judging a store as a whole: what is old enough to go, and what stays because something else needs it.
 *
 * @module
 */

import { findReferences, type ModelReference, namesAlong } from "./find_references.ts";
import { findUses, sourceRuns } from "./find_uses.ts";
import { judgeByRules, type Ruling } from "./judge_by_rules.ts";
import type {
  Experiment,
  NonEmpty,
  Orphan,
  Problem,
  Run,
  StorePath,
  StoreSnapshot,
} from "./model.ts";
import type { CleanupPolicy, KeepReason } from "./plan.ts";
import { PIN_TAG, type Protection } from "./policy.ts";
import { judgeDeletedExperiment, judgeOrphan, judgeRun, type Verdict } from "./retention.ts";
import { firstTag } from "./run_facts.ts";

/** A run with its verdict. */
export interface JudgedRun {
  readonly run: Run;
  /** What it goes or stays with: a deleted experiment or an orphan; else `null`. */
  readonly holder: JudgedExperiment | JudgedOrphan | null;
  /** How a retention policy judges it by itself; `null` where none does. */
  readonly ruling: Ruling | null;
  verdict: Verdict;
}

/** A deleted experiment with its verdict. */
export interface JudgedExperiment {
  readonly experiment: Experiment;
  verdict: Verdict;
}

/** An orphan with its verdict. */
export interface JudgedOrphan {
  readonly orphan: Orphan;
  verdict: Verdict;
}

/** What may go by the rules and stays nevertheless. */
export type Held = ReadonlySet<StorePath>;

/** Everything that a plan decides about, ordered by path. */
export interface JudgedSnapshot {
  readonly runs: readonly JudgedRun[];
  readonly experiments: readonly JudgedExperiment[];
  readonly orphans: readonly JudgedOrphan[];
  /** Experiments that are not judged themselves. */
  readonly activeExperiments: readonly Experiment[];
}

/**
 * Judges everything by itself, then lets what others need overrule.
 *
 * @param snapshot The store.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param held Paths of what is to stay though it may go.
 * @returns The verdicts.
 */
export function judgeSnapshot(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  now: number,
  held: Held = new Set(),
): JudgedSnapshot {
  const { retention } = policy;
  const rulings = retention ? judgeByRules(snapshot, retention, now) : null;
  const unsafe = new Set<Protection>(retention?.protect.unsafe);
  const unreadable = unreadableBelow(snapshot.problems);
  const runs: JudgedRun[] = [];
  const experiments: JudgedExperiment[] = [];
  const orphans: JudgedOrphan[] = [];
  for (const experiment of inOrder(snapshot.experiments)) {
    if (experiment.lifecycleStage === "active") {
      for (const run of inOrder(experiment.runs)) {
        const unread = unreadable.get(run.path);
        const ruling = rulings?.get(run) ?? null;
        const verdict = ruling?.verdict ?? judgeRun(run, policy, now);
        const one: JudgedRun = { run, holder: null, ruling, verdict };
        runs.push(one);
        if (unread && ruling === null) one.verdict = keep([unread]);
        else if (unread && !unsafe.has("unreadable")) keepRun(one, [unread]);
      }
      continue;
    }
    const holder = { experiment, verdict: judgeDeletedExperiment(experiment, policy, now) };
    const unread = unreadable.get(experiment.path);
    if (unread && holder.verdict.goes) holder.verdict = keep([unread]);
    experiments.push(holder);
    for (const run of inOrder(experiment.runs)) {
      const verdict = keep([{ kind: "in-deleted-experiment", experiment: experiment.id }]);
      runs.push({ run, holder, ruling: null, verdict });
    }
  }
  for (const orphan of inOrder(snapshot.orphans)) {
    const holder = { orphan, verdict: judgeOrphan(orphan, policy, now) };
    orphans.push(holder);
    for (const run of inOrder(orphan.runs)) {
      const verdict = keep([{ kind: "in-orphan", orphan: orphan.path }]);
      runs.push({ run, holder, ruling: null, verdict });
    }
  }
  const judged: JudgedSnapshot = {
    runs,
    experiments,
    orphans,
    activeExperiments: inOrder(snapshot.experiments)
      .filter(({ lifecycleStage }) => lifecycleStage === "active"),
  };
  protectReferred(judged, snapshot, unsafe);
  protectUsed(runs, snapshot, unsafe);
  protectUntouchable(judged, retention?.protect.pinnedTags ?? [PIN_TAG]);
  for (const one of [...runs, ...experiments, ...orphans]) {
    if (one.verdict.goes && held.has(subjectOf(one).path)) {
      one.verdict = keep([{ kind: "not-needed" }]);
    }
  }
  protectNeeded(judged, snapshot, unsafe);
  return judged;
}

/** What could not be read, under its own path and that of each directory around it. */
function unreadableBelow(problems: readonly Problem[]): ReadonlyMap<string, KeepReason> {
  const below = new Map<string, KeepReason>();
  for (const { path, message } of inOrder(problems).toReversed()) {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      below.set(path.slice(0, end), { kind: "unreadable", path, message });
    }
  }
  return below;
}

/** A registered version must stay loadable. */
function protectReferred(
  { runs, experiments, orphans }: JudgedSnapshot,
  snapshot: StoreSnapshot,
  unsafe: ReadonlySet<Protection>,
): void {
  const references = findReferences(snapshot);
  for (const one of runs) {
    const found = references.runs.get(one.run.id);
    if (found && !isSwitchedOff(one, "registered", unsafe)) {
      keepRun(one, found.map(registeredReason));
    }
  }
  const damagedModels = snapshot.problems.filter(({ subject }) => subject === "logged-model");
  for (const holder of [...experiments, ...orphans]) {
    if (!holder.verdict.goes) continue;
    const { path, damagedRuns, loggedModels } = subjectOf(holder);
    const prefix = `${path}/models/`;
    const found = [
      ...inOrder(loggedModels).map(({ id }) => references.loggedModels.get(id)),
      ...inOrder(damagedModels).map(({ path }) =>
        path.startsWith(prefix) ? references.loggedModels.get(path.slice(prefix.length)) : []
      ),
      ...inOrder(damagedRuns).map(({ id }) => references.runs.get(id)),
    ].flatMap((each) => each ?? []);
    if (found[0]) {
      const { model, version } = found[0];
      holder.verdict = keep([{ kind: "holds-registered-model", model, version }]);
    }
  }
  const [hidden] = inOrder(snapshot.problems.filter(hidesReferences));
  if (!hidden) return;
  const { path } = hidden;
  const message = `${path} cannot be read and may refer to it (${hidden.message})`;
  for (const one of runs) {
    if (one.verdict.goes || one.ruling !== null) {
      keepRun(one, [{ kind: "unreadable", path, message }]);
    }
  }
  for (const one of [...experiments, ...orphans]) {
    if (one.verdict.goes) one.verdict = keep([{ kind: "unreadable", path, message }]);
  }
}

/** What a trace or an assessment comes from must stay where MLflow finds it. */
function protectUsed(
  runs: readonly JudgedRun[],
  snapshot: StoreSnapshot,
  unsafe: ReadonlySet<Protection>,
): void {
  const uses = findUses(snapshot);
  for (const one of runs) {
    const found = (uses.get(one.run.id) ?? [])
      .filter(({ protection }) => !isSwitchedOff(one, protection, unsafe));
    keepRun(one, found.map(({ reason }) => reason));
  }
}

/** A switch lets a policy soft-delete what MLflow can restore; nothing is ever purged through it. */
function isSwitchedOff(
  { ruling }: JudgedRun,
  protection: Protection,
  unsafe: ReadonlySet<Protection>,
): boolean {
  return ruling !== null && unsafe.has(protection);
}

/** A registered model's own `meta.yaml` and its aliases refer to nothing but its versions. */
function hidesReferences({ subject, path }: Problem): boolean {
  if (subject === "registry") return /^models\/[^/]+\/version-[^/]+$/.test(path);
  return subject === "directory" && /^models(?:\/|$)/.test(path);
}

function registeredReason(reference: ModelReference): KeepReason {
  return { kind: "registered", ...reference };
}

/** A deleted experiment is purged as a whole, so one run that must not be touched keeps it. */
function protectUntouchable({ runs }: JudgedSnapshot, pinnedTags: readonly string[]): void {
  for (const one of runs) {
    if (one.holder === null) continue;
    const { link, status } = one.run;
    if (link) keepRun(one, [{ kind: "symbolic-link" }]);
    const tag = firstTag(one.run, pinnedTags);
    if (tag !== null) keepRun(one, [{ kind: "pinned", tag }]);
    if (status === "RUNNING" || status === "SCHEDULED") {
      keepRun(one, [{ kind: "not-finished", status }]);
    }
  }
}

/**
 * A parent stays as long as a child needs it: not soft-deleted under an active child, not purged
 * under a child that stays in the store at all. So does a run whose logged model is an input of
 * another. Where a rule says so, active children follow a parent that stays. Likewise nothing is moved away in which the artifacts
 * of a run lie that stays: an experiment's `artifact_location` may be any directory. What is kept
 * may need others in turn, so this runs until nothing changes; each run is raised at most twice.
 */
function protectNeeded(
  { runs, experiments, orphans }: JudgedSnapshot,
  snapshot: StoreSnapshot,
  unsafe: ReadonlySet<Protection>,
): void {
  const byId: RunsById = Map.groupBy(runs, (one) => one.run.id);
  const followers = Map.groupBy(
    runs.filter(({ ruling }) => ruling?.rule.children === "follow"),
    ({ run }) => run.tags.get("mlflow.parentRunId"),
  );
  const sources = sourceRuns(snapshot);
  const byHolder = Map.groupBy(runs, (one) => one.holder);
  const movable = new Map<string, JudgedRun | JudgedExperiment | JudgedOrphan>(
    [...runs.filter(leaves), ...experiments, ...orphans]
      .filter((one) => one.verdict.goes)
      .map((one) => [subjectOf(one).path, one]),
  );
  const rootNames = namesAlong(snapshot.root);
  const waiting = [...runs];
  for (let child = waiting.pop(); child; child = waiting.pop()) {
    if (!stays(child)) continue;
    const needs = [
      ...parentsOf(child, byId),
      ...inputsOf(child, sources, byId).filter(({ one }) => !isSwitchedOff(one, "inputs", unsafe)),
    ];
    for (const { one, reason } of needs) {
      const needed = staysActive(child) ? !staysActive(one) : !stays(one);
      const couldStay = one.verdict.goes || !stays(one);
      if (!needed || !couldStay) continue;
      keepRun(one, [reason]);
      waiting.push(...(one.holder === null ? [one] : byHolder.get(one.holder) ?? []));
    }
    for (const one of staysActive(child) ? followers.get(child.run.id) ?? [] : []) {
      if (!one.verdict.goes) continue;
      keepRun(one, [{ kind: "child-of-kept", parent: child.run.id }]);
      waiting.push(one);
    }
    if (movable.size === 0) continue;
    for (const path of directoriesAround(child.run.artifactUri, rootNames)) {
      const around = movable.get(path);
      if (!around?.verdict.goes) continue;
      around.verdict = keep([{ kind: "holds-kept-run", run: child.run.id }]);
      waiting.push(...("run" in around ? [around] : byHolder.get(around) ?? []));
    }
  }
}

type RunsById = ReadonlyMap<string, readonly JudgedRun[]>;

interface Need {
  readonly one: JudgedRun;
  readonly reason: KeepReason;
}

function parentsOf({ run }: JudgedRun, byId: RunsById): readonly Need[] {
  const id = run.tags.get("mlflow.parentRunId");
  if (id === undefined || id === run.id) return [];
  return (byId.get(id) ?? [])
    .map((one) => ({ one, reason: { kind: "parent-of-kept", child: run.id } }));
}

function inputsOf(
  { run }: JudgedRun,
  sources: ReadonlyMap<string, readonly string[]>,
  byId: RunsById,
): readonly Need[] {
  return (run.extras?.inputs ?? []).flatMap((model) =>
    (sources.get(model) ?? []).filter((id) => id !== run.id).flatMap((id): Need[] =>
      (byId.get(id) ?? [])
        .map((one) => ({ one, reason: { kind: "input-of-kept", run: run.id, model } }))
    )
  );
}

/**
 * The directories of a store that a plan could move and in which the artifacts at a URI would lie.
 * A URI from outside the root may be that of a store that was moved, or is mounted elsewhere: then
 * any of its names may follow the root's.
 */
function* directoriesAround(uri: string, root: readonly string[]): Iterable<string> {
  const names = namesAlong(uri);
  const inside = root.every((name, position) => name === names[position]);
  const starts = inside ? [root.length] : names.keys();
  for (const start of starts) {
    for (let end = start + 1; end <= start + 2 && end < names.length; end++) {
      yield names.slice(start, end).join("/");
    }
  }
}

/** Stays in the store in some form: soft deletion leaves a run where it is. */
function stays({ run, holder, verdict }: JudgedRun): boolean {
  if (holder !== null) return !holder.verdict.goes;
  return !verdict.goes || run.lifecycleStage === "active";
}

function staysActive(one: JudgedRun): boolean {
  const { run, holder, verdict } = one;
  if (run.lifecycleStage !== "active") return false;
  return holder === null ? !verdict.goes : stays(one) && !("experiment" in holder);
}

/** Goes out of the store by itself. */
function leaves({ run, holder, verdict }: JudgedRun): boolean {
  return holder === null && verdict.goes && run.lifecycleStage === "deleted";
}

function subjectOf(one: JudgedExperiment | JudgedOrphan): Experiment | Orphan;
function subjectOf(one: JudgedRun | JudgedExperiment | JudgedOrphan): Run | Experiment | Orphan;
function subjectOf(one: JudgedRun | JudgedExperiment | JudgedOrphan): Run | Experiment | Orphan {
  if ("run" in one) return one.run;
  return "experiment" in one ? one.experiment : one.orphan;
}

function keepRun(one: JudgedRun, reasons: readonly KeepReason[]): void {
  const [first, ...rest] = reasons;
  if (!first) return;
  if (one.verdict.goes) one.verdict = keep([first, ...rest]);
  else if (one.holder !== null || one.ruling !== null) {
    one.verdict = keep([...one.verdict.reasons, ...reasons]);
  }
  if (one.holder?.verdict.goes) {
    one.holder.verdict = keep([{ kind: "holds-kept-run", run: one.run.id }]);
  }
}

function keep(reasons: NonEmpty<KeepReason>): Verdict {
  return { goes: false, reasons };
}

/**
 * Sorts by path.
 *
 * @param list Anything with a path.
 * @returns A sorted copy.
 */
export function inOrder<T extends { readonly path: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((left, right) => left.path < right.path ? -1 : 1);
}
