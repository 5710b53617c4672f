/**
 * Undoing a change whose backup lies in the store, in a directory of the user's, or in parts in both.
 *
 * *Ordering*: every collision is found before anything moves. What lies elsewhere comes to the store's own
 * directory first: all of the backup by one rename, where that is possible, and what is not wanted goes back by
 * another one; else what is wanted is copied into staging, synced, read back, compared and then renamed into
 * place. Then the other place gives up what came from it, and only then it is undone: what is undone is in no
 * list, and what is in a list is not undone.
 *
 * *Locking*: the caller holds the lock of the store, and that of the other place.
 *
 * *After an interruption*: each tree lies in the store, in our own directory or in the other place, and
 * where it lies twice, both are whole, nothing of it is undone, and the manifest in our own directory says where
 * its twin is. Undoing it again takes it from wherever it is, and {@linkcode dropTwins} gives up what our own
 * directory holds twice.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { BackupFault } from "../../../lib/backup/backup.ts";
import { RestoreCollisionError, StoreAccessError } from "../../../lib/errors.ts";
import { syncDirectories, syncDirectoriesThere, syncDirectory } from "../../_io/durable.ts";
import { moveEntry, tryMoveEntry } from "../../_io/hold.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { makeLike, makeLikeParent, mirrorWayTo } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { areSameTrees } from "../../_io/tree/compare_trees.ts";
import type { BackupWork, BroughtBackReport } from "../../ports/backups.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";
import { movedPaths } from "../change/rename_tree.ts";
import { collisionOf, type Workplace } from "../change/operate.ts";
import { type Selection, selectSteps } from "../change/select_steps.ts";
import { timesLeft, undoChange } from "../change/settle.ts";
import { parentsOf, type Step } from "../own/journal.ts";
import {
  accessToManifest,
  type ChangeManifest,
  readManifest,
  writeManifest,
} from "../own/manifest.ts";
import { type OwnPaths, ownPaths } from "../own/own_paths.ts";
import { type Place, placeOf } from "./backup_place.ts";
import { movedWith } from "./with_run.ts";
import { copyParts, giveUpParts, sendBackup } from "./move_backup.ts";

/** Which change, and what of it. */
export interface UndoJob {
  /** Absolute real path of the store's root. */
  readonly root: string;
  readonly place: Place;
  readonly id: string;
  readonly selection: Selection;
  readonly work: BackupWork;
}

/** What of a change is wanted, and where each of its steps lies. */
export interface Parts {
  /** The other place, which may be one that only the manifest names. */
  readonly place: Place;
  /** What our own directory has of the backup. */
  readonly here: ChangeManifest | null;
  /** What the other place has. */
  readonly away: ChangeManifest | null;
  /** How many steps the selection has, be they taken back already or not. */
  readonly selected: number;
  /** Steps that our own directory has. */
  readonly present: readonly Step[];
  /** Steps that are to come from the other place. */
  readonly fetch: readonly Step[];
  /** Steps that the other place has, and that are taken back or lie in our own directory, too. */
  readonly back: readonly Step[];
  readonly collisions: readonly string[];
  /** What neither the store nor a backup has. */
  readonly faults: readonly BackupFault[];
  /** Steps that something is in the way of, or of which nothing is left. */
  readonly stuck: readonly Step[];
}

/**
 * Finds out where the steps of a change lie, and what is in the way of taking them back. Touches nothing;
 * needs read permission.
 *
 * @param job Which change, and what of it.
 * @returns Where they lie; `null` when there is no backup of a change of that id.
 * @throws {DamagedBackupError} When a manifest is damaged.
 */
export async function findParts(job: UndoJob): Promise<Parts | null> {
  const { root, id, selection, work } = job;
  const own = ownPaths(root);
  const here = readManifest(own.backups, id);
  const named = partIn(root, job.place, id);
  const place = named === null ? placeOfTwin(root, own, here) ?? job.place : job.place;
  const away = named ?? partIn(root, place, id);
  if (here === null && away === null) return null;
  const at = workplaceOf(root, own, own.backups, id);
  const there = workplaceOf(root, own, place.backups, id);
  const present: Step[] = [];
  const fetch: Step[] = [];
  const back: Step[] = [];
  const collisions: string[] = [];
  const faults: BackupFault[] = [];
  const stuck = new Map<string, Step>();
  const lose = (step: Step) => {
    const { path } = step.operation;
    faults.push({ path, kind: "missing", message: "neither the store nor the backup has it" });
    stuck.set(keyOf(step), step);
  };
  const block = (step: Step, collision: string | null) => {
    if (collision === null) return;
    collisions.push(collision);
    stuck.set(keyOf(step), step);
  };
  const keys = new Set<string>();
  const all = [...here?.steps ?? [], ...away?.steps ?? []];
  const placeOf = movedPaths(root, all);
  const tree = movedWith(root, all, selection.run);
  const contents = {
    contents: true,
    signal: work.signal,
  };
  for (const step of selectSteps(here?.steps ?? [], selection, tree)) {
    const { operation } = step;
    keys.add(keyOf(step));
    const isElsewhere = away !== null && infoOf(join(there.files, operation.path)) !== null;
    if (!isElsewhere && isLost(step, at)) {
      lose(step);
      continue;
    }
    block(step, collisionOf(operation, at, placeOf(operation.path)));
    present.push(step);
  }
  for (const step of selectSteps(away?.steps ?? [], selection, tree)) {
    keys.add(keyOf(step));
    const { operation } = step;
    const kept = join(there.files, operation.path);
    const target = join(root, operation.path);
    if (infoOf(kept) === null) {
      if (infoOf(join(at.files, operation.path)) !== null) back.push(step);
      else if (isLost(step, there)) lose(step);
      else if (operation.kind === "move-tree") back.push(step);
      else fetch.push(step);
      continue;
    }
    const twin = join(at.files, operation.path);
    const isTwin = infoOf(twin) !== null;
    const isThere = isTwin || operation.kind === "move-tree" && infoOf(target) !== null;
    if (isThere && await areSameTrees(kept, isTwin ? twin : target, contents)) {
      back.push(step);
      continue;
    }
    block(
      step,
      isTwin
        ? `${twin} and ${kept} are different, and both belong to ${target}`
        : collisionOf(operation, there, placeOf(operation.path)),
    );
    fetch.push(step);
  }
  const selected = keys.size;
  return {
    ...{ place, here, away, selected, present, fetch, back },
    ...{ collisions, faults, stuck: [...stuck.values()] },
  };
}

