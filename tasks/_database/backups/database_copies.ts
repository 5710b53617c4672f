/**
 * Copies of a database behind the port to backups, beside what was changed in it.
 *
 * ```
 * mlflow.db.mltidy/backups/ID/    or DIR/ID/
 *   manifest.json, entries.jsonl  as those of any copy
 *   files/mlflow.db               the database, by the name of its file
 *   files/mlruns/                 its artifacts, by the name of their root
 * ```
 *
 * *Ordering*: the database first, then artifacts, so that the copy has what its rows name.
 *
 * *Locking*: the caller holds the store's lock. MLflow knows nothing of it, see `copy_database.ts`.
 *
 * *After an interruption*: see `make_copy.ts`.
 *
 * A copy is never brought back into its store: rows that were written since would be lost.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { BackupListing, CopyManifest, CopyScope } from "../../../lib/backup/backup.ts";
import { newestFirst } from "../../../lib/backup/backup_order.ts";
import { chooseBase, comparePaths } from "../../../lib/backup/plan_backup.ts";
import { InvalidArgumentError, UnsupportedStoreError } from "../../../lib/errors.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { sqliteUri } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import {
  listBackups,
  listCopies,
  listedInOrder,
  lockPlace,
  type Place,
  placeOf,
  removeBackup,
  targetOf,
} from "../../_file/backups/backup_place.ts";
import { extractCopy } from "../../_file/backups/bring_back.ts";
import { beginEntries, countFiles } from "../../_file/backups/copy_entries.ts";
import { findOnlyCopies } from "../../_file/backups/find_only_copies.ts";
import { makeCopy } from "../../_file/backups/make_copy.ts";
import { verifyBackup } from "../../_file/backups/verify_backup.ts";
import { readCopyManifest } from "../../_file/own/manifest.ts";
import { emptyStaging } from "../../_file/own/own_directory.ts";
import { syncDirectory } from "../../_io/durable.ts";
import { makeLikeParent, makePassage } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import {
  type BackupPreview,
  type Backups,
  type BackupWork,
  type LockedBackups,
  NAME_NO_DIRECTORY,
} from "../../ports/backups.ts";
import { statePaths } from "../log/state_directory.ts";
import { refuseAmong } from "../trees/among_artifacts.ts";
import type { Serving } from "../trees/served_artifacts.ts";
import { type Artifacts, artifactsOf, walkArtifacts } from "./artifacts_of.ts";
import { copyDatabase } from "./copy_database.ts";

/** Which database, and where its copies lie. */
export interface CopiesOptions {
  /** Absolute real path of the database's file. */
  readonly path: string;
  /** Knows where a server keeps its artifacts. */
  readonly serving: Serving;
  /** A directory of the user's; `null` for our own. */
  readonly directory: string | null;
  /** The clock, epoch ms. */
  readonly now: () => number;
}

/** A database, and what knows where its artifacts lie. */
type Copied = Pick<CopiesOptions, "path" | "serving">;

const SCOPES: readonly CopyScope["kind"][] = ["full", "metadata"];

/**
 * Adds the copies of a database to what was changed in it. Needs read permission.
 *
 * @param changes What was changed.
 * @param options Which database, and where its copies lie.
 * @returns Both.
 * @throws {InvalidArgumentError} When the directory lies among the artifacts, or is ours.
 */
export function withCopies(changes: Backups, options: CopiesOptions): Backups {
  return bothOf(changes, options, placeOfCopies(options));
}

/**
 * Adds the same for this process alone. Needs read and write permission.
 *
 * @param changes What was changed, for whoever holds the lock of the database.
 * @param options Which database, and where its copies lie.
 * @returns Both.
 * @throws {InvalidArgumentError} When the directory lies among the artifacts, or is ours.
 * @throws {StoreLockedError} When another process writes there.
 */
export function withLockedCopies(changes: LockedBackups, options: CopiesOptions): LockedBackups {
  const { path, now } = options;
  const place = placeOfCopies(options);
  const lock = lockPlace(place, dirname(path));
  const { directory, backups, staging } = statePaths(path);
  if (infoOf(staging) !== null) emptyStaging(staging);
  const ensure = () => {
    if (place.isShared || infoOf(backups) !== null && infoOf(staging) !== null) return;
    makeLikeParent(backups);
    makePassage(staging);
    syncDirectory(directory);
  };
  const both = bothOf(changes, options, place);
  return {
    ...changes,
    ...both,
    copy(scope, work = {}) {
      ensure();
      return copyInto(place, options, scope, now(), work);
    },
    async bringBack(id, selection = {}, work = {}) {
      if (await findCopy(path, place, id) !== null) throw onlyApart(path, place, id);
      return await changes.bringBack(id, selection, work);
    },
    async remove(id, work = {}) {
      let isFree: boolean | null = null;
      for (const one of placesOf(path, place)) {
        if ((await copiesIn([one], path, id)).length === 0) continue;
        isFree = await removeBackup(lock, one, id, work) && isFree !== false;
      }
      return isFree ?? await changes.remove(id, work);
    },
    async [Symbol.asyncDispose]() {
      lock[Symbol.dispose]();
      await changes[Symbol.asyncDispose]();
    },
  };
}

function placeOfCopies({ path, serving, directory }: CopiesOptions): Place {
  const state = statePaths(path);
  const place = placeOf(path, state, directory);
  if (!place.isShared) return place;
  refuseInside({ path, serving }, place.backups, "keep backups in", NAME_NO_DIRECTORY);
  return place;
}

