/**
 * Text of YAML → its nodes, as PyYAML's safe loaders build them.
 *
 * @module
 */

import { isConstructible, type MetaNode, pythonType, unquoted } from "./node.ts";
import { type Mark, MetaYamlError } from "./reader.ts";
import { MAXIMUM_DEPTH, scanYaml, type Token, type TokenKind, TOO_DEEP } from "./scan.ts";
import { taggedNumber } from "./tagged_number.ts";

const STANDARD = "tag:yaml.org,2002:";

/**
 * Reads one document of YAML.
 *
 * @param source The text.
 * @returns The node; `null` when there is no document. Of duplicate keys the last counts. Aliases are
 *   the same node again.
 * @throws {MetaYamlError} When PyYAML's safe loaders raise, and where a node would hold itself.
 */
export function loadYaml(source: string): MetaNode | null {
  return load(source, null);
}

/** Where a value stands, and what it holds. */
export interface YamlPlace {
  /** The line of its key, or of the value itself in a list; from 1. */
  readonly line: number;
  /** By key, or by position. */
  readonly members: ReadonlyMap<string | number, YamlPlace>;
}

/** Where everything in a text stands. */
export interface YamlPlaces {
  /** The document. */
  readonly root: YamlPlace;
  /** The first key that its mapping has already; `null` when each stands once. */
  readonly repeated: { readonly key: string; readonly line: number } | null;
  /** Where the text ends to be YAML, behind which nothing was located; `null` when it does not. */
  readonly error: MetaYamlError | null;
}

/**
 * Finds out where the values of a document stand, whatever Python would make of them.
 *
 * @param source The text.
 * @returns The places.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { root } = locateYaml("retention: {\n  keep_last: 3 }\n");
 * assertEquals(root.members.get("retention")?.members.get("keep_last")?.line, 2);
 * ```
 */
export function locateYaml(source: string): YamlPlaces {
  const places = new Places();
  try {
    load(source, places);
    return { root: places.root, repeated: places.repeated, error: null };
  } catch (error) {
    if (!(error instanceof MetaYamlError)) throw error;
    return { root: places.root, repeated: places.repeated, error };
  }
}

function load(source: string, places: Places | null): MetaNode | null {
  const node = new Parser(scanYaml(source), source.length + 1, places).parse();
  // Aliases may unfold to far more than the text spells out.
  if (node !== null && sizeOf(node, source.length + 1) > source.length + 1) {
    throw new MetaYamlError(TOO_DEEP, 1, 1);
  }
  return node;
}

function sizeOf(node: MetaNode, limit: number): number {
  const inner = node.kind === "sequence"
    ? node.items
    : node.kind === "mapping"
    ? [...node.entries.values()]
    : [];
  let size = 1;
  for (const each of inner) if (size <= limit) size += sizeOf(each, limit - size);
  return size;
}

/** A place to which members may come. */
interface OpenPlace extends YamlPlace {
  members: Map<string | number, YamlPlace>;
}

/** Of what holds nothing, which most places are of: a map of its own for each takes long. */
const NO_MEMBERS = new Map<string | number, YamlPlace>();

/** Where a reader is, and what it came by. */
class Places {
  readonly root: OpenPlace = { line: 1, members: NO_MEMBERS };
  repeated: YamlPlaces["repeated"] = null;
  readonly #around: OpenPlace[] = [this.root];

  enter(part: string | number, mark: Mark): void {
    const line = mark.line + 1;
    const around = this.#around.at(-1)!;
    if (around.members === NO_MEMBERS) around.members = new Map();
    if (around.members.has(part)) this.repeated ??= { key: String(part), line };
    const place: OpenPlace = { line, members: NO_MEMBERS };
    around.members.set(part, place);
    this.#around.push(place);
  }

