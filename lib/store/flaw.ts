/**
 * What is wrong with one file, before it is known where the file lies.
 *
 * @module
 */

import type { TextFact } from "./facts.ts";
import type { Problem } from "./problem.ts";

/** What is wrong with a file. */
export type FileFlaw = Omit<Problem, "path" | "subject">;

/** Nothing is wrong: shared, since that is so of nearly all files. */
export const FLAWLESS: readonly FileFlaw[] = [];

/** Says of a pipe, a socket or a device why it is not opened: that would wait for whoever writes. */
export const NO_FILE = "it is no regular file";

/**
 * Builds a flaw that has no place in its file.
 *
 * @param damage What is wrong.
 * @param message The cause, in words.
 * @param migration What a migration makes of it, where that is not what it makes of most of its kind.
 * @returns The flaw.
 */
export function flaw(
  damage: Problem["damage"],
  message: string,
  migration?: Problem["migration"],
): FileFlaw {
  const base = { damage, message, line: null, column: null };
  return migration === undefined ? base : { ...base, migration };
}

/**
 * Says why a file has no text.
 *
 * @param fact What reading it gave.
 * @param name What is missing, where it is missing.
 * @returns The flaw; `null` when there is a text.
 */
export function unreadFlaw(fact: TextFact, name: string): FileFlaw | null {
  switch (fact.kind) {
    case "text":
      return null;
    case "missing":
      return flaw("missing", `${name} does not exist`);
    case "failed":
      return flaw(fact.damage, fact.message);
  }
}
