/**
 * The task `restore`: undo what was applied.
 *
 * *Ordering*: every collision is found before anything moves.
 *
 * *Locking*: holds the store's lock from choosing the backup to the end.
 *
 * *After an interruption*: the next task that locks the store finishes the restore.
 *
 * @module
 */

import {
  DamagedBackupError,
  InvalidArgumentError,
  RestoreCollisionError,
  UnsupportedStoreError,
} from "../../lib/errors.ts";
import { namedBackup } from "../../lib/backup/named_backup.ts";
import { resolveSelection, type TypedSelection } from "../../lib/backup/resolve_selection.ts";
import type { BackupListing, Rescue } from "../../lib/backup/backup.ts";
import type { RestoreReport } from "../../lib/backup/report.ts";
import { findNamed } from "../../lib/text/find_named.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import type {
  BackupPreview,
  Backups,
  BackupWork,
  BroughtBackReport,
  RestoreSelection,
} from "../ports/backups.ts";
import { lockStore } from "../ports/lock_store.ts";
import { requireCapability } from "../ports/require_capability.ts";
import type { Store } from "../ports/store.ts";
import { RestoreStoppedError } from "./restore_stopped.ts";

/** Which backup, what of it, and where to bring it. */
export interface RestoreOptions extends TypedSelection, BackupWork {
  /** The backup's id, or as much of its beginning as no other has. @default {the newest backup of a change} */
  readonly id?: string;
  /** Where backups lie. @default {our own directory inside the store} */
  readonly backups?: string | undefined;
  /** Copy it there, to a directory outside of the store, instead of bringing it back. @default {the store} */
  readonly to?: string;
  /** Only tell what would come back; needs no write permission. @default {false} */
  readonly dryRun?: boolean;
}

/**
 * Brings back what a backup holds: all of it, or one experiment or run. The backup of a change is undone,
 * and is no more when all of it is; of a copy comes back what the store misses. Needs read and write
 * permission for the store.
 *
 * @param store The store.
 * @param options Which backup, what of it, and where to bring it.
 * @returns What was, or would be, brought back; nothing where the newest change, or its undoing, had been cut off
 * and was taken back or completed first (`settled`), unless a backup was named.
 * @throws {InvalidArgumentError} When there is no backup of that id, it holds nothing of the experiment or run, or
 * of several that may be meant, or a directory lies in the store.
 * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
 * @throws {UnsupportedStoreError} When the backup is the copy of a database, which is only ever copied elsewhere.
 * @throws {StoreLockedError} When another process holds the store's lock.
 * @throws {DamagedBackupError} When the backup is damaged, or one that may be the newest.
 * @throws {DOMException} `AbortError` when the signal is aborted; it says how much is undone, and how much is left.
 *
 * @example
 * ```ts
 * import { openStore, restore } from "mltidy";
 *
 * await using store = await openStore("./mlruns");
 * const { changes } = await restore(store);
 * console.log(`${changes} changes undone`);
 * ```
 */
