/**
 * Deciding what moves into another experiment, and what has to stay.
 *
 * A run moves with all that MLflow looks for in its experiment: the runs nested in it, the logged models and
 * traces that it made, the datasets that it names. A tree of runs moves whole, or stays.
 *
 * @module
 */

import {
  findDatabaseUses,
  findPartialView,
  findUnreadableDatabases,
} from "../judge/find_database_uses.ts";
import { holdFinder } from "../judge/find_uses.ts";
import { withRelatives } from "./with_relatives.ts";
import type { ActionKind } from "../plan/action_kind.ts";
import type {
  KeepReason,
  Kept,
  MoveEvidence,
  MovePlan,
  MovePolicy,
  MoveReason,
  MoveRun,
} from "../plan/plan.ts";
import { holdersOf } from "../store/holders.ts";
import { byPath, type RunId, type StorePath } from "../store/path.ts";
import { isUnfinished } from "../store/run_status.ts";
import { type Experiment, isNonEmpty, type StoreSnapshot } from "../store/snapshot.ts";
import { NO_USAGE } from "../store/usage.ts";
import { chooseRuns, type MovingRun } from "./choose_runs.ts";
import { isBelow } from "./move_uri.ts";
import { type Parts, partsOf } from "./parts_of_move.ts";

/** What a move is planned by besides the store and what is asked for. */
export interface PlanMoveOptions {
  /** Epoch ms. */
  readonly now: number;
  /** The kinds of action that the store can carry out: what would take another one stays. @default {all of them} */
  readonly kinds?: ReadonlySet<ActionKind> | undefined;
}

/**
 * Plans the move of runs into another experiment by MLflow's rules: records name the experiment, and, where files
 * move, their new places; so do versions of registered models. A run stays that is not finished, or that a database
 * names, or whose place is taken, and so do its parent and its children.
 *
 * @param snapshot The store, read with what traces come from.
 * @param evidence What was read of what would move.
 * @param policy What is asked for.
 * @param options The moment, and what the store can carry out.
 * @returns Actions in the order in which they are to be applied, and what stays, with reasons.
 * @throws {InvalidArgumentError} When no experiment is meant, or several, or a part of the selection fits nothing.
 */
export function planMove(
  snapshot: StoreSnapshot<"tags">,
  evidence: MoveEvidence,
  policy: MovePolicy,
  { now, kinds }: PlanMoveOptions,
): MovePlan {
  const { target, moving } = chooseRuns(snapshot, policy);
  const blocks = judgeOf(snapshot, policy, target);
  const judged = moving.map((one) => {
    const parts = partsOf(one, target, snapshot, evidence);
    const isPossible = kinds === undefined || kinds.has("move-run");
    const reasons = [
      ...blocks(one),
      ...("unclear" in parts ? [parts.unclear] : collisions(parts, evidence)),
      ...(isPossible ? [] : [{ kind: "not-supported" } as const]),
    ];
    return { one, parts, run: one.run, parent: one.parent, reasons };
  });
  const stays = withRelatives(judged);
  const actions = judged.flatMap(({ one, parts }) =>
    stays.has(one.run.path) || "unclear" in parts ? [] : [actionOf(one, parts, target)]
  );
  const kept = judged.flatMap(({ one: { run } }): readonly Kept[] => {
    const reasons = stays.get(run.path) ?? [];
    return isNonEmpty(reasons) ? [{ kind: "run", path: run.path, name: run.name, reasons }] : [];
  });
  const stops = actions.length === 0
    ? []
    : [...findUnreadableDatabases(snapshot), ...findPartialView(snapshot)];
  const left = new Map(moving.flatMap(({ from }) => from === null ? [] : [[from.path, from.name]]));
  return {
    schema: "mltidy/move/v1",
    task: "move",
    store: snapshot.location,
    basis: snapshot.fingerprint,
    plannedAt: now,
    policy,
    target: { id: target.id, name: target.name },
    experiments: Object.fromEntries([...left, [target.path, target.name]]),
    actions,
    kept,
    totals: {
      softDeleteRuns: 0,
      purgeRuns: 0,
      purgeExperiments: 0,
      quarantineOrphans: 0,
      keptRuns: kept.length,
      moveRuns: actions.length,
      usage: NO_USAGE,
    },
    ...(isNonEmpty(stops) ? { stops } : {}),
  };
}

/** What keeps a run by itself, whatever becomes of its relatives. */
function judgeOf(
  snapshot: StoreSnapshot,
  { deleted }: MovePolicy,
  target: Experiment,
): (one: MovingRun) => readonly KeepReason[] {
  const uses = findDatabaseUses(snapshot);
  // Of several of one id MLflow finds one, wherever they are.
  const byId = Map.groupBy(
    holdersOf(snapshot).flatMap((one) => [...one.runs, ...one.damagedRuns, ...one.loggedModels]),
    ({ id }): string => id,
  );
  const holdsOf = holdFinder(snapshot);
  const databaseUse = (path: StorePath) => uses.get(path);
  return ({ run, from, models }) => {
    if (from === null) return [{ kind: "in-orphan", orphan: holderOf(run.path) }];
    if (from.lifecycleStage === "deleted") {
      return [{ kind: "in-deleted-experiment", experiment: from.id }];
    }
    const reasons: (KeepReason | undefined)[] = [
      run.lifecycleStage === "deleted" && !deleted ? { kind: "soft-deleted" } : undefined,
      isUnfinished(run.status) ? { kind: "not-finished", status: run.status } : undefined,
      from.link || run.link || target.link || models.some(({ link }) => link)
        ? { kind: "symbolic-link" }
        : undefined,
      ...[run, ...models].map(({ path }) => databaseUse(path)),
      // A table that is not known may name the experiment beside the run.
      ...holdsOf("run", run.id).filter(({ kind }) => kind === "newer-database"),
      ...[run, ...models].map(({ id, path: own }): KeepReason | undefined => {
        const other = byId.get(id)?.find(({ path }) => path !== own);
        return other === undefined ? undefined : { kind: "in-the-way", path: other.path };
      }),
    ];
    return reasons.filter((reason) => reason !== undefined);
  };
}

function holderOf(path: StorePath): StorePath {
  return path.slice(0, path.lastIndexOf("/")) as StorePath;
}

function collisions({ trees }: Parts, { there }: MoveEvidence): readonly KeepReason[] {
  return trees.flatMap(({ to }) =>
    there.has(to) ? [{ kind: "in-the-way" as const, path: to }] : []
  );
}

function actionOf(one: MovingRun, parts: Parts, target: Experiment): MoveRun {
  const { run, parent, follows, from } = one;
  const why: MoveReason = follows && parent !== null
    ? { kind: "parent-moves", parent: parent.id }
    : { kind: "wanted-in", experiment: target.id, name: target.name };
  const staying = parts.staying.filter((uri) =>
    from !== null && isBelow(uri, from.artifactLocation)
  );
  return {
    kind: "move-run",
    path: run.path,
    name: run.name,
    runId: run.id,
    experimentId: run.experimentId,
    to: target.id,
    parent: (parent?.id ?? null) as RunId | null,
    // Where the first stays, those of its models and traces do as well.
    reasons: [
      why,
      ...staying.slice(0, 1).map((uri): MoveReason => ({ kind: "artifacts-stay", uri })),
    ],
    records: parts.records,
    texts: parts.texts,
    trees: parts.trees,
    datasets: parts.datasets.toSorted(byPath),
    folders: parts.folders,
    usage: NO_USAGE,
    stamp: run.stamp,
  };
}
