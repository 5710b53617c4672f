/**
 * Lines that fit a terminal: folded between words, and never inside of what somebody types again.
 *
 * @module
 */

import type { RenderOptions } from "./style.ts";
import { textWidth, visibleText } from "./terminal_text.ts";

/** Stands for a space that no line is folded at; no visible text has it. */
const TIE = "\x1f";
const TIES = new RegExp(TIE, "g");

/** A command between backticks is typed as it stands, and a number is read with its unit. */
const WORDS = /(?:`[^`]*`|(?<=\d) (?=(?:[KMGTP]?i?B|d|h|min|m|s|%)(?![\p{L}\d]))|[^ ])+/gu;

// deno-lint-ignore no-control-regex
const CODES = /\x1b\[\d+m/g;
// deno-lint-ignore no-control-regex
const INDENT = /^(?=(?:\x1b\[\d+m)*( *))((?:\x1b\[\d+m)*) */;
const HANG = "  ";

/**
 * Marks what is typed again, such as a command or a path: {@linkcode foldLines} keeps it on one line.
 *
 * @param text Any text; what could harm a terminal is written as visible escapes.
 * @returns The text for one of the lines that are folded.
 */
export function unbroken(text: string): string {
  return visibleText(text).replaceAll(" ", TIE);
}

/**
 * Folds lines that are wider than a terminal between their words; what follows stands two columns further
 * in. A word that is wider by itself has a line of its own, and is left whole.
 *
 * @param lines Visible text; ANSI codes in it take no columns.
 * @param options The columns of the terminal.
 * @returns The lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   foldLines([`  To undo: ${unbroken("deno task restore 7")}`], { width: 25 }),
 *   "  To undo:\n    deno task restore 7\n",
 * );
 * ```
 */
export function foldLines(lines: readonly string[], { width = Infinity }: RenderOptions): string {
  return lines.flatMap((line) => foldLine(line, width)).map((line) => `${line}\n`).join("");
}

/**
 * Folds a text of several lines, as {@linkcode foldLines} does.
 *
 * @param text Visible text.
 * @param options The columns of the terminal.
 * @returns The text; its end is as it was.
 */
export function foldText(text: string, options: RenderOptions): string {
  return foldLines(text.split("\n"), options).slice(0, -1);
}

function foldLine(line: string, width: number): readonly string[] {
  if (columnsOf(line) <= width) return [line.replace(TIES, " ")];
  const [, indent = ""] = INDENT.exec(line)!;
  const [first = "", ...rest] = foldWords(line.replace(INDENT, "$2"), width - indent.length, HANG);
  return [first, ...rest].map((each) => `${indent}${each}`);
}

/**
 * Folds a text between its words.
 *
 * @param text Visible text.
 * @param width Columns.
 * @param hang What every line but the first begins with.
 * @returns Lines; wider than that only where they are one word.
 */
export function foldWords(text: string, width: number, hang = ""): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(WORDS) ?? []) {
    const longer = line.trim() === "" ? `${line}${word}` : `${line} ${word}`;
    if (line.trim() !== "" && columnsOf(longer) > width) {
      lines.push(line);
      line = `${hang}${word}`;
    } else line = longer;
  }
  return [...lines, line].map((each) => each.replace(TIES, " "));
}

/**
 * Measures the widest word of a text.
 *
 * @param text Visible text.
 * @returns Columns.
 */
export function widestWord(text: string): number {
  return Math.max(0, ...(text.match(WORDS) ?? []).map(columnsOf));
}

function columnsOf(text: string): number {
  return textWidth(text.replace(CODES, ""));
}
