/**
 * What a store would look like after repairs.
 *
 * @module
 */

import { readExperimentMeta, readRunMeta } from "../records/meta_record.ts";
import { asExperimentId, asRunId } from "../store/path.ts";
import { statusOf } from "../store/run_status.ts";
import type { Depth, Experiment, Orphan, Run, StoreSnapshot } from "../store/snapshot.ts";
import { mendedByAny } from "./mended_by.ts";
import type { EditMeta, RepairAction } from "./repair_action.ts";

/**
 * Carries repairs out on a snapshot instead of a store.
 *
 * Not foreseen: stamps, the tags of a run that becomes readable, when an experiment is made, and damage
 * that only shows once a record can be read.
 *
 * @param snapshot The store before.
 * @param actions The repairs.
 * @returns The store after.
 */
export function simulateRepairs<D extends Depth>(
  snapshot: StoreSnapshot<D>,
  actions: readonly RepairAction[],
): StoreSnapshot<D> {
  if (actions.length === 0) return snapshot;
  const byPlace = Map.groupBy(actions, ({ path }) => `${path}`);
  const isMended = mendedByAny(actions);
  const stays = ({ path }: { readonly path: string }) =>
    !byPlace.get(path)?.some(({ kind }) => kind === "quarantine-stray");
  const mended = snapshot.orphans.flatMap((orphan) => mendedOrphan(orphan, byPlace) ?? []);
  const paths = new Set(mended.map(({ path }) => path));
  return {
    ...snapshot,
    hasTrash: snapshot.hasTrash ||
      actions.some(({ kind, path }) => kind === "create-dirs" && path === ".trash"),
    experiments: [...snapshot.experiments, ...mended, ...actions.flatMap(createdExperiment)]
      .map((each) => withRuns(editExperiment(each, byPlace), byPlace, stays)),
    orphans: snapshot.orphans.filter(({ path }) => !paths.has(path))
      .map((each) => withRuns(each, byPlace, stays)),
    strays: snapshot.strays.filter(stays),
    registeredModels: snapshot.registeredModels.map((model) => ({
      ...model,
      versions: model.versions.map((version) => {
        const { source, storage_location: storage } = changesOf(byPlace, version.path);
        return {
          ...version,
          source: source === undefined ? version.source : String(source),
          storageLocation: storage === undefined ? version.storageLocation : String(storage),
        };
      }),
    })),
    problems: snapshot.problems.filter((problem) => !isMended(problem)),
  };
}

type ByPlace = ReadonlyMap<string, readonly RepairAction[]>;

function changesOf(byPlace: ByPlace, path: string): EditMeta["changes"] {
  const edit = byPlace.get(path)?.find((action) => "changes" in action);
  return edit !== undefined && "changes" in edit ? edit.changes : {};
}

function textFor(byPlace: ByPlace, path: string): string | null {
  const write = byPlace.get(path)?.find(({ kind }) => kind === "write-meta");
  return write?.kind === "write-meta" ? write.text : null;
}

function mendedOrphan(orphan: Orphan, byPlace: ByPlace): Experiment | null {
  const text = textFor(byPlace, orphan.path);
  const read = text === null ? null : readExperimentMeta(text);
  if (!read?.ok) return null;
  const { path, lifecycleStage, runs, damagedRuns, loggedModels, traces, link, stamp, usage } =
    orphan;
  const { meta } = read;
  return {
    id: asExperimentId(orphan.id),
    path,
    lifecycleStage,
    runs,
    damagedRuns,
    loggedModels,
    link,
    stamp,
    usage,
    name: meta.name,
    recordedStage: meta.lifecycleStage,
    artifactLocation: meta.artifactLocation,
    creationTime: meta.creationTime,
    lastUpdateTime: meta.lastUpdateTime,
    traces,
    datasets: 0,
  };
}

function createdExperiment(action: RepairAction): readonly Experiment[] {
  if (action.kind !== "create-experiment") return [];
  const { path, name, artifactLocation } = action;
  return [{
    id: asExperimentId(path),
    path,
    name,
    lifecycleStage: "active",
    recordedStage: "active",
    artifactLocation,
    creationTime: null,
    lastUpdateTime: null,
    runs: [],
    damagedRuns: [],
    loggedModels: [],
    traces: 0,
    datasets: 0,
    link: false,
    stamp: "",
    usage: null,
  }];
}

function editExperiment(experiment: Experiment, byPlace: ByPlace): Experiment {
  const { name, lifecycle_stage, last_update_time, artifact_location } = changesOf(
    byPlace,
    experiment.path,
  );
  return {
    ...experiment,
    ...(name === undefined ? {} : { name: String(name) }),
    ...(lifecycle_stage === undefined ? {} : { recordedStage: String(lifecycle_stage) }),
    ...(last_update_time === undefined ? {} : { lastUpdateTime: Number(last_update_time) }),
    ...(artifact_location === undefined ? {} : { artifactLocation: String(artifact_location) }),
  };
}

function withRuns<H extends Experiment | Orphan>(
  holder: H,
  byPlace: ByPlace,
  stays: (one: { readonly path: string }) => boolean,
): H {
  const mended = holder.damagedRuns.flatMap((run): readonly Run[] => {
    const text = textFor(byPlace, run.path);
    const read = text === null ? null : readRunMeta(text);
    if (!read?.ok) return [];
    const { runId: _, userId: _user, ...meta } = read.meta;
    return [{
      ...meta,
      id: asRunId(run.id),
      experimentId: asExperimentId(holder.id),
      path: run.path,
      link: run.link,
      tags: new Map(),
      stamp: "",
      usage: run.usage,
    }];
  });
  const paths = new Set(mended.map(({ path }) => path));
  const loggedModels = holder.loggedModels.map((model) => {
    const { artifact_location } = changesOf(byPlace, model.path);
    return artifact_location === undefined
      ? model
      : { ...model, artifactLocation: String(artifact_location) };
  });
  return {
    ...holder,
    runs: [...holder.runs.map((run) => editRun(run, byPlace)), ...mended],
    damagedRuns: holder.damagedRuns.filter((run) => !paths.has(run.path) && stays(run)),
    loggedModels,
  };
}

function editRun(run: Run, byPlace: ByPlace): Run {
  const { status, end_time, deleted_time, artifact_uri } = changesOf(byPlace, run.path);
  const ended = statusOf(Number(status));
  return {
    ...run,
    ...(ended === undefined ? {} : { status: ended }),
    ...(end_time === undefined ? {} : { endTime: Number(end_time) }),
    ...(deleted_time === undefined ? {} : { deletedTime: Number(deleted_time) }),
    ...(artifact_uri === undefined ? {} : { artifactUri: String(artifact_uri) }),
  };
}
