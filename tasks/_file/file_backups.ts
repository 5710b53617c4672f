/**
 * A store's backups behind their port.
 *
 * @module
 */

import { DamagedBackupError, InvalidArgumentError } from "../../lib/errors.ts";
import { join } from "@std/path";
import type { BackupListing, CopyScope } from "../../lib/backup/backup.ts";
import { newestFirst } from "../../lib/backup/backup_order.ts";
import type { RestoredItem } from "../../lib/backup/report.ts";
import type { BackupContents } from "../../lib/backup/resolve_selection.ts";
import { shellWords } from "../../lib/text/shell_words.ts";
import { noRoomError } from "../_io/disk_full.ts";
import { infoOf } from "../_io/read.ts";
import type {
  BackupPreview,
  Backups,
  BackupWork,
  BroughtBackReport,
  ContentsOptions,
  LockedBackups,
  RestoreSelection,
} from "../ports/backups.ts";
import {
  listBackups,
  listCopies,
  listedInOrder,
  lockPlace,
  type Place,
  placeOf,
  removeBackup,
  targetOf,
} from "./backups/backup_place.ts";
import { extractCopy, restoreFromCopy } from "./backups/bring_back.ts";
import { copyBackup } from "./backups/copy_backup.ts";
import { contentsOf, copyContents, runsWithin, withUsage } from "./backups/backup_contents.ts";
import { findMissing } from "./backups/find_missing.ts";
import { findOnlyCopies, type OnlyCopiesOptions } from "./backups/find_only_copies.ts";
import { extractChange, sendBackup } from "./backups/move_backup.ts";
import { dropTwins, findParts, splitIds, undoParts } from "./backups/undo_parts.ts";
import { type Around, findRescue, undoingOf } from "./backups/undoing.ts";
import { verifyBackup } from "./backups/verify_backup.ts";
import { selectSteps } from "./change/select_steps.ts";
import { type ChangeManifest, readCopyManifest, readManifest } from "./own/manifest.ts";
import type { Step } from "./own/journal.ts";
import { needingRoom } from "./disk_full_error.ts";
import { ownPaths } from "./own/own_paths.ts";

/** Which store. */
export interface FileBackupsOptions {
  /** Absolute real path of the store's root. */
  readonly root: string;
  /** A directory of the user's; `null` for our own. */
  readonly directory: string | null;
  /** The clock, epoch ms. */
  readonly now: () => number;
}

/**
 * Opens the place of a store's backups for reading. Needs read permission.
 *
 * @param options Which store.
 * @returns The place; nothing of it has been read yet.
 * @throws {InvalidArgumentError} When the directory lies in the store.
 */
export function openBackups(options: FileBackupsOptions): Backups {
  const { root, directory } = options;
  return backupsIn(options, placeOf(root, ownPaths(root), directory));
}

/**
 * Opens the place of a store's backups for this process alone. Needs read and write permission for it.
 *
 * @param lock The store's lock.
 * @param options Which store.
 * @returns The place.
 * @throws {InvalidArgumentError} When the directory lies in the store.
 * @throws {StoreLockedError} When another process writes there.
 * @throws {DiskFullError} When its disk has no room for what locks it.
 */
export async function lockBackups(
  lock: Disposable,
  options: FileBackupsOptions,
): Promise<LockedBackups> {
  const { root, now } = options;
  const place = placeOf(root, ownPaths(root), options.directory);
  const placeLock = lockWithRoom(place, root);
  try {
    await dropTwins(root, place);
  } catch (error) {
    placeLock[Symbol.dispose]();
    throw error;
  }
  return {
    ...backupsIn(options, place),
    async copy(scope, work = {}) {
      checkScope(scope);
      return await copyBackup([lock, placeLock], { root, place, scope, now: now(), ...work });
    },
    bringBack: (id, selection = {}, work = {}) =>
      needingRoom(
        root,
        `restore ${id} into store ${root}`,
        () => bringBack(lock, { root, place, id, selection, now: now(), work }),
      ),
    take: (id, work = {}) => sendBackup(root, id, place, work),
    async expireRecords(olderThan) {
      if (place.isShared) return 0;
      const { expireHistory } = await import("./own/metadata_history.ts");
      return expireHistory(ownPaths(root), root, { olderThan, now: now() });
    },
    async remove(id, work = {}) {
      let isFree = true;
      for (const one of placesOf(root, place)) {
        if (!(await listBackups(one, root)).some((listed) => listed.id === id)) continue;
        isFree = await removeBackup(placeLock, one, id, work) && isFree;
      }
      return isFree;
    },
    [Symbol.asyncDispose]: () => Promise.resolve().then(() => placeLock[Symbol.dispose]()),
  };
}

/** The place may be on a disk of its own. */
function lockWithRoom(place: Place, root: string): Disposable {
  try {
    return lockPlace(place, root);
  } catch (error) {
    const what = `use ${place.backups} for backups`;
    throw noRoomError(error, place.backups, what, "name another directory with --backups");
  }
}

