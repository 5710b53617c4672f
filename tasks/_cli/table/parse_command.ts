/// <reference types="../../_io/std/std.d.ts" />
import { parseArgs } from "@std/cli/parse-args";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { programName } from "../../../lib/text/credentials.ts";
import type { Flag, Flags } from "./flags.ts";
import type { Operand, TaskRow } from "./task_row.ts";
import {
  isNegatable,
  seeHelp,
  takesValue,
  unexpectedArgument,
  unknownFlag,
  unknownTask,
} from "./meant_words.ts";
import { type TaskCommand, type TaskName, taskNames, taskTable } from "./task_table.ts";
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
 * When a flag is repeated the last one counts, so that a task of one's own or an alias can be overruled;
 * `overruledText()` tells of it.
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
  const isProgram = row.operand?.isProgram === true;
  const [own, program] = isProgram ? splitAtProgram(task, row, rest) : [rest, []];
  const { given, operands } = readWords(task, row.flags, own);
  if (given.has("help")) return { task: "help", about: task };
  if (given.has("version")) return { task: "version" };

  const options = Object.fromEntries(
    Object.entries(row.flags).map(([key, flag]) => [key, given.get(flag.name) ?? flag.default]),
  );
  if (isProgram) return programCommand(task, options, operands, program);
  if (row.operand?.isMany) {
    if (operands.length === 0 || operands.includes("")) throw missingArgument(task, row.operand);
    return { task, options, operand: operands } as unknown as TaskCommand;
  }
  const operand = onlyOperand(task, row, { given, operands }, rest);
  if (task === "backup") checkBackup(given, operand);
  if (task === "restore") checkRestore(given, operand);
  if (task === "demo:store") checkDirectory(task, operand ?? "");
  // The table's types and its parsers are the same rows: what was read has the row's type.
  return { task, options, operand } as TaskCommand;
}

interface Words {
  /** Values by the long names of their flags. */
  readonly given: ReadonlyMap<string, unknown>;
  readonly operands: readonly string[];
}

function readWords(task: TaskName, flags: Flags, words: readonly string[]): Words {
  const typed = checkWords(task, flags, words);
  const all = Object.values(flags);
  const switches = all.filter((flag) => flag.value === null);
  const valued = all.filter((flag): flag is Flag & { value: string } => flag.value !== null);
  const parsed = parseArgs([...words], {
    boolean: switches.map(({ name }) => name),
    negatable: switches.filter(isNegatable).map(({ name }) => name),
    string: ["_", ...valued.map(({ name }) => name)],
    alias: Object.fromEntries(all.flatMap(({ name, short }) => short ? [[short, name]] : [])),
  });
  const given = new Map<string, unknown>();
  for (const flag of switches) if (typed.has(flag.name)) given.set(flag.name, parsed[flag.name]);
  for (const flag of valued) {
    const form = typed.get(flag.name);
    if (form === undefined) continue;
    const text = parsed[flag.name];
    if (typeof text !== "string" || text === "") {
      const command = `${task}:${flag.name}`;
      throw new UsageError(
        flag.givenBy === "command"
          ? `Missing argument of ${command}: expected deno task ${command} ${flag.value}`
          : `Missing value of ${form}: expected ${form} ${flag.value}; ${seeHelp(task)}`,
      );
    }
    given.set(flag.name, parseValue(flag, form, text));
  }
  return { given, operands: parsed._.map(String) };
}

/**
 * The library takes what it does not know for a flag and any text for a yes, so each word that it would
 * take for a flag is looked up first: a flag never takes a word with a dash for its value.
 *
 * @returns The flags given, by their long names, as they were typed.
 */
