/**
 * What somebody means who types a task, a flag or an argument that there is not.
 *
 * @module
 */

import { nearestWord } from "../../../lib/text/nearest_word.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import type { Flag, Flags } from "./flags.ts";
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
  if (/^--action(?:=|$)/.test(typed)) return new UsageError(`Unknown flag "${typed}": ${ACTION}`);
  if (typed.startsWith("-")) return new UsageError(`Missing task before "${typed}": ${expected}`);
  if (isCommand(typed)) {
    return new UsageError(`Unknown task "${typed}": type \`deno task ${typed}\``);
  }
  const nearest = TASKS_MEANT.get(typed.toLowerCase()) ?? nearestWord(typed, taskNames);
  return new UsageError(
    `Unknown task "${typed}": ${nearest === null ? expected : `did you mean ${nearest}?`}`,
  );
}

/** What `deno.json` has as a task of its own is a flag here. */
function isCommand(typed: string): boolean {
  const [, name, flag = ""] = /^(.+):(.+)$/.exec(typed) ?? [];
  const task = taskNames.find((one) => one === name);
  const row: TaskRow | null = task === undefined ? null : taskTable[task];
  return row?.flags[flag]?.givenBy === "command";
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
  ["mv", "move"],
  ["import", "merge"],
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

/**
 * Says which flag may be meant by a word that is none of a task's.
 *
 * @param task The task.
 * @param flags Its flags.
 * @param typed The word.
 * @returns The error.
 */
export function unknownFlag(task: TaskName, flags: Flags, typed: string): UsageError {
  const word = typed.replace(/^-+/, "");
  const names = Object.values(flags).map(({ name }) => name);
  const known = FLAGS_MEANT.get(word)?.find((name) => names.includes(name));
  const meant = known === undefined ? meantFlag(flags, word) : `--${known}`;
  const hint = typed === "--action" ? ACTION : seeHelp(task);
  return new UsageError(
    `Unknown flag "${typed}" for ${task}: ${meant === null ? hint : `did you mean ${meant}?`}`,
  );
}

/** Scripts that have one command for everything call what they do so. */
const ACTION =
  "what is to be done is the task's name: `deno task summary` lists, `deno task cleanup` plans";

/** What flags are called elsewhere, and here: the first of them that the task knows. */
const FLAGS_MEANT: ReadonlyMap<string, readonly string[]> = new Map([
  ["mlruns-path", ["store"]],
  ["tracking-uri", ["store"]],
  ["backend-store-uri", ["store"]],
  ["backup-dir", ["backups"]],
  ["older-than", ["purge-after", "days-old"]],
  ["experiment-ids", ["experiment"]],
  ["experiment-id", ["experiment"]],
  ["run-ids", ["run"]],
  ["run-id", ["run"]],
  ["yes", ["force"]],
  ["y", ["force"]],
]);

/** What turns something off costs most where it was not meant: only who begins to type it may mean it. */
function meantFlag(flags: Flags, word: string): string | null {
  const shown = Object.values(flags).filter(({ givenBy }) => givenBy === undefined);
  if (shown.some(({ short }) => short === word)) return `-${word}`;
  const names = shown.map(({ name }) => name).filter((name) => !name.startsWith("no-"));
  const off = /^no./.test(word)
    ? shown.flatMap((flag) =>
      isNegatable(flag) ? [`no-${flag.name}`] : flag.name.startsWith("no-") ? [flag.name] : []
    )
    : [];
  const nearest = nearestWord(word, [...names, ...off]);
  return nearest === null ? null : `--${nearest}`;
}

/**
 * Says which flag was left out before a value that stands where none belongs.
 *
 * @param task The task.
 * @param flags Its flags.
 * @param given Those that were given, by their long names.
 * @param words All that was typed behind the task's name.
 * @param argument The value.
 * @returns The error.
 */
export function unexpectedArgument(
  task: TaskName,
  flags: Flags,
  given: ReadonlyMap<string, unknown>,
  words: readonly string[],
  argument: string,
): UsageError {
  const meant = flagLeftOut(flags, argument);
  const hint = meant === null
    ? seeHelp(task)
    : given.has(meant)
    ? `--${meant} has a value already; leave it out, or ${seeHelp(task)}`
    : `${meant === "store" ? "a store is named by" : "expected it behind"} --${meant}: type \`${
      withFlag(task, flags, words, meant, argument)
    }\``;
  return new UsageError(`Unexpected argument "${argument}" of ${task}: ${hint}`);
}

/** What a value looks like, and whose it is: of the first of these flags that the task knows. */
const VALUES_MEANT: readonly (readonly [form: RegExp, flags: readonly string[]])[] = [
  [/\.html?$/i, ["html"]],
  [/\.ya?ml$/i, ["config"]],
  [/^\d[\d.]*\w?$/, ["days-old", "top", "port"]],
  [/^\d?\d:\d\d$/, ["at"]],
  [/^[a-z]+day$/i, ["every", "store"]],
  [/^/, ["store"]],
];

function flagLeftOut(flags: Flags, argument: string): string | null {
  const [, names = []] = VALUES_MEANT.find(([form]) => form.test(argument)) ?? [];
  const shown = Object.values(flags).filter(({ givenBy }) => givenBy === undefined);
  const ofWords = shown.find(({ value }) => value?.split("|").includes(argument))?.name;
  return ofWords ?? names.find((name) => shown.some((flag) => flag.name === name)) ?? null;
}

/** The command line as it was typed, with an argument behind its flag. */
function withFlag(
  task: TaskName,
  flags: Flags,
  words: readonly string[],
  name: string,
  argument: string,
): string {
  const at = words.findIndex((word, index) =>
    word === argument && !takesValue(flags, words[index - 1])
  );
  const own = Object.values(flags).find((flag) =>
    flag.givenBy === "command" && words.includes(`--${flag.name}`)
  );
  const others = words.filter((word, index) => index !== at && word !== `--${own?.name}`);
  const command = own === undefined ? task : `${task}:${own.name}`;
  return shellWords(["deno", "task", command, ...others, `--${name}`, argument]);
}

/**
 * Tells whether the word behind another one is that one's value.
 *
 * @param flags The flags of the task.
 * @param word The other one, if any.
 * @returns Whether it is a flag that takes a value.
 */
export function takesValue(flags: Flags, word = ""): boolean {
  return Object.values(flags).some(({ name, short, value }) =>
    value !== null && (word === `--${name}` || short !== undefined && word === `-${short}`)
  );
}

/**
 * Tells whether a flag can be turned off by `--no-NAME`.
 *
 * @param flag The flag.
 * @returns Whether it can.
 */
export function isNegatable(flag: Flag): boolean {
  return flag.value === null && flag.negatable === true;
}

/**
 * Says where what a task takes is told.
 *
 * @param task The task.
 * @returns Half a sentence.
 */
export function seeHelp(task: TaskName): string {
  return `see deno task ${task} --help`;
}
