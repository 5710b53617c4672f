/**
 * Running `restore` and `recover`: brings back, settles, and renders the result.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { BackupListing } from "../../../lib/backup/backup.ts";
import type { RestoreReport } from "../../../lib/backup/report.ts";
import type { CommandOf } from "../../../lib/render/commands.ts";
import { partlyText, renderRestore, RESCUE } from "../../../lib/render/restore.ts";
import { foldLines, unbroken } from "../../../lib/text/fold.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { findUnfinished } from "../../ports/find_unfinished.ts";
import type { Store } from "../../ports/store.ts";
import { chooseBackups } from "../choose/choose_backups.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import type { World } from "../world.ts";
import { openConfigured, sayEarlier } from "./open.ts";
import { printDone, printJson } from "./print_json.ts";

type Command<N extends TaskCommand["task"]> = Extract<TaskCommand, { task: N }>;

/**
 * Brings back what a backup holds, or lists what could be brought back.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runRestore(
  { options, operand }: Command<"restore">,
  world: World,
): Promise<ExitCode> {
  await using opened = await openConfigured(options, world);
  const { store, chosen, command } = opened;
  const { last, dryRun, experiment, run, json, to } = options;
  const place = chooseBackups({ flag: options.backups, chosen, directory: world.directory });
  if (!last && operand === null) {
    const { listBackups } = await import("../../backups/list_backups.ts");
    const { renderBackupList } = await import("../../../lib/render/backups.ts");
    const list = await listBackups(store, place === null ? {} : { backups: place });
    world.note({ result: list });
    if (json) printJson(list, world);
    else world.print(renderBackupList(list.backups, { ...world.style, now: world.now() }));
    if (options.quiet) return ExitCode.done;
    if (list.backups.length === 0 && place === null) await sayNowhere(store, command, world);
    await sayWhatComesBack(store, { place, backups: list.backups, command }, world);
    return ExitCode.done;
  }
  if (options.list) {
    const { showContents } = await import("./backup.ts");
    await showContents({ id: operand, backups: place, json }, store, world);
    return ExitCode.done;
  }
  const { restore } = await import("../../backups/restore.ts");
  const report = await restore(store, {
    dryRun,
    ...(operand === null ? {} : { id: operand }),
    ...(experiment === null ? {} : { experiment }),
    ...(run === null ? {} : { run }),
    ...(place === null ? {} : { backups: place }),
    ...(to === null ? {} : { to: resolve(world.directory, to) }),
    ...(dryRun ? {} : { signal: world.signal() }),
    onProgress: world.progress.transfer,
  });
  world.progress.erase();
  sayEarlier(report, world);
  if (report.backup === null && place === null && !options.quiet) {
    await sayNowhere(store, command, world);
  }
  world.note({ result: report });
  const text = renderRestore(report, world.style);
  printDone(json ? report : null, text, world);
  return restoredCode(report);
}

/**
 * Tells how a task ends that has brought something back.
 *
 * @param report What was brought back.
 * @returns The exit code.
 */
export function restoredCode({ collisions, faults }: RestoreReport): ExitCode {
  if (collisions.length > 0) return ExitCode.planDoesNotFit;
  return faults.length > 0 ? ExitCode.partlyApplied : ExitCode.done;
}

/** Names what can be typed, and only what works: the newest that comes back whole, and what is gone. */
async function sayWhatComesBack(
  store: Store,
  { place, backups, command }: {
    readonly place: string | null;
    readonly backups: readonly BackupListing[];
    readonly command: CommandOf;
  },
  world: World,
): Promise<void> {
  const [{ adviseRestore }, { rescueWords }] = await Promise.all([
    import("../../backups/advise_restore.ts"),
    import("../../backups/restore.ts"),
  ]);
  const { whole, isNewest, rescue, isPartly, apart } = await adviseRestore(store, backups, {
    backups: place,
  });
  const say = (what: string, words: readonly string[]) => {
    const line = `${what}: ${unbroken(command(`restore ${shellWords(words)}`))}`;
    world.say(foldLines([line], world.style), { isRendered: true });
  };
  if (rescue !== null) say(RESCUE, rescueWords(rescue));
  if (whole !== null) {
    say(`To bring back ${isNewest ? "the newest" : "the newest that comes back whole"}`, [whole]);
  }
  if (apart !== null) say("To have the newest copy at another place", [apart, "--to", "DIR"]);
  if (isPartly) {
    world.say(foldLines([partlyText(store.backups?.extracts ?? false)], world.style));
  }
}

/** Whoever finds no backup may have sent it elsewhere, named the store otherwise, or wanted none. */
async function sayNowhere(
  { backups }: Store,
  command: CommandOf,
  { say }: Pick<World, "say">,
): Promise<void> {
  const namesakes = await backups?.namesakes?.() ?? [];
  for (const one of namesakes) {
    const named = shellWords(["deno", "task", "restore", "--store", one]);
    say(`What was changed under the name ${one} is listed by \`${named}\`.\n`);
  }
  const sent = "A backup that --backups DIR sent elsewhere is found with the same flag. ";
  say(
    `${
      backups?.elsewhere ? sent : ""
    }Without a backup, as after --no-backup, what left the store is gone; a run that is only soft-deleted comes back with \`${
      command("mlflow runs restore --run-id ID")
    }\`.\n`,
  );
}

/**
 * Settles what was cut off, or says what would be settled.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runRecover(
  { options }: Command<"recover">,
  world: World,
): Promise<ExitCode> {
  await using opened = await openConfigured({ ...options, quiet: true }, world);
  const { store, chosen } = opened;
  const { location, chosenBy } = store.describe();
  if (!options.quiet) world.say(`Store ${location} (chosen ${chosenBy})\n`);
  if (options.dryRun) {
    const { changes, holder } = await findUnfinished(store);
    const [interrupted, running] = holder === null ? [changes, []] : [[], changes];
    const result = { schema: "mltidy/recover-plan/v1", interrupted, running, store: location };
    world.note({ result });
    if (options.json) {
      printJson(result, world);
    } else {
      const lines = [
        ...interrupted.map((id) => `Would settle change ${id}, which was cut off.\n`),
        ...running.map((id) => `Change ${id} is not finished: ${holder} is at work on it.\n`),
      ];
      world.print(lines.join("") || "Nothing to recover.\n");
    }
    return ExitCode.done;
  }
  const { recover } = await import("../../backups/recover.ts");
  const backups = chooseBackups({ flag: options.backups, chosen, directory: world.directory });
  const report = await recover(store, backups === null ? {} : { backups });
  const { settled, remains } = report;
  world.note({ result: report, settled, remains });
  if (options.json) {
    printJson(report, world);
  } else {
    sayEarlier(report, { ...world, say: world.print });
    if (report.settled.length === 0 && report.remains.length === 0) {
      world.print("Nothing to recover.\n");
    }
  }
  return report.remains.length > 0 ||
      report.settled.some(({ collisions }) => collisions.length > 0)
    ? ExitCode.partlyApplied
    : ExitCode.done;
}
