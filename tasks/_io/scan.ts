/**
 * Disk → snapshot: walks a file store as MLflow does and hands what it finds to the pure core.
 *
 * Reading follows symbolic links to directories, as MLflow does, but a link that leads back into the
 * store is never counted a second time. What cannot be read becomes a fact; nothing here throws for it.
 * All calls are synchronous: on a warm cache that is twice as fast as asynchronous ones.
 *
 * @module
 */

import { join, relative } from "@std/path";
import {
  type AssembledExperiment,
  type AssembledRun,
  assembleExperiment,
  assembleRegisteredModel,
  assembleRun,
  assembleSnapshot,
} from "../../lib/assemble_snapshot.ts";
import type { Extras } from "../../lib/extras.ts";
import type {
  ExperimentFacts,
  FailureFact,
  LoggedModelFacts,
  MeasureFacts,
  RegisteredModelFacts,
} from "../../lib/facts.ts";
import {
  asStorePath,
  type Depth,
  type Problem,
  type RegisteredModel,
  type StoreSnapshot,
  type Stray,
} from "../../lib/model.ts";
import {
  isBackupName,
  isExperimentDirectoryName,
  isGeneratedExperimentId,
  isTrashName,
  RESERVED_IN_EXPERIMENT,
} from "../../lib/names.ts";
import { type Measurer, measureTree, metaStamp, newMeasurer } from "./measure.ts";
import { listDirectory, problemAt, readText } from "./read.ts";
import { judgeRemains } from "./scan_remains.ts";
import {
  scanRunExtras,
  scanTraceUses,
  seekExtras,
  type SoughtExtras,
  tagFilter,
} from "./scan_extras.ts";

/** The directory inside a store that is ours; MLflow skips every name that ends in `.trash`. */
export const OWN_DIRECTORY = ".mltidy.trash";

/** How to scan. */
export interface ScanOptions<D extends Depth> {
  /** How deep to read. */
  readonly depth: D;
  /** Whether to measure everything. */
  readonly sizes: boolean;
  /** What to read besides. */
  readonly extras?: Extras;
  /** Epoch ms, kept in the snapshot. */
  readonly now: number;
  /** Called as runs are read, with their number so far. */
  readonly onProgress?: (runs: number) => void;
  /** Looked at between experiments. */
  readonly signal?: AbortSignal;
}

/** The state of one scan: where it is, and what was seen already. */
interface Scan {
  readonly root: string;
  readonly depth: Depth;
  readonly sizes: boolean;
  readonly extras: SoughtExtras | undefined;
  readonly measurer: Measurer;
  /** Runs are measured apart: each is measured once more in its experiment. */
  readonly runMeasurer: Measurer;
  readonly strays: Stray[];
  readonly problems: Problem[];
  countRun(): void;
}

/**
 * Reads a file store. Needs read permission for the store.
 *
 * @param root Absolute real path of the store's root.
 * @param options How to scan.
 * @returns The snapshot.
 * @throws {DOMException} `AbortError` when the signal is aborted between two experiments.
 */
export function scanStore<D extends Depth>(
  root: string,
  options: ScanOptions<D>,
): StoreSnapshot<D> {
  const { depth, sizes, extras, now, onProgress, signal } = options;
  let runs = 0;
  const scan: Scan = {
    root,
    depth,
    sizes,
    extras: extras && seekExtras(root, extras),
    measurer: newMeasurer(),
    runMeasurer: newMeasurer(),
    strays: [],
    problems: [],
    countRun: () => onProgress?.(++runs),
  };
  const assembled: AssembledExperiment[] = [];
  let registeredModels: readonly RegisteredModel[] = [];
  let hasTrash = false;
  let backups: StoreSnapshot["backups"] = { count: 0, usage: null };
  for (const entry of entriesOf(scan, "")) {
    signal?.throwIfAborted();
    if (entry.name === OWN_DIRECTORY) {
      backups = scanBackups(scan);
    } else if (entry.name === ".trash" && entry.isDirectory) {
      hasTrash = true;
      for (const inner of entriesOf(scan, ".trash")) {
        signal?.throwIfAborted();
        assembled.push(...scanTopLevel(scan, inner, entry.link));
      }
    } else if (entry.name === "models" && entry.isDirectory) {
      registeredModels = scanRegistry(scan);
    } else if (isTrashName(entry.name) && entry.isDirectory) {
      scan.strays.push(stray(scan, entry.path, "ignored-directory"));
    } else {
      assembled.push(...scanTopLevel(scan, entry, false));
    }
  }
  return assembleSnapshot({
    root,
    depth,
    sizes,
    ...(extras === undefined ? {} : { extras }),
    readAt: now,
    experiments: assembled.flatMap((one) => one.kind === "experiment" ? [one.experiment] : []),
    orphans: assembled.flatMap((one) => one.kind === "orphan" ? [one.orphan] : []),
    strays: scan.strays,
    registeredModels,
    problems: [...scan.problems, ...assembled.flatMap((one) => one.problems)],
    hasTrash,
    backups,
  });
}

