/**
 * Reading files so that every failure is a fact.
 *
 * @module
 */

import type { TextFact } from "../../lib/facts.ts";
import { asStorePath, type Problem } from "../../lib/model.ts";

/**
 * Reads a UTF-8 text file. Needs read permission.
 *
 * @param path Where it is.
 * @returns Its text, or why there is none.
 */
export function readText(path: string): TextFact {
  try {
    const text = Deno.readTextFileSync(path);
    // Deno replaces what is no UTF-8; MLflow raises. Only a text with U+FFFD can have been changed.
    if (text.includes("\uFFFD")) {
      new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
    }
    return { kind: "text", text };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
    if (error instanceof TypeError) {
      return { kind: "failed", damage: "unreadable", message: "the file is not valid UTF-8" };
    }
    return { kind: "failed", damage: "io", message: failureText(error) };
  }
}

/**
 * Looks at what stands at a path, without following a link.
 *
 * @param path The path.
 * @returns What stands there, or `null`.
 */
export function infoOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return null;
    }
    throw error;
  }
}

/**
 * Makes a problem of what went wrong at a place that has no lines.
 *
 * @param subject Which kind of thing it is.
 * @param path Where, relative to the store's root.
 * @param damage What is wrong.
 * @param message The cause, in words.
 * @returns The problem.
 */
export function problemAt(
  subject: Problem["subject"],
  path: string,
  damage: Problem["damage"],
  message: string,
): Problem {
  return { path: asStorePath(path), subject, damage, message, line: null, column: null };
}

/**
 * Says why a file operation failed, in the operating system's words, without the call and its paths.
 *
 * @param error What was thrown.
 * @returns For example `Permission denied`.
 */
export function failureText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*$/s, "");
}
