/**
 * The text of MLflow's `meta.yaml` files ↔ documents of nodes.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { withValue } from "./inner_values.ts";
import { loadYaml } from "./load.ts";
import { isConstructible, pythonType, scalar, unquoted } from "./node.ts";
import type { MetaDocument, MetaNode } from "./node.ts";
import { MetaYamlError } from "./reader.ts";

export { pythonType, scalar } from "./node.ts";
export type { MetaDocument, MetaNode, MetaScalar, PythonType } from "./node.ts";
export { MetaYamlError } from "./reader.ts";

/** The text is YAML, but no mapping of keys to values. */
export class NoMappingError extends MetaYamlError {}

// Parsing ----------------------------------------------------------------------------------------

/**
 * Reads the text of a `meta.yaml`.
 *
 * Accepts what PyYAML's safe loader on libyaml accepts, with which MLflow reads, and nothing else:
 * comments, CRLF, a byte order mark, `%YAML`, anchors, flow style, folding; of duplicate keys the last
 * counts. PyYAML's own loader, with which a migration reads, differs in two things: it refuses a tab
 * between tokens and passes over a byte order mark before any key.
 *
 * @param text The decoded text.
 * @returns The document; empty when the text holds nothing but comments, or a null.
 * @throws {MetaYamlError} When the text is no YAML, more than one document, has a character that
 *   PyYAML refuses, a tag that is none of a scalar, list or mapping, or a value that Python cannot make.
 * @throws {NoMappingError} When it is YAML, but no mapping.
 *
 * @example Types are Python's
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const document = parseMetaYaml("experiment_id: '0'\nstatus: 3\n");
 * assertEquals(document.get("experiment_id"), { kind: "scalar", text: "0", plain: false });
 * assertEquals(document.get("status"), { kind: "scalar", text: "3", plain: true });
 * ```
 */
export function parseMetaYaml(text: string): MetaDocument {
  return parseFlatMetaYaml(text) ?? parseAnyMetaYaml(text);
}

const EMPTY_SEQUENCE: MetaNode = { kind: "sequence", items: [] };
const EMPTY_MAPPING: MetaNode = { kind: "mapping", entries: new Map() };

/** `key:`, `key: []`, `key: {}`, `key: 'text'`, `key: "text"` or `key: text`, and nothing odd. */
const FLAT_LINE = (() => {
  const beyondAscii = String.raw`\xA0-\u2027\u202A-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD`;
  const single = `'((?:[ -&(-~${beyondAscii}]|'')*)'`;
  const double = String.raw`"([ !#-[\]-~${beyondAscii}]*)"`;
  const plain = String.raw`(\[\]|\{\}|(?:-(?=\w)|[\w./${beyondAscii}])[ -~${beyondAscii}]*)`;
  return new RegExp(`([A-Za-z_]\\w{0,1023}):(?: (?:${single}|${double}|${plain}))?(?:\n|$)`, "y");
})();

/** Where a plain scalar on one line ends before its line does, or is a nested mapping. */
const PLAIN_STOPS = /: | #|[: ]$/;

/**
 * Reads the form that MLflow itself writes nearly always, an order of magnitude faster than a YAML
 * parser: keys with unfolded scalars, `[]` or `{}`, one a line.
 *
 * @param text The decoded text.
 * @returns The document that {@linkcode parseMetaYaml} returns, or `null` for anything else.
 */
export function parseFlatMetaYaml(text: string): MetaDocument | null {
  const document = new Map<string, MetaNode>();
  FLAT_LINE.lastIndex = 0;
  while (FLAT_LINE.lastIndex < text.length) {
    const match = FLAT_LINE.exec(text);
    if (match === null) return null;
    const [, key = "", single, double, plain = ""] = match;
    if (single !== undefined) document.set(key, scalar(single.replaceAll("''", "'")));
    else if (double !== undefined) document.set(key, scalar(double));
    else if (plain === "[]") document.set(key, EMPTY_SEQUENCE);
    else if (plain === "{}") document.set(key, EMPTY_MAPPING);
    else {
      const value = unquoted(plain);
      if (PLAIN_STOPS.test(plain) || value.plain && !isConstructible(value)) return null;
      document.set(key, value);
    }
  }
  return document;
}

/**
 * Reads any form of YAML.
 *
 * @param text The decoded text.
 * @returns The document, see {@linkcode parseMetaYaml}.
 * @throws {MetaYamlError} See {@linkcode parseMetaYaml}.
 * @throws {NoMappingError} See {@linkcode parseMetaYaml}.
 */
export function parseAnyMetaYaml(text: string): MetaDocument {
  const root = loadYaml(text);
  if (root?.kind === "mapping") return root.entries;
  if (root === null || root.kind === "scalar" && pythonType(root) === "null") return new Map();
  throw new NoMappingError(`expected a mapping of keys to values, found a ${root.kind}`, 1, 1);
}

