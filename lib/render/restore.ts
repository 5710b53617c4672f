/**
 * Renders what a restore did.
 *
 * @module
 */

import { type BackupListing, isWholeCopy } from "../backup/backup.ts";
import type { RestoredItem, RestoreReport } from "../backup/report.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import { placeOf } from "../store/store_uri.ts";
import { shellWords } from "../text/shell_words.ts";
import type { RenderOptions } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, formatTime, plural } from "../text/units.ts";
import { faultText } from "./backups.ts";
import { moreLines } from "./more.ts";

const SAMPLE = 10;

/** What to say before the command that brings back what is gone. */
export const RESCUE = "To bring back what is gone";

/**
 * Says what to do where a backup cannot be brought back as a whole.
 *
 * @param elsewhere Whether what it holds can be copied to a directory instead.
 * @param listing The command that names what it holds. @default {it is not named}
 * @returns A sentence, without a full stop.
 */
export function partlyText(elsewhere: boolean, listing: string | null = null): string {
  const named = listing === null ? "" : `, as \`${listing}\` names them`;
  const part =
    `To bring back a part that nothing is in the way of, add --experiment NAME or --run NAME${named}`;
  return elsewhere ? `${part}; to have it elsewhere, --to DIR` : part;
}

/**
 * Renders for people what was, or would be, brought back.
 *
 * @param report What came of the restore.
 * @param options How to show it.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const none = { collisions: [], rescue: null, faults: [], settled: [], remains: [] };
 * const document = { schema: "mltidy/restore/v1", store: "/data/mlruns", dryRun: false } as const;
 * const nothing = { backup: null, changes: 0, items: [], to: null };
 * assertEquals(renderRestore({ ...document, ...nothing, ...none }), "Nothing to restore.\n");
 * ```
 */
export function renderRestore(report: RestoreReport, options: RenderOptions = {}): string {
  const { backup, collisions, faults, settled } = report;
  if (backup === null) {
    const text = settled.length === 0
      ? "Nothing to restore."
      : "Nothing more was undone: to undo the change before that, restore once more.";
    return foldLines([text], options);
  }
  const lines = collisions.length === 0
    ? [visibleText(doneText(report, backup)), ...itemLines(report)]
    : [
      visibleText(`Cannot restore ${backup.id}, something is in the way:`),
      ...sample(collisions.map(visibleText)),
    ];
  const damaged = faults.length === 0
    ? []
    : ["Not brought back, since the copy is damaged:", ...sample(faults.map(faultText))];
  const rescue = report.rescue === null ? [] : [`${RESCUE}: ${unbroken(report.rescue)}`];
  return foldLines(
    [...lines, ...inPlaceLines(report), ...lostTimesLines(report), ...rescue, ...damaged],
    options,
  );
}

function lostTimesLines({ lostTimes }: RestoreReport): readonly string[] {
  if (lostTimes === undefined) return [];
  return [
    "Without the modification time that it had, which its owner, or root, may set alone:",
    ...sample(lostTimes.map((path) => visibleText(path || "the store itself"))),
  ];
}

/** Of the copy of a database: rows that were written since are lost only where somebody says so. */
function inPlaceLines({ backup, store, to }: RestoreReport): readonly string[] {
  const place = store.startsWith("sqlite:") ? placeOf(store) : null;
  if (to === null || place === null || backup?.kind !== "copy") return [];
  const name = place.slice(place.lastIndexOf("/") + 1);
  return [
    `To put it into its place, stop whatever has the database open, move ${
      unbroken(place)
    } away, with its -wal, -shm and -journal where there are such, and type: ${
      unbroken(shellWords(["cp", "-a", `${to}/${name}`, place]))
    }`,
    "Its rows name artifacts by absolute paths: what is gone from there, copy back from beside it.",
  ];
}

function doneText({ changes, dryRun, to }: RestoreReport, backup: BackupListing): string {
  const isChange = backup.kind === "change";
  const count = isChange
    ? plural(changes, "change")
    : plural(changes, "missing file or directory", "missing files and directories");
  const what = backup.kind === "damaged"
    ? backup.id
    : `${sourceText(backup)} of ${formatTime(backup.createdAt)} (${backup.id})`;
  if (to !== null) return `${dryRun ? "Would copy" : "Copied"} what ${what} holds to ${to}.`;
  if (isChange) return dryRun ? `Would undo ${count} of ${what}.` : `Undone: ${count} of ${what}.`;
  return `${dryRun ? "Would bring" : "Brought"} back ${count} from ${what}.`;
}

/** What a dry run would do, a few of each kind. */
function itemLines({ dryRun, items }: RestoreReport): readonly string[] {
  if (!dryRun) return [];
  return HOWS.flatMap(([how, heading]) => {
    const some = items.filter((item) => item.how === how);
    if (some.length === 0) return [];
    const lines = sample(some.map(({ path }) => unbroken(path)));
    return [`  ${heading} (${formatCount(some.length)}):`, ...lines.map((line) => `  ${line}`)];
  });
}

const HOWS: readonly (readonly [RestoredItem["how"], string])[] = [
  ["returns", "Back in the store"],
  ["as-before", "As before"],
  ["goes", "Gone, since it was made"],
];

function sourceText(backup: Exclude<BackupListing, { readonly kind: "damaged" }>): string {
  if (backup.kind === "change") return backup.task;
  return isWholeCopy(backup) ? "the copy" : "the copy without artifacts";
}

function sample(texts: readonly string[]): readonly string[] {
  return [...texts.slice(0, SAMPLE), ...moreLines(texts.length - SAMPLE, "--json")]
    .map((text) => `  ${text}`);
}
