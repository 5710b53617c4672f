/**
 * What a backup holds: `.mltidy.trash/backups/ID/manifest.json`, beside `files/` with the store's paths.
 *
 * A manifest is written when a change is done, so a backup without one belongs to a change that was
 * cut off and is settled from its journal.
 *
 * @module
 */

import { basename, join } from "@std/path";
import type { CopyManifest, LeftOut } from "../../../lib/backup/backup.ts";
import { newBackupId } from "../../../lib/backup/backup_id.ts";
import { orderAfter, orderOf } from "../../../lib/backup/backup_order.ts";
import { DamagedBackupError, errorMessage } from "../../../lib/errors.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { type DiskUsage, isUsage } from "../../../lib/store/usage.ts";
import { isNewer, isText, isTime } from "../../../lib/text/json.ts";
import { syncDirectory, writeDurably } from "../../_io/durable.ts";
import { moveEntry } from "../../_io/hold.ts";
import { listDirectory, listSome } from "../../_io/list_directory.ts";
import { readEntry } from "../../_io/open_entry.ts";
import { openRegular } from "../../_io/open_regular.ts";
import { type Access, accessOf } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";
import { checkDirectories, checkSteps } from "./check_steps.ts";
import type { Step } from "./journal.ts";
import { freeName } from "./own_directory.ts";
import type { OwnPaths } from "./own_paths.ts";

/** What an apply did, and what is needed to undo it. */
export interface ChangeManifest {
  readonly schema: "mltidy/backup/v1";
  readonly kind: "change";
  readonly id: string;
  readonly task: string;
  /** Absolute real path of the store's root. */
  readonly store: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Its place among all backups, which no clock that was set back disturbs; not in older ones. */
  readonly order?: number;
  /** What was done, in order. */
  readonly steps: readonly Step[];
  /** Modification times of the touched directories, epoch ms. */
  readonly directories: readonly {
    readonly path: string;
    readonly before: number;
    readonly after: number;
  }[];
  /** What left the store. */
  readonly usage: DiskUsage;
  /**
   * Absolute path of the directory of backups from which this was copied, or to which it is being copied: as long as
   * that has it, too, both are one backup.
   */
  readonly twin?: string;
}

/**
 * Writes a manifest, durably. Needs write permission for the store.
 *
 * @param backups The backups' directory.
 * @param manifest What it says.
 * @param access Who may read it at most.
 */
export function writeManifest(
  backups: string,
  manifest: ChangeManifest,
  access: Access | null = null,
): void {
  writeDurably(
    join(backups, manifest.id, "manifest.json"),
    JSON.stringify(manifest, null, 1) + "\n",
    access,
  );
}

/**
 * Says who may read a manifest, for another one that is to stand for it. Needs read permission.
 *
 * @param backups The backups' directory.
 * @param id The backup.
 * @returns Who may; `null` when there is none.
 */
export function accessToManifest(backups: string, id: string): Access | null {
  const info = infoOf(join(backups, id, "manifest.json"));
  return info && accessOf(info);
}

/**
 * Finds an id that no backup has yet, such as `20261123T031438Z-cleanup`. Needs read permission.
 *
 * @param places All directories where backups lie.
 * @param task The task that makes the backup.
 * @param now Epoch ms.
 * @returns The id; ids of later moments come later in the alphabet.
 */
export function freeBackupId(places: readonly string[], task: string, now: number): string {
  return newBackupId(task, now, (id) => places.some((place) => infoOf(join(place, id)) !== null));
}

/** What stands in a manifest before the long lists. */
const HEAD = 8_192;

/**
 * Gives a new backup its place behind all that lie in some directories. Reads only the beginning of each
 * manifest: they may be long, and there may be many. Needs read permission.
 *
 * @param places Directories that hold backups; they need not be there.
 * @param now Epoch ms.
 * @returns Its place, see `orderAfter`.
 * @throws {Error} When not all of them can be listed.
 */
export async function nextOrder(places: readonly string[], now: number): Promise<number> {
  const orders: number[] = [];
  for (const place of places) {
    const listed = await listDirectory(place);
    if (listed.kind === "listed") orders.push(...ordersOf(place, listed.entries));
    else if (!listed.missing) throw new Error(`Cannot list ${place}: ${listed.message}`);
  }
  return orderAfter(orders, now);
}

/**
 * Gives what is left of a change its place behind the backups that can be seen without waiting, which the
 * clock alone mostly gives. Needs read permission.
 *
 * @param place The directory that holds backups.
 * @param now Epoch ms.
 * @returns Its place, see `orderAfter`.
 */
export function orderOfRest(place: string, now: number): number {
  return orderAfter(ordersOf(place, listSome(place)), now);
}

function ordersOf(place: string, entries: readonly Deno.DirEntry[]): readonly number[] {
  const buffer = new Uint8Array(HEAD);
  const decoder = new TextDecoder();
  return entries.flatMap(({ name }) => {
    const head = decoder.decode(headOf(join(place, name, "manifest.json"), buffer));
    const numberOf = (key: string) =>
      Number(new RegExp(`^ "${key}": (-?\\d+),?$`, "m").exec(head)?.[1] ?? NaN);
    const order = orderOf({ createdAt: numberOf("createdAt"), order: numberOf("order") });
    return isTime(order) ? [order] : [];
  });
}

function headOf(path: string, buffer: Uint8Array): Uint8Array {
  try {
    using file = openRegular(path, { links: "refused" });
    return buffer.subarray(0, file.read(buffer));
  } catch {
    // What cannot be read has no place.
    return buffer.subarray(0, 0);
  }
}

