/**
 * The commands of the tasks in `deno.json`, to be started with the permissions that they have there.
 *
 * @module
 */

import { dirname, fromFileUrl, join } from "@std/path";

/** The directory of `deno.json`. */
export const PROJECT: string = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/**
 * The words of a task's command in `deno.json`, where whoever types it grants no more.
 *
 * @param task The task's name.
 * @returns The words; the first is `deno`.
 */
export function commandOf(task: string): readonly string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(join(PROJECT, "deno.json")));
  const { command } = tasks[task] as { readonly command: string };
  return command.replace(" $MLTIDY_GRANT", "").split(" ");
}

/**
 * Gives the command that runs a task beside the test, its output to be read.
 *
 * @param task The task's name.
 * @param words What stands behind it.
 * @returns The command.
 */
export function taskCommand(task: string, words: readonly string[]): Deno.Command {
  const [, ...own] = commandOf(task);
  return new Deno.Command(Deno.execPath(), {
    args: [...own, ...words],
    cwd: PROJECT,
    // As `deno task` sets it, whoever has started the tests.
    env: { INIT_CWD: PROJECT, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}
