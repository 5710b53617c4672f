/**
 * Deciding what of another store is copied into this one, and what has to stay.
 *
 * A run comes with all that MLflow looks for in its experiment: the runs nested in it, the logged models and traces
 * that it made, the datasets that it names. What is here already and the same is counted, and nothing else; what has
 * the id or name of something else is left alone, and said.
 *
 * @module
 */

import { withRelatives } from "../move/with_relatives.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type {
  AlreadyHere,
  CopyIn,
  DifferingTag,
  KeepReason,
  Kept,
  KeptKind,
  MergeEvidence,
  MergePlan,
  MergePolicy,
} from "../plan/plan.ts";
import { findPartialView, findUnreadableDatabases } from "../judge/find_database_uses.ts";
import { isNonEmpty, type NonEmpty, type StoreSnapshot } from "../store/snapshot.ts";
import { addUsage, NO_USAGE } from "../store/usage.ts";
import { chooseMerge, type MergeChoice, type MergedExperiment } from "./choose_merge.ts";
import { type Copying, copyParts } from "./copy_parts.ts";
import { type Coming, type Judged, judgeThings } from "./judge_things.ts";

/** What a merge is planned by besides the stores and what is asked for. */
export interface PlanMergeOptions {
  /** Epoch ms. */
  readonly now: number;
  /** The kinds of action that the store can carry out: what would take another one stays. @default {all of them} */
  readonly kinds?: ReadonlySet<ActionKind> | undefined;
}

/**
 * Plans how another store is copied into this one: its experiments by their names, into those that are here or new
 * ones, and its registered models where their names are free.
 *
 * @param snapshot This store, read with what traces come from.
 * @param other The other store, read likewise.
 * @param evidence What was read of both besides.
 * @param policy What is asked for.
 * @param options The moment, and what the store can carry out.
 * @returns Actions in the order in which they are to be applied, and what stays, with reasons.
 * @throws {InvalidArgumentError} When a part of the selection fits nothing in the other store.
 */
export function planMerge(
  snapshot: StoreSnapshot<"tags">,
  other: StoreSnapshot<"tags">,
  evidence: MergeEvidence,
  policy: MergePolicy,
  { now, kinds }: PlanMergeOptions,
): MergePlan {
  const choice = chooseMerge(snapshot, other, policy);
  const things = judgeThings(choice, { snapshot, other, evidence, policy });
  const isPossible = kinds === undefined || kinds.has("copy-in");
  const copying: Copying = { snapshot, evidence, policy, placed: placesOf(things) };
  const judged = things.map((thing) => {
    if (thing.verdict !== "comes") return { thing, action: null, reasons: thing.reasons };
    const made = copyParts(thing, copying);
    const reasons: readonly KeepReason[] = [
      ...("unclear" in made ? [made.unclear] : []),
      ...(isPossible ? [] : [{ kind: "not-supported" } as const]),
    ];
    return { thing, action: "unclear" in made ? null : made, reasons };
  });
  const stays = stayingWith(judged);
  const actions = judged.flatMap(({ thing, action }) =>
    action === null || stays.has(thing) ? [] : [action]
  );
  const kept = [
    ...choice.kept,
    ...damagedOf(choice, other),
    ...judged.flatMap(({ thing }): readonly Kept[] => {
      const reasons = stays.get(thing) ?? [];
      const { what: kind, from: path, name } = thing;
      return isNonEmpty(reasons) ? [{ kind, path, name, reasons }] : [];
    }),
  ];
  const stops = actions.length === 0
    ? []
    : [...findUnreadableDatabases(snapshot), ...findPartialView(snapshot)];
  const tags = differingTags(choice.experiments, evidence);
  const copied = addUsage(actions.map((action) => action.copied));
  const isRun = ({ kind }: { readonly kind: KeptKind }) => kind === "run";
  return {
    schema: "mltidy/merge/v1",
    task: "merge",
    store: snapshot.location,
    basis: snapshot.fingerprint,
    plannedAt: now,
    policy,
    already: alreadyHere(things),
    experiments: Object.fromEntries(
      choice.experiments.map(({ path, there }) => [path, there.name]),
    ),
    actions,
    kept,
    ...(isNonEmpty(tags) ? { tags } : {}),
    totals: {
      softDeleteRuns: 0,
      purgeRuns: 0,
      purgeExperiments: 0,
      quarantineOrphans: 0,
      keptRuns: kept.filter(isRun).length,
      usage: NO_USAGE,
      copied,
    },
    ...(isNonEmpty(stops) ? { stops } : {}),
  };
}