/**
 * Gives up a backup: one rename takes it out of the backups, then the journal is settled. What it held is
 * for the caller to free; what is left of it in `staging/`, the next change frees. Needs write permission
 * for the store.
 *
 * @param paths Our directory.
 * @param id The backup.
 * @param settle Settles the journal of the change.
 * @returns Where what it held waits to be freed; nothing is there if there was no backup.
 */
export function discard(paths: OwnPaths, id: string, settle: () => void): string {
  const leaving = freeName(paths.staging, id);
  if (infoOf(join(paths.backups, id)) !== null) {
    moveEntry(join(paths.backups, id), leaving);
    syncDirectory(paths.backups);
  }
  settle();
  return leaving;
}

/** A backup that a newer mltidy wrote: nobody may take it for damaged, let alone remove it for that. */
export class NewerBackupError extends DamagedBackupError {
  /** The store that it says it is of; `null` where it says none. */
  readonly store: string | null;

  /**
   * Makes the error.
   *
   * @param path Where its manifest is.
   * @param manifest What that says.
   */
  constructor(
    path: string,
    { schema, store }: { readonly schema: string; readonly store?: unknown },
  ) {
    super(
      `Cannot read ${path}: expected schema "${SCHEMA}", found "${schema}": a newer version of mltidy wrote it, and can restore it`,
    );
    this.store = isText(store) ? store : null;
  }
}

const SCHEMA = "mltidy/backup/v1";

/**
 * Reads what a backup is. Needs read permission.
 *
 * @param directory The backup's directory.
 * @returns Its manifest, or `null` when there is no such backup, or it was never finished.
 * @throws {DamagedBackupError} When the manifest is damaged, or of another schema; `NewerBackupError` of a newer one.
 */
export function readAnyManifest(directory: string): ChangeManifest | CopyManifest | null {
  const path = join(directory, "manifest.json");
  if (infoOf(directory)?.isSymlink) {
    throw new DamagedBackupError(`Cannot read ${path}: a link leads to it`);
  }
  let text: string;
  try {
    text = readEntry(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    const manifest = JSON.parse(text) as ChangeManifest | CopyManifest;
    if (manifest.schema !== SCHEMA) {
      if (isNewer(manifest.schema, SCHEMA)) throw new NewerBackupError(path, manifest);
      throw new SyntaxError(`expected schema "${SCHEMA}", found "${manifest.schema}"`);
    }
    if (manifest.kind === "copy") checkCopy(manifest);
    else checkChange(manifest, basename(directory));
    return manifest;
  } catch (error) {
    if (error instanceof NewerBackupError) throw error;
    const message = errorMessage(error);
    throw new DamagedBackupError(`Cannot read ${path}: ${message}`, { cause: error });
  }
}

/**
 * Reads the manifest of a change's backup. Needs read permission.
 *
 * @param backups The backups' directory.
 * @param id The backup's id.
 * @returns The manifest, or `null` when there is no such backup, it was never finished, or it is a copy.
 * @throws {DamagedBackupError} When the manifest is damaged, or of another schema.
 */
export function readManifest(backups: string, id: string): ChangeManifest | null {
  const manifest = readAnyManifest(join(backups, asStorePath(id)));
  return manifest?.kind === "change" ? manifest : null;
}

/**
 * Reads the manifest of a copy. Needs read permission.
 *
 * @param directory The backup's directory.
 * @returns The manifest, or `null` when there is no such backup, or it is a change's.
 * @throws {DamagedBackupError} When the manifest is damaged, or of another schema.
 */
export function readCopyManifest(directory: string): CopyManifest | null {
  const manifest = readAnyManifest(directory);
  return manifest?.kind === "copy" ? manifest : null;
}

function checkChange(manifest: ChangeManifest, id: string): void {
  if (manifest.kind !== "change") {
    throw new SyntaxError(`expected kind "change" or "copy", found "${manifest["kind"]}"`);
  }
  if (manifest.id !== id) throw new SyntaxError("it is the manifest of another backup");
  const { task, store, createdAt, steps, directories, usage, twin = "" } = manifest;
  const isSound = isText(task) && isText(store) && isTime(createdAt) &&
    isUsage(usage) && isText(twin) &&
    isOrder(manifest.order);
  if (!isSound) throw new SyntaxError("it does not describe a change of a store");
  checkSteps(steps);
  checkDirectories(directories, ["before", "after"]);
}

function isOrder(order: unknown): boolean {
  return order === undefined || Number.isSafeInteger(order);
}

function isLeftOut(one: Partial<LeftOut> | null): boolean {
  return isText(one?.path) && isText(one.message);
}

/** A copy whose directory was renamed goes by its new name. */
function checkCopy(
  { id, store, createdAt, order, scope, totals, entries, leftOut = [] }: CopyManifest,
): void {
  const hasId = scope?.kind === "full" || scope?.kind === "metadata" ||
    (scope?.kind === "experiment" || scope?.kind === "run") && isText(scope.id);
  const sums = [totals?.files, totals?.bytes, totals?.shared?.bytes, entries?.count];
  const isSound = isText(id) && isText(store) && isTime(createdAt) &&
    isOrder(order) && hasId && Array.isArray(leftOut) && leftOut.every(isLeftOut) &&
    sums.every(Number.isSafeInteger) &&
    isText(entries.sha256);
  if (!isSound) throw new SyntaxError("it does not describe a copy of a store");
}
