/**
 * A share of an experiment's directory → facts: what one thread reads at a time.
 *
 * Calls are synchronous, but for reading ahead. What a share gives can be copied from one thread to
 * another.
 *
 * @module
 */

import {
  type AssembledRun,
  assembleExperiment,
  assembleRun,
} from "../../../lib/snapshot/assemble_snapshot.ts";
import { digestRuns } from "../../../lib/snapshot/digest_runs.ts";
import type { Digest } from "../../../lib/snapshot/fingerprint.ts";
import { type PackedRuns, packRuns } from "../../../lib/snapshot/pack_runs.ts";
import type { ExperimentFacts, TextFact } from "../../../lib/store/facts.ts";
import { isLitter, RESERVED_IN_EXPERIMENT } from "../../../lib/store/names.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import { deletionTimeOf } from "../../../lib/store/run_status.ts";
import type { DamagedRun, Depth, Run, Stray } from "../../../lib/store/snapshot.ts";
import { glanceInto, type ListDirectory, listDirectory } from "../../_io/list_directory.ts";
import { readText } from "../../_io/read.ts";
import type { ReadAhead } from "../../_io/read_ahead.ts";
import type { DatasetUse, Inspected, Inspection, Inspector } from "./inspection.ts";
import { type Entry, listDirectories, type Listed, listEntries, readKeys } from "./list_entries.ts";
import {
  addWeights,
  isRecordLinked,
  measureWeight,
  metaStamp,
  newMeasurer,
  type StampedRecord,
  stampRecord,
  type TreeWeight,
  UNSTAMPED,
  weighEntry,
  weighTree,
} from "./measure.ts";
import { scanRunExtras, scanTraceUses, type SoughtExtras, tagFilter } from "./scan_extras.ts";
import { judgeRemains } from "./scan_remains.ts";

/** What to read of every experiment. */
export interface Reading {
  /** Absolute real path of the store's root. */
  readonly root: string;
  readonly depth: Depth;
  /** Whether to measure everything. */
  readonly sizes: boolean;
  /** What alone to read besides metadata; `null`: all tags. */
  readonly extras: SoughtExtras | null;
  /** Epoch ms. */
  readonly now: number;
  /** It is only shown: the store is read again before anything is done. */
  readonly isShown: boolean;
}

/** A directory that MLflow takes for an experiment, or a share of its runs. */
export interface Share {
  /** Name of the directory. */
  readonly name: string;
  /** Relative to the store's root. */
  readonly path: StorePath;
  /** It is reached through a symbolic link. */
  readonly link: boolean;
  /** Which share it is. All that is no run belongs to the first. */
  readonly index: number;
  /** How many shares the directory has. */
  readonly of: number;
}

/** What was found in a share: plain data. */
export interface ShareFacts {
  /** The experiment, without what its runs tell; of the first share alone. */
  readonly experiment: UnmeasuredExperiment | null;
  readonly runs: PackedRuns;
  /** Of the runs; `null` at depth `meta`, on which no plan is based. */
  readonly digest: Digest | null;
  readonly damagedRuns: readonly DamagedRun[];
  /** Names of directories in it that are no run's, or may be those of runs in a database. */
  readonly foreign: readonly string[];
  /** How many directories of damaged runs hold a file, and not only an empty record. */
  readonly lostRuns: number;
  /** `null` where the experiment is not weighed as a whole, or changed meanwhile. */
  readonly weight: TreeWeight | null;
  readonly problems: readonly Problem[];
  readonly strays: readonly Stray[];
  /** What an inspector found besides. */
  readonly inspected: Inspected;
}

/** An experiment before it is measured. */
export type UnmeasuredExperiment = Omit<ExperimentFacts, "usage" | "newestChange">;

/** A share that is being read. */
interface Scan extends Listed {
  readonly reading: Reading;
  readonly share: Share;
  /** The experiment is weighed as a whole. */
  readonly isWeighed: boolean;
  readonly inspector: Inspector | null;
  readonly inspection: Inspection;
}

