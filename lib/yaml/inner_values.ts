/**
 * Values within values of a document, named by the keys that lead to them.
 *
 * @module
 */

import type { MetaDocument, MetaNode, MetaScalar } from "./node.ts";

/**
 * Gives a value.
 *
 * @param document The document.
 * @param key Its key, or the keys that lead to it with `/` between them.
 * @returns The value; `undefined` where there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseMetaYaml } from "./meta_yaml.ts";
 * import { textOf } from "./node.ts";
 *
 * const document = parseMetaYaml("source:\n  source_id: kim\n");
 * assertEquals(textOf(valueAt(document, "source/source_id")), "kim");
 * ```
 */
export function valueAt(document: MetaDocument, key: string): MetaNode | undefined {
  const inner = innerOf(document, key);
  return inner === null ? document.get(key) : valueAt(inner.entries, inner.rest);
}

/**
 * Sets a value.
 *
 * @param document The document.
 * @param key Its key, or the keys that lead to it with `/` between them, where they do.
 * @param value The value.
 * @returns The document with that value; all others stay as they are.
 */
export function withValue(document: MetaDocument, key: string, value: MetaScalar): MetaDocument {
  const inner = innerOf(document, key);
  if (inner === null) return new Map([...document, [key, value]]);
  const { first, entries, rest } = inner;
  return new Map([...document, [first, {
    kind: "mapping",
    entries: withValue(entries, rest, value),
  }]]);
}

/** Where a key leads inwards; `null` where it is a key itself. */
function innerOf(document: MetaDocument, key: string): {
  readonly first: string;
  readonly entries: MetaDocument;
  readonly rest: string;
} | null {
  const end = document.has(key) ? -1 : key.indexOf("/");
  const first = key.slice(0, Math.max(end, 0));
  const node = document.get(first);
  return end === -1 || node?.kind !== "mapping"
    ? null
    : { first, entries: node.entries, rest: key.slice(end + 1) };
}
