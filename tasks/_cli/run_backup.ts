/**
 * Running `backup`: copies, or lists, checks or expires copies, and renders the result.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { BackupProgress, CopyScope } from "../../lib/backup.ts";
import type { BackupWork } from "../backups.ts";
import type { SettledChange, Store } from "../store.ts";
import { ExitCode } from "./exit_code.ts";
import type { World } from "./run_task.ts";
import type { TaskCommand } from "./task_table.ts";

type BackupCommand = Extract<TaskCommand, { readonly task: "backup" }>;

/**
 * Runs `backup`.
 *
 * @param command The parsed command.
 * @param store The store.
 * @param world What it needs of the world.
 * @returns The exit code, and what had been cut off and was settled before.
 */
export async function runBackup(
  { options, operand }: BackupCommand,
  store: Store,
  world: World,
): Promise<{ readonly exitCode: ExitCode; readonly settled: readonly SettledChange[] }> {
  const { json, list, verify, expire, keepLast, dryRun } = options;
  const place = options.backups === null
    ? {}
    : { backups: resolve(world.directory, options.backups) };
  const work: BackupWork = {
    signal: world.signal(),
    onProgress: ({ step, files, bytes, total }: BackupProgress) =>
      world.progress.transfer(step, { files, bytes }, total),
  };
  const show = (document: unknown, text: string) => {
    world.progress.erase();
    world.print(json ? `${JSON.stringify(document)}\n` : text);
  };
  const { renderBackupList, renderChecks, renderCopy, renderExpiry } = await import(
    "../../lib/render_backups.ts"
  );
  if (list) {
    const { listBackups } = await import("../list_backups.ts");
    const report = await listBackups(store, place);
    show(report, renderBackupList(report.backups, { ...world.style, now: world.now() }));
    return { exitCode: ExitCode.done, settled: [] };
  }
  if (verify) {
    const { verifyBackups } = await import("../verify_backups.ts");
    const which = operand === null ? {} : { id: operand };
    const report = await verifyBackups(store, { ...place, ...work, ...which });
    show(report, renderChecks(report.checks, world.style));
    return { exitCode: report.sound ? ExitCode.done : ExitCode.findings, settled: [] };
  }
  if (expire !== null) {
    const { expireBackups } = await import("../expire_backups.ts");
    const which = "id" in expire ? expire : { ...expire, keepLast: keepLast ?? 1 };
    const report = await expireBackups(store, { ...place, ...work, which, dryRun });
    show(report, renderExpiry(report, world.style));
    const isCutOff = !dryRun && report.removed.length < report.expired.length;
    const exitCode = isCutOff ? ExitCode.interrupted : ExitCode.done;
    return { exitCode, settled: report.settled };
  }
  const { backup } = await import("../backup.ts");
  const report = await backup(store, { ...place, ...work, scope: scopeOf(options) });
  show(report, renderCopy(report));
  const exitCode = report.complete ? ExitCode.done : ExitCode.partlyApplied;
  return { exitCode, settled: report.settled };
}

function scopeOf({ experiment, run, metadata }: BackupCommand["options"]): CopyScope {
  if (experiment !== null) return { kind: "experiment", id: experiment };
  if (run !== null) return { kind: "run", id: run };
  return { kind: metadata ? "metadata" : "full" };
}
