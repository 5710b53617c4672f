/**
 * Disk → evidence: of the runs that are to move, what MLflow looks for in their experiment.
 *
 * @module
 */

import { join } from "@std/path";
import { chooseRuns, type MovingRun } from "../../lib/move/choose_runs.ts";
import type { MoveEvidence, MovePolicy, TraceRecord } from "../../lib/plan/plan.ts";
import { localPathOf, relativePathOf } from "../../lib/records/relocate_uri.ts";
import { namesAlong } from "../../lib/snapshot/find_references.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { LOCATION_TAG } from "../../lib/store/tags.ts";
import { valueAt } from "../../lib/yaml/inner_values.ts";
import { type MetaDocument, parseMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import { textOf } from "../../lib/yaml/node.ts";
import { listDirectory } from "../_io/list_directory.ts";
import { infoOf, readText, realPathOrNull } from "../_io/read.ts";

/**
 * Reads what moving must know of the runs that are asked for. Needs read permission for the store.
 *
 * @param snapshot The store.
 * @param policy What is asked for.
 * @returns The evidence.
 * @throws {InvalidArgumentError} When no experiment is meant, or several, or a part of the selection fits nothing.
 */
export async function readMoveEvidence(
  snapshot: StoreSnapshot,
  policy: MovePolicy,
): Promise<MoveEvidence> {
  const { location: root, registeredModels } = snapshot;
  const { target, moving } = chooseRuns(snapshot, policy);
  const places = new Map<string, string>();
  const inputs = new Map<string, readonly string[]>();
  const datasets = new Map<string, string>();
  const traces = new Map<string, TraceRecord>();
  const wanted: string[] = ["models", "traces", "datasets"].map((name) => `${target.path}/${name}`);
  const locate = async (uri: string, own: string | null) => {
    const place = places.has(uri) ? null : await placeOf(root, uri, own);
    if (place !== null) places.set(uri, place);
  };
  for (const one of moving) {
    const { run, models } = one;
    const [from = ""] = run.path.split("/");
    await locate(run.artifactUri, `${run.path}/artifacts`);
    for (const { path, artifactLocation } of models) {
      await locate(artifactLocation, `${path}/artifacts`);
    }
    for (const trace of one.traces) {
      const path = `${from}/traces/${trace}`;
      const record = readTrace(root, path);
      traces.set(path, record);
      if (record.location !== null) await locate(record.location, `${path}/artifacts`);
    }
    const names = await datasetsOf(root, run.path);
    inputs.set(run.path, names);
    for (const name of names) {
      const record = readText(join(root, from, "datasets", name, "meta.yaml"));
      if (record.kind === "text") datasets.set(`${from}/datasets/${name}`, record.text);
      wanted.push(`${target.path}/datasets/${name}`);
    }
    wanted.push(...placesOf(one).map((path) => `${target.path}/${path}`));
  }
  const ids = new Set<string>(
    moving.flatMap(({ run, models }) => [run, ...models].map(({ id }) => id)),
  );
  for (const { source, storageLocation } of registeredModels.flatMap(({ versions }) => versions)) {
    for (const uri of [source, storageLocation]) {
      if (uri === null) continue;
      const own = namesAlong(uri).findLast((name) => ids.has(name));
      if (own !== undefined) await locate(uri, tailFrom(uri, own));
    }
  }
  const there = new Set(wanted.filter((path) => infoOf(join(root, path)) !== null));
  return { places, inputs, datasets, traces, there };
}

/** Below the experiment. */
function placesOf({ run, models, traces }: MovingRun): readonly string[] {
  return [
    run.id,
    ...models.map(({ id }) => `models/${id}`),
    ...traces.map((name) => `traces/${name}`),
  ];
}

/** What of a URI begins with the experiment in which something of that name lies. */
function tailFrom(uri: string, name: string): string | null {
  const names = uri.replace(/\/+$/, "").split("/");
  const at = names.lastIndexOf(name);
  const first = names[at - 1] === "models" ? at - 2 : at - 1;
  return first < 0 ? null : names.slice(first).join("/");
}

/**
 * @param own Where it would lie as MLflow makes it; what depends on a server, or on where MLflow is started, can be
 * told by that alone.
 */
async function placeOf(root: string, uri: string, own: string | null): Promise<string | null> {
  const path = localPathOf(uri);
  if (path !== null) {
    const real = realPathOrNull(path) ?? path;
    return real.startsWith(`${root}/`) ? real.slice(root.length + 1) : null;
  }
  const isOwn = own !== null && uri.replace(/\/+$/, "").endsWith(`/${own}`);
  if (!isOwn || relativePathOf(uri) === null && !/^mlflow-artifacts:/i.test(uri)) return null;
  return (await namesIn(join(root, own))).length > 0 ? own : null;
}

function readTrace(root: string, path: string): TraceRecord {
  const document = readDocument(join(root, path, "trace_info.yaml"));
  const tag = readText(join(root, path, "tags", LOCATION_TAG));
  const keys = document === null
    ? []
    : TRACE_KEYS.filter((key) => textOf(valueAt(document, key)) !== null);
  return { keys, location: tag.kind === "text" ? tag.text : null };
}

/** Since MLflow 3.2, and before. */
const TRACE_KEYS = ["trace_location/mlflow_experiment/experiment_id", "experiment_id"] as const;

async function datasetsOf(root: string, run: string): Promise<readonly string[]> {
  const folder = join(root, run, "inputs");
  return (await namesIn(folder)).flatMap((name) => {
    const input = readDocument(join(folder, name, "meta.yaml"));
    const id = input === null ? null : textOf(input.get("source_id"));
    const isDataset = input !== null && textOf(input.get("source_type")) === "DATASET";
    return isDataset && id !== null && /^[^/]+$/.test(id) && !/^\.{1,2}$/.test(id) ? [id] : [];
  }).toSorted();
}

function readDocument(path: string): MetaDocument | null {
  const read = readText(path);
  if (read.kind !== "text") return null;
  try {
    return parseMetaYaml(read.text);
  } catch {
    return null;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const listed = await listDirectory(directory);
  return listed.kind === "failed" ? [] : listed.entries.map(({ name }) => name);
}
