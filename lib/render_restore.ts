/**
 * Renders what a restore did.
 *
 * @module
 */

import { formatSize, formatTime, plural } from "./units.ts";

/** What is shown of a restore. */
export interface RestoredBackup {
  /** The backup; `null` when there is none. */
  readonly backup: {
    readonly id: string;
    readonly task: string;
    readonly createdAt: number;
    readonly changes: number;
    readonly bytes: number;
  } | null;
  /** How many changes were undone; 0 in a dry run. */
  readonly undone: number;
}

/**
 * Renders for people what was, or would be, brought back.
 *
 * @param report What came of the restore.
 * @param dryRun Whether nothing was done.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(renderRestore({ backup: null, undone: 0 }, false), "Nothing to restore.\n");
 * ```
 */
export function renderRestore({ backup, undone }: RestoredBackup, dryRun: boolean): string {
  if (backup === null) return "Nothing to restore.\n";
  const { id, task, createdAt, changes, bytes } = backup;
  const what = `${task} of ${formatTime(createdAt)}`;
  return dryRun
    ? `Would undo ${what} (${id}): ${plural(changes, "change")}, ${formatSize(bytes)} come back.\n`
    : `Undone ${what} (${id}): ${plural(undone, "change")}, ${formatSize(bytes)} came back.\n`;
}
