/**
 * Copying all objects below one prefix to below another one, so that either may go.
 *
 * @module
 */

import { atOnce } from "../../_io/take_turns.ts";
import type { StoredObject } from "./answers.ts";
import { BucketError } from "./bucket_error.ts";
import type { BucketClient } from "./client.ts";
import { copyObject } from "./copy_object.ts";
import { listBelow, type Objects } from "./objects.ts";
import { areSameObjects } from "./same_objects.ts";

/** How many objects are copied at once. */
const AT_ONCE = 8;

/** What trees are copied with. */
export interface CopyPlace {
  readonly client: BucketClient;
  /** More bytes than this are copied in parts; left out: as much as S3 takes. */
  readonly largest?: number | undefined;
  /**
   * ETags of copies that this process has made, by that of the original and their keys: what was sent in parts has
   * another one than its copy.
   */
  readonly made: Map<string, string>;
}

/**
 * Copies objects to below a prefix, and checks that all are there. Needs net permission.
 *
 * @param place With what.
 * @param originals The objects, by what their keys have behind their own prefix.
 * @param prefix The other prefix.
 * @param options `there`: what lies below it already; `signal` stops it.
 * @throws {BucketError} When not all of it could be copied, or what lies there is another thing.
 */
export async function copyTree(
  { client, made, largest }: CopyPlace,
  originals: Objects,
  prefix: string,
  { there, isRepeatable, signal }: {
    readonly there: Objects;
    readonly isRepeatable: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const asked = [...originals].filter(([name]) => !there.has(name));
  await atOnce(AT_ONCE, asked, async ([name, original]) => {
    signal?.throwIfAborted();
    const key = prefix + name;
    const options = { isRepeatable, signal, ...(largest === undefined ? {} : { largest }) };
    made.set(madeName(original, key), await copyObject(client, original, key, options));
  });
  const found = await listBelow(client, prefix, signal);
  for (const [name, original] of originals) {
    const copy = found.get(name);
    if (copy !== undefined && await isCopyOf({ client, made }, original, copy, signal)) continue;
    throw new BucketError("different", `the copy of ${original.key} is different`);
  }
}

/**
 * Tells whether an object is a copy of another one. Needs net permission.
 *
 * @param place With what copies are made.
 * @param original The object.
 * @param copy What may be its copy.
 * @param signal Stops it.
 * @returns Whether it is.
 * @throws {BucketError} When they cannot be read.
 */
export async function isCopyOf(
  { client, made }: Pick<CopyPlace, "client" | "made">,
  original: StoredObject,
  copy: StoredObject,
  signal?: AbortSignal,
): Promise<boolean> {
  const isOurs = copy.size === original.size &&
    made.get(madeName(original, copy.key)) === copy.etag;
  return isOurs || await areSameObjects(client, original, copy, signal);
}

function madeName({ key, etag }: StoredObject, copy: string): string {
  return JSON.stringify([key, etag, copy]);
}
