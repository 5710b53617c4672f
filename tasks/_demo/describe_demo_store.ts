/**
 * What the example store holds, as plain data: the cast, and runs drawn by chance around it.
 *
 * @module
 */

import { isUnfinished } from "../../lib/store/run_status.ts";
import type { RunStatus } from "../../lib/store/snapshot.ts";
import { PARENT_TAG } from "../../lib/store/tags.ts";
import {
  type CastExperiment,
  type CastModel,
  type CastOrphan,
  type CastRun,
  type CastVersion,
  EXPERIMENTS,
  ORPHANS,
  REGISTERED_MODELS,
} from "./cast.ts";
import { between, pick, type Random, seededRandom, text } from "./random.ts";
import type { Topic } from "./topics.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;
const HEXADECIMAL = "0123456789abcdef";

/** One point of a metric. */
export interface DemoPoint {
  /** Epoch ms. */
  readonly time: number;
  readonly value: number;
  readonly step: number;
}

/** A run of the example. Times are epoch ms. */
export interface DemoRun {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  /** When anything of it was last written. */
  readonly lastChange: number;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, readonly DemoPoint[]>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Whether it logged a model. */
  readonly model: boolean;
  /** Whether a clean-up after 30 days removes it. */
  readonly prunable: boolean;
}

/** An experiment of the example. */
export interface DemoExperiment {
  readonly id: string;
  readonly name: string;
  /** Epoch ms. */
  readonly creationTime: number;
  readonly runs: readonly DemoRun[];
}

/** A model version of the example, with the run that it refers to. */
export interface DemoVersion extends CastVersion {
  readonly experimentId: string;
  readonly runId: string;
  readonly user: string;
  /** Epoch ms. */
  readonly creationTime: number;
}

/** A registered model of the example. */
export interface DemoModel extends Omit<CastModel, "versions"> {
  readonly versions: readonly DemoVersion[];
}

/** An orphan of the example. */
export interface DemoOrphan extends CastOrphan {
  /** The run that never got its `meta.yaml`; `null` when there is none. */
  readonly runId: string | null;
  /** Epoch ms. */
  readonly lastChange: number;
}

/** The whole example store. */
export interface DemoStore {
  readonly experiments: readonly DemoExperiment[];
  readonly orphans: readonly DemoOrphan[];
  readonly models: readonly DemoModel[];
}

/** Draws the example store; the same arguments give the same store. */
export function describeDemoStore(now: number, seed: number): DemoStore {
  const random = seededRandom(seed);
  const experiments = EXPERIMENTS.map((experiment) => drawExperiment(random, experiment, now));
  const orphans = ORPHANS.map((orphan): DemoOrphan => ({
    ...orphan,
    runId: orphan.unfinishedRun ? text(random, HEXADECIMAL, 32) : null,
    lastChange: now - orphan.changed * DAY,
  }));
  const models = REGISTERED_MODELS.map((model): DemoModel => ({
    ...model,
    versions: model.versions.map((version) => registerVersion(version, experiments)),
  }));
  return { experiments, orphans, models };
}

function drawExperiment(random: Random, experiment: CastExperiment, now: number): DemoExperiment {
  const prunable = experiment.prunable - experiment.cast.filter((run) => run.prunable).length;
  const kept = experiment.runs - experiment.cast.length - prunable;
  const drawn = [
    ...Array.from({ length: prunable }, () => drawOldRun(random, experiment)),
    ...Array.from({ length: kept }, () => drawYoungRun(random, experiment)),
  ];
  const ids = new Map(experiment.cast.map((run) => [run.name, text(random, HEXADECIMAL, 32)]));
  return {
    id: experiment.id ?? pick(random, ["1", "2", "4", "8"]) + text(random, "0123456789", 17),
    name: experiment.name,
    creationTime: now - experiment.created * DAY,
    runs: [...experiment.cast, ...drawn].map((run) => {
      const id = ids.get(run.name) ?? text(random, HEXADECIMAL, 32);
      const parent = run.parent === undefined ? null : ids.get(run.parent) ?? null;
      return drawRecord(random, experiment.topic, run, id, parent, now);
    }),
  };
}

function drawOldRun(random: Random, experiment: CastExperiment): CastRun {
  const ended = between(random, 32, experiment.created - 1);
  const status = drawStatus(random, [["FINISHED", 0.8], ["FAILED", 0.14], ["KILLED", 0.06]]);
  const started = ended + between(random, 0.002, 0.4);
  return { name: drawName(random, experiment), status, started, ended, prunable: true };
}

