/**
 * What a test does with other rights than those of the superuser who runs it.
 *
 * @module
 */

import { commandOf, PROJECT } from "./command.ts";

/**
 * Tells whether the program is there that takes rights away, or an account's, and may do so.
 *
 * @returns Whether it is.
 */
export async function hasSetpriv(): Promise<boolean> {
  return Deno.build.os === "linux" && Deno.uid() === 0 && await canStart("setpriv");
}

/**
 * Tells whether a program is there.
 *
 * @param program Its name.
 * @returns Whether it is, and tells its version.
 */
export function canStart(program: string): Promise<boolean> {
  return new Deno.Command(program, { args: ["--version"], stdout: "null" }).output()
    .then(({ success }) => success, () => false);
}

/**
 * Runs a task as the superuser without some rights, so that what others may not do is refused.
 *
 * @param rights Those that it lacks, as `setpriv` names them.
 * @param task The task's name.
 * @param words What is typed behind it.
 * @returns How it ended, and what it wrote.
 */
export async function runTaskWithout(
  rights: readonly string[],
  task: string,
  words: readonly string[],
): Promise<{ readonly code: number; readonly said: string }> {
  const own = commandOf(task);
  const { code, stdout, stderr } = await new Deno.Command("setpriv", {
    args: [
      `--bounding-set=${rights.map((right) => `-${right}`).join(",")}`,
      ...[Deno.execPath(), "run", "-A", ...own.slice(own.indexOf("tasks/cli.ts")), ...words],
    ],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, said: text.decode(stdout) + text.decode(stderr) };
}
