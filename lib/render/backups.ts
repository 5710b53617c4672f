/**
 * Renders backups: a new one, a list, what checking found, and which of them expire.
 *
 * @module
 */

import type {
  BackupCheck,
  BackupListing,
  CopyManifest,
  CopyScope,
  MetadataHistory,
} from "../backup/backup.ts";
import type { ExpiryReason, StayReason } from "../backup/plan_expiry.ts";
import type { ExpiryReport } from "../backup/report.ts";
import type { HeldExperiment } from "../backup/resolve_selection.ts";
import type { Named } from "../text/find_named.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import { type Column, columnsLeaving, renderRows } from "../text/rows.ts";
import { type RenderOptions, styleOf } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, formatDuration, formatSize, formatTime, plural } from "../text/units.ts";
import { leftOutLines, moreLines } from "./more.ts";

/** How many lines of a kind are shown before the rest is only counted. */
const SAMPLE = 20;

/**
 * Renders for people what was backed up, and what of it is not as it should be.
 *
 * @param backup The new backup, and where it lies.
 * @param options How to show it.
 * @returns Lines, each ended by a line feed.
 */
export function renderCopy(
  backup: CopyManifest & { readonly path: string },
  options: RenderOptions = {},
): string {
  const { id, path, scope, totals, changing, leftOut, database } = backup;
  const shared = totals.shared.files === 0
    ? ""
    : `, ${plural(totals.shared.files, "file")} shared with an earlier backup`;
  return foldLines([
    `Backed up ${scopeText(scope)} as ${id}: ${plural(totals.files, "file")} with ${
      formatSize(totals.bytes)
    } in them${shared}.`,
    `Each byte of it was read back. It lies in ${unbroken(path)}`,
    ...(database === undefined ? [] : databaseLines(database, scope)),
    "As a copy it has no access lists, no extended attributes, and times to the millisecond, up to the year 275760.",
    ...group("Kept changing while they were copied; the last copy is kept", changing.map(unbroken)),
    ...group("Left out", leftOut.map(faultText)),
  ], options);
}

function databaseLines(
  { file, rows, artifacts, elsewhere }: NonNullable<CopyManifest["database"]>,
  scope: CopyScope,
): readonly string[] {
  const held = artifacts === null ? "" : `, and its artifacts in ${unbroken(artifacts)}`;
  const missing = scope.kind === "metadata"
    ? ["artifacts, since --metadata was given"]
    : elsewhere > 0
    ? [
      `the artifacts of ${
        plural(elsewhere, "run or logged model", "runs and logged models")
      }, which lie elsewhere`,
    ]
    : artifacts === null
    ? ["artifacts: there are none"]
    : [];
  return [
    visibleText(
      `It holds ${file} as of one moment, sound, with each of its ${plural(rows, "row")}${held}.`,
    ),
    ...missing.map((what) => `Not in it: ${what}.`),
  ];
}

/**
 * Renders a list of backups for people.
 *
 * @param backups The backups.
 * @param options How to show them, and the moment against which ages are told, epoch ms.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(renderBackupList([], { now: 0 }), "No backups.\n");
 * ```
 */
export function renderBackupList(
  backups: readonly BackupListing[],
  options: RenderOptions & { readonly now: number },
): string {
  if (backups.length === 0) return "No backups.\n";
  const { width = Infinity } = options;
  const texts = [
    HEADINGS,
    ...backups.map((backup) => {
      if (backup.kind === "damaged") return [backup.id, "", "damaged"];
      const { id, createdAt, files, bytes } = backup;
      const age = formatDuration(Math.max(0, options.now - createdAt));
      return [
        id,
        formatTime(createdAt),
        whatText(backup),
        formatCount(files),
        formatSize(bytes),
        age,
      ];
    }),
  ];
  const [heading = [], ...rows] = renderRows(COLUMNS, texts, width);
  const leaving = columnsLeaving(COLUMNS, texts, width);
  const isSized = !leaving.includes(SIZE) && backups.some(({ kind }) => kind === "copy");
  const damages = backups.flatMap((one) => one.kind === "damaged" ? [one.message] : []);
  const { bold } = styleOf(options);
  return foldLines([
    ...heading.map(bold),
    ...rows.flat(),
    ...leftOutLines(leaving.map((index) => HEADINGS[index]!)),
    ...(isSized ? [SIZES] : []),
    ...damages.map(visibleText),
  ], options);
}

