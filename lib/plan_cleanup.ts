/**
 * The main job's decision: what of a store to soft-delete, purge and quarantine, and why the rest stays.
 *
 * @module
 */

import { findReferences, type ModelReference, namesAlong } from "./find_references.ts";
import type {
  DiskUsage,
  Experiment,
  NonEmpty,
  Orphan,
  Problem,
  Run,
  RunId,
  StorePath,
  StoreSnapshot,
} from "./model.ts";
import type {
  Action,
  CleanupPolicy,
  KeepReason,
  Kept,
  Plan,
  PlanTask,
  PlanTotals,
} from "./plan.ts";
import { judgeDeletedExperiment, judgeOrphan, judgeRun, type Verdict } from "./retention.ts";

/** What a planner needs besides the store and the rules. */
export interface PlanOptions {
  /** Epoch ms: the moment against which ages are judged. */
  readonly now: number;
  /** Which task the plan is for. @default {"cleanup"} */
  readonly task?: PlanTask;
}

/**
 * Plans a clean-up: soft-deletes old runs, purges what was deleted long ago, quarantines orphans.
 *
 * Never in a plan: a run that is RUNNING or SCHEDULED, a run that a registered model version refers
 * to, a run whose kept child names it in `mlflow.parentRunId`, experiment `0`, anything that could
 * not be read, anything behind a symbolic link, a directory in which the artifacts of a kept run lie.
 * A rule that is not given plans nothing, and so does any while a model version cannot be read: it
 * might refer to anything.
 *
 * @param snapshot The store, read at depth `tags`.
 * @param policy The rules; durations in ms.
 * @param options The moment, and the task's name.
 * @returns Actions in the order in which they are to be applied, and what is kept, with reasons.
 * @throws {RangeError} When the snapshot was not read at depth `tags`, a duration is negative, or the
 * moment is no finite number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore, planCleanup } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const plan = planCleanup(
 *   await store.read({ depth: "tags" }),
 *   { olderThan: null, purgeAfter: null, quarantineOrphans: false, settle: 0 },
 *   { now: Date.now() },
 * );
 * assertEquals(plan.actions, []);
 * ```
 */
export function planCleanup(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: PlanOptions,
): Plan {
  const { now, task = "cleanup" } = options;
  checkArguments(snapshot, policy, now);
  const { runs, experiments, orphans } = judge(snapshot, policy, now);
  const actions = [
    ...runs.flatMap(softDelete),
    ...runs.flatMap(purgeRun),
    ...experiments.flatMap(purgeExperiment),
    ...orphans.flatMap(quarantine),
  ];
  const kept = [
    ...runs.filter((one) => !one.holder?.verdict.goes)
      .flatMap(({ run, verdict }) => keptOf("run", run.name || run.id, run.path, verdict)),
    ...damagedRunsKept(experiments, orphans, snapshot),
    ...experiments.flatMap((one) =>
      keptOf("experiment", one.experiment.name, one.experiment.path, one.verdict)
    ),
    ...orphans.flatMap((one) => keptOf("orphan", one.orphan.id, one.orphan.path, one.verdict)),
  ];
  return {
    schema: `mltidy/${task}/v1`,
    task,
    store: snapshot.root,
    basis: snapshot.fingerprint,
    plannedAt: now,
    policy,
    experiments: namesOf(snapshot, actions),
    actions,
    kept,
    totals: totalsOf(actions, kept),
  };
}

function checkArguments(snapshot: StoreSnapshot, policy: CleanupPolicy, now: number): void {
  if (snapshot.depth !== "tags") {
    throw new RangeError(
      `Cannot plan from a snapshot of depth "${snapshot.depth}": read the store at depth "tags"`,
    );
  }
  if (!Number.isFinite(now)) {
    throw new RangeError(`Cannot plan at the moment ${now}: expected epoch milliseconds`);
  }
  for (const key of ["olderThan", "purgeAfter", "settle"] as const) {
    const value = policy[key];
    if (value !== null && !(value >= 0)) {
      throw new RangeError(`Cannot plan with ${key} ${value}: expected milliseconds, 0 or more`);
    }
  }
}

interface JudgedRun {
  readonly run: Run;
  readonly holder: JudgedExperiment | JudgedOrphan | null;
  verdict: Verdict;
}

interface JudgedExperiment {
  readonly experiment: Experiment;
  verdict: Verdict;
}

interface JudgedOrphan {
  readonly orphan: Orphan;
  verdict: Verdict;
}

interface Judged {
  readonly runs: readonly JudgedRun[];
  readonly experiments: readonly JudgedExperiment[];
  readonly orphans: readonly JudgedOrphan[];
}

