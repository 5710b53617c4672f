/**
 * The note of which objects of a tree go that nobody wants to keep.
 *
 * @module
 */

import { isRecord } from "../../../lib/text/json.ts";
import { deleteObjects, listObjects } from "./bucket.ts";
import { BucketError } from "./bucket_error.ts";
import type { BucketClient } from "./client.ts";
import { listBelow, type Objects } from "./objects.ts";

/**
 * Notes that objects go. Needs net permission.
 *
 * @param client The bucket.
 * @param key Where that is noted.
 * @param objects The objects.
 */
export async function noteLeaving(
  client: BucketClient,
  key: string,
  objects: Objects,
): Promise<void> {
  const body = JSON.stringify([...objects].map(([name, { size, etag }]) => ({ name, size, etag })));
  await client.ask({ method: "PUT", key, headers: { "content-type": "application/json" }, body });
}

/**
 * Tells whether it is noted that objects go. Needs net permission.
 *
 * @param client The bucket.
 * @param key Where that would be noted.
 * @returns Whether it is.
 */
export async function isLeaving(client: BucketClient, key: string): Promise<boolean> {
  return (await listObjects(client, key)).has(key);
}

/**
 * Forgets that objects go: they stay. Needs net permission.
 *
 * @param client The bucket.
 * @param key Where it was noted.
 */
export async function forgetLeaving(client: BucketClient, key: string): Promise<void> {
  await deleteObjects(client, [key]);
}

/**
 * Deletes the objects of which it is noted that they go, as far as they still are the same; then the note. Needs net
 * permission.
 *
 * @param client The bucket.
 * @param key Where it is noted.
 * @param target What the keys of the objects begin with.
 * @throws {BucketError} When some of them cannot be deleted.
 */
export async function deleteLeaving(
  client: BucketClient,
  key: string,
  target: string,
): Promise<void> {
  const noted = await readNote(client, key);
  const there = await listBelow(client, target);
  const going = [...there].filter(([name, { size, etag }]) => {
    const one = noted.get(name);
    return one?.["size"] === size && one["etag"] === etag;
  });
  await deleteObjects(client, going.map(([, { key }]) => key));
  await deleteObjects(client, [key]);
}

async function readNote(
  client: BucketClient,
  key: string,
): Promise<ReadonlyMap<unknown, Readonly<Record<string, unknown>>>> {
  const { text } = await client.ask({ method: "GET", key });
  try {
    const noted: unknown = JSON.parse(text);
    if (Array.isArray(noted) && noted.every(isRecord)) {
      return new Map(noted.map((one) => [one["name"], one]));
    }
  } catch {
    // Said below.
  }
  throw new BucketError("different", `s3://${client.bucket}/${key} is no note of mltidy's`);
}
