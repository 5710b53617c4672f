/**
 * The scalars of YAML 1.1, read as libyaml reads them.
 *
 * @module
 */

import type { YamlReader } from "./reader.ts";

/** Breaks of lines within a scalar, and how they fold. */
class Fold {
  #first = "";
  #others = "";
  #blanks = "";
  /** Whether a line has broken. */
  broken = false;

  take(reader: YamlReader): void {
    if (reader.isBlank()) {
      const letter = reader.next();
      if (!this.broken) this.#blanks += letter;
    } else if (this.broken) this.#others += reader.nextBreak();
    else [this.#blanks, this.#first, this.broken] = ["", reader.nextBreak(), true];
  }

  /** A break after a backslash, which leaves nothing behind. */
  escape(reader: YamlReader): void {
    reader.nextBreak();
    this.broken = true;
  }

  finish(): string {
    const text = !this.broken
      ? this.#blanks
      : this.#first !== "\n"
      ? this.#first + this.#others
      : this.#others || " ";
    [this.#first, this.#others, this.#blanks, this.broken] = ["", "", "", false];
    return text;
  }
}

/**
 * Reads an unquoted scalar.
 *
 * @param reader Stands at its first letter.
 * @param indent The column that its further lines must reach, outside of flow collections.
 * @param inFlow Whether it lies in a flow collection.
 * @returns The text, and whether it ends with a break, after which a key may stand.
 */
export function scanPlain(
  reader: YamlReader,
  indent: number,
  inFlow: boolean,
): { readonly text: string; readonly broken: boolean } {
  let text = "";
  const fold = new Fold();
  while (!reader.isDocumentMark("---") && !reader.isDocumentMark("...") && reader.at() !== "#") {
    while (!reader.isGap()) {
      if (inFlow && reader.at() === ":" && reader.isOneOf(",?[]{}", 1)) {
        reader.fail("unexpected colon");
      }
      if (reader.at() === ":" && reader.isGap(1) || inFlow && reader.isOneOf(",[]{}")) break;
      text += fold.finish() + reader.next();
    }
    if (!reader.isBlank() && !reader.isBreak()) break;
    while (reader.isBlank() || reader.isBreak()) {
      if (fold.broken && reader.column < indent && reader.at() === "\t") {
        reader.fail("a tab stands where a line is indented");
      }
      fold.take(reader);
    }
    if (!inFlow && reader.column < indent) break;
  }
  return { text, broken: fold.broken };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["0", "\0"],
  ["a", "\x07"],
  ["b", "\b"],
  ["t", "\t"],
  ["\t", "\t"],
  ["n", "\n"],
  ["v", "\v"],
  ["f", "\f"],
  ["r", "\r"],
  ["e", "\x1b"],
  [" ", " "],
  ['"', '"'],
  ["/", "/"],
  ["\\", "\\"],
  ["N", "\x85"],
  ["_", "\xa0"],
  ["L", "\u2028"],
  ["P", "\u2029"],
]);
const HEXADECIMAL: ReadonlyMap<string, number> = new Map([["x", 2], ["u", 4], ["U", 8]]);

/**
 * Reads a quoted scalar.
 *
 * @param reader Stands at its first quote; afterwards behind the last.
 * @returns The text.
 * @throws {MetaYamlError} When it has no end, or an escape that YAML does not know.
 */
export function scanQuoted(reader: YamlReader): string {
  const quote = reader.next();
  const isSingle = quote === "'";
  const fold = new Fold();
  let text = "";
  while (true) {
    if (reader.isDocumentMark("---") || reader.isDocumentMark("...")) {
      reader.fail("the document ends within quotes");
    }
    if (reader.at() === "") reader.fail("the file ends within quotes");
    while (!reader.isGap()) {
      if (isSingle && reader.at() === "'" && reader.at(1) === "'") {
        reader.next();
        text += reader.next();
      } else if (reader.at() === quote) break;
      else if (!isSingle && reader.at() === "\\") {
        reader.next();
        if (reader.isBreak()) {
          fold.escape(reader);
          break;
        }
        text += scanEscape(reader);
      } else text += reader.next();
    }
    if (reader.at() === quote) {
      reader.next();
      return text;
    }
    while (reader.isBlank() || reader.isBreak()) fold.take(reader);
    text += fold.finish();
  }
}

function scanEscape(reader: YamlReader): string {
  const { mark } = reader;
  const letter = reader.next();
  const length = HEXADECIMAL.get(letter);
  if (length === undefined) return ESCAPES.get(letter) ?? reader.fail("unknown escape", mark);
  let digits = "";
  for (let count = 0; count < length; count++) digits += reader.at(count);
  const code = /^[\da-f]+$/i.test(digits) && digits.length === length ? parseInt(digits, 16) : -1;
  if (code < 0 || code > 0x10FFFF || code >= 0xD800 && code <= 0xDFFF) {
    reader.fail("an escape that is no character", mark);
  }
  for (let count = 0; count < length; count++) reader.next();
  return String.fromCodePoint(code);
}

/**
 * Reads a literal or folded block scalar.
 *
 * @param reader Stands at `|` or `>`.
 * @param parent The column of the collection around it.
 * @returns The text.
 * @throws {MetaYamlError} When its header is none, or a tab indents it.
 */
export function scanBlock(reader: YamlReader, parent: number): string {
  const isLiteral = reader.next() === "|";
  let chomping = "";
  let increment = "";
  while (
    reader.isOneOf("+-") && chomping === "" || reader.isOneOf("0123456789") && increment === ""
  ) {
    if (reader.isOneOf("+-")) chomping = reader.next();
    else increment = reader.next();
  }
  if (increment === "0") reader.fail("an indentation of 0");
  while (reader.isBlank()) reader.next();
  if (reader.at() === "#") reader.skipLine();
  if (!reader.isGap()) reader.fail("text in the first line of a block");
  reader.nextBreak();

  let indent = increment === "" ? 0 : Math.max(parent, 0) + Number(increment);
  const scanBreaks = () => {
    let breaks = "";
    let widest = 0;
    while (true) {
      while ((indent === 0 || reader.column < indent) && reader.at() === " ") reader.next();
      widest = Math.max(widest, reader.column);
      if ((indent === 0 || reader.column < indent) && reader.at() === "\t") {
        reader.fail("a tab stands where a line is indented");
      }
      if (!reader.isBreak()) break;
      breaks += reader.nextBreak();
    }
    if (indent === 0) indent = Math.max(widest, parent + 1, 1);
    return breaks;
  };

  let text = "";
  let ended = "";
  let wasBlank = false;
  let breaks = scanBreaks();
  while (reader.column === indent && reader.at() !== "") {
    const isBlank = reader.isBlank();
    const folds = !isLiteral && ended === "\n" && !wasBlank && !isBlank;
    text += (folds ? breaks === "" ? " " : "" : ended) + breaks;
    wasBlank = isBlank;
    while (reader.at() !== "" && !reader.isBreak()) text += reader.next();
    ended = reader.nextBreak();
    breaks = scanBreaks();
  }
  if (chomping !== "-") text += ended;
  return chomping === "+" ? text + breaks : text;
}
