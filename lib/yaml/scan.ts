/**
 * Text of YAML 1.1 → tokens, exactly as libyaml finds them, with which MLflow reads and writes.
 *
 * @module
 */

import { type Mark, YamlReader } from "./reader.ts";
import { scanBlock, scanPlain, scanQuoted } from "./scan_scalar.ts";

/** What a token is; a letter of YAML's own is called by that letter. */
export type TokenKind =
  | "end"
  | "%YAML"
  | "%TAG"
  | "---"
  | "..."
  | "block-sequence"
  | "block-mapping"
  | "block-end"
  | "["
  | "]"
  | "{"
  | "}"
  | ","
  | "-"
  | "?"
  | ":"
  | "anchor"
  | "alias"
  | "tag"
  | "plain"
  | "quoted"
  | "block";

/** A token. */
export interface Token {
  readonly kind: TokenKind;
  /** Of a scalar its text, of an anchor its name, of a tag as it is written; else empty. */
  readonly text: string;
  readonly mark: Mark;
}

/** A place at which a key may have begun that shows only by its colon. */
interface KeyPlace {
  readonly mark: Mark;
  /** Number of its first token. */
  readonly token: number;
  /** Nothing but a key may stand there. */
  readonly required: boolean;
}

/** Far deeper than any file of MLflow's, and far from the end of the call stack of whoever reads on. */
export const MAXIMUM_DEPTH = 100;
/** A key ends on its line, and this many letters further on at the latest. */
const LONGEST_KEY = 1024;
/** What is said of a text that is nested further. */
export const TOO_DEEP = "nested too deeply";
const WORD = /[\w-]/;

/**
 * Splits text into tokens.
 *
 * @param text The text.
 * @returns The tokens; the last is the `end`.
 * @throws {MetaYamlError} Where libyaml finds none.
 */
export function scanYaml(text: string): readonly Token[] {
  const scanner = new Scanner(new YamlReader(text));
  while (scanner.scan());
  return scanner.tokens;
}

class Scanner {
  readonly tokens: Token[] = [];
  readonly #reader: YamlReader;
  /** The column of the block collection, and those of the ones around it. */
  #indent = -1;
  readonly #indents: number[] = [];
  /** Whether a key may begin here. */
  #keyAllowed = true;
  /** Where one may have begun: in the block, and in each flow collection around. */
  readonly #keys: (KeyPlace | null)[] = [null];

  constructor(reader: YamlReader) {
    this.#reader = reader;
  }

