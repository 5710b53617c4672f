/**
 * Renders what a restore did.
 *
 * @module
 */

import type { BackupFault, BackupListing } from "../backup/backup.ts";
import type { RestoreReport } from "../backup/report.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatTime, plural } from "../text/units.ts";

const SAMPLE = 10;

/**
 * Renders for people what was, or would be, brought back.
 *
 * @param report What came of the restore.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const none = { collisions: [], faults: [], settled: [], backup: null, changes: 0, to: null };
 * const document = { schema: "mltidy/restore/v1", store: "/data/mlruns", dryRun: false } as const;
 * assertEquals(renderRestore({ ...document, ...none }), "Nothing to restore.\n");
 * ```
 */
export function renderRestore(report: RestoreReport): string {
  const { backup, collisions, faults } = report;
  if (backup === null) return "Nothing to restore.\n";
  const lines = collisions.length === 0
    ? [doneText(report, backup)]
    : [`Cannot restore ${backup.id}, something is in the way:`, ...sample(collisions)];
  const damaged = faults.length === 0
    ? []
    : ["Not brought back, since the copy is damaged:", ...sample(faults.map(faultText))];
  return [...lines, ...damaged].map((line) => `${visibleText(line)}\n`).join("");
}

function doneText({ changes, dryRun, to }: RestoreReport, backup: BackupListing): string {
  const isChange = backup.kind === "change";
  const count = isChange
    ? plural(changes, "change")
    : plural(changes, "missing file or directory", "missing files and directories");
  const what = backup.kind === "damaged"
    ? backup.id
    : `${isChange ? backup.task : "the copy"} of ${formatTime(backup.createdAt)} (${backup.id})`;
  if (to !== null) return `${dryRun ? "Would copy" : "Copied"} what ${what} holds to ${to}.`;
  if (isChange) return dryRun ? `Would undo ${count} of ${what}.` : `Undone: ${count} of ${what}.`;
  return `${dryRun ? "Would bring" : "Brought"} back ${count} from ${what}.`;
}

function faultText({ path, message }: BackupFault): string {
  return `${path}: ${message}`;
}

function sample(texts: readonly string[]): readonly string[] {
  const more = texts.length - SAMPLE;
  return [...texts.slice(0, SAMPLE), ...(more > 0 ? [`… and ${more} more`] : [])]
    .map((text) => `  ${text}`);
}