function checkWords(
  task: TaskName,
  flags: Flags,
  words: readonly string[],
): ReadonlyMap<string, string> {
  const typed = new Map<string, string>();
  let last: Flag | null = null;
  for (const word of words) {
    if (word === "--") break;
    if (!word.startsWith("-") || word === "-") {
      last = null;
      continue;
    }
    if (last !== null && last.value !== null && /^-\.?\d/.test(word)) {
      parseValue(last, `--${last.name}`, word);
    }
    const [, form = word, inline] = /^(.*?)(?:=(.*))?$/s.exec(word) ?? [];
    const flag = findFlag(task, flags, form);
    if (flag.value === null && inline !== undefined) {
      throw new UsageError(
        `Cannot use "${word}": ${form} takes no value; type ${switchForms(flag)}`,
      );
    }
    typed.set(flag.name, form);
    last = inline === undefined ? flag : null;
  }
  return typed;
}

function findFlag(task: TaskName, flags: Flags, typed: string): Flag {
  for (const flag of Object.values(flags)) {
    if (typed === `--${flag.name}`) return flag;
    if (flag.short !== undefined && typed === `-${flag.short}`) return flag;
    if (isNegatable(flag) && typed === `--no-${flag.name}`) return flag;
  }
  throw unknownFlag(task, flags, typed);
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

function onlyOperand(
  task: TaskName,
  row: TaskRow,
  { given, operands }: Words,
  words: readonly string[],
): string | null {
  const extra = operands[row.operand === null ? 0 : 1];
  if (extra !== undefined) {
    throw row.operand === null
      ? unexpectedArgument(task, row.flags, given, words, extra)
      : new UsageError(`Unexpected argument "${extra}" of ${task}: ${seeHelp(task)}`);
  }
  const operand = operands[0] ?? null;
  if (row.operand?.required === true && (operand === null || operand === "")) {
    throw missingArgument(task, row.operand);
  }
  return operand;
}

function missingArgument(task: TaskName, { name }: Operand): UsageError {
  return new UsageError(`Missing argument of ${task}: expected deno task ${task} ${name}`);
}

/** Everything behind the first `--` is the program's own. */
function splitAtProgram(
  task: TaskName,
  { flags, operand }: TaskRow,
  words: readonly string[],
): readonly [own: readonly string[], program: readonly string[]] {
  const at = words.indexOf("--");
  if (at >= 0) return [words.slice(0, at), words.slice(at + 1)];
  const begin = words.findIndex((word, index) =>
    !word.startsWith("-") && !takesValue(flags, words[index - 1])
  );
  if (begin === -1) return [words, []];
  const own = words.slice(0, begin);
  const given = checkWords(task, flags, own);
  // Of flags alone it is none.
  if (operand?.required !== true) {
    throw unexpectedArgument(task, flags, given, words, words[begin]!);
  }
  const name = shellWords([programName(words.slice(begin))]);
  throw new UsageError(`Missing -- before ${name}: ${programExample(task)}`);
}

function programCommand(
  task: TaskName,
  options: Readonly<Record<string, unknown>>,
  [extra]: readonly string[],
  program: readonly string[],
): Command {
  if (extra !== undefined) {
    throw new UsageError(
      `Unexpected argument "${extra}" of ${task}: expected the program behind --; ${seeHelp(task)}`,
    );
  }
  const example = programExample(task);
  const { operand }: TaskRow = taskTable[task];
  if (program.length === 0 && operand?.required === true) {
    throw new UsageError(`Missing program of ${task}: ${example}`);
  }
  if (options["experiment"] === null) {
    throw new UsageError(`Missing --experiment of ${task}: ${example}`);
  }
  return { task, options, operand: program } as unknown as Command;
}

function programExample(task: TaskName): string {
  const { operand }: TaskRow = taskTable[task];
  return `expected ${operand?.example ?? `deno task ${task}`}`;
}

/** Which flags of `backup` may stand beside which. */
function checkBackup(given: ReadonlyMap<string, unknown>, id: string | null): void {
  const chosen = (...names: readonly string[]) =>
    names.filter((name) => given.has(name) && given.get(name) !== false);
  const refuse = (names: readonly string[], why: string): UsageError =>
    new UsageError(
      `Cannot use ${names.map((name) => `--${name}`).join(" and ")}: ${why}; ${seeHelp("backup")}`,
    );
  const jobs = chosen("list", "show", "verify", "expire");
  const scopes = chosen("experiment", "run", "metadata");
  if (jobs.length > 1) throw refuse(jobs, "they are different jobs");
  if (scopes.length > 1) throw refuse(scopes, "they are different parts of the store");
  if (jobs.length + scopes.length > 1) {
    throw refuse([...jobs, ...scopes], "the first copies nothing");
  }
  const expiring = chosen("keep-last");
  if (jobs[0] !== "expire" && expiring.length > 0) {
    throw refuse(expiring, "expected --expire beside it");
  }
  const expire = given.get("expire");
  if (given.has("keep-last") && typeof expire === "object" && expire !== null && "id" in expire) {
    throw refuse(["keep-last"], "a backup that is named goes whatever else there is");
  }
  if (id !== null && jobs[0] !== "verify") {
    throw new UsageError(
      `Unexpected argument "${id}" of backup: expected it behind --verify; ${seeHelp("backup")}`,
    );
  }
}

function checkRestore(given: ReadonlyMap<string, unknown>, id: string | null): void {
  const isLast = given.get("last") === true;
  const other = ["experiment", "run", "to"].find((name) => given.has(name));
  if (given.get("list") === true && other !== undefined) {
    throw new UsageError(
      `Cannot use --list and --${other}: --list shows all that a backup holds; ${
        seeHelp("restore")
      }`,
    );
  }
  const part = ["experiment", "run", "to"].find((name) => given.has(name));
  if (part !== undefined && !isLast && id === null) {
    throw new UsageError(
      `Cannot use --${part} alone: expected --last or a backup's ID beside it; ${
        seeHelp("restore")
      }`,
    );
  }
  if (isLast && id !== null) {
    throw new UsageError(
      `Cannot tell what to restore: expected either --last or a backup's ID; ${seeHelp("restore")}`,
    );
  }
}

/** Whoever names a database, by its path or as MLflow does, means one that is written there. */
function checkDirectory(task: TaskName, directory: string): void {
  const path = directory.replace(/^(?:sqlite:\/\/\/|[\w+.-]+:\/\/)/, "");
  const isDatabase = /\.(?:db|sqlite3?)$/i.test(path);
  if (!isDatabase && path === directory) return;
  const inside = isDatabase ? path.replace(/(?:^mlflow|\/mlflow)?\.\w+$/i, "") : path;
  const kind = isDatabase ? ["--kind", "sqlite"] : [];
  const command = shellWords(["deno", "task", task, ...kind, inside || "example"]);
  throw new UsageError(
    `Cannot use "${directory}" for DIR of ${task}: expected a directory${
      isDatabase ? ", into which mlflow.db and mlruns/ are written" : ""
    }; type \`${command}\``,
  );
}

/**
 * Tells which flags were given twice, and what counts of them.
 *
 * @param words The words of a command line that parses.
 * @returns A line for each flag of which not every word counts; empty where there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   overruledText(["cleanup", "--days-old", "90", "--days-old=30"]),
 *   "--days-old was given more than once: 30 counts, which stands last\n",
 * );
 * ```
 */
export function overruledText([task, ...words]: readonly string[]): string {
  const name = taskNames.find((one) => one === task);
  if (name === undefined) return "";
  const row: TaskRow = taskTable[name];
  const typed = new Map<Flag, string[]>();
  for (const [index, word] of words.entries()) {
    if (word === "--") break;
    if (!word.startsWith("-") || word === "-") continue;
    const [, form = word, inline] = /^(.*?)(?:=(.*))?$/s.exec(word) ?? [];
    const flag = findFlag(name, row.flags, form);
    const value = flag.value === null ? form : inline ?? words[index + 1] ?? "";
    typed.set(flag, [...typed.get(flag) ?? [], value]);
  }
  return [...typed].filter(([, values]) => new Set(values).size > 1).map(([flag, values]) =>
    `--${flag.name} was given more than once: ${values.at(-1)} counts, which stands last\n`
  ).join("");
}
