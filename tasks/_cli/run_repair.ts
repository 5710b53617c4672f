/**
 * Running `repair`: plans, shows and carries out what is wanted.
 *
 * @module
 */

import type { Plan } from "../../lib/plan.ts";
import { renderPlan } from "../../lib/render_plan.ts";
import { repair } from "../repair.ts";
import { ExitCode } from "./exit_code.ts";
import { openChosenStore, saySettled } from "./run_open.ts";
import { applyCommand, placeOf, refuseUnattended, showReport } from "./run_planning.ts";
import type { World } from "./run_task.ts";
import type { TaskCommand } from "./task_table.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Runs `repair`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the command that is proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runRepair(
  { options }: Extract<TaskCommand, { task: "repair" }>,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const { relocate, from, staleAfter, settle, as: finishAs } = options;
  if (from !== null && !relocate) {
    throw new UsageError("Cannot use --from alone: type --relocate --from OLD");
  }
  if (options.apply) refuseUnattended(options.force, "repair:apply", world);
  await using store = await openChosenStore(options, world);
  const show = (plan: Plan, next: string | null) =>
    renderPlan(plan, { ...world.style, all: options.all, next });
  const { plan, report, settled } = await repair(store, {
    settle,
    staleAfter,
    finishAs,
    relocate,
    ...(from === null ? {} : { from }),
    apply: options.apply,
    backup: options.backup,
    ...placeOf(options.backups, world),
    ...(options.apply ? { signal: world.signal() } : {}),
    ...(options.force ? {} : {
      approve: async (plan: Plan) => {
        world.progress.erase();
        world.say(show(plan, null));
        return await world.ask?.("Apply this plan") ?? false;
      },
    }),
    onProgress: world.progress.update,
  });
  world.progress.erase();
  saySettled(settled, world);
  if (report !== null) return await showReport(report, options, world);
  if (options.json) world.print(`${JSON.stringify(plan)}\n`);
  else if (options.apply && plan.actions.length > 0) world.say("Nothing was changed.\n");
  else world.print(show(plan, applyCommand("repair", words)));
  return options.detailedExitcode && plan.actions.length > 0 ? ExitCode.findings : ExitCode.done;
}
