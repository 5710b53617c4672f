/**
 * Bringing back what a copy backup holds, into its store or to another place.
 *
 * *Ordering*: every collision is found before anything is written. What is missing is written into a
 * staging directory, synced and read back; then each missing tree comes into its place by one rename.
 *
 * *Locking*: the caller holds the store's lock when the target is the store.
 *
 * *After an interruption*: some of what was missing is back, each tree whole, and the rest is not; doing
 * it again brings back the rest.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "@std/path";
import type { BackupEntry, BackupFault, BackupProgress } from "../../../lib/backup/backup.ts";
import { RestoreCollisionError } from "../../../lib/errors.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import { removeTree, syncDirectoryThere } from "../../_io/durable.ts";
import { holdEntry } from "../../_io/hold.ts";
import {
  type Access,
  accessOf,
  makeLikeParent,
  mirrorWayTo,
  setAccess,
} from "../../_io/permissions.ts";
import { failureText, infoOf } from "../../_io/read.ts";
import { isAbort, stopped, takeTurns } from "../../_io/take_turns.ts";
import { loadDigest } from "../../_io/tree/digest.ts";
import { linkedFiles } from "../../_io/tree/linked_files.ts";
import { type OpenedFile, openInside } from "../../_io/tree/open_inside.ts";
import {
  type Attributes,
  attributesOf,
  type Draft,
  UnreadableSource,
  writeTree,
} from "../../_io/tree/write_tree.ts";
import type { Selection } from "../change/select_steps.ts";
import type { OwnPaths } from "../own/own_paths.ts";
import {
  type BringBackJob,
  entriesOf,
  findMissing,
  isBelow,
  type Missing,
} from "./find_missing.ts";

/** How to bring back. */
export interface BringBackOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** What was brought back. */
export interface BroughtBack {
  /** The topmost files and directories that were missing, and are there now. */
  readonly trees: readonly StorePath[];
  readonly files: number;
  readonly bytes: number;
  /** What the backup could not give since it is damaged. */
  readonly faults: readonly BackupFault[];
}

/**
 * Copies what a copy backup holds to another place, under the paths of the store, with times and modes.
 * Needs read permission for the backup and write permission for the target.
 *
 * @param directory Absolute real path of the backup.
 * @param selection An experiment, a run, or everything.
 * @param target Where it goes; made when it is not there.
 * @param options How to.
 * @returns What was copied.
 * @throws {InvalidArgumentError} When the backup holds nothing of the selection.
 * @throws {RestoreCollisionError} When something stands at a path that is to be written; then nothing was.
 * @throws {DamagedBackupError} When the manifest or the list of entries is damaged; then nothing was written.
 */
export async function extractCopy(
  directory: string,
  selection: Selection,
  target: string,
  options: BringBackOptions = {},
): Promise<BroughtBack> {
  const job = { directory, selection, root: resolve(target), isStore: false, ...options };
  const missing = await findMissing(job);
  refuseCollisions(directory, missing);
  Deno.mkdirSync(target, { recursive: true });
  const root = Deno.realPathSync(target);
  // If it is left behind, MLflow passes over it.
  const staging = Deno.makeTempDirSync({ dir: root, prefix: ".mltidy-", suffix: ".trash" });
  try {
    return await bringBack(missing, { ...job, root, staging });
  } finally {
    removeTree(staging);
  }
}

/**
 * Brings back into a store what it misses of a copy backup. What is still there, the same, stays as it
 * is; what is there but different is a collision. Needs read and write permission for the store.
 *
 * @param _lock The store's lock.
 * @param root Absolute real path of the store's root.
 * @param paths Our directory.
 * @param directory Absolute real path of the backup.
 * @param selection An experiment, a run, or everything.
 * @param options How to.
 * @returns What was brought back.
 * @throws {InvalidArgumentError} When the backup holds nothing of the selection.
 * @throws {RestoreCollisionError} When something is in the way; then nothing was moved.
 * @throws {DamagedBackupError} When the manifest or the list of entries is damaged; then nothing was moved.
 */
export async function restoreFromCopy(
  _lock: Disposable,
  root: string,
  paths: OwnPaths,
  directory: string,
  selection: Selection,
  options: BringBackOptions = {},
): Promise<BroughtBack> {
  const job = { directory, selection, root, isStore: true, ...options };
  const missing = await findMissing(job);
  refuseCollisions(directory, missing);
  return await bringBack(missing, { ...job, staging: paths.staging });
}

function refuseCollisions(directory: string, { collisions }: Missing): void {
  if (collisions.length > 0) throw new RestoreCollisionError(basename(directory), collisions);
}

type Job = BringBackJob & BringBackOptions & { readonly staging: string };

async function bringBack(missing: Missing, job: Job): Promise<BroughtBack> {
  const { directory, root } = job;
  const staged = join(job.staging, "restore");
  makeLikeParent(staged);
  try {
    const written = await stage(staged, missing, job);
    const digest = await loadDigest();
    // From here on nothing is asked whether to stop.
    for (const tree of written.trees) moveInto(root, tree, staged);
    finishDirectories(root, written.trees, entriesOf(directory, digest));
    return written;
  } catch (error) {
    if (!isAbort(error, job.signal)) throw error;
    throw stopped("Restore stopped: nothing was brought back", error);
  } finally {
    removeTree(staged);
  }
}

