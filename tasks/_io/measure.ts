/**
 * Measuring trees: what they take on disk, when they last changed, and a stamp that tells whether
 * they are still what they were.
 *
 * @module
 */

import { join } from "@std/path";
import type { DiskUsage } from "../../lib/model.ts";

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

/**
 * Starts measuring with nothing counted yet.
 *
 * @returns A measurer for one reading of a store.
 */
export function newMeasurer(): Measurer {
  return { counted: new Set() };
}

/**
 * Walks a tree without following links. Needs read permission.
 *
 * Counts allocated blocks, as `du` does; a file with several links counts once for the measurer, but
 * always for the stamp. What is mounted inside from another device is not part of the tree, and such a
 * tree has no stamp.
 *
 * @param path The tree's root.
 * @param measurer What was counted before.
 * @returns The measure, or `null` when there is nothing at that place.
 */
export function measureTree(path: string, measurer: Measurer): TreeMeasure | null {
  let bytes = 0;
  let files = 0;
  let length = 0;
  let newestChange = 0;
  let taken = 0;
  const links = new Map<string, { readonly info: Deno.FileInfo; found: number }>();
  let device: number | null = null;
  let isMounted = false;
  const visit = (at: string): Deno.FileInfo => {
    const info = Deno.lstatSync(at);
    device ??= info.dev;
    if (info.dev !== device) {
      isMounted = true;
      return info;
    }
    newestChange = Math.max(newestChange, info.mtime?.getTime() ?? 0);
    if (!info.isDirectory) {
      files++;
      length += info.size;
    }
    if (isFirstLink(info, measurer)) bytes += allocated(info);
    if (!info.isDirectory && (info.nlink ?? 1) > 1) {
      const link = links.get(identityOf(info)) ?? { info, found: 0 };
      links.set(identityOf(info), { info, found: link.found + 1 });
    }
    taken += info.isDirectory || (info.nlink ?? 1) < 2 ? allocated(info) : 0;
    if (info.isDirectory) {
      for (const entry of Deno.readDirSync(at)) visit(join(at, entry.name));
    }
    return info;
  };
  try {
    const { ino } = visit(path);
    for (const { info, found } of links.values()) {
      if (found === info.nlink) taken += allocated(info);
    }
    return {
      usage: { bytes, files },
      freed: { bytes: taken, files },
      newestChange,
      stamp: isMounted ? "" : `${ino}:${newestChange}:${files}:${length}`,
    };
  } catch {
    return null;
  }
}

function isFirstLink(info: Deno.FileInfo, { counted }: Measurer): boolean {
  if (info.isDirectory || (info.nlink ?? 1) < 2) return true;
  const identity = identityOf(info);
  if (counted.has(identity)) return false;
  counted.add(identity);
  return true;
}

function identityOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}

function allocated({ blocks, size }: Deno.FileInfo): number {
  return (blocks ?? Math.ceil(size / 512)) * 512;
}

/**
 * Stamps a run or an experiment by its directory and its `meta.yaml`. Needs read permission.
 *
 * @param directory The directory.
 * @returns The stamp; empty when either is gone.
 */
export function metaStamp(directory: string): string {
  try {
    const own = Deno.lstatSync(directory);
    const meta = Deno.lstatSync(join(directory, "meta.yaml"));
    return `${own.ino}:${own.mtime?.getTime()}/${meta.ino}:${meta.size}:${meta.mtime?.getTime()}`;
  } catch {
    return "";
  }
}

/** The stamp of what is not there. */
export const ABSENT = "absent";

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
