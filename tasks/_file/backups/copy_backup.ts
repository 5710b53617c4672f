/**
 * Copying a file store, or a part of it, into a backup.
 *
 * *Ordering*, *Locking*, *After an interruption*: see `make_copy.ts`. MLflow knows no lock of ours: a file that it
 * writes to meanwhile is copied again, and if that does not help, the last copy is kept and named.
 *
 * Our own directory is left out, and what `copy_entries.ts` leaves out.
 *
 * @module
 */

import { InvalidArgumentError } from "../../../lib/errors.ts";
import type { BackupProgress, CopyManifest, CopyScope } from "../../../lib/backup/backup.ts";
import { chooseBase, isInScope, type Membership } from "../../../lib/backup/plan_backup.ts";
import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { type Found, walkTree } from "../../_io/tree/walk_tree.ts";
import { ownPaths } from "../own/own_paths.ts";
import { listCopies, type Place } from "./backup_place.ts";
import { beginEntries, countFiles } from "./copy_entries.ts";
import { makeCopy } from "./make_copy.ts";
import { modelsOfRun } from "./with_run.ts";

/** What to copy, and where. */
export interface CopyOptions {
  /** Absolute real path of the store's root. */
  readonly root: string;
  readonly place: Place;
  readonly scope: CopyScope;
  /** Epoch ms. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/**
 * Copies a store, or a part of it, into a new backup. Needs read permission for the store and write
 * permission for the place.
 *
 * @param _locks The locks of the store and of the place.
 * @param options What to copy, and where.
 * @returns The new backup.
 * @throws {InvalidArgumentError} When the store has no such experiment or run.
 * @throws {Error} When the place cannot take it; then nothing is kept.
 * @throws {DOMException} `AbortError` when the signal is aborted; then nothing is kept.
 */
export function copyBackup(
  _locks: readonly Disposable[],
  options: CopyOptions,
): Promise<CopyManifest> {
  const { root, place, scope, now, signal, onProgress } = options;
  const own = ownPaths(root).backups;
  return makeCopy({ store: root, root, place, own, now, signal }, async (staged) => {
    const models = await modelsOfRun(root, scope.kind === "run" ? scope.id : undefined);
    const walk = () => walkStore(root, scope, models);
    const total = await countFiles(walk(), { signal, onProgress });
    if (total === null && "id" in scope) throw noneOf(root, scope);
    const base = chooseBase(await listCopies(place, root), scope);
    using entries = await beginEntries({
      staged,
      root,
      earlier: { backups: place.backups, base },
      total: total ?? { files: 0, bytes: 0 },
      signal,
      onProgress,
    });
    await entries.copyAll(walk());
    return { scope, ...await entries.finish() };
  });
}

function noneOf(
  root: string,
  { kind, id }: Extract<CopyScope, { readonly id: string }>,
): InvalidArgumentError {
  return new InvalidArgumentError(
    `Cannot back up ${kind} ${id}: store ${root} has none of that id; \`${
      shellWords(["deno", "task", "summary", "--store", root])
    }\` lists what it has`,
  );
}

function walkStore(
  root: string,
  scope: CopyScope,
  models: ReadonlySet<string>,
): AsyncGenerator<Found> {
  return walkTree(
    root,
    (path): Membership => path === OWN_DIRECTORY ? "out" : isInScope(scope, path, models),
  );
}
