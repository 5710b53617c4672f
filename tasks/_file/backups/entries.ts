/**
 * What a copy backup holds, in detail: `entries.jsonl`, one JSON object on each line, ordered by path.
 *
 * There may be millions, so they are written and read one by one. The manifest has their number and the
 * SHA-256 of the whole file.
 *
 * @module
 */

import { dirname } from "@std/path";
import type { BackupEntry, CopyManifest } from "../../../lib/backup/backup.ts";
import { comparePaths } from "../../../lib/backup/plan_backup.ts";
import { DamagedBackupError } from "../../../lib/errors.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { isCount, isText } from "../../../lib/text/json.ts";
import { readLines, writeLines } from "../../_io/lines.ts";
import { NotRegularError } from "../../_io/open_regular.ts";
import { accessBelow, trySetAccess } from "../../_io/permissions.ts";
import { failureText } from "../../_io/read.ts";
import type { Digest } from "../../_io/tree/digest.ts";

/** Entries that are being written. */
export interface EntriesWriter extends Disposable {
  /** Adds an entry behind the one before. */
  add(entry: BackupEntry): void;
  /** Makes all of it durable, and tells how to recognise it. */
  finish(): CopyManifest["entries"];
}

function isForAll(entry: BackupEntry): boolean {
  return entry.kind === "link" || (entry.mode & (entry.kind === "directory" ? 1 : 4)) !== 0;
}

/**
 * Begins a list of entries, with names and sums: those can use it who can use its directory, but where
 * anything is closed to others, so is the list. Needs write permission.
 *
 * @param path Where the list goes; nothing stands there.
 * @param digest SHA-256.
 * @returns The list.
 */
export function writeEntries(path: string, digest: Digest): EntriesWriter {
  const hash = digest();
  const usual = accessBelow(dirname(path), "file");
  const access = { ...usual, mode: usual.mode & ~0o007 };
  const lines = writeLines(path, { access, onBytes: (bytes) => hash.update(bytes) });
  let count = 0;
  let isOpen = true;
  return {
    add(entry) {
      lines.add(JSON.stringify(entry));
      count++;
      isOpen &&= isForAll(entry);
    },
    finish() {
      if (isOpen) trySetAccess(path, usual);
      lines.finish();
      return { count, sha256: hash.finish() };
    },
    [Symbol.dispose]: () => lines[Symbol.dispose](),
  };
}

/**
 * Reads a list of entries, one by one. Needs read permission.
 *
 * What comes out may be written to a disk: paths are relative and in order, and whatever lies in a
 * directory comes behind that directory, so nothing can lie in a link.
 *
 * @param path Where the list is.
 * @param expected How to recognise it; looked at when all of it has been read.
 * @param digest SHA-256.
 * @returns The entries.
 * @throws {DamagedBackupError} When the list is damaged or not as expected.
 */
export function* readEntries(
  path: string,
  expected: CopyManifest["entries"],
  digest: Digest,
): Generator<BackupEntry> {
  const hash = digest();
  const parents: string[] = [];
  let count = 0;
  let last = "";
  const fail = (why: string) =>
    new DamagedBackupError(`Cannot read ${path}: ${why}; the backup is damaged, use another one`);
  const lines = linesOf(path, (bytes) => hash.update(bytes), fail);
  for (const line of lines) {
    count++;
    const entry = parseEntry(line);
    if (entry === null) throw fail(`line ${count} is no entry`);
    if (comparePaths(last, entry.path) >= 0) throw fail(`line ${count} is out of order`);
    const parent = entry.path.slice(0, Math.max(entry.path.lastIndexOf("/"), 0));
    while (parents.length > 0 && parents.at(-1) !== parent) parents.pop();
    if (parent !== "" && parents.length === 0) {
      throw fail(`line ${count} lies in no directory of the list`);
    }
    if (entry.kind === "directory") parents.push(entry.path);
    last = entry.path;
    yield entry;
  }
  if (count !== expected.count || hash.finish() !== expected.sha256) {
    throw fail("it is not what the manifest says");
  }
}

function* linesOf(
  path: string,
  onBytes: (bytes: Uint8Array) => void,
  fail: (why: string) => Error,
): Generator<string> {
  try {
    yield* readLines(path, onBytes);
  } catch (error) {
    const isNoFile = error instanceof NotRegularError || error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.IsADirectory;
    throw isNoFile ? fail(failureText(error)) : error;
  }
}

function parseEntry(line: string): BackupEntry | null {
  try {
    const entry = JSON.parse(line) as BackupEntry;
    if (!isText(entry.path)) return null;
    asStorePath(entry.path);
    const isSound = Number.isFinite(entry.mtime) && (
      entry.kind === "link"
        ? isText(entry.target)
        : Number.isInteger(entry.mode) && (entry.kind === "directory" ||
          entry.kind === "file" && isCount(entry.size) &&
            /^[0-9a-f]{64}$/.test(entry.sha256))
    );
    return isSound ? entry : null;
  } catch {
    return null;
  }
}
