/**
 * Reading what a policy asks for besides metadata: only the files that it names.
 *
 * @module
 */

import {
  type Extras,
  type HeavyFile,
  type LongMetric,
  type MetricSummary,
  NO_EXTRAS,
  type RunExtras,
  type TraceUse,
} from "../../../lib/store/extras.ts";
import type { TextFact } from "../../../lib/store/facts.ts";
import { CHECKPOINTS, isKeyName } from "../../../lib/store/names.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import { pathGlob } from "../../../lib/text/glob.ts";
import { type MetaDocument, textOf } from "../../../lib/yaml/node.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { MOST, problemAt, readText } from "../../_io/read.ts";
import { kindAt } from "./list_entries.ts";
import { fileStamp, measureTree, newMeasurer } from "./measure.ts";

/** A summary reads none of these files, and to load what reads them takes a tenth of its time. */
async function loadRecords() {
  const [{ checkRecord }, { summarizeMetric }, { assessmentSource }] = await Promise.all([
    import("../../../lib/records/check_record.ts"),
    import("../../../lib/records/metric_file.ts"),
    import("../../../lib/records/trace_file.ts"),
  ]);
  return { checkRecord, summarizeMetric, assessmentSource };
}

/** Once for all runs. */
let records: ReturnType<typeof loadRecords> | undefined;

/** Where a scan is. */
interface Place {
  readonly root: string;
  readonly problems: Problem[];
}

/** What was asked for, less what a look at the store has shown not to be there. */
export interface SoughtExtras extends Extras {
  /** Whether to look for inputs of runs. */
  readonly inputs: boolean;
}

/**
 * Begins to read what was asked for. Needs read permission.
 *
 * An input matters only where it is a logged model of an active experiment, so in a store without any, as
 * MLflow 2 leaves it, no run need be searched for inputs.
 *
 * @param root The store's root.
 * @param wanted What was asked for.
 * @returns What to look for.
 */
export async function seekExtras(root: string, wanted: Extras): Promise<SoughtExtras> {
  return { ...wanted, inputs: wanted.uses && await mayHaveLoggedModels(root) };
}

async function mayHaveLoggedModels(root: string): Promise<boolean> {
  const listed = await listDirectory(root);
  return listed.kind === "failed" ||
    listed.entries.some(({ name, isFile }) =>
      !isFile && kindAt(`${root}/${name}/models`) !== "nothing"
    );
}

/**
 * Tells which tags of a run to read. One that records no name, as MLflow before 1.30 wrote it, has it in
 * a tag.
 *
 * @param wanted What was asked for; all where nothing was.
 * @param meta The run's `meta.yaml`.
 * @returns Tells whether a key is wanted.
 */
export function tagFilter(wanted: Extras | undefined, meta: TextFact): (key: string) => boolean {
  if (wanted === undefined) return () => true;
  const isNamed = meta.kind === "text" && /^run_name: *(?!''|""|~|null)\S/m.test(meta.text);
  return (key) => wanted.tags.includes(key) || !isNamed && key === "mlflow.runName";
}

/**
 * Reads of a run what was asked for. Needs read permission.
 *
 * @param place The store's root, and where problems go.
 * @param run The run's directory, relative to the root.
 * @param wanted What to look for.
 * @returns What there is; what cannot be read is a problem of the run.
 */
export async function scanRunExtras(
  place: Place,
  run: string,
  wanted: SoughtExtras,
): Promise<RunExtras> {
  if (asksForTagsAlone(wanted)) return NO_EXTRAS;
  const metrics = new Map<string, MetricSummary>();
  const { summarizeMetric } = await (records ??= loadRecords());
  for (const [key, text] of await readKeys(place, `${run}/metrics`, "metric", wanted.metrics)) {
    const summary = summarizeMetric(text);
    if (typeof summary !== "string") metrics.set(key, summary);
    else place.problems.push(problemAt("metric", `${run}/metrics/${key}`, "unreadable", summary));
  }
  return {
    metrics,
    params: wanted.params.length === 0
      ? NO_EXTRAS.params
      : new Map(await readKeys(place, `${run}/params`, "param", wanted.params)),
    inputs: wanted.inputs ? await inputsOf(place, run) : NO_EXTRAS.inputs,
    heavy: wanted.artifacts === null
      ? NO_EXTRAS.heavy
      : await heavyFilesOf(place, run, wanted.artifacts),
    ...(wanted.points === undefined ? {} : await longMetricsOf(place, run, wanted.points)),
  };
}

