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
 * always for the stamp.
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
  const visit = (at: string): Deno.FileInfo => {
    const info = Deno.lstatSync(at);
    newestChange = Math.max(newestChange, info.mtime?.getTime() ?? 0);
    if (!info.isDirectory) {
      files++;
      length += info.size;
    }
    if (isFirstLink(info, measurer)) bytes += (info.blocks ?? Math.ceil(info.size / 512)) * 512;
    if (info.isDirectory) {
      for (const entry of Deno.readDirSync(at)) visit(join(at, entry.name));
    }
    return info;
  };
  try {
    const { ino } = visit(path);
    return {
      usage: { bytes, files },
      newestChange,
      stamp: `${ino}:${newestChange}:${files}:${length}`,
    };
  } catch {
    return null;
  }
}

function isFirstLink(info: Deno.FileInfo, { counted }: Measurer): boolean {
  if (info.isDirectory || (info.nlink ?? 1) < 2) return true;
  const identity = `${info.dev}:${info.ino}`;
  if (counted.has(identity)) return false;
  counted.add(identity);
  return true;
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