const HEADINGS = ["Id", "When", "What", "Files", "Size", "Age"] as const;
const SIZE = HEADINGS.indexOf("Size");
const COLUMNS: readonly Column[] = [
  { align: "left" },
  { align: "left", leaves: 0 },
  { align: "left", prose: true },
  { align: "right", leaves: 1 },
  { align: "right", leaves: 2 },
  { align: "right", leaves: 3 },
];

/** Two copies share what is unchanged, so that what one takes is no number of its own. */
const SIZES =
  "Sizes: of a copy what is in its files, shared with others or not; of a change what it takes on the disk.";

/**
 * Renders for people what the metadata history takes.
 *
 * @param history What it takes; `null` where there is none to have.
 * @param options How to show it.
 * @returns A line, ended by a line feed, or nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const history = { records: 2, copies: 3, bytes: 900, newest: Date.UTC(2026, 10, 1) };
 * assertEquals(
 *   renderHistory(history),
 *   "Metadata history: 3 copies of 2 records, 900 B, the newest of 2026-11-01 00:00 UTC.\n",
 * );
 * ```
 */
export function renderHistory(
  history: MetadataHistory | null,
  options: RenderOptions = {},
): string {
  if (history === null || history.newest === null) return "";
  const { records, copies, bytes, newest } = history;
  const count = `${formatCount(copies)} ${copies === 1 ? "copy" : "copies"}`;
  return foldLines([
    `Metadata history: ${count} of ${plural(records, "record")}, ${formatSize(bytes)}, ` +
    `the newest of ${formatTime(newest)}.`,
  ], options);
}

/** A backup, and what it holds of which experiments. */
interface Shown {
  readonly backup: BackupListing;
  readonly experiments: readonly (HeldExperiment & { readonly runs: readonly Named[] })[];
}

/**
 * Renders for people what a backup holds.
 *
 * @param shown The backup, and what it holds.
 * @param options How to show it.
 * @returns Lines, each ended by a line feed.
 */
export function renderShown(
  { backup, experiments }: Shown,
  options: RenderOptions = {},
): string {
  const { bold } = styleOf(options);
  if (backup.kind === "damaged") return foldLines([visibleText(backup.message)], options);
  const { id, createdAt, files, bytes, path } = backup;
  const size = `${plural(files, "file")}, ${formatSize(bytes)}`;
  return foldLines([
    bold(visibleText(`${id}: ${whatText(backup)}, of ${formatTime(createdAt)}; ${size}`)),
    `It lies in ${unbroken(path)}`,
    ...experiments.flatMap(({ id, name, usage, runs }) => [
      [
        visibleText(name === undefined || name === id ? `experiment ${id}` : `${name} (${id})`),
        ...(runs.length === 0 ? [] : [plural(runs.length, "run")]),
        ...(usage === undefined ? [] : [formatSize(usage.bytes)]),
      ].join(", "),
      ...sample(
        runs.map((run) =>
          run.name === undefined || run.name === run.id
            ? unbroken(run.id)
            : `${visibleText(run.name)}  ${unbroken(run.id)}`
        ),
      ),
    ]),
  ], options);
}

function whatText(backup: Exclude<BackupListing, { readonly kind: "damaged" }>): string {
  return backup.kind === "copy"
    ? `copy of ${scopeText(backup.scope)}`
    : `${backup.task}, ${undoingText(backup)}`;
}

function undoingText(
  { changes, undoing }: Extract<BackupListing, { readonly kind: "change" }>,
): string {
  const all = plural(changes, "change");
  const { possible, waiting, gone, isOfOther = false } = undoing ??
    { possible: changes, waiting: 0, gone: 0 };
  if (possible === changes) return `${all} to undo`;
  if (isOfOther) return `none of ${all} to undo, made in another store than is there now`;
  const others = changes - possible - waiting - gone;
  return [
    `${possible === 0 ? "none" : formatCount(possible)} of ${all} to undo`,
    ...(waiting === 0 ? [] : [`${formatCount(waiting)} after a later one`]),
    ...(gone === 0 ? [] : [`${formatCount(gone)} gone from the store`]),
    ...(others === 0 ? [] : [`${formatCount(others)} with something in the way`]),
  ].join(", ");
}

/**
 * Says what is copied.
 *
 * @param scope The scope of a copy.
 * @returns Such as `the store`.
 */
export function scopeText(scope: CopyScope): string {
  switch (scope.kind) {
    case "full":
      return "the store";
    case "metadata":
      return "the metadata";
    case "experiment":
      return visibleText(`experiment ${scope.id}`);
    case "run":
      return visibleText(`run ${scope.id}`);
  }
}

