/**
 * What lies in a bucket, without touching it: listed as a directory is, and measured.
 *
 * @module
 */

import { parseS3Uri } from "../../../lib/store/artifact_uri.ts";
import type { DiskUsage } from "../../../lib/store/usage.ts";
import type { ListDirectory } from "../../_io/list_directory.ts";
import { listNames, listObjects } from "./bucket.ts";
import type { BucketClient } from "./client.ts";
import { atOnce } from "./copy_tree.ts";
import { below, type Objects, stampOf, usageOf } from "./tree_prefixes.ts";

/** What a tree in a bucket takes. */
export interface MeasuredTree {
  readonly usage: DiskUsage;
  /** Epoch ms; 0 where it holds nothing. */
  readonly newestChange: number;
  /** As setting it aside asks for it. */
  readonly stamp: string;
}

/** How many listings are asked for at once. */
const AT_ONCE = 16;

/**
 * Measures trees. Needs net permission.
 *
 * @param client The bucket.
 * @param places `s3://BUCKET/KEY` of each.
 * @param signal Stops it.
 * @returns What they take, by their places, and what each directory in them takes, two names deep.
 * @throws {BucketError} When they cannot be listed.
 */
export async function measurePlaces(
  client: BucketClient,
  places: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, MeasuredTree>> {
  const measured = new Map<string, MeasuredTree>();
  await atOnce(AT_ONCE, places, async (place) => {
    const prefix = `${parseS3Uri(place)!.key}/`;
    const objects = below(await listObjects(client, prefix, signal), prefix);
    measured.set(place, await measure(objects));
    for (const [name, own] of partsOf(objects)) {
      measured.set(`${place}/${name}`, await measure(own));
      for (const [inner, all] of partsOf(own)) {
        measured.set(`${place}/${name}/${inner}`, await measure(all));
      }
    }
  });
  return measured;
}

/** What lies in each directory. */
function partsOf(objects: Objects): ReadonlyMap<string, Objects> {
  const inner = [...objects].filter(([name]) => name.includes("/"));
  const parts = Map.groupBy(inner, ([name]) => name.slice(0, name.indexOf("/")));
  return new Map([...parts].map(([name, own]) => [name, below(new Map(own), `${name}/`)]));
}

async function measure(objects: Objects): Promise<MeasuredTree> {
  let newestChange = 0;
  for (const { modified } of objects.values()) newestChange = Math.max(newestChange, modified);
  return { usage: usageOf(objects), newestChange, stamp: await stampOf(objects) };
}

/**
 * Makes what lists a bucket as a directory is listed, each place once. Needs net permission.
 *
 * @param client The bucket.
 * @returns Lists a place, `s3://BUCKET/KEY`; throws `BucketError` where it cannot.
 */
export function bucketLister(client: BucketClient): ListDirectory {
  const listed = new Map<string, ReturnType<typeof listNames>>();
  return async (place) => {
    const { key } = parseS3Uri(place)!;
    const prefix = key === "" ? "" : `${key}/`;
    const { objects, folders } = await listed.getOrInsertComputed(
      prefix,
      () => listNames(client, prefix),
    );
    return {
      kind: "listed",
      entries: [
        ...folders.map((name) => ({ name, isDirectory: true, isFile: false, isSymlink: false })),
        ...objects.map((name) => ({ name, isDirectory: false, isFile: true, isSymlink: false })),
      ],
    };
  };
}

/**
 * Lists places that will be listed, some at once.
 *
 * @param list What lists them.
 * @param places The places.
 */
export async function listAhead(list: ListDirectory, places: readonly string[]): Promise<void> {
  await atOnce(AT_ONCE, places, async (place) => void await list(place));
}
