/**
 * Renders what a restore did, and what can be restored.
 *
 * @module
 */

import { renderRows } from "./render_rows.ts";
import { type RenderOptions, styleOf } from "./render_style.ts";
import { visibleText } from "./terminal_text.ts";
import { formatSize, formatTime, plural } from "./units.ts";

/** What is shown of a backup. */
export interface ShownBackup {
  /** What `restore` takes. */
  readonly id: string;
  /** The task that made it. */
  readonly task: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** How many changes it can undo. */
  readonly changes: number;
  /** What it took out of the store. */
  readonly bytes: number;
}

/** What is shown of a restore. */
export interface ShownRestore {
  /** The backup; `null` when there is none. */
  readonly backup: ShownBackup | null;
  /** How many changes were undone or, in a dry run, would be. */
  readonly changes: number;
  /** What is in the way. */
  readonly collisions: readonly string[];
  /** Whether nothing was done. */
  readonly dryRun: boolean;
}

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
 * assertEquals(
 *   renderRestore({ backup: null, changes: 0, collisions: [], dryRun: false }),
 *   "Nothing to restore.\n",
 * );
 * ```
 */
export function renderRestore({ backup, changes, collisions, dryRun }: ShownRestore): string {
  if (backup === null) return "Nothing to restore.\n";
  const what = `${backup.task} of ${formatTime(backup.createdAt)} (${backup.id})`;
  const count = plural(changes, "change");
  if (!dryRun) return `Undone: ${count} of ${what}.\n`;
  if (collisions.length === 0) return `Would undo ${count} of ${what}.\n`;
  const lines = collisions.map((one) => visibleText(`  ${one}`));
  return [`Cannot undo ${what}, something is in the way:`, ...lines, ""].join("\n");
}

/**
 * Renders for people what can be undone, newest first.
 *
 * @param backups The backups.
 * @param options How to show them, and the command that undoes one.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(renderBackups([], { undo: "deno task restore" }), "Nothing to restore.\n");
 * ```
 */
export function renderBackups(
  backups: readonly ShownBackup[],
  options: RenderOptions & { readonly undo: string },
): string {
  if (backups.length === 0) return "Nothing to restore.\n";
  const rows = renderRows(
    [
      { align: "left", least: 12 },
      { align: "left" },
      { align: "left" },
      { align: "right" },
      { align: "right" },
    ],
    [
      ["Id", "When", "Task", "Changes", "Size"],
      ...backups.map(({ id, createdAt, task, changes, bytes }) => [
        id,
        formatTime(createdAt),
        task,
        String(changes),
        formatSize(bytes),
      ]),
    ],
    options.width ?? Infinity,
  );
  const [heading = "", ...lines] = rows;
  return [styleOf(options).bold(heading), ...lines, `To undo one: ${options.undo} ID`, ""].join(
    "\n",
  );
}
