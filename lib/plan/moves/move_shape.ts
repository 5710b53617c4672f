/**
 * What plans that move and copy must have for being shown and applied, as they are read from a file.
 *
 * @module
 */

import { asStorePath } from "../../store/path.ts";
import { isUsage } from "../../store/usage.ts";
import { isCount, isFlag, isRecord, isText } from "../../text/json.ts";

/**
 * Tells what is wrong with what a plan of `move` says of all its actions.
 *
 * @param plan What it has of its own.
 * @returns What is wrong; `null` where nothing is.
 */
export function faultOfMoves(
  { policy, target }: { readonly policy: unknown; readonly target: unknown },
): string | null {
  if (!isMovePolicy(policy)) return "its policy is none";
  return isRecord(target) && isText(target["id"]) && isText(target["name"])
    ? null
    : "expected an experiment in target";
}

/**
 * Tells what is wrong with what a plan of `merge` says of all its actions.
 *
 * @param plan What it has of its own.
 * @returns What is wrong; `null` where nothing is.
 */
export function faultOfMerge(
  { policy, already, tags }: {
    readonly policy: unknown;
    readonly already: unknown;
    readonly tags?: unknown;
  },
): string | null {
  const isPolicy = isRecord(policy) && isText(policy["from"]) && isFlag(policy["deleted"]) &&
    isSelection(policy["only"]);
  if (!isPolicy) return "its policy is none";
  if (!isRecord(already) || !THINGS.every((thing) => isCount(already[thing]))) {
    return "expected numbers in already";
  }
  return tags === undefined || isListOf(tags, isDifferingTag) ? null : "its tags are none";
}

const THINGS = ["experiment", "run", "logged-model", "trace", "registered-model"] as const;

function isDifferingTag(value: unknown): boolean {
  return isRecord(value) && [value["experiment"], value["key"], value["there"]].every(isText) &&
    (value["here"] === null || isText(value["here"]));
}

/**
 * Tells what is wrong with the move of a run.
 *
 * @param action The action, without what all have.
 * @returns What is wrong; `null` where nothing is.
 */
export function faultOfMove(action: Readonly<Record<string, unknown>>): string | null {
  const { to, parent, records, texts, trees, datasets, folders } = action;
  if (!isText(to)) return "does not say into which experiment";
  if (parent !== null && !isText(parent)) return "does not say in which run its run is nested";
  if (!isListOf(records, isMovedRecord) || records.length === 0) return "has no records";
  if (![texts, datasets].every((list) => isListOf(list, isMovedText))) return "has no texts";
  if (!isListOf(trees, isMovedTree) || trees.length === 0) return "does not say what moves";
  if (!isListOf(folders, isStorePath)) return "does not say which directories it makes";
  return isText(action["runId"]) && isText(action["experimentId"])
    ? null
    : "does not name its run and experiment";
}

/**
 * Tells what is wrong with the copying of something.
 *
 * @param action The action, without what all have.
 * @returns What is wrong; `null` where nothing is.
 */
export function faultOfCopy(action: Readonly<Record<string, unknown>>): string | null {
  const { what, source, id, experimentId, parent, copied } = action;
  const { records, texts, trees, datasets, folders } = action;
  if (!THINGS.some((thing) => thing === what)) return "does not say what it copies";
  if (!isText(source) || !isText(id)) return "does not say from where, or of which id";
  if (![experimentId, parent].every((one) => one === null || isText(one))) {
    return "does not say into which experiment, or with which run";
  }
  if (!isListOf(records, isMovedRecord)) return "has no records";
  if (![texts, datasets].every((list) => isListOf(list, isMovedText))) return "has no texts";
  const isTree = (one: unknown) => isMovedTree(one) && isRecord(one) && isText(one["stamp"]);
  if (!isListOf(trees, isTree) || trees.length === 0) return "does not say what is copied";
  if (!isListOf(folders, isStorePath)) return "does not say which directories it makes";
  return isUsage(copied) ? null : "does not say how much is copied";
}

function isListOf(value: unknown, is: (one: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(is);
}

function isMovedRecord(value: unknown): boolean {
  return isRecord(value) && isStorePath(value["path"]) && isRecord(value["changes"]) &&
    Object.values(value["changes"]).every(isText);
}

function isMovedText(value: unknown): boolean {
  return isRecord(value) && isStorePath(value["path"]) && isText(value["text"]);
}

function isMovedTree(value: unknown): boolean {
  return isRecord(value) && isStorePath(value["from"]) && isStorePath(value["to"]);
}

function isMovePolicy(policy: unknown): boolean {
  return isRecord(policy) && isText(policy["to"]) && isFlag(policy["deleted"]) &&
    isSelection(policy["only"]);
}

function isSelection(only: unknown): boolean {
  return isRecord(only) &&
    ["experiments", "exclude", "runs"].every((key) => isListOf(only[key], isText));
}

/**
 * Tells whether a value that was read from JSON is a path in a store.
 *
 * @param value Anything.
 * @returns Whether it is.
 */
export function isStorePath(value: unknown): boolean {
  try {
    return isText(value) && asStorePath(value) === value;
  } catch {
    return false;
  }
}
