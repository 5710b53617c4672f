/**
 * Deciding what of a store's damage to mend: only what is provable from what is there.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import {
  findDatabaseUses,
  findPartialView,
  findUnreadableDatabases,
} from "../judge/find_database_uses.ts";
import { judgeOrphan, QUARANTINE } from "../judge/judge_by_age.ts";
import { mendedByAny } from "../plan/mended_by.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type { KeepReason, Kept, RepairPlan } from "../plan/plan.ts";
import type { Evidence, NeedsChoice, RepairAction, RepairPolicy } from "../plan/repair_action.ts";
import { simulateRepairs } from "../plan/simulate_repairs.ts";
import { holdersOf, linkedIn, nameOf } from "../store/holders.ts";
import { byPath, experimentPathOf, withoutTrash } from "../store/path.ts";
import type { Problem } from "../store/problem.ts";
import { isNonEmpty, type NonEmpty, type StoreSnapshot, type Stray } from "../store/snapshot.ts";
import { addUsage } from "../store/usage.ts";
import { namesAnother } from "../verify/experiment_checks.ts";
import {
  copyFinder,
  findExperimentsInTwoPlaces,
  findProject,
  findRunsInTwoPlaces,
} from "../verify/store_checks.ts";
import { choicesFor } from "./choices_for.ts";
import { createDefault } from "./create_default.ts";
import { keptEntry, type RepairContext, type Repairs, unsettled } from "./context.ts";
import { repairEdits } from "./repair_edits.ts";
import { repairFiles } from "./repair_files.ts";
import {
  formerRoots,
  type NamedPlace,
  namedPlaces,
  possibleRoot,
  tellingPlaces,
} from "./prove_moves.ts";
import { relocateTraces } from "./repair_locations.ts";
import { repairRows } from "./repair_rows.ts";
import { LOST, repairRecords } from "./repair_records.ts";

/** What a repair is planned by besides the store and the rules. */
export interface PlanRepairOptions {
  /** Epoch ms. */
  readonly now: number;
  /** The kinds of action that the store can carry out: what would take another one stays. @default {all of them} */
  readonly kinds?: ReadonlySet<ActionKind> | undefined;
}

/**
 * Plans repairs. Records that were lost come back exactly from a kept copy, or are put together from
 * what other files tell; keys that are not known to us survive. Missing folders are made, metrics whose
 * end was torn off are trimmed, litter is moved away, the default experiment is made where there is none, stages agree with places, stale runs end, a deleted
 * experiment gives a name free that an active one has, and with `relocate` records name the places where
 * things are now. In a database stale runs end, and rows go that belong to runs which are gone. What is ambiguous stays, with the choices.
 *
 * @param snapshot The store, read at depth `full`.
 * @param evidence What was read of its damage.
 * @param policy What may be done; durations in ms.
 * @param options The moment, and what the store can carry out.
 * @returns Actions in the order in which they are to be applied, and what stays, with reasons.
 * @throws {InvalidArgumentError} When the snapshot was not read at depth `full`, a duration is negative, or the
 * moment is no finite number.
 */
export function planRepair(
  snapshot: StoreSnapshot<"full">,
  evidence: Evidence,
  policy: RepairPolicy,
  options: PlanRepairOptions,
): RepairPlan {
  const { now, kinds } = options;
  checkArguments(snapshot, policy, now);
  const { actions: wanted, kept: left } = snapshot.backend === undefined
    ? repairStore(snapshot, evidence, policy, now)
    : repairRows({ snapshot, evidence, policy, roots: new Set(), now });
  const isPossible = ({ kind }: RepairAction) => kinds === undefined || kinds.has(kind);
  const actions = wanted.filter(isPossible);
  const kept = [
    ...left,
    ...wanted.filter((action) => !isPossible(action))
      .map(({ path, name }) => keptEntry(path, name, { kind: "not-supported" })),
  ];
  const takes = actions.some(({ kind }) => kind === "quarantine-stray");
  const stops = [
    ...(takes ? findUnreadableDatabases(snapshot) : []),
    ...(actions.length === 0 ? [] : findPartialView(snapshot)),
  ];
  return {
    schema: "mltidy/repair/v1",
    task: "repair",
    store: snapshot.location,
    basis: snapshot.fingerprint,
    plannedAt: now,
    policy,
    experiments: namesOf(snapshot, actions),
    actions,
    kept: withoutRepeats(kept),
    totals: {
      softDeleteRuns: 0,
      purgeRuns: 0,
      purgeExperiments: 0,
      quarantineOrphans: 0,
      keptRuns: 0,
      repairs: actions.length,
      usage: addUsage(actions.map(({ usage }) => usage)),
    },
    ...(isNonEmpty(stops) ? { stops } : {}),
  };
}

