/**
 * What training promises wherever it is stopped: everything that it wrote is whole, everything that it
 * was told is logged is there, and nothing else has changed. A run may be left RUNNING.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { readExperimentMeta, readRunMeta } from "../../lib/records/meta_record.ts";
import { parseMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import type { Tree, TreeEntry } from "../_support/tree.ts";
import { type Case, errorsIn, look, type Moment } from "./case.ts";
import { scriptWords } from "./program.ts";
import type { Expected } from "./promise.ts";
import type { Setup, Tools } from "./scenarios.ts";
import type { TrainedRun } from "./train.ts";

/** The experiment that the training sets up. */
export const EXPERIMENT = "fault training";

/** What the training writes as an artifact. */
export const ARTIFACT = "a whole line\n".repeat(40);

/**
 * Brings a case to where a training finds it: without its experiment, or with one that has runs already.
 *
 * @param one The case.
 * @param tools Which seed.
 * @returns The case, ready.
 */
export async function prepareTraining(one: Case, { seed }: Tools): Promise<Setup> {
  const words = scriptWords(fromFileUrl(new URL("train.ts", import.meta.url)), one.root);
  if (seed % 2 === 1) {
    const [command = "", ...args] = words;
    const { success, stderr } = await new Deno.Command(command, { args }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }
  const before = await look(one);
  return {
    program: { words, directory: one.directory },
    before,
    promises: (actual, printed) => trained(before, actual, printed),
    original: null,
    errors: await errorsIn(one),
    isUndoable: false,
    checkBackups: () => Promise.resolve([]),
  };
}

/** How a case should stand, given what is there: what is new and whole, and what was told. */
function trained(before: Moment, actual: Moment, printed: string | null): Expected {
  const tree = new Map(before.tree);
  const timeless = new Set(["mlruns"]);
  for (const [path, entry] of actual.tree) {
    if (before.tree.has(path) || !isWhole(path, entry, actual.tree)) continue;
    tree.set(path, entry);
    timeless.add(path.slice(0, path.lastIndexOf("/")));
  }
  const runs: readonly TrainedRun[] = printed === null ? [] : JSON.parse(printed);
  for (const run of runs) {
    for (const path of missing(run, actual.tree)) {
      tree.set(path, { kind: "file", content: "what was told is logged", mode: 0, mtimeMs: 0 });
    }
  }
  return { tree, timeless };
}

const DIRECTORIES: readonly RegExp[] = [
  /^\.trash$/,
  /^\d{18}\/(?:tags|datasets)$/,
  /^\d{18}\/[0-9a-f]{32}\/(?:params|tags|artifacts|artifacts\/reports|metrics|metrics\/val|inputs)$/,
];

const FILES: readonly (readonly [RegExp, (text: string, path: readonly string[]) => boolean])[] = [
  [/^\d{18}\/meta\.yaml$/, (text, [id]) => {
    const read = readExperimentMeta(text);
    return read.ok && read.meta.experimentId === id && read.meta.name === EXPERIMENT;
  }],
  [/^\d{18}\/tags\/team$/, (text) => text === "growth"],
  [/^\d{18}\/(?:datasets|[0-9a-f]{32}\/inputs)\/[0-9a-f]{32}\/meta\.yaml$/, (text) => {
    return parseMetaYaml(text).size >= 5;
  }],
  [/^\d{18}\/[0-9a-f]{32}\/meta\.yaml$/, (text, [experiment, id]) => {
    const read = readRunMeta(text);
    return read.ok && read.meta.experimentId === experiment && read.meta.runId === id &&
      (read.meta.status === "RUNNING") === (read.meta.endTime === null);
  }],
  [/\/metrics\/(?:val\/loss|f1)$/, (text) => /^(?:\d+ \d\.\d+ \d\n)+$/.test(text)],
  // The second value counts only where the first could not be written.
  [/\/params\/lr$/, (text) => ["0.1", "0.2"].includes(text)],
  [/\/tags\/stage$/, (text) => ["begun", "done"].includes(text)],
  [/\/tags\/mltidy\.param_conflict\.lr$/, (text) => text === "0.2"],
  [
    /\/tags\/mltidy\.error$/,
    (text) => /^(StoreAccess|DiskFull)Error: Cannot start a run/.test(text),
  ],
  [/\/tags\/mlflow\.parentRunId$/, (text) => /^[0-9a-f]{32}$/.test(text)],
  [/\/tags\/mlflow\.(?:runName|user|source\.name|source\.type)$/, (text) => text !== ""],
  [/\/artifacts\/reports\/a\.txt$/, (text) => text === ARTIFACT],
];

/** Whether something new is what a training writes, with all that MLflow needs in it. */
function isWhole(path: string, entry: TreeEntry, tree: Tree): boolean {
  const inside = path.replace(/^mlruns\//, "");
  if (entry.kind === "link" || inside === path) return false;
  if (entry.kind === "file") {
    return FILES.some(([where, holds]) =>
      where.test(inside) && holds(entry.content, inside.split("/"))
    );
  }
  const has = (...names: readonly string[]) => names.every((name) => tree.has(`${path}/${name}`));
  if (/^\d{18}$/.test(inside)) return has("meta.yaml");
  if (/^\d{18}\/[0-9a-f]{32}$/.test(inside)) {
    return has("meta.yaml", "metrics", "params", "artifacts", "tags/mlflow.runName");
  }
  if (/\/(?:datasets|inputs)\/[0-9a-f]{32}$/.test(inside)) return has("meta.yaml");
  return DIRECTORIES.some((where) => where.test(inside));
}

/** Where something is missing that the run was told is logged. */
function missing({ id, logged, ended }: TrainedRun, tree: Tree): readonly string[] {
  const directory = [...tree.keys()].find((path) => path.endsWith(`/${id}`)) ?? `mlruns/lost/${id}`;
  const text = (path: string) => {
    const entry = tree.get(`${directory}/${path}`);
    return entry?.kind === "file" ? entry.content : "";
  };
  const count = (key: string) => logged.filter((each) => each === key).length;
  const holds: Readonly<Record<string, boolean>> = {
    "params/lr": count("lr") === 0 || text("params/lr") !== "",
    "metrics/val/loss": text("metrics/val/loss").split("\n").length - 1 >= count("val/loss"),
    "metrics/f1": count("f1") === 0 || text("metrics/f1") !== "",
    "tags/stage": count("stage") < 2 || text("tags/stage") === "done",
    "artifacts/reports/a.txt": count("reports/a.txt") === 0 ||
      text("artifacts/reports/a.txt") === ARTIFACT,
    "inputs": count("iris") === 0 || tree.has(`${directory}/inputs`),
    "meta.yaml": !ended || /^status: 3$/m.test(text("meta.yaml")),
  };
  return Object.entries(holds).filter(([, hold]) => !hold)
    .map(([path]) => `${directory}/${path} (told)`);
}
