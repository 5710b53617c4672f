/**
 * The tasks of the project, as a user starts them: a browser sees no more of it than that.
 *
 * @module
 */

import { taskCommand } from "../../_support/task_command.ts";

/**
 * Runs a task to its end.
 *
 * @param task The task's name.
 * @param words What stands behind it.
 * @returns What it printed.
 * @throws {Error} When it fails.
 */
export async function runTask(task: string, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await taskCommand(task, words).output();
  const said = new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`deno task ${task} ended with ${code}: ${said}`);
  return new TextDecoder().decode(stdout);
}
