/**
 * Judging a store as a whole: what is old enough to go, and what stays because something else needs it.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { CleanupPolicy, Protection } from "../policy/policy.ts";
import {
  findReferences,
  type ModelReference,
  type References,
} from "../snapshot/find_references.ts";
import { holdersOf } from "../store/holders.ts";
import { inOrder, pathsUp } from "../store/path.ts";
import type { Problem } from "../store/problem.ts";
import { isUnfinished } from "../store/run_status.ts";
import type { Run, StoreSnapshot } from "../store/snapshot.ts";
import { type DatabaseUse, findDatabaseUses } from "./find_database_uses.ts";
import { brokenRunId } from "./find_broken_names.ts";
import { findHidden, type Hidden } from "./find_hidden.ts";
import { type FindHolds, findUses, holdFinder, type Use } from "./find_uses.ts";
import { followParents } from "./follow_parents.ts";
import { judgeDeletedExperiment, judgeOrphan, judgeRun, pinFinder } from "./judge_by_age.ts";
import { judgeByRules } from "./judge_by_rules.ts";
import {
  type Held,
  type Judged,
  type JudgedExperiment,
  type JudgedOrphan,
  type JudgedRun,
  type JudgedSnapshot,
  keepRun,
  staysInStore,
  subjectOf,
  type Tells,
  toKeep,
  type Verdict,
} from "./judged.ts";
import { judgeModels } from "./judge_models.ts";
import { needProtector } from "./protect_needed.ts";
import { type IsSelected, selectIn } from "../selection/select.ts";

/**
 * Judges everything by itself, then lets what others need overrule.
 *
 * @param snapshot The store.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param tells Whether to tell every reason to stay. @default {"first"}
 * @returns The verdicts.
 */
export function judgeSnapshot(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  now: number,
  tells: Tells = "first",
): JudgedSnapshot {
  const judged = judgeAlone(snapshot, policy, now, tells);
  needProtector(judged, snapshot, policy)();
  return judged;
}

/**
 * Judges as {@linkcode judgeSnapshot} does, again and again with other things held back. What does not
 * depend on that is done once.
 *
 * @param snapshot The store.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param reason Why what is held back stays.
 * @returns Judges, given the paths of what is to stay though it may go. It is always the same object that it
 *   gives, so only the last verdicts count.
 */
export function judgeRepeatedly(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  now: number,
  reason: KeepReason,
): (held: Held) => JudgedSnapshot {
  const judged = judgeAlone(snapshot, policy, now, "first");
  const protectNeeded = needProtector(judged, snapshot, policy);
  const before = [...judged.runs, ...judged.models, ...judged.experiments, ...judged.orphans]
    .map((one) => ({ one, path: subjectOf(one).path, verdict: one.verdict }));
  return (held) => {
    for (const { one, path, verdict } of before) {
      one.verdict = verdict.goes && held.has(path) ? toKeep(reason) : verdict;
    }
    protectNeeded();
    return judged;
  };
}