  get #inFlow(): boolean {
    return this.#keys.length > 1;
  }

  /** Finds a token, and those that come with it; `false` at the end. */
  scan(): boolean {
    const reader = this.#reader;
    this.#skipToToken();
    this.#dropStaleKeys();
    this.#closeBlocks(reader.column);
    const letter = reader.at();
    if (letter === "") return this.#finish();
    if (reader.column === 0 && letter === "%") this.#scanDirective();
    else if (reader.isDocumentMark("---")) this.#scanDocumentMark("---");
    else if (reader.isDocumentMark("...")) this.#scanDocumentMark("...");
    else if (letter === "[" || letter === "{") this.#openFlow(letter);
    else if (letter === "]" || letter === "}") this.#closeFlow(letter);
    else if (letter === ",") this.#scanComma();
    else if (letter === "-" && reader.isGap(1)) this.#scanDash();
    else if (letter === "?" && (this.#inFlow || reader.isGap(1))) this.#scanQuestionMark();
    else if (letter === ":" && (this.#inFlow || reader.isGap(1))) this.#scanColon();
    else if (letter === "*" || letter === "&") this.#scanAnchor();
    else if (letter === "!") this.#scanTag();
    else if ((letter === "|" || letter === ">") && !this.#inFlow) this.#scanBlock();
    else if (letter === "'" || letter === '"') this.#scanQuoted();
    else if (this.#isPlain(letter)) this.#scanPlain();
    else reader.fail(`nothing begins with ${JSON.stringify(letter)}`);
    return true;
  }

  #isPlain(letter: string): boolean {
    const reader = this.#reader;
    if (letter === "-") return !reader.isBlank(1);
    if (letter === "?" || letter === ":") return !this.#inFlow && !reader.isGap(1);
    return !reader.isGap() && !",[]{}#&*!|>'\"%@`".includes(letter);
  }

  #add(kind: TokenKind, mark: Mark, text = ""): void {
    this.tokens.push({ kind, text, mark });
  }

  #skipToToken(): void {
    const reader = this.#reader;
    while (true) {
      if (reader.column === 0 && reader.at() === "\uFEFF") reader.next();
      const tabs = this.#inFlow || !this.#keyAllowed;
      while (reader.at() === " " || tabs && reader.at() === "\t") reader.next();
      if (reader.at() === "#") reader.skipLine();
      if (!reader.isBreak()) return;
      reader.nextBreak();
      if (!this.#inFlow) this.#keyAllowed = true;
    }
  }

  #isStale({ mark }: KeyPlace): boolean {
    const now = this.#reader.mark;
    return mark.line < now.line || mark.index + LONGEST_KEY < now.index;
  }

  #dropStaleKeys(): void {
    for (const [level, key] of this.#keys.entries()) {
      if (key === null || !this.#isStale(key)) continue;
      if (key.required) this.#reader.fail("expected a colon behind a key", key.mark);
      this.#keys[level] = null;
    }
  }

  #dropKey(): void {
    const key = this.#keys.at(-1);
    if (key?.required) this.#reader.fail("expected a colon behind a key", key.mark);
    this.#keys[this.#keys.length - 1] = null;
  }

  #markKey(): void {
    if (!this.#keyAllowed) return;
    this.#dropKey();
    const { mark } = this.#reader;
    const required = !this.#inFlow && this.#indent === mark.column;
    this.#keys[this.#keys.length - 1] = { mark, token: this.tokens.length, required };
  }

  #openBlock(column: number, kind: TokenKind, mark: Mark, at = this.tokens.length): void {
    if (this.#inFlow || this.#indent >= column) return;
    if (this.#indents.length > MAXIMUM_DEPTH) this.#reader.fail(TOO_DEEP, mark);
    this.#indents.push(this.#indent);
    this.#indent = column;
    this.tokens.splice(at, 0, { kind, text: "", mark });
  }

  #closeBlocks(column: number): void {
    while (!this.#inFlow && this.#indent > column) {
      this.#add("block-end", this.#reader.mark);
      this.#indent = this.#indents.pop() ?? -1;
    }
  }

  #finish(): false {
    this.#closeBlocks(-1);
    this.#dropKey();
    this.#add("end", this.#reader.mark);
    return false;
  }

  #scanDirective(): void {
    this.#closeBlocks(-1);
    this.#dropKey();
    this.#keyAllowed = false;
    const reader = this.#reader;
    const { mark } = reader;
    let line = "";
    while (reader.at() !== "" && !reader.isBreak()) line += reader.next();
    const [, directive] = /^(.*?)[ \t]*(?:#.*)?$/.exec(line)!;
    const [, version] = /^%YAML[ \t]+(\d{1,9}\.\d{1,9})$/.exec(directive!) ?? [];
    const [, tag] = /^%TAG[ \t]+(!(?:[\w-]*!)?[ \t]+\S+)$/.exec(directive!) ?? [];
    if (version !== undefined) this.#add("%YAML", mark, version);
    else if (tag !== undefined) this.#add("%TAG", mark, tag);
    else reader.fail("no directive of YAML 1.1", mark);
  }

  #scanDocumentMark(kind: "---" | "..."): void {
    this.#closeBlocks(-1);
    this.#dropKey();
    this.#keyAllowed = false;
    const { mark } = this.#reader;
    for (let count = 0; count < 3; count++) this.#reader.next();
    this.#add(kind, mark);
  }

  #takeLetter(kind: TokenKind): void {
    const { mark } = this.#reader;
    this.#reader.next();
    this.#add(kind, mark);
  }

  #openFlow(kind: "[" | "{"): void {
    this.#markKey();
    // Each token looks at all keys that may have begun, so without an end it would take the square of it.
    if (this.#keys.length > MAXIMUM_DEPTH) this.#reader.fail(TOO_DEEP);
    this.#keys.push(null);
    this.#keyAllowed = true;
    this.#takeLetter(kind);
  }

  #closeFlow(kind: "]" | "}"): void {
    this.#dropKey();
    if (this.#inFlow) this.#keys.pop();
    this.#keyAllowed = false;
    this.#takeLetter(kind);
  }

  #scanComma(): void {
    this.#dropKey();
    this.#keyAllowed = true;
    this.#takeLetter(",");
  }

  #scanDash(): void {
    const { mark, column } = this.#reader;
    if (!this.#inFlow) {
      if (!this.#keyAllowed) this.#reader.fail("a list may not begin here");
      this.#openBlock(column, "block-sequence", mark);
    }
    this.#dropKey();
    this.#keyAllowed = true;
    this.#takeLetter("-");
  }

  #scanQuestionMark(): void {
    const { mark, column } = this.#reader;
    if (!this.#inFlow) {
      if (!this.#keyAllowed) this.#reader.fail("a key may not begin here");
      this.#openBlock(column, "block-mapping", mark);
    }
    this.#dropKey();
    this.#keyAllowed = !this.#inFlow;
    this.#takeLetter("?");
  }

  #scanColon(): void {
    const { mark, column } = this.#reader;
    const key = this.#keys.at(-1) ?? null;
    if (key !== null) {
      this.tokens.splice(key.token, 0, { kind: "?", text: "", mark: key.mark });
      this.#openBlock(key.mark.column, "block-mapping", key.mark, key.token);
      this.#keys[this.#keys.length - 1] = null;
      this.#keyAllowed = false;
    } else {
      if (!this.#inFlow) {
        if (!this.#keyAllowed) this.#reader.fail("a value may not begin here");
        this.#openBlock(column, "block-mapping", mark);
      }
      this.#keyAllowed = !this.#inFlow;
    }
    this.#takeLetter(":");
  }

  #scanAnchor(): void {
    this.#markKey();
    this.#keyAllowed = false;
    const reader = this.#reader;
    const { mark } = reader;
    const kind = reader.next() === "*" ? "alias" : "anchor";
    let name = "";
    while (WORD.test(reader.at())) name += reader.next();
    if (name === "" || !reader.isGap() && !reader.isOneOf("?:,]}%@`")) {
      reader.fail(`expected the name of an ${kind}`);
    }
    this.#add(kind, mark, name);
  }

  #scanTag(): void {
    this.#markKey();
    this.#keyAllowed = false;
    const reader = this.#reader;
    const { mark } = reader;
    let text = "";
    while (!reader.isGap() && !(this.#inFlow && reader.at() === ",")) text += reader.next();
    if (!/^!(?:<[\w;/?:@&=+$,.!~*'()%[\]-]+>|[\w;/?:@&=+$.!~*'()%-]*)$/.test(text)) {
      reader.fail("expected a tag", mark);
    }
    this.#add("tag", mark, text);
  }

  #scanBlock(): void {
    this.#dropKey();
    this.#keyAllowed = true;
    const { mark } = this.#reader;
    this.#add("block", mark, scanBlock(this.#reader, this.#indent));
  }

  #scanQuoted(): void {
    this.#markKey();
    this.#keyAllowed = false;
    const { mark } = this.#reader;
    this.#add("quoted", mark, scanQuoted(this.#reader));
  }

  #scanPlain(): void {
    this.#markKey();
    const { mark } = this.#reader;
    const { text, broken } = scanPlain(this.#reader, this.#indent + 1, this.#inFlow);
    this.#keyAllowed = broken;
    this.#add("plain", mark, text);
  }
}
