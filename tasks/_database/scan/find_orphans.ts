/**
 * Artifact trees below a database's artifact root that none of its rows names: what `mlflow gc` leaves, and what
 * somebody has deleted the rows of.
 *
 * Only what MLflow lays out is looked at: `EXPERIMENT/RUN`, `EXPERIMENT/models/MODEL`, `EXPERIMENT/traces/TRACE` and
 * whole experiments. Directories are listed before rows are asked for, since MLflow writes the row of everything
 * before its first artifact.
 *
 * @module
 */

import { artifactPlaceOf, experimentDirectoryOf } from "../../../lib/snapshot/artifact_root.ts";
import { addressOf } from "../../../lib/snapshot/assemble_rows.ts";
import { isLitter, isLoggedModelId, isRunId, isTraceId } from "../../../lib/store/names.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import type { Orphan, StoreSnapshot } from "../../../lib/store/snapshot.ts";
import {
  measureWeight,
  newMeasurer,
  type TreeMeasure,
  weighTree,
} from "../../_file/scan/measure.ts";
import type { ListDirectory } from "../../_io/list_directory.ts";

/** How rows are asked what they name. */
export interface NamingRows {
  /** Tells which of these are ids of runs, logged models or traces, as the store's own rows are now. */
  known(ids: readonly string[]): ReadonlySet<string> | Promise<ReadonlySet<string>>;
  /** Reads all that this database and those beside it name. */
  all(): Promise<AllNamed>;
}

/** Where orphans are looked for. */
export interface OrphanPlace {
  /** The artifact root; `null` where there is none. */
  readonly root: string | null;
  /** Measures a tree; `null` where not all of it can be. */
  readonly weigh: (place: string) => Promise<Weighed | null>;
}

/** What a tree takes, and how it is. */
export type Weighed = Pick<TreeMeasure, "freed" | "stamp" | "newestChange">;

async function weighOnDisk(place: string): Promise<Weighed | null> {
  const weight = await weighTree(place);
  return weight === null ? null : measureWeight(weight, newMeasurer());
}

/** What rows name. */
export interface AllNamed {
  /** Ids of runs, logged models and traces. */
  readonly ids: ReadonlySet<string>;
  /** Where anything lies, as rows say it. */
  readonly locations: readonly string[];
  /** Of a database that may name any of it, and cannot be read; `null` where there is none. */
  readonly problem: string | null;
}

/**
 * Finds orphans. Needs read permission for the artifact root.
 *
 * Where the directory of no experiment lies at the place that its row names, the root is not beyond doubt and nothing
 * is found. What was written before this database was made, or after all that it knows of began, was rather of rows
 * that were lost, as with an older copy of the database: such an orphan tells of that.
 *
 * @param snapshot The store.
 * @param rows What its rows name; all of it is read only where something looks like an orphan.
 * @param list How to list directories.
 * @param place Where they are looked for, and how they are measured. @default {the artifact root on this machine}
 * @returns The orphans, in any order.
 */
export async function findOrphans(
  snapshot: StoreSnapshot,
  rows: NamingRows,
  list: ListDirectory,
  { root, weigh }: OrphanPlace = {
    root: snapshot.backend?.artifactRoot ?? null,
    weigh: weighOnDisk,
  },
): Promise<readonly Orphan[]> {
  if (root === null) return [];
  const { isProven, trees } = await listTrees(root, snapshot, list);
  if (!isProven || trees.length === 0) return [];
  const known = await rows.known(trees.flatMap(({ inner }) => inner.map(({ id }) => id)));
  const nameless = trees.filter(({ inner }) => !inner.some(({ id }) => known.has(id)));
  if (nameless.length === 0) return [];
  const { ids, locations, problem } = await rows.all();
  const places = locations.flatMap((location) => artifactPlaceOf(location) ?? []);
  const isLost = lossFinder(snapshot);
  const orphans: Orphan[] = [];
  for (const tree of nameless) {
    const isNamed = tree.inner.some(({ id }) => ids.has(id)) ||
      places.some((place) => `${place}/`.startsWith(`${root}/${tree.path}/`));
    const orphan = isNamed ? null : await orphanOf({ root, weigh }, tree, problem, list);
    if (orphan !== null) orphans.push(isLost(orphan) ? { ...orphan, ...lossOf(tree) } : orphan);
  }
  return orphans;
}

/** What cannot be measured may be of any time; what holds no file is no loss. */
function lossFinder({ experiments }: StoreSnapshot): (orphan: Orphan) => boolean {
  let [first, last] = [Infinity, 0];
  for (const { creationTime, runs } of experiments) {
    first = Math.min(first, creationTime ?? 0);
    last = Math.max(last, creationTime ?? 0);
    for (const { startTime } of runs) last = Math.max(last, startTime);
  }
  return ({ usage, newestChange }) =>
    usage?.files !== 0 && newestChange !== null && (newestChange < first || newestChange > last);
}

/** What MLflow gives a directory of its own in that of an experiment. */
type InnerKind = "run" | "logged-model" | "trace";

interface Inner {
  readonly kind: InnerKind;
  readonly id: string;
  /** Below the artifact root. */
  readonly path: StorePath;
}

/** A directory that may be an orphan. */
interface Tree {
  readonly path: StorePath;
  readonly name: string;
  /** What lies in it, or what it is itself. */
  readonly inner: readonly Inner[];
  /** What else lies in it; `null` of one that is a run, a logged model or a trace itself. */
  readonly foreign: readonly string[] | null;
}

