/**
 * Copying an object within its bucket, on the server, with all that is known of it.
 *
 * *Ordering*: what is copied in parts comes into its place by the last request, all of it at once.
 *
 * *After an interruption*: parts that were not put together are given up; what a killed process left of them a rule
 * of the bucket for incomplete uploads takes.
 *
 * @module
 */

import {
  elementsOf,
  readCopied,
  readElement,
  required,
  rootCalled,
  type StoredObject,
} from "./answers.ts";
import { type BucketClient, encodedKey } from "./client.ts";

/** How to copy. */
export interface CopyOptions {
  /** More bytes than this are copied in parts: S3 takes no more at once than 5 GiB. */
  readonly largest?: number;
  /** Whether it does no harm to copy once more. @default {true} */
  readonly isRepeatable?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const [LARGEST, PART, MOST_PARTS] = [5 * 1024 ** 3, 512 * 1024 ** 2, 10_000] as const;

/** How long copying may take on the server, ms. */
const PATIENCE = 900_000;

/**
 * Copies an object, if it still is what it was. Needs net permission.
 *
 * @param client The bucket.
 * @param object The object.
 * @param key The key of the copy.
 * @param options How.
 * @returns The ETag of the copy.
 * @throws {BucketError} When it was not copied.
 */
export async function copyObject(
  client: BucketClient,
  object: StoredObject,
  key: string,
  { largest = LARGEST, isRepeatable = true, signal }: CopyOptions = {},
): Promise<string> {
  if (object.size > largest) return await copyInParts(client, object, key, { largest, signal });
  const { text } = await client.ask({
    method: "PUT",
    key,
    headers: {
      ...sourceOf(client, object),
      "x-amz-metadata-directive": "COPY",
      "x-amz-tagging-directive": "COPY",
      ...classOf(object),
    },
    isRepeatable,
    patience: PATIENCE,
    signal,
  });
  return readCopied(text, "CopyObjectResult");
}

function sourceOf({ bucket }: BucketClient, { key, etag }: StoredObject): Record<string, string> {
  return {
    "x-amz-copy-source": `/${bucket}/${encodedKey(key)}`,
    "x-amz-copy-source-if-match": `"${etag}"`,
  };
}

/** A copy is in the usual class where nothing is said. */
function classOf({ storageClass }: StoredObject): Record<string, string> {
  return storageClass === "STANDARD" ? {} : { "x-amz-storage-class": storageClass };
}

async function copyInParts(
  client: BucketClient,
  object: StoredObject,
  key: string,
  { largest, signal }: { readonly largest: number; readonly signal: AbortSignal | undefined },
): Promise<string> {
  const known = await headersOf(client, object.key, signal);
  const begun = await client.ask({
    method: "POST",
    key,
    query: { uploads: "" },
    headers: { ...known, ...classOf(object) },
    signal,
  });
  const uploadId = required(rootCalled(begun.text, "InitiateMultipartUploadResult"), "UploadId");
  try {
    const size = Math.max(Math.min(PART, largest), Math.ceil(object.size / MOST_PARTS));
    const parts: string[] = [];
    for (let at = 0; at < object.size; at += size) {
      const { text } = await client.ask({
        method: "PUT",
        key,
        query: { partNumber: `${parts.length + 1}`, uploadId },
        headers: {
          ...sourceOf(client, object),
          "x-amz-copy-source-range": `bytes=${at}-${Math.min(at + size, object.size) - 1}`,
        },
        patience: PATIENCE,
        signal,
      });
      parts.push(readCopied(text, "CopyPartResult"));
    }
    const body = `<CompleteMultipartUpload>${
      parts.map((etag, index) =>
        `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${etag}"</ETag></Part>`
      ).join("")
    }</CompleteMultipartUpload>`;
    const { text } = await client.ask({
      method: "POST",
      key,
      query: { uploadId },
      headers: { "content-type": "application/xml" },
      body,
      isRepeatable: false,
      patience: PATIENCE,
      signal,
    });
    return readCopied(text, "CompleteMultipartUploadResult");
  } catch (error) {
    await client.ask({ method: "DELETE", key, query: { uploadId } }).catch(() => {});
    throw error;
  }
}

/** What only a copy at once takes over by itself. */
const KEPT = [
  ...["content-type", "cache-control", "content-disposition", "content-encoding"],
  ...["content-language", "expires", "x-amz-website-redirect-location"],
];

async function headersOf(
  client: BucketClient,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const { headers } = await client.ask({ method: "HEAD", key, signal });
  const kept = [...headers].filter(([name]) =>
    KEPT.includes(name) || name.startsWith("x-amz-meta-")
  );
  return { ...Object.fromEntries(kept), ...await tagsOf(client, key, signal) };
}

async function tagsOf(
  client: BucketClient,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const { text } = await client.ask({ method: "GET", key, query: { tagging: "" }, signal });
  const tags = elementsOf(rootCalled(text, "Tagging"), "TagSet")
    .flatMap((set) => elementsOf(set, "Tag"))
    .map((tag) => [required(tag, "Key"), readElement(tag, "Value") ?? ""]);
  return tags.length === 0 ? {} : { "x-amz-tagging": `${new URLSearchParams(tags)}` };
}