function asksForTagsAlone({ metrics, params, inputs, artifacts, points }: SoughtExtras): boolean {
  return metrics.length + params.length === 0 && !inputs && artifacts === null &&
    points === undefined;
}

/**
 * Reads what the traces of an experiment, and their assessments, come from. Needs read permission.
 *
 * @param place The store's root, and where problems go.
 * @param traces The directory of the traces, relative to the root.
 * @returns One for each trace or assessment that names a run or a logged model.
 */
export async function scanTraceUses(place: Place, traces: string): Promise<readonly TraceUse[]> {
  const uses: TraceUse[] = [];
  const { assessmentSource } = await (records ??= loadRecords());
  for (const trace of (await namesIn(place, traces)).toSorted()) {
    const metadata = `${traces}/${trace}/request_metadata`;
    const keys = ["mlflow.sourceRun", MODEL_KEY];
    const read = new Map(await readKeys(place, metadata, "trace-value", keys));
    const [runId = null, modelId = null] = keys.map((key) => read.get(key));
    const own: TraceUse = { trace, assessment: null, runId, modelId };
    const folder = `${traces}/${trace}/assessments`;
    if (runId !== null || modelId !== null) uses.push(own);
    for (const file of (await namesIn(place, folder)).toSorted()) {
      const source = assessmentSource(await readRecord(place, `${folder}/${file}`, "assessment"));
      const assessment = file.replace(/\.yaml$/, "");
      if (source !== null) uses.push({ trace, assessment, runId: source, modelId: null });
    }
  }
  return uses;
}

/**
 * Reads which logged model made a trace. Needs read permission.
 *
 * @param place The store's root, and where problems go.
 * @param trace The directory of the trace, relative to the root.
 * @returns The model's id; `null` when it names none, or cannot be read.
 */
export async function traceModelOf(place: Place, trace: string): Promise<string | null> {
  const read = await readKeys(place, `${trace}/request_metadata`, "trace-value", [MODEL_KEY]);
  return read[0]?.[1] ?? null;
}

const MODEL_KEY = "mlflow.modelId";

/**
 * Reads which logged models are inputs of a run. Needs read permission.
 *
 * MLflow names the folder of an input after no model, so its record must be read.
 *
 * @param place The store's root, and where problems go.
 * @param run The run's directory, relative to the root.
 * @returns The models' ids.
 */
export async function inputsOf(place: Place, run: string): Promise<readonly string[]> {
  const folder = `${run}/inputs`;
  const models: string[] = [];
  for (const name of (await namesIn(place, folder)).toSorted()) {
    const input = await readRecord(place, `${folder}/${name}/meta.yaml`, "input");
    if (textOf(input.get("source_type")) === "MODEL") {
      models.push(textOf(input.get("source_id")) ?? "");
    }
  }
  return models;
}

/**
 * Finds heavy files of a run: among its artifacts, and in `checkpoints/` beside these, which is not MLflow's but
 * that of trainers. Needs read permission. A file or directory that fits goes as a whole; links are nobody's own
 * weight.
 *
 * @param place The store's root.
 * @param run The run's directory, relative to the root.
 * @param glob Which files, by their path below `artifacts/`, or, beside it, from `checkpoints` on.
 * @returns The files; none lies inside another.
 */
