/**
 * A run's directory → what is wrong with its files.
 *
 * @module
 */

import { checkValue, findLookalikes } from "../../../lib/records/check_key_file.ts";
import { checkLife, checkRunMeta } from "../../../lib/records/check_meta.ts";
import { checkMetricFile, type MetricOwner } from "../../../lib/records/check_metric_file.ts";
import { checkRecord } from "../../../lib/records/check_record.ts";
import {
  formerPlaces,
  parseLocalPlace,
  relativePathOf,
} from "../../../lib/records/relocate_uri.ts";
import { cutsOf } from "../../../lib/records/trim_metric.ts";
import type { TextFact } from "../../../lib/store/facts.ts";
import { LINE_DAMAGES } from "../../../lib/store/problem.ts";
import { type RecordProblem, recordProblem } from "../../../lib/store/record_problem.ts";
import { isUnfinished } from "../../../lib/store/run_status.ts";
import type { DamagedRun, Run } from "../../../lib/store/snapshot.ts";
import { type MetaDocument, textOf } from "../../../lib/yaml/node.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { readText } from "../../_io/read.ts";
import {
  type DatasetUse,
  exists,
  folderAt,
  type Inspection,
  refer,
  report,
  reportKey,
  walkKeys,
} from "./inspection.ts";
import { measureTree, newMeasurer } from "./measure.ts";
import { isRunDirectory } from "./scan_remains.ts";

/** Folders without which MLflow 3.8 and newer take a directory for no run. */
const NEEDED = ["metrics", "params", "artifacts"];

/**
 * Inspects a run, see {@linkcode Inspector}. Needs read permission for it.
 *
 * @param inspection Where findings are kept.
 * @param run The run, readable or not.
 * @param active Whether its experiment is: a deleted one's URIs name where it was before.
 * @param meta Its `meta.yaml`.
 * @returns The datasets that it names.
 */
export async function inspectRun(
  inspection: Inspection,
  run: Run | DamagedRun,
  active: boolean,
  meta: TextFact,
): Promise<readonly DatasetUse[]> {
  const { root } = inspection;
  const { path } = run;
  if ("damage" in run && run.damage === "missing" && !await isRunDirectory(`${root}/${path}`)) {
    return [];
  }
  const listed = await inspection.list(`${root}/${path}`);
  if (listed.kind === "failed") {
    if (!listed.missing) {
      report(inspection, "directory", path, [recordProblem("io", listed.message)]);
    }
    return [];
  }
  const names = new Map(listed.entries.map((entry) => [entry.name, entry]));
  const isFolder = (name: string) => {
    const entry = names.get(name);
    if (entry === undefined) return false;
    return entry.isDirectory ||
      entry.isSymlink && folderAt(root, `${path}/${name}`) === "directory";
  };
  const lost = NEEDED.filter((name) => !isFolder(name));
  if (lost.length > 0) {
    const words = lost.map((name) => `${name}/`).join(" and ");
    const verb = lost.length === 1 ? "is" : "are";
    report(inspection, "run", path, [recordProblem("missing-folder", `${words} ${verb} missing`)]);
  }
  if (isFolder("metrics")) await inspectMetrics(inspection, `${path}/metrics`);
  const mayGoOn = "status" in run && isUnfinished(run.status);
  if (isFolder("params")) await inspectParams(inspection, `${path}/params`, mayGoOn);
  // A file in its place was met by the scan.
  if (isFolder("tags")) await inspectTags(inspection, run);
  const uses = names.has("inputs") ? await inspectInputs(inspection, `${path}/inputs`) : [];
  if (names.has("outputs")) await inspectOutputs(inspection, `${path}/outputs`);
  if ("status" in run) {
    if (meta.kind === "text") report(inspection, "run", path, checkRunMeta(meta.text));
    await inspectRecord(inspection, run, active && isFolder("artifacts"));
  }
  return uses;
}

async function inspectMetrics(inspection: Inspection, folder: string): Promise<void> {
  await walkKeys(inspection, folder, (key, path, fact) => {
    reportKey(inspection, "metric", path, key);
    const problems = fact.kind === "text"
      ? inspectMetric(fact.text, "run")
      : checkValue(fact, "param");
    report(inspection, "metric", path, problems);
  });
}

/**
 * Inspects a metric, and tells whether anything proves how to mend it.
 *
 * @param text The text of its file.
 * @param owner Whose metric it is.
 * @returns What is wrong with it.
 */
export function inspectMetric(text: string, owner: MetricOwner): readonly RecordProblem[] {
  const problems = checkMetricFile(text, owner);
  const isCut = problems.some(({ damage }) => LINE_DAMAGES.includes(damage));
  if (!isCut || cutsOf(text, owner, { dropLines: false }) !== null) return problems;
  return problems.map((problem) => ({ ...problem, mendable: false }));
}

async function inspectParams(
  inspection: Inspection,
  folder: string,
  mayGoOn: boolean,
): Promise<void> {
  const keys: string[] = [];
  await walkKeys(inspection, folder, (key, path, fact) => {
    keys.push(key);
    reportKey(inspection, "param", path, key);
    report(inspection, "param", path, checkValue(fact, "param"));
    if (mayGoOn && fact.kind === "text" && fact.text === "") {
      report(inspection, "param", path, [recordProblem("no-value", "the param has no value")]);
    }
  });
  reportLookalikes(inspection, folder, keys);
}

