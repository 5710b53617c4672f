/**
 * Tracking server → rows: all that a snapshot is made of. What refers to runs is read after them, so that what came to
 * refer to one meanwhile keeps it.
 *
 * @module
 */

import type {
  DatabaseRows,
  LoggedModelRow,
  ModelExtras,
  RunRow,
  TraceUseRow,
} from "../../../lib/snapshot/assemble_rows.ts";
import {
  type Extras,
  type MetricSummary,
  type ModelUse,
  NO_EXTRAS,
  type RunExtras,
  tagsFor,
} from "../../../lib/store/extras.ts";
import { deletionTimeOf } from "../../../lib/store/run_status.ts";
import { PARENT_TAG } from "../../../lib/store/tags.ts";
import type { Depth, Hold, ServerFacts } from "../../../lib/store/snapshot.ts";
import type { Answer } from "../client/read_answer.ts";
import { RequestError } from "../client/request_error.ts";
import { atOnce } from "../../_io/take_turns.ts";
import { REQUESTS_AT_ONCE } from "../client/open_client.ts";
import { readHistories } from "./read_histories.ts";
import { once, readAll, readExperiments, type ReadingClient, readRuns } from "./read_pages.ts";
import { readRun } from "./read_run.ts";
import {
  type ModelRecord,
  modelRecordOf,
  registeredModelOf,
  type RunRecord,
  type TraceRecord,
  traceRecordOf,
  versionRowOf,
} from "./records.ts";

/** How to read. */
export interface ServerRowsOptions<D extends Depth> {
  readonly depth: D;
  /** What alone to read besides metadata. */
  readonly extras?: Extras | undefined;
  /** What the server says of itself. */
  readonly server: ServerFacts;
  /** Epoch ms. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
  /** Read what may refer to runs, and no runs. @default {false} */
  readonly onlyReferring?: boolean;
  /** Read only what belongs to this experiment, by its id or its name, and what that names. @default {all of it} */
  readonly experiment?: string | undefined;
}

/** What was read of a server. */
export interface ServerRows<D extends Depth> extends DatabaseRows<D> {
  /** When runs that have not ended last logged a metric, epoch ms, by run. */
  readonly signs: ReadonlyMap<string, number>;
}

/**
 * Reads all that a server tells of its store.
 *
 * @param client The client.
 * @param options How to read.
 * @returns The rows.
 * @throws {RequestError} When it cannot be read.
 */
export async function readServer<D extends Depth>(
  client: ReadingClient,
  options: ServerRowsOptions<D>,
): Promise<ServerRows<D>> {
  const { depth, extras, server, now, signal, onProgress, onlyReferring = false } = options;
  const experiments = await readExperiments(client, signal);
  const isWhole = options.experiment === undefined;
  const wanted = experiments.filter(({ id, name }) =>
    isWhole || id === options.experiment || name === options.experiment
  );
  const ids = wanted.map(({ id }) => id);
  const collected = collect(depth, extras);
  if (!onlyReferring) await readRuns(client, ids, { signal, onRun: collected.add, onProgress });
  await readHistories(client, collected, extras?.histories ?? [], signal);
  const [registered, versions, models] = [
    isWhole ? await readRegisteredModels(client, signal) : [],
    isWhole ? await readVersions(client, signal) : [],
    await readModels(client, ids, signal),
  ];
  const rows = models.map(({ row }) => row);
  const gone = depth === "meta" ? [] : movable(rows, collected.runs, experiments);
  // Whatever is planned: to delete a run takes away for good the assessments that come from it.
  const traces = depth === "meta" ? [] : await readTraces(client, ids, signal);
  if (!isWhole) await readNamedRuns(client, collected, { rows, traces }, signal);
  return {
    location: client.server.location,
    backend: {
      ...{ artifactRoot: null, revision: null, server },
      ...depth === "meta" ? {} : { holds: traces.flatMap(holdsOf) },
    },
    depth,
    readAt: now,
    ...(extras === undefined ? {} : { extras }),
    experiments,
    runs: withExtras(collected),
    tags: collected.tags,
    lastChangeOf: (run) => collected.lastChanges.get(run) ?? 0,
    loggedModels: rows,
    modelExtras: depth === "meta"
      ? null
      : modelExtrasOf(gone, models, collected, traces, deletedOf(experiments)),
    registeredModels: registered.map(({ row }) => row),
    versions,
    aliases: registered.flatMap(({ aliases }) => aliases),
    traceUses: extras?.uses === true || depth === "full" ? traces.flatMap(usesOf) : null,
    // How many there are no server tells, and nobody asks.
    traces: new Map(),
    datasets: new Map(),
    cutRows: [],
    signs: collected.signs,
  };
}

