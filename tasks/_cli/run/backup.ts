/**
 * Running `backup`: copies, or lists, checks or expires copies, and renders the result.
 *
 * @module
 */

import type { CopyScope } from "../../../lib/backup/backup.ts";
import { foldLines, unbroken } from "../../../lib/text/fold.ts";
import type { BackupWork } from "../../ports/backups.ts";
import { requireCapability } from "../../ports/require_capability.ts";
import type { Store } from "../../ports/store.ts";
import { chooseBackups } from "../choose/choose_backups.ts";
import { ExitCode } from "../table/exit_code.ts";
import type { TaskCommand } from "../table/task_table.ts";
import { UsageError } from "../table/usage_error.ts";
import type { World } from "../world.ts";
import { printDone } from "./print_json.ts";
import type { ConfiguredStore, Earlier } from "./open.ts";

type BackupCommand = Extract<TaskCommand, { readonly task: "backup" }>;

/**
 * Runs `backup`.
 *
 * @param command The parsed command.
 * @param opened The store, with its configuration.
 * @param world What it needs of the world.
 * @returns The exit code, and what had been cut off and was settled before.
 */
export async function runBackup(
  { options, operand }: BackupCommand,
  { store, chosen }: ConfiguredStore,
  world: World,
): Promise<{ readonly exitCode: ExitCode; readonly earlier: Earlier | null }> {
  const { json, list, show: shown, verify, expire, keepLast, dryRun } = options;
  const backups = chooseBackups({ flag: options.backups, chosen, directory: world.directory });
  const place = backups === null ? {} : { backups };
  const work: BackupWork = {
    signal: world.signal(),
    onProgress: world.progress.transfer,
  };
  const show = (document: { readonly schema: string }, text: string) => {
    world.progress.erase();
    world.note({ result: document });
    printDone(json ? document : null, text, world);
  };
  const { renderBackupList, renderChecks, renderCopy, renderExpiry, renderHistory, scopeText } =
    await import("../../../lib/render/backups.ts");
  if (list) {
    const { listBackups } = await import("../../backups/list_backups.ts");
    const report = await listBackups(store, place);
    const list = renderBackupList(report.backups, { ...world.style, now: world.now() });
    show(report, `${list}${renderHistory(report.history, world.style)}`);
    return { exitCode: ExitCode.done, earlier: null };
  }
  if (shown !== null) {
    await showContents({ id: shown, backups, json }, store, world);
    return { exitCode: ExitCode.done, earlier: null };
  }
  if (verify) {
    const { verifyBackups } = await import("../../backups/verify_backups.ts");
    const which = operand === null ? {} : { id: operand };
    const report = await verifyBackups(store, { ...place, ...work, ...which });
    show(report, renderChecks(report.checks, world.style));
    return { exitCode: report.sound ? ExitCode.done : ExitCode.findings, earlier: null };
  }
  if (expire !== null) {
    const { expireBackups } = await import("../../backups/expire_backups.ts");
    const configured = chosen?.config.backups;
    const which = "id" in expire ? expire : {
      olderThan: "olderThan" in expire ? expire.olderThan : dueAfter(configured?.expireAfter),
      keepLast: keepLast ?? configured?.keepLast ?? 1,
    };
    const report = await expireBackups(store, { ...place, ...work, which, dryRun });
    show(report, renderExpiry(report, world.style));
    const exitCode = report.complete ? ExitCode.done : ExitCode.interrupted;
    return { exitCode, earlier: report };
  }
  const { backup, requireScope, wholeScope } = await import("../../backups/backup.ts");
  const typed = scopeOf(options);
  if (dryRun) {
    const open = await requireCapability(store, "backups").open(backups);
    requireScope(store, open, typed);
    const { directory } = open;
    const scope = await wholeScope(store, typed, work);
    const { location } = store.describe();
    const document = { schema: "mltidy/backup-plan/v1", store: location, scope, directory };
    const text = `Would copy ${scopeText(scope)} into ${unbroken(directory)}; nothing was changed.`;
    show(document, foldLines([text], world.style));
    return { exitCode: ExitCode.done, earlier: null };
  }
  const report = await backup(store, { ...place, ...work, scope: typed });
  show(report, renderCopy(report, world.style));
  const exitCode = report.complete ? ExitCode.done : ExitCode.partlyApplied;
  return { exitCode, earlier: report };
}

/**
 * Shows what a backup holds.
 *
 * @param which The backup, and how to show it.
 * @param store The store.
 * @param world What it needs of the world.
 */
export async function showContents(
  { id, backups, json }: {
    readonly id: string | null;
    readonly backups: string | null;
    readonly json: boolean;
  },
  store: Store,
  world: World,
): Promise<void> {
  const [{ showBackup }, { renderShown }] = await Promise.all([
    import("../../backups/show_backup.ts"),
    import("../../../lib/render/backups.ts"),
  ]);
  const shown = await showBackup(store, {
    ...(id === null ? {} : { id }),
    ...(backups === null ? {} : { backups }),
  });
  world.note({ result: shown });
  printDone(
    json ? shown : null,
    shown === null ? "Nothing to restore.\n" : renderShown(shown, world.style),
    world,
  );
}

function dueAfter(expireAfter: number | null = null): number {
  if (expireAfter !== null) return expireAfter;
  throw new UsageError(
    "Cannot tell which copies are due: no mltidy.yaml says expire_after in backups; type --expire AGE",
  );
}

function scopeOf({ experiment, run, metadata }: BackupCommand["options"]): CopyScope {
  if (experiment !== null) return { kind: "experiment", id: experiment };
  if (run !== null) return { kind: "run", id: run };
  return { kind: metadata ? "metadata" : "full" };
}