function drawYoungRun(random: Random, experiment: CastExperiment): CastRun {
  const name = drawName(random, experiment);
  const status = drawStatus(random, [
    ["FINISHED", 0.86],
    ["FAILED", 0.08],
    ["KILLED", 0.04],
    ["RUNNING", 0.015],
    ["SCHEDULED", 0.005],
  ]);
  if (isUnfinished(status)) {
    const started = between(random, 0.02, 0.8);
    const seen = status === "RUNNING" ? between(random, 0.0005, 0.01) : started;
    return { name, status, started, ended: null, seen, prunable: false };
  }
  const ended = between(random, 0.02, Math.min(28, experiment.created - 1));
  const started = ended + between(random, 0.002, 0.4);
  return { name, status, started, ended, prunable: false };
}

function drawStatus(
  random: Random,
  shares: readonly (readonly [RunStatus, number])[],
): RunStatus {
  let left = random();
  for (const [status, share] of shares) {
    left -= share;
    if (left < 0) return status;
  }
  return "FINISHED";
}

function drawName(random: Random, experiment: CastExperiment): string {
  if (experiment.runNames !== undefined) {
    return `${pick(random, experiment.runNames)} ${Math.floor(between(random, 1, 40))}차`;
  }
  const adjective = pick(random, ["amusing", "bold", "calm", "gentle", "keen", "rare", "wise"]);
  const noun = pick(random, ["ant", "bee", "crane", "deer", "fox", "owl", "shrimp", "wren"]);
  return `${adjective}-${noun}-${Math.floor(between(random, 1, 1000))}`;
}

function drawRecord(
  random: Random,
  topic: Topic,
  run: CastRun,
  id: string,
  parent: string | null,
  now: number,
): DemoRun {
  const startTime = now - Math.round(run.started * DAY);
  const endTime = run.ended === null ? null : now - Math.round(run.ended * DAY);
  const seen = run.seen === undefined ? startTime + 95 * MINUTE : now - Math.round(run.seen * DAY);
  const lastChange = endTime ?? (run.status === "SCHEDULED" ? startTime : seen);
  const user = pick(random, ["alice", "bob", "jiwoo", "minseo", "seoyeon"]);
  return {
    id,
    name: run.name,
    user,
    status: run.status,
    startTime,
    endTime,
    lastChange,
    params: drawParams(random, topic),
    metrics: run.status === "SCHEDULED" ? {} : drawMetrics(random, topic, startTime, lastChange),
    tags: {
      "mlflow.runName": run.name,
      "mlflow.source.git.commit": text(random, HEXADECIMAL, 40),
      "mlflow.source.name": topic.source,
      "mlflow.source.type": "LOCAL",
      "mlflow.user": user,
      ...(parent === null ? {} : { [PARENT_TAG]: parent }),
      ...(random() < 0.15 ? { team: pick(random, ["search", "risk", "growth"]) } : {}),
      ...(random() < 0.05 ? { "mlflow.note.content": "발표 자료에 쓴 결과\nSee slide 12." } : {}),
    },
    model: REGISTERED_MODELS.some(({ versions }) => versions.some((v) => v.run === run.name)),
    prunable: run.prunable,
  };
}

function drawParams(random: Random, topic: Topic): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(topic.params).map(([key, values]) => [key, pick(random, values)]),
  );
}

function drawMetrics(
  random: Random,
  topic: Topic,
  startTime: number,
  lastChange: number,
): Readonly<Record<string, readonly DemoPoint[]>> {
  const steps = Math.floor(between(random, 3, 9));
  const metrics = Object.entries(topic.metrics).map(([key, [first, last]]) => {
    const points = Array.from({ length: steps }, (_, step): DemoPoint => {
      const progress = (step + 1) / steps;
      const value = first + (last - first) * progress ** 0.5 * between(random, 0.9, 1.05);
      const time = startTime + Math.floor((lastChange - startTime) * progress);
      return { time, value: Math.round(value * 10_000) / 10_000, step };
    });
    return [key, points] as const;
  });
  return Object.fromEntries(metrics);
}

function registerVersion(
  version: CastVersion,
  experiments: readonly DemoExperiment[],
): DemoVersion {
  for (const experiment of experiments) {
    const run = experiment.runs.find(({ name }) => name === version.run);
    if (run !== undefined) {
      return {
        ...version,
        experimentId: experiment.id,
        runId: run.id,
        user: run.user,
        creationTime: run.lastChange + 30 * MINUTE,
      };
    }
  }
  throw new Error(`Cannot register a version of "${version.run}": no such run in the cast`);
}
