/**
 * Running `show`: prints a saved plan as it was when it was made, without looking at its store.
 *
 * @module
 */

import { PlanFormatError } from "../../../../lib/errors.ts";
import { foldLines } from "../../../../lib/text/fold.ts";
import { shellWords } from "../../../../lib/text/shell_words.ts";
import { visibleText } from "../../../../lib/text/terminal_text.ts";
import { formatDuration, formatTime } from "../../../../lib/text/units.ts";
import { plainCommand } from "../../../../lib/render/commands.ts";
import { ExitCode } from "../../table/exit_code.ts";
import type { TaskCommand } from "../../table/task_table.ts";
import type { World } from "../../world.ts";
import { printJson } from "../print_json.ts";
import { readPlan } from "./read_plan.ts";

/**
 * Runs `show`.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runShow(
  { options, operand }: Extract<TaskCommand, { readonly task: "show" }>,
  world: World,
): Promise<ExitCode> {
  const plan = await readPlan(operand, world).catch((error: unknown) => {
    if (!(error instanceof PlanFormatError)) throw error;
    throw new PlanFormatError(error.message.replace(/^Cannot apply /, "Cannot show "), {
      cause: error,
    });
  });
  if (options.json) {
    printJson(plan, world);
    return ExitCode.done;
  }
  const { renderPlan } = await import("../../../../lib/render/plan.ts");
  const { task, plannedAt, store } = plan;
  const age = world.now() - plannedAt;
  const when = age < 0 ? "in the future" : `${formatDuration(age)} ago`;
  const made = `Plan of ${task}, made ${formatTime(plannedAt)}, ${when}, for store ${store}`;
  world.print(foldLines([visibleText(made), ""], world.style));
  const next = plainCommand(shellWords(["apply", operand]));
  world.print(renderPlan(plan, { ...world.style, all: options.all, next }));
  return ExitCode.done;
}
