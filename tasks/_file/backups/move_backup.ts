/**
 * Moving a change's backup from our directory to one of the user's, or parts of it, and copying what it
 * holds to a place of its own.
 *
 * *Ordering*: on one file system, one rename. Elsewhere copied into staging, synced, read back and compared,
 * renamed into place; only then is the original given up. At every moment one of the two is whole.
 *
 * *Locking*: the caller holds the lock of the store, and that of the other place.
 *
 * *After an interruption*: staging is emptied by the next lock; a backup may then lie in both places. What
 * both hold is whole in each, see `undo_parts.ts`.
 *
 * @module
 */

import { ensureDirSync } from "@std/fs";
import { basename, join, resolve } from "@std/path";
import type { Membership } from "../../../lib/backup/plan_backup.ts";
import { RestoreCollisionError } from "../../../lib/errors.ts";
import { removeTree, syncDirectories, syncDirectory } from "../../_io/durable.ts";
import { moveEntry, tryMoveEntry } from "../../_io/hold.ts";
import { makeLike, makeLikeParent, mirrorWayTo } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { compareTrees } from "../../_io/tree/compare_trees.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";
import type { Step } from "../own/journal.ts";
import { freeName } from "../own/own_directory.ts";
import { ownPaths } from "../own/own_paths.ts";
import {
  accessToManifest,
  type ChangeManifest,
  readManifest,
  writeManifest,
} from "../own/manifest.ts";
import { closeBackup, type Place } from "./backup_place.ts";
import type { BringBackOptions } from "./bring_back.ts";
import { copyTree } from "../../_io/tree/copy_tree.ts";
import { isBelow } from "./find_missing.ts";

/** Where backups lie, and where they are written first. */
export type BackupDirectories = Pick<Place, "backups" | "staging">;

/** Something that could not be copied, and so stays where it is. */
export interface CopyFailure {
  /** Relative to the store's root. */
  readonly path: string;
  readonly message: string;
}

/** What came of sending a backup away. */
export interface Sent {
  /** Absolute path of the backup in its new place. */
  readonly path: string;
  /** What stays in the old one; then so does all that was taken away together with it. */
  readonly failures: readonly CopyFailure[];
}

/**
 * Sends the backup of a change from our own directory to another place, which may be on another file system.
 * What cannot be copied stays, in a backup of the same id, and the rest goes. Needs read and write
 * permission for both.
 *
 * @param root Absolute real path of the store's root.
 * @param id The backup.
 * @param to Where it goes.
 * @param options The signal, and progress.
 * @returns Where it is, and what stays.
 * @throws {Error} When the other place cannot take it, or has one of that id; then it stays where it is.
 */
export async function sendBackup(
  root: string,
  id: string,
  to: Place,
  options: BringBackOptions = {},
): Promise<Sent> {
  const from: BackupDirectories = ownPaths(root);
  const source = join(from.backups, id);
  const target = join(to.backups, id);
  if (target === source) return { path: target, failures: [] };
  const staged = join(to.staging, id);
  if (infoOf(target) !== null) throw new Error(`${target} exists already`);
  closeBackup(to, root, source);
  if (tryMoveEntry(source, target)) {
    syncDirectory(to.backups);
    syncDirectory(from.backups);
    return { path: target, failures: [] };
  }
  const manifest = readManifest(from.backups, id);
  if (manifest === null) throw new Error(`${source} has no manifest`);
  try {
    makeLike(staged, to.backups);
    closeBackup(to, root, staged);
    const kept = join(source, "files");
    const { steps, failures } = await copyParts(
      kept,
      join(staged, "files"),
      manifest.steps,
      options,
    );
    const [first] = failures;
    if (steps.length === 0 && first !== undefined) {
      throw new Error(`${first.path}: ${first.message}`);
    }
    const access = accessToManifest(from.backups, id);
    writeManifest(to.staging, { ...manifest, steps }, access);
    syncDirectory(staged);
    writeManifest(from.backups, { ...manifest, twin: to.backups }, access);
    moveEntry(staged, target);
    syncDirectory(to.backups);
    const going = new Set(steps);
    const rest = manifest.steps.filter((step) => !going.has(step));
    await giveUpParts(from, manifest, steps, rest, options);
    return { path: target, failures };
  } catch (error) {
    await tryFreeTree(staged);
    throw error;
  }
}

/**
 * Copies what some steps of a change's backup hold. When this returns, the copy is durable, was read back,
 * and has all that a second look finds in the original. Needs read and write permission.
 *
 * @param kept Absolute path of the `files/` of the backup.
 * @param target Where it goes: nothing is there.
 * @param steps Which steps.
 * @param options The signal, and progress.
 * @returns The steps of which all was copied, and what could not be.
 * @throws {Error} When the target cannot take it.
 */
