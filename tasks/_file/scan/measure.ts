/**
 * Measuring trees: what they take on disk, when they last changed, and a stamp that tells whether
 * they are still what they were.
 *
 * @module
 */

import { ABSENT } from "../../../lib/store/facts.ts";
import { isRunFolder } from "../../../lib/store/names.ts";
import { addParts, type DiskUsage, NO_PARTS, type UsageParts } from "../../../lib/store/usage.ts";
import { type ListDirectory, listDirectory } from "../../_io/list_directory.ts";
import { allocated, infoOf, timeOf as timeIn } from "../../_io/read.ts";

/** What a tree weighs, alone or together with others. */
export interface TreeWeight {
  /** Allocated bytes of directories, and of files with a single name. */
  readonly bytes: number;
  /** Number of files. */
  readonly files: number;
  /** Bytes in files. */
  readonly length: number;
  /** Epoch ms of the newest modification anywhere inside. */
  readonly newestChange: number;
  /** The device of the tree's root. */
  readonly device: number;
  /** The inode of the tree's root. */
  readonly inode: number | null;
  /** Something is mounted inside from another device. */
  readonly isMounted: boolean;
  /** How many symbolic links there are. */
  readonly symlinks: number;
  /** Files with several names, by device and inode. */
  readonly links: ReadonlyMap<string, LinkedFile>;
  /** What takes its place; of a run, its artifacts and what MLflow did not write. */
  readonly parts: UsageParts;
}

/** A file with several names. */
export interface LinkedFile {
  /** Allocated bytes. */
  readonly bytes: number;
  /** How many names it has anywhere. */
  readonly names: number;
  /** How many of them are in the tree. */
  readonly found: number;
}

/** What a walk over a tree finds. */
export interface TreeMeasure {
  readonly usage: DiskUsage;
  /** What removing the tree would free: files that have a link elsewhere stay on disk. */
  readonly freed: DiskUsage;
  /** Epoch ms of the newest modification anywhere inside. */
  readonly newestChange: number;
  /** Changes when anything inside is added, removed or modified. */
  readonly stamp: string;
}

/** Remembers hard links over several walks, so that each is counted once. */
export interface Measurer {
  readonly counted: Set<string>;
}

/** Epoch ms of the last moment that a date can say. */
const LAST_DATE = 8.64e15;

/**
 * Starts measuring with nothing counted yet.
 *
 * @returns A measurer for one reading of a store.
 */
export function newMeasurer(): Measurer {
  return { counted: new Set() };
}

const NO_LINKS: TreeWeight["links"] = new Map();

/** So many directories are listed at once: whoever lists for certain waits for another thread. */
const AT_ONCE = 16;

/**
 * Weighs a tree without following links. Needs read permission.
 *
 * Counts allocated blocks, as `du` does. What is mounted inside from another device is not part of the
 * tree.
 *
 * @param path The tree's root.
 * @param part `root`: the root itself, without all that it holds.
 * @param list How to list directories.
 * @returns The weight, or `null` when there is nothing at that place, it changed meanwhile, or not all of it
 * can be read.
 */
export async function weighTree(
  path: string,
  part: "all" | "root" = "all",
  list: ListDirectory = listDirectory,
): Promise<TreeWeight | null> {
  let [bytes, files, length, newestChange, device, isMounted] = [0, 0, 0, 0, -1, false];
  let symlinks = 0;
  let inode: number | null = null;
  let links: Map<string, LinkedFile> | null = null;
  const artifacts = { bytes: 0, files: 0 };
  const foreign = { bytes: 0, files: 0 };
  /** Tells whether it is a directory that is to be entered. */
  const add = (at: string, own: { bytes: number; files: number } | null): boolean => {
    const info = Deno.lstatSync(at);
    if (device === -1) [device, inode] = [info.dev, info.ino];
    if (info.dev !== device) {
      isMounted = true;
      return false;
    }
    // What no date can say is as new as can be, so that nothing goes for its age.
    const changed = timeIn(info) ?? (info.mtime === null ? 0 : LAST_DATE);
    if (changed > newestChange) newestChange = changed;
    if (own !== null) {
      own.bytes += allocated(info);
      if (!info.isDirectory) own.files++;
    }
    if (info.isDirectory) {
      bytes += allocated(info);
      return part === "all";
    }
    files++;
    if (info.isSymlink) symlinks++;
    length += info.size;
    if ((info.nlink ?? 1) < 2) {
      bytes += allocated(info);
      return false;
    }
    links ??= new Map();
    const identity = `${info.dev}:${info.ino}`;
    const found = (links.get(identity)?.found ?? 0) + 1;
    links.set(identity, { bytes: allocated(info), names: info.nlink!, found });
    return false;
  };
  try {
    const partOf = (name: string) =>
      name === "artifacts" ? artifacts : isRunFolder(name) || name === "meta.yaml" ? null : foreign;
    const entered = add(path, null) ? [{ at: path, own: null as typeof artifacts | null }] : [];
    for (let some; (some = entered.splice(-AT_ONCE)).length > 0;) {
      const listings = await Promise.all(some.map(({ at }) => list(at)));
      for (const [index, listed] of listings.entries()) {
        if (listed.kind === "failed") return null;
        const holder = some[index]!;
        for (const { name } of listed.entries) {
          const at = `${holder.at}/${name}`;
          const own = holder.at === path ? partOf(name) : holder.own;
          if (add(at, own)) entered.push({ at, own });
        }
      }
    }
  } catch {
    return null;
  }
  return {
    bytes,
    files,
    length,
    newestChange,
    device,
    inode,
    isMounted,
    symlinks,
    links: links ?? NO_LINKS,
    parts: { ...NO_PARTS, artifacts, foreign },
  };
}

