/**
 * Builders with defaults for the nouns of a store: a test says only what it is about. What was left
 * out is the dullest possible thing: a healthy, finished, recent run in an active experiment.
 *
 * Containers place what they hold: `experiment({ id: "7", runs: [run({ id: runId(1) })] })` fixes
 * the run's experiment id, path and artifact URI.
 *
 * @module
 */

import type { RetentionRule } from "../../lib/policy/policy.ts";
import { asExperimentId, asRunId, asStorePath, type StorePath } from "../../lib/store/path.ts";
import type { Problem } from "../../lib/store/problem.ts";
import type {
  DamagedRun,
  Experiment,
  LoggedModel,
  ModelVersion,
  Orphan,
  RegisteredModel,
  Run,
  StoreSnapshot,
  Stray,
} from "../../lib/store/snapshot.ts";
import type { DiskUsage } from "../../lib/store/usage.ts";

/** One hour in ms. */
export const HOUR = 3_600_000;

/** One day in ms. */
export const DAY = 24 * HOUR;

/** The moment at which every fixture is read: 1 November 2026, 00:00 UTC. */
export const NOW: number = Date.UTC(2026, 10, 1);

/** Root of every fixture. */
export const ROOT = "/data/mlruns";

/** What a run takes by default. */
export const RUN_USAGE: DiskUsage = { bytes: 24_576, files: 3 };

/** What a logged model takes by default. */
export const MODEL_USAGE: DiskUsage = { bytes: 40_960, files: 2 };

/** What an experiment or orphan takes by default, besides its runs and logged models. */
export const EXPERIMENT_USAGE: DiskUsage = { bytes: 8_192, files: 1 };

type StringMap = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** Fields of a run that differ from the default. */
export type RunInit =
  & Partial<Omit<Run, "id" | "experimentId" | "path" | "tags">>
  & { readonly id?: string; readonly experimentId?: string; readonly tags?: StringMap };

/** Fields of a damaged run that differ from the default. */
export type DamagedRunInit =
  & Partial<Omit<DamagedRun, "path">>
  & { readonly experimentId?: string };

/** Fields of a logged model that differ from the default. */
export type LoggedModelInit =
  & Partial<Omit<LoggedModel, "path" | "tags">>
  & { readonly experimentId?: string; readonly tags?: StringMap };

/** Fields of an experiment that differ from the default. */
export type ExperimentInit =
  & Partial<Omit<Experiment, "id" | "path">>
  & { readonly id?: string };

/** Fields of an orphan that differ from the default. */
export type OrphanInit = Partial<Omit<Orphan, "path">>;

/** Fields of a stray that differ from the default. */
export type StrayInit = Partial<Omit<Stray, "path">> & { readonly path?: string };

/** Fields of a problem that differ from the default. */
export type ProblemInit = Partial<Omit<Problem, "path">> & { readonly path?: string };

/** Fields of a model version that differ from the default. */
export type ModelVersionInit =
  & Partial<Omit<ModelVersion, "runId" | "path">>
  & { readonly runId?: string | null };

/** Fields of a registered model that differ from the default. */
export type RegisteredModelInit =
  & Partial<Omit<RegisteredModel, "path" | "aliases">>
  & { readonly aliases?: StringMap };

/** Fields of a snapshot that differ from the default. */
export type SnapshotInit = Partial<Omit<StoreSnapshot<"tags">, "depth">>;

/** The run id that ends in `number`, in hexadecimal. */
export function runId(number: number): string {
  return number.toString(16).padStart(32, "0");
}

/** A run: finished, active, ended one day before {@link NOW}. */
export function run(init: RunInit = {}): Run {
  const { id = runId(1), experimentId = "1", tags = {}, ...rest } = init;
  return {
    id: asRunId(id),
    experimentId: asExperimentId(experimentId),
    path: asStorePath(`${experimentId}/${id}`),
    name: "sunny-crane-1",
    status: "FINISHED",
    lifecycleStage: "active",
    startTime: NOW - DAY - HOUR,
    endTime: NOW - DAY,
    deletedTime: null,
    artifactUri: artifactUri(experimentId, id),
    link: false,
    tags: mapOf(tags),
    stamp: `stamp:${id}`,
    usage: RUN_USAGE,
    ...rest,
  };
}

/** A soft-deleted run: deleted one hour before {@link NOW}. */
export function deletedRun(init: RunInit = {}): Run {
  const { deletedTime = NOW - HOUR } = init;
  // It began before that.
  const startTime = Math.min(NOW - DAY - HOUR, (deletedTime ?? NOW) - HOUR);
  return run({ lifecycleStage: "deleted", startTime, deletedTime, ...init });
}

