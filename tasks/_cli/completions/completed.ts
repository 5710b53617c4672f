/**
 * What a shell can complete of a command line, from the same table of tasks that the parser and `--help` are
 * made of.
 *
 * @module
 */

import { INTERVALS, SCHEDULED_TASKS } from "../../../lib/policy/scheduled_task.ts";
import { RULES } from "../../../lib/verify/rules.ts";
import type { Flag } from "../table/flags.ts";
import type { TaskRow } from "../table/task_row.ts";
import { taskNames, taskTable } from "../table/task_table.ts";

/** Kinds of what a store holds that have ids. */
export const VALUE_KINDS = ["experiments", "runs", "subjects", "backups"] as const;

/** One of them; `subjects` are runs and experiments. */
export type ValueKind = typeof VALUE_KINDS[number];

/** What completes a word. */
export type Completed =
  | { readonly kind: "nothing" }
  | { readonly kind: "files" }
  | { readonly kind: "directories" }
  | { readonly kind: "program" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "values"; readonly of: ValueKind };

/** One flag, in one of its forms. */
export interface CompletedFlag {
  /** Without dashes, such as `backup` or `no-backup`. */
  readonly name: string;
  /** One letter, without its dash; `null` where there is none. */
  readonly short: string | null;
  /** What it does. */
  readonly describe: string;
  /** What stands behind it; `null` where it takes no value. */
  readonly value: Completed | null;
}

/** One task. */
export interface CompletedTask {
  readonly name: string;
  /** What it does. */
  readonly describe: string;
  readonly flags: readonly CompletedFlag[];
  /** What else it takes; `null` where that is nothing. */
  readonly operand: Completed | null;
  /** Whether there may be several of those. */
  readonly isMany: boolean;
}

/**
 * Gives all that a shell can complete.
 *
 * @returns The tasks, as whoever has installed mltidy types them: with `--apply` and `--write`.
 */
export function completedTasks(): readonly CompletedTask[] {
  return taskNames.map((name) => {
    const row: TaskRow = taskTable[name];
    const { operand } = row;
    return {
      name,
      describe: row.summary,
      flags: Object.values(row.flags).filter(isTyped).flatMap(flagForms),
      operand: operand === null
        ? null
        : operand.isProgram === true
        ? { kind: "program" }
        : operandOf(operand.name),
      isMany: operand?.isMany === true,
    };
  });
}

/** Where there is no `deno.json` that gives a flag, whoever wants it types it. */
function isTyped({ givenBy }: Flag): boolean {
  return givenBy !== "script";
}

function flagForms(flag: Flag): readonly CompletedFlag[] {
  const { name, describe, short = null } = flag;
  if (flag.value !== null) return [{ name, short, describe, value: valueOf(name, flag.value) }];
  const form = { name, short, describe, value: null };
  return flag.negatable === true
    ? [form, { name: `no-${name}`, short: null, describe: `Not: ${describe}`, value: null }]
    : [form];
}

/** What stands for a value in `--help` says what it is. */
function valueOf(name: string, value: string): Completed {
  if (name === "every") return { kind: "words", words: INTERVALS };
  if (name === "task") return { kind: "words", words: SCHEDULED_TASKS };
  if (name === "rule") return { kind: "words", words: RULES.map(({ id }) => id) };
  if (name === "experiment") return { kind: "values", of: "experiments" };
  if (name === "run") return { kind: "values", of: "runs" };
  if (name === "expire" || name === "show") return { kind: "values", of: "backups" };
  // A database is a file.
  if (value === "FILE" || name === "store") return { kind: "files" };
  if (value === "DIR") return { kind: "directories" };
  return /^[A-Za-z0-9.-]+(\|[A-Za-z0-9.-]+)+$/.test(value)
    ? { kind: "words", words: value.split("|") }
    : { kind: "nothing" };
}

const OPERANDS: Readonly<Record<string, Completed>> = {
  "RUN": { kind: "values", of: "subjects" },
  "RUN…": { kind: "values", of: "runs" },
  "NAME": { kind: "values", of: "experiments" },
  "ID": { kind: "values", of: "backups" },
  "DIR": { kind: "directories" },
  "PLAN.json": { kind: "files" },
  "REPORT": { kind: "files" },
};

function operandOf(name: string): Completed {
  return OPERANDS[name] ??
    (name.includes("|") ? { kind: "words", words: name.split("|") } : { kind: "nothing" });
}
