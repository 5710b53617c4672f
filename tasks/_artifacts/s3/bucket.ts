/**
 * What is asked of a bucket: what it holds, what it keeps of what is deleted, and to delete.
 *
 * @module
 */

import { createHash } from "node:crypto";
import {
  elementsOf,
  type Page,
  readElement,
  readPage,
  rootCalled,
  type StoredObject,
} from "./answers.ts";
import { BucketError, refusal } from "./bucket_error.ts";
import type { BucketClient } from "./client.ts";

/** How many objects one answer lists, and one request deletes, at most. */
const AT_ONCE = 1_000;

/**
 * Lists objects. Needs net permission.
 *
 * @param client The bucket.
 * @param prefix What their keys begin with.
 * @param signal Stops it.
 * @returns The objects, by their keys.
 * @throws {BucketError} When they cannot be listed.
 */
export async function listObjects(
  client: BucketClient,
  prefix: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, StoredObject>> {
  const objects = new Map<string, StoredObject>();
  for await (const page of pagesOf(client, { prefix }, signal)) {
    for (const one of page.objects) objects.set(one.key, one);
  }
  return objects;
}

/**
 * Tells whether there are objects. Needs net permission.
 *
 * @param client The bucket.
 * @param prefix What their keys begin with.
 * @returns Whether there is one.
 * @throws {BucketError} When they cannot be listed.
 */
export async function hasObjects(client: BucketClient, prefix: string): Promise<boolean> {
  for await (const page of pagesOf(client, { prefix, "max-keys": "1" })) {
    if (page.objects.length > 0) return true;
  }
  return false;
}

/**
 * Lists what keys go on with up to the next slash, as a directory is listed. Needs net permission.
 *
 * @param client The bucket.
 * @param prefix What the keys begin with; ends in a slash, or is empty.
 * @returns Names; those of objects, and those before a slash.
 * @throws {BucketError} When they cannot be listed.
 */
export async function listNames(
  client: BucketClient,
  prefix: string,
): Promise<{ readonly objects: readonly string[]; readonly folders: readonly string[] }> {
  const objects: string[] = [];
  const folders: string[] = [];
  for await (const page of pagesOf(client, { prefix, delimiter: "/" })) {
    objects.push(...page.objects.map(({ key }) => key.slice(prefix.length)));
    folders.push(...page.prefixes.map((one) => one.slice(prefix.length, -1)));
  }
  return { objects: objects.filter((name) => name !== ""), folders };
}

async function* pagesOf(
  client: BucketClient,
  asked: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): AsyncGenerator<Page> {
  let token: string | null = null;
  do {
    const { text } = await client.ask({
      method: "GET",
      query: {
        "list-type": "2",
        "encoding-type": "url",
        "max-keys": `${AT_ONCE}`,
        ...asked,
        ...(token === null ? {} : { "continuation-token": token }),
      },
      signal,
    });
    const page = readPage(text);
    const { prefix = "" } = asked;
    const isOther = page.objects.some(({ key }) => !key.startsWith(prefix)) ||
      page.prefixes.some((one) => !one.startsWith(prefix));
    if (isOther || page.next === token && token !== null) {
      throw new BucketError("answer", "expected what was asked for, found another listing");
    }
    yield page;
    token = page.next;
  } while (token !== null);
}

/**
 * Deletes objects: in a bucket that keeps versions, only what is shown of them. Needs net permission.
 *
 * @param client The bucket.
 * @param keys Their keys.
 * @param signal Looked at before each request.
 * @throws {BucketError} When one of them is not deleted.
 */
export async function deleteObjects(
  client: BucketClient,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE);
    const body = [
      '<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
      ...some.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`),
      "</Delete>",
    ].join("");
    const { text } = await client.ask({
      method: "POST",
      query: { delete: "" },
      headers: {
        "content-md5": createHash("md5").update(body).digest("base64"),
        "content-type": "application/xml",
      },
      body,
      signal,
    });
    const root = rootCalled(text, "DeleteResult");
    const failed = elementsOf(root, "Error")
      .find((one) => readElement(one, "Code") !== "NoSuchKey");
    if (failed !== undefined) {
      const code = readElement(failed, "Code") ?? "Unknown";
      const { message } = refusal(code, 200, readElement(failed, "Message") ?? "");
      throw new BucketError(code, `${readElement(failed, "Key")} is not deleted: ${message}`);
    }
    const deleted = elementsOf(root, "Deleted").length + elementsOf(root, "Error").length;
    if (deleted !== some.length) {
      throw new BucketError(
        "answer",
        `expected ${some.length} objects to be deleted, found ${deleted}`,
      );
    }
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** What a bucket keeps of what is deleted in it. */
export type BucketKeeps = "nothing" | "versions" | "locked versions" | "unknown";

/**
 * Asks what a bucket keeps of what is deleted in it. Needs net permission.
 *
 * @param client The bucket.
 * @returns What; `unknown` where these credentials may not ask.
 */
export async function askWhatIsKept(client: BucketClient): Promise<BucketKeeps> {
  try {
    const { text } = await client.ask({ method: "GET", query: { versioning: "" } });
    const status = readElement(rootCalled(text, "VersioningConfiguration"), "Status");
    if (status !== "Enabled" && status !== "Suspended") return "nothing";
  } catch (error) {
    if (error instanceof BucketError) return "unknown";
    throw error;
  }
  try {
    const { text } = await client.ask({ method: "GET", query: { "object-lock": "" } });
    const root = rootCalled(text, "ObjectLockConfiguration");
    return readElement(root, "ObjectLockEnabled") === "Enabled" ? "locked versions" : "versions";
  } catch (error) {
    if (error instanceof BucketError) return "versions";
    throw error;
  }
}
