/**
 * Disk → snapshot: walks a file store as MLflow does and hands what it finds to the pure core.
 *
 * Reading follows symbolic links to directories, as MLflow does, but a link that leads back into the
 * store is never counted a second time. What cannot be read becomes a fact; nothing here throws for it.
 *
 * @module
 */

import {
  type AssembledExperiment,
  assembleExperiment,
  assembleRegisteredModel,
  assembleSnapshot,
  type SnapshotParts,
} from "../../../lib/snapshot/assemble_snapshot.ts";
import { salvageMeta } from "../../../lib/records/salvage_meta.ts";
import { sumDigests } from "../../../lib/snapshot/fingerprint.ts";
import type { Extras } from "../../../lib/store/extras.ts";
import type { RegisteredModelFacts } from "../../../lib/store/facts.ts";
import {
  isBackupName,
  isExperimentDirectoryName,
  isTrashName,
  looksLikeExperimentId,
  OWN_DIRECTORY,
} from "../../../lib/store/names.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { Depth, RegisteredModel, StoreSnapshot, Stray } from "../../../lib/store/snapshot.ts";
import { textOf } from "../../../lib/yaml/node.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { problemAt, readText } from "../../_io/read.ts";
import {
  addStray,
  type Entry,
  listDirectories,
  type Listed,
  listEntries,
  readKeys,
} from "./list_entries.ts";
import { addWeights, measureTree, measureWeight, newMeasurer } from "./measure.ts";
import { seekExtras } from "./scan_extras.ts";
import {
  judgeRootRemains,
  looksLikeStore,
  recordIn,
  type RootRemains,
  wasOpened,
} from "./scan_remains.ts";
import type { Share } from "./scan_share.ts";
import { type ScanListeners, type ScannedShare, scanShares } from "./scan_shares.ts";

/** How to scan. */
export interface ScanOptions<D extends Depth> extends Pick<ScanListeners, "signal"> {
  /** Called as runs are read, with their number so far, and about how many there are where that is known. */
  readonly onProgress?: ((runs: number, all?: number) => void) | undefined;
  /** How deep to read. */
  readonly depth: D;
  /** Whether to measure everything. */
  readonly sizes: boolean;
  /** What to read besides. */
  readonly extras?: Extras;
  /** Epoch ms, kept in the snapshot. */
  readonly now: number;
  /** Nothing is planned of it. */
  readonly isReport?: boolean;
  /** What is planned of it is only shown. */
  readonly isPreview?: boolean;
}

/**
 * Reads a file store. Needs read permission for the store; at depth `full` also for the places that its
 * artifact URIs name, which otherwise count as being there.
 *
 * @param root Absolute real path of the store's root.
 * @param options How to scan.
 * @returns The snapshot. At depth `full` its fingerprint is that of depth `tags`, on which plans are
 * based.
 * @throws {DOMException} `AbortError` when the signal is aborted between two experiments.
 */
