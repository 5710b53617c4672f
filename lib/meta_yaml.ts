/**
 * The text of MLflow's `meta.yaml` files ↔ documents of nodes.
 *
 * @module
 */

import { parse, YamlSyntaxError } from "@std/yaml";
import { pythonType, scalar, unquoted } from "./meta_node.ts";
import type { MetaDocument, MetaNode } from "./meta_node.ts";

export { pythonType, scalar } from "./meta_node.ts";
export type { MetaDocument, MetaNode, MetaScalar, PythonType } from "./meta_node.ts";

/** Text that PyYAML would not read as one mapping; says where. */
export class MetaYamlError extends SyntaxError {
  /** The name of the class. */
  override readonly name = "MetaYamlError";
  /** 1-based line. */
  readonly line: number;
  /** 1-based column. */
  readonly column: number;

  /**
   * Makes the error.
   *
   * @param reason What is wrong there.
   * @param line 1-based line.
   * @param column 1-based column.
   */
  constructor(reason: string, line: number, column: number) {
    super(`Cannot read YAML at line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

// Parsing ----------------------------------------------------------------------------------------

/**
 * Reads the text of a `meta.yaml`.
 *
 * Accepts what PyYAML's safe loaders accept, hand edits included: comments, CRLF, a byte order mark,
 * `%YAML`, anchors, flow style, folding; of duplicate keys the last counts. More lenient than PyYAML
 * with tab characters between tokens and with escaped surrogate pairs.
 *
 * @param text The decoded text.
 * @returns The document; empty when the text holds nothing but comments, or a null.
 * @throws {MetaYamlError} When the text is no YAML, no mapping, more than one document, has a
 *   character that PyYAML refuses, a tag other than `!!str`, `!!seq`, `!!map`, or half a character.
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
  return new RegExp(`([A-Za-z_]\\w*):(?: (?:${single}|${double}|${plain}))?(?:\n|$)`, "y");
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
    else if (PLAIN_STOPS.test(plain)) return null;
    else document.set(key, unquoted(plain));
  }
  return document;
}

/** What PyYAML's reader refuses anywhere in a file. */
const UNREADABLE = /[^\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Far deeper than any file of MLflow's, and far from the end of the call stack. */
const MAXIMUM_DEPTH = 100;

/**
 * Reads any form of YAML.
 *
 * @param text The decoded text.
 * @returns The document, see {@linkcode parseMetaYaml}.
 * @throws {MetaYamlError} See {@linkcode parseMetaYaml}.
 */
export function parseAnyMetaYaml(text: string): MetaDocument {
  const found = UNREADABLE.exec(text);
  if (found !== null) {
    const lines = text.slice(0, found.index).split(/\r\n|[\n\r\x85\u2028\u2029]/);
    const code = found[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
    const column = (lines.at(-1)?.length ?? 0) + 1;
    throw new MetaYamlError(`character U+${code} is not allowed in YAML`, lines.length, column);
  }
  const source = withCommonLineBreaks(text);
  const root = load(source, "failsafe");
  const core = load(source, "core");
  if (core === null) return new Map();
  if (typeof root !== "object" || root === null || Array.isArray(root)) {
    const kind = Array.isArray(root) ? "a sequence" : "a scalar";
    throw new MetaYamlError(`expected a mapping of keys to values, found ${kind}`, 1, 1);
  }
  const stoodPlain = plainnessIn(source, core);
  let nodes = 0;

  function toNode(value: unknown, path: readonly string[]): MetaNode {
    // Aliases may unfold to more than the text spells out, or without end.
    if (path.length > MAXIMUM_DEPTH || ++nodes > text.length) {
      throw new MetaYamlError("nested too deeply", 1, 1);
    }
    if (value === null) return unquoted("");
    if (typeof value === "string") {
      if (!value.isWellFormed()) {
        throw new MetaYamlError(`half a character in ${JSON.stringify(value)}`, 1, 1);
      }
      const word = unquoted(value);
      return word.plain && stoodPlain(value, path) ? word : scalar(value);
    }
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, index) => toNode(item, [...path, String(index)]));
      return { kind: "sequence", items };
    }
    return { kind: "mapping", entries: toEntries(value as object, path) };
  }

  function toEntries(value: object, path: readonly string[]): MetaDocument {
    return new Map(
      Object.entries(value).map(([key, item]) => [key, toNode(item, [...path, key])]),
    );
  }

  return toEntries(root, []);
}

/**
 * YAML 1.1 breaks lines at NEL, LS and PS too, and PyYAML's own writer puts them raw into
 * single-quoted text. NEL counts as a newline; LS and PS stay, with all breaks after the first.
 */
function withCommonLineBreaks(text: string): string {
  if (!/[\x85\u2028\u2029]/.test(text)) return text;
  return text.replaceAll("\x85", "\n").replace(/(?: *[\n\u2028\u2029])+ */g, (breaks) => {
    if (!/[\u2028\u2029]/.test(breaks)) return breaks;
    // Folding takes one newline off each group of them.
    return breaks.replaceAll(" ", "").replace(/^\n/, "").replace(/\n+/g, "$&\n");
  });
}

function load(source: string, schema: "failsafe" | "core"): unknown {
  try {
    return parse(source, { schema, allowDuplicateKeys: true });
  } catch (error) {
    if (error instanceof YamlSyntaxError) {
      const [reason = ""] = error.message.split(" at line ");
      throw new MetaYamlError(
        reason.charAt(0).toLowerCase() + reason.slice(1),
        error.line,
        error.column,
      );
    }
    // The parser's recursion met the end of the call stack.
    if (error instanceof RangeError) throw new MetaYamlError("nested too deeply", 1, 1);
    throw error;
  }
}

/**
 * The parser does not say what was quoted, but its core schema resolves unquoted words only. A word
 * that core knows (`null`, `12`) shows at once. For one that only YAML 1.1 knows (`yes`, `1:30`), all
 * its occurrences make way for a number of the same length: what turns into it stood unquoted.
 */
function plainnessIn(
  source: string,
  core: unknown,
): (text: string, path: readonly string[]) => boolean {
  const marked = new Map<string, unknown>();
  return (text, path) => {
    if (typeof path.reduce(child, core) !== "string") return true;
    if (typeof load(text, "core") !== "string") return false;
    // Zeros first, because the first letter of `no` may be part of an escape, and `\0` is one too.
    const number = "1".padStart(text.length, "0");
    if (!marked.has(text)) marked.set(text, load(source.replaceAll(text, number), "core"));
    const markedPath = path.map((key) => key.replaceAll(text, number));
    return typeof markedPath.reduce(child, marked.get(text)) === "number";
  };
}

function child(parent: unknown, key: string): unknown {
  if (typeof parent !== "object" || parent === null) return undefined;
  const entries = parent as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(entries, key)) return entries[key];
  // The core schema resolves keys as well: `1e5` is found at `100000`.
  return /^[-+.~\w]+$/.test(key) ? entries[String(load(key, "core"))] : undefined;
}

// Writing ----------------------------------------------------------------------------------------

/**
 * Writes a document as text that both of PyYAML's loaders read back equal: keys sorted as MLflow
 * sorts them, one line a scalar, either unquoted and beyond doubt or double-quoted with escapes.
 *
 * @param document The document.
 * @returns The text, with a newline at its end.
 * @throws {RangeError} When a string holds half a surrogate pair, which UTF-8 cannot hold.
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
    throw new RangeError(`Cannot write ${JSON.stringify(text)}: it holds half a surrogate pair`);
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
 * Sets and removes keys at the top of a `meta.yaml`; all others keep their values and their Python
 * types. Comments and layout go, as they do when MLflow rewrites the file.
 *
 * @param text The text as it is.
 * @param changes Key → new value; `undefined` removes the key.
 * @returns The new text.
 * @throws {MetaYamlError} When the text cannot be read.
 * @throws {RangeError} When a new value cannot be written.
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
  const document = new Map(parseMetaYaml(text));
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) document.delete(key);
    else document.set(key, scalar(value));
  }
  return stringifyMetaYaml(document);
}