  leave(): void {
    this.#around.pop();
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  readonly #handles = new Map<string, string>();
  /** `null` while the node is being read. */
  readonly #anchors = new Map<string, MetaNode | null>();

  /** How many entries aliases may still bring into other mappings. */
  #merges: number;

  /** `null` where a document is read for its values, not for its places. */
  readonly #places: Places | null;

  constructor(tokens: readonly Token[], merges: number, places: Places | null) {
    this.#tokens = tokens;
    this.#merges = merges;
    this.#places = places;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #is(...kinds: readonly TokenKind[]): boolean {
    return kinds.includes(this.#token.kind);
  }

  #take(kind: TokenKind): Token | null {
    if (!this.#is(kind)) return null;
    return this.#tokens[this.#next++]!;
  }

  #expect(kind: TokenKind, ...others: readonly TokenKind[]): Token {
    if (!this.#is(kind, ...others)) this.#fail(`expected ${kind}, found ${this.#token.kind}`);
    return this.#tokens[this.#next++]!;
  }

  #fail(reason: string, { mark }: Token = this.#token): never {
    throw new MetaYamlError(reason, mark.line + 1, mark.column + 1);
  }

  parse(): MetaNode | null {
    if (this.#is("end")) return null;
    if (this.#is("%YAML", "%TAG")) this.#readDirectives();
    else if (!this.#is("---")) return this.#finish(this.#readValue(true));
    this.#expect("---");
    const isEmpty = this.#is("%YAML", "%TAG", "---", "...", "end");
    return this.#finish(isEmpty ? unquoted("") : this.#readValue(true));
  }

  #finish(node: MetaNode): MetaNode {
    while (this.#take("...") !== null);
    if (!this.#is("end")) this.#fail("expected a single document");
    return node;
  }

  #readDirectives(): void {
    let hasVersion = false;
    while (this.#is("%YAML", "%TAG")) {
      const token = this.#expect("%YAML", "%TAG");
      if (token.kind === "%YAML") {
        if (hasVersion || !/^0*1\.0*[12]$/.test(token.text)) {
          this.#fail("expected YAML 1.1, once", token);
        }
        hasVersion = true;
        continue;
      }
      const [handle = "", prefix = ""] = token.text.split(/[ \t]+/);
      if (this.#handles.has(handle)) this.#fail("the same handle twice", token);
      this.#handles.set(handle, prefix);
    }
  }

  /** An operator means something as a key alone. */
  #readValue(isBlock: boolean, takesDashes = false): MetaNode {
    const start = this.#token;
    const node = this.#readNode(isBlock, takesDashes);
    if (node.kind === "scalar" && pythonType(node) === "other") {
      this.#fail(`Python makes nothing of ${node.text}`, start);
    }
    return node;
  }

  #readNode(isBlock: boolean, takesDashes = false): MetaNode {
    const alias = this.#take("alias");
    if (alias !== null) {
      const node = this.#anchors.get(alias.text);
      if (node === undefined) this.#fail(`nothing is called *${alias.text}`, alias);
      return node ?? this.#fail(TOO_DEEP, alias);
    }
    if (this.#depth > MAXIMUM_DEPTH) this.#fail(TOO_DEEP);
    const first = this.#take("anchor");
    const tag = this.#take("tag");
    const anchor = first ?? this.#take("anchor");
    if (anchor !== null) {
      if (this.#anchors.has(anchor.text)) this.#fail(`two are called &${anchor.text}`, anchor);
      this.#anchors.set(anchor.text, null);
    }
    this.#depth++;
    const node = this.#readContent(isBlock, takesDashes, tag, anchor !== null || tag !== null);
    this.#depth--;
    if (anchor !== null) this.#anchors.set(anchor.text, node);
    return node;
  }

  #readContent(
    isBlock: boolean,
    takesDashes: boolean,
    tag: Token | null,
    mayBeEmpty: boolean,
  ): MetaNode {
    const name = tag === null ? null : this.#nameOf(tag);
    const start = this.#token;
    const isSequence = takesDashes && this.#is("-") || this.#is("[") ||
      isBlock && this.#is("block-sequence");
    if (isSequence) {
      if (name !== null && name !== `${STANDARD}seq`) this.#fail(`no list is ${name}`, tag!);
      return { kind: "sequence", items: this.#readItems() };
    }
    if (this.#is("{") || isBlock && this.#is("block-mapping")) {
      if (name !== null && name !== `${STANDARD}map`) this.#fail(`no mapping is ${name}`, tag!);
      return { kind: "mapping", entries: this.#readEntries() };
    }
    const text = this.#take("plain") ?? this.#take("quoted") ?? this.#take("block");
    if (text === null && !mayBeEmpty) this.#fail(`expected a value, found ${start.kind}`);
    const isPlain = text === null || text.kind === "plain";
    return this.#scalar(text?.text ?? "", isPlain, tag, name, start);
  }

  #nameOf(tag: Token): string | null {
    if (tag.text === "!") return null;
    const [, verbatim] = /^!<(.*)>$/.exec(tag.text) ?? [];
    if (verbatim !== undefined) return verbatim;
    const [, handle = "", suffix = ""] = /^(!(?:[\w-]*!)?)(.*)$/.exec(tag.text)!;
    const standard = handle === "!!" ? STANDARD : handle === "!" ? "!" : null;
    const prefix = this.#handles.get(handle) ?? standard;
    if (prefix === null || suffix === "") this.#fail("a tag of no known handle", tag);
    return prefix + suffix;
  }

  /** A tag says what a scalar is; else, unquoted, its text does. */
  #scalar(
    text: string,
    isPlain: boolean,
    tag: Token | null,
    name: string | null,
    start: Token,
  ): MetaNode {
    const quoted = { kind: "scalar", text, plain: false } as const;
    if (this.#places !== null) return quoted;
    // The tag `!` leaves it to the text, were it in quotes, and makes text of nothing.
    const isEmptyText = name === null && tag !== null && start.kind !== "plain" && text === "";
    if (name === `${STANDARD}str` || isEmptyText) return quoted;
    const node = isPlain || tag !== null ? unquoted(text) : quoted;
    if (name === `${STANDARD}null`) return unquoted("");
    if (name !== null && name !== STANDARD + TAGS[pythonType(unquoted(text))]) {
      const type = NUMBERS.find((type) => name === STANDARD + type);
      const number = type === undefined ? null : taggedNumber(text, type);
      if (number === null) this.#fail(`${JSON.stringify(text)} is no ${name}`, tag!);
      return unquoted(number);
    }
    if (node.plain && !isConstructible(node)) this.#fail(`Python makes nothing of ${text}`, start);
    return node;
  }

  #readItems(): readonly MetaNode[] {
    const items: MetaNode[] = [];
    if (this.#take("[") !== null) {
      while (this.#take("]") === null) {
        if (items.length > 0) {
          this.#expect(",");
          if (this.#take("]") !== null) break;
        }
        this.#places?.enter(items.length, this.#token.mark);
        items.push(this.#is("?") ? this.#readPair() : this.#readValue(false));
        this.#places?.leave();
      }
      return items;
    }
    const isIndented = this.#take("block-sequence") !== null;
    for (let dash = this.#take("-"); dash !== null; dash = this.#take("-")) {
      const isEmpty = this.#is("-", "block-end") || !isIndented && this.#is("?", ":");
      this.#places?.enter(items.length, dash.mark);
      items.push(isEmpty ? unquoted("") : this.#readValue(true));
      this.#places?.leave();
    }
    if (isIndented) this.#expect("block-end");
    return items;
  }

  /** `[key: value]` is a list of one mapping. */
  #readPair(): MetaNode {
    const entries = new Map<string, MetaNode>();
    this.#expect("?");
    // libyaml passes over what follows a question mark alone, were it the end of the list.
    const isAlone = (this.#take(":") ?? this.#take(",") ?? this.#take("]")) !== null;
    const { mark } = this.#token;
    const key = isAlone ? unquoted("") : this.#readNode(false);
    const hasValue = this.#take(":") !== null && !this.#is(",", "]");
    this.#places?.enter(nameOf(key), mark);
    const value = hasValue ? this.#readValue(false) : unquoted("");
    this.#places?.leave();
    this.#set(entries, [], key, value);
    return { kind: "mapping", entries };
  }

  #readEntries(): ReadonlyMap<string, MetaNode> {
    const entries = new Map<string, MetaNode>();
    const merged: MetaNode[] = [];
    const isFlow = this.#take("{") !== null;
    if (!isFlow) this.#expect("block-mapping");
    const end = isFlow ? "}" : "block-end";
    for (let count = 0; this.#take(end) === null; count++) {
      if (isFlow && count > 0) {
        this.#expect(",");
        if (this.#take("}") !== null) break;
      }
      const [key, value] = isFlow ? this.#readFlowEntry() : this.#readBlockEntry();
      this.#set(entries, merged, key, value);
    }
    return new Map([...merged.flatMap((node) => this.#entriesOf(node)), ...entries]);
  }

  #readFlowEntry(): readonly [MetaNode, MetaNode] {
    const isAlone = this.#take("?") === null;
    const { mark } = this.#token;
    const isEmpty = isAlone ? this.#is("}") : this.#is(":", ",", "}");
    const key = isEmpty ? unquoted("") : this.#readNode(false);
    const hasValue = !isAlone && this.#take(":") !== null && !this.#is(",", "}");
    this.#places?.enter(nameOf(key), mark);
    const value = hasValue ? this.#readValue(false) : unquoted("");
    this.#places?.leave();
    return [key, value];
  }

  #readBlockEntry(): readonly [MetaNode, MetaNode] {
    const ends: readonly TokenKind[] = ["?", ":", "block-end"];
    this.#expect("?");
    const { mark } = this.#token;
    const key = !this.#is(...ends) ? this.#readNode(true, true) : unquoted("");
    const hasValue = this.#take(":") !== null && !this.#is(...ends);
    this.#places?.enter(nameOf(key), mark);
    const value = hasValue ? this.#readValue(true, true) : unquoted("");
    this.#places?.leave();
    return [key, value];
  }

  #set(entries: Map<string, MetaNode>, merged: MetaNode[], key: MetaNode, value: MetaNode): void {
    if (key.kind !== "scalar") this.#fail(`a ${key.kind} cannot be a key`);
    if (key.plain && key.text === "<<") merged.push(...mergedBy(value));
    else entries.set(key.text, value);
  }

  #entriesOf(node: MetaNode): readonly (readonly [string, MetaNode])[] {
    if (node.kind !== "mapping") this.#fail("expected mappings to merge");
    this.#merges -= node.entries.size;
    if (this.#merges < 0) this.#fail(TOO_DEEP);
    return [...node.entries];
  }
}

/** Of a key; what is none is refused where it is set. */
function nameOf(key: MetaNode): string {
  return key.kind === "scalar" ? key.text : "";
}

/** Of more than one the first counts. */
function mergedBy(value: MetaNode): readonly MetaNode[] {
  return value.kind === "sequence" ? value.items.toReversed() : [value];
}

const NUMBERS = ["float", "int"] as const;

const TAGS = {
  str: "str",
  int: "int",
  float: "float",
  bool: "bool",
  null: "null",
  date: "timestamp",
  other: "merge",
} as const;