/** A run directory without a `meta.yaml`. */
export function damagedRun(init: DamagedRunInit = {}): DamagedRun {
  const { experimentId = "1", id = runId(1), ...rest } = init;
  return {
    id,
    path: asStorePath(`${experimentId}/${id}`),
    damage: "missing",
    message: "meta.yaml is missing",
    link: false,
    tags: new Map(),
    inputs: [],
    artifactUri: null,
    usage: RUN_USAGE,
    ...rest,
  };
}

/** A logged model without a source run, last changed 90 days before {@link NOW}. */
export function loggedModel(init: LoggedModelInit = {}): LoggedModel {
  const { experimentId = "1", id = `m-${runId(1)}`, tags = {}, ...rest } = init;
  return {
    id,
    path: asStorePath(`${experimentId}/models/${id}`),
    name: "model",
    sourceRunId: null,
    lifecycleStage: "active",
    lastUpdatedTime: NOW - 90 * DAY,
    artifactLocation: `file://${ROOT}/${experimentId}/models/${id}/artifacts`,
    link: false,
    tags: mapOf(tags),
    usedBy: [],
    lastChange: NOW - 90 * DAY,
    stamp: `stamp:${id}`,
    usage: MODEL_USAGE,
    ...rest,
  };
}

/** An active experiment; with `lifecycleStage: "deleted"` it lies in `.trash/`. */
export function experiment(init: ExperimentInit = {}): Experiment {
  const { id = "1", lifecycleStage = "active", ...rest } = init;
  const { runs = [], damagedRuns = [], loggedModels = [], lastUpdateTime } = init;
  const path = placeOf(id, lifecycleStage);
  return {
    id: asExperimentId(id),
    path,
    name: `experiment ${id}`,
    lifecycleStage,
    recordedStage: lifecycleStage,
    artifactLocation: `file://${ROOT}/${id}`,
    creationTime: Math.min(NOW - 90 * DAY, lastUpdateTime ?? NOW),
    lastUpdateTime: lifecycleStage === "deleted" ? NOW - HOUR : NOW - 90 * DAY,
    traces: 0,
    datasets: 0,
    link: false,
    stamp: `stamp:${path}`,
    usage: usageOf(runs, damagedRuns, loggedModels),
    ...rest,
    runs: runs.map((each) => placeRun(each, id, path)),
    damagedRuns: damagedRuns.map((each) => placeIn(path, each)),
    loggedModels: loggedModels.map((each) => placeModel(each, id, path)),
  };
}

/** An orphan without a `meta.yaml`, last changed 60 days before {@link NOW}. */
export function orphan(init: OrphanInit = {}): Orphan {
  const { id = "5fbbd685931c4616bdc67005b055056d", lifecycleStage = "active", ...rest } = init;
  const { runs = [], damagedRuns = [], loggedModels = [] } = init;
  const path = placeOf(id, lifecycleStage);
  return {
    id,
    path,
    lifecycleStage,
    damage: "missing",
    message: "meta.yaml is missing",
    foreign: [],
    lostRuns: 0,
    modelDirectories: loggedModels.length,
    traces: 0,
    newestChange: NOW - 60 * DAY,
    link: false,
    stamp: `stamp:${path}`,
    usage: usageOf(runs, damagedRuns, loggedModels),
    ...rest,
    runs: runs.map((each) => placeRun(each, id, path)),
    damagedRuns: damagedRuns.map((each) => placeIn(path, each)),
    loggedModels: loggedModels.map((each) => placeModel(each, id, path)),
  };
}

/** A plain file in the root. */
export function stray(init: StrayInit = {}): Stray {
  const { path = "notes.txt", ...rest } = init;
  return { path: asStorePath(path), kind: "file", usage: { bytes: 4_096, files: 1 }, ...rest };
}

/** A rule for every experiment that keeps nothing. */
export function retentionRule(init: Partial<RetentionRule> = {}): RetentionRule {
  return {
    name: "retention",
    experiments: [],
    tags: [],
    keepLast: 0,
    keepWithin: 0,
    keepBest: [],
    keepDaily: 0,
    keepWeekly: 0,
    keepMonthly: 0,
    keepTags: [],
    keepStatus: [],
    keepNamed: [],
    keepWhere: [],
    groupBy: null,
    children: "follow",
    artifactsOnly: false,
    ...init,
  };
}

/** A problem: a tag file that is no UTF-8. */
export function problem(init: ProblemInit = {}): Problem {
  const { path = `1/${runId(1)}/tags/note`, ...rest } = init;
  return {
    path: asStorePath(path),
    subject: "tags",
    damage: "unreadable",
    message: "the file is not UTF-8 text",
    line: null,
    column: null,
    ...rest,
  };
}