function partIn(root: string, { isShared, backups }: Place, id: string): ChangeManifest | null {
  const found = isShared ? readManifest(backups, id) : null;
  return found?.store === root ? found : null;
}

/** Where a copy was cut off between two places, and nobody says now which the other one is. */
function placeOfTwin(root: string, own: OwnPaths, here: ChangeManifest | null): Place | null {
  if (here?.twin === undefined) return null;
  try {
    const place = placeOf(root, own, here.twin);
    return partIn(root, place, here.id) === null ? null : place;
  } catch {
    // It was damaged, closed or put to another use since.
    return null;
  }
}

function isLost({ operation }: Step, { root, files }: Workplace): boolean {
  return operation.kind === "move-tree" && infoOf(join(files, operation.path)) === null &&
    infoOf(join(root, operation.path)) === null;
}

/**
 * Undoes a change, or part of it, from wherever its backup lies. Needs read and write permission for the
 * store, and for the other place.
 *
 * @param job Which change, and what of it.
 * @param found Where its steps lie.
 * @param now Epoch ms.
 * @returns How many steps were taken back, and what of them could not be brought back.
 * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
 */
export async function undoParts(
  job: UndoJob,
  found: Parts,
  now: number,
): Promise<BroughtBackReport> {
  const { root, id } = job;
  const own = ownPaths(root);
  if (found.collisions.length > 0) throw new RestoreCollisionError(id, found.collisions);
  if (!bringWhole(own, id, found)) return await undoFrom(job, found, now);
  try {
    return await undoFrom(job, (await findParts(job))!, now);
  } finally {
    if (infoOf(join(own.backups, id)) !== null) await sendBackup(root, id, found.place);
  }
}

/** Where one rename does it, nothing lies in two places at any moment. */
function bringWhole(own: OwnPaths, id: string, { place, here, fetch, back }: Parts): boolean {
  if (here !== null || fetch.length === 0 || back.length > 0) return false;
  if (!tryMoveEntry(join(place.backups, id), join(own.backups, id))) return false;
  syncDirectory(own.backups);
  syncDirectory(place.backups);
  return true;
}

async function undoFrom(
  job: UndoJob,
  parts: Parts,
  now: number,
): Promise<BroughtBackReport> {
  const { root, id, work } = job;
  const own = ownPaths(root);
  const fetched = parts.fetch.length === 0 ? NOTHING : await fetchParts(job, own, parts);
  const gone = new Set([...parts.back, ...fetched.steps].map(keyOf));
  const rest = parts.away?.steps.filter((step) => !gone.has(keyOf(step))) ?? [];
  if (parts.away !== null && gone.size > 0) {
    await syncDirectoriesThere([...parentsOf(parts.back)].map((path) => join(root, path)));
    const directories = timesLeft(root, parts.away.directories, parts.back, rest);
    const leaving = [...parts.back, ...fetched.steps];
    await giveUpParts(parts.place, { ...parts.away, directories }, leaving, rest, work);
  }
  const manifest = readManifest(own.backups, id);
  const wanted = new Set([...parts.present, ...fetched.steps].map(keyOf));
  const steps = manifest?.steps.filter((step) => wanted.has(keyOf(step))) ?? [];
  const undone = manifest === null || steps.length === 0
    ? null
    : undoChange(root, own, manifest, steps, now, rest);
  const twins = new Set(steps.map(keyOf));
  const alone = parts.back.filter((step) => !twins.has(keyOf(step)));
  const [lost, ...more] = undone?.lostTimes ?? [];
  return {
    changes: (undone?.changes ?? 0) + alone.length,
    faults: [...parts.faults, ...fetched.faults],
    ...(lost === undefined ? {} : { lostTimes: [lost, ...more] }),
  };
}