/** Nothing may come between what MLflow has written, and nothing into a directory of ours. */
function refuseInside(
  { path, serving }: Copied,
  real: string,
  what: string,
  instead: string,
): void {
  const places = [artifactsOf(path, serving).root, statePaths(path).directory];
  refuseAmong(real, places, { what, instead, location: sqliteUri(path) });
}

/** A place of the user's, and behind it our own. */
function placesOf(path: string, place: Place): readonly Place[] {
  const { backups, staging } = statePaths(path);
  return place.isShared ? [place, { backups, staging, lock: null, isShared: false }] : [place];
}

async function copiesIn(
  places: readonly Place[],
  path: string,
  wanted?: string,
): Promise<readonly BackupListing[]> {
  const listed: BackupListing[] = [];
  for (const place of places) listed.push(...await listBackups(place, sqliteUri(path), wanted));
  return listed.filter(({ kind }) => kind !== "change");
}

async function findCopy(path: string, place: Place, id: string): Promise<BackupListing | null> {
  return (await copiesIn(placesOf(path, place), path, id))[0] ?? null;
}

function bothOf(changes: Backups, { path, serving }: Copied, place: Place): Backups {
  const places = placesOf(path, place);
  return {
    ...changes,
    directory: place.backups,
    scopes: SCOPES,
    async list() {
      return listedInOrder([...await copiesIn(places, path), ...await changes.list()]);
    },
    async verify(id, work = {}) {
      const copy = await findCopy(path, place, id);
      const manifest = copy === null ? null : readCopyManifest(copy.path);
      if (copy === null || manifest === null) return await changes.verify(id, work);
      return { ...await verifyBackup(Deno.realPathSync(copy.path), manifest, work), id };
    },
    async preview(id, selection = {}) {
      const copy = await findCopy(path, place, id);
      if (copy?.kind !== "copy") return await changes.preview(id, selection);
      const apart = onlyApart(path, place, id).message;
      const preview = { backup: copy, changes: copy.files, items: [], collisions: [], apart };
      return preview satisfies BackupPreview;
    },
    async extract(id, to, selection = {}, work = {}) {
      const copy = await findCopy(path, place, id);
      if (copy === null) return await changes.extract(id, to, selection, work);
      if (selection.experiment !== undefined || selection.run !== undefined) {
        throw new InvalidArgumentError(
          `Cannot copy a part of ${id}: the copy of a database comes as a whole; leave out --experiment and --run`,
        );
      }
      const target = targetOf(path, to);
      refuseInside({ path, serving }, target, "copy to", "leave it where it is");
      const { trees, faults } = await extractCopy(Deno.realPathSync(copy.path), {}, target, work);
      return { changes: trees.length, faults };
    },
    async onlyCopies(candidates, work = {}) {
      const copies: (CopyManifest & { readonly directory: string })[] = [];
      for (const one of places) {
        for (const manifest of await listCopies(one, sqliteUri(path))) {
          copies.push({ ...manifest, directory: join(one.backups, manifest.id) });
        }
      }
      // Rows are in every copy as they were at its moment.
      const except = new Set(copies.flatMap(({ database }) => database?.file ?? []));
      const root = artifactsOf(path, serving).base;
      return await findOnlyCopies({
        ...{ root, copies: newestFirst(copies), candidates, except },
        ...work,
      });
    },
  };
}

async function copyInto(
  place: Place,
  { path, serving }: Copied,
  scope: CopyScope,
  now: number,
  work: BackupWork,
): Promise<CopyManifest> {
  const store = sqliteUri(path);
  const { backups: own } = statePaths(path);
  const root = dirname(path);
  const { signal } = work;
  return await makeCopy({ store, root, place, own, now, signal }, async (staged) => {
    const found = artifactsOf(path, serving);
    const artifacts: Artifacts = scope.kind === "full" ? found : { ...found, root: null };
    const folder = artifacts.root === null ? null : basename(artifacts.root);
    const file = asStorePath(`${basename(path)}${folder === basename(path) ? ".db" : ""}`);
    const counted = await countFiles(walkArtifacts(path, artifacts), work);
    const { files, bytes } = counted ?? { files: 0, bytes: 0 };
    const base = chooseBase(await listCopies(place, store), scope);
    using entries = await beginEntries({
      staged,
      root: artifacts.base,
      earlier: { backups: place.backups, base },
      total: { files: files + 1, bytes: bytes + Deno.statSync(path).size },
      ...work,
    });
    const { rows } = await copyDatabase(path, join(staged, "files", file));
    const isFirst = folder === null || comparePaths(file, folder) < 0;
    if (isFirst) await entries.add(file);
    await entries.copyAll(walkArtifacts(path, artifacts));
    if (!isFirst) await entries.add(file);
    const { elsewhere } = artifacts;
    const database = { file, rows, artifacts: artifacts.root, elsewhere };
    return { scope, database, ...await entries.finish() };
  });
}

function onlyApart(path: string, { backups, isShared }: Place, id: string): UnsupportedStoreError {
  const store = sqliteUri(path);
  const command = shellWords([
    ...["deno", "task", "restore", id, "--to", "DIR"],
    ...(isShared ? ["--backups", backups] : []),
    ...["--store", store],
  ]);
  return new UnsupportedStoreError(
    `Cannot bring ${id} back into store ${store}: what MLflow has written since would be lost; \`${command}\` copies it to another place, and says how to put it into this one`,
    store,
  );
}
