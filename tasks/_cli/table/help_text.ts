import { exitMeaning } from "./exit_code.ts";
import type { Flag } from "./flags.ts";
import type { TaskRow } from "./task_row.ts";
import { type TaskName, taskNames, taskTable } from "./task_table.ts";

/** A flag in the words of `--help` and the README. */
export interface FlagHelp {
  /** How it is typed, such as `-h, --help` or `--days-old N`. */
  readonly form: string;
  /** What it does. */
  readonly describe: string;
  /** What counts without it; `null` where that goes without saying. */
  readonly defaultText: string | null;
}

/**
 * Tells all about one task.
 *
 * @param task The task.
 * @returns What it does, its usage, examples, flags, exit codes and permissions, as lines.
 */
export function helpText(task: TaskName): string {
  const row: TaskRow = taskTable[task];
  const flags = flagHelp(task).map(({ form, describe, defaultText }) =>
    [
      form.startsWith("-") && !form.startsWith("--") ? form : `    ${form}`,
      defaultText === null ? describe : `${describe} (default: ${defaultText})`,
    ] as const
  );
  const exitCodes = row.exitCodes.toSorted((left, right) => left - right)
    .map((code) => [`${code}`, exitMeaning[code]] as const);
  return [
    `${row.summary}.\n`,
    row.usage.map((usage, index) => `${index === 0 ? "Usage: " : "       "}${usage}\n`).join(""),
    section("Examples", row.examples),
    ...(row.operand === null
      ? []
      : [section("Argument", [[row.operand.name, row.operand.describe]])]),
    section("Flags", flags),
    section("Exit codes", exitCodes),
    `Permissions: ${row.permissions}\n`,
  ].join("\n");
}

/**
 * Tells which tasks there are.
 *
 * @returns Every task with what it does, as lines.
 */
export function overviewText(): string {
  return [
    "mltidy keeps MLflow stores tidy: first a plan, and what it does can be undone.\n",
    "Usage: deno task TASK [flags]\n",
    section("Tasks", taskNames.map((task) => [task, `${taskTable[task].summary}`])),
    "prune, cleanup and repair only plan; deno task TASK:apply carries it out.",
    "deno task TASK --help tells more about a task.\n",
  ].join("\n");
}

/**
 * Gives the flags of a task as `--help` and the README show them.
 *
 * @param task The task.
 * @returns One row for each flag, in order.
 */
export function flagHelp(task: TaskName): readonly FlagHelp[] {
  const row: TaskRow = taskTable[task];
  return Object.values(row.flags).filter((flag) => flag.hidden !== true).map((flag) => ({
    form: formOf(flag),
    describe: flag.describe,
    defaultText: flag.value === null ? (flag.default ? "on" : null) : flag.defaultText ?? null,
  }));
}

function formOf(flag: Flag): string {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  if (flag.value !== null) return `${short}--${flag.name} ${flag.value}`;
  return `${short}--${flag.negatable === true ? "[no-]" : ""}${flag.name}`;
}

function section(
  heading: string,
  rows: readonly (readonly [term: string, meaning: string])[],
): string {
  const width = Math.max(...rows.map(([term]) => term.length));
  const lines = rows.map(([term, meaning]) => `  ${term.padEnd(width)}  ${meaning}\n`);
  return `${heading}:\n${lines.join("")}`;
}