/** Repairs a store of files. */
function repairStore(
  snapshot: StoreSnapshot<"full">,
  evidence: Evidence,
  policy: RepairPolicy,
  now: number,
): Repairs {
  const named = namedPlaces(snapshot, evidence.traceLocations);
  const roots = formerRoots(named, evidence, snapshot.location);
  const context: RepairContext = { snapshot, evidence, policy, roots, now };
  const records = repairRecords(context);
  // What becomes readable is judged at once as what is, and so is what is made.
  const mended = { ...context, snapshot: simulateRepairs(snapshot, records.actions) };
  const created = createDefault(mended);
  const readable = { ...context, snapshot: simulateRepairs(mended.snapshot, created.actions) };
  const written = new Set([...records.actions, ...created.actions].map(({ path }) => path));
  const edits = repairEdits(readable, written);
  const uses = findDatabaseUses(snapshot);
  const files = repairFiles(context, written).filter(({ kind, path }) =>
    kind !== "quarantine-stray" || !uses.has(path)
  );
  const actions: readonly RepairAction[] = [
    ...edits.actions,
    ...records.actions,
    ...created.actions,
    ...relocateTraces(context),
    ...files,
  ];
  const kept = [...records.kept, ...created.kept, ...edits.kept, ...leftAlone(context, actions)]
    .map((one) => {
      const use = uses.get(one.path);
      return use === undefined || !mayTake(one) ? one : { ...one, reasons: [use] as const };
    });
  return { actions, kept };
}

/** Whether its owner would be told that it may be taken from its place. */
function mayTake({ reasons: [reason] }: Kept): boolean {
  return reason.kind === "needs-choice" && reason.by !== "relocation" &&
    reason.choices.some((choice) => /^(?:move|give the directory) /.test(choice));
}

function checkArguments(snapshot: StoreSnapshot, policy: RepairPolicy, now: number): void {
  if (snapshot.depth !== "full") {
    throw new InvalidArgumentError(
      `Cannot plan repairs from a snapshot of depth "${snapshot.depth}": read the store at depth "full"`,
    );
  }
  if (!Number.isFinite(now)) {
    throw new InvalidArgumentError(`Cannot plan at the moment ${now}: expected epoch milliseconds`);
  }
  for (const key of ["settle", "staleAfter"] as const) {
    if (!(policy[key] >= 0)) {
      throw new InvalidArgumentError(
        `Cannot plan with ${key} ${policy[key]}: expected milliseconds, 0 or more`,
      );
    }
  }
}

/** What is damaged and no action mends. */
function leftAlone(context: RepairContext, actions: readonly RepairAction[]): readonly Kept[] {
  const { snapshot, evidence, now, policy } = context;
  // A clean-up that is told to wait for nothing takes it at once, too.
  const quarantine = policy.settle === 0 ? { ...QUARANTINE, settle: 0 } : QUARANTINE;
  const isLinked = linkedIn(snapshot);
  const byPlace = Map.groupBy(actions, ({ path }) => `${path}`);
  const isMended = mendedByAny(actions);
  // Of an orphan it is said once that it needs its owner.
  const orphans = new Map(
    snapshot.orphans.filter(({ path }) => !byPlace.has(path)).map((each) => [`${each.path}`, each]),
  );
  const askedFor = rootsToBeNamed(context);
  const problems = snapshot.problems.toSorted(byPath).flatMap((problem): readonly Kept[] => {
    const { path, damage, message } = problem;
    const orphan = orphans.get(path);
    const verdict = orphan === undefined ? null : judgeOrphan(orphan, quarantine, now);
    const isCopy = problem.subject === "experiment" && damage === "id-mismatch" &&
      namesAnother(snapshot, problem);
    const owners = isCopy ? { choices: OWN_META } : choicesFor(problem, verdict?.goes === true);
    const isWithin = orphans.has(experimentPathOf(path)) && !orphans.has(path);
    if (owners === null || isWithin || isMended(problem)) return [];
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (isLinked(path)) return [keptEntry(path, name, { kind: "symbolic-link" })];
    const changed = LOST.has(damage)
      ? evidence.records.get(path)?.changed
      : evidence.entries.get(path)?.changed;
    const recent = changed === undefined ? null : unsettled(context, changed);
    // What its record names the choice has said.
    const unsure = (verdict?.goes === false ? verdict.reasons : [])
      .filter(({ kind }) => kind !== "names-another-experiment");
    const young = recent ?? unsure.find(({ kind }) => kind === "changed-recently");
    const choice: KeepReason = { kind: "needs-choice", message, ...owners, ...askedFor(problem) };
    return [young ? keptEntry(path, name, young) : keptEntry(path, name, choice, ...unsure)];
  });
  const isShared = findProject(snapshot).length > 0;
  const isCopy = copyFinder(snapshot);
  const strays = snapshot.strays.toSorted(byPath).flatMap((stray): readonly Kept[] => {
    const { path, kind } = stray;
    const message = STRAYS[kind];
    if (message === undefined || byPlace.has(path)) return [];
    const entry = evidence.entries.get(path);
    if (entry?.kind === "link") return [keptEntry(path, path, { kind: "symbolic-link" })];
    const recent = entry === undefined ? null : unsettled(context, entry.changed);
    const choices = isCopy(stray)
      ? COPY
      : PLACES[kind] ?? (isShared && kind !== "nested-store" ? SEPARATE : MOVE);
    return [keptEntry(path, path, recent ?? { kind: "needs-choice", message, choices })];
  });
  const copies = [...findRunsInTwoPlaces(snapshot), ...findExperimentsInTwoPlaces(snapshot)]
    .filter(({ path }) => !byPlace.get(path)?.some(({ kind }) => kind === "quarantine-stray"))
    .map(({ path, message }) =>
      keptEntry(path, path, {
        kind: "needs-choice",
        message,
        choices: ["move one of the two away"],
      })
    );
  return [...problems, ...strays, ...copies];
}

