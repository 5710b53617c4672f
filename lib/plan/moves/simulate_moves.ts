/**
 * What a store would look like after runs have moved.
 *
 * @module
 */

import { type ExperimentId, experimentPathOf, type StorePath } from "../../store/path.ts";
import type { Depth, Experiment, LoggedModel, Run, StoreSnapshot } from "../../store/snapshot.ts";
import type { MovedRecord, MoveRun } from "./move_action.ts";

/**
 * Carries moves out on a snapshot instead of a store.
 *
 * Not foreseen: stamps, and what experiments take.
 *
 * @param snapshot The store before.
 * @param actions The moves.
 * @returns The store after.
 */
export function simulateMoves<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  actions: readonly MoveRun[],
): StoreSnapshot<D> {
  const known = new Set<string>(snapshot.experiments.flatMap(({ runs }) => runs.map(pathOf)));
  const moves = actions.filter(({ trees }) => trees.some(({ from }) => known.has(from)));
  const going = goingOf(moves);
  const coming = comingOf(snapshot.experiments, going);
  const copied = copiedOf(actions, new Set(moves));
  return {
    ...snapshot,
    experiments: snapshot.experiments.map((one) => {
      const here = one.lifecycleStage === "active" ? coming.get(one.id) : undefined;
      const left = leave(one, going);
      return here === undefined ? left : enter(left, here, copied.get(one.id) ?? 0);
    }),
    registeredModels: snapshot.registeredModels.map((model) => ({
      ...model,
      versions: model.versions.map((version) => {
        const { source: from, storage_location: storage } = going.changes.get(version.path) ?? {};
        return {
          ...version,
          ...(from === undefined ? {} : { source: from }),
          ...(storage === undefined ? {} : { storageLocation: storage }),
        };
      }),
    })),
  };
}

/** All that is on its way. */
interface Going {
  /** By where it is: where it comes to, and into which experiment. */
  readonly trees: ReadonlyMap<string, { readonly path: StorePath; readonly to: ExperimentId }>;
  /** By where a record is: what changes in it. */
  readonly changes: ReadonlyMap<string, MovedRecord["changes"]>;
  /** By where they are, experiments that something leaves: which traces. */
  readonly leaving: ReadonlyMap<string, ReadonlySet<string>>;
}

function goingOf(moves: readonly MoveRun[]): Going {
  const trees = new Map(
    moves.flatMap((move) =>
      move.trees.map(({ from, to }) => [`${from}`, { path: to, to: move.to }] as const)
    ),
  );
  const changes = new Map<string, MovedRecord["changes"]>();
  for (const { path, changes: more } of moves.flatMap(({ records }) => records)) {
    changes.set(path, { ...changes.get(path), ...more });
  }
  const leaving = new Map<string, Set<string>>();
  for (const path of trees.keys()) {
    const experiment = experimentPathOf(path);
    const traces = leaving.get(experiment) ?? new Set();
    leaving.set(experiment, traces);
    const [kind, name = ""] = path.slice(experiment.length + 1).split("/");
    if (kind === "traces") traces.add(name);
  }
  return { trees, changes, leaving };
}

/** What an experiment gets. */
interface Coming {
  readonly runs: Run[];
  readonly loggedModels: LoggedModel[];
  readonly traceUses: NonNullable<Experiment["traceUses"]>[number][];
  traces: number;
}

function comingOf(
  experiments: readonly Experiment[],
  { trees, changes, leaving }: Going,
): ReadonlyMap<string, Coming> {
  const coming = new Map<string, Coming>();
  const at = (id: ExperimentId): Coming => {
    const known = coming.get(id) ?? { runs: [], loggedModels: [], traceUses: [], traces: 0 };
    coming.set(id, known);
    return known;
  };
  for (const one of experiments) {
    for (const run of one.runs) {
      const tree = trees.get(run.path);
      if (tree === undefined) continue;
      const artifactUri = changes.get(run.path)?.["artifact_uri"] ?? run.artifactUri;
      at(tree.to).runs.push({ ...run, path: tree.path, experimentId: tree.to, artifactUri });
    }
    for (const model of one.loggedModels) {
      const tree = trees.get(model.path);
      if (tree === undefined) continue;
      const place = changes.get(model.path)?.["artifact_location"] ?? model.artifactLocation;
      at(tree.to).loggedModels.push({ ...model, path: tree.path, artifactLocation: place });
    }
    const treeOf = (trace: string) => trees.get(`${one.path}/traces/${trace}`);
    for (const trace of leaving.get(one.path) ?? []) at(treeOf(trace)!.to).traces++;
    for (const use of one.traceUses ?? []) {
      const tree = treeOf(use.trace);
      if (tree !== undefined) at(tree.to).traceUses.push(use);
    }
  }
  return coming;
}

/** How many datasets each experiment gets: what several runs name is copied once, by the first of them. */
function copiedOf(
  actions: readonly MoveRun[],
  moves: ReadonlySet<MoveRun>,
): ReadonlyMap<string, number> {
  const copied = new Set<string>();
  const counts = new Map<string, number>();
  for (const action of actions) {
    for (const { path } of action.datasets) {
      if (!copied.has(path) && moves.has(action)) {
        counts.set(action.to, (counts.get(action.to) ?? 0) + 1);
      }
      copied.add(path);
    }
  }
  return counts;
}

function leave(one: Experiment, { trees, leaving }: Going): Experiment {
  const gone = leaving.get(one.path);
  if (gone === undefined) return one;
  const stays = ({ path }: { readonly path: string }) => !trees.has(path);
  return {
    ...one,
    runs: one.runs.filter(stays),
    loggedModels: one.loggedModels.filter(stays),
    traces: one.traces - gone.size,
    ...(one.traceUses === undefined
      ? {}
      : { traceUses: one.traceUses.filter(({ trace }) => !gone.has(trace)) }),
  };
}

function enter(one: Experiment, coming: Coming, datasets: number): Experiment {
  return {
    ...one,
    runs: inOrder([...one.runs, ...coming.runs]),
    loggedModels: inOrder([...one.loggedModels, ...coming.loggedModels]),
    traces: one.traces + coming.traces,
    datasets: one.datasets + datasets,
    ...(one.traceUses === undefined && coming.traceUses.length === 0
      ? {}
      : { traceUses: inTraceOrder([...one.traceUses ?? [], ...coming.traceUses]) }),
  };
}

function pathOf({ path }: Run): string {
  return path;
}

function inOrder<T extends { readonly id: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((left, right) => left.id < right.id ? -1 : 1);
}

function inTraceOrder<T extends { readonly trace: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((left, right) => left.trace < right.trace ? -1 : 1);
}