/**
 * Adds the weights of parts to a tree's.
 *
 * @param tree The weight of a tree without these parts.
 * @param parts Weights of trees inside it, which have nothing in common.
 * @returns What they weigh together; a part on another device weighs nothing.
 */
export function addWeights(tree: TreeWeight, parts: readonly TreeWeight[]): TreeWeight {
  const own = [tree, ...parts.filter(({ device }) => device === tree.device)];
  const sum = (of: (weight: TreeWeight) => number) => own.reduce((all, one) => all + of(one), 0);
  const links = new Map<string, LinkedFile>();
  for (const [identity, link] of own.flatMap((each) => [...each.links])) {
    links.set(identity, { ...link, found: link.found + (links.get(identity)?.found ?? 0) });
  }
  return {
    bytes: sum(({ bytes }) => bytes),
    files: sum(({ files }) => files),
    length: sum(({ length }) => length),
    newestChange: own.reduce((newest, one) => Math.max(newest, one.newestChange), 0),
    device: tree.device,
    inode: tree.inode,
    parts: addParts(own.map(({ parts }) => parts)),
    symlinks: sum(({ symlinks }) => symlinks),
    isMounted: own.length <= parts.length || own.some(({ isMounted }) => isMounted),
    links,
  };
}

/**
 * Weighs an entry of an experiment that is no run, see {@linkcode weighTree}. Needs read permission.
 *
 * @param experiment The experiment's directory.
 * @param name The entry.
 * @param list How to list directories.
 * @returns The weight, with what kind of thing it is.
 */
export async function weighEntry(
  experiment: string,
  name: string,
  list: ListDirectory,
): Promise<TreeWeight | null> {
  const weight = await weighTree(`${experiment}/${name}`, "all", list);
  if (weight === null) return null;
  const part = PARTS.get(name);
  if (part === null) return { ...weight, parts: NO_PARTS };
  const linked = [...weight.links.values()]
    .reduce((sum, { bytes, found }) => sum + bytes * found, 0);
  const usage = { bytes: weight.bytes + linked, files: weight.files };
  return { ...weight, parts: { ...NO_PARTS, [part ?? "foreign"]: usage } };
}

/** What MLflow has in an experiment beside runs, and which part it is. */
const PARTS: ReadonlyMap<string, keyof UsageParts | null> = new Map([
  ["models", "loggedModels"],
  ["traces", "traces"],
  ["meta.yaml", null],
  ["tags", null],
  ["datasets", null],
]);

/**
 * Tells what a tree takes by its weight. A file with several links counts once for the measurer, but
 * always for the stamp. A tree with a mount in it has no stamp.
 *
 * @param weight The weight.
 * @param measurer What was counted before.
 * @returns The measure.
 */
