/**
 * Copying a store, or a part of it, into a backup.
 *
 * *Ordering*: everything is written into `staging/ID`, synced and read back, then the manifest, and one
 * rename makes it a backup.
 *
 * *Locking*: the caller holds the store's lock and that of the place. MLflow knows neither: a file that
 * it writes to meanwhile is copied again, and if that does not help, the last copy is kept and named.
 *
 * *After an interruption*: nothing but rubbish in the staging directory, which the next lock empties.
 *
 * Kept is what `write_tree.ts` keeps. Links are copied as links, never followed. Our own directory, sockets,
 * pipes and devices are left out. In a backup its owner may enter each directory, whatever its mode is in the
 * store; the entries have that mode.
 *
 * @module
 */

import { isDiskFull } from "../../_io/disk_full.ts";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { join } from "@std/path";
import type {
  BackupProgress,
  CopyManifest,
  CopyScope,
  LeftOut,
} from "../../../lib/backup/backup.ts";
import { chooseBase, isInScope, type Membership } from "../../../lib/backup/plan_backup.ts";
import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { asStorePath, type StorePath } from "../../../lib/store/path.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { free, syncDirectory, writeAndSync } from "../../_io/durable.ts";
import { moveEntry } from "../../_io/hold.ts";
import { makeLike, makeLikeParent } from "../../_io/permissions.ts";
import { failureText } from "../../_io/read.ts";
import { isAbort, stopped, takeTurns } from "../../_io/take_turns.ts";
import { loadDigest } from "../../_io/tree/digest.ts";
import { type LinkedFiles, linkedFiles } from "../../_io/tree/linked_files.ts";
import { type OpenedFile, openInside } from "../../_io/tree/open_inside.ts";
import { type Found, walkTree } from "../../_io/tree/walk_tree.ts";
import {
  type Attributes,
  attributesOf,
  type Draft,
  isOfPath,
  type TreeWriter,
  UnreadableSource,
  writeTree,
} from "../../_io/tree/write_tree.ts";
import { freeBackupId, nextOrder } from "../own/manifest.ts";
import { ownPaths } from "../own/own_paths.ts";
import { closeBackup, listCopies, type Place } from "./backup_place.ts";
import { type EntriesWriter, writeEntries } from "./entries.ts";
import { modelsOfRun } from "./models_of_run.ts";
import { type EarlierFiles, earlierFiles, type FileEntry } from "./share_files.ts";

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