/**
 * Reads a share. Needs read permission.
 *
 * @param reading What to read.
 * @param share The share.
 * @param inspector Reads what there is besides at depth `full`; `null` at any other.
 * @param readAhead Watches the pace of this thread.
 * @param countRun Called for each run.
 * @returns What was found; what cannot be read is a fact, too.
 */
export async function scanShare(
  reading: Reading,
  share: Share,
  inspector: Inspector | null,
  readAhead: ReadAhead,
  countRun: () => void,
): Promise<ShareFacts> {
  const { root, depth, sizes, now } = reading;
  const { path, link } = share;
  const list = reading.isShown ? glanceInto : listDirectory;
  const inspection: Inspection = { root, now, list, problems: [], references: [] };
  const bare = bareExperiment(reading, share);
  // Of what a clean-up may take away all is known; of an orphan, whoever asks.
  const isLost = isOrphan(bare);
  const isRemovable = bare.inTrash || isLost;
  const scan: Scan = {
    root,
    sizes,
    measurer: newMeasurer(),
    strays: [],
    problems: [],
    reading,
    share,
    isWeighed: !link && (sizes || isLost || depth !== "meta" && isRemovable),
    inspector,
    inspection,
  };
  const entries = (await listEntries(scan, path, (entry) => isInShare(entry, share), list))
    .filter(({ name }) => name !== "meta.yaml");
  const runs: Run[] = [];
  const damagedRuns: DamagedRun[] = [];
  const foreign: string[] = [];
  let lostRuns = 0;
  const weights: (TreeWeight | null)[] = [];
  const datasetUses: DatasetUse[] = [];
  const runEntries = entries.filter(isRunEntry);
  for (let start = 0; start < runEntries.length; start += AT_ONCE) {
    const group = runEntries.slice(start, start + AT_ONCE);
    const scanned: Promise<ScannedRun>[] = [];
    for (const [offset, entry] of group.entries()) {
      const waiting = readAhead.before(runEntries, start + offset);
      if (waiting !== null) await waiting;
      countRun();
      scanned.push(scanRun(scan, entry));
    }
    for (const [offset, one] of (await Promise.all(scanned)).entries()) {
      const entry = group[offset]!;
      const { assembled, weight, uses } = one;
      scan.problems.push(...assembled.problems, ...one.problems);
      if (one.inspection !== null) {
        inspection.problems.push(...one.inspection.problems);
        inspection.references.push(...one.inspection.references);
      }
      if (uses.length > 0) datasetUses.push(...uses);
      if (scan.isWeighed && !entry.link) weights.push(weight);
      if (assembled.kind === "run") {
        runs.push(assembled.run);
        continue;
      }
      if (!entry.link && isLitter(entry.name) && await isForeign(scan, assembled.run)) continue;
      damagedRuns.push(assembled.run);
      if (depth === "meta" && !isLost) continue;
      const records = assembled.run.damage === "empty" ? 1 : 0;
      // What could not be weighed may hold anything.
      const isUnknown = weight === null && scan.isWeighed && !entry.link;
      if (isUnknown || (weight?.files ?? 0) > records) lostRuns++;
      if (await isForeign(scan, assembled.run)) foreign.push(entry.name);
    }
  }
  const experiment = share.index > 0 ? null : {
    ...bare,
    ...await scanFolders(scan, entries),
    foreign: depth === "meta" && !isLost
      ? []
      : entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name),
  };
  if (experiment !== null && inspector !== null) {
    const whole = assembleExperiment({ ...experiment, usage: null, newestChange: null }, NO_RUNS);
    await inspector.inspectExperiment(
      inspection,
      whole.kind === "orphan" ? whole.orphan : whole.experiment,
    );
  }
  return {
    experiment,
    runs: packRuns(runs),
    digest: depth === "meta" ? null : digestRuns(runs),
    damagedRuns,
    foreign,
    lostRuns,
    weight: scan.isWeighed ? await weighShare(scan, weights, bare.stamp) : null,
    problems: scan.problems,
    strays: scan.strays,
    inspected: { problems: inspection.problems, references: inspection.references, datasetUses },
  };
}

const NO_RUNS = { runs: [], damagedRuns: [], problems: [] } as const;