/** Writes the missing trees into a staging directory, under the paths that they have in the store. */
async function stage(
  staged: string,
  missing: Missing,
  { directory, signal, onProgress }: Job,
): Promise<BroughtBack> {
  const { trees } = missing;
  const kept = join(directory, "files");
  const digest = await loadDigest();
  const turn = takeTurns(signal);
  const faults: BackupFault[] = [];
  const lost = new Set<string>();
  let files = 0;
  let bytes = 0;
  const tell = () => onProgress?.({ step: "Bringing back", files, bytes, total: missing });
  const linked = linkedFiles<{ readonly path: string; readonly sha256: string }>();
  using writer = await writeTree(staged, {
    digest,
    turn,
    onBytes: (more) => {
      bytes += more;
      tell();
    },
  });
  for (const { entry, tree } of withTrees(trees, entriesOf(directory, digest))) {
    await turn();
    if (tree === null) continue;
    const { path } = entry;
    if (path === tree) mirrorWayTo(kept, staged, path);
    const info = infoOf(join(kept, path)) ?? Deno.statSync(staged);
    switch (entry.kind) {
      case "directory": {
        const attributes = attributesBack(entry, info);
        await writer.directory(path, { ...attributes, mode: attributes.mode | 0o700 });
        continue;
      }
      case "link":
        await writer.link(path, entry.target, { ...attributesOf(info), mtime: entry.mtime });
        continue;
      case "file": {
        const known = linked.find(info);
        if (known?.sha256 === entry.sha256 && await writer.again(path, known.path)) {
          files++;
          continue;
        }
        const draft = await writer.file(path);
        const fault = await copyBack(kept, entry, draft);
        if (fault === null) {
          await draft.settle(attributesBack(entry, info));
          linked.remember(info, entry);
          files++;
        } else {
          draft.drop();
          faults.push(fault);
          lost.add(path);
        }
        tell();
      }
    }
  }
  await writer.finish();
  return { trees: trees.filter((tree) => !lost.has(tree)), files, bytes, faults };
}

/**
 * The list is what the backup's makers say, its files are what they could make: nobody but an owner could
 * make a file that lends the owner's rights, nor give a group what the list says that it may do.
 */
function attributesBack(
  { mode, mtime }: { readonly mode: number; readonly mtime: number },
  info: Deno.FileInfo,
): Attributes {
  const kept = accessOf(info);
  return { ...kept, mode: mode & (0o1707 | kept.mode & 0o6070), mtime };
}

async function copyBack(
  kept: string,
  entry: Extract<BackupEntry, { readonly kind: "file" }>,
  draft: Draft,
): Promise<BackupFault | null> {
  const { path, size, sha256 } = entry;
  try {
    using source = open(kept, path);
    const filled = await draft.fill(source.file, source.info.size);
    if (filled.sha256 === sha256) return null;
    const message = filled.size === size
      ? `expected SHA-256 ${sha256}, found ${filled.sha256}`
      : `expected ${size} bytes, found ${filled.size}`;
    return { path, kind: "changed", message };
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error;
    const kind = error.cause instanceof Deno.errors.NotFound ? "missing" : "unreadable";
    return { path, kind, message: failureText(error.cause) };
  }
}

function open(base: string, path: string): OpenedFile {
  try {
    return openInside(base, path);
  } catch (error) {
    throw new UnreadableSource(error);
  }
}

function moveInto(root: string, tree: StorePath, staged: string): void {
  const target = join(root, tree);
  mirrorWayTo(staged, root, tree);
  using from = holdEntry(join(staged, tree));
  using to = holdEntry(target);
  if (infoOf(to.path) !== null) {
    throw new Error(
      `Cannot bring back ${target}: something was put there meanwhile; what came before is back`,
    );
  }
  Deno.renameSync(from.path, to.path);
}

/**
 * Gives directories what they could not have while they were written: those that forbid their owner to
 * enter their mode, those that something came back into the time that the backup has.
 */
function finishDirectories(
  root: string,
  trees: readonly StorePath[],
  entries: Generator<BackupEntry>,
): void {
  const parents = new Set<string>(trees.map((tree) => dirname(tree)));
  const closed: (readonly [place: string, access: Access])[] = [];
  for (const { entry, tree } of withTrees(trees, entries)) {
    if (entry.kind !== "directory") continue;
    const place = join(root, entry.path);
    const isNew = tree !== null;
    if (isNew && (entry.mode & 0o700) !== 0o700) {
      closed.push([place, attributesBack(entry, Deno.lstatSync(place))]);
    }
    if (!isNew && parents.has(entry.path)) {
      Deno.utimeSync(place, new Date(entry.mtime), new Date(entry.mtime));
    }
  }
  for (const parent of parents) syncDirectoryThere(join(root, parent));
  for (const [place, access] of closed.toReversed()) setAccess(place, access);
}

interface Placed {
  readonly entry: BackupEntry;
  /** The tree that it lies in; `null` for none. */
  readonly tree: StorePath | null;
}

/** Trees are in the order of the entries, so both are gone through once. */
function* withTrees(
  trees: readonly StorePath[],
  entries: Generator<BackupEntry>,
): Generator<Placed> {
  let index = -1;
  for (const entry of entries) {
    if (entry.path === trees[index + 1]) index++;
    const tree = trees[index];
    yield { entry, tree: tree !== undefined && isBelow(entry.path, tree) ? tree : null };
  }
}
