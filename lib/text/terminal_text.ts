/**
 * Text for a terminal: what its columns are, and names that can do no harm there.
 *
 * A name in a store is data that anybody may have written. A control character in it could move the
 * cursor or recolour what follows, a bidirectional override could show a path in another order than
 * it has; so both are written as visible escapes, in a pipe as well.
 *
 * @module
 */

import { isRecord } from "./json.ts";

/** C0, DEL, C1, line separators, bidirectional marks and overrides, lone surrogates. */
export const HARMFUL =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

// Marks and format characters take no column of their own, nor do the Hangul vowels and finals that
// complete a preceding consonant (macOS writes Korean file names that way).
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]$/u;

// East Asian Wide and Fullwidth (UAX #11), by block; emoji that are wide are exactly those with an
// emoji presentation of their own, but for the letters that only a pair of makes a flag.
const WIDE =
  /^(?!\p{RI})[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d8f}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{2fffd}\u{30000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

// A joiner, the emoji presentation, a keycap or a skin tone makes one emoji of several characters.
const JOINING = /[\u200d\ufe0f\u20e3\u{1f3fb}-\u{1f3ff}]/u;
// As text, for to read it as a pattern takes longer than all that else happens before a task starts.
const EMOJI = "^\\p{RGI_Emoji}$";
let emoji: RegExp | undefined;

// Most names are printable ASCII, which needs no look-up.
const ASCII = /^[\x20-\x7e]*$/;

/**
 * Writes characters that could mislead a terminal or its reader as visible escapes.
 *
 * @param text Any text, such as the name of a run.
 * @returns The same text on one line; `\n`, `\r`, `\t`, `\x1b` or `\u202e` in place of such characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(visibleText("red \x1b[31m"), "red \\x1b[31m");
 * ```
 */
export function visibleText(text: string): string {
  return text.replace(HARMFUL, (character) => {
    const hex = character.charCodeAt(0).toString(16);
    return SHORT_ESCAPES.get(character) ??
      (hex.length <= 2 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`);
  });
}

/**
 * Writes lines that may go to a terminal: the last gate for text that has names in it.
 *
 * @param text Lines of text.
 * @param options Whether our own colours may be in it, those of {@linkcode Style}.
 * @returns The same lines; what {@linkcode visibleText} replaces is replaced.
 */
export function visibleLines(
  text: string,
  { color = false }: { readonly color?: boolean } = {},
): string {
  return text.replace(
    color ? COLORED_LINES : LINES,
    (found, own?: string) => own ?? visibleText(found),
  );
}

const LINES = new RegExp(`(\n)|${HARMFUL.source}`, "gu");
const COLORED_LINES = new RegExp(
  String.raw`(\n|\x1b\[(?:1|2|22|31|32|33|39)m)|${HARMFUL.source}`,
  "gu",
);

/**
 * Writes a value as JSON that may be shown on a terminal, too: whoever reads it gets the very same names,
 * and no terminal gets a control character of theirs.
 *
 * @param value What JSON can say.
 * @param indent How many spaces to indent by.
 * @returns JSON; `\\u` escapes in place of the characters that {@linkcode visibleText} replaces.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(jsonText({ name: "a\u202e" }), String.raw`{"name":"a\u202e"}`);
 * ```
 */
export function jsonText(value: unknown, indent?: number): string {
  // Between values JSON has no other control character than a line feed.
  return JSON.stringify(value, null, indent).replace(
    HARMFUL,
    (character) => character === "\n" ? character : unicodeEscape(character),
  );
}

/** How many items of a list make one piece. */
const ITEMS = 500;

/**
 * Writes a document as JSON piece by piece, so that the whole of a long one is never in memory.
 *
 * @param document What JSON can say; lists in it, and in the objects that are its values, may be very long.
 * @yields {string} Some of what {@linkcode jsonText} gives.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const document = { list: [1, 2], none: undefined, of: { list: [] } };
 * assertEquals([...jsonPieces(document)].join(""), jsonText(document));
 * ```
 */
export function* jsonPieces(document: unknown): Generator<string> {
  if (Array.isArray(document) && document.length > ITEMS) {
    for (let at = 0; at < document.length; at += ITEMS) {
      yield `${at === 0 ? "[" : ","}${jsonText(document.slice(at, at + ITEMS)).slice(1, -1)}`;
    }
    yield "]";
  } else if (isLong(document)) {
    let before = "{";
    for (const [key, value] of Object.entries(document)) {
      if (value === undefined) continue;
      yield `${before}${jsonText(key)}:`;
      yield* jsonPieces(value);
      before = ",";
    }
    yield before === "{" ? "{}" : "}";
  } else {
    yield jsonText(document);
  }
}

/**
 * Writes a document as {@linkcode jsonText} does, in lines that can be compared: one for each value of it, and one
 * for each item of a list in it.
 *
 * @param document What JSON can say; its lists may be very long.
 * @yields {string} Some of the lines.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   [...jsonInLines({ of: { a: 1 }, list: [{ b: 2 }, 3], none: [] })].join(""),
 *   '{\n  "of": {"a":1},\n  "list": [\n    {"b":2},\n    3\n  ],\n  "none": []\n}',
 * );
 * ```
 */
export function* jsonInLines(document: unknown): Generator<string> {
  if (Array.isArray(document)) {
    yield* listInLines(document, "");
  } else if (isRecord(document) && !("toJSON" in document)) {
    let before = "{\n";
    for (const [key, value] of Object.entries(document)) {
      if (value === undefined) continue;
      yield `${before}  ${jsonText(key)}: `;
      yield* Array.isArray(value) ? listInLines(value, "  ") : jsonPieces(value);
      before = ",\n";
    }
    yield before === "{\n" ? "{}" : "\n}";
  } else {
    yield jsonText(document);
  }
}

function* listInLines(list: readonly unknown[], indent: string): Generator<string> {
  if (list.length === 0) return yield "[]";
  for (let at = 0; at < list.length; at += ITEMS) {
    const items = list.slice(at, at + ITEMS).map((one) =>
      `${indent}  ${one === undefined ? "null" : jsonText(one)}`
    );
    yield `${at === 0 ? "[" : ","}\n${items.join(",\n")}`;
  }
  yield `\n${indent}]`;
}

function isLong(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && !("toJSON" in value) &&
    Object.values(value).some((one) => Array.isArray(one) ? one.length > ITEMS : isLong(one));
}

/**
 * Spells a character out, as JSON, JavaScript and shells do.
 *
 * @param character One of 16 bits.
 * @returns `\\u` and four hexadecimal digits.
 */
export function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * Counts the terminal columns that a text takes: 2 for Hangul, Han, Kana and emoji, 0 for marks.
 *
 * @param text Text without control characters.
 * @returns Columns.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textWidth("실험 1"), 6);
 * ```
 */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const one of graphemesOf(text)) width += graphemeWidth(one);
  return width;
}

/**
 * Shortens a text to a number of columns, with an ellipsis where something was cut.
 *
 * @param text Text without control characters.
 * @param width Columns, 1 or more; `Infinity` leaves the text alone.
 * @returns The text, or as much of it as fits together with `…`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(shortenText("learning-rate", 9), "learning…");
 * ```
 */
export function shortenText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let columns = 1;
  for (const one of graphemesOf(text)) {
    columns += graphemeWidth(one);
    if (columns > width) break;
    kept += one;
  }
  return `${kept}…`;
}

/**
 * Fills a text with spaces up to a number of columns.
 *
 * @param text Text without control characters.
 * @param width Columns.
 * @param align Which side of its column the text stands on.
 * @returns The text, at least `width` columns wide.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(padText("한글", 6, "right"), "  한글");
 * ```
 */
export function padText(text: string, width: number, align: "left" | "right"): string {
  const spaces = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "left" ? text + spaces : spaces + text;
}

/** What is drawn as one; where nothing can join, its characters, for ICU takes its time to start. */
function graphemesOf(text: string): Iterable<string> {
  if (!JOINING.test(text)) return text;
  const segments = new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text);
  return Array.from(segments, ({ segment }) => segment);
}

function graphemeWidth(grapheme: string): number {
  if (JOINING.test(grapheme)) {
    emoji ??= new RegExp(EMOJI, "v");
    if (emoji.test(grapheme)) return 2;
  }
  let width = 0;
  for (const character of grapheme) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): 0 | 1 | 2 {
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
