/**
 * How MLflow 3 would have left the example store as files: each directory and file with the time
 * at which it was last written.
 *
 * @module
 */

import { codeOf } from "../../lib/store/run_status.ts";
import { type MetaNode, scalar, stringifyMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import type {
  DemoExperiment,
  DemoModel,
  DemoOrphan,
  DemoRun,
  DemoStore,
  DemoVersion,
} from "./describe_demo_store.ts";
import { type DemoEntry, directory, file } from "./entry.ts";
import { layOutArtifacts } from "./lay_out_artifacts.ts";

/** Lists what the store is made of; `rootUri` is the `file://` URI of its root. */
export function* layOutDemoStore(store: DemoStore, rootUri: string): Generator<DemoEntry> {
  yield directory(".trash", Math.min(...store.experiments.map((it) => it.creationTime)));
  for (const experiment of store.experiments) yield* layOutExperiment(experiment, rootUri);
  for (const orphan of store.orphans) yield* layOutOrphan(orphan);
  yield directory("models", Math.max(...store.models.map(creationTime)));
  for (const model of store.models) yield* layOutModel(model, rootUri);
}

function* layOutExperiment(experiment: DemoExperiment, rootUri: string): Generator<DemoEntry> {
  const { id, name, creationTime, runs } = experiment;
  yield directory(id, Math.max(creationTime, ...runs.map((run) => run.startTime)));
  yield metaYaml(id, creationTime, {
    artifact_location: `${rootUri}/${id}`,
    creation_time: creationTime,
    effective_trace_archival_retention: null,
    experiment_id: id,
    last_update_time: creationTime,
    lifecycle_stage: "active",
    name,
    trace_location: null,
    workspace: "default",
  });
  for (const run of runs) yield* layOutRun(experiment, run, rootUri);
}

function* layOutRun(
  experiment: DemoExperiment,
  run: DemoRun,
  rootUri: string,
): Generator<DemoEntry> {
  const path = `${experiment.id}/${run.id}`;
  yield directory(path, run.lastChange);
  yield metaYaml(path, run.status === "RUNNING" ? run.startTime : run.lastChange, {
    artifact_uri: `${rootUri}/${path}/artifacts`,
    end_time: run.endTime,
    entry_point_name: "",
    experiment_id: experiment.id,
    lifecycle_stage: "active",
    run_id: run.id,
    run_name: run.name,
    // MLflow 3 no longer writes it, MLflow 2 cannot read a run without it.
    run_uuid: run.id,
    source_name: "",
    source_type: 4,
    source_version: "",
    start_time: run.startTime,
    status: codeOf(run.status),
    tags: [],
    user_id: run.user,
  });
  yield* layOutArtifacts(path, run);
  const metrics = Object.entries(run.metrics).map(([key, points]) => {
    const lines = points.map(({ time, value, step }) => `${time} ${pythonFloat(value)} ${step}\n`);
    return [key, lines.join(""), points.at(-1)?.time ?? run.lastChange] as const;
  });
  yield* layOutKeys(`${path}/metrics`, run.lastChange, metrics);
  yield* layOutKeys(`${path}/params`, run.startTime, atTime(run.params, run.startTime));
  yield* layOutKeys(`${path}/tags`, run.startTime, atTime(run.tags, run.startTime));
}

function* layOutKeys(
  path: string,
  time: number,
  values: readonly (readonly [key: string, text: string, time: number])[],
): Generator<DemoEntry> {
  yield directory(path, time);
  const folders = new Set(values.flatMap(([key]) => key.split("/").slice(0, -1)));
  for (const folder of folders) yield directory(`${path}/${folder}`, time);
  for (const [key, text, written] of values) yield file(`${path}/${key}`, written, text);
}

function* layOutOrphan(orphan: DemoOrphan): Generator<DemoEntry> {
  const { id, runId, tags, lastChange } = orphan;
  yield directory(id, lastChange);
  if (runId !== null) {
    yield directory(`${id}/${runId}`, lastChange);
    yield directory(`${id}/${runId}/artifacts`, lastChange);
  }
  if (Object.keys(tags).length > 0) {
    yield* layOutKeys(`${id}/tags`, lastChange, atTime(tags, lastChange));
  }
}

function* layOutModel(model: DemoModel, rootUri: string): Generator<DemoEntry> {
  const path = `models/${model.name}`;
  const updated = Math.max(...model.versions.map((version) => version.creationTime));
  yield directory(path, updated);
  yield metaYaml(path, updated, {
    aliases: Object.fromEntries(Object.entries(model.aliases).map(([k, v]) => [k, String(v)])),
    creation_timestamp: creationTime(model),
    deployment_job_id: null,
    deployment_job_state: null,
    description: model.description,
    last_updated_timestamp: updated,
    name: model.name,
    workspace: "default",
  });
  const aliases = Object.entries(model.aliases);
  if (aliases.length > 0) {
    yield* layOutKeys(
      `${path}/aliases`,
      updated,
      aliases.map(([alias, version]) => [alias, String(version), updated]),
    );
  }
  for (const version of model.versions) yield* layOutVersion(path, model.name, version, rootUri);
}

function* layOutVersion(
  path: string,
  name: string,
  version: DemoVersion,
  rootUri: string,
): Generator<DemoEntry> {
  const { experimentId, runId, refersBy, creationTime } = version;
  const source = refersBy === "runs:/"
    ? `runs:/${runId}/model`
    : `${rootUri}/${experimentId}/${runId}/artifacts/model`;
  yield directory(`${path}/version-${version.version}`, creationTime);
  yield metaYaml(`${path}/version-${version.version}`, creationTime, {
    creation_timestamp: creationTime,
    current_stage: version.stage,
    deployment_job_state: null,
    description: null,
    last_updated_timestamp: creationTime,
    model_id: null,
    name,
    run_id: refersBy === "run_id" ? runId : null,
    run_link: null,
    source,
    status: "READY",
    status_message: null,
    storage_location: source,
    user_id: version.user,
    version: version.version,
    workspace: "default",
  });
}

type MetaValue = string | number | null | readonly [] | Readonly<Record<string, string>>;

function metaYaml(
  path: string,
  time: number,
  values: Readonly<Record<string, MetaValue>>,
): DemoEntry {
  return file(`${path}/meta.yaml`, time, stringifyMetaYaml(nodes(values)));
}

function nodes(values: Readonly<Record<string, MetaValue>>): ReadonlyMap<string, MetaNode> {
  return new Map(Object.entries(values).map(([key, value]) => [key, node(value)]));
}

function node(value: MetaValue): MetaNode {
  if (value === null || typeof value !== "object") return scalar(value);
  return Array.isArray(value)
    ? { kind: "sequence", items: [] }
    : { kind: "mapping", entries: nodes(value as Readonly<Record<string, string>>) };
}

function atTime(
  values: Readonly<Record<string, string>>,
  time: number,
): readonly (readonly [string, string, number])[] {
  return Object.entries(values).map(([key, value]) => [key, value, time]);
}

function creationTime(model: DemoModel): number {
  return Math.min(...model.versions.map((version) => version.creationTime));
}

/** As Python prints a float: a whole number keeps its `.0`. */
function pythonFloat(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
