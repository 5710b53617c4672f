/**
 * A message as plain text, and texts cut to the length that somebody takes.
 *
 * @module
 */

import type { Message } from "./message.ts";

/**
 * Writes a message as plain text.
 *
 * @param message The message.
 * @returns Lines, each ended by a line feed, without the title.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const message = {
 *   title: "mltidy cleanup: 2 purged",
 *   mood: "good",
 *   facts: [["Store", "/data/mlruns"], ["Done", "2 purged"]],
 *   lines: [],
 *   undo: null,
 *   link: "https://ci.example.org",
 * } as const;
 * assertEquals(
 *   plainText(message),
 *   "Store: /data/mlruns\nDone: 2 purged\nReport: https://ci.example.org\n",
 * );
 * ```
 */
export function plainText({ facts, lines, undo, link }: Message): string {
  return [
    ...facts.map(([name, value]) => `${name}: ${value}`),
    ...(lines.length === 0 ? [] : ["", ...lines, ""]),
    ...(undo === null ? [] : [`To undo: ${undo}`]),
    ...(link === null ? [] : [`Report: ${link}`]),
  ].map((line) => `${line}\n`).join("");
}

/**
 * Cuts a text, never within a character.
 *
 * @param text The text.
 * @param most How much of it there may be.
 * @param sizeOf Measures a text. @default {its length in UTF-16 code units}
 * @returns The text, or its beginning and an ellipsis.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([cutText("abcdef", 4), cutText("abc", 4), cutText("a😀😀", 4)], ["abc…", "abc", "a😀…"]);
 * ```
 */
export function cutText(
  text: string,
  most: number,
  sizeOf: (text: string) => number = (text) => text.length,
): string {
  if (sizeOf(text) <= most) return text;
  let size = sizeOf("…");
  let end = 0;
  for (const character of text) {
    size += sizeOf(character);
    if (size > most) break;
    end += character.length;
  }
  return `${text.slice(0, end)}…`;
}