async function listTrees(
  root: string,
  { experiments }: StoreSnapshot,
  list: ListDirectory,
): Promise<{ readonly isProven: boolean; readonly trees: readonly Tree[] }> {
  const names = (await directoriesIn(root, list)).filter((name) => /^\d+$/.test(name));
  if (names.length === 0) return { isProven: false, trees: [] };
  const known = new Map(experiments.map((one) => [`${one.id}`, one]));
  const ids = new Set<string>(
    experiments.flatMap(({ runs, damagedRuns, loggedModels }) =>
      [...runs, ...damagedRuns, ...loggedModels].map(({ id }) => id)
    ),
  );
  const trees: Tree[] = [];
  let isProven = false;
  for (const name of names) {
    const experiment = known.get(name);
    if (experiment !== undefined && experimentDirectoryOf(root, experiment) === null) continue;
    const found = await listExperiment(root, name, list);
    if (found === null) continue;
    const { inner, foreign } = found;
    if (experiment === undefined) {
      // A directory called by a number may be anybody's: MLflow's is empty, or holds what MLflow lays out.
      if (inner.length > 0 || foreign.length === 0) {
        trees.push({ path: addressOf(name), name, inner, foreign });
      }
      continue;
    }
    isProven = true;
    // What lies in a deleted experiment goes with it.
    if (experiment.lifecycleStage === "deleted") continue;
    for (const one of inner) {
      if (!ids.has(one.id)) {
        trees.push({ path: one.path, name: one.id, inner: [one], foreign: null });
      }
    }
  }
  return { isProven, trees };
}

/** `null`: it is one of a store of files, or cannot be listed. */
async function listExperiment(
  root: string,
  experiment: string,
  list: ListDirectory,
): Promise<{ readonly inner: readonly Inner[]; readonly foreign: readonly string[] } | null> {
  const directory = `${root}/${experiment}`;
  const listed = await list(directory);
  if (listed.kind === "failed") return null;
  const inner: Inner[] = [];
  const foreign: string[] = [];
  for (const { name, isDirectory } of listed.entries) {
    if (name === META) return null;
    const kind = isDirectory ? FOLDERS.get(name) : undefined;
    if (isDirectory && isRunId(name)) {
      inner.push({ kind: "run", id: name, path: addressOf(experiment, name) });
    } else if (kind !== undefined) {
      for (const id of await directoriesIn(`${directory}/${name}`, list)) {
        if (IDS[kind](id)) inner.push({ kind, id, path: addressOf(experiment, name, id) });
        else foreign.push(`${name}/${id}`);
      }
    } else if (!isLitter(name)) foreign.push(name);
  }
  return { inner, foreign };
}

/** What a store of files has in the directory of everything. */
const META = "meta.yaml";

const FOLDERS: ReadonlyMap<string, Exclude<InnerKind, "run">> = new Map([
  ["models", "logged-model"],
  ["traces", "trace"],
]);

const IDS: Readonly<Record<InnerKind, (id: string) => boolean>> = {
  "run": isRunId,
  "logged-model": isLoggedModelId,
  "trace": isTraceId,
};

/** What of a run, logged model or trace MLflow does not write while its row is in a database. */
async function foreignIn(
  root: string,
  { path }: Inner,
  list: ListDirectory,
): Promise<readonly string[]> {
  const listed = await list(`${root}/${path}`);
  if (listed.kind === "failed") return [];
  return listed.entries
    .filter(({ name, isDirectory }) => !(isDirectory && name === "artifacts") && !isLitter(name))
    .map(({ name }) => `${path.slice(path.indexOf("/") + 1)}/${name}`);
}

async function directoriesIn(path: string, list: ListDirectory): Promise<readonly string[]> {
  const listed = await list(path);
  if (listed.kind === "failed") return [];
  return listed.entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
}

/** `null`: MLflow does not lay it out like that for a database. */
async function orphanOf(
  { root, weigh }: OrphanPlace & { readonly root: string },
  tree: Tree,
  problem: string | null,
  list: ListDirectory,
): Promise<Orphan | null> {
  const { path, name, inner } = tree;
  const within: string[] = [];
  for (const one of inner) within.push(...await foreignIn(root, one, list));
  if (tree.foreign === null && within.length > 0) return null;
  if (within.some((entry) => entry.endsWith(`/${META}`))) return null;
  const measure = await weigh(`${root}/${path}`);
  return {
    id: name,
    path,
    lifecycleStage: "active",
    damage: problem === null ? "missing" : "io",
    message: problem ?? "no row of the database names it",
    runs: [],
    damagedRuns: [],
    loggedModels: [],
    foreign: [...tree.foreign ?? [], ...within],
    lostRuns: 0,
    modelDirectories: 0,
    traces: 0,
    newestChange: measure?.newestChange ?? null,
    link: false,
    stamp: measure?.stamp ?? "",
    usage: measure?.freed ?? null,
  };
}

function lossOf({ inner }: Tree): Pick<Orphan, "lostRuns" | "modelDirectories" | "traces"> {
  const count = (wanted: InnerKind) => inner.filter(({ kind }) => kind === wanted).length;
  return {
    lostRuns: count("run"),
    modelDirectories: count("logged-model"),
    traces: count("trace"),
  };
}
