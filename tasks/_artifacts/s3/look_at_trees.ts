/**
 * What lies in a bucket, without touching it: listed as a directory is, and measured.
 *
 * @module
 */

import { parseS3Uri } from "../../../lib/store/artifact_uri.ts";
import type { ListDirectory } from "../../_io/list_directory.ts";
import { atOnce } from "../../_io/take_turns.ts";
import { listNames } from "./bucket.ts";
import type { BucketClient } from "./client.ts";
import { below, listBelow, type MeasuredTree, measureObjects, type Objects } from "./objects.ts";

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
    const objects = await listBelow(client, `${parseS3Uri(place)!.key}/`, signal);
    measured.set(place, await measureObjects(objects));
    for (const [name, own] of partsOf(objects)) {
      measured.set(`${place}/${name}`, await measureObjects(own));
      for (const [inner, all] of partsOf(own)) {
        measured.set(`${place}/${name}/${inner}`, await measureObjects(all));
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