function bareExperiment(reading: Reading, { name, path, link }: Share): UnmeasuredExperiment {
  const at = `${reading.root}/${path}`;
  const { stamp, meta } = stampOf(reading, at);
  return {
    directory: name,
    path,
    inTrash: path.startsWith(".trash/"),
    link: link || reading.depth === "tags" && path.startsWith(".trash/") && isRecordLinked(at),
    meta: readText(`${at}/meta.yaml`, { found: meta }),
    loggedModels: [],
    traces: 0,
    datasets: 0,
    foreign: [],
    lostRuns: 0,
    stamp,
  };
}

/** To be taken before anything is read: then a change in between makes a plan stale, and is not missed. */
function stampOf({ depth }: Reading, at: string): StampedRecord {
  return depth === "meta" ? UNSTAMPED : stampRecord(at);
}

function isOrphan(bare: UnmeasuredExperiment): boolean {
  const whole = assembleExperiment({ ...bare, usage: null, newestChange: null }, NO_RUNS);
  return whole.kind === "orphan";
}

function isRunEntry({ name, isDirectory }: { name: string; isDirectory: boolean }): boolean {
  // To look up the name of every run in a set would take as long as reading its record.
  return isDirectory && (name.length > 8 || !RESERVED_IN_EXPERIMENT.has(name));
}

/** Runs are dealt out by the last letters of their names, which are as good as chance. */
function isInShare(entry: Deno.DirEntry, { index, of }: Share): boolean {
  if (of === 1) return true;
  const { name } = entry;
  const dealt = name.charCodeAt(name.length - 1) + name.charCodeAt(name.length - 2);
  return isRunEntry(entry) ? dealt % of === index : index === 0;
}

interface ScannedRun {
  readonly assembled: AssembledRun;
  /** Where the run was weighed. */
  readonly weight: TreeWeight | null;
  readonly uses: readonly DatasetUse[];
  /** Met besides: many runs are read at the same time, and each keeps its own. */
  readonly problems: readonly Problem[];
  readonly inspection: Inspection | null;
}

/** To list one directory after the other would be to wait for each. */
const AT_ONCE = 16;

async function scanRun(scan: Scan, entry: Entry): Promise<ScannedRun> {
  const { root, reading, share, inspector, inspection: { list } } = scan;
  const { depth, sizes, extras } = reading;
  const { name, path } = entry;
  const at = `${root}/${path}`;
  const link = entry.link || share.link;
  const { stamp, meta: found, lacksTags } = stampOf(reading, at);
  const meta = readText(`${at}/meta.yaml`, { found });
  const isBare = depth === "meta" || lacksTags;
  const tags = isBare ? NO_TAGS : await readTags(reading, path, meta, list);
  const problems: Problem[] = [];
  const { values, failures } = tags;
  const own = { directory: name, path, link, meta, tags: values, tagFailures: failures };
  const facts = extras === null
    ? own
    : { ...own, extras: await scanRunExtras({ root, problems }, path, extras) };
  let deleted = false;
  const unmeasured = assembleRun(facts, share.name, (isDeleted) => {
    deleted = isDeleted;
    return { stamp, usage: null };
  });
  const isWeighed = !link && (sizes || scan.isWeighed || depth !== "meta" && deleted);
  const { assembled, weight } = isWeighed || deleted && depth !== "meta"
    ? await measureRun(scan, unmeasured, { at, link, stamp, deleted })
    : { assembled: unmeasured, weight: null };
  if (inspector === null) return { assembled, weight, uses: NO_USES, problems, inspection: null };
  const inspection: Inspection = { ...scan.inspection, problems: [], references: [] };
  const isActive = !share.path.startsWith(".trash/");
  const uses = await inspector.inspectRun(inspection, assembled.run, isActive, meta);
  return { assembled, weight, uses, problems, inspection };
}