interface Entry {
  readonly name: string;
  readonly path: string;
  /** A directory, or a link to one. */
  readonly isDirectory: boolean;
  readonly link: boolean;
}

/** Lists a directory, resolves links, and drops those that lead to nothing or back into the store. */
function entriesOf(scan: Scan, directory: string): readonly Entry[] {
  const listed = listDirectory(join(scan.root, directory));
  if (listed.kind === "failed") {
    if (directory !== "") {
      scan.problems.push(problemAt("directory", directory, "io", listed.message));
    }
    return [];
  }
  const entries: Entry[] = [];
  for (const entry of listed.entries) {
    const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
    if (!entry.isSymlink) {
      entries.push({ name: entry.name, path, isDirectory: entry.isDirectory, link: false });
      continue;
    }
    const target = linkTarget(scan.root, path);
    if (target === "directory") {
      entries.push({ name: entry.name, path, isDirectory: true, link: true });
    } else if (target === "file") {
      entries.push({ name: entry.name, path, isDirectory: false, link: true });
    } else {
      scan.strays.push(stray(scan, path, target));
    }
  }
  return entries;
}

function linkTarget(
  root: string,
  path: string,
): "directory" | "file" | "broken-link" | "duplicate-link" {
  try {
    const at = join(root, path);
    if (!Deno.statSync(at).isDirectory) return "file";
    const toTarget = relative(root, Deno.realPathSync(at));
    const outside = toTarget === ".." || toTarget.startsWith("../");
    return outside ? "directory" : "duplicate-link";
  } catch {
    return "broken-link";
  }
}

function scanTopLevel(scan: Scan, entry: Entry, throughLink: boolean): AssembledExperiment[] {
  if (!entry.isDirectory) {
    scan.strays.push(stray(scan, entry.path, "file"));
    return [];
  }
  if (isBackupName(entry.name) && !hasMeta(scan, entry.path)) {
    scan.strays.push(stray(scan, entry.path, "backup-directory"));
    return [];
  }
  if (!isExperimentDirectoryName(entry.name)) {
    scan.strays.push(stray(scan, entry.path, "unlistable-directory"));
    return [];
  }
  return [scanExperiment(scan, entry, entry.link || throughLink)];
}

function hasMeta(scan: Scan, path: string): boolean {
  return readText(join(scan.root, path, "meta.yaml")).kind !== "missing";
}

function scanExperiment(scan: Scan, { name, path }: Entry, link: boolean): AssembledExperiment {
  const inTrash = path.startsWith(".trash/");
  const runs: AssembledRun[] = [];
  const foreign: string[] = [];
  const alive: string[] = [];
  let loggedModels: readonly LoggedModelFacts[] = [];
  let traces = 0;
  let datasets = 0;
  let uses: Pick<ExperimentFacts, "traceUses"> = {};
  for (const entry of entriesOf(scan, path)) {
    if (entry.name === "meta.yaml") continue; // read below, whatever it is
    if (!entry.isDirectory) foreign.push(entry.name);
    else if (entry.name === "models") {
      loggedModels = scanLoggedModels(scan, entry.path);
    } else if (entry.name === "traces") {
      traces = directoriesIn(scan, entry.path).length;
      if (scan.extras?.uses) uses = { traceUses: scanTraceUses(scan, entry.path) };
    } else if (entry.name === "datasets") {
      datasets = directoriesIn(scan, entry.path).length;
    } else if (!RESERVED_IN_EXPERIMENT.has(entry.name)) {
      const run = scanRun(scan, entry, name, link);
      if (run.kind === "damaged" && run.run.damage === "missing" && scan.depth !== "meta") {
        const remains = judgeRemains(join(scan.root, entry.path), entry.name);
        if (remains === "foreign") foreign.push(entry.name);
        if (remains === "artifacts-of-a-database") alive.push(entry.name);
      }
      runs.push(run);
    }
  }
  const facts = {
    directory: name,
    path,
    inTrash,
    link,
    meta: readText(join(scan.root, path, "meta.yaml")),
    loggedModels,
    traces,
    datasets,
    ...uses,
    foreign: scan.depth === "meta"
      ? []
      : isGeneratedExperimentId(name)
      ? alive
      : [...foreign, ...alive],
  };
  const unmeasured: ExperimentFacts = { ...facts, stamp: "", usage: null, newestChange: null };
  const assembled = assembleExperiment(unmeasured, runs);
  const removable = assembled.kind === "orphan" || inTrash;
  if (!scan.sizes && (scan.depth === "meta" || !removable)) {
    if (scan.depth === "meta") return assembled;
    return assembleExperiment({ ...unmeasured, stamp: metaStamp(join(scan.root, path)) }, runs);
  }
  const tree = link ? null : measureTree(join(scan.root, path), scan.measurer);
  const stamp = removable ? tree?.stamp ?? "" : metaStamp(join(scan.root, path));
  return assembleExperiment({
    ...unmeasured,
    stamp: scan.depth === "meta" ? "" : stamp,
    usage: (scan.sizes ? tree?.usage : tree?.freed) ?? null,
    newestChange: tree?.newestChange ?? null,
  }, runs);
}

