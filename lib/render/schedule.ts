import { whenText } from "../schedule/schedule.ts";
import type { PreparedSchedule, Schedule, Scheduler, ScheduleStep } from "../schedule/schedule.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import type { RenderOptions } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";

/** What runs by itself, and what has to be installed for it. */
export interface ShownSchedule
  extends PreparedSchedule, Pick<Schedule, "name" | "task" | "every" | "at" | "store"> {
  /** What runs it. */
  readonly for: Scheduler;
}

/** How to show it. */
export interface ScheduleRenderOptions extends RenderOptions {
  /** The command that writes the files; `null` where they have been written. */
  readonly write: string | null;
}

/**
 * Shows what has to be installed so that a task runs by itself: files, to be copied as they are, and commands.
 *
 * @param shown What runs, and what has to be installed.
 * @param options How to show it.
 * @returns Lines.
 */
export function renderSchedule(shown: ShownSchedule, options: ScheduleRenderOptions): string {
  const { directory, files, steps, checks, notes } = shown;
  const { write } = options;
  const fold = (lines: readonly string[]) => foldLines(lines, options);
  const title = `${shown.task} of ${unbroken(visibleText(shown.store))}, ${
    whenText(shown)
  }, by ${shown.for}: ${shown.name}`;
  const shownFiles = files.map(({ name, text }) =>
    `\n### ${directory === "." ? "" : `${directory}/`}${name}\n\n${text}`
  );
  const first = write === null ? [] : [{ command: write, does: "write these files" }];
  return [
    fold([title]),
    ...(write === null ? [] : shownFiles),
    "\nType:\n",
    ...[...first, ...steps].map((step) => stepLines(step, options)),
    "\nThen see that it works:\n",
    ...checks.map((step) => stepLines(step, options)),
    ...(notes.length === 0 ? [] : ["\n", fold(notes.map((note) => `Note: ${note}`))]),
  ].join("");
}

/** A command is never broken, so that it can be copied, together with what it does. */
function stepLines({ command, does }: ScheduleStep, { width = Infinity }: RenderOptions): string {
  const comment = foldLines([does], { width: width - INDENT.length }).trimEnd().split("\n");
  return [...comment.map((line) => `${INDENT}${line.trim()}\n`), `  ${command}\n`].join("");
}

const INDENT = "  # ";
