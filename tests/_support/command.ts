/**
 * The tasks as a user runs them: the commands of `deno.json`. `startTask()` runs one in a process of its own,
 * with the permissions that it is given there; `runTask()` runs the same command line in this process, which
 * takes a tenth of the time, where neither permissions nor streams nor the process itself matter.
 *
 * @module
 */

import { hideCredentials } from "../../lib/text/credentials.ts";
import { visibleLines } from "../../lib/text/terminal_text.ts";
import { errorText } from "../../tasks/_cli/run/error_text.ts";
import { runTask as runCommand } from "../../tasks/_cli/run/run_task.ts";
import { ExitCode, exitCodeOf } from "../../tasks/_cli/table/exit_code.ts";
import { helpText, overviewText } from "../../tasks/_cli/table/help_text.ts";
import { parseCommand } from "../../tasks/_cli/table/parse_command.ts";
import type { World } from "../../tasks/_cli/world.ts";
import { commandOf, PROJECT } from "./task_command.ts";

export { commandOf, PROJECT };

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  /** What it wrote to standard output. */
  readonly out: string;
  /** What it wrote to standard error. */
  readonly err: string;
}

/** How to run a command. */
export interface RunOptions {
  /** The directory in which the user types it. @default {the project's} */
  readonly directory?: string;
  /** What the environment has besides. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whoever is asked at a terminal; only in this process. @default {nobody} */
  readonly ask?: World["ask"];
  /** What stands on standard input; only in this process. @default {nothing} */
  readonly input?: string;
}

/** How to start a process. */
export interface StartOptions extends RunOptions {
  /** Permissions instead of those in `deno.json`. */
  readonly permissions?: readonly string[];
}

/**
 * Runs a task's command line in this process, as long as nobody interrupts it.
 *
 * @param task The task's name.
 * @param words What the user types after it.
 * @param options How to run it.
 * @returns How it ended and what it wrote.
 */
export async function runTask(
  task: string,
  words: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ran> {
  const { directory = PROJECT, environment = {}, ask = null, input = "" } = options;
  const [out, err] = [[] as string[], [] as string[]];
  const style = { color: false, width: Infinity };
  const world: World = {
    print: (text) => void out.push(visibleLines(text, style)),
    say: (text) => void err.push(visibleLines(hideCredentials(text), style)),
    style,
    note: () => {},
    conclude: () => Promise.resolve(),
    named: (text) => text,
    progress: { update() {}, transfer() {}, erase() {}, [Symbol.dispose]() {} },
    ask,
    input: () => Promise.resolve(input),
    environment: (name) => environment[name],
    directory,
    now: Date.now,
    signal: () => new AbortController().signal,
  };
  const command = commandOf(task);
  const typed = [...command.slice(command.indexOf("tasks/cli.ts") + 1), ...words];
  const code = await runWords(typed, world).catch((error: unknown) => {
    err.push(`${visibleLines(hideCredentials(errorText(error, typed)))}\n`);
    return exitCodeOf(error);
  });
  return { code, out: out.join(""), err: err.join("") };
}

async function runWords(words: readonly string[], world: World): Promise<number> {
  const command = parseCommand(words);
  if (command.task === "version") throw new Error("Cannot run --version: start it");
  if (command.task !== "help") return await runCommand(command, words, world);
  world.print(command.about === null ? overviewText() : helpText(command.about));
  return ExitCode.done;
}

/**
 * Starts a task as `deno task` does.
 *
 * @param task The task's name.
 * @param words What the user types after it.
 * @param options How to run it.
 * @returns How it ended and what it wrote.
 */
export async function startTask(
  task: string,
  words: readonly string[] = [],
  options: StartOptions = {},
): Promise<Ran> {
  const [, ...own] = commandOf(task);
  const script = own.indexOf("tasks/cli.ts");
  const { permissions = own.slice(1, script) } = options;
  return await start(["run", ...permissions, ...own.slice(script), ...words], options);
}

/**
 * Runs a task on a store, and gives the document that it prints. It must succeed.
 *
 * @param task The task's name.
 * @param store The store's root.
 * @param words What the user types besides.
 * @returns The document.
 */
export async function runForJson<T = unknown>(
  task: string,
  store: string,
  ...words: readonly string[]
): Promise<T> {
  const { code, out, err } = await runTask(task, [...words, "--store", store, "--json"]);
  if (code !== 0) throw new Error(`${task} ${words.join(" ")} failed with ${code}:\n${err}`);
  return JSON.parse(out);
}

/**
 * Starts Deno in the project's directory.
 *
 * @param words What follows `deno`.
 * @param options How to run it.
 * @returns How it ended and what it wrote.
 */
export async function start(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { directory = PROJECT, environment = {} } = options;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...words],
    cwd: PROJECT,
    env: { INIT_CWD: directory, MLFLOW_TRACKING_URI: "", NO_COLOR: "", ...environment },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}