/** Values that cannot be read were met by the scan. */
async function inspectTags(inspection: Inspection, run: Run | DamagedRun): Promise<void> {
  const folder = `${run.path}/tags`;
  const keys: string[] = [];
  const visit = (key: string, value: string) => {
    keys.push(key);
    const path = `${folder}/${key}`;
    reportKey(inspection, "tags", path, key);
    report(inspection, "tags", path, checkValue({ kind: "text", text: value }, "tag"));
  };
  if ("tags" in run) {
    for (const [key, value] of run.tags) visit(key, value);
  } else {
    await walkKeys(inspection, folder, (key, _, fact) => {
      if (fact.kind === "text") visit(key, fact.text);
    });
  }
  reportLookalikes(inspection, folder, keys);
}

function reportLookalikes(
  inspection: Inspection,
  folder: string,
  keys: readonly string[],
): void {
  for (const [key, other] of findLookalikes(keys)) {
    const message = `it differs from ${JSON.stringify(other)} in case or composition alone`;
    report(inspection, "param", `${folder}/${key}`, [recordProblem("lookalike", message)]);
  }
}

async function inspectInputs(
  inspection: Inspection,
  folder: string,
): Promise<readonly DatasetUse[]> {
  const experiment = folder.split("/").slice(0, -2).join("/");
  const uses: DatasetUse[] = [];
  await inspectLinks(inspection, folder, "input", (document, path) => {
    const id = textOf(document.get("source_id"));
    const kind = textOf(document.get("source_type"));
    // MLflow looks for whatever stands there, and be it nothing.
    const isNamed = kind === "DATASET" && document.get("source_id") !== undefined;
    if (isNamed) uses.push({ experiment, path, dataset: id ?? "None" });
    if (kind === "MODEL") refer(inspection, path, "logged-model", id);
  });
  return uses;
}

async function inspectOutputs(inspection: Inspection, folder: string): Promise<void> {
  await inspectLinks(inspection, folder, "output", (document, path) => {
    refer(inspection, path, "logged-model", textOf(document.get("destination_id")));
  });
}

/** Inputs and outputs: each entry of the folder is a directory with a `meta.yaml` to MLflow. */
async function inspectLinks(
  inspection: Inspection,
  folder: string,
  kind: "input" | "output",
  visit: (document: MetaDocument, path: string) => void,
): Promise<void> {
  const listed = await inspection.list(`${inspection.root}/${folder}`);
  if (listed.kind === "failed") {
    report(inspection, kind, folder, [recordProblem("io", listed.message)]);
    return;
  }
  for (const { name, isFile } of listed.entries) {
    const path = `${folder}/${name}`;
    if (isFile) {
      report(inspection, kind, path, [recordProblem("io", "it is a file, not a directory", null)]);
      continue;
    }
    const { document, problems } = checkRecord(
      readText(`${inspection.root}/${path}/meta.yaml`),
      kind,
    );
    report(inspection, kind, path, problems);
    visit(document, path);
  }
}

async function inspectRecord(
  inspection: Inspection,
  run: Run,
  findsArtifacts: boolean,
): Promise<void> {
  const { root, now } = inspection;
  if (isUnfinished(run.status)) {
    const tree = await measureTree(`${root}/${run.path}`, newMeasurer(), inspection.list);
    if (tree !== null) {
      report(inspection, "run", run.path, checkLife(run, tree.newestChange, now));
    }
  }
  const place = `${run.path}/artifacts`;
  if (!findsArtifacts) return;
  const uri = run.artifactUri;
  const damage = hasMoved(inspection, uri, place)
    ? "moved"
    : isRelative(inspection, uri, place)
    ? "relative"
    : null;
  if (damage === null || await isEmpty(root, place)) return;
  const message = `MLflow looks for its artifacts at ${uri}, ${WHERE[damage]}`;
  report(inspection, "run", run.path, [recordProblem(damage, message)]);
}

/** What is to be said of a place. */
export const WHERE = {
  moved: "where nothing is",
  relative: "below the directory in which it is started",
} as const;

/**
 * Tells whether a URI names something of this store by a path that MLflow follows from where it is started.
 *
 * @param inspection The inspection.
 * @param uri The URI.
 * @param place Where the thing is, below the root.
 * @returns Whether it does.
 */
export function isRelative({ root }: Inspection, uri: string, place: string): boolean {
  return relativePathOf(uri) !== null &&
    formerPlaces(uri, { root, own: place, from: null }).length > 0;
}

/**
 * Tells whether a URI names where something of this store was before the store was moved.
 *
 * @param inspection The inspection.
 * @param uri The URI.
 * @param place Where the thing is now, below the root.
 * @returns Whether it does, and nothing is there any more.
 */
export function hasMoved({ root }: Inspection, uri: string, place: string): boolean {
  // Nearly all of them, without taking the URI apart.
  if (uri === `file://${root}/${place}`) return false;
  const local = parseLocalPlace(uri);
  return local !== null && formerPlaces(uri, { root, own: place, from: null }).length > 0 &&
    !exists(local.path);
}

async function isEmpty(root: string, path: string): Promise<boolean> {
  const listed = await listDirectory(`${root}/${path}`);
  return listed.kind === "failed" || listed.entries.length === 0;
}
