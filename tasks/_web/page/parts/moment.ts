/// <reference lib="dom" />
/**
 * Names and moments, as elements: a name in any script does not turn the text around it, and a moment can be
 * read by machines.
 *
 * @module
 */

import type { VNode } from "preact";
import { bdi, time } from "./element.ts";
import { formatMoment, machineTime } from "../pure/formats.ts";

/**
 * Makes an element of a moment.
 *
 * @param ms The moment, epoch ms; `null`: not known.
 * @returns The moment, in the reader's zone.
 */
export function moment(ms: number | null): VNode | string {
  return ms === null ? "not known" : time({ dateTime: machineTime(ms) }, formatMoment(ms));
}

/** A name with more letters takes three lines at most. */
const LONG = 80;

/**
 * Makes an element of a name from the store.
 *
 * @param text The name.
 * @returns The name, as it is; a word for it where it is empty.
 */
export function name(text: string): VNode {
  if (text.trim() === "") return bdi({ class: "unnamed" }, "without a name");
  return text.length > LONG ? bdi({ class: "long-name", title: text }, text) : bdi({}, text);
}
