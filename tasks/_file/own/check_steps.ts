/**
 * Checking what a journal or a manifest says: it is input like any other, and its paths are about to be
 * acted on.
 *
 * @module
 */

import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { asStorePath } from "../../../lib/store/path.ts";

/**
 * Checks steps as they were read from a file.
 *
 * @param steps What should be a list of steps.
 * @throws {SyntaxError} When it is something else, or a step is none that is ever written.
 * @throws {RangeError} When a path is none of a store.
 */
export function checkSteps(steps: unknown): void {
  if (!Array.isArray(steps)) throw new SyntaxError("expected a list in steps");
  for (const step of steps) {
    const operation = isRecord(step) ? step["operation"] : null;
    if (!isRecord(operation)) throw new SyntaxError("expected an operation in each step");
    if (typeof step.subject !== "string") throw new SyntaxError("expected a subject in each step");
    checkPath(operation["path"]);
    checkKind(operation);
  }
}

/**
 * Checks directories with their times as they were read from a file.
 *
 * @param directories What should be a list of directories.
 * @param times The names of the times that each has.
 * @throws {SyntaxError} When it is something else.
 * @throws {RangeError} When a path is none of a store.
 */
export function checkDirectories(directories: unknown, times: readonly string[]): void {
  if (!Array.isArray(directories)) throw new SyntaxError("expected a list in directories");
  for (const directory of directories) {
    if (!isRecord(directory)) throw new SyntaxError("expected an object for each directory");
    if (directory["path"] !== "") checkPath(directory["path"]);
    if (!times.every((time) => isTime(directory[time]))) {
      throw new SyntaxError(`expected epoch milliseconds in ${times.join(" and ")}`);
    }
  }
}

function checkPath(path: unknown): void {
  if (typeof path !== "string") throw new SyntaxError("expected a path");
  if (asStorePath(path).split("/")[0] === OWN_DIRECTORY) {
    throw new RangeError(`expected a path in the store, found ${JSON.stringify(path)}`);
  }
}

function checkKind({ kind, content }: Readonly<Record<string, unknown>>): void {
  if (kind === "move-tree" || kind === "create-dir") return;
  if (kind !== "replace-file") {
    throw new SyntaxError(`expected an operation, found ${JSON.stringify(kind)}`);
  }
  if (!isRecord(content) || !isContent(content)) {
    throw new SyntaxError("expected the content of a replaced file");
  }
}

function isContent({ kind, text, bytes, changes }: Readonly<Record<string, unknown>>): boolean {
  switch (kind) {
    case "text":
    case "new-text":
      return typeof text === "string";
    case "prefix":
      return Number.isSafeInteger(bytes) && Number(bytes) >= 0;
    case "changes":
      return isRecord(changes) &&
        Object.values(changes).every((value) =>
          value === null || typeof value === "string" || Number.isFinite(value)
        );
    default:
      return false;
  }
}

/**
 * Tells whether a value is a moment.
 *
 * @param value What was read from a file.
 * @returns Whether it is a number of epoch milliseconds that a date can have.
 */
export function isTime(value: unknown): boolean {
  return typeof value === "number" && !Number.isNaN(new Date(value).getTime());
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
