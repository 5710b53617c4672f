/**
 * What a file holds after an operation.
 *
 * @module
 */

import type { FileContent } from "../../../lib/files/operations.ts";
import { editMetaYaml } from "../../../lib/yaml/meta_yaml.ts";

/**
 * Makes what a file is to hold.
 *
 * @param content What that is.
 * @param old What it holds; `null` where it is not there.
 * @returns The bytes.
 * @throws {Error} When it is made of an old file that is gone, or cannot be read.
 */
export function contentOf(content: FileContent, old: Uint8Array | null): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  switch (content.kind) {
    case "new-text":
    case "text":
      return encoder.encode(content.text);
    case "prefix":
      return new Uint8Array(existing(old).subarray(0, content.bytes));
    case "cuts":
      return withoutParts(existing(old), content.cuts);
    case "changes":
      return encoder.encode(editMetaYaml(new TextDecoder().decode(existing(old)), content.changes));
  }
}

function withoutParts(
  bytes: Uint8Array,
  cuts: Extract<FileContent, { kind: "cuts" }>["cuts"],
): Uint8Array<ArrayBuffer> {
  const ends = [...cuts.map(({ from }) => from), bytes.length];
  const parts = ends.map((end, index) => bytes.subarray(cuts[index - 1]?.to ?? 0, end));
  const left = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    left.set(part, at);
    at += part.length;
  }
  return left;
}

function existing(old: Uint8Array | null): Uint8Array {
  if (old === null) throw new Error("the file to change is gone");
  return old;
}