function judgeAlone(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  now: number,
  tells: Tells,
): JudgedSnapshot {
  const { retention } = policy;
  const findPin = pinFinder(policy);
  const judgeRuled = retention && judgeByRules(retention, now);
  const unsafe = new Set<Protection>(retention?.protect.unsafe);
  const unreadable = unreadableBelow(snapshot.problems);
  const cutOff = unreadableAt(snapshot.problems.filter(({ damage }) => damage === "cut-off"));
  const isSelected = policy.only === undefined ? null : selectIn(snapshot, policy.only);
  const runs: JudgedRun[] = [];
  const experiments: JudgedExperiment[] = [];
  const orphans: JudgedOrphan[] = [];
  for (const experiment of inOrder(snapshot.experiments)) {
    if (experiment.lifecycleStage === "active") {
      // What is not whole says nothing for sure of its runs: by its name they are judged.
      const unsure = cutOff.get(experiment.path);
      const unreadOf = unreadable.size === 0
        ? () => unsure
        : (run: Run) => unreadable.get(run.path) ?? unsure;
      const isUnsure = (run: Run) => !unsafe.has("unreadable") && unreadOf(run) !== undefined;
      const ruled = judgeRuled?.(experiment, isUnsure);
      for (const run of inOrder(experiment.runs)) {
        const unread = unreadOf(run);
        const one = ruled?.get(run) ??
          unruled(run, null, judgeRun(run, policy, now, findPin, tells));
        runs.push(one);
        if (unread === undefined) continue;
        one.isUnsure = true;
        if (one.ruling === null) one.verdict = toKeep(unread, ...keptBy(one.verdict));
        else protectRun(one, [{ protection: "unreadable", reason: unread }], unsafe);
      }
      continue;
    }
    const holder = { experiment, verdict: judgeDeletedExperiment(experiment, policy, now, tells) };
    const unread = unreadable.get(experiment.path);
    if (unread && (holder.verdict.goes || tells === "every")) {
      holder.verdict = toKeep(unread, ...keptBy(holder.verdict));
    }
    experiments.push(holder);
    const verdict = toKeep({ kind: "in-deleted-experiment", experiment: experiment.id });
    for (const run of inOrder(experiment.runs)) runs.push(unruled(run, holder, verdict));
  }
  for (const orphan of inOrder(snapshot.orphans)) {
    const holder = { orphan, verdict: judgeOrphan(orphan, policy, now, tells) };
    orphans.push(holder);
    const verdict = toKeep({ kind: "in-orphan", orphan: orphan.path });
    for (const run of inOrder(orphan.runs)) runs.push(unruled(run, holder, verdict));
  }
  if (isSelected !== null) holdUnselected([...runs, ...experiments, ...orphans], isSelected);
  // Before anything protects them: a verdict on which that was heard never turns to going.
  followParents(runs, snapshot, policy);
  const judged = {
    runs,
    experiments,
    orphans,
    activeExperiments: inOrder(snapshot.experiments)
      .filter(({ lifecycleStage }) => lifecycleStage === "active"),
  };
  const references = findReferences(snapshot);
  const uses = findDatabaseUses(snapshot);
  const hidden = findHidden(snapshot, references);
  const findHolds = holdFinder(snapshot);
  protectFromDatabases(judged, uses);
  protectReferred(judged, snapshot, references, unsafe);
  protectUsed(runs, snapshot, unsafe);
  // MLflow's own deletion, which is a server's, takes assessments of a run away for good.
  protectHeld(judged, findHolds, { fromDeletion: snapshot.backend?.server !== undefined });
  protectFromHidden(judged, hidden, unsafe);
  protectUntouchable(judged, findPin);
  const models = judgeModels(snapshot, [...experiments, ...orphans], policy, now, {
    tells,
    findPin,
    findHolds,
    uses,
    references,
    hidden,
    unreadable,
    stays: standingFinder(snapshot, runs),
    isBroken: brokenRunId(snapshot),
  });
  if (isSelected !== null) holdUnselected(models, isSelected);
  return { ...judged, models };
}

/** Whatever the rules say of it, it stays as it is; ranks are those of the whole store. */
function holdUnselected(all: readonly Judged[], isSelected: IsSelected): void {
  for (const one of all) {
    if (!isSelected(subjectOf(one).path)) one.verdict = toKeep({ kind: "not-selected" });
  }
}

/** Tells of a run, by its id, whether one stays, as things stand; `null`: there is none, be it damaged. */
function standingFinder(
  snapshot: StoreSnapshot,
  runs: readonly JudgedRun[],
): (id: string) => boolean | null {
  const holders = holdersOf(snapshot);
  const sources = new Set(
    holders.flatMap(({ loggedModels }) => loggedModels.map(({ sourceRunId }) => sourceRunId)),
  );
  const standings = new Map<string, boolean>();
  if (sources.size === 0) return () => null;
  for (const one of runs) {
    const { id } = one.run;
    if (sources.has(id)) standings.set(id, standings.get(id) === true || staysInStore(one));
  }
  for (const { id } of holders.flatMap(({ damagedRuns }) => damagedRuns)) {
    if (sources.has(id) && !standings.has(id)) standings.set(id, false);
  }
  return (id) => standings.get(id) ?? null;
}

function keptBy(verdict: Verdict): readonly KeepReason[] {
  return verdict.goes ? [] : verdict.reasons;
}

function unruled(run: Run, holder: JudgedRun["holder"], verdict: Verdict): JudgedRun {
  return {
    run,
    holder,
    ruling: null,
    standings: NO_STANDINGS,
    verdict,
    isProtected: false,
    isUnsure: false,
  };
}

/** What runs and their holders are judged by decides about models, too. */
type JudgedBeforeModels = Omit<JudgedSnapshot, "models">;

const NO_STANDINGS: readonly never[] = [];

/** What could not be read, under its own path and that of each directory around it. */
function unreadableBelow(problems: readonly Problem[]): ReadonlyMap<string, KeepReason> {
  const below = new Map<string, KeepReason>();
  for (const { path, message } of inOrder(problems).toReversed()) {
    for (const place of pathsUp(path)) below.set(place, { kind: "unreadable", path, message });
  }
  return below;
}

