/**
 * Running `schedule`: what has to be installed so that a task runs by itself.
 *
 * @module
 */

import { resolve } from "@std/path";
import { plainCommand } from "../../../../lib/render/commands.ts";
import { renderSchedule } from "../../../../lib/render/schedule.ts";
import { SCHEDULED_CALLS } from "../../../../lib/schedule/scheduled_words.ts";
import type { Config } from "../../../../lib/policy/config_rows.ts";
import type { ScheduledTask } from "../../../../lib/policy/scheduled_task.ts";
import { foldLines } from "../../../../lib/text/fold.ts";
import { shellWords } from "../../../../lib/text/shell_words.ts";
import { type Machine, schedule, type ScheduleReport, writeSchedule } from "../../../schedule.ts";
import { chooseBackups } from "../../choose/choose_backups.ts";
import { ExitCode } from "../../table/exit_code.ts";
import { parseCommand } from "../../table/parse_command.ts";
import type { TaskCommand } from "../../table/task_table.ts";
import { UsageError } from "../../table/usage_error.ts";
import type { World } from "../../world.ts";
import { openConfigured } from "../open.ts";
import { policyOfCommand } from "../planning.ts";
import { printJson } from "../print_json.ts";

type Command = Extract<TaskCommand, { task: "schedule" }>;

/**
 * Runs `schedule`.
 *
 * @param command The parsed command.
 * @param words The words it was parsed from, for the command that is proposed next.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runSchedule(
  { options, operand: flags }: Command,
  words: readonly string[],
  world: World,
): Promise<ExitCode> {
  const { write, json, dryRun } = options;
  await using opened = await openConfigured({ ...options, backups: null }, world);
  const { store, chosen } = opened;
  const configured = chosen?.config.schedule;
  const task = options.task ?? configured?.task ?? "cleanup:apply";
  checkFlags(task, flags, chosen?.config ?? null);
  const { directory } = world;
  const into = write === null ? undefined : resolve(directory, write);
  const report = await schedule(store, {
    for: options.for ?? undefined,
    every: options.every ?? configured?.every ?? "weekly",
    at: options.at ?? configured?.at ?? "03:30",
    task,
    flags,
    name: options.name ?? undefined,
    reports: options.reports === null ? undefined : resolve(directory, options.reports),
    config: chosen?.path ?? null,
    notify: chosen?.config.notify,
    backups: chooseBackups({ flag: options.backups, chosen, directory }),
    into,
    machine: machineOf(world),
  });
  const isWritten = into !== undefined && !dryRun;
  if (isWritten) await sayWritten(report, into, world);
  if (json) {
    printJson(report, world);
    return ExitCode.done;
  }
  world.print(renderSchedule(report, {
    ...world.style,
    write: isWritten ? null : writeCommand(report, words),
  }));
  return ExitCode.done;
}

async function sayWritten(report: ScheduleReport, into: string, world: World): Promise<void> {
  for (const { path, outcome } of await writeSchedule(report, into)) {
    const what = outcome === "written"
      ? "Wrote"
      : outcome === "replaced"
      ? "Replaced"
      : "Left as it is:";
    world.say(foldLines([`${what} ${path}`], world.style), { isRendered: true });
  }
}

/** What a schedule tells the task itself. */
const OWN =
  /^(--(store|(no-)?config|backups|report|quiet|json|force|apply|dry-run|compare|format)|-[qn])(=|$)/;

/** What is wrong with a flag is better said now than in the log of the first night. */
function checkFlags(
  task: ScheduledTask,
  flags: readonly string[],
  config: Config | null,
): void {
  const own = flags.find((flag) => OWN.test(flag));
  if (own !== undefined) {
    throw new UsageError(
      `Cannot use ${own} behind --: the schedule says it, or nobody would read it; name store, configuration and backups before --`,
    );
  }
  const command = parseCommand([...SCHEDULED_CALLS[task].words, ...flags]);
  if (command.task === "cleanup" || command.task === "prune") policyOfCommand(command, config);
}

function writeCommand({ directory }: ScheduleReport, words: readonly string[]): string {
  const [, ...others] = words;
  const at = others.indexOf("--write");
  const told = at < 0 ? others : others.toSpliced(at, 2);
  return plainCommand(shellWords(["schedule:write", directory, ...told]));
}

function machineOf({ environment }: World): Machine {
  const set = (name: string) => environment(name) || undefined;
  const cache = set("XDG_CACHE_HOME");
  return {
    home: set("HOME") ?? set("USERPROFILE") ?? null,
    settings: set("XDG_CONFIG_HOME"),
    state: set("XDG_STATE_HOME"),
    denoCache: set("DENO_DIR") ?? (cache === undefined ? undefined : `${cache}/deno`),
    isRoot: Deno.build.os !== "windows" && Deno.uid() === 0,
  };
}