/** What a record names is left where it is, unless its owner says that it was the store's. */
function rootsToBeNamed(
  { snapshot, evidence, policy }: RepairContext,
): (problem: Problem) => Pick<NeedsChoice, "from"> {
  const named = new Map<string, NamedPlace>();
  for (const one of namedPlaces(snapshot, evidence.traceLocations)) {
    const subject = one.own?.replace(/\/artifacts$/, "");
    if (subject !== undefined) named.set(subject, one);
  }
  return ({ path, damage }) => {
    const one = damage === "moved" ? named.get(withoutTrash(path)) : undefined;
    const from = one === undefined ? null : possibleRoot(one);
    if (one === undefined || from === null) return {};
    const isGone = tellingPlaces(one.uri).slice(0, 1).some((place) => evidence.gone.has(place));
    return isGone && policy.relocate === null ? {} : { from };
  };
}

/** What MLflow stumbles over in the root. */
const STRAYS: Readonly<Partial<Record<Stray["kind"], string>>> = {
  "backup-directory": "MLflow warns of it on every listing",
  "unlistable-directory": "MLflow lists no experiment at all because of its name",
  "renamed-experiment": "it is an experiment, and MLflow lists none at all because of its name",
  "misplaced-run": "it is a run, and MLflow lists no experiment at all because of it",
  "foreign-directory":
    "no record of MLflow's lies right in it, and MLflow warns of it on every listing",
  "nested-store": "it is a store of its own, and MLflow warns of it on every listing",
};

/** Where something of MLflow's belongs. */
const PLACES: Readonly<Partial<Record<Stray["kind"], NonEmpty<string>>>> = {
  "renamed-experiment": [
    "rename the directory to the id that its meta.yaml records",
    "move it out of the store",
  ],
  "misplaced-run": [
    "move it into the directory of the experiment that its meta.yaml names",
    "move it out of the store",
  ],
};

const COPY: NonEmpty<string> = [
  "move it out of the store, for the experiment that its meta.yaml names is there",
];

/** For a copy of another experiment's record. */
const OWN_META: NonEmpty<string> = [
  "bring the meta.yaml of its own back from a backup, for this is a copy of another experiment's",
  "move the directory out of the store",
];

const SEPARATE: NonEmpty<string> = ["give MLflow a directory of its own, as verify says"];

const MOVE: NonEmpty<string> = [
  "move it out of the store",
  "give it a name that ends in .trash",
];

/** One entry says that something stays. */
function withoutRepeats(kept: readonly Kept[]): readonly Kept[] {
  const seen = new Set<string>();
  return kept.filter(({ path }) => {
    const isNew = !seen.has(path);
    seen.add(path);
    return isNew;
  });
}

function namesOf(
  snapshot: StoreSnapshot,
  actions: readonly RepairAction[],
): Record<string, string> {
  const places = new Set(actions.map(({ path }) => experimentPathOf(path)));
  return Object.fromEntries(
    holdersOf(snapshot).filter(({ path }) => places.has(path)).map((
      one,
    ) => [one.path, nameOf(one)]),
  );
}
