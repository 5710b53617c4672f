/**
 * The objects below a prefix of a bucket, and what they take.
 *
 * @module
 */

import type { DiskUsage } from "../../../lib/store/usage.ts";
import { digestText } from "../../_io/tree/digest.ts";
import type { StoredObject } from "./answers.ts";
import { listObjects } from "./bucket.ts";
import type { BucketClient } from "./client.ts";

/** Objects, by what their keys have behind a prefix. */
export type Objects = ReadonlyMap<string, StoredObject>;

/**
 * Names objects by what their keys have behind a prefix.
 *
 * @param objects The objects, by their keys.
 * @param prefix The prefix.
 * @returns The same that have it.
 */
export function below(objects: Objects, prefix: string): Objects {
  return new Map(
    [...objects].filter(([key]) => key.startsWith(prefix))
      .map(([key, one]) => [key.slice(prefix.length), one]),
  );
}

/**
 * Lists the objects below a prefix. Needs net permission.
 *
 * @param client The bucket.
 * @param prefix The prefix.
 * @param signal Stops it.
 * @returns The objects, by what their keys have behind it.
 * @throws {BucketError} When they cannot be listed.
 */
export async function listBelow(
  client: BucketClient,
  prefix: string,
  signal?: AbortSignal,
): Promise<Objects> {
  return below(await listObjects(client, prefix, signal), prefix);
}

/** What a tree in a bucket takes. */
export interface MeasuredTree {
  readonly usage: DiskUsage;
  /** Epoch ms; 0 where it holds nothing. */
  readonly newestChange: number;
  /** As setting it aside asks for it. */
  readonly stamp: string;
}

/**
 * Measures a tree.
 *
 * @param objects The objects of the tree.
 * @returns What it takes.
 */
export async function measureObjects(objects: Objects): Promise<MeasuredTree> {
  let newestChange = 0;
  for (const { modified } of objects.values()) newestChange = Math.max(newestChange, modified);
  return { usage: usageOf(objects), newestChange, stamp: await stampOf(objects) };
}

/**
 * Sums up objects.
 *
 * @param objects The objects.
 * @returns What they take.
 */
export function usageOf(objects: Objects): DiskUsage {
  let bytes = 0;
  for (const { size } of objects.values()) bytes += size;
  return { bytes, files: objects.size };
}

/**
 * Makes a text that changes when anything in a tree is added, removed or modified.
 *
 * @param objects The objects of the tree.
 * @returns The text; in any order of theirs the same.
 */
export function stampOf(objects: Objects): Promise<string> {
  const lines = [...objects].map(([name, { size, etag }]) => JSON.stringify([name, size, etag]));
  return digestText(lines.toSorted().join("\n"));
}
