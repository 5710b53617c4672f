/**
 * A store's backups behind their port.
 *
 * @module
 */

import { join } from "@std/path";
import type { BackupListing, CopyScope } from "../../lib/backup.ts";
import type {
  BackupPreview,
  Backups,
  BackupWork,
  BroughtBackReport,
  LockedBackups,
  RestoreSelection,
} from "../backups.ts";
import {
  listBackups,
  listCopies,
  lockPlace,
  type Place,
  placeOf,
  removeBackup,
  targetOf,
} from "./backup_place.ts";
import { extractCopy, restoreFromCopy } from "./bring_back.ts";
import { copyBackup } from "./copy_backup.ts";
import { findMissing } from "./find_missing.ts";
import { findOnlyCopies } from "./find_only_copies.ts";
import { readCopyManifest, readManifest } from "./manifest.ts";
import { extractChange, moveBackup } from "./move_backup.ts";
import { ownPaths } from "./own_directory.ts";
import { selectSteps } from "./select_steps.ts";
import { collisionsOf, undoChange } from "./settle.ts";
import { verifyBackup } from "./verify_backup.ts";

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
 * @throws {RangeError} When the directory lies in the store.
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
 * @throws {RangeError} When the directory lies in the store.
 * @throws {StoreLockedError} When another process writes there.
 */
export function lockBackups(lock: Disposable, options: FileBackupsOptions): LockedBackups {
  const { root, now } = options;
  const place = placeOf(root, ownPaths(root), options.directory);
  const placeLock = lockPlace(place);
  return {
    ...backupsIn(options, place),
    async copy(scope, work = {}) {
      checkScope(scope);
      return await copyBackup([lock, placeLock], { root, place, scope, now: now(), ...work });
    },
    bringBack: (id, selection = {}, work = {}) =>
      bringBack(lock, { root, place, id, selection, now: now(), work }),
    take: (id, work = {}) => moveBackup(id, ownPaths(root), place, work),
    async expireRecords(olderThan) {
      if (place.isShared) return 0;
      const { expireHistory } = await import("./metadata_history.ts");
      return expireHistory(ownPaths(root), root, { olderThan, now: now() });
    },
    remove: (id, work = {}) => removeBackup(placeLock, place, id, work),
    [Symbol.asyncDispose]: () => Promise.resolve().then(() => placeLock[Symbol.dispose]()),
  };
}

/** Whoever is not checked by a compiler must not get a copy of something else than they asked for. */
function checkScope(scope: CopyScope): void {
  const { kind } = scope;
  if (kind === "full" || kind === "metadata") return;
  if ((kind === "experiment" || kind === "run") && typeof scope.id === "string") return;
  throw new RangeError(
    `Cannot back up ${
      JSON.stringify(scope)
    }: expected a scope of kind full or metadata, or of kind experiment or run with an id`,
  );
}

function backupsIn({ root, now }: FileBackupsOptions, place: Place): Backups {
  return {
    directory: place.backups,
    list: () => listBackups(place, root),
    async verify(id, work = {}) {
      const directory = join(place.backups, id);
      const manifest = /[\\/]/.test(id) ? null : readCopyManifest(directory);
      if (manifest === null) {
        throw new RangeError(`Cannot verify ${id}: there is no such copy in ${place.backups}`);
      }
      return { ...await verifyBackup(Deno.realPathSync(directory), manifest, work), id };
    },
    preview: (id, selection = {}) => preview(root, place, id, selection),
    async extract(id, to, selection = {}, work = {}) {
      const target = targetOf(root, to);
      const directory = Deno.realPathSync(join(place.backups, id));
      const manifest = readManifest(place.backups, id);
      if (manifest === null) {
        const { trees, faults } = await extractCopy(directory, selection, target, work);
        return { changes: trees.length, faults };
      }
      const steps = selectSteps(manifest.steps, selection);
      await extractChange(directory, steps, target, work);
      return { changes: steps.length, faults: [] };
    },
    async history() {
      if (place.isShared) return null;
      const { describeHistory } = await import("./metadata_history.ts");
      return describeHistory(ownPaths(root));
    },
    async expiredRecords(olderThan) {
      if (place.isShared) return 0;
      const { countExpired } = await import("./metadata_history.ts");
      return countExpired(ownPaths(root), root, { olderThan, now: now() });
    },
    onlyCopies: async (candidates, work = {}) =>
      await findOnlyCopies({
        root,
        backups: place.backups,
        copies: await listCopies(place, root),
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
  const backup = (await listBackups(place, root)).find((one) => one.id === id);
  if (backup === undefined) return null;
  if (backup.kind === "damaged") throw new SyntaxError(backup.message);
  if (backup.kind === "copy") {
    const directory = Deno.realPathSync(backup.path);
    const job = { directory, selection, root, isStore: true };
    const { trees, collisions } = await findMissing(job);
    return { backup, changes: trees.length, collisions };
  }
  const manifest = readManifest(place.backups, id);
  if (manifest === null) return null;
  const steps = selectSteps(manifest.steps, selection);
  const { experiment, run } = selection;
  if (steps.length === 0 && (experiment ?? run) !== undefined) {
    const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
    throw new RangeError(
      `Cannot restore ${wanted} from ${id}: the backup holds nothing of it by itself; a run that left with its experiment comes back with --experiment`,
    );
  }
  const collisions = collisionsOf(root, { ...ownPaths(root), backups: place.backups }, id, steps);
  return { backup, changes: steps.length, collisions };
}

interface BringBack {
  readonly root: string;
  readonly place: Place;
  readonly id: string;
  readonly selection: RestoreSelection;
  readonly now: number;
  readonly work: BackupWork;
}

/** A change is undone by renames, so its backup first comes to the store's own file system. */
async function bringBack(
  lock: Disposable,
  { root, place, id, selection, now, work }: BringBack,
): Promise<BroughtBackReport> {
  const own = ownPaths(root);
  const directory = join(place.backups, id);
  if (readManifest(place.backups, id) === null) {
    const real = Deno.realPathSync(directory);
    const { trees, faults } = await restoreFromCopy(lock, root, own, real, selection, work);
    return { changes: trees.length, faults };
  }
  if (place.isShared) await moveBackup(id, place, own, work);
  const manifest = readManifest(own.backups, id);
  if (manifest === null) throw new Error(`Cannot restore ${id}: its backup has gone meanwhile`);
  const steps = selectSteps(manifest.steps, selection);
  return { changes: undoChange(root, own, manifest, steps, now), faults: [] };
}
