import { shellWords } from "../text/shell_words.ts";
import type { Schedule, ScheduledCommand } from "./schedule.ts";

/**
 * Writes for a POSIX shell what is to be started, with what tells of it, so that the line ends with the code of
 * the task; being locked out by another task at work is no failure.
 *
 * @param schedule What is started.
 * @param prefix What the program is started by, such as `nice`.
 * @returns One line.
 */
export function shellLine(
  { command, telling }: Pick<Schedule, "command" | "telling">,
  prefix: readonly string[] = [],
): string {
  const start = `cd ${shellWords([command.directory])} && ${started(command, prefix)}; code=$?`;
  const told = telling === null ? [] : [`${started(telling, [])} --exit-code $code`];
  return [start, ...told, "[ $code -eq 11 ] || exit $code"].join("; ");
}

function started({ environment, program, words }: ScheduledCommand, prefix: readonly string[]) {
  const variables = Object.entries(environment).map(([name, value]) =>
    `${name}=${shellWords([value])}`
  );
  return [...variables, shellWords([...prefix, program, ...words])].join(" ");
}
