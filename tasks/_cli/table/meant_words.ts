import { nearestWord } from "../../../lib/text/nearest_word.ts";
import type { TaskRow } from "./task_row.ts";
import { type TaskName, taskNames, taskTable } from "./task_table.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Says which task may be meant by a word that is none.
 *
 * @param typed The word.
 * @returns The error.
 */
export function unknownTask(typed: string): UsageError {
  const expected = `expected one of ${taskNames.join(", ")}`;
  if (typed.startsWith("-")) return new UsageError(`Missing task before "${typed}": ${expected}`);
  const applied = appliedTask(typed);
  if (applied !== null) {
    return new UsageError(`Unknown task "${typed}": type \`deno task ${applied}:apply\``);
  }
  const nearest = TASKS_MEANT.get(typed.toLowerCase()) ?? nearestWord(typed, taskNames);
  return new UsageError(
    `Unknown task "${typed}": ${nearest === null ? expected : `did you mean ${nearest}?`}`,
  );
}

/** What `deno.json` has as a task of its own is a flag here. */
function appliedTask(typed: string): TaskName | null {
  const [, name] = /^(.+):apply$/.exec(typed) ?? [];
  const task = taskNames.find((one) => one === name);
  const row: TaskRow | null = task === undefined ? null : taskTable[task];
  return task !== undefined && row?.flags["apply"] !== undefined ? task : null;
}

/** What tasks are called elsewhere. */
const TASKS_MEANT: ReadonlyMap<string, TaskName> = new Map([
  ["list", "summary"],
  ["ls", "summary"],
  ["show", "summary"],
  ["status", "summary"],
  ["check", "verify"],
  ["validate", "verify"],
  ["fix", "repair"],
  ["clean", "cleanup"],
  ["gc", "cleanup"],
  ["purge", "cleanup"],
  ["delete", "prune"],
  ["undo", "restore"],
  ["why", "explain"],
  ["train", "run"],
  ["exec", "run"],
  ["init", "config"],
]);
