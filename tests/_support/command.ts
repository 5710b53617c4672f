/**
 * The tasks as a user runs them: the commands of `deno.json`, each in a process of its own, with the
 * permissions that it is given there.
 *
 * @module
 */

import { dirname, fromFileUrl, join } from "@std/path";

/** The directory of `deno.json`. */
export const PROJECT: string = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

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
  /** Permissions instead of those in `deno.json`. */
  readonly permissions?: readonly string[];
}

/**
 * The words of a task's command in `deno.json`.
 *
 * @param task The task's name.
 * @returns The words; the first is `deno`.
 */
export function commandOf(task: string): readonly string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(PROJECT, "deno.json")));
  const { command } = tasks[task] as { readonly command: string };
  return command.split(" ");
}

/**
 * Runs a task as `deno task` does.
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
  const [, ...own] = commandOf(task);
  const script = own.indexOf("tasks/cli.ts");
  const { permissions = own.slice(1, script) } = options;
  return await run(["run", ...permissions, ...own.slice(script), ...words], options);
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
 * Runs Deno in the project's directory.
 *
 * @param words What follows `deno`.
 * @param options How to run it.
 * @returns How it ended and what it wrote.
 */
export async function run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
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