export async function copyParts(
  kept: string,
  target: string,
  steps: readonly Step[],
  options: BringBackOptions,
): Promise<{ readonly steps: readonly Step[]; readonly failures: readonly CopyFailure[] }> {
  const source = Deno.realPathSync(kept);
  const failures = new Map<string, string>();
  const paths = steps.map(({ operation }) => operation.path as string);
  makeLikeParent(target);
  await copyTree(source, target, {
    ...options,
    membership: membershipOf(paths),
    onFailure: (path, message) => failures.set(path, message),
  });
  for (const { operation: { path } } of steps) {
    const original = join(source, path);
    if (infoOf(original) === null) continue;
    const lengths = { contents: false, ...options };
    for await (const inner of compareTrees(original, join(target, path), lengths)) {
      const different = inner === "" ? path : `${path}/${inner}`;
      if (!failures.has(different)) failures.set(different, "the copy of it is different");
    }
  }
  const isWhole = ({ operation: { path } }: Step) =>
    !failures.keys().some((failed) => isBelow(failed, path) || isBelow(path, failed));
  const whole = failures.size === 0 ? steps : steps.filter(isWhole);
  for (const { operation: { path } } of failures.size === 0 ? [] : steps) {
    if (!whole.some(({ operation }) => operation.path === path)) {
      await tryFreeTree(join(target, path));
    }
  }
  return { steps: whole, failures: [...failures].map(([path, message]) => ({ path, message })) };
}

/**
 * Gives up what some steps of a change's backup hold, and the whole backup when nothing else is left of it.
 * What was given up leaves by renames; only then it is freed. Needs read and write permission.
 *
 * @param place Where the backup lies.
 * @param manifest Its manifest.
 * @param gone The steps that it need not hold any longer.
 * @param rest The steps that stay.
 * @param options The signal, after which the rest is freed by whoever locks the place next, and progress.
 */
export async function giveUpParts(
  place: BackupDirectories,
  manifest: ChangeManifest,
  gone: readonly Step[],
  rest: readonly Step[],
  options: BringBackOptions,
): Promise<void> {
  const { id } = manifest;
  const backup = join(place.backups, id);
  const leaving = freeName(place.staging, id);
  if (rest.length === 0) {
    moveEntry(backup, leaving);
    syncDirectory(place.backups);
    await tryFreeTree(leaving, options);
    return;
  }
  makeLikeParent(leaving);
  for (const [index, { operation }] of gone.entries()) {
    const kept = join(backup, "files", operation.path);
    if (infoOf(kept) !== null) moveEntry(kept, join(leaving, `${index}`));
  }
  const access = accessToManifest(place.backups, id);
  writeManifest(place.backups, { ...manifest, steps: rest }, access);
  await tryFreeTree(leaving, options);
}

/**
 * Copies what a change's backup holds to another place, under the paths of the store. The backup stays.
 * Needs read permission for the backup and write permission for the target.
 *
 * @param directory Absolute real path of the backup.
 * @param paths Which of its paths; each is kept in it.
 * @param target Where it goes; made when it is not there.
 * @param options The signal, and progress.
 * @throws {RestoreCollisionError} When something stands at a path that is to be written; then nothing was.
 */
export async function extractChange(
  directory: string,
  paths: readonly string[],
  target: string,
  options: BringBackOptions = {},
): Promise<void> {
  const place = resolve(target);
  const kept = join(directory, "files");
  const collisions = paths.filter((path) => infoOf(join(place, path)) !== null)
    .map((path) => `${join(place, path)} exists, and ${join(kept, path)} would replace it`);
  if (collisions.length > 0) throw new RestoreCollisionError(basename(directory), collisions);
  ensureDirSync(place);
  // If it is left behind, MLflow passes over it.
  const staging = Deno.makeTempDirSync({ dir: place, prefix: ".mltidy-", suffix: ".trash" });
  try {
    await copyTree(kept, staging, { ...options, membership: membershipOf(paths) });
    for (const path of paths) {
      mirrorWayTo(kept, place, path);
      moveEntry(join(staging, path), join(place, path));
    }
    const parents = new Set(paths.flatMap(ancestorsOf).map((path) => join(place, path)));
    await syncDirectories([place, ...parents]);
  } finally {
    removeTree(staging);
  }
}

function membershipOf(paths: readonly string[]): (path: string) => Membership {
  const wanted = new Set(paths);
  const onTheWay = new Set(paths.flatMap(ancestorsOf));
  return (path) => {
    if (wanted.has(path) || ancestorsOf(path).some((ancestor) => wanted.has(ancestor))) return "in";
    return onTheWay.has(path) ? "on-the-way" : "out";
  };
}

function ancestorsOf(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}