/** Whoever is not checked by a compiler must not get a copy of something else than they asked for. */
function checkScope(scope: CopyScope): void {
  const { kind } = scope;
  if (kind === "full" || kind === "metadata") return;
  if ((kind === "experiment" || kind === "run") && typeof scope.id === "string") return;
  throw new InvalidArgumentError(
    `Cannot back up ${
      JSON.stringify(scope)
    }: expected a scope of kind full or metadata, or of kind experiment or run with an id`,
  );
}

function backupsIn({ root, now }: FileBackupsOptions, place: Place): Backups {
  const around: Around = {
    list: () => listAll(root, place),
    changesIn: (id) => changesIn(root, place, id),
    directoryOf: (id) => directoryOf(root, place, id),
    preview: (id, selection) => preview(root, place, id, selection),
  };
  return {
    directory: place.backups,
    list: () => listAll(root, place),
    split: () => splitIds(root, place),
    async verify(id, work = {}) {
      const directory = await directoryOf(root, place, id);
      const manifest = /[\\/]/.test(id) ? null : readCopyManifest(directory);
      if (manifest === null) {
        throw new InvalidArgumentError(
          `Cannot verify ${id}: there is no such copy in ${place.backups}; \`${
            shellWords([
              ...["deno", "task", "backup", "--list"],
              ...(place.isShared ? ["--backups", place.backups] : []),
              ...["--store", root],
            ])
          }\` lists what there is`,
        );
      }
      return { ...await verifyBackup(Deno.realPathSync(directory), manifest, work), id };
    },
    preview: (id, selection = {}) => preview(root, place, id, selection),
    contents: (id, wanted = {}) => readContents(root, place, id, wanted),
    undoing: (id) => undoingOf({ root, place, id, selection: {}, work: {} }, around),
    rescue: (id, selection = {}) => findRescue({ root, place, id, selection, work: {} }, around),
    async extract(id, to, selection = {}, work = {}) {
      const target = targetOf(root, to);
      const changes = changesIn(root, place, id);
      if (changes.length === 0) {
        const directory = Deno.realPathSync(await directoryOf(root, place, id));
        const { trees, faults } = await extractCopy(directory, selection, target, work);
        return { changes: trees.length, faults };
      }
      const steps = new Set<string>();
      const kept = new Set<string>();
      for (const { directory, manifest } of changes) {
        const selected = selectSteps(manifest.steps, selection);
        for (const { operation } of selected) steps.add(JSON.stringify(operation));
        // Of what was moved or copied in, or made, nothing that was in the store is kept.
        const taken = selected.filter(({ operation: { kind } }) =>
          kind === "move-tree" || kind === "replace-file"
        );
        const more = taken.map(({ operation }) => operation.path as string).filter((path) =>
          !kept.has(path) && infoOf(join(directory, "files", path)) !== null
        );
        await extractChange(Deno.realPathSync(directory), more, target, work);
        for (const path of more) kept.add(path);
      }
      return { changes: steps.size, faults: [] };
    },
    async history() {
      if (place.isShared) return null;
      const { describeHistory } = await import("./own/metadata_history.ts");
      return describeHistory(ownPaths(root));
    },
    async expiredRecords(olderThan) {
      if (place.isShared) return 0;
      const { countExpired } = await import("./own/metadata_history.ts");
      return countExpired(ownPaths(root), root, { olderThan, now: now() });
    },
    onlyCopies: async (candidates, work = {}) =>
      await findOnlyCopies({
        root,
        copies: await allCopies(root, place),
        candidates,
        ...work,
      }),
  };
}

async function preview(
  root: string,
  place: Place,
  id: string,
  selection: RestoreSelection,
): Promise<BackupPreview | null> {
  const [backup] = await listAll(root, place, id);
  if (backup === undefined) return null;
  if (backup.kind === "damaged") throw new DamagedBackupError(backup.message);
  if (backup.kind === "copy") {
    const directory = Deno.realPathSync(backup.path);
    const job = { directory, selection, root, isStore: true };
    const { trees, collisions } = await findMissing(job);
    const items = trees.map((path) => ({ path, how: "returns" as const }));
    return { backup, changes: trees.length, items, collisions };
  }
  const parts = await findParts({ root, place, id, selection, work: {} });
  if (parts === null) return null;
  const { selected, present, fetch, back, collisions, faults } = parts;
  const { experiment, run } = selection;
  if (selected === 0 && (experiment ?? run) !== undefined) {
    const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
    throw new InvalidArgumentError(
      `Cannot restore ${wanted} from ${id}: the backup holds nothing of it by itself; a run that left with its experiment comes back with --experiment`,
    );
  }
  const steps = [...present, ...fetch, ...back];
  const tookNothing = steps.some(({ operation: { kind } }) =>
    kind === "rename-tree" || kind === "copy-tree"
  );
  const changes = selected - faults.length;
  return { backup, changes, items: itemsOf(steps), collisions, tookNothing };
}

