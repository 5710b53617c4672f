/// <reference lib="dom" />
/**
 * What is said to the reader: boxes, and what a screen reader reads out by itself.
 *
 * @module
 */

import type { VNode } from "preact";
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
