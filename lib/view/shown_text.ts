/**
 * Names as a page shows them: of a length that anybody can read, and without characters that mislead.
 *
 * @module
 */

import { visibleText } from "../text/terminal_text.ts";

/** The most letters of a name. */
const MOST_LETTERS = 200;

/**
 * Cuts a text that is too long to be read, and makes visible what would change what stands beside it.
 *
 * @param text A name, or a clause with names in it.
 * @param most How many letters to leave.
 * @returns The text; `…` at its end stands for the rest.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([shownText("a\u202eb"), shownText("abcdef", 3)], ["a\\u202eb", "ab…"]);
 * ```
 */
export function shownText(text: string, most: number = MOST_LETTERS): string {
  // Letters of two units count as two before they are told apart, so that a huge name is never split up.
  const visible = visibleText(text.slice(0, most * 2));
  const letters = visible.length <= most ? null : [...visible];
  if (letters === null || letters.length <= most) {
    return text.length > most * 2 ? `${visible}…` : visible;
  }
  return `${letters.slice(0, most - 1).join("")}…`;
}
