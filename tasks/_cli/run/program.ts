/**
 * Running `run`: a program in a run of its own. All talk goes to standard error, as standard output is the
 * program's.
 *
 * @module
 */

import { InvalidArgumentError, StoreNotFoundError } from "../../../lib/errors.ts";
import { plainCommand } from "../../../lib/render/commands.ts";
import { renderPreflight } from "../../../lib/render/preflight.ts";
import { isUnfinished } from "../../../lib/store/run_status.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { programName } from "../../../lib/text/credentials.ts";
import { laterExperimentOf } from "../../../lib/tracking/later_experiment.ts";
import { runProgram } from "../../run.ts";
import { checkExperimentName } from "../../training/experiment.ts";
import { choosePlaceOfChanges } from "../choose/choose_backups.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";
import { type ConfiguredStore, openConfigured, sayEarlier } from "./open.ts";
import { planTeller, undoOf } from "./preflight.ts";

type Command = Extract<TaskCommand, { task: "run" }>;
type ProgramReport = Awaited<ReturnType<typeof runProgram>>;
type ProgramRun = NonNullable<ProgramReport["run"]>;
/** How the program has ended; its arguments may be secret. */
type ProgramResult = ProgramReport & { readonly schema: "mltidy/run/v1" };

/**
 * Runs `run`.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The program's exit code.
 */
export async function runProgramTask(
  { options, operand: program }: Command,
  world: World,
): Promise<number> {
  const { name, strict, quiet, dryRun } = options;
  const experiment = options.experiment ?? "";
  const { directory } = world;
  const warn = (message: string) => {
    world.progress.erase();
    world.say(`${message}\n`);
  };
  if (dryRun) {
    await using _opened = await openIfThere(options, world);
    world.print(
      `Would run ${
        shellWords([programName(program)])
      } in a run of experiment ${experiment}; nothing was done.\n`,
    );
    return ExitCode.done;
  }
  checkExperimentName(experiment);
  await using opened = await openOrMake(options, world, warn);
  const chosen = opened?.chosen ?? null;
  const report = await runProgram(opened?.store ?? null, {
    experiment,
    runName: name ?? undefined,
    strict,
    cwd: directory,
    backups: choosePlaceOfChanges({ flag: null, chosen, directory }, opened?.store.backups) ??
      undefined,
    warn,
    onPlan: await planTeller({ all: false, quiet }, opened?.command ?? plainCommand, world),
    onProgress: world.progress.update,
    onReady: (report) => {
      world.progress.erase();
      world.note({ undo: undoOf(report, opened?.command ?? plainCommand) });
      sayEarlier(report, world);
      if (quiet && report.ready) return;
      world.say(
        renderPreflight(report, { color: false, command: opened?.command ?? plainCommand }),
      );
    },
    onStart: (run) =>
      quiet || world.say(`Run ${nameOf(run)}: ${shellWords([programName(program)])}\n`),
  }, program);
  const { run, fault, exitCode } = report;
  world.note({ result: { schema: "mltidy/run/v1", ...report } satisfies ProgramResult });
  if (fault !== null) world.say(`${fault}\n`);
  if (run !== null && !isUnfinished(run.status) && !quiet) {
    const why = run.status === "FINISHED" ? "" : `, exit code ${exitCode}`;
    world.say(`Run ${nameOf(run)} ended ${run.status}${why}\n`);
  }
  return exitCode;
}

/** Whatever keeps the store from being opened keeps no program from running. */
async function openOrMake(
  { store, noConfig, quiet, strict }: Command["options"],
  world: World,
  warn: (message: string) => void,
): Promise<ConfiguredStore | null> {
  try {
    return await openConfigured({ store, noConfig, quiet, create: true }, world);
  } catch (error) {
    if (strict || error instanceof UsageError || error instanceof InvalidArgumentError) throw error;
    warn(`${error instanceof Error ? error.message : error}; the program has no run`);
    return null;
  }
}

async function openIfThere(
  { store, noConfig, quiet }: Command["options"],
  world: World,
): Promise<ConfiguredStore | null> {
  try {
    return await openConfigured({ store, noConfig, quiet }, world);
  } catch (error) {
    if (!(error instanceof StoreNotFoundError)) throw error;
    world.say(`Would make store ${error.store}\n`);
    return null;
  }
}

/** An experiment that a server has not been asked for yet has a name, and no id. */
function nameOf({ runName, runId, experimentId }: ProgramRun): string {
  return `${runName} (${laterExperimentOf(experimentId)?.name ?? experimentId}/${runId})`;
}