export async function restore(store: Store, options: RestoreOptions = {}): Promise<RestoreReport> {
  const { dryRun = false, to = null, backups: directory = null } = options;
  const report: RestoreReport = {
    schema: "mltidy/restore/v1",
    store: store.describe().location,
    backup: null,
    changes: 0,
    items: [],
    collisions: [],
    rescue: null,
    faults: [],
    dryRun,
    to,
    settled: [],
    remains: [],
  };
  const { store: location } = report;
  const places = requireCapability(store, "backups");
  const place = await places.open(directory);
  const isIdle = (await store.changes?.interrupted() ?? []).length === 0;
  const found = isIdle || dryRun ? await find(place, store, options) : null;
  if (isIdle && found === null) return report;
  // A place that never copies changes says so itself, and touches nothing.
  const isRefused = found?.backup.kind === "change" && !places.extracts;
  // What stands in the store is in nobody's way elsewhere.
  if (dryRun && to !== null && !isRefused) {
    return { ...report, ...told(found), items: [], collisions: [] };
  }
  if (dryRun && to === null) {
    const blocked = found !== null && found.collisions.length > 0 ? found.backup.id : null;
    const rescue = blocked && await rescueCommand(place, location, blocked, options);
    return { ...report, ...told(found), rescue };
  }
  const copyTo = async (target: string, from: Backups, found: BackupPreview) => {
    const { id } = found.backup;
    const selection = await selectionIn(from, id, options);
    const copied = await from.extract(id, target, selection, options).catch((error: unknown) => {
      if (!(error instanceof RestoreCollisionError)) throw error;
      throw new RestoreCollisionError(id, error.collisions, { target });
    });
    return { ...report, ...told(found), ...copied, items: [], collisions: [] };
  };
  if (to !== null && found !== null) return await copyTo(to, place, found);
  await using locked = await lockStore(store, { task: "restore" });
  const { settled, remains } = locked;
  // That was the last change, or its undoing: to undo one more is another wish.
  const isSettled = settled.some(({ task, outcome }) =>
    task === "restore" || outcome === "reversed"
  );
  if (options.id === undefined && isSettled) return { ...report, settled, remains };
  await using own = await requireCapability(locked, "backups").lock(directory);
  const wanted = await find(own, store, options);
  if (wanted === null) return { ...report, settled, remains };
  if (to !== null) return { ...await copyTo(to, own, wanted), settled, remains };
  const { backup } = wanted;
  const selection = await selectionIn(own, backup.id, options);
  const broughtBack = await own.bringBack(backup.id, selection, options)
    .catch(async (error: unknown): Promise<BroughtBackReport> => {
      const { signal } = options;
      if (signal?.aborted && error === signal.reason) return await wholeOrStopped(own, wanted);
      if (!(error instanceof RestoreCollisionError)) throw error;
      const rescue = await rescueCommand(own, location, backup.id, options);
      const listing = listCommand(location, options, [backup.id, "--list"]);
      const { collisions } = error;
      const elsewhere = places.extracts && wanted.tookNothing !== true;
      const partly = (await own.undoing(backup.id))?.isOfOther !== true;
      const done = await countDone(own, wanted);
      const advice = { rescue, elsewhere, listing, partly, done };
      throw new RestoreCollisionError(backup.id, collisions, advice);
    });
  return { ...report, backup, ...broughtBack, settled, remains };
}

/** What was stopped at its very end was not; else it is told how far it came. */
async function wholeOrStopped(
  place: Backups,
  { backup, changes }: BackupPreview,
): Promise<BroughtBackReport> {
  const done = await countDone(place, { backup, changes });
  if (done < changes) throw new RestoreStoppedError(done, changes - done);
  return { changes, faults: [] };
}

async function countDone(
  place: Backups,
  { backup, changes }: Pick<BackupPreview, "backup" | "changes">,
): Promise<number> {
  const now = (await place.list()).find(({ id }) => id === backup.id);
  return Math.min(changes, Math.max(0, countOf(backup) - countOf(now)));
}

function countOf(backup: BackupListing | undefined): number {
  return backup?.kind === "change" ? backup.changes : 0;
}

async function find(
  place: Backups,
  store: Store,
  options: RestoreOptions,
): Promise<BackupPreview | null> {
  const { location } = store.describe();
  const listed = await place.list();
  const id = options.id === undefined
    ? newestChange(listed, listCommand(location, options))
    : namedBackup(listed, options.id, noneIn(place, store)).id;
  if (id === null) return null;
  const selection = await selectionIn(place, id, options);
  const found = await place.preview(id, selection).catch(async (error: unknown) => {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const other = options.id === undefined ? await findOther(place, listed, options) : null;
    const command = (...words: readonly string[]) => listCommand(location, options, words);
    const next = other === null
      ? `\`${command(id, "--dry-run")}\` shows what it holds`
      : `an older one has it: \`${command(other, ...wordsOf(options))}\``;
    throw new InvalidArgumentError(`${error.message}; ${next}`, { cause: error });
  });
  if (found?.tookNothing && options.to !== undefined) {
    throw new InvalidArgumentError(
      `Cannot copy what ${id} holds to ${options.to}: it took nothing out of the store, where all of it still is; \`${
        listCommand(location, options, [id, ...wordsOf(options)])
      }\` undoes it there`,
    );
  }
  if (found?.apart !== undefined && options.to === undefined) {
    throw new UnsupportedStoreError(found.apart, location);
  }
  return found;
}