export async function heavyFilesOf(
  place: Pick<Place, "root">,
  run: string,
  glob: string,
): Promise<readonly HeavyFile[]> {
  const fits = pathGlob(glob);
  const found: HeavyFile[] = [];
  const look = async (path: string, below: string, isDirectory: boolean) => {
    if (!fits(below)) {
      if (isDirectory) await visit(path, below);
      return;
    }
    const tree = await measureTree(`${place.root}/${path}`, newMeasurer());
    if (tree) found.push({ path: asStorePath(path), usage: tree.freed, stamp: tree.stamp });
  };
  const visit = async (folder: string, inside: string) => {
    const listed = await listDirectory(`${place.root}/${folder}`);
    if (listed.kind === "failed") return;
    for (const { name, isDirectory, isSymlink } of listed.entries) {
      if (isSymlink) continue;
      await look(`${folder}/${name}`, inside === "" ? name : `${inside}/${name}`, isDirectory);
    }
  };
  const isOwn = (name: string) => isDirectory(`${place.root}/${run}/${name}`);
  if (isOwn("artifacts")) await visit(`${run}/artifacts`, "");
  if (isOwn(CHECKPOINTS)) await look(`${run}/${CHECKPOINTS}`, CHECKPOINTS, true);
  return found;
}

/** What is too short for so many points, or cannot be read whole, stays as it is. */
async function longMetricsOf(
  { root }: Place,
  run: string,
  most: number,
): Promise<Pick<RunExtras, "long">> {
  const { thinningOf } = await import("../../../lib/records/metric_file.ts");
  const found: LongMetric[] = [];
  const visit = async (folder: string, before: string) => {
    const listed = await listDirectory(`${root}/${folder}`);
    if (listed.kind === "failed") return;
    for (const { name, isFile, isDirectory } of listed.entries) {
      const [path, key] = [`${folder}/${name}`, `${before}${name}`];
      if (isDirectory) await visit(path, `${key}/`);
      const stamp = fileStamp(`${root}/${path}`);
      // Between its colons it has the size.
      if (!isFile || Number(stamp.split(":")[1]) <= most * SHORTEST_LINE) continue;
      const fact = readText(`${root}/${path}`, { most: MOST.text });
      const thinning = fact.kind === "text" ? thinningOf(fact.text, most) : null;
      if (thinning !== null) found.push({ key, path: asStorePath(path), ...thinning, stamp });
    }
  };
  if (isDirectory(`${root}/${run}/metrics`)) await visit(`${run}/metrics`, "");
  return found.length === 0 ? {} : { long: found };
}

/** Such as `1 1 0`, with its end. */
const SHORTEST_LINE = 6;

function isDirectory(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}

async function readKeys(
  { root, problems }: Place,
  folder: string,
  subject: Problem["subject"],
  keys: readonly string[],
): Promise<readonly (readonly [key: string, text: string])[]> {
  const read: (readonly [string, string])[] = [];
  for (const key of keys.filter(isKeyName)) {
    const at = `${root}/${folder}/${key}`;
    const fact = readText(at, { most: subject === "metric" ? MOST.text : MOST.record });
    if (fact.kind === "text") read.push([key, fact.text]);
    if (fact.kind !== "failed" || subject !== "trace-value" && await isPrefix(at)) continue;
    problems.push(problemAt(subject, `${folder}/${key}`, fact.damage, fact.message));
  }
  return read;
}

/** A directory holds keys that begin with this one and a slash, unless it holds nothing. */
async function isPrefix(path: string): Promise<boolean> {
  if (kindAt(path) !== "directory") return false;
  const listed = await listDirectory(path);
  return listed.kind === "failed" || listed.entries.length > 0;
}

/** What cannot be used may name any run or logged model. */
async function readRecord(
  place: Place,
  path: string,
  subject: "input" | "assessment",
): Promise<MetaDocument> {
  const { checkRecord } = await (records ??= loadRecords());
  const { document, problems } = checkRecord(readText(`${place.root}/${path}`), subject);
  for (const problem of problems) {
    if (problem.damage === "newer-format" || problem.damage === "unmigrated") continue;
    place.problems.push({ path: asStorePath(path), subject, ...problem });
  }
  return document;
}

/**
 * Lists what is in a directory that need not be there. Needs read permission.
 *
 * @param place The store's root, and where it is kept that a directory cannot be listed.
 * @param folder The directory, relative to the root.
 * @returns Names, in the order of the file system.
 */
export async function namesIn(place: Place, folder: string): Promise<readonly string[]> {
  const listed = await listDirectory(`${place.root}/${folder}`);
  if (listed.kind === "listed") return listed.entries.map(({ name }) => name);
  if (!listed.missing) place.problems.push(problemAt("directory", folder, "io", listed.message));
  return [];
}
