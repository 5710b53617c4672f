/**
 * Copying what a walk finds into a backup that is in the making, with a line of `entries.jsonl` for each.
 *
 * Kept is what `write_tree.ts` keeps. Links are copied as links, never followed. Sockets, pipes and devices are left
 * out. In a backup its owner may enter each directory, whatever its mode is in the store; the entries have that mode.
 *
 * @module
 */

import { join } from "@std/path";
import type { BackupProgress, CopyManifest, LeftOut } from "../../../lib/backup/backup.ts";
import { asStorePath, type StorePath } from "../../../lib/store/path.ts";
import { makeLikeParent } from "../../_io/permissions.ts";
import { failureText } from "../../_io/read.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { loadDigest } from "../../_io/tree/digest.ts";
import { hashFile } from "../../_io/tree/hash_file.ts";
import { type LinkedFiles, linkedFiles } from "../../_io/tree/linked_files.ts";
import { type OpenedFile, openInside } from "../../_io/tree/open_inside.ts";
import type { Found } from "../../_io/tree/walk_tree.ts";
import {
  type Attributes,
  attributesOf,
  type Draft,
  isOfPath,
  type TreeWriter,
  UnreadableSource,
  writeTree,
} from "../../_io/tree/write_tree.ts";
import { type EntriesWriter, writeEntries } from "./entries.ts";
import { type EarlierFiles, earlierFiles, type FileEntry } from "./share_files.ts";

/** How often a file is copied that changes meanwhile. */
const ATTEMPTS = 3;

/** How much there is to copy. */
export interface CopyTotal {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Counts the files that a walk finds. Needs read permission.
 *
 * @param walk The walk.
 * @param work The signal, and who is told of progress.
 * @returns How many there are; `null` where it finds nothing at all.
 */
export async function countFiles(
  walk: AsyncIterable<Found>,
  { signal, onProgress }: Pick<CopyJob, "signal" | "onProgress">,
): Promise<CopyTotal | null> {
  const turn = takeTurns(signal);
  let files = 0;
  let bytes = 0;
  let isEmpty = true;
  for await (const found of walk) {
    await turn();
    isEmpty = false;
    if (found.kind !== "file") continue;
    files++;
    bytes += found.info.size;
    onProgress?.({ step: "Counting", files, bytes, total: null });
  }
  return isEmpty ? null : { files, bytes };
}

/** What to copy, and where. */
export interface CopyJob {
  /** Absolute path of the backup in the making. */
  readonly staged: string;
  /** Absolute real path of the directory below which everything lies that is copied. */
  readonly root: string;
  /** The directory of earlier backups, and the one of them to share unchanged files with. */
  readonly earlier: { readonly backups: string; readonly base: CopyManifest | null };
  readonly total: CopyTotal;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** What a copy holds, as its manifest says it. */
export type CopiedEntries = Pick<CopyManifest, "totals" | "entries" | "changing" | "leftOut">;

/** A copy in the making. */
export interface EntriesCopy extends Disposable {
  /** Copies what a walk finds. Paths come in their order, here and from one call to the next. */
  copyAll(walk: AsyncIterable<Found>): Promise<void>;
  /** Adds a file that has been written, durably, below `files/`. */
  add(path: StorePath): Promise<void>;
  /** Makes all of it durable, and tells what it holds. */
  finish(): Promise<CopiedEntries>;
}

/**
 * Begins a copy. Needs read permission for what is copied and write permission for the backup.
 *
 * @param job What to copy, and where; `files/` is made in it.
 * @returns The copy.
 */
export async function beginEntries(job: CopyJob): Promise<EntriesCopy> {
  const { staged, root, total, signal, onProgress } = job;
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
  using stack = new DisposableStack();
  const earlier = stack.use(earlierFiles(job.earlier.backups, job.earlier.base, reading));
  const writer = stack.use(await writeTree(files, reading));
  const entries = stack.use(writeEntries(join(staged, "entries.jsonl"), digest));
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
  const open = stack.move();
  return {
    async copyAll(walk) {
      for await (const found of walk) {
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
    },
    async add(path) {
      const { mode, mtime } = attributesOf(Deno.lstatSync(join(files, path)));
      const filled = await hashFile(files, path, reading);
      addFile(copying, { path, kind: "file", mode, mtime, ...filled });
      done++;
      tell();
    },
    async finish() {
      await writer.finish();
      const { totals, changing, leftOut } = copying;
      return { totals, entries: entries.finish(), changing, leftOut };
    },
    [Symbol.dispose]: () => open.dispose(),
  };
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