export async function scanStore<D extends Depth>(
  root: string,
  options: ScanOptions<D>,
): Promise<StoreSnapshot<D>> {
  const { depth, sizes, extras, now, isReport = false, isPreview = isReport } = options;
  const { onProgress, signal } = options;
  const listed: Listed = { root, sizes, measurer: newMeasurer(), strays: [], problems: [] };
  const top = await scanTop(listed);
  const reading = {
    root,
    depth,
    sizes,
    now,
    isShown: isPreview,
    extras: extras ? await seekExtras(root, extras) : null,
  };
  const extents = top.experiments.map(({ path }) => extentOf(`${root}/${path}`));
  const shares = top.experiments.flatMap((entry, index) => sharesOf(entry, extents[index]!));
  const all = directoriesIn(extents);
  const found = await scanShares(reading, shares, {
    signal,
    onProgress: onProgress && ((runs) => onProgress(runs, runs <= all ? all : undefined)),
  });
  const byPath = Map.groupBy(shares.keys(), (index) => shares[index]!.path);
  const read = top.experiments.map((entry) => {
    const facts = byPath.get(entry.path)!.map((index) => found[index]!);
    return assembleShares(listed, facts, depth);
  });
  const assembled = depth === "meta" && !sizes
    ? read
    : await (await import("./scan_models.ts")).lookAtModels(reading, read);
  const aside = await setAside(listed, assembled);
  const digests = found.flatMap(({ digest }) => digest === null ? [] : [digest]);
  const parts: SnapshotParts<Depth> = {
    location: root,
    depth: depth === "full" ? "tags" : depth,
    sizes,
    ...(extras === undefined ? {} : { extras }),
    readAt: now,
    experiments: assembled.flatMap((one) => one.kind === "experiment" ? [one.experiment] : []),
    orphans: assembled.flatMap((one) =>
      one.kind === "orphan" && !aside.has(one.orphan.path) ? [one.orphan] : []
    ),
    strays: [...listed.strays, ...found.flatMap(({ strays }) => strays)],
    registeredModels: top.registeredModels,
    problems: [
      ...listed.problems,
      ...assembled.flatMap((one) =>
        one.kind === "orphan" && aside.has(one.orphan.path) ? [] : one.problems
      ),
    ],
    hasTrash: top.hasTrash,
    backups: top.backups,
  };
  const snapshot = assembleSnapshot(parts, sumDigests(digests));
  const isFinal = depth !== "full" && !(isReport && snapshot.problems.length > 0);
  if (isFinal) return snapshot as StoreSnapshot<D>;
  const { inspectStore, lookAgain } = await import("./inspect_store.ts");
  if (depth !== "full") {
    // Who only counts what is wrong calls it by the same names.
    return { ...snapshot, problems: await lookAgain(snapshot) } as unknown as StoreSnapshot<D>;
  }
  const whole: StoreSnapshot = await inspectStore(
    snapshot,
    found.flatMap(({ inspected }, index) => aside.has(shares[index]!.path) ? [] : [inspected]),
  );
  return whole as StoreSnapshot<D>;
}

/** An entry that MLflow takes for an experiment. */
interface ExperimentEntry extends Entry {
  /** `.trash/` is a link. */
  readonly isLinked: boolean;
}

interface Top extends Pick<StoreSnapshot, "registeredModels" | "hasTrash" | "backups"> {
  readonly experiments: readonly ExperimentEntry[];
}

async function scanTop(listed: Listed): Promise<Top> {
  const experiments: ExperimentEntry[] = [];
  let registeredModels: readonly RegisteredModel[] = [];
  let hasTrash = false;
  let backups: StoreSnapshot["backups"] = { count: 0, usage: null };
  const scanEntry = async (entry: Entry, isLinked: boolean) => {
    if (!entry.isDirectory) {
      await addStray(listed, entry.path, "file");
    } else if (isBackupName(entry.name) && !hasMeta(listed, entry.path)) {
      const isOpened = isExperimentDirectoryName(entry.name) &&
        await wasOpened(`${listed.root}/${entry.path}`);
      await addStray(listed, entry.path, isOpened ? "nested-store" : "backup-directory");
    } else if (!isExperimentDirectoryName(entry.name)) {
      const at = `${listed.root}/${entry.path}`;
      if (recordIn(at) === "experiment") {
        await addStray(listed, entry.path, "renamed-experiment", namedIn(at));
      } else await addStray(listed, entry.path, "unlistable-directory");
    } else {
      const kind = await strayKindOf(listed, entry);
      if (kind === null) experiments.push({ ...entry, isLinked });
      else await addStray(listed, entry.path, kind);
    }
  };
  for (const entry of await listEntries(listed, "")) {
    if (entry.name === OWN_DIRECTORY) {
      backups = await scanBackups(listed);
    } else if (entry.name === ".trash" && entry.isDirectory) {
      hasTrash = true;
      for (const inner of await listEntries(listed, ".trash")) await scanEntry(inner, entry.link);
    } else if (entry.name === "models" && entry.isDirectory) {
      registeredModels = await scanRegistry(listed);
    } else if (isTrashName(entry.name) && entry.isDirectory) {
      await addStray(listed, entry.path, "ignored-directory");
    } else {
      await scanEntry(entry, false);
    }
  }
  for (const { path } of listed.strays.filter(isInTheWay)) {
    hasTrash ||= path === ".trash";
    const message = "it is no directory, nor leads to one";
    listed.problems.push(problemAt("directory", path, "not-a-directory", message));
  }
  return { experiments, registeredModels, hasTrash, backups };
}

