/**
 * Sharing unchanged files with an earlier backup.
 *
 * *Ordering*: the earlier file is read again before it is shared: one that has rotted is copied afresh
 * from the store, not handed on.
 *
 * @module
 */

import { join } from "@std/path";
import type { BackupEntry, CopyManifest } from "../../../lib/backup/backup.ts";
import { comparePaths, isUnchanged } from "../../../lib/backup/plan_backup.ts";
import type { Digest } from "../../_io/tree/digest.ts";
import { hashFile } from "../../_io/tree/hash_file.ts";
import { readEntries } from "./entries.ts";

/** A file in a list of entries. */
export type FileEntry = Extract<BackupEntry, { readonly kind: "file" }>;

/** A file of an earlier backup that is as good as the store's. */
export interface Shareable {
  readonly entry: FileEntry;
  /** Absolute path. */
  readonly place: string;
}

/** Looks for files in an earlier backup. */
export interface EarlierFiles extends Disposable {
  /**
   * Looks for a file; to be asked in the order of paths.
   *
   * @param path The file's path in the store.
   * @param info The file as it is in the store.
   * @returns The earlier file, read and found sound, or `null`.
   */
  find(path: string, info: Deno.FileInfo): Promise<Shareable | null>;
}

/**
 * Opens an earlier backup to share its files. Needs read permission.
 *
 * @param backups The backups' directory.
 * @param base The earlier backup; `null` for none, which finds nothing.
 * @param options SHA-256, what is awaited between two pieces of work, and who is told of progress.
 * @returns The earlier files.
 */
export function earlierFiles(
  backups: string,
  base: CopyManifest | null,
  options: {
    readonly digest: Digest;
    readonly turn: () => Promise<void>;
    readonly onBytes: (bytes: number) => void;
  },
): EarlierFiles {
  if (base === null) return { find: () => Promise.resolve(null), [Symbol.dispose]() {} };
  const directory = join(backups, base.id);
  const files = join(directory, "files");
  const entries = readEntries(join(directory, "entries.jsonl"), base.entries, options.digest);
  let current = nextOf(entries);
  return {
    async find(path, info) {
      while (current !== null && comparePaths(current.path, path) < 0) current = nextOf(entries);
      const { size, mtime, mode } = info;
      const found = { size, mtime: mtime?.getTime() ?? 0, mode: (mode ?? 0) & 0o7777 };
      if (current?.kind !== "file" || current.path !== path) return null;
      if (!isUnchanged(current, found, base.createdAt)) return null;
      const entry = current;
      const filled = await hashFile(files, path, options).catch(async () => {
        // Throws again what was no fault of the file but an abort.
        await options.turn();
        return null;
      });
      return filled?.sha256 === entry.sha256 ? { entry, place: join(files, path) } : null;
    },
    [Symbol.dispose]: () => void entries.return(undefined),
  };
}

/** An earlier list that is damaged is of no use from there on, and does no harm. */
function nextOf(entries: Generator<BackupEntry>): BackupEntry | null {
  try {
    const next = entries.next();
    return next.done ? null : next.value;
  } catch {
    return null;
  }
}
