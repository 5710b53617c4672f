/**
 * What is wrong with one file, before it is known where the file lies.
 *
 * @module
 */

import type { TextFact } from "./facts.ts";
import type { Damage, Problem } from "./problem.ts";

/** What is wrong with a file. */
export interface RecordProblem<D extends Damage = Damage>
  extends Omit<Problem, "path" | "subject"> {
  /** What is wrong with it. */
  readonly damage: D;
}

/** Nothing is wrong: shared, since that is so of nearly all files. */
export const SOUND: readonly RecordProblem[] = [];

/** Says of a pipe, a socket or a device why it is not opened: that would wait for whoever writes. */
export const NO_FILE = "it is no regular file";

/** Says of a text what PowerShell and Notepad make of it. */
export const UTF_16 = "it is UTF-16, and MLflow reads UTF-8";

/**
 * Tells whether something else stands where a file should be.
 *
 * @param message Why the file was not read.
 * @returns Whether it is a directory, a pipe, a socket or a device.
 */
export function isNoFile(message: string): boolean {
  return message === NO_FILE || message === "Is a directory";
}

/**
 * Builds a problem that has no place in its file.
 *
 * @param damage What is wrong.
 * @param message The cause, in words.
 * @param migration What a migration makes of it, where that is not what it makes of most of its kind.
 * @returns The problem.
 */
export function recordProblem<D extends Damage>(
  damage: D,
  message: string,
  migration?: Problem["migration"],
): RecordProblem<D> {
  const base = { damage, message, line: null, column: null };
  return migration === undefined ? base : { ...base, migration };
}

/** What Git LFS has not fetched. */
export const NOT_FETCHED: RecordProblem<"lfs-pointer"> = recordProblem(
  "lfs-pointer",
  "it is a pointer of Git LFS, which has not fetched the file",
);

/**
 * Says why a file has no text.
 *
 * @param fact What reading it gave.
 * @param name What is missing, where it is missing.
 * @returns The problem; `null` when there is a text.
 */
export function unreadProblem(fact: TextFact, name: string): RecordProblem | null {
  switch (fact.kind) {
    case "text":
      return null;
    case "missing":
      return recordProblem("missing", `${name} does not exist`);
    case "failed":
      return recordProblem(fact.damage, fact.message);
  }
}