/** The id that an experiment's record gives, were the rest of it damaged. */
function namedIn(directory: string): Pick<Stray, "names"> {
  const meta = readText(`${directory}/meta.yaml`);
  const id = meta.kind === "text" ? textOf(salvageMeta(meta.text).get("experiment_id")) : null;
  return id === null ? {} : { names: id };
}

const STRAY_KINDS: Readonly<Record<RootRemains, Stray["kind"] | null>> = {
  experiment: null,
  store: "nested-store",
  foreign: "foreign-directory",
};

/** Whose names look like ids are experiments until they have been read: to ask of each would take too long. */
async function strayKindOf(listed: Listed, { name, path }: Entry): Promise<Stray["kind"] | null> {
  if (looksLikeExperimentId(name) || hasMeta(listed, path)) return null;
  return STRAY_KINDS[await judgeRootRemains(`${listed.root}/${path}`, name)];
}

/**
 * What has the name of an experiment, no record, and experiments where runs should be, is a store in the store;
 * what has a run's record is a run.
 */
async function setAside(
  listed: Listed,
  assembled: readonly AssembledExperiment[],
): Promise<ReadonlySet<string>> {
  const aside = new Set<string>();
  for (const one of assembled) {
    if (one.kind !== "orphan") continue;
    const { path, damage, runs, damagedRuns } = one.orphan;
    const at = `${listed.root}/${path}`;
    const mayBeStore = damage === "missing" && runs.length === 0 && damagedRuns.length > 0;
    const kind = mayBeStore && await looksLikeStore(at)
      ? "nested-store"
      : damage === "incomplete" && recordIn(at) === "run"
      ? "misplaced-run"
      : null;
    if (kind === null) continue;
    aside.add(path);
    await addStray(listed, path, kind);
  }
  return aside;
}

/** Where MLflow needs a directory of its own, something else is: it opens neither store nor registry. */
function isInTheWay({ path, kind }: Stray): boolean {
  return (path === "models" || path === ".trash") && (kind === "file" || kind === "broken-link");
}

function hasMeta({ root }: Listed, path: string): boolean {
  return readText(`${root}/${path}/meta.yaml`).kind !== "missing";
}

/** Bytes of a directory's own, which tell how many entries it has: some five thousand. */
const LARGE = 256 * 1024;

/** What can be told of an experiment's directory before it is listed. */
interface Extent {
  readonly isLarge: boolean;
  /** How many directories are in it, nearly all of them runs; `null` where the file system does not count them. */
  readonly directories: number | null;
}

function extentOf(path: string): Extent {
  try {
    const { size, nlink } = Deno.statSync(path);
    // Each directory in another one is a name of that: `..`.
    const directories = nlink === null || nlink < 2 ? null : nlink - 2;
    return { isLarge: size >= LARGE, directories };
  } catch {
    return { isLarge: false, directories: null };
  }
}

/** About how many runs there are; 0 where one directory does not tell. */
function directoriesIn(extents: readonly Extent[]): number {
  const counts = extents.flatMap(({ directories }) => directories ?? []);
  return counts.length < extents.length ? 0 : counts.reduce((sum, one) => sum + one, 0);
}

