import { foldLines } from "../../../lib/text/fold.ts";
import { renderRows } from "../../../lib/text/rows.ts";
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

/** How to show help. */
export interface HelpOptions {
  /** Columns of the terminal; more than 80 are not used. @default {80} */
  readonly columns?: number;
  /** Names commands as they are typed here. @default {as `deno task`} */
  readonly named?: (text: string) => string;
}

/**
 * Tells all about one task.
 *
 * @param task The task.
 * @param options How to show it.
 * @returns What it does, its usage, examples, flags, exit codes and permissions, as lines.
 */
export function helpText(task: TaskName, options: HelpOptions = {}): string {
  const row: TaskRow = taskTable[task];
  const flags = flagHelp(task).map(({ form, describe, defaultText }) =>
    [
      form.startsWith("-") && !form.startsWith("--") ? form : `    ${form}`,
      defaultText === null ? describe : `${describe} (default: ${defaultText})`,
    ] as const
  );
  const exitCodes = row.exitCodes.toSorted((left, right) => left - right)
    .map((code) => [`${code}`, exitMeaning[code]] as const);
  const { operand } = row;
  return [
    prose([`${row.summary}.`], options),
    prose(
      row.usage.map((usage, index) => `${index === 0 ? "Usage: " : "       "}${usage}`),
      options,
    ),
    section("Examples", row.examples, options),
    ...(operand === null ? [] : [section("Argument", [[operand.name, operand.describe]], options)]),
    section("Flags", flags, options),
    section("Exit codes", exitCodes, options),
    prose([`Permissions: ${row.permissions}`], options),
  ].join("\n");
}

/**
 * Tells which tasks there are.
 *
 * @param options How to show them.
 * @returns Every task with what it does, as lines.
 */
export function overviewText(options: HelpOptions = {}): string {
  // With the prompt behind it, it must not be longer than a small screen.
  return [
    prose([
      "deno task TASK [flags | --help] plans; TASK:apply carries out, restore undoes.",
    ], options),
    rows(menuRows(), options),
  ].join("");
}

/** Two that are halves of one thing share a line. */
const PAIRS: readonly (readonly [TaskName, TaskName, summary: string])[] = [
  ["move", "merge", "Move runs between experiments; copy another store into this one"],
  ["apply", "show", "Carry out exactly a saved plan, or refuse; show it as text"],
  ["pin", "unpin", "Keep runs from every clean-up, or let rules judge them again"],
];

function menuRows(): Rows {
  return taskNames.flatMap((task): Rows => {
    const pair = PAIRS.find((names) => names.includes(task));
    if (pair === undefined) return [[task, taskTable[task].summary]];
    const [one, other, summary] = pair;
    return task === one ? [[`${one}, ${other}`, summary]] : [];
  });
}

/**
 * Gives the flags of a task as `--help` and the README show them.
 *
 * @param task The task.
 * @returns One row for each flag, in order.
 */
export function flagHelp(task: TaskName): readonly FlagHelp[] {
  const row: TaskRow = taskTable[task];
  return Object.values(row.flags).filter((flag) => flag.givenBy === undefined).map((flag) => ({
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

const MOST_COLUMNS = 80;
const INDENT = "  ";

type Rows = readonly (readonly [term: string, meaning: string])[];

function section(heading: string, terms: Rows, options: HelpOptions): string {
  return `${prose([`${heading}:`], options)}${rows(terms, options)}`;
}

function rows(terms: Rows, { columns = MOST_COLUMNS, named = asIs }: HelpOptions): string {
  const width = Math.min(columns, MOST_COLUMNS);
  const lines = renderRows(
    [{ align: "left" }, { align: "left", prose: true }],
    terms.map((row) => row.map(named)),
    width - INDENT.length,
  ).flat();
  return foldLines(lines.map((line) => `${INDENT}${line}`), { width });
}

function prose(lines: readonly string[], options: HelpOptions): string {
  const { columns = MOST_COLUMNS, named = asIs } = options;
  return foldLines(lines.map(named), { width: Math.min(columns, MOST_COLUMNS) });
}

function asIs(text: string): string {
  return text;
}
