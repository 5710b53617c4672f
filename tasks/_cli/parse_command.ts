import type { Flag, Flags } from "./flags.ts";
import { nearestWord } from "./nearest_word.ts";
import {
  type TaskCommand,
  type TaskName,
  taskNames,
  type TaskRow,
  taskTable,
} from "./task_table.ts";
import { UsageError } from "./usage_error.ts";

/** What a command line asks for. */
export type Command =
  | TaskCommand
  | { readonly task: "help"; readonly about: TaskName | null }
  | { readonly task: "version" };

/**
 * Turns the words of a command line into validated options, without looking at the world.
 *
 * Stricter than common parsers, since a flag taken for another one may cost runs: a switch takes no
 * value (`--force=no` is an error, not a yes), nothing is guessed, nothing unknown is passed over.
 * When a flag is repeated the last one counts, so that an alias in a shell can be overruled.
 *
 * @param words The words after the program's name; the first is the task.
 * @returns The task with its options, or a request for help or the version.
 * @throws {UsageError} When a word is unknown, missing or does not parse.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const command = parseCommand(["cleanup", "--days-old=90", "--no-backup"]);
 *
 * assertEquals(command.task === "cleanup" && command.options.daysOld, 90);
 * ```
 */
export function parseCommand(words: readonly string[]): Command {
  const [first, ...rest] = words;
  if (first === undefined || ["help", "--help", "-h"].includes(first)) {
    return { task: "help", about: null };
  }
  if (first === "--version" || first === "-V") return { task: "version" };
  const task = taskNames.find((name) => name === first);
  if (task === undefined) throw unknownTask(first);

  const row: TaskRow = taskTable[task];
  const { given, operands } = readWords(task, row.flags, rest);
  if (given.has("help")) return { task: "help", about: task };
  if (given.has("version")) return { task: "version" };

  const options = Object.fromEntries(
    Object.entries(row.flags).map(([key, flag]) => [key, given.get(flag.name) ?? flag.default]),
  );
  const operand = onlyOperand(task, row, operands);
  if (task === "restore") checkRestore(options["last"] === true, operand);
  // The table's types and its parsers are the same rows: what was read has the row's type.
  return { task, options, operand } as TaskCommand;
}

interface Words {
  /** Values by the long names of their flags. */
  readonly given: ReadonlyMap<string, unknown>;
  readonly operands: readonly string[];
}

function readWords(task: TaskName, flags: Flags, words: readonly string[]): Words {
  const given = new Map<string, unknown>();
  const operands: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word === "--") {
      operands.push(...words.slice(index + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const [, typed = word, inline] = /^(.*?)(?:=(.*))?$/s.exec(word) ?? [];
    const { flag, on } = findFlag(task, flags, typed);
    if (flag.value === null) {
      if (inline !== undefined) {
        throw new UsageError(
          `Cannot use "${word}": ${typed} takes no value; type ${switchForms(flag)}`,
        );
      }
      given.set(flag.name, on);
      continue;
    }
    const text = inline ?? (isValue(words[index + 1]) ? words[++index] : undefined);
    if (text === undefined || text === "") {
      throw new UsageError(
        `Missing value of ${typed}: expected ${typed} ${flag.value}; ${seeHelp(task)}`,
      );
    }
    given.set(flag.name, parseValue(flag, typed, text));
  }
  return { given, operands };
}

// A negative number is a value, if a wrong one; anything else with a dash is the next flag.
function isValue(word: string | undefined): boolean {
  return word !== undefined && (!word.startsWith("-") || /^-\.?\d/.test(word) || word === "-");
}

function findFlag(
  task: TaskName,
  flags: Flags,
  typed: string,
): { readonly flag: Flag; readonly on: boolean } {
  for (const flag of Object.values(flags)) {
    if (typed === `--${flag.name}`) return { flag, on: true };
    if (flag.short !== undefined && typed === `-${flag.short}`) return { flag, on: true };
    if (isNegatable(flag) && typed === `--no-${flag.name}`) return { flag, on: false };
  }
  const names = Object.values(flags).filter((flag) => flag.hidden !== true)
    .flatMap((flag) => isNegatable(flag) ? [flag.name, `no-${flag.name}`] : [flag.name]);
  const nearest = nearestWord(typed.replace(/^-+/, ""), names);
  throw new UsageError(
    `Unknown flag "${typed}" for ${task}: ` +
      (nearest === null ? seeHelp(task) : `did you mean --${nearest}?`),
  );
}

function isNegatable(flag: Flag): boolean {
  return flag.value === null && flag.negatable === true;
}

function switchForms(flag: Flag): string {
  return isNegatable(flag) ? `--${flag.name} or --no-${flag.name}` : `--${flag.name} or nothing`;
}

function parseValue(flag: Flag & { readonly value: string }, typed: string, text: string): unknown {
  try {
    return flag.parse(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`Cannot use "${text}" for ${typed}: ${error.message}`);
  }
}

function onlyOperand(task: TaskName, row: TaskRow, operands: readonly string[]): string | null {
  const extra = operands[row.operand === null ? 0 : 1];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}" of ${task}: ${seeHelp(task)}`);
  }
  const operand = operands[0] ?? null;
  if (row.operand?.required === true && (operand === null || operand === "")) {
    throw new UsageError(
      `Missing argument of ${task}: expected deno task ${task} ${row.operand.name}`,
    );
  }
  return operand;
}

function checkRestore(last: boolean, id: string | null): void {
  if (last && id !== null) {
    throw new UsageError(
      `Cannot tell what to restore: expected either --last or a backup's ID; ${seeHelp("restore")}`,
    );
  }
}

function unknownTask(typed: string): UsageError {
  const expected = `expected one of ${taskNames.join(", ")}`;
  if (typed.startsWith("-")) return new UsageError(`Missing task before "${typed}": ${expected}`);
  const nearest = nearestWord(typed, taskNames);
  return new UsageError(
    `Unknown task "${typed}": ${nearest === null ? expected : `did you mean ${nearest}?`}`,
  );
}

function seeHelp(task: TaskName): string {
  return `see deno task ${task} --help`;
}