const UNDONE: Readonly<Record<Step["operation"]["kind"], RestoredItem["how"]>> = {
  "move-tree": "returns",
  "rename-tree": "returns",
  "replace-file": "as-before",
  "create-dir": "goes",
  "copy-tree": "goes",
};

/** A step that lies in both places is one all the same. */
function itemsOf(steps: readonly Step[]): readonly RestoredItem[] {
  const operations = new Map(steps.map(({ operation }) => [JSON.stringify(operation), operation]));
  return [...operations.values()].map(({ path, kind }) => ({ path, how: UNDONE[kind] }));
}

async function readContents(
  root: string,
  place: Place,
  id: string,
  { runNames = false, whole = false }: ContentsOptions,
): Promise<BackupContents | null> {
  const [backup] = await listAll(root, place, id);
  if (backup === undefined || backup.kind === "damaged") return null;
  if (backup.kind === "copy") {
    const directory = Deno.realPathSync(backup.path);
    const contents = await copyContents(directory, root, runNames);
    return whole ? await withUsage(contents, [join(directory, "files")]) : contents;
  }
  const changes = changesIn(root, place, id);
  const steps = changes.flatMap(({ manifest }) => manifest.steps);
  const kept = changes.map(({ directory }) => join(directory, "files"));
  const subjects = steps.map(({ subject }) => subject);
  const within = whole ? await runsWithin(new Set(subjects), kept) : [];
  const contents = contentsOf(
    [...subjects, ...within],
    steps.flatMap(({ run }) => run ?? []),
    [...kept, root],
    runNames,
  );
  return whole ? await withUsage(contents, kept) : contents;
}

interface BringBack {
  readonly root: string;
  readonly place: Place;
  readonly id: string;
  readonly selection: RestoreSelection;
  readonly now: number;
  readonly work: BackupWork;
}

async function bringBack(
  lock: Disposable,
  { root, place, id, selection, now, work }: BringBack,
): Promise<BroughtBackReport> {
  const job = { root, place, id, selection, work };
  const parts = await findParts(job);
  if (parts !== null) {
    // A place that only the manifest names is not locked yet.
    using _lock = parts.place === place ? null : lockWithRoom(parts.place, root);
    return await undoParts(job, parts, now);
  }
  const real = Deno.realPathSync(await directoryOf(root, place, id));
  const { trees, faults } = await restoreFromCopy(
    lock,
    root,
    ownPaths(root),
    real,
    selection,
    work,
  );
  return { changes: trees.length, faults };
}

/** A place of the user's, and behind it our own: what was not moved there, or not wholly, lies here. */
function placesOf(root: string, place: Place): readonly Place[] {
  return place.isShared ? [place, placeOf(root, ownPaths(root), null)] : [place];
}

/** Another store may have a backup of that name in the same place. */
async function directoryOf(root: string, place: Place, id: string): Promise<string> {
  const [listed] = await listAll(root, place, id);
  return listed?.path ?? join(place.backups, id);
}

async function listAll(
  root: string,
  place: Place,
  wanted?: string,
): Promise<readonly BackupListing[]> {
  const listed: (readonly BackupListing[])[] = [];
  for (const one of placesOf(root, place)) listed.push(await listBackups(one, root, wanted));
  const [first = [], ...others] = listed;
  const more = others.flat().filter(({ id }) => !first.some((one) => one.id === id));
  const both = first.map((one): BackupListing => {
    const other = others.flat().find(({ id }) => id === one.id);
    if (one.kind !== "change" || other?.kind !== "change") return one;
    return { ...one, changes: countSteps(root, place, one.id) };
  });
  return listedInOrder([...both, ...more]);
}

async function allCopies(root: string, place: Place): Promise<OnlyCopiesOptions["copies"]> {
  const copies: OnlyCopiesOptions["copies"][number][] = [];
  for (const one of placesOf(root, place)) {
    for (const manifest of await listCopies(one, root)) {
      copies.push({ ...manifest, directory: join(one.backups, manifest.id) });
    }
  }
  return newestFirst(copies);
}

/** A step that lies in both places is one all the same. */
function countSteps(root: string, place: Place, id: string): number {
  const steps = changesIn(root, place, id).flatMap(({ manifest }) => manifest.steps);
  return new Set(steps.map(({ operation }) => JSON.stringify(operation))).size;
}

/** What each place has of the backup of a change. */
function changesIn(
  root: string,
  place: Place,
  id: string,
): readonly { readonly directory: string; readonly manifest: ChangeManifest }[] {
  return placesOf(root, place).flatMap(({ backups, isShared }) => {
    const manifest = readManifest(backups, id);
    if (manifest === null || isShared && manifest.store !== root) return [];
    return [{ directory: join(backups, id), manifest }];
  });
}