function told(found: BackupPreview | null): Partial<BackupPreview> {
  if (found === null) return {};
  const { backup, changes, items, collisions } = found;
  return { backup, changes, items, collisions };
}

/** Whatever of it was typed, by whole ids. */
async function selectionIn(
  place: Backups,
  id: string,
  { experiment, run }: RestoreSelection,
): Promise<RestoreSelection> {
  if (experiment === undefined && run === undefined) return {};
  const typed = {
    ...(experiment === undefined ? {} : { experiment }),
    ...(run === undefined ? {} : { run }),
  };
  const contents = await place.contents(id);
  if (contents === null) return typed;
  const isNamed = run !== undefined && findNamed(contents.runs, run).length === 0;
  const named = isNamed ? await place.contents(id, { runNames: true }) : contents;
  return resolveSelection(typed, named ?? contents);
}

function noneIn({ directory }: Backups, { backups }: Store): string {
  const none = `there is none in ${directory}`;
  return backups?.elsewhere ? `${none}; one that went elsewhere is found with --backups DIR` : none;
}

/** The newest change that holds what is wanted, where the newest of all does not. */
async function findOther(
  place: Backups,
  listed: readonly BackupListing[],
  options: RestoreOptions,
): Promise<string | null> {
  for (const { id, kind } of listed) {
    if (kind !== "change") continue;
    try {
      const selection = await selectionIn(place, id, options);
      if (await place.preview(id, selection) !== null) return id;
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
    }
  }
  return null;
}

/** What is in the way may be that something is gone: then another backup must come back first, or instead. */
async function rescueCommand(
  place: Backups,
  location: string,
  id: string,
  options: RestoreOptions,
): Promise<string | null> {
  const found = await place.rescue(id, await selectionIn(place, id, options));
  return found && listCommand(location, options, rescueWords(found));
}

/**
 * Says what to type behind `restore` to bring back what is gone.
 *
 * @param rescue What brings it back.
 * @returns The words.
 */
export function rescueWords(rescue: Rescue): readonly string[] {
  return [rescue.id, ...wordsOf(rescue)];
}

function wordsOf({ experiment, run }: RestoreSelection): readonly string[] {
  return [
    ...(experiment === undefined ? [] : ["--experiment", experiment]),
    ...(run === undefined ? [] : ["--run", run]),
  ];
}

function listCommand(
  location: string,
  { backups }: RestoreOptions,
  words: readonly string[] = [],
): string {
  const elsewhere = backups === undefined ? [] : ["--backups", backups];
  return shellWords(["deno", "task", "restore", ...words, ...elsewhere, "--store", location]);
}

/** Ids begin with their times, to the second: a damaged one still tells whether it may be the newest. */
function newestChange(backups: readonly BackupListing[], command: string): string | null {
  const id = backups.find(({ kind }) => kind === "change")?.id ?? null;
  const timeOf = (id: string) => /^\d{8}T\d{6}Z-(?!backup)/.exec(id)?.[0] ?? "";
  const newest = timeOf(id ?? "");
  const damaged = backups.find((one) =>
    one.kind === "damaged" && timeOf(one.id) !== "" && timeOf(one.id) >= newest
  );
  if (damaged !== undefined) {
    throw new DamagedBackupError(
      `Cannot tell what the last change was: backup ${damaged.id} cannot be read; list them with \`${command}\`, and name the one to undo`,
    );
  }
  return id;
}