function scanRun(scan: Scan, entry: Entry, experiment: string, throughLink: boolean): AssembledRun {
  const at = join(scan.root, entry.path);
  const link = entry.link || throughLink;
  const tags = new Map<string, string>();
  const tagFailures: FailureFact[] = [];
  const meta = readText(join(at, "meta.yaml"));
  const wants = tagFilter(scan.extras, meta);
  if (scan.depth === "tags") readKeys(scan, `${entry.path}/tags`, "", tags, tagFailures, wants);
  const measure = (deleted: boolean): MeasureFacts => {
    const wanted = scan.depth === "tags" && deleted;
    const tree = !link && (wanted || scan.sizes) ? measureTree(at, scan.runMeasurer) : null;
    const stamp = scan.depth === "meta" ? "" : deleted ? tree?.stamp ?? "" : metaStamp(at);
    return { stamp, usage: (scan.sizes ? tree?.usage : tree?.freed) ?? null };
  };
  scan.countRun();
  const extras = scan.extras && { extras: scanRunExtras(scan, entry.path, scan.extras) };
  const facts = {
    directory: entry.name,
    path: entry.path,
    link,
    meta,
    tags,
    tagFailures,
    ...extras,
  };
  return assembleRun(facts, experiment, measure);
}

/** Reads a folder of one file per key; a `/` in a key is a directory. */
function readKeys(
  scan: Scan,
  folder: string,
  prefix: string,
  values: Map<string, string>,
  failures: FailureFact[],
  wants: (key: string) => boolean = () => true,
): void {
  const listed = listDirectory(join(scan.root, folder));
  if (listed.kind === "failed") {
    // MLflow writes the folder with the first key, so its absence says only that there is none.
    if (!listed.missing) {
      failures.push({ path: folder, damage: "io", message: listed.message });
    }
    return;
  }
  for (const entry of listed.entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) {
      readKeys(scan, path, `${prefix}${entry.name}/`, values, failures, wants);
      continue;
    }
    if (!wants(prefix + entry.name)) continue;
    const fact = readText(join(scan.root, path));
    if (fact.kind === "text") values.set(prefix + entry.name, fact.text);
    else if (fact.kind === "failed") failures.push({ ...fact, path });
    else if (entry.isSymlink) failures.push({ path, damage: "io", message: "broken link" });
  }
}

function directoriesIn(scan: Scan, path: string): readonly Entry[] {
  return entriesOf(scan, path).filter((entry) => entry.isDirectory);
}

function scanLoggedModels(scan: Scan, path: string): readonly LoggedModelFacts[] {
  return directoriesIn(scan, path).map((entry) => ({
    directory: entry.name,
    path: entry.path,
    meta: readText(join(scan.root, entry.path, "meta.yaml")),
  }));
}

function scanRegistry(scan: Scan): readonly RegisteredModel[] {
  return directoriesIn(scan, "models").map((entry) => {
    const aliases = new Map<string, string>();
    const failures: FailureFact[] = [];
    readKeys(scan, `${entry.path}/aliases`, "", aliases, failures);
    const versions = directoriesIn(scan, entry.path).filter(({ name }) => /^version-/.test(name));
    const facts: RegisteredModelFacts = {
      directory: entry.name,
      path: entry.path,
      meta: readText(join(scan.root, entry.path, "meta.yaml")),
      aliases,
      versions: versions.map(({ path }) => ({
        path,
        meta: readText(join(scan.root, path, "meta.yaml")),
      })),
    };
    const { model, problems } = assembleRegisteredModel(facts);
    scan.problems.push(...problems);
    for (const failure of failures) {
      scan.problems.push({
        ...failure,
        path: asStorePath(failure.path),
        subject: "registry",
        line: null,
        column: null,
      });
    }
    return model;
  });
}

function scanBackups(scan: Scan): StoreSnapshot["backups"] {
  const listed = listDirectory(join(scan.root, OWN_DIRECTORY, "backups"));
  const count = listed.kind === "listed"
    ? listed.entries.filter((entry) => entry.isDirectory).length
    : 0;
  const tree = scan.sizes ? measureTree(join(scan.root, OWN_DIRECTORY), scan.measurer) : null;
  return { count, usage: tree?.usage ?? null };
}

function stray(scan: Scan, path: string, kind: Stray["kind"]): Stray {
  const tree = scan.sizes ? measureTree(join(scan.root, path), scan.measurer) : null;
  return { path: asStorePath(path), kind, usage: tree?.usage ?? null };
}