/**
 * Renders for people what checking backups found.
 *
 * @param checks One for each backup.
 * @param options How to show them.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   renderChecks([{ id: "20261101T000000Z-backup", files: 2, bytes: 300, faults: [], leftOut: [] }]),
 *   "20261101T000000Z-backup: sound, 2 files, 300 B read\n",
 * );
 * ```
 */
export function renderChecks(
  checks: readonly BackupCheck[],
  options: RenderOptions = {},
): string {
  if (checks.length === 0) return "No copies to check.\n";
  const { green, red } = styleOf(options);
  return foldLines(
    checks.flatMap(({ id, files, bytes, faults, leftOut }) => {
      const read = `${plural(files, "file")}, ${formatSize(bytes)} read`;
      const found = faults.length === 0 ? green("sound") : red(plural(faults.length, "fault"));
      return [
        `${visibleText(id)}: ${found}, ${read}`,
        ...sample(faults.map((fault) => `${fault.kind} ${faultText(fault)}`)),
        ...group(
          "Left out when it was made",
          leftOut.map(faultText),
        ),
      ];
    }),
    options,
  );
}

/**
 * Renders for people which backups went, or would go, and why the others stay.
 *
 * @param report What went and what stays.
 * @param options How to show it.
 * @returns Lines, each ended by a line feed.
 */
export function renderExpiry(report: ExpiryReport, options: RenderOptions = {}): string {
  const { expired, kept, removed, dryRun, complete, expiredRecords } = report;
  const { bold } = styleOf(options);
  const gone = new Set(removed);
  const verb = (id: string) => dryRun ? "Would remove" : gone.has(id) ? "Removed" : "Not removed";
  if (expired.length + kept.length + expiredRecords === 0) return "No backups.\n";
  return foldLines([
    ...expired.map(({ id, bytes, reasons }) =>
      `${bold(verb(id))} ${visibleText(id)} (${formatSize(bytes)}): ${
        reasons.map(expiryText).join(", ")
      }`
    ),
    ...kept.map(({ id, reasons }) =>
      visibleText(`Keeping ${id}: ${reasons.map(stayText).join(", ")}`)
    ),
    ...(expiredRecords === 0 ? [] : [
      `${bold(dryRun ? "Would remove" : "Removed")} ${formatCount(expiredRecords)} old ${
        expiredRecords === 1 ? "copy" : "copies"
      } of records: a newer one was kept, or the store no longer has what they were of`,
    ]),
    ...(complete ? [] : [
      "Interrupted; what is gone and not yet free is freed by the next task that changes the store",
    ]),
  ], options);
}

function expiryText(reason: ExpiryReason): string {
  switch (reason.kind) {
    case "older-than":
      return `${formatDuration(reason.age)} old, limit ${formatDuration(reason.limit)}`;
    case "named":
      return "named";
  }
}

function stayText(reason: StayReason): string {
  switch (reason.kind) {
    case "younger-than":
      return `${formatDuration(Math.max(0, reason.age))} old, limit ${
        formatDuration(reason.limit)
      }`;
    case "among-the-newest":
      return `number ${reason.place} of the newest ${reason.keepLast}`;
    case "only-copy":
      return `the only ${reason.unsound === null ? "" : "sound "}copy of ${
        plural(reason.files, "file")
      } (${formatSize(reason.bytes)}), such as ${reason.example}${
        reason.unsound === null
          ? ""
          : `, which ${reason.unsound.id} should have, too: ${reason.unsound.message}`
      }; goes only when named`;
    case "change":
      return "the only copy of what a change took out of the store; goes only when named";
    case "damaged":
      return `damaged (${reason.message}); goes only when named`;
    case "not-named":
      return "not named";
  }
}

/**
 * Names a place and what is wrong with it.
 *
 * @param fault Both.
 * @returns A part of a line; the path in it stays whole.
 */
export function faultText(
  { path, message }: { readonly path: string; readonly message: string },
): string {
  return `${unbroken(path)}: ${visibleText(message)}`;
}

function group(heading: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`${heading} (${formatCount(items.length)}):`, ...sample(items)];
}

function sample(items: readonly string[]): readonly string[] {
  return [...items.slice(0, SAMPLE), ...moreLines(items.length - SAMPLE, "--json")]
    .map((item) => `  ${item}`);
}