function unreadableAt(problems: readonly Problem[]): ReadonlyMap<string, KeepReason> {
  return new Map(
    problems.map(({ path, message }) => [path, { kind: "unreadable", path, message }]),
  );
}

/**
 * What a database refers to stays as it is, whatever a policy switches off: its runs are live there, or may
 * be restored, and no undoing of ours tells it.
 */
function protectFromDatabases(
  { runs, experiments, orphans }: JudgedBeforeModels,
  uses: ReadonlyMap<string, DatabaseUse>,
): void {
  if (uses.size === 0) return;
  for (const holder of [...experiments, ...orphans]) {
    const use = uses.get(subjectOf(holder).path);
    if (use === undefined) continue;
    holder.verdict = toKeep(use, ...keptBy(holder.verdict));
  }
  for (const one of runs) {
    const use = uses.get(one.run.path);
    if (use === undefined) continue;
    one.isProtected = true;
    keepRun(one, [use]);
  }
}

/** A registered version must stay loadable. */
function protectReferred(
  { runs, experiments, orphans }: JudgedBeforeModels,
  snapshot: StoreSnapshot,
  references: References,
  unsafe: ReadonlySet<Protection>,
): void {
  for (const one of references.runs.size === 0 ? [] : runs) {
    const found = references.runs.get(one.run.id);
    if (found) protectRun(one, found.map(registeredUse), unsafe);
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
      holder.verdict = toKeep({ kind: "holds-registered-model", model, version });
    }
  }
}

/** What a trace or an assessment comes from must stay where MLflow finds it. */
function protectUsed(
  runs: readonly JudgedRun[],
  snapshot: StoreSnapshot,
  unsafe: ReadonlySet<Protection>,
): void {
  const uses = findUses(snapshot);
  if (uses.size === 0) return;
  for (const one of runs) protectRun(one, uses.get(one.run.id) ?? NO_USES, unsafe);
}

/** What is soft-deleted can be restored, so it is only kept from being removed for good. */
function protectHeld(
  { runs, experiments }: JudgedBeforeModels,
  findHolds: FindHolds,
  { fromDeletion }: { readonly fromDeletion: boolean },
): void {
  for (const one of experiments) {
    const [first, ...rest] = one.verdict.goes ? findHolds("experiment", one.experiment.id) : [];
    if (first !== undefined) one.verdict = toKeep(first, ...rest);
  }
  for (const one of runs) {
    // Whatever stays by itself need not be looked into.
    if (one.holder === null && !one.verdict.goes || !fromDeletion && staysInStore(one)) continue;
    keepRun(one, findHolds("run", one.run.id));
  }
}

/** What cannot be read may refer to any run. */
function protectFromHidden(
  { runs, experiments, orphans }: JudgedBeforeModels,
  hidden: readonly Hidden[],
  unsafe: ReadonlySet<Protection>,
): void {
  if (hidden.length === 0) return;
  for (const one of runs) {
    if (!one.verdict.goes && one.ruling === null) continue;
    one.isUnsure = true;
    protectRun(one, hidden, unsafe);
  }
  const surely = hidden.find(({ protection }) => protection === null);
  if (surely === undefined) return;
  for (const one of [...experiments, ...orphans]) {
    if (one.verdict.goes) one.verdict = toKeep(surely.reason);
  }
}

/** A switch lets a policy soft-delete what MLflow can restore; nothing is ever removed through it. */
function protectRun(
  one: JudgedRun,
  uses: readonly (Use | Hidden)[],
  unsafe: ReadonlySet<Protection>,
): void {
  if (uses.length > 0) one.isProtected = true;
  const isOn = ({ protection }: Use | Hidden) =>
    one.ruling === null || protection === null || !unsafe.has(protection);
  keepRun(one, uses.filter(isOn).map(({ reason }) => reason));
}

const NO_USES: readonly Use[] = [];

function registeredUse(reference: ModelReference): Use {
  return { protection: "registered", reason: { kind: "registered", ...reference } };
}

/** A deleted experiment is purged as a whole, so one run that must not be touched keeps it. */
function protectUntouchable(
  { runs, experiments, orphans }: JudgedBeforeModels,
  findPin: (run: Run) => string | null,
): void {
  if (experiments.length + orphans.length === 0) return;
  for (const one of runs) {
    if (one.holder === null) continue;
    const { link, status } = one.run;
    if (link) keepRun(one, [{ kind: "symbolic-link" }]);
    const tag = findPin(one.run);
    if (tag !== null) keepRun(one, [{ kind: "pinned", tag }]);
    if (isUnfinished(status)) keepRun(one, [{ kind: "not-finished", status }]);
  }
}