/** A large experiment has a share for either thread. */
function sharesOf(
  { name, path, link, isLinked }: ExperimentEntry,
  { isLarge }: Extent,
): readonly Share[] {
  const of = isLarge ? 2 : 1;
  const share = { name, path, link: link || isLinked, of };
  return Array.from({ length: of }, (_, index) => ({ ...share, index }));
}

function assembleShares(
  { sizes, measurer }: Listed,
  shares: readonly ScannedShare[],
  depth: Depth,
): AssembledExperiment {
  const { experiment } = shares[0]!;
  const [own, ...parts] = shares.flatMap(({ weight }) => weight === null ? [] : [weight]);
  const isWeighed = own !== undefined && parts.length === shares.length - 1;
  const weight = isWeighed ? addWeights(own, parts) : null;
  const tree = weight === null ? null : measureWeight(weight, measurer);
  const runs = {
    runs: shares.flatMap((share) => share.runs),
    damagedRuns: shares.flatMap((share) => share.damagedRuns),
    problems: shares.flatMap((share) => share.problems),
  };
  const facts = {
    ...experiment!,
    foreign: [...experiment!.foreign, ...shares.flatMap(({ foreign }) => foreign)],
    lostRuns: shares.reduce((sum, { lostRuns }) => sum + lostRuns, 0),
    usage: (sizes ? tree?.usage : depth === "meta" ? null : tree?.freed) ?? null,
    newestChange: tree?.newestChange ?? null,
    ...(sizes && weight !== null ? { parts: weight.parts } : {}),
  };
  const assembled = assembleExperiment(facts, runs);
  // What a clean-up may take away is known by all that it holds.
  if (depth === "meta" || !facts.inTrash && assembled.kind === "experiment") return assembled;
  return assembleExperiment({ ...facts, stamp: tree?.stamp ?? "" }, runs);
}

async function scanRegistry(listed: Listed): Promise<readonly RegisteredModel[]> {
  const { root, problems } = listed;
  const models: RegisteredModel[] = [];
  for (const entry of await listDirectories(listed, "models")) {
    const aliases = await readKeys(root, asStorePath(`${entry.path}/aliases`));
    const [versions, others] = partition(
      (await listEntries(listed, entry.path)).filter(({ name }) => /^version-/.test(name)),
      ({ isDirectory }) => isDirectory,
    );
    for (const { path } of others) {
      problems.push(problemAt("registry", path, "not-a-directory", NO_DIRECTORY));
    }
    const facts: RegisteredModelFacts = {
      directory: entry.name,
      path: entry.path,
      meta: readText(`${root}/${entry.path}/meta.yaml`),
      aliases: aliases.values,
      versions: versions.map(({ path }) => ({
        path,
        meta: readText(`${root}/${path}/meta.yaml`),
      })),
    };
    const assembled = assembleRegisteredModel(facts);
    problems.push(
      ...assembled.problems,
      ...aliases.failures.map((failure): Problem => ({
        ...failure,
        subject: "registry",
        line: null,
        column: null,
      })),
    );
    models.push(assembled.model);
  }
  return models;
}

const NO_DIRECTORY = "it is no directory";

function partition<T>(
  list: readonly T[],
  isFirst: (one: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [list.filter(isFirst), list.filter((one) => !isFirst(one))];
}

async function scanBackups(
  { root, sizes, measurer, problems }: Listed,
): Promise<StoreSnapshot["backups"]> {
  const own = `${root}/${OWN_DIRECTORY}`;
  const listed = await listDirectory(`${own}/backups`);
  if (listed.kind === "failed" && !listed.missing) {
    problems.push(problemAt("directory", `${OWN_DIRECTORY}/backups`, "io", listed.message));
  }
  const count = listed.kind === "listed"
    ? listed.entries.filter((entry) => entry.isDirectory).length
    : 0;
  const tree = sizes ? await measureTree(own, measurer) : null;
  return { count, usage: tree?.usage ?? null };
}
