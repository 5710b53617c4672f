/**
 * Moving a change's backup between our directory and one of the user's, and copying what it holds to a
 * place of its own.
 *
 * *Ordering*: on one file system, one rename. Elsewhere copied into staging, synced and read back, renamed
 * into place; only then is the original given up. At every moment one of the two is whole.
 *
 * *Locking*: the caller holds the lock of the store, and that of the other place.
 *
 * *After an interruption*: staging is emptied by the next lock; a backup may then lie in both places, and
 * each is whole.
 *
 * @module
 */

import { ensureDirSync } from "@std/fs";
import { join, resolve } from "@std/path";
import { RestoreCollisionError } from "../../lib/errors.ts";
import type { Membership } from "../../lib/plan_backup.ts";
import type { Place } from "./backup_place.ts";
import type { BringBackOptions } from "./bring_back.ts";
import { copyTree } from "./copy_tree.ts";
import { free, syncDirectories, syncDirectory } from "./durable.ts";
import type { Step } from "./journal.ts";
import { tryFreeTree } from "./free_tree.ts";
import { makeLike, mirrorWayTo } from "./permissions.ts";
import { infoOf } from "./read.ts";

/** Where backups lie, and where they are written first. */
export type Holder = Pick<Place, "backups" | "staging">;

/**
 * Moves a backup from one place to another, which may be on another file system. Needs read and write
 * permission for both.
 *
 * @param id The backup.
 * @param from Where it lies.
 * @param to Where it goes.
 * @param options The signal, and progress.
 * @returns Absolute path of the backup in its new place.
 * @throws {Error} When the other place cannot take it; then it stays where it is.
 */
export async function moveBackup(
  id: string,
  from: Holder,
  to: Holder,
  options: BringBackOptions = {},
): Promise<string> {
  const source = join(from.backups, id);
  const target = join(to.backups, id);
  const staged = join(to.staging, id);
  if (infoOf(target) === null) {
    if (tryRename(source, target)) {
      syncDirectory(to.backups);
      syncDirectory(from.backups);
      return target;
    }
    try {
      makeLike(staged, to.backups);
      await copyTree(Deno.realPathSync(source), staged, options);
      syncDirectory(staged);
      Deno.renameSync(staged, target);
      syncDirectory(to.backups);
    } catch (error) {
      if (infoOf(staged) !== null) free(staged);
      throw error;
    }
  }
  const leaving = join(from.staging, id);
  Deno.renameSync(source, leaving);
  syncDirectory(from.backups);
  await tryFreeTree(leaving, options);
  return target;
}

/** On one file system a rename takes all along: owners, access lists, attributes, times, links and holes. */
function tryRename(source: string, target: string): boolean {
  try {
    Deno.renameSync(source, target);
    return true;
  } catch (error) {
    const isElsewhere = error instanceof Error && "code" in error && error.code === "EXDEV";
    if (!isElsewhere) throw error;
    return false;
  }
}

/**
 * Copies what a change's backup holds to another place, under the paths of the store. The backup stays.
 * Needs read permission for the backup and write permission for the target.
 *
 * @param directory Absolute real path of the backup.
 * @param steps Which of its steps.
 * @param target Where it goes; made when it is not there.
 * @param options The signal, and progress.
 * @throws {RestoreCollisionError} When something stands at a path that is to be written; then nothing was.
 */
export async function extractChange(
  directory: string,
  steps: readonly Step[],
  target: string,
  options: BringBackOptions = {},
): Promise<void> {
  const place = resolve(target);
  const kept = join(directory, "files");
  const paths = steps.map(({ operation }) => operation.path as string)
    .filter((path) => infoOf(join(kept, path)) !== null);
  const collisions = paths.filter((path) => infoOf(join(place, path)) !== null)
    .map((path) => `${join(place, path)} exists, and ${join(kept, path)} would replace it`);
  if (collisions.length > 0) throw new RestoreCollisionError(directory, collisions);
  ensureDirSync(place);
  // If it is left behind, MLflow passes over it.
  const staging = Deno.makeTempDirSync({ dir: place, prefix: ".mltidy-", suffix: ".trash" });
  try {
    await copyTree(kept, staging, { ...options, membership: membershipOf(paths) });
    for (const path of paths) {
      mirrorWayTo(kept, place, path);
      Deno.renameSync(join(staging, path), join(place, path));
    }
    const parents = new Set(paths.flatMap(ancestorsOf).map((path) => join(place, path)));
    await syncDirectories([place, ...parents]);
  } finally {
    Deno.removeSync(staging, { recursive: true });
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