/** Judges everything by itself, then lets what others need overrule. */
function judge(snapshot: StoreSnapshot<"tags">, policy: CleanupPolicy, now: number): Judged {
  const unreadable = unreadableBelow(snapshot.problems);
  const runs: JudgedRun[] = [];
  const experiments: JudgedExperiment[] = [];
  const orphans: JudgedOrphan[] = [];
  for (const experiment of inOrder(snapshot.experiments)) {
    if (experiment.lifecycleStage === "active") {
      for (const run of inOrder(experiment.runs)) {
        const unread = unreadable.get(run.path);
        const verdict = unread ? keep([unread]) : judgeRun(run, policy, now);
        runs.push({ run, holder: null, verdict });
      }
      continue;
    }
    const holder = { experiment, verdict: judgeDeletedExperiment(experiment, policy, now) };
    const unread = unreadable.get(experiment.path);
    if (unread && holder.verdict.goes) holder.verdict = keep([unread]);
    experiments.push(holder);
    for (const run of inOrder(experiment.runs)) {
      const verdict = keep([{ kind: "in-deleted-experiment", experiment: experiment.id }]);
      runs.push({ run, holder, verdict });
    }
  }
  for (const orphan of inOrder(snapshot.orphans)) {
    const holder = { orphan, verdict: judgeOrphan(orphan, policy, now) };
    orphans.push(holder);
    for (const run of inOrder(orphan.runs)) {
      const verdict = keep([{ kind: "in-orphan", orphan: orphan.path }]);
      runs.push({ run, holder, verdict });
    }
  }
  const judged = { runs, experiments, orphans };
  protectReferred(judged, snapshot);
  protectUntouchable(judged);
  protectNeeded(judged, snapshot.root);
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
function protectReferred({ runs, experiments, orphans }: Judged, snapshot: StoreSnapshot): void {
  const references = findReferences(snapshot);
  for (const one of runs) {
    const found = references.runs.get(one.run.id);
    if (found) keepRun(one, found.map(registeredReason));
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
  for (const one of [...runs, ...experiments, ...orphans]) {
    if (one.verdict.goes) one.verdict = keep([{ kind: "unreadable", path, message }]);
  }
}

/** A registered model's own `meta.yaml` and its aliases refer to nothing but its versions. */
function hidesReferences({ subject, path }: Problem): boolean {
  if (subject === "registry") return /^models\/[^/]+\/version-[^/]+$/.test(path);
  return subject === "directory" && /^models(?:\/|$)/.test(path);
}

function registeredReason({ model, version, aliases }: ModelReference): KeepReason {
  return { kind: "registered", model, version, aliases };
}

/** A deleted experiment is purged as a whole, so one run that must not be touched keeps it. */
function protectUntouchable({ runs }: Judged): void {
  for (const one of runs) {
    if (one.holder === null) continue;
    const { link, status } = one.run;
    if (link) keepRun(one, [{ kind: "symbolic-link" }]);
    if (status === "RUNNING" || status === "SCHEDULED") {
      keepRun(one, [{ kind: "not-finished", status }]);
    }
  }
}

/**
 * A parent stays as long as a child needs it: not soft-deleted under an active child, not purged
 * under a child that stays in the store at all. Likewise nothing is moved away in which the artifacts
 * of a run lie that stays: an experiment's `artifact_location` may be any directory. What is kept
 * may need others in turn, so this runs until nothing changes; each run is raised at most twice.
 */
function protectNeeded({ runs, experiments, orphans }: Judged, root: string): void {
  const byId = Map.groupBy(runs, (one) => one.run.id);
  const byHolder = Map.groupBy(runs, (one) => one.holder);
  const movable = new Map<string, JudgedRun | JudgedExperiment | JudgedOrphan>(
    [...runs.filter(leaves), ...experiments, ...orphans]
      .filter((one) => one.verdict.goes)
      .map((one) => [subjectOf(one).path, one]),
  );
  const rootNames = namesAlong(root);
  const waiting = [...runs];
  for (let child = waiting.pop(); child; child = waiting.pop()) {
    if (!stays(child)) continue;
    for (const parent of parentsOf(child, byId)) {
      const needed = staysActive(child) ? !staysActive(parent) : !stays(parent);
      const couldStay = parent.verdict.goes || !stays(parent);
      if (!needed || !couldStay) continue;
      keepRun(parent, [{ kind: "parent-of-kept", child: child.run.id }]);
      waiting.push(...(parent.holder === null ? [parent] : byHolder.get(parent.holder) ?? []));
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

function parentsOf(
  { run }: JudgedRun,
  byId: ReadonlyMap<string, readonly JudgedRun[]>,
): readonly JudgedRun[] {
  const id = run.tags.get("mlflow.parentRunId");
  return id === undefined || id === run.id ? [] : byId.get(id) ?? [];
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
  else if (one.holder !== null) one.verdict = keep([...one.verdict.reasons, ...reasons]);
  if (one.holder?.verdict.goes) {
    one.holder.verdict = keep([{ kind: "holds-kept-run", run: one.run.id }]);
  }
}

function keep(reasons: NonEmpty<KeepReason>): Verdict {
  return { goes: false, reasons };
}

const NOTHING: DiskUsage = { bytes: 0, files: 0 };

function softDelete({ run, holder, verdict }: JudgedRun): Action[] {
  if (holder !== null || !verdict.goes || run.lifecycleStage !== "active") return [];
  const { id, experimentId, path, name, stamp } = run;
  const { reasons } = verdict;
  return [{
    kind: "soft-delete-run",
    path,
    name,
    runId: id,
    experimentId,
    reasons,
    usage: NOTHING,
    stamp,
  }];
}

function purgeRun({ run, holder, verdict }: JudgedRun): Action[] {
  if (holder !== null || !verdict.goes || run.lifecycleStage !== "deleted") return [];
  const { id, experimentId, path, name, stamp } = run;
  const { reasons } = verdict;
  const usage = run.usage ?? NOTHING;
  return [{ kind: "purge-run", path, name, runId: id, experimentId, reasons, usage, stamp }];
}

function purgeExperiment({ experiment, verdict }: JudgedExperiment): Action[] {
  if (!verdict.goes) return [];
  const { id, path, name, stamp, runs } = experiment;
  return [{
    kind: "purge-experiment",
    path,
    name,
    experimentId: id,
    runIds: inOrder(runs).map((run) => run.id),
    reasons: verdict.reasons,
    usage: experiment.usage ?? NOTHING,
    stamp,
  }];
}

function quarantine({ orphan, verdict }: JudgedOrphan): Action[] {
  if (!verdict.goes) return [];
  const { id, path, stamp } = orphan;
  const usage = orphan.usage ?? NOTHING;
  return [{ kind: "quarantine-orphan", path, name: id, reasons: verdict.reasons, usage, stamp }];
}

function keptOf(kind: Kept["kind"], name: string, path: StorePath, verdict: Verdict): Kept[] {
  return verdict.goes ? [] : [{ kind, path, name, reasons: verdict.reasons }];
}

function damagedRunsKept(
  experiments: readonly JudgedExperiment[],
  orphans: readonly JudgedOrphan[],
  snapshot: StoreSnapshot,
): Kept[] {
  const leaving = new Set<string>([
    ...experiments.flatMap(({ experiment, verdict }) => verdict.goes ? [experiment.path] : []),
    ...orphans.flatMap(({ orphan, verdict }) => verdict.goes ? [orphan.path] : []),
  ]);
  return [...inOrder(snapshot.experiments), ...inOrder(snapshot.orphans)]
    .filter((holder) => !leaving.has(holder.path))
    .flatMap((holder) => inOrder(holder.damagedRuns))
    .map(({ id, path, message }) => ({
      kind: "damaged-run",
      path,
      name: id,
      reasons: [{ kind: "unreadable", path, message }],
    }));
}

function namesOf(snapshot: StoreSnapshot, actions: readonly Action[]): Record<string, string> {
  const places = new Set(actions.map(({ path }) => path.slice(0, path.lastIndexOf("/"))));
  return Object.fromEntries(
    inOrder(snapshot.experiments)
      .filter(({ path }) => places.has(path))
      .map(({ path, name }) => [path, name]),
  );
}

function totalsOf(actions: readonly Action[], kept: readonly Kept[]): PlanTotals {
  const count = (kind: Action["kind"]) => actions.filter((action) => action.kind === kind).length;
  return {
    softDeleteRuns: count("soft-delete-run"),
    purgeRuns: count("purge-run"),
    purgeExperiments: count("purge-experiment"),
    quarantineOrphans: count("quarantine-orphan"),
    keptRuns: kept.filter((one) => one.kind === "run").length,
    usage: {
      bytes: actions.reduce((sum, action) => sum + action.usage.bytes, 0),
      files: actions.reduce((sum, action) => sum + action.usage.files, 0),
    },
  };
}

function inOrder<T extends { readonly path: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((left, right) => left.path < right.path ? -1 : 1);
}
