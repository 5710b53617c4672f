/**
 * Running `preflight`: gets a store ready and says in a few lines what that took.
 *
 * @module
 */

import type { PreflightReport } from "../../../lib/answers/preflight_report.ts";
import type { Plan } from "../../../lib/plan/plan.ts";
import { type CommandOf, findingDocument } from "../../../lib/render/commands.ts";
import { renderPreflight } from "../../../lib/render/preflight.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { preflight } from "../../preflight.ts";
import { checkExperimentName } from "../../training/experiment.ts";
import { choosePlaceOfChanges } from "../choose/choose_backups.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import type { World } from "../world.ts";
import { openConfigured, sayEarlier } from "./open.ts";
import { printJson } from "./print_json.ts";

type Options = Extract<TaskCommand, { task: "preflight" }>["options"];

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
  const check = options.check || options.dryRun;
  if (operand !== null) checkExperimentName(operand);
  // What is needed before a training is made, as MLflow would; whoever only looks is told of a wrong place.
  await using opened = await openConfigured({ ...options, create: !check }, world);
  const { store, chosen } = opened;
  const name = operand === null ? "" : ` ${shellWords([operand])}`;
  const command: CommandOf = (typed) =>
    opened.command(typed.replace(/^preflight(?= |$)/, () => `preflight${name}`));
  const { settle, staleAfter } = options;
  const backups = choosePlaceOfChanges(
    { flag: options.backups, chosen, directory: world.directory },
    store.backups,
  );
  const report = await preflight(store, operand ?? undefined, {
    check,
    experiment: { onDeleted: options.onDeleted },
    onPlan: await planTeller(options, opened.command, world),
    settle,
    staleAfter,
    ...(backups === null ? {} : { backups }),
    signal: world.signal(),
    onProgress: world.progress.update,
    onFiles: world.progress.transfer,
  });
  world.progress.erase();
  sayEarlier(report, world);
  const errors = report.errors.map((one) => findingDocument(one, command));
  const result = { ...report, errors };
  world.note({ result, undo: undoOf(report, opened.command) });
  if (options.json) {
    printJson(result, world);
  } else {
    world.print(renderPreflight(report, { ...world.style, command }));
  }
  return report.ready ? ExitCode.done : ExitCode.findings;
}

/**
 * Names what takes back what was done. What was done last is undone first.
 *
 * @param report What was done.
 * @param command Gives what is typed for a task.
 * @returns One command or more; `null` where nothing is to be undone.
 */
export function undoOf({ done }: PreflightReport, command: CommandOf): string | null {
  const backups = [done.quarantine?.backup ?? null, done.repair?.backup ?? null];
  const undone = backups.flatMap((one) => one === null ? [] : [command(`restore ${one.id}`)]);
  return undone.length === 0 ? null : undone.join(" && ");
}

/**
 * Whoever sits at a terminal sees what is done for them before it is.
 *
 * @param options How much of it.
 * @param command Gives what is typed for a task.
 * @param world What it needs of the world.
 * @returns What is to be called with each plan; `undefined` where nobody looks.
 */
export async function planTeller(
  { all, quiet }: Pick<Options, "all" | "quiet">,
  command: CommandOf,
  world: World,
): Promise<((plan: Plan) => void) | undefined> {
  if (quiet || world.ask === null) return undefined;
  const { renderPlan } = await import("../../../lib/render/plan.ts");
  return (plan) => {
    world.progress.erase();
    // What stays is told in the end, as far as it matters.
    const text = renderPlan({ ...plan, kept: [] }, { ...world.style, all, command });
    world.say(`${text}\n`, { isRendered: true });
  };
}
