/**
 * What a store would look like after runs have moved.
 *
 * @module
 */

import { experimentPathOf, type StorePath } from "../../store/path.ts";
import type { Depth, Experiment, LoggedModel, Run, StoreSnapshot } from "../../store/snapshot.ts";
import type { MovedText, MoveRun } from "./move_action.ts";

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
  // What several runs name is copied once, by the first of them.
  const copied = new Set<string>();
  return actions.reduce((before, action) => {
    const isNew = ({ path }: MovedText) => !copied.has(path);
    const datasets = action.datasets.filter(isNew);
    for (const { path } of datasets) copied.add(path);
    return moveOne(before, action, datasets.length);
  }, snapshot);
}

function moveOne<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  action: MoveRun,
  datasets: number,
): StoreSnapshot<D> {
  const moved = new Map(action.trees.map(({ from, to }) => [`${from}`, to]));
  const changes = new Map(action.records.map((record) => [`${record.path}`, record.changes]));
  const place = <T extends { readonly path: StorePath }>(one: T): T => ({
    ...one,
    path: moved.get(one.path) ?? one.path,
  });
  const moveRun = (run: Run): Run => ({
    ...place(run),
    experimentId: action.to,
    artifactUri: changes.get(run.path)?.["artifact_uri"] ?? run.artifactUri,
  });
  const moveModel = (model: LoggedModel): LoggedModel => ({
    ...place(model),
    artifactLocation: changes.get(model.path)?.["artifact_location"] ?? model.artifactLocation,
  });
  const source = snapshot.experiments.find(({ path }) => path === experimentPathOf(action.path));
  const isMoved = ({ path }: { readonly path: string }) => moved.has(path);
  if (source === undefined || !source.runs.some(isMoved)) return snapshot;
  const traces = new Set(
    [...moved.keys()].flatMap((path) =>
      path.split("/")[1] === "traces" ? [path.split("/")[2]] : []
    ),
  );
  const uses = source.traceUses?.filter(({ trace }) => traces.has(trace)) ?? [];
  const after = (one: Experiment): Experiment => {
    if (one.path === source.path) {
      return {
        ...one,
        runs: one.runs.filter((run) => !isMoved(run)),
        loggedModels: one.loggedModels.filter((model) => !isMoved(model)),
        traces: one.traces - traces.size,
        ...(one.traceUses === undefined
          ? {}
          : { traceUses: one.traceUses.filter(({ trace }) => !traces.has(trace)) }),
      };
    }
    if (one.id !== action.to || one.lifecycleStage !== "active") return one;
    return {
      ...one,
      runs: inOrder([...one.runs, ...source.runs.filter(isMoved).map(moveRun)]),
      loggedModels: inOrder([
        ...one.loggedModels,
        ...source.loggedModels.filter(isMoved).map(moveModel),
      ]),
      traces: one.traces + traces.size,
      datasets: one.datasets + datasets,
      ...(one.traceUses === undefined && uses.length === 0
        ? {}
        : { traceUses: inTraceOrder([...one.traceUses ?? [], ...uses]) }),
    };
  };
  return {
    ...snapshot,
    experiments: snapshot.experiments.map(after),
    registeredModels: snapshot.registeredModels.map((model) => ({
      ...model,
      versions: model.versions.map((version) => {
        const { source: from, storage_location: storage } = changes.get(version.path) ?? {};
        return {
          ...version,
          ...(from === undefined ? {} : { source: from }),
          ...(storage === undefined ? {} : { storageLocation: storage }),
        };
      }),
    })),
  };
}

function inOrder<T extends { readonly id: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((left, right) => left.id < right.id ? -1 : 1);
}

function inTraceOrder<T extends { readonly trace: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((left, right) => left.trace < right.trace ? -1 : 1);
}
