/**
 * Running `preflight`: gets a store ready and says in a few lines what that took.
 *
 * @module
 */

import { findingDocument } from "../../../lib/render/commands.ts";
import { renderPreflight } from "../../../lib/render/preflight.ts";
import { jsonText } from "../../../lib/text/terminal_text.ts";
import { preflight } from "../../preflight.ts";
import { backupsFlag, chooseBackups } from "../choose/choose_backups.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import type { World } from "../world.ts";
import { openConfigured, saySettled, storeFlag } from "./open.ts";

/**
 * Runs `preflight`.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code: done means ready.
 */
export async function runPreflight(
  { options, operand }: Extract<TaskCommand, { task: "preflight" }>,
  world: World,
): Promise<ExitCode> {
  await using opened = await openConfigured(options, world);
  const { store, chosen } = opened;
  const { check, settle, staleAfter } = options;
  const backups = chooseBackups({ flag: options.backups, chosen, directory: world.directory });
  const report = await preflight(store, operand ?? undefined, {
    check,
    settle,
    staleAfter,
    ...(backups === null ? {} : { backups }),
    signal: world.signal(),
    onProgress: world.progress.update,
    onFiles: world.progress.transfer,
  });
  world.progress.erase();
  saySettled(report.settled, world);
  if (options.json) {
    world.print(`${jsonText({ ...report, errors: report.errors.map(findingDocument) })}\n`);
  } else {
    const flag = storeFlag(options.store);
    const undo = `${backupsFlag(backups)}${flag}`;
    world.print(renderPreflight(report, { ...world.style, flag, undo }));
  }
  return report.ready ? ExitCode.done : ExitCode.findings;
}
