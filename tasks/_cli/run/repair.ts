/**
 * Running `repair`: plans, shows and carries out what is wanted.
 *
 * @module
 */

import { renderPlan } from "../../../lib/render/plan.ts";
import { requireCapability } from "../../ports/require_capability.ts";
import { repair } from "../../repair.ts";
import { choosePlaceOfChanges } from "../choose/choose_backups.ts";
import type { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";
import { planAgain, refuseUnattended, runJob, willApply } from "./run_job.ts";
import { openConfigured } from "./open.ts";

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
  const { relocate, dropLines, from, staleAfter, settle, as: finishAs } = options;
  if (from !== null && !relocate) {
    throw new UsageError("Cannot use --from alone: type --relocate --from OLD");
  }
  await using opened = await openConfigured(options, world);
  const { store, chosen, command } = opened;
  requireCapability(store, "mending");
  if (willApply(options)) refuseUnattended(options.force, words, command, world);
  const again = planAgain({ task: "repair", words, command });
  return await runJob({
    task: "repair",
    words,
    command,
    options,
    location: store.describe().location,
    backups: choosePlaceOfChanges(
      { flag: options.backups, chosen, directory: world.directory },
      store.backups,
    ),
    show: (plan, next) =>
      renderPlan(plan, { ...world.style, all: options.all, next, command, again }),
    run: async (applying) =>
      await repair(store, {
        ...applying,
        settle,
        staleAfter,
        finishAs,
        relocate,
        dropLines,
        ...(from === null ? {} : { from }),
      }),
  }, world);
}