function withExtras({ runs, extras }: Collected): readonly RunRow[] {
  if (extras === null) return runs;
  return runs.map((run) => ({ ...run, extras: extras.get(run.id) ?? NO_EXTRAS }));
}

/** Reads runs of other experiments that the runs, models and traces of one name: they are no less there. */
async function readNamedRuns(
  client: ReadingClient,
  collected: Collected & { readonly add: (run: RunRecord) => void },
  { rows, traces }: {
    readonly rows: readonly LoggedModelRow[];
    readonly traces: readonly TraceRecord[];
  },
  signal: AbortSignal | undefined,
): Promise<void> {
  const known = new Set(collected.runs.map(({ id }) => id));
  const named = new Set([
    ...[...collected.tags.values()].map((tags) => tags.get(PARENT_TAG)),
    ...rows.map(({ run }) => run),
    ...traces.flatMap(({ runId, assessments }) => [runId, ...assessments.map((one) => one.runId)]),
  ]);
  const missing = [...named].flatMap((id) => id && !known.has(id) ? [id] : []);
  await atOnce(REQUESTS_AT_ONCE, missing, async (id) => {
    const run = await readRun(client, id, signal);
    if (run !== null) collected.add(run);
  });
}

/** What is kept of the runs that are read. */
export interface Collected {
  readonly runs: RunRow[];
  readonly tags: Map<string, ReadonlyMap<string, string>>;
  readonly extras: Map<string, RunExtras> | null;
  readonly lastChanges: Map<string, number>;
  /** When runs that have not ended last logged a metric. */
  readonly signs: Map<string, number>;
  /** By logged model: which runs have it as input or output. */
  readonly links: Map<string, { readonly kind: "input" | "output"; readonly run: string }[]>;
}

function collect(
  depth: Depth,
  wanted: Extras | undefined,
): Collected & { readonly add: (run: RunRecord) => void } {
  const keys = tagsFor(depth, wanted);
  const collected: Collected = {
    runs: [],
    tags: new Map(),
    extras: wanted === undefined ? null : new Map(),
    lastChanges: new Map(),
    signs: new Map(),
    links: new Map(),
  };
  const link = (kind: "input" | "output", run: string) => (model: string) => {
    const known = collected.links.get(model);
    if (known === undefined) collected.links.set(model, [{ kind, run }]);
    else known.push({ kind, run });
  };
  const add = ({ row, tags, params, metrics, inputs, outputs }: RunRecord): void => {
    const { id, stage, started, deleted, status } = row;
    collected.runs.push(row);
    const own = keys === null ? tags : chosen(tags, keys);
    if (own.size > 0) collected.tags.set(id, own);
    const times = { startTime: started, deletedTime: deleted };
    const isUndated = stage === "deleted" && deletionTimeOf(times) === null;
    if (isUndated) collected.lastChanges.set(id, newestOf(metrics));
    if (status === "RUNNING" || status === "SCHEDULED") collected.signs.set(id, newestOf(metrics));
    inputs.forEach(link("input", id));
    outputs.forEach(link("output", id));
    if (wanted === undefined) return;
    const found = new Map<string, MetricSummary>();
    for (const { key, value } of metrics) {
      if (!wanted.metrics.includes(key)) continue;
      found.set(key, { latest: value, least: null, greatest: null });
    }
    collected.extras!.set(id, {
      metrics: found,
      params: chosen(params, wanted.params),
      inputs: wanted.uses ? inputs : [],
      heavy: [],
    });
  };
  return { ...collected, add };
}

function newestOf(metrics: RunRecord["metrics"]): number {
  return metrics.reduce((newest, { time }) => Math.max(newest, time), 0);
}

function chosen(
  all: ReadonlyMap<string, string>,
  keys: readonly string[],
): ReadonlyMap<string, string> {
  return new Map(keys.flatMap((key) => {
    const value = all.get(key);
    return value === undefined ? [] : [[key, value]];
  }));
}

async function readRegisteredModels(client: ReadingClient, signal: AbortSignal | undefined) {
  const records = await readAll(client, {
    name: "registered-models/search",
    field: "registered_models",
    parameters: { max_results: 1_000 },
  }, { signal });
  return once(records.map(registeredModelOf), ({ row }) => row.name);
}

async function readVersions(client: ReadingClient, signal: AbortSignal | undefined) {
  const records = await readAll(client, {
    name: "model-versions/search",
    field: "model_versions",
    parameters: { max_results: 10_000 },
  }, { signal });
  const versions = once(records.map(versionRowOf), ({ name, version }) => `${name}\0${version}`);
  return versions.toSorted((left, right) => Number(left.version) - Number(right.version));
}

