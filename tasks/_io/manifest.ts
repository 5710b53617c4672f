/**
 * What a backup holds: `.mltidy.trash/backups/ID/manifest.json`, beside `files/` with the store's paths.
 *
 * A manifest is written when a change is done, so a backup without one belongs to a change that was
 * cut off and is settled from its journal.
 *
 * @module
 */

import { join } from "@std/path";
import { asStorePath, type DiskUsage } from "../../lib/model.ts";
import { checkDirectories, checkSteps } from "./check_steps.ts";
import type { Step } from "./journal.ts";
import { free, infoOf, type OwnPaths, syncDirectory, writeDurably } from "./own_directory.ts";
import { listDirectory } from "./read.ts";

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
}

/**
 * Writes a manifest, durably. Needs write permission for the store.
 *
 * @param backups The backups' directory.
 * @param manifest What it says.
 */
export function writeManifest(backups: string, manifest: ChangeManifest): void {
  writeDurably(
    join(backups, manifest.id, "manifest.json"),
    JSON.stringify(manifest, null, 1) + "\n",
  );
}

/**
 * Gives up a backup: one rename takes it out of the backups, then the journal is settled, then what it
 * held is freed. Cut off after the rename, the next change frees the rest of `staging/`. Needs write
 * permission for the store.
 *
 * @param paths Our directory.
 * @param id The backup.
 * @param settle Settles the journal of the change.
 */
export function discard(paths: OwnPaths, id: string, settle: () => void): void {
  const leaving = join(paths.staging, id);
  if (infoOf(join(paths.backups, id)) !== null) {
    Deno.renameSync(join(paths.backups, id), leaving);
    syncDirectory(paths.backups);
  }
  settle();
  free(leaving);
}

/**
 * Reads a backup's manifest. Needs read permission for the store.
 *
 * @param backups The backups' directory.
 * @param id The backup's id.
 * @returns The manifest, or `null` when there is no such backup, it was never finished, or it is no
 * change's but a copy.
 * @throws {SyntaxError} When it is damaged, or of another schema.
 */
export function readManifest(backups: string, id: string): ChangeManifest | null {
  const path = join(backups, asStorePath(id), "manifest.json");
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    const manifest = JSON.parse(text) as ChangeManifest;
    if (manifest.schema !== "mltidy/backup/v1") {
      throw new SyntaxError(`expected schema "mltidy/backup/v1", found "${manifest.schema}"`);
    }
    if (manifest.kind !== "change") return null;
    if (manifest.id !== id) throw new SyntaxError("it is the manifest of another backup");
    checkSteps(manifest.steps);
    checkDirectories(manifest.directories, ["before", "after"]);
    return manifest;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cannot read ${path}: ${message}`, { cause: error });
  }
}

/**
 * Lists the finished backups. Needs read permission for the store.
 *
 * @param backups The backups' directory.
 * @returns Their manifests, newest first.
 */
export function listManifests(backups: string): readonly ChangeManifest[] {
  const listed = listDirectory(backups);
  if (listed.kind === "failed") return [];
  return listed.entries
    .filter((entry) => entry.isDirectory)
    .flatMap((entry) => readManifest(backups, entry.name) ?? [])
    .toSorted((left, right) => right.createdAt - left.createdAt || (left.id < right.id ? 1 : -1));
}
