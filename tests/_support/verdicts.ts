/**
 * A vocabulary for tests of verdicts: subjects named after what becomes of them when nothing else
 * needs them, and the reasons that go with it.
 *
 * @module
 */

import { judgeSnapshot } from "../../lib/judge/judge_snapshot.ts";
import type { ActionReason, KeepReason } from "../../lib/plan/plan.ts";
import type { CleanupPolicy } from "../../lib/policy/policy.ts";
import type { Experiment, RegisteredModel, Run } from "../../lib/store/snapshot.ts";
import {
  DAY,
  deletedRun,
  experiment,
  type ExperimentInit,
  HOUR,
  modelVersion,
  type ModelVersionInit,
  NOW,
  orphan,
  registeredModel,
  run,
  runId,
  type RunInit,
  snapshot,
  type SnapshotInit,
} from "./builders.ts";
import { deepFreeze } from "./deep_freeze.ts";

/** Any reason. */
export type Reason = ActionReason | KeepReason;

/** Both limits are 30 days, and an orphan must not have changed for a day. */
export const POLICY: CleanupPolicy = deepFreeze({
  olderThan: 30 * DAY,
  purgeAfter: 30 * DAY,
  quarantineOrphans: true,
  settle: DAY,
});

/** A day beyond the limit. */
export const LONG_AGO: number = NOW - 31 * DAY;

/** Ids of runs. */
export const [A, B, C]: readonly [string, string, string] = [runId(0xa), runId(0xb), runId(0xc)];

/** Ended long ago, so it is soft-deleted: {@linkcode OLD}. */
export const old = (id: string, init: RunInit = {}): Run => run({ id, endTime: LONG_AGO, ...init });

/** Ended a day ago, so it stays: {@linkcode YOUNG}. */
export const young = (id: string, init: RunInit = {}): Run => run({ id, ...init });

/** Deleted long ago, so it is purged: {@linkcode GONE}. */
export const gone = (id: string, init: RunInit = {}): Run =>
  deletedRun({ id, deletedTime: LONG_AGO, ...init });

/** Deleted an hour ago, so it stays: {@linkcode JUST_DELETED}. */
export const justDeleted = (id: string, init: RunInit = {}): Run => deletedRun({ id, ...init });

/** Experiment `7`, deleted long ago, so it is purged: {@linkcode GONE}. */
export const goneExperiment = (init: ExperimentInit = {}): Experiment =>
  experiment({ id: "7", lifecycleStage: "deleted", lastUpdateTime: LONG_AGO, ...init });

/** Makes a run a child. */
export const childOf = (parent: string): RunInit => ({ tags: { "mlflow.parentRunId": parent } });

/** A registered model with one version, which has an alias. */
export const version = (init: ModelVersionInit, name = "churn"): RegisteredModel =>
  registeredModel({ name, aliases: { best: "1" }, versions: [modelVersion(init)] });

/** Why {@linkcode old} runs go. */
export const OLD: ActionReason = {
  kind: "older-than",
  field: "end_time",
  time: LONG_AGO,
  age: 31 * DAY,
  limit: 30 * DAY,
};

/** Why {@linkcode gone} runs, and a {@linkcode goneExperiment}, go. */
export const GONE: ActionReason = {
  kind: "deleted-longer-than",
  time: LONG_AGO,
  age: 31 * DAY,
  limit: 30 * DAY,
};

/** Why an orphan goes. */
export const ORPHAN: ActionReason = {
  kind: "orphan",
  damage: "missing",
  message: "meta.yaml is missing",
};

/** Why {@linkcode young} runs stay. */
export const YOUNG: KeepReason = { kind: "younger-than", age: DAY, limit: 30 * DAY };

/** Why {@linkcode justDeleted} runs stay. */
export const JUST_DELETED: KeepReason = { kind: "deleted-recently", age: HOUR, limit: 30 * DAY };

/** Why a run stays that a {@linkcode version} refers to. */
export const registered = (model = "churn"): KeepReason => ({
  kind: "registered",
  model,
  version: "1",
  aliases: ["best"],
});

/** Why something stays that holds what a {@linkcode version} refers to. */
export const holdsModel = (model = "churn"): KeepReason => ({
  kind: "holds-registered-model",
  model,
  version: "1",
});

/** Why the parent of a child stays. */
export const parentOf = (child: string): KeepReason => ({
  kind: "parent-of-kept",
  child: run({ id: child }).id,
});

/** Why what holds a run stays. */
export const holds = (id: string): KeepReason => ({ kind: "holds-kept-run", run: run({ id }).id });

/** Why a run of a deleted experiment is not judged by itself. */
export const inDeleted = (id: string): KeepReason => ({
  kind: "in-deleted-experiment",
  experiment: experiment({ id }).id,
});

/** Why a run of an orphan is not judged by itself. */
export const inOrphan = (id: string): KeepReason => ({
  kind: "in-orphan",
  orphan: orphan({ id }).path,
});

/** Path → reasons, for everything in a store that a plan decides about. */
export function verdictsOf(init: SnapshotInit): Readonly<Record<string, readonly Reason[]>> {
  const { runs, experiments, orphans } = judgeSnapshot(deepFreeze(snapshot(init)), POLICY, NOW);
  return Object.fromEntries([
    ...runs.map(({ run, verdict }) => [run.path, verdict.reasons]),
    ...experiments.map(({ experiment, verdict }) => [experiment.path, verdict.reasons]),
    ...orphans.map(({ orphan, verdict }) => [orphan.path, verdict.reasons]),
  ]);
}