/** Where sizes are wanted, and what a clean-up may take away. */
async function measureRun(
  { reading: { depth, sizes }, isWeighed, inspection: { list } }: Scan,
  assembled: AssembledRun,
  { at, link, stamp, deleted }: {
    readonly at: string;
    readonly link: boolean;
    readonly stamp: string;
    readonly deleted: boolean;
  },
): Promise<Pick<ScannedRun, "assembled" | "weight">> {
  const isMeasured = !link && (sizes || depth !== "meta" && deleted);
  const weight = isMeasured || isWeighed && !link ? await weighTree(at, "all", list) : null;
  if (!sizes && (!deleted || depth === "meta")) return { assembled, weight };
  const tree = weight && isMeasured ? measureWeight(weight, newMeasurer()) : null;
  const usage = (sizes ? tree?.usage : tree?.freed) ?? null;
  if (assembled.kind === "damaged") {
    return { assembled: { ...assembled, run: { ...assembled.run, usage } }, weight };
  }
  // What was weighed must still be what was read.
  const whole = tree !== null && metaStamp(at) === stamp ? tree.stamp : "";
  const isUndated = deleted && deletionTimeOf(assembled.run) === null;
  const change = isUndated && tree !== null ? { lastChange: tree.newestChange } : {};
  const measured = {
    link: link || deleted && depth === "tags" && isRecordLinked(at),
    stamp: deleted && depth !== "meta" ? whole : stamp,
    usage,
    ...change,
  };
  return { assembled: { ...assembled, run: { ...assembled.run, ...measured } }, weight };
}

function readTags(
  { root, extras }: Reading,
  path: StorePath,
  meta: TextFact,
  list: ListDirectory,
): ReturnType<typeof readKeys> {
  const isWanted = tagFilter(extras ?? undefined, meta);
  const isNamed = (key: string) => extras !== null && extras.tags.includes(key);
  return readKeys(root, `${path}/tags` as StorePath, isWanted, list, isNamed);
}

const NO_USES: readonly DatasetUse[] = [];

const NO_TAGS: Awaited<ReturnType<typeof readKeys>> = { values: new Map(), failures: [] };

/** Tells whether a directory is nothing of MLflow's, or may belong to a run that is alive elsewhere. */
async function isForeign({ root }: Scan, { id, path, damage }: DamagedRun): Promise<boolean> {
  return damage === "missing" && await judgeRemains(`${root}/${path}`, id) !== "run";
}

async function scanFolders(
  scan: Scan,
  entries: readonly Entry[],
): Promise<Pick<ExperimentFacts, "loggedModels" | "traces" | "datasets" | "traceUses">> {
  const { root, reading } = scan;
  const folder = (wanted: string) =>
    entries.find(({ name, isDirectory }) => isDirectory && name === wanted);
  const [models, traces, datasets] = ["models", "traces", "datasets"].map(folder);
  const inFolder = (path: string | undefined) =>
    path === undefined ? Promise.resolve([]) : listDirectories(scan, path);
  return {
    loggedModels: (await inFolder(models?.path)).map(({ name, path, link }) => ({
      directory: name,
      path,
      link: link || models!.link || scan.share.link,
      meta: readText(`${root}/${path}/meta.yaml`),
    })),
    traces: (await inFolder(traces?.path)).length,
    datasets: (await inFolder(datasets?.path)).length,
    ...(traces !== undefined && reading.extras?.uses
      ? { traceUses: await scanTraceUses(scan, traces.path) }
      : {}),
  };
}

/**
 * The experiment's own directory weighs something in one share alone; `null` where it is no longer what
 * was stamped.
 */
async function weighShare(
  { root, reading, share, inspection: { list } }: Scan,
  runs: readonly (TreeWeight | null)[],
  stamp: string,
): Promise<TreeWeight | null> {
  const at = `${root}/${share.path}`;
  const listed = await listDirectory(at);
  const own = await weighTree(at, "root");
  if (own === null || listed.kind === "failed") return null;
  const rest = share.index > 0 ? [] : await Promise.all(
    listed.entries.filter((entry) => !isRunEntry(entry))
      .map(({ name }) => weighEntry(at, name, list)),
  );
  const parts = [...runs, ...rest].filter((weight) => weight !== null);
  const hasChanged = stampOf(reading, at).stamp !== stamp;
  if (parts.length < runs.length + rest.length || hasChanged) return null;
  return addWeights(share.index > 0 ? { ...own, bytes: 0 } : own, parts);
}
