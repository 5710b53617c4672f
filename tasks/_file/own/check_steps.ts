/**
 * Checking what a journal or a manifest says: it is input like any other, and its paths are about to be
 * acted on.
 *
 * A checksum is no authority: whoever may write into our directory can forge a record, and the root account
 * may be the one that takes its steps back. So a record is believed if each of its steps is one that a
 * planner can plan, whoever wrote it; and where it leads to, both ends of each step are held, see
 * `_io/hold.ts`. Whose the record is, is not asked: who may write into our directory may write into the
 * store's root, too, since the one is as open as the other, so may put there by hand what a step brings back
 * from the backup; no step leads out of the store, replaces a file that it does not name byte for byte, or
 * frees what no step has brought back. And whoever may change a store is to be able to settle what anybody
 * who may do so has left.
 *
 * @module
 */

import { mayUnfold, type Operation } from "../../../lib/files/operations.ts";
import { isActionKind } from "../../../lib/plan/action_kind.ts";
import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { isCount, isRecord, isText, isTime } from "../../../lib/text/json.ts";

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
    if (!isText(step.subject)) throw new SyntaxError("expected a subject in each step");
    if (step.run !== undefined && !isText(step.run)) {
      throw new SyntaxError("expected the id of a run");
    }
    checkPath(operation["path"]);
    if (operation["kind"] === "rename-tree") checkPath(operation["to"]);
    checkKind(operation);
    checkOrigin(step["action"], step.subject, operation as unknown as Operation);
  }
}

function checkOrigin(action: unknown, subject: string, operation: Operation): void {
  if (isActionKind(action) && mayUnfold({ action, subject, operation })) return;
  const found = [operation.kind, operation.path, "of", action, subject];
  throw new SyntaxError(`expected steps of actions, found ${found.map(quoted).join(" ")}`);
}

function quoted(word: unknown): string {
  return isText(word) && /^[\w./-]+$/.test(word) ? word : JSON.stringify(word) ?? "none";
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
  if (!isText(path)) throw new SyntaxError("expected a path");
  if (asStorePath(path).split("/")[0] === OWN_DIRECTORY) {
    throw new RangeError(`expected a path in the store, found ${JSON.stringify(path)}`);
  }
}

function checkKind(operation: Readonly<Record<string, unknown>>): void {
  const { kind, content } = operation;
  if (kind === "copy-tree") return checkCopy(operation);
  if (kind === "move-tree" || kind === "rename-tree" || kind === "create-dir") return;
  if (kind !== "replace-file") {
    throw new SyntaxError(`expected an operation, found ${JSON.stringify(kind)}`);
  }
  if (!isRecord(content) || !isContent(content)) {
    throw new SyntaxError("expected the content of a replaced file");
  }
}

/** Where it came from nobody asks any more. */
function checkCopy({ from, records, texts }: Readonly<Record<string, unknown>>): void {
  checkPath(from);
  for (const list of [records, texts]) {
    if (!Array.isArray(list)) throw new SyntaxError("expected what is written of a copy");
    for (const one of list) checkPath(isRecord(one) ? one["path"] : null);
  }
}

function isContent(content: Readonly<Record<string, unknown>>): boolean {
  const { kind, text, bytes, cuts, changes } = content;
  switch (kind) {
    case "cuts":
      return Array.isArray(cuts) &&
        cuts.every((cut: unknown) => isRecord(cut) && isCount(cut["from"]) && isCount(cut["to"]));
    case "text":
    case "new-text":
      return isText(text);
    case "prefix":
      return isCount(bytes);
    case "changes":
      return isRecord(changes) &&
        Object.values(changes).every((value) =>
          value === null || isText(value) || Number.isFinite(value)
        );
    default:
      return false;
  }
}