// Writing ----------------------------------------------------------------------------------------

/**
 * Writes a document as text that both of PyYAML's loaders read back equal: keys sorted as MLflow
 * sorts them, one line a scalar, either unquoted and beyond doubt or double-quoted with escapes.
 *
 * @param document The document.
 * @returns The text, with a newline at its end.
 * @throws {InvalidArgumentError} When a string holds half a surrogate pair, which UTF-8 cannot hold.
 *
 * @example A string that looks like a number gets quotes
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const text = stringifyMetaYaml(new Map([["status", scalar(3)], ["name", scalar("3")]]));
 * assertEquals(text, 'name: "3"\nstatus: 3\n');
 * ```
 */
export function stringifyMetaYaml(document: MetaDocument): string {
  const text = block({ kind: "mapping", entries: document }, "");
  return `${text.trimStart()}\n`;
}

/** What follows `key:` or `-`, on the same line or as lines indented by `indent`. */
function block(node: MetaNode, indent: string): string {
  switch (node.kind) {
    case "scalar":
      if (pythonType(node) === "str") return ` ${quoteIfNeeded(node.text)}`;
      // Nothing would mean null as well, but parsers disagree on what may follow nothing.
      return ` ${node.text || "null"}`;
    case "sequence":
      if (node.items.length === 0) return " []";
      return node.items
        // A collection begins on the line of its dash, where it is indented just the same.
        .map((item) => `\n${indent}-${block(item, `${indent}  `).replace(/^\n +/, " ")}`)
        .join("");
    case "mapping":
      if (node.entries.size === 0) return " {}";
      return [...node.entries]
        .sort(([a], [b]) => compareCodePoints(a, b))
        .map(([key, value]) => `\n${indent}${quoteIfNeeded(key)}:${block(value, `${indent}  `)}`)
        .join("");
  }
}

function compareCodePoints(a: string, b: string): number {
  let index = 0;
  while (index < a.length && a[index] === b[index]) index++;
  return (a.codePointAt(index) ?? -1) - (b.codePointAt(index) ?? -1);
}

/** Words, dots and slashes; single spaces and colons only before more of them; no end of document. */
const CONSERVATIVE =
  /^(?!\.{3})[\p{L}\p{N}_./](?:[\p{L}\p{N}_./@%+=,~()-]|[ :](?=[\p{L}\p{N}_./(]))*$/u;

function quoteIfNeeded(text: string): string {
  const plain = CONSERVATIVE.test(text) && !/[\u{10000}-\u{10FFFF}]/u.test(text) &&
    !unquoted(text).plain &&
    // Not for PyYAML, but other YAML tools read `1e5` and `0899` as numbers.
    Number.isNaN(Number(text));
  if (plain) return text;
  if (!text.isWellFormed()) {
    throw new InvalidArgumentError(
      `Cannot write ${JSON.stringify(text)}: it holds half a surrogate pair`,
    );
  }
  return `"${text.replace(NEEDS_ESCAPE, escape)}"`;
}

/** Quotes, what PyYAML's reader refuses or takes for a line break, and all beyond 16 bits. */
const NEEDS_ESCAPE =
  // deno-lint-ignore no-control-regex
  /["\\\x00-\x1F\x7F-\x9F\u2028\u2029\uFEFF\uFFFE\uFFFF\u{10000}-\u{10FFFF}]/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\t", "\\t"],
  ["\r", "\\r"],
]);

function escape(character: string): string {
  const short = SHORT_ESCAPES.get(character);
  if (short !== undefined) return short;
  // Surrogate pairs as in JSON make libyaml refuse the whole file.
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/**
 * Sets keys of a `meta.yaml`, and removes some at its top; all others keep their values and their Python
 * types. Comments and layout go, as they do when MLflow rewrites the file.
 *
 * @param text The text as it is.
 * @param changes Key → new value, see {@linkcode withValue}; `undefined` removes the key.
 * @returns The new text.
 * @throws {MetaYamlError} When the text cannot be read.
 * @throws {InvalidArgumentError} When a new value cannot be written.
 *
 * @example Deleting a run as MLflow does
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   editMetaYaml("lifecycle_stage: active\nmine: '1'\n", {
 *     lifecycle_stage: "deleted",
 *     deleted_time: 1700000000000,
 *   }),
 *   'deleted_time: 1700000000000\nlifecycle_stage: deleted\nmine: "1"\n',
 * );
 * ```
 */
export function editMetaYaml(
  text: string,
  changes: Readonly<Record<string, string | number | null | undefined>>,
): string {
  let document = parseMetaYaml(text);
  for (const [key, value] of Object.entries(changes)) {
    document = value === undefined
      ? new Map([...document].filter(([one]) => one !== key))
      : withValue(document, key, scalar(value));
  }
  return stringifyMetaYaml(document);
}
