import { shellWords } from "../text/shell_words.ts";
import type { Schedule, ScheduledCommand } from "./schedule.ts";

/** One thing that a shell does, and why. */
export interface ShellStep {
  /** Why, as a sentence. */
  readonly why: string;
  /** What is typed. */
  readonly text: string;
}

/**
 * Writes for a POSIX shell what is to be started, with what tells of it, so that it ends with the code of the
 * task; being locked out by another task at work is no failure.
 *
 * @param schedule What is started.
 * @param prefix What the program is started by, such as `nice`.
 * @returns One thing after the other.
 */
export function shellSteps(
  { command, telling }: Pick<Schedule, "command" | "telling">,
  prefix: readonly string[] = [],
): readonly ShellStep[] {
  const { directory } = command;
  return [
    { why: "In the clone of mltidy.", text: `cd ${shellWords([directory])} || exit 1` },
    {
      why: prefix.length > 0
        ? "The task, with no more rights than it needs; others come first."
        : "The task, with no more rights than it needs.",
      text: started(command, prefix),
    },
    { why: "How it has ended.", text: "code=$?" },
    ...(telling === null ? [] : [{
      why: "Tells of it, also after a failure, and changes nothing of how it has ended.",
      text: `${started(telling, [])} --exit-code $code`,
    }]),
    {
      why: "Another task at work on the store (11) is no failure: the next time will do.",
      text: "[ $code -eq 11 ] || exit $code",
    },
  ];
}

/**
 * Writes the same in one line.
 *
 * @param steps One thing after the other.
 * @returns One line.
 */
export function shellLine(steps: readonly ShellStep[]): string {
  return steps.map(({ text }) => text).join("; ");
}

/**
 * Says what such a line does, as people read it above the line.
 *
 * @param steps One thing after the other.
 * @returns One why a line.
 */
export function shellWhys(steps: readonly ShellStep[]): readonly string[] {
  return steps.map(({ why }) => `- ${why}`);
}

function started({ environment, program, words }: ScheduledCommand, prefix: readonly string[]) {
  const variables = Object.entries(environment).map(([name, value]) =>
    `${name}=${shellWords([value])}`
  );
  return [...variables, shellWords([...prefix, program, ...words])].join(" ");
}