/** How often a file is copied that changes meanwhile. */
const ATTEMPTS = 3;

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
export async function copyBackup(
  _locks: readonly Disposable[],
  options: CopyOptions,
): Promise<CopyManifest> {
  const { root, place, scope, now } = options;
  const places = [place.backups, ownPaths(root).backups];
  const id = freeBackupId([...places, place.staging], "backup", now);
  const staged = join(place.staging, id);
  try {
    const models = await modelsOfRun(root, scope.kind === "run" ? scope.id : undefined);
    const job: CopyJob = { ...options, models };
    const total = await count(job);
    makeLike(staged, place.backups);
    closeBackup(place, root, staged);
    const order = await nextOrder(places, now);
    const manifest = await copyInto(staged, { id, order }, total, job);
    writeAndSync(join(staged, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
    syncDirectory(join(staged, "files"));
    syncDirectory(staged);
    moveEntry(staged, join(place.backups, id));
    syncDirectory(place.backups);
    return manifest;
  } catch (error) {
    // What stays, the next lock removes.
    free(staged);
    if (error instanceof RangeError) throw error;
    if (isAbort(error, options.signal)) {
      throw stopped("Backup stopped: nothing of it was kept", error);
    }
    throw new Error(
      `Cannot back up store ${root} into ${place.backups}: ${
        failureText(error)
      }; nothing was kept, and the store is as it was${isDiskFull(error) ? MAKE_ROOM : ""}`,
      { cause: error },
    );
  }
}

/** What helps where there is no room for a copy. */
const MAKE_ROOM = "; make room there, or name a directory on another disk with --backups";

/** What to copy, once it is known which logged models a run has logged. */
interface CopyJob extends CopyOptions {
  readonly models: ReadonlySet<string>;
}

interface Total {
  readonly files: number;
  readonly bytes: number;
}

async function count({ root, scope, models, signal, onProgress }: CopyJob): Promise<Total> {
  const turn = takeTurns(signal);
  let files = 0;
  let bytes = 0;
  let isEmpty = true;
  for await (const found of walkStore(root, scope, models)) {
    await turn();
    isEmpty = false;
    if (found.kind !== "file") continue;
    files++;
    bytes += found.info.size;
    onProgress?.({ step: "Counting", files, bytes, total: null });
  }
  if (isEmpty && "id" in scope) {
    throw new InvalidArgumentError(
      `Cannot back up ${scope.kind} ${scope.id}: store ${root} has none of that id; \`${
        shellWords(["deno", "task", "summary", "--store", root])
      }\` lists what it has`,
    );
  }
  return { files, bytes };
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

/** The state of one copy: where it goes, and what was met so far. */
interface Copying {
  readonly root: string;
  readonly earlier: EarlierFiles;
  readonly writer: TreeWriter;
  readonly entries: EntriesWriter;
  readonly linked: LinkedFiles<FileEntry>;
  readonly totals: {
    directories: number;
    files: number;
    links: number;
    bytes: number;
    shared: { files: number; bytes: number };
  };
  readonly changing: StorePath[];
  readonly leftOut: LeftOut[];
}

async function copyInto(
  staged: string,
  { id, order }: { readonly id: string; readonly order: number },
  total: Total,
  job: CopyJob,
): Promise<CopyManifest> {
  const { root, place, scope, models, now, signal, onProgress } = job;
  const files = join(staged, "files");
  makeLikeParent(files);
  const digest = await loadDigest();
  const turn = takeTurns(signal);
  let done = 0;
  let bytes = 0;
  const tell = () => onProgress?.({ step: "Copying", files: done, bytes, total });
  const onBytes = (more: number) => {
    bytes += more;
    tell();
  };
  const reading = { digest, turn, onBytes };
  const base = chooseBase(await listCopies(place, root), scope);
  using earlier = earlierFiles(place.backups, base, reading);
  using writer = await writeTree(files, reading);
  using entries = writeEntries(join(staged, "entries.jsonl"), digest);
  const copying: Copying = {
    root,
    earlier,
    writer,
    entries,
    linked: linkedFiles(),
    totals: { directories: 0, files: 0, links: 0, bytes: 0, shared: { files: 0, bytes: 0 } },
    changing: [],
    leftOut: [],
  };
  for await (const found of walkStore(root, scope, models)) {
    await turn();
    try {
      await copyOne(copying, found);
    } catch (error) {
      if (!isOfPath(error)) throw error;
      copying.leftOut.push({
        path: found.path,
        because: "unreadable",
        message: `it cannot be copied: ${failureText(error)}`,
      });
    }
    if (found.kind === "file") done++;
    tell();
  }
  await writer.finish();
  return {
    schema: "mltidy/backup/v1",
    kind: "copy",
    id,
    task: "backup",
    store: root,
    createdAt: now,
    order,
    scope,
    totals: copying.totals,
    entries: entries.finish(),
    changing: copying.changing,
    leftOut: copying.leftOut,
  };
}

async function copyOne(copying: Copying, found: Found): Promise<void> {
  const { root, writer, entries, totals, leftOut } = copying;
  const { path } = found;
  switch (found.kind) {
    case "unreadable":
      leftOut.push({ path, because: "unreadable", message: found.message });
      return;
    case "special":
      leftOut.push({ path, because: "special", message: "it is a socket, pipe or device" });
      return;
    case "directory": {
      const attributes = attributesOf(found.info);
      const { mode, mtime } = attributes;
      await writer.directory(path, { ...attributes, mode: mode | 0o700 });
      entries.add({ path: asStorePath(path), kind: "directory", mode, mtime });
      totals.directories++;
      return;
    }
    case "link": {
      const target = readLink(join(root, path));
      if (target === null) {
        leftOut.push({ path, because: "unreadable", message: "it changed while it was read" });
        return;
      }
      const attributes = attributesOf(found.info);
      await writer.link(path, target, attributes);
      const { mtime } = attributes;
      entries.add({ path: asStorePath(path), kind: "link", target, mtime });
      totals.links++;
      return;
    }
    case "file": {
      const shared = await copying.earlier.find(path, found.info);
      const attributes = attributesOf(found.info);
      if (shared !== null && await writer.share(path, shared.place, attributes)) {
        addFile(copying, shared.entry);
        copying.linked.remember(found.info, shared.entry);
        totals.shared.files++;
        totals.shared.bytes += shared.entry.size;
        return;
      }
      await copyFile(copying, found.info, path);
    }
  }
}

function readLink(place: string): string | null {
  try {
    return Deno.readLinkSync(place);
  } catch {
    return null;
  }
}

function addFile({ entries, totals }: Copying, entry: FileEntry): void {
  entries.add(entry);
  totals.files++;
  totals.bytes += entry.size;
}

async function copyFile(copying: Copying, info: Deno.FileInfo, path: string): Promise<void> {
  const { writer, linked, changing, leftOut } = copying;
  const draft = await writer.file(path);
  for (let attempt = 1;; attempt++) {
    const outcome = await fillFrom(copying.root, path, draft);
    if (outcome.kind === "changed" && attempt < ATTEMPTS) continue;
    if (outcome.kind === "gone" || outcome.kind === "unreadable") {
      draft.drop();
      // A file that was removed since it was found is none of this moment's.
      if (outcome.kind === "unreadable") {
        leftOut.push({ path, because: "unreadable", message: outcome.message });
      }
      return;
    }
    const { size, sha256, attributes } = outcome;
    await draft.settle(attributes);
    const { mode, mtime } = attributes;
    const entry = { path: asStorePath(path), kind: "file", size, mode, mtime, sha256 } as const;
    addFile(copying, entry);
    linked.remember(info, entry);
    if (outcome.kind === "changed") changing.push(asStorePath(path));
    return;
  }
}

type Fill =
  | {
    readonly kind: "same" | "changed";
    readonly size: number;
    readonly sha256: string;
    readonly attributes: Attributes;
  }
  | { readonly kind: "gone" }
  | { readonly kind: "unreadable"; readonly message: string };

async function fillFrom(root: string, path: string, draft: Draft): Promise<Fill> {
  try {
    using opened = open(root, path);
    const { file, info } = opened;
    const filled = await draft.fill(file, info.size);
    const after = file.statSync();
    const isSame = after.size === info.size && after.mtime?.getTime() === info.mtime?.getTime();
    return { kind: isSame ? "same" : "changed", ...filled, attributes: attributesOf(info) };
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error;
    if (error.cause instanceof Deno.errors.NotFound) return { kind: "gone" };
    return { kind: "unreadable", message: failureText(error.cause) };
  }
}

function open(root: string, path: string): OpenedFile {
  try {
    return openInside(root, path);
  } catch (error) {
    throw new UnreadableSource(error);
  }
}
