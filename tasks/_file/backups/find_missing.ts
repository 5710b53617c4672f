/**
 * What of a copy backup is missing in a store or another place, and what is in the way.
 *
 * @module
 */

import { InvalidArgumentError } from "../../../lib/errors.ts";
import { dirname, join } from "@std/path";
import type { BackupEntry } from "../../../lib/backup/backup.ts";
import { isSelected } from "../../../lib/backup/plan_backup.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import { infoOf } from "../../_io/read.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { type Digest, loadDigest } from "../../_io/tree/digest.ts";
import { hashFile } from "../../_io/tree/hash_file.ts";
import type { Selection } from "../change/select_steps.ts";
import { readCopyManifest } from "../own/manifest.ts";
import { readEntries } from "./entries.ts";
import { modelsOfRun } from "./with_run.ts";

/** What is to be brought back, and where. */
export interface BringBackJob {
  /** Absolute real path of the backup. */
  readonly directory: string;
  readonly selection: Selection;
  /** Absolute path of the store's root, or of another place. */
  readonly root: string;
  /** In a store, what is the same may stay, and what comes back must fit to what is there. */
  readonly isStore: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What there is to bring back. */
export interface Missing {
  /** The topmost files, links and directories that are missing, in the order of paths. */
  readonly trees: readonly StorePath[];
  readonly files: number;
  readonly bytes: number;
  /** What is in the way, with both sides named. */
  readonly collisions: readonly string[];
}

/**
 * Finds what a place misses of a copy backup, and what is in the way. Touches nothing; needs read
 * permission.
 *
 * @param job What is to be brought back, and where.
 * @returns What there is to bring back.
 * @throws {InvalidArgumentError} When the backup holds nothing of the selection, or is no copy.
 * @throws {DamagedBackupError} When the manifest or the list of entries is damaged.
 */
export async function findMissing(job: BringBackJob): Promise<Missing> {
  const { directory, selection, root, isStore, signal } = job;
  const digest = await loadDigest();
  const turn = takeTurns(signal);
  const models = await modelsOfRun(join(directory, "files"), selection.run);
  const trees: StorePath[] = [];
  const collisions: string[] = [];
  let files = 0;
  let bytes = 0;
  let selected = 0;
  let blocked = "";
  for (const entry of entriesOf(directory, digest)) {
    await turn();
    const { path } = entry;
    const member = isSelected(selection, path, models);
    if (member === "in") selected++;
    if (member === "out" || isBelow(path, blocked)) continue;
    const kept = join(directory, "files", path);
    const isMissing = isBelow(path, trees.at(-1) ?? "");
    const there = isMissing ? null : infoOf(join(root, path));
    if (member === "on-the-way" && there === null) continue;
    const collision = there !== null
      ? await collisionWith(there, entry, kept, { root, mayStay: isStore || member !== "in" }, {
        digest,
        turn,
      })
      : isStore
      ? misfitOf(root, path, kept, isMissing)
      : null;
    if (collision !== null) {
      collisions.push(collision);
      blocked = path;
      continue;
    }
    if (there !== null) continue;
    if (!isMissing) trees.push(path);
    if (entry.kind !== "file") continue;
    files++;
    bytes += entry.size;
  }
  const { experiment, run } = selection;
  if (selected === 0 && (experiment ?? run) !== undefined) {
    const wanted = run === undefined ? `experiment ${experiment}` : `run ${run}`;
    throw new InvalidArgumentError(`Cannot restore ${wanted}: ${directory} holds nothing of it`);
  }
  return { trees, files, bytes, collisions };
}

/** What stands in the target at the path of an entry: nothing to mind, or a collision in words. */
async function collisionWith(
  there: Deno.FileInfo,
  entry: BackupEntry,
  kept: string,
  { root, mayStay }: { readonly root: string; readonly mayStay: boolean },
  reading: { readonly digest: Digest; readonly turn: () => Promise<void> },
): Promise<string | null> {
  const place = join(root, entry.path);
  const exists = `${place} exists, and ${kept} would replace it`;
  if (!mayStay) return exists;
  if (entry.kind === "directory") return there.isDirectory ? null : exists;
  const changed = `${place} was changed since, and ${kept} would replace it`;
  if (entry.kind === "link") {
    return there.isSymlink && Deno.readLinkSync(place) === entry.target ? null : changed;
  }
  if (!there.isFile || there.size !== entry.size) return changed;
  if (there.mtime?.getTime() === entry.mtime) return null;
  const { sha256 } = await hashFile(root, entry.path, reading);
  return sha256 === entry.sha256 ? null : changed;
}

/** The path of a logged model, which lies in an experiment. */
const LOGGED_MODEL = /^((?:\.trash\/)?[^/]+)\/models\/[^/]+$/;

/** Something missing that would not fit into the store as it is now. */
function misfitOf(
  root: string,
  path: StorePath,
  kept: string,
  parentComes: boolean,
): string | null {
  // A folder of logged models comes with the first of them.
  const [, experiment = dirname(path)] = LOGGED_MODEL.exec(path) ?? [];
  const parent = join(root, experiment);
  if (!parentComes && infoOf(parent) === null) {
    return `${parent} is gone, and ${kept} belongs into it; restore the whole experiment`;
  }
  const id = path.replace(/^\.trash\//, "");
  if (id.includes("/")) return null;
  const twin = join(root, path === id ? `.trash/${id}` : id);
  return infoOf(twin) === null
    ? null
    : `${twin} is the same experiment, and ${kept} would double it`;
}

/**
 * Tells whether a path is a tree's root or lies in it.
 *
 * @param path A path.
 * @param tree The tree's root; empty for none.
 * @returns Whether the tree has it.
 */
export function isBelow(path: string, tree: string): boolean {
  return tree !== "" && (path === tree || path.startsWith(`${tree}/`));
}

/**
 * Reads what a copy backup holds, one by one. Needs read permission.
 *
 * @param directory The backup.
 * @param digest SHA-256.
 * @returns The entries, in the order of paths.
 * @throws {InvalidArgumentError} When there is no copy backup.
 * @throws {DamagedBackupError} When the manifest or the list of entries is damaged.
 */
export function entriesOf(directory: string, digest: Digest): Generator<BackupEntry> {
  const manifest = readCopyManifest(directory);
  if (manifest === null) {
    throw new InvalidArgumentError(`Cannot restore from ${directory}: it is no copy of a store`);
  }
  return readEntries(join(directory, "entries.jsonl"), manifest.entries, digest);
}