interface Fetched {
  readonly steps: readonly Step[];
  readonly faults: readonly BackupFault[];
}

const NOTHING: Fetched = { steps: [], faults: [] };

async function fetchParts(
  { root, id, work }: UndoJob,
  own: OwnPaths,
  { place, here, away, fetch }: Parts,
): Promise<Fetched> {
  if (away === null) return NOTHING;
  const staged = join(own.staging, id);
  makeLike(staged, own.backups);
  const files = join(staged, "files");
  const { steps, failures } = await copyParts(
    join(place.backups, id, "files"),
    files,
    fetch,
    work,
  );
  const faults = failures.map(({ path, message }): BackupFault => ({
    path,
    kind: "unreadable",
    message,
  }));
  const manifest = { ...joined(root, here, away, steps), twin: place.backups };
  if (steps.length > 0) {
    const access = accessToManifest(here === null ? place.backups : own.backups, id);
    if (here === null) {
      writeManifest(own.staging, manifest, access);
      syncDirectory(staged);
      moveEntry(staged, join(own.backups, id));
    } else {
      writeManifest(own.backups, manifest, access);
      await addParts(files, join(own.backups, id, "files"), steps);
    }
    syncDirectory(own.backups);
  }
  await tryFreeTree(staged, work);
  return { steps, faults };
}

/** The manifest names them already, and where to find what is not there yet. */
async function addParts(from: string, to: string, steps: readonly Step[]): Promise<void> {
  makeLikeParent(to);
  for (const { operation: { path } } of steps) {
    if (infoOf(join(from, path)) === null) continue;
    mirrorWayTo(from, to, path);
    moveEntry(join(from, path), join(to, path));
  }
  await syncDirectories(waysIn(to, steps));
}

function waysIn(files: string, steps: readonly Step[]): readonly string[] {
  return [...new Set(steps.map(({ operation }) => dirname(join(files, operation.path))))]
    .filter((path) => infoOf(path)?.isDirectory);
}

/** What our own directory has with what comes to it. */
function joined(
  root: string,
  here: ChangeManifest | null,
  away: ChangeManifest,
  steps: readonly Step[],
): ChangeManifest {
  const has = new Set(here?.steps.map(keyOf));
  const more = steps.filter((step) => !has.has(keyOf(step)));
  const touched = parentsOf(steps);
  const known = new Set(here?.directories.map(({ path }) => path));
  const directories = away.directories.filter(({ path }) => touched.has(path) && !known.has(path));
  return {
    ...(here ?? away),
    store: root,
    steps: [...here?.steps ?? [], ...more],
    directories: [...here?.directories ?? [], ...directories],
  };
}

/**
 * Gives up what our own directory holds of a change and another place holds, too: a move was cut off
 * between the two. Needs read and write permission.
 *
 * @param root Absolute real path of the store's root.
 * @param place The other place.
 * @param work The signal.
 */
export async function dropTwins(root: string, place: Place, work: BackupWork = {}): Promise<void> {
  const own = ownPaths(root);
  const contents = {
    contents: true,
    signal: work.signal,
  };
  for (const id of await splitIds(root, place)) {
    const [here, away] = [readManifest(own.backups, id), readManifest(place.backups, id)];
    if (here === null || away?.store !== root) continue;
    const keys = new Set(away.steps.map(keyOf));
    const twins: Step[] = [];
    for (const step of here.steps) {
      if (!keys.has(keyOf(step))) continue;
      const [kept, twin] = [own.backups, place.backups]
        .map((backups) => join(backups, id, "files", step.operation.path));
      const isHere = infoOf(kept!) !== null;
      if (isHere !== (infoOf(twin!) !== null) && isHere) continue;
      if (!isHere || await areSameTrees(kept!, twin!, contents)) twins.push(step);
    }
    const rest = here.steps.filter((step) => !twins.includes(step));
    if (twins.length > 0) await giveUpParts(own, here, twins, rest, work);
  }
}

/**
 * Names the backups of which both our own directory and another place have something. Needs read
 * permission.
 *
 * @param root Absolute real path of the store's root.
 * @param place The other place.
 * @returns Their ids.
 * @throws {StoreAccessError} When our own directory cannot be listed.
 */
export async function splitIds(root: string, place: Place): Promise<readonly string[]> {
  const own = ownPaths(root);
  if (!place.isShared || infoOf(own.backups) === null) return [];
  const listed = await listDirectory(own.backups);
  if (listed.kind === "failed") {
    throw new StoreAccessError(
      `Cannot list backups in ${own.backups}: ${listed.message}; nothing was touched: when that disk answers again, type the command again, as an account that may read it`,
      own.backups,
    );
  }
  return listed.entries.map(({ name }) => name)
    .filter((id) => infoOf(join(place.backups, id, "manifest.json")) !== null);
}

function workplaceOf(root: string, own: OwnPaths, backups: string, id: string): Workplace {
  return { root, files: join(backups, id, "files"), staging: own.staging };
}

function keyOf({ operation }: Step): string {
  return JSON.stringify(operation);
}