export function measureWeight(weight: TreeWeight, { counted }: Measurer): TreeMeasure {
  const { files, length, newestChange, inode, isMounted, symlinks } = weight;
  const linked = symlinks === 0 ? "" : `${LINKED}${symlinks}`;
  let [bytes, freed] = [weight.bytes, weight.bytes];
  for (const [identity, link] of weight.links) {
    if (!counted.has(identity)) bytes += link.bytes;
    counted.add(identity);
    if (link.found === link.names) freed += link.bytes;
  }
  return {
    usage: { bytes, files },
    freed: { bytes: freed, files },
    newestChange,
    stamp: isMounted ? "" : `${inode}:${newestChange}:${files}:${length}${linked}`,
  };
}

/** Begins the part of a stamp that tells of symbolic links. */
const LINKED = "@";

/**
 * Tells from the stamp of a tree whether there are symbolic links in it.
 *
 * @param stamp The stamp, see {@linkcode measureWeight}.
 * @returns Whether there are.
 */
export function holdsSymlinks(stamp: string): boolean {
  return stamp.includes(LINKED);
}

/**
 * Walks a tree without following links. Needs read permission.
 *
 * @param path The tree's root.
 * @param measurer What was counted before.
 * @param list How to list directories.
 * @returns The measure, see {@linkcode weighTree} and {@linkcode measureWeight}; `null` when there is
 * nothing at that place, or not all of it can be read.
 */
export async function measureTree(
  path: string,
  measurer: Measurer,
  list: ListDirectory = listDirectory,
): Promise<TreeMeasure | null> {
  const weight = await weighTree(path, "all", list);
  return weight === null ? null : measureWeight(weight, measurer);
}

/**
 * Stamps a run or an experiment by its directory, its `meta.yaml` and the names of its tags. Needs read
 * permission.
 *
 * @param directory The directory.
 * @returns The stamp; empty when either is gone, or the record is neither a file nor a link.
 */
export function metaStamp(directory: string): string {
  return stampRecord(directory).stamp;
}

/** A stamp, and what was seen for it. */
export interface StampedRecord {
  /** See {@linkcode metaStamp}. */
  readonly stamp: string;
  /** What `meta.yaml` is; left out where nothing was found, or nothing looked for. */
  readonly meta?: Deno.FileInfo;
  /** There is certainly no folder of tags. */
  readonly lacksTags: boolean;
}

/** What nobody has looked at. */
export const UNSTAMPED: StampedRecord = { stamp: "", lacksTags: false };

/**
 * Stamps a run or an experiment, and tells what was seen on the way, so that nobody has to look again. Needs read
 * permission.
 *
 * @param directory The directory.
 * @returns The stamp, see {@linkcode metaStamp}, and what was seen.
 */
export function stampRecord(directory: string): StampedRecord {
  try {
    const own = Deno.lstatSync(directory);
    const meta = Deno.lstatSync(`${directory}/meta.yaml`);
    if (!meta.isFile && !meta.isSymlink) return { ...UNSTAMPED, meta };
    const record = `${meta.ino}:${meta.size}:${meta.mtime?.getTime()}`;
    const tags = timeOf(`${directory}/tags`);
    const stamp = `${own.ino}:${own.mtime?.getTime()}/${record}/${tags ?? ABSENT}`;
    return { stamp, meta, lacksTags: tags === null };
  } catch {
    return UNSTAMPED;
  }
}

/**
 * Tells whether a record is a symbolic link: what it leads to may change, and no stamp of the tree tells. That
 * matters to a plan; to whoever verifies, the directory around it is one as any. Needs read permission.
 *
 * @param directory The directory of the record.
 * @returns Whether it is.
 */
export function isRecordLinked(directory: string): boolean {
  return infoOf(`${directory}/meta.yaml`)?.isSymlink ?? false;
}

/**
 * Tells from a stamp of a run or an experiment whether no date can say when its directory was modified.
 *
 * @param stamp The stamp, see {@linkcode metaStamp}.
 * @returns Whether none can.
 */
export function isUndatable(stamp: string): boolean {
  return /^\d+:NaN\//.test(stamp);
}

/** A tag that is new changes its folder; `null` where there certainly is none. */
function timeOf(path: string): string | null {
  try {
    return `${Deno.lstatSync(path).mtime?.getTime()}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? null : ABSENT;
  }
}

/**
 * Stamps a file, or a directory without what it holds. Needs read permission.
 *
 * @param path The file; a link is not followed.
 * @returns The stamp; {@linkcode ABSENT} when nothing is there.
 */
export function fileStamp(path: string): string {
  try {
    const { ino, size, mtime } = Deno.lstatSync(path);
    return `${ino}:${size}:${mtime?.getTime()}`;
  } catch {
    return ABSENT;
  }
}
