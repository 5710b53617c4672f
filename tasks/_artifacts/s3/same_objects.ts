/**
 * Whether two objects hold the same.
 *
 * @module
 */

import type { StoredObject } from "./answers.ts";
import type { BucketClient } from "./client.ts";

/**
 * Tells whether two objects hold the same: by size and ETag, and where those differ that may mean nothing, as of what
 * was sent in parts or is encrypted, by all that they hold. Needs net permission.
 *
 * @param client The bucket.
 * @param one An object.
 * @param other Another one.
 * @param signal Stops it.
 * @returns Whether they do.
 * @throws {BucketError} When they cannot be read.
 */
export async function areSameObjects(
  client: BucketClient,
  one: StoredObject,
  other: StoredObject,
  signal?: AbortSignal,
): Promise<boolean> {
  if (one.size !== other.size) return false;
  if (one.etag === other.etag) return true;
  const [left, right] = [
    await client.open(one.key, signal),
    await client.open(other.key, signal),
  ].map((stream) => stream.getReader());
  try {
    return await areSameStreams(left!, right!);
  } finally {
    await Promise.allSettled([left!.cancel(), right!.cancel()]);
  }
}

async function areSameStreams(
  left: ReadableStreamDefaultReader<Uint8Array>,
  right: ReadableStreamDefaultReader<Uint8Array>,
): Promise<boolean> {
  let [mine, theirs]: [Uint8Array, Uint8Array] = [EMPTY, EMPTY];
  for (;;) {
    if (mine.length === 0) mine = await nextOf(left);
    if (theirs.length === 0) theirs = await nextOf(right);
    const length = Math.min(mine.length, theirs.length);
    if (length === 0) return mine.length === theirs.length;
    for (let at = 0; at < length; at++) if (mine[at] !== theirs[at]) return false;
    [mine, theirs] = [mine.subarray(length), theirs.subarray(length)];
  }
}

const EMPTY = new Uint8Array();

/** Nothing at the end. */
async function nextOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return EMPTY;
    if (value.length > 0) return value;
  }
}