/** How many experiments are named in one request. */
const EXPERIMENTS_AT_ONCE = 100;

async function readModels(
  client: ReadingClient,
  experiments: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly ModelRecord[]> {
  const records = await inParts(experiments, (ids) =>
    readAll(client, {
      name: "logged-models/search",
      field: "models",
      parameters: { experiment_ids: ids, max_results: MODELS_AT_ONCE },
    }, { signal }));
  return once((records ?? []).map(modelRecordOf), ({ row }) => row.id)
    .toSorted(({ row: left }, { row: right }) => left.id < right.id ? -1 : 1);
}

const MODELS_AT_ONCE = 1_000;
/** How many traces a page may have. */
const TRACES_AT_ONCE = 500;

async function readTraces(
  client: ReadingClient,
  experiments: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly TraceRecord[]> {
  const records = await inParts(experiments, (ids) =>
    readAll(client, {
      name: "traces/search",
      field: "traces",
      parameters: {
        locations: ids.map((id) => ({
          type: "MLFLOW_EXPERIMENT",
          mlflow_experiment: { experiment_id: id },
        })),
        max_results: TRACES_AT_ONCE,
      },
    }, { signal })) ??
    await inParts(experiments, (ids) =>
      readAll(client, {
        name: "traces/list",
        field: "traces",
        parameters: { experiment_ids: ids, max_results: TRACES_AT_ONCE },
      }, { signal }));
  return once((records ?? []).map(traceRecordOf), ({ id }) => id);
}

/** `null` where this version of MLflow does not know the request. */
async function inParts(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[] | null> {
  const parts: (readonly Answer[])[] = [];
  for (let from = 0; from < ids.length; from += EXPERIMENTS_AT_ONCE) {
    try {
      parts.push(await read(ids.slice(from, from + EXPERIMENTS_AT_ONCE)));
    } catch (error) {
      if (error instanceof RequestError && error.isUnknown) return null;
      throw error;
    }
  }
  return parts.flat();
}

type Experiments = readonly { readonly id: string; readonly stage: string | null }[];

function deletedOf(experiments: Experiments): ReadonlySet<string> {
  return new Set(experiments.filter(({ stage }) => stage === "deleted").map(({ id }) => id));
}

/** Logged models of which no run holds on to the store by itself. */
function movable(
  models: readonly LoggedModelRow[],
  runs: readonly RunRow[],
  experiments: Experiments,
): readonly string[] {
  const deleted = deletedOf(experiments);
  const held = new Set(
    runs.filter(({ stage, experiment }) => stage !== "deleted" && !deleted.has(experiment ?? ""))
      .map(({ id }) => id),
  );
  return models.filter(({ run }) => run !== null && run !== "" && !held.has(run))
    .map(({ id }) => id);
}

/** In the order of the words for it: input, metric, output, trace. */
function modelExtrasOf(
  ids: readonly string[],
  models: readonly ModelRecord[],
  { links }: Collected,
  traces: readonly TraceRecord[],
  deleted: ReadonlySet<string>,
): ReadonlyMap<string, ModelExtras> {
  const records = new Map(models.map((model) => [model.row.id, model]));
  const tracesOf = Map.groupBy(
    traces.filter(({ experiment }) => !deleted.has(experiment)),
    ({ modelId }) => modelId ?? "",
  );
  return new Map(ids.map((id) => {
    const { tags, measuredBy } = records.get(id)!;
    const linked = (kind: "input" | "output"): readonly ModelUse[] =>
      (links.get(id) ?? []).filter((one) => one.kind === kind)
        .toSorted((left, right) => left.run < right.run ? -1 : 1);
    const usedBy: readonly ModelUse[] = [
      ...linked("input"),
      ...measuredBy.map((run) => ({ kind: "metric" as const, run })),
      ...linked("output"),
      ...(tracesOf.get(id) ?? []).map(({ id: trace }) => ({ kind: "trace" as const, trace })),
    ];
    return [id, { tags, usedBy }];
  }));
}

function holdsOf({ id: trace, assessments }: TraceRecord): readonly Hold[] {
  return assessments.map(({ id: row, runId: id }) => ({
    ...{ of: "run", id, table: "assessments", row, trace },
  }));
}

function usesOf({ id, experiment, runId, modelId, assessments }: TraceRecord): TraceUseRow[] {
  const none = { experiment, trace: id, assessment: null, runId: null, modelId: null };
  return [
    ...(runId === null ? [] : [{ ...none, runId }]),
    ...(modelId === null ? [] : [{ ...none, modelId }]),
    ...assessments.map((one) => ({ ...none, assessment: one.id, runId: one.runId })),
  ];
}
