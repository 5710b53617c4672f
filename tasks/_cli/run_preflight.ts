/**
 * Running `preflight`: gets a store ready and says in a few lines what that took.
 *
 * @module
 */

import { renderPreflight } from "../../lib/render_preflight.ts";
import { preflight } from "../preflight.ts";
import { ExitCode } from "./exit_code.ts";
import { openChosenStore, saySettled, storeFlag } from "./run_open.ts";
import type { World } from "./run_task.ts";
import type { TaskCommand } from "./task_table.ts";

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
  await using store = await openChosenStore(options, world);
  const { check, settle, staleAfter } = options;
  const report = await preflight(store, operand ?? undefined, {
    check,
    settle,
    staleAfter,
    signal: world.signal(),
    onProgress: world.progress.update,
  });
  world.progress.erase();
  saySettled(report.settled, world);
  if (options.json) {
    const { root } = store.describe();
    world.print(
      `${JSON.stringify({ schema: "mltidy/preflight/v1", store: root, ...report })}\n`,
    );
  } else {
    world.print(renderPreflight(report, { ...world.style, flag: storeFlag(options.store) }));
  }
  return report.ready ? ExitCode.done : ExitCode.findings;
}
