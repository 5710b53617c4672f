/**
 * The tasks of the project, as a user starts them: a browser sees no more of it than that.
 *
 * @module
 */

import manifest from "../../../deno.json" with { type: "json" };

/** The directory of the project's `deno.json`. */
export const PROJECT: string = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");

/** The tasks that these tests start. */
export type TaskName = keyof typeof manifest.tasks;

/**
 * Gives the command that runs a task, with the permissions that it has.
 *
 * @param task The task's name.
 * @param words What stands behind it.
 * @param environment What the environment has besides.
 * @returns The command.
 */
export function taskCommand(
  task: TaskName,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Deno.Command {
  const [, ...own] = manifest.tasks[task].command.replace(" $MLTIDY_GRANT", "").split(" ");
  return new Deno.Command(Deno.execPath(), {
    args: [...own, ...words],
    cwd: PROJECT,
    env: { NO_COLOR: "1", ...environment },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/**
 * Runs a task to its end.
 *
 * @param task The task's name.
 * @param words What stands behind it.
 * @returns What it printed.
 * @throws {Error} When it fails.
 */
export async function runTask(task: TaskName, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await taskCommand(task, words).output();
  const said = new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`deno task ${task} ended with ${code}: ${said}`);
  return new TextDecoder().decode(stdout);
}
