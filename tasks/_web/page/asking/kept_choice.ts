/// <reference lib="dom" />
/**
 * What the reader has chosen for the plan, kept for this tab alone, so that it outlasts a reload.
 *
 * @module
 */

import { type Choice, choiceText, NO_CHOICE, readChoice } from "../pure/choice.ts";

const KEY = "mltidy-choice";

/**
 * Takes what was chosen in this tab before, of the page that is still running.
 *
 * @param token The token of the page, which is another with each start.
 * @returns What was chosen; nothing where that was for another page.
 */
export function takeChoice(token: string): Choice {
  const [of, text] = split(sessionStorage.getItem(KEY) ?? "");
  return of === token ? readChoice(text) : NO_CHOICE;
}

/**
 * Keeps what was chosen for this tab.
 *
 * @param token The token of the page.
 * @param choice What was chosen.
 */
export function keepChoice(token: string, choice: Choice): void {
  try {
    sessionStorage.setItem(KEY, `${token} ${choiceText(choice)}`);
  } catch {
    // There is more of it than a tab may keep: it lasts until the next reload.
    sessionStorage.removeItem(KEY);
  }
}

function split(kept: string): readonly [token: string, text: string] {
  const at = kept.indexOf(" ");
  return at < 0 ? ["", ""] : [kept.slice(0, at), kept.slice(at + 1)];
}