/** Where all that is here, or comes, lies here: by where it lies there. */
function placesOf(things: readonly Judged[]): ReadonlyMap<string, string> {
  return new Map(
    things.flatMap(({ verdict, from, path, parts }) => {
      const all = [...parts.map((part) => [part.from, part.path] as const), [from, path] as const];
      return verdict === "stays" ? [] : all;
    }),
  );
}

interface Decided {
  readonly thing: Judged;
  readonly action: CopyIn | null;
  readonly reasons: readonly KeepReason[];
}

/** Runs keep their relatives; what is in an experiment that is not made stays with it. */
function stayingWith(judged: readonly Decided[]): ReadonlyMap<Judged, readonly KeepReason[]> {
  const runs = judged.flatMap(({ thing, reasons }) =>
    thing.run === null || thing.verdict === "already"
      ? []
      : [{ thing, run: thing.run, parent: thing.parent, reasons }]
  );
  const here = new Set(
    judged.flatMap(({ thing }) => thing.verdict === "already" ? [`${thing.from}`] : []),
  );
  const related = withRelatives(
    runs.map(({ run, parent, reasons }) => ({
      run,
      // A parent that is here already keeps nothing from coming.
      parent: parent === null || here.has(parent.path) ? null : parent,
      reasons,
    })),
  );
  return new Map(
    judged.flatMap(({ thing, reasons }) => {
      const all = thing.run === null ? reasons : related.get(thing.from) ?? [];
      return all.length === 0 ? [] : [[thing, all] as const];
    }),
  );
}

/** What of chosen experiments cannot be read, and what is no experiment. */
function damagedOf(
  { experiments, isSelected }: MergeChoice,
  { orphans }: StoreSnapshot,
): readonly Kept[] {
  const unreadable = (path: Kept["path"], message: string): NonEmpty<KeepReason> => [
    { kind: "unreadable", path, message },
  ];
  return [
    ...experiments.flatMap(({ there }) => there.damagedRuns).map(({ id, path, message }): Kept => ({
      kind: "damaged-run",
      path,
      name: id,
      reasons: unreadable(path, message),
    })),
    ...orphans.filter(({ path }) => isSelected(path)).map(({ id, path, message }): Kept => ({
      kind: "orphan",
      path,
      name: id,
      reasons: unreadable(path, message),
    })),
  ];
}

function alreadyHere(things: readonly Judged[]): AlreadyHere {
  const count = (wanted: Coming["what"]) =>
    things.filter(({ verdict, what }) => verdict === "already" && what === wanted).length;
  return {
    "experiment": count("experiment"),
    "run": count("run"),
    "logged-model": count("logged-model"),
    "trace": count("trace"),
    "registered-model": count("registered-model"),
  };
}

/** Tags of experiments that are here stay as they are. */
function differingTags(
  experiments: readonly MergedExperiment[],
  { tags }: MergeEvidence,
): readonly DifferingTag[] {
  return experiments.flatMap(({ there, here, id }) => {
    if (here === null) return [];
    const own = tags.here.get(here.path) ?? new Map<string, string>();
    return [...tags.there.get(there.path) ?? []]
      .filter(([key, value]) => own.get(key) !== value)
      .map(([key, value]) => ({
        experiment: id,
        key,
        here: own.get(key) ?? null,
        there: value,
      }));
  });
}
