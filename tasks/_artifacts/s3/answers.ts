/**
 * What S3 answers, as far as it counts here. Whoever answers may be anybody.
 *
 * @module
 */

import { parseXml, XmlElement } from "parse-xml";
import { BucketError } from "./bucket_error.ts";

/** An object in a bucket. */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Epoch ms. */
  readonly modified: number;
  readonly storageClass: string;
}

/** Some of what is in a bucket. */
export interface Page {
  readonly objects: readonly StoredObject[];
  /** What keys begin with that were asked for as one, with the slash. */
  readonly prefixes: readonly string[];
  /** By what to ask for the next one; `null`: this is the last. */
  readonly next: string | null;
}

/**
 * Reads the outermost element of an answer.
 *
 * @param text The answer.
 * @returns The element.
 * @throws {BucketError} When it is no XML.
 */
export function readRoot(text: string): XmlElement {
  try {
    const { root } = parseXml(text);
    if (root !== null) return root;
  } catch {
    // Said below.
  }
  throw new BucketError("answer", "what answers there is no S3: expected XML");
}

/**
 * Reads what an element inside another one says.
 *
 * @param parent The outer one.
 * @param name The name of the inner one.
 * @returns Its text; `null` where there is none.
 */
export function readElement(parent: XmlElement, name: string): string | null {
  return elementsOf(parent, name)[0]?.text ?? null;
}

/**
 * Lists the elements of a name inside another one.
 *
 * @param parent The outer one.
 * @param name Their name.
 * @returns The elements.
 */
export function elementsOf(parent: XmlElement, name: string): readonly XmlElement[] {
  return parent.children.filter((one): one is XmlElement =>
    one instanceof XmlElement && one.name === name
  );
}

/**
 * Reads a page of a listing.
 *
 * @param text What was answered.
 * @returns The page.
 * @throws {BucketError} When it is none.
 */
export function readPage(text: string): Page {
  const root = rootCalled(text, "ListBucketResult");
  const isEncoded = readElement(root, "EncodingType") === "url";
  const decode = (key: string) => isEncoded ? decodedKey(key) : key;
  const objects = elementsOf(root, "Contents").map((one): StoredObject => {
    const size = Number(readElement(one, "Size") ?? NaN);
    const modified = Date.parse(readElement(one, "LastModified") ?? "");
    const etag = (readElement(one, "ETag") ?? "").replaceAll('"', "");
    if (!Number.isSafeInteger(size) || size < 0 || Number.isNaN(modified) || etag === "") {
      throw new BucketError("answer", "expected size, time and ETag of each object in a listing");
    }
    return {
      key: decode(required(one, "Key")),
      size,
      etag,
      modified,
      storageClass: readElement(one, "StorageClass") ?? "STANDARD",
    };
  });
  const prefixes = elementsOf(root, "CommonPrefixes")
    .map((one) => decode(required(one, "Prefix")));
  const isCut = readElement(root, "IsTruncated") === "true";
  return { objects, prefixes, next: isCut ? required(root, "NextContinuationToken") : null };
}

/**
 * Reads the ETag of what was made by copying.
 *
 * @param text What was answered.
 * @param name The name of its outermost element.
 * @returns The ETag, without quotes.
 * @throws {BucketError} When it is no such answer.
 */
export function readCopied(
  text: string,
  name: "CopyObjectResult" | "CopyPartResult" | "CompleteMultipartUploadResult",
): string {
  return required(rootCalled(text, name), "ETag").replaceAll('"', "");
}

/**
 * Reads the outermost element of an answer.
 *
 * @param text The answer.
 * @param name How it must be called.
 * @returns The element.
 * @throws {BucketError} When it is called otherwise.
 */
export function rootCalled(text: string, name: string): XmlElement {
  const root = readRoot(text);
  if (root.name === name) return root;
  throw new BucketError("answer", `what answers there is no S3: expected ${name}`);
}

/**
 * Reads what an element says that must be there.
 *
 * @param parent The outer one.
 * @param name The name of the inner one.
 * @returns Its text.
 * @throws {BucketError} When there is none.
 */
export function required(parent: XmlElement, name: string): string {
  const text = readElement(parent, name);
  if (text !== null && text !== "") return text;
  throw new BucketError("answer", `expected ${name} in ${parent.name}, found none`);
}

function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    throw new BucketError("answer", "expected keys that are encoded as a URL is");
  }
}