/** A model version that names no run; its registered model fixes its path. */
export function modelVersion(init: ModelVersionInit = {}): ModelVersion {
  const { version = "1", runId: source = null, ...rest } = init;
  return {
    version,
    path: asStorePath(`models/model/version-${version}`),
    runId: source === null ? null : asRunId(source),
    source: "s3://bucket/model",
    storageLocation: null,
    stage: "None",
    modelId: null,
    ...rest,
  };
}

/** A registered model with its versions. */
export function registeredModel(init: RegisteredModelInit = {}): RegisteredModel {
  const { name = "model", aliases = {}, versions = [], ...rest } = init;
  const path = asStorePath(`models/${name}`);
  return {
    name,
    path,
    aliases: mapOf(aliases),
    ...rest,
    versions: versions.map((each) => ({
      ...each,
      path: asStorePath(`${path}/version-${each.version}`),
    })),
  };
}

/**
 * A snapshot of an empty but healthy store, read with sizes. Experiments come out in order, and each
 * orphan and damaged run has its problem unless problems are given.
 */
export function snapshot(init: SnapshotInit = {}): StoreSnapshot<"tags"> {
  const { experiments = [], orphans = [] } = init;
  return {
    location: ROOT,
    depth: "tags",
    sizes: true,
    readAt: NOW,
    fingerprint: "test",
    orphans: [],
    strays: [],
    registeredModels: [],
    problems: [
      ...orphans.map((each) => problemOf("experiment", each)),
      ...[...experiments, ...orphans].flatMap((each) => each.damagedRuns)
        .map((each) => problemOf("run", each)),
    ],
    hasTrash: true,
    backups: { count: 0, usage: { bytes: 0, files: 0 } },
    ...init,
    experiments: experiments.toSorted(byStageThenId),
  };
}

/**
 * Adds the default experiment, which no store lacks that MLflow made: where it is missing, that is a finding
 * of its own.
 */
export function withDefault(init: SnapshotInit = {}): SnapshotInit {
  const { experiments = [] } = init;
  return { ...init, experiments: [experiment({ id: "0", name: "Default" }), ...experiments] };
}

function problemOf(subject: "experiment" | "run", { path, damage, message }: Orphan | DamagedRun) {
  return problem({ path, subject, damage, message });
}

/** Where MLflow keeps an experiment of that stage. */
function placeOf(id: string, stage: "active" | "deleted"): StorePath {
  return asStorePath(stage === "active" ? id : `.trash/${id}`);
}

function placeIn<T extends { readonly id: string }>(
  parent: StorePath,
  child: T,
): T & { readonly path: StorePath } {
  return { ...child, path: asStorePath(`${parent}/${child.id}`) };
}

function placeRun(child: Run, experimentId: string, parent: StorePath): Run {
  const isDefaultUri = child.artifactUri === artifactUri(child.experimentId, child.id);
  return placeIn(parent, {
    ...child,
    experimentId: asExperimentId(experimentId),
    artifactUri: isDefaultUri ? artifactUri(experimentId, child.id) : child.artifactUri,
  });
}

function placeModel(child: LoggedModel, experimentId: string, parent: StorePath): LoggedModel {
  const isDefault = child.artifactLocation === `file://${ROOT}/${child.path}/artifacts`;
  return {
    ...child,
    path: asStorePath(`${parent}/models/${child.id}`),
    artifactLocation: isDefault
      ? loggedModel({ id: child.id, experimentId }).artifactLocation
      : child.artifactLocation,
  };
}

function artifactUri(experimentId: string, id: string): string {
  return `file://${ROOT}/${experimentId}/${id}/artifacts`;
}

function mapOf(entries: StringMap): ReadonlyMap<string, string> {
  return entries instanceof Map ? entries : new Map(Object.entries(entries));
}

/** What something takes that holds these. */
function usageOf(...held: readonly (readonly { readonly usage: DiskUsage | null }[])[]): DiskUsage {
  return sumOf([EXPERIMENT_USAGE, ...held.flat().map(({ usage }) => usage)]);
}

function sumOf(usages: readonly (DiskUsage | null)[]): DiskUsage {
  return usages.reduce<DiskUsage>((sum, usage) => ({
    bytes: sum.bytes + (usage?.bytes ?? 0),
    files: sum.files + (usage?.files ?? 0),
  }), { bytes: 0, files: 0 });
}

function byStageThenId(left: Experiment, right: Experiment): number {
  const stages = Number(left.lifecycleStage === "deleted") -
    Number(right.lifecycleStage === "deleted");
  return stages || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
}
