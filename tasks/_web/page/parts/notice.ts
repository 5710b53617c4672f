/// <reference lib="dom" />
/**
 * What is said to the reader: boxes, and what a screen reader reads out by itself.
 *
 * @module
 */

import type { VNode } from "preact";
import type { Answer } from "../asking/use_answer.ts";
import { bdi, type Content, details, div, h2, li, p, summary, ul } from "./element.ts";

/** How much a notice matters: something to know, something to look at, something that went wrong, went well. */
export type Weight = "note" | "warning" | "error" | "done";

/**
 * Makes a box with something to know. What went wrong is read out at once.
 *
 * @param weight How much it matters.
 * @param content What it says.
 * @returns The box.
 */
export function notice(weight: Weight, ...content: readonly Content[]): VNode {
  return div(
    { class: `notice notice-${weight}`, ...(weight === "error" ? { role: "alert" } : {}) },
    ...content,
  );
}

/**
 * Makes a box with what went wrong.
 *
 * @param message What that is; `null`: nothing did.
 * @returns The box, if anything went wrong.
 */
export function failureNotice(message: string | null): VNode | null {
  return message === null ? null : notice("error", p({}, message));
}

/**
 * Says of an answer that it is awaited, or why there is no new one.
 *
 * @param answer The answer so far.
 * @param waiting What is said while there is none at all.
 * @returns The text; `null`: the answer speaks for itself.
 */
export function answerNotice(
  { value, error }: Pick<Answer<unknown>, "value" | "error">,
  waiting: string,
): VNode | null {
  if (error !== null || value !== null) return failureNotice(error);
  return p({ class: "hint", role: "status" }, waiting);
}

/**
 * Says that there is nothing, and what that means.
 *
 * @param title What there is none of.
 * @param meaning What that means, or what to do.
 * @returns The text.
 */
export function nothingHere(title: string, meaning: string): VNode {
  return div({ class: "empty" }, p({ class: "empty-title" }, title), p({}, meaning));
}

/**
 * Makes the heading of a view, to which the focus goes when the view is opened.
 *
 * @param title The heading.
 * @param lead What the view is for.
 * @returns Both.
 */
export function viewHeading(title: string, lead: Content): VNode {
  return div(
    { class: "view-heading" },
    h2({ id: "view-heading", tabIndex: -1 }, title),
    p({ class: "lead" }, lead),
  );
}

/** How many notes are shown at once. */
const NOTES = 4;

/**
 * Makes a list of sentences, of which many are shown only when they are asked for.
 *
 * @param notes The sentences, as the store's names are in them.
 * @returns The list.
 */
export function noteList(notes: readonly string[]): VNode {
  const list = (some: readonly string[]) =>
    ul({}, ...some.map((note) => li({ key: note }, bdi({}, note))));
  if (notes.length <= NOTES) return list(notes);
  return div(
    {},
    list(notes.slice(0, NOTES)),
    details({}, summary({}, `Show ${notes.length - NOTES} more`), list(notes.slice(NOTES))),
  );
}
