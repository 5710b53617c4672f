/**
 * Undoing a change whose backup lies in the store, in a directory of the user's, or in parts in both.
 *
 * *Ordering*: every collision is found before anything moves. What lies elsewhere comes to the store's own
 * file system first, and only what is wanted of it: by renames where that is possible, and then our own
 * directory has a manifest that names it before the first one; else copied into staging, synced, read back
 * and compared. Then it is undone from there. What was copied leaves the other place last, once the store
 * has it durably; the rest stays there, and its manifest says so.
 *
 * *Locking*: the caller holds the lock of the store, and that of the other place.
 *
 * *After an interruption*: each tree lies in the store, in our own directory or in the other place, and
 * where it lies twice, both are whole; a manifest in one of the two places names it. Undoing it again takes
 * it from wherever it is, and {@linkcode dropTwins} gives up what our own directory holds twice.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import type { BackupFault } from "../../../lib/backup/backup.ts";
import { RestoreCollisionError, StoreAccessError } from "../../../lib/errors.ts";
import { syncDirectories, syncDirectory } from "../../_io/durable.ts";
import { moveEntry } from "../../_io/hold.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { makeLikeParent, mirrorWayTo } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { areSameTrees } from "../../_io/tree/compare_trees.ts";
import type { BackupWork } from "../../ports/backups.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";
import { collisionOf, type Workplace } from "../change/operate.ts";
import { type Selection, selectSteps } from "../change/select_steps.ts";
import { timesLeft, undoChange } from "../change/settle.ts";
import { parentsOf, type Step } from "../own/journal.ts";
import { type ChangeManifest, readManifest, writeManifest } from "../own/manifest.ts";
import { type OwnPaths, ownPaths } from "../own/own_paths.ts";
import type { Place } from "./backup_place.ts";
import { copyParts, giveUpParts, isOneFileSystem } from "./move_backup.ts";

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
  const { root, place, id, selection, work } = job;
  const own = ownPaths(root);
  const here = readManifest(own.backups, id);
  const found = place.isShared ? readManifest(place.backups, id) : null;
  const away = found?.store === root ? found : null;
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
  const contents = {
    contents: true,
    signal: work.signal,
  };
  for (const step of selectSteps(here?.steps ?? [], selection)) {
    const { operation } = step;
    keys.add(keyOf(step));
    const isElsewhere = away !== null && infoOf(join(there.files, operation.path)) !== null;
    if (!isElsewhere && isLost(step, at)) {
      lose(step);
      continue;
    }
    block(step, collisionOf(operation, at));
    present.push(step);
  }
  for (const step of selectSteps(away?.steps ?? [], selection)) {
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
        : collisionOf(operation, there),
    );
    fetch.push(step);
  }
  const selected = keys.size;
  return {
    ...{ here, away, selected, present, fetch, back },
    ...{ collisions, faults, stuck: [...stuck.values()] },
  };
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
 * @param parts Where its steps lie.
 * @param now Epoch ms.
 * @returns How many steps were taken back, and what could not be brought back.
 * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
 */
export async function undoParts(
  job: UndoJob,
  parts: Parts,
  now: number,
): Promise<{ readonly changes: number; readonly faults: readonly BackupFault[] }> {
  const { root, place, id, work } = job;
  const own = ownPaths(root);
  if (parts.collisions.length > 0) throw new RestoreCollisionError(id, parts.collisions);
  const fetched = parts.fetch.length === 0 ? NOTHING : await fetchParts(job, own, parts);
  const manifest = readManifest(own.backups, id);
  const wanted = new Set([...parts.present, ...fetched.steps].map(keyOf));
  const steps = manifest?.steps.filter((step) => wanted.has(keyOf(step))) ?? [];
  const done = manifest === null || steps.length === 0
    ? 0
    : undoChange(root, own, manifest, steps, now);
  const gone = [...parts.back, ...fetched.steps];
  if (parts.away !== null && gone.length > 0) {
    const touched = [...parentsOf(gone)].map((path) => join(root, path));
    await syncDirectories(touched.filter((path) => infoOf(path)?.isDirectory));
    const keys = new Set(gone.map(keyOf));
    const rest = parts.away.steps.filter((step) => !keys.has(keyOf(step)));
    const directories = timesLeft(root, parts.away.directories, gone, rest);
    await giveUpParts(place, { ...parts.away, directories }, gone, rest, work);
  }
  const twins = new Set(steps.map(keyOf));
  const alone = parts.back.filter((step) => !twins.has(keyOf(step)));
  return { changes: done + alone.length, faults: [...parts.faults, ...fetched.faults] };
}

interface Fetched {
  readonly steps: readonly Step[];
  readonly faults: readonly BackupFault[];
}

const NOTHING: Fetched = { steps: [], faults: [] };

async function fetchParts(
  { root, place, id, work }: UndoJob,
  own: OwnPaths,
  { here, away, fetch }: Parts,
): Promise<Fetched> {
  if (away === null) return NOTHING;
  const from = join(place.backups, id, "files");
  const to = join(own.backups, id, "files");
  const isMoved = isOneFileSystem(place, own);
  const staged = join(own.staging, `${id}.part`);
  const copied = isMoved
    ? { steps: fetch, failures: [] }
    : await copyParts(from, staged, fetch, work);
  const faults = copied.failures.map(({ path, message }): BackupFault => ({
    path,
    kind: "unreadable",
    message,
  }));
  if (copied.steps.length > 0) {
    makeLikeParent(join(own.backups, id));
    makeLikeParent(to);
    writeManifest(own.backups, joined(root, here, away, copied.steps));
    const source = isMoved ? from : staged;
    for (const { operation: { path } } of copied.steps) {
      if (infoOf(join(source, path)) === null) continue;
      mirrorWayTo(source, to, path);
      moveEntry(join(source, path), join(to, path));
    }
    syncDirectory(own.backups);
    if (isMoved) await syncDirectories(waysIn(from, copied.steps));
    await syncDirectories(waysIn(to, copied.steps));
  }
  await tryFreeTree(staged, work);
  return { steps: copied.steps, faults };
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
  const gone = new Set(steps.map(keyOf));
  const rest = parentsOf(away.steps.filter((step) => !gone.has(keyOf(step))));
  const known = new Set(here?.directories.map(({ path }) => path));
  // A directory that will still miss something keeps its time for as long.
  const directories = away.directories.filter(({ path }) => !rest.has(path) && !known.has(path));
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
